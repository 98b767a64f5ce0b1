"""Values that are made by the thousand."""

from dataclasses import dataclass, field
from typing import dataclass_transform


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record[T](cls: type[T]) -> type[T]:
    """A dataclass that nobody changes: frozen for the type checker, slotted, compared and hashed by its values.

    Nothing watches at run time: a frozen dataclass sets its fields through `object.__setattr__`, one by one, and takes
    three times as long to make. For what an import makes several of for each row.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def named_record[T](cls: type[T]) -> type[T]:
    """`record` whose values are given by name."""
    return dataclass(slots=True, unsafe_hash=True, kw_only=True)(cls)
