"""The log and the bookkeeping of its readers."""

from django.db import models


class Fact(models.Model):
    """Something that happened. Append-only; the table is partitioned by month of `recorded_at` (see migration 0001)."""

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=60)
    version = models.SmallIntegerField()
    person_id = models.BigIntegerField(null=True)
    visitor_id = models.CharField(max_length=64, null=True)  # noqa: DJ001 (absent is not empty)
    company_id = models.BigIntegerField(null=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    actor = models.CharField(max_length=80)
    source = models.CharField(max_length=80)
    payload = models.JSONField()
    dedup_key = models.CharField(max_length=200, null=True)  # noqa: DJ001 (absent is not empty)
    shard = models.SmallIntegerField()
    tx = models.BigIntegerField()

    class Meta:
        managed = False  # partitions, triggers and indexes are SQL
        db_table = "facts_fact"

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Cursor(models.Model):
    """How far a reader has come in one shard: everything at or before (tx, fact_id) is handled."""

    reader = models.CharField(max_length=60)
    shard = models.SmallIntegerField()
    tx = models.BigIntegerField(default=0)
    fact_id = models.UUIDField(default="00000000-0000-0000-0000-000000000000")
    handled = models.BigIntegerField(default=0)
    moved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reader", "shard"], name="facts_cursor_reader_shard")]

    def __str__(self) -> str:
        return f"{self.reader}/{self.shard}"


class DeadLetter(models.Model):
    """A fact that a reader could not handle, with the reason; waits for a person to retry or dismiss it."""

    reader = models.CharField(max_length=60)
    fact_id = models.UUIDField()
    kind = models.CharField(max_length=60)
    traceback = models.TextField()
    tries = models.IntegerField(default=0)
    failed_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    resolution = models.CharField(max_length=20, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reader", "fact_id"], name="facts_deadletter_once")]
        indexes = [
            models.Index(
                fields=["failed_at"], condition=models.Q(resolved_at=None), name="facts_deadletter_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.reader}: {self.kind} {self.fact_id}"

    @property
    def error(self) -> str:
        """The last line of the traceback: what went wrong, in the words of the program."""
        return self.traceback.rstrip().rpartition("\n")[2]
