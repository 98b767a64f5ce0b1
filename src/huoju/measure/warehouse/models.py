"""Which edition of a table the mirrors should hold."""

from django.db import models


class Epoch(models.Model):
    """The edition of a mirrored table: raised when its rows are rebuilt, so that mirrors drop what they hold."""

    table = models.CharField(max_length=60, primary_key=True)
    number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.table} {self.number}"
