"""The search index."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models


class Document(models.Model):
    """One findable thing: what it is called, and the terms by which it is found (see `policy.document_terms`)."""

    kind = models.CharField(max_length=20)  # the code of a `SearchKind`
    object_id = models.BigIntegerField()
    title = models.CharField(max_length=200)
    subtitle = models.CharField(max_length=300, blank=True)
    terms = ArrayField(models.TextField())
    weight = models.BigIntegerField(default=0)  # larger is shown first

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="search_document_once")]
        indexes = [
            # Pending entries (fastupdate) halve the cost of many documents; `operations.index` files them when few.
            GinIndex(fields=["terms"], name="search_terms"),
            models.Index(fields=["kind", "-weight", "-object_id"], name="search_newest"),
        ]

    def __str__(self) -> str:
        return self.title
