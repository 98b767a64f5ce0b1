"""The contract between the import engine and what is imported.

The engine reads, maps, batches, counts, commits, resumes and rolls back; it knows nothing of leads. A wing above
offers an `ImportTarget` and `site/wiring.py` registers it. README.md of this room walks through one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from django.utils.functional import Promise

from huoju.core.pickling import packed

type Value = str | int | Decimal | datetime | None
type Text = str | Promise


class Kind(StrEnum):
    """What a field holds, and so what the engine hands to the target.

    text, phone, email, external_id: `str`, trimmed, not normalised · date: aware `datetime` · money: `Decimal` ·
    int: `int` · choice: the code of the choice. Blank is None whatever the kind.
    """

    TEXT = "text"
    PHONE = "phone"
    EMAIL = "email"
    DATE = "date"
    MONEY = "money"
    INT = "int"
    CHOICE = "choice"
    EXTERNAL_ID = "external_id"


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a choice field, and other words for it that files use."""

    code: str
    label: Text
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """Something that a column can be mapped to.

    `synonyms`: headers that mean it, Chinese and English; pinyin is derived. `required`: a row without it is rejected.
    `wing`: the heading under which it is offered.
    """

    key: str
    label: Text
    kind: Kind = Kind.TEXT
    synonyms: tuple[str, ...] = ()
    wing: str = ""
    required: bool = False
    choices: tuple[Choice, ...] = ()
    help: Text = ""


class Outcome(StrEnum):
    """What becomes of a row."""

    NEW = "new"
    JOINS = "joins"
    UPDATES = "updates"
    UNCHANGED = "unchanged"
    QUARANTINED = "quarantined"
    REJECTED = "rejected"


class Reason(NamedTuple):
    """Why, as a code with its field and parameters; translated on display."""

    code: str
    field: str = ""
    params: Mapping[str, str | int] = {}


@packed
@dataclass(slots=True)
class MappedRow:
    """A row of the file as fields of the target. `warnings` concern values that were left out, not the whole row."""

    row_no: int
    values: dict[str, Value]
    warnings: list[Reason] = field(default_factory=list)


@dataclass(slots=True)
class RowOutcome:
    """What became of a row.

    `refs`: ids of the objects that the row made, joined or changed, by a name that the target chooses and understands
    again in `rollback` (`{"lead": 7, "person": 3}`); `before`: JSON values that rollback writes back.
    """

    row_no: int
    outcome: Outcome
    reasons: Sequence[Reason] = ()
    refs: Mapping[str, Any] | None = None
    before: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class AppliedRow:
    """A row as it was recorded when it was applied: what rollback gets back."""

    row_no: int
    outcome: Outcome
    refs: Mapping[str, Any]
    before: Mapping[str, Any] | None


class Mode(StrEnum):
    """How strictly rows are judged.

    `fresh`: new leads, cleaning decides. `history`: a move from another system; verdicts are recorded only.
    """

    FRESH = "fresh"
    HISTORY = "history"


class MatchOn(StrEnum):
    """By what a row finds the object that exists already."""

    IDENTITY = "identity"
    EXTERNAL_ID = "external_id"


class OnBadValue(StrEnum):
    """A value that cannot be read rejects its row, or is left out with a warning."""

    REJECT = "reject"
    BLANK = "blank"


@dataclass(frozen=True, slots=True)
class Options:
    """How to import, as chosen in the wizard or written in the mapping file."""

    mode: Mode = Mode.FRESH
    match_on: MatchOn = MatchOn.IDENTITY
    create_unknown_owners: bool = False
    source_system: str = ""
    on_bad_value: OnBadValue = OnBadValue.REJECT


class Steps:
    """Rows and seconds per named step, so that a slow or a biting step can be seen."""

    def __init__(self) -> None:
        self.totals: dict[str, list[float]] = {}

    def add(self, name: str, rows: int, seconds: float) -> None:
        """Count a step."""
        total = self.totals.setdefault(name, [0, 0.0])
        total[0] += rows
        total[1] += seconds

    def take(self) -> dict[str, list[float]]:
        """The totals so far; counting starts again from nothing."""
        totals, self.totals = self.totals, {}
        return totals


@dataclass(slots=True)
class Context:
    """One run of a target. Goes to the preparing process and back, so everything in it can be pickled.

    `loaded` is what the target's `load` returned, `begun` when the import was started: the time of what has none.
    """

    import_id: int
    options: Options
    currency: str
    begun: datetime
    mapped: frozenset[str] = frozenset()
    loaded: Any = None
    steps: Steps = field(default_factory=Steps)


class Preparing(Protocol):
    """What of a target works in the process that reads the file, while the database works on the batch before.

    Pure and picklable. That process starts without Django's apps, so the module of this class imports no models.
    """

    @property
    def fields(self) -> Sequence[Field]:
        """Everything that a column can become."""

    def prepare(self, rows: Sequence[MappedRow], context: Context) -> Any:
        """Parse, clean, normalise; the result must be picklable."""


@dataclass(frozen=True, slots=True)
class PlainRows:
    """For a target that needs nothing prepared: `apply` gets the mapped rows."""

    fields: Sequence[Field]

    def prepare(self, rows: Sequence[MappedRow], context: Context) -> Sequence[MappedRow]:  # noqa: ARG002
        """The rows."""
        return rows


class ImportTarget(Protocol):
    """What can be imported. Instances hold no state."""

    @property
    def code(self) -> str:
        """The name in mapping files and addresses."""

    @property
    def label(self) -> Text:
        """The name for people."""

    @property
    def fields(self) -> Sequence[Field]:
        """Everything that a column can become."""

    @property
    def reasons(self) -> Mapping[str, Text]:
        """The sentences for the reason codes of this target, with `%(name)s` for parameters."""

    def load(self, context: Context) -> Any:
        """Read what `prepare` needs (rules, owners, …) once a run. May query; the result must be picklable."""

    @property
    def preparing(self) -> Preparing:
        """Its part in the process that reads the file."""

    def preview(self, prepared: Any, context: Context) -> list[RowOutcome]:
        """What `apply` would do, without writing."""

    def apply(self, prepared: Any, context: Context, *, actor: str, now: datetime) -> list[RowOutcome]:
        """Write the batch, set by set, in the caller's transaction. One outcome for every row."""

    def rollback(
        self, rows: Sequence[AppliedRow], context: Context, *, actor: str, now: datetime
    ) -> list[RowOutcome]:
        """Undo rows (last row first, in the caller's transaction): remove what was made, restore what was changed,
        compensate facts. Outcomes only for rows that could not be undone, with the reason."""


_targets: dict[str, ImportTarget] = {}


def register_target(target: ImportTarget) -> None:
    """Offer a target. Called by `site/wiring.py`; the last registration of a code wins."""
    _targets[target.code] = target


def get_target(code: str) -> ImportTarget:
    """The target with this code. `KeyError` if there is none."""
    return _targets[code]


def list_targets() -> list[ImportTarget]:
    """All targets in the order of their registration."""
    return list(_targets.values())
