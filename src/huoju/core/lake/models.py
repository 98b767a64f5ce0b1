"""The manifest: what the lake consists of. A file that is not in it does not exist."""

from django.db import models


class State(models.Model):
    """The lake's generation: every change of the manifest makes a new one. A single row."""

    only_row = models.BooleanField(primary_key=True, default=True)
    generation = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(only_row=True), name="lake_state_only_row")]

    def __str__(self) -> str:
        return f"generation {self.generation}"


class Position(models.Model):
    """How far a flow has come: `facts` for the log, else the name of a table.

    Of the log everything at or before (tx, fact_id) has flowed. Of a table every row version of a transaction before
    `tx` has; `fingerprint` is what its rows were made by, and another one means that they must be made anew.
    """

    name = models.CharField(max_length=80, primary_key=True)
    tx = models.BigIntegerField(default=0)
    fact_id = models.UUIDField(default="00000000-0000-0000-0000-000000000000")
    fingerprint = models.CharField(max_length=64, default="")
    rows = models.BigIntegerField(default=0)
    flowed_at = models.DateTimeField(null=True)
    error = models.TextField(default="")
    failed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class Part(models.TextChoices):
    """What a file of a table holds. Files of facts are all `rows`."""

    ROWS = "rows"
    CHANGES = "changes"


class File(models.Model):
    """A Parquet file of the table `table`, at `path` below the lake's address.

    In use from `generation` until `dropped`, which is NULL as long as it is. `month`: of the facts in it (YYYY-MM, by
    `occurred_at`, UTC). `columns`: its columns with their Ibis types; a table's files may differ when its kind changed.
    """

    table = models.CharField(max_length=80)
    path = models.CharField(max_length=300, unique=True)
    part = models.CharField(max_length=8, choices=Part, default=Part.ROWS)
    month = models.CharField(max_length=7, default="")
    rows = models.BigIntegerField()
    bytes = models.BigIntegerField()
    columns = models.JSONField()
    generation = models.BigIntegerField()
    dropped = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["table"], condition=models.Q(dropped=None), name="lake_file_live"),
            models.Index(fields=["dropped"], condition=~models.Q(dropped=None), name="lake_file_dropped"),
        ]

    def __str__(self) -> str:
        return self.path
