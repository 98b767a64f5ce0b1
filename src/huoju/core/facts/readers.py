"""What a reader of the log is, and the list of all of them.

A reader has a name, the kinds it wants and a handler for a batch. The handler and the move of the reader's cursor
commit together (see `delivery`), so its effects in the database happen exactly once. Which readers run, and in which
order, is written in one place: `huoju/site/wiring.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from huoju.core.pickling import packed
from huoju.core.ui.parts import Label

from .kinds import kind_named, kind_of


@packed
@dataclass(frozen=True, slots=True)
class StoredFact:
    """A fact as readers get it."""

    id: UUID
    kind: str
    version: int
    person_id: int | None
    visitor_id: str | None
    company_id: int | None
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    source: str
    payload: dict[str, Any]
    tx: int

    def data(self) -> Any:
        """The typed payload: an instance of the class registered for this kind.

        Raises `KeyError` for an unknown kind, `pydantic.ValidationError` for a payload that does not fit it.
        """
        kind = kind_named(self.kind)
        if kind is None:
            raise KeyError(self.kind)
        return kind.decode(self.payload, self.version)


type Handler = Callable[[Sequence[StoredFact], datetime], None]


@dataclass(frozen=True, slots=True)
class Reader:
    """A named consumer of the log.

    `handle(facts, now)` gets facts in order and writes through the room's operations. `reset`, where given, empties
    what the reader derived, so that `replay` can build it again from the first fact; a reader without it has
    effects that cannot be derived again (it created leads, say) and cannot be replayed. `after_replay`, where given,
    runs at the end of a replay, in the same transaction. `rebuild`, where given, is called in a replay in place of
    `handle`: for a reader that both derives state and acts on it (appends facts, moves leads), it only derives.
    `patience` is how many seconds it may stand back while the others read a flood (an import): for what people look at
    later, an index or a report. `label` and `does` are its name and one sentence about its work, for the operations
    page.
    """

    name: str
    kinds: tuple[type[Any], ...]
    handle: Handler
    batch: int = 1000
    reset: Callable[[], None] | None = None
    after_replay: Callable[[datetime], None] | None = None
    rebuild: Handler | None = None
    patience: float = 0
    label: Label = ""
    does: Label = ""

    @property
    def kind_names(self) -> list[str]:
        """The names of the kinds it wants."""
        return sorted(kind_of(each).name for each in self.kinds)


_readers: dict[str, Reader] = {}


def register(*readers: Reader) -> None:
    """Add readers; they run in the order of registration. Raises `ValueError` for a name taken."""
    for reader in readers:
        if reader.name in _readers:
            raise ValueError(f"reader {reader.name!r} is registered twice")
        _readers[reader.name] = reader


def all_readers() -> list[Reader]:
    """Every reader, in the order in which they run."""
    return list(_readers.values())


def reader_named(name: str) -> Reader:
    """The reader of that name. Raises `KeyError`."""
    return _readers[name]
