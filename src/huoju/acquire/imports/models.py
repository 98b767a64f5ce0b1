"""Imports, what became of their rows, and the mappings that are remembered."""

from pathlib import Path
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .registry import Outcome


class State(models.TextChoices):
    """Where an import stands. The only writers are the operations of this room."""

    UPLOADED = "uploaded", _("Uploaded")
    MAPPED = "mapped", _("Mapped")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Stopped")
    ROLLING_BACK = "rolling_back", _("Being rolled back")
    ROLLED_BACK = "rolled_back", _("Rolled back")


class OutcomeChoice(models.TextChoices):
    """`Outcome` with its labels."""

    NEW = Outcome.NEW.value, _("New")
    JOINS = Outcome.JOINS.value, _("Joins existing")
    UPDATES = Outcome.UPDATES.value, _("Updates existing")
    UNCHANGED = Outcome.UNCHANGED.value, _("Unchanged")
    QUARANTINED = Outcome.QUARANTINED.value, _("Quarantined")
    REJECTED = Outcome.REJECTED.value, _("Rejected")


def storage_name(_import: "Import", _name: str) -> str:
    """Where an upload is kept: under a name of our own, since the user's says nothing and may be hostile."""
    return f"imports/{uuid4().hex}"


class Import(models.Model):
    """One file on its way in (导入).

    `done_row` is the cursor: rows up to it have taken effect, exactly once. `undone_row` is the same for the way back:
    rows from it on have been undone. `mapping` is the mapping file's JSON, `reading` how the file was read.
    """

    target = models.CharField(_("kind of rows"), max_length=40)
    file = models.FileField(upload_to=storage_name, max_length=200)
    file_name = models.CharField(_("file"), max_length=200)
    file_size = models.BigIntegerField(_("size"))
    sha256 = models.CharField(max_length=64, db_index=True)
    columns = models.JSONField(default=list)
    reading = models.JSONField(default=dict)
    mapping = models.JSONField(null=True)
    # What the whole file said about day and month, by field: {"created": {"order": "dmy", "ambiguous": false, …}}.
    dates = models.JSONField(null=True)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.UPLOADED)
    row_estimate = models.BigIntegerField(null=True)
    done_row = models.BigIntegerField(default=0)
    undone_row = models.BigIntegerField(null=True)
    counts = models.JSONField(default=dict)
    steps = models.JSONField(default=dict)
    busy_seconds = models.FloatField(default=0)
    survey = models.JSONField(null=True)
    undo_counts = models.JSONField(default=dict)
    error = models.JSONField(null=True)
    actor = models.CharField(max_length=60)
    created_by = models.ForeignKey(
        "access.User",
        verbose_name=_("uploaded by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    created_at = models.DateTimeField(_("uploaded"))
    started_at = models.DateTimeField(_("started"), null=True)
    moved_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    rolled_back_at = models.DateTimeField(_("rolled back"), null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("import")
        verbose_name_plural = _("imports")

    def __str__(self) -> str:
        return self.file_name

    @property
    def state_code(self) -> str:
        """The state where a table would rather have its label."""
        return self.state

    @property
    def path(self) -> Path:
        """The stored file."""
        return Path(self.file.path)

    @property
    def has_file(self) -> bool:
        """Whether the file is still there: it goes when somebody in it is erased."""
        return self.file.storage.exists(str(self.file.name))

    @property
    def rows_done(self) -> int:
        """How many rows have an outcome."""
        return sum(self.counts.values())

    @property
    def progress(self) -> float | None:
        """The share of the file that is done, 0 … 1; None where the number of rows is not known before the end."""
        if self.state == State.DONE:
            return 1.0
        if not self.row_estimate:
            return None
        return min(1.0, self.rows_done / self.row_estimate)

    @property
    def rows_per_second(self) -> float | None:
        """The rate while it ran."""
        return self.rows_done / self.busy_seconds if self.busy_seconds > 0 else None

    @property
    def may_start(self) -> bool:
        """Mapped, or stopped half way: a start goes on behind the cursor."""
        return self.state in (State.MAPPED, State.FAILED, State.CANCELLED) and self.mapping is not None

    @property
    def may_roll_back(self) -> bool:
        """Something took effect, and nothing is under way."""
        return self.state in (State.DONE, State.FAILED, State.CANCELLED) and self.done_row > 0

    @property
    def under_way(self) -> bool:
        """A job is working on it."""
        return self.state in (State.RUNNING, State.ROLLING_BACK)


class ImportRow(models.Model):
    """What became of one row. Lean: there are as many as rows in all files. Written by COPY, read by import."""

    pk = models.CompositePrimaryKey("batch", "row_no")
    batch = models.ForeignKey(
        Import,
        on_delete=models.CASCADE,
        related_name="+",
        db_column="import_id",
        db_index=False,
        db_constraint=False,  # written under the lock of the import
    )
    row_no = models.BigIntegerField()
    outcome = models.CharField(max_length=12, choices=OutcomeChoice)
    # [[code, field, {params}], …]
    reasons = models.JSONField(null=True)
    refs = models.JSONField(null=True)
    before = models.JSONField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["batch", "outcome", "row_no"],
                name="imports_row_reasons",
                condition=Q(reasons__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}/{self.row_no}: {self.outcome}"


class SavedMapping(models.Model):
    """A mapping remembered for files with the same header, in whatever order of columns."""

    target = models.CharField(max_length=40)
    signature = models.CharField(max_length=64)
    user = models.ForeignKey("access.User", null=True, on_delete=models.CASCADE, related_name="+")
    mapping = models.JSONField()
    used_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["target", "signature", "user"], name="imports_mapping_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.target} {self.signature[:8]}"
