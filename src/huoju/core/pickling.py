"""Sending many small objects to another process.

A frozen dataclass with slots pickles itself by asking for its fields anew for every object, which costs more than
making it did. Import rows cross a pipe as several such objects each: as columns, where there are thousands of them.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import MISSING, dataclass, fields
from itertools import repeat
from operator import attrgetter, is_
from typing import Any, NamedTuple


class Same(NamedTuple):
    """A column that holds one object in each of so many rows: most fields of most rows are empty."""

    value: Any
    times: int


type Column = Sequence[Any] | Same
type Columns = list[Column]


@dataclass(frozen=True, slots=True)
class _Packed:
    values_of: Callable[[Any], tuple[Any, ...]]
    setters: dict[str, Callable[[Any, Any], None]]
    defaults: dict[str, Any]


_packed: dict[type, _Packed] = {}


def packed[T](cls: type[T]) -> type[T]:
    """Let a slotted dataclass of two fields or more be pickled as the plain tuple of its values."""
    names = [each.name for each in fields(cls)]  # type: ignore[arg-type]
    values_of = attrgetter(*names)
    setters = [cls.__dict__[name].__set__ for name in names]
    defaults = {each.name: each.default for each in fields(cls) if each.default is not MISSING}  # type: ignore[arg-type]
    defaults |= {
        each.name: each.default_factory()
        for each in fields(cls)  # type: ignore[arg-type]
        if each.default_factory is not MISSING
    }
    _packed[cls] = _Packed(values_of, dict(zip(names, setters, strict=True)), defaults)

    def get_state(self: T) -> Any:
        return values_of(self)

    def set_state(self: T, state: Any) -> None:
        for put, value in zip(setters, state, strict=True):
            put(self, value)

    cls.__getstate__ = get_state  # type: ignore[method-assign, assignment]  # of every class alike
    cls.__setstate__ = set_state  # type: ignore[attr-defined]
    return cls


def shortened(column: Sequence[Any]) -> Column:
    """The column to be sent: one that holds the same object everywhere as that object, once."""
    if column and all(map(is_, column, repeat(column[0]))):
        return Same(column[0], len(column))
    return column


def lengthened(column: Column) -> Iterable[Any]:
    """The values of a column that was sent."""
    return repeat(*column) if isinstance(column, Same) else column


def to_columns(rows: Sequence[object]) -> Columns:
    """The values of `rows`, all of one `packed` class, field by field."""
    if not rows:
        return []
    values_of = _packed[type(rows[0])].values_of
    return list(map(shortened, zip(*map(values_of, rows), strict=True)))


def from_columns[T](cls: type[T], columns: Columns) -> list[T]:
    """The rows that `to_columns` took apart."""
    if not columns:
        return []
    first = columns[0]
    count = first.times if isinstance(first, Same) else len(first)
    names = _packed[cls].setters
    return made(cls, count, **dict(zip(names, map(lengthened, columns), strict=True)))


def made[T](cls: type[T], count: int, /, **columns: Iterable[Any]) -> list[T]:
    """`count` objects of a `packed` class from their fields, each a column; those left out have their default, a
    mutable one shared by all. The loops run in C: an object costs a fraction of one that is called for alone."""
    known = _packed[cls]
    if unknown := columns.keys() - known.setters.keys():
        raise TypeError(f"{cls.__name__} has no {', '.join(sorted(unknown))}")
    rows = list(map(object.__new__, repeat(cls, count)))
    for name, put in known.setters.items():
        column = columns[name] if name in columns else repeat(known.defaults[name])
        deque(map(put, rows, column), maxlen=0)
    return rows
