"""Fact kinds: one dataclass (`core.records`) for each, registered under its name.

A kind is named `noun.past_verb` (`lead.captured`). Its dataclass is the payload's schema: unknown fields are refused
when a payload is read, and a payload written by an older version is lifted by the kind's `upcasts` first.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, is_dataclass
from typing import Any, dataclass_transform

from pydantic import ConfigDict, TypeAdapter

from huoju.core.records import named_record

type Payload = dict[str, Any]
type Upcast = Callable[[Payload], Payload]


@dataclass(frozen=True, slots=True)
class Kind:
    """What the log knows of a kind of fact."""

    name: str
    version: int
    personal: frozenset[str]
    payload_type: type[Any]
    adapter: TypeAdapter[Any]
    upcasts: Mapping[int, Upcast] = field(default_factory=dict)

    def encode(self, payload: object) -> str:
        """The payload as JSON text."""
        return self.adapter.serializer.to_json(payload).decode()

    def decode(self, raw: Payload, version: int) -> Any:
        """The typed payload of a stored one, lifted to today's version first.

        Raises `pydantic.ValidationError` for a payload that does not fit, `KeyError` for a version without an upcast.
        """
        return self.adapter.validate_python(self.lifted(raw, version))

    def lifted(self, raw: Payload, version: int) -> Payload:
        """A stored payload of `version` as one of today's. Raises `KeyError` for a version without an upcast."""
        while version < self.version:
            raw = self.upcasts[version](dict(raw))
            version += 1
        return raw


_by_name: dict[str, Kind] = {}
_by_type: dict[type[Any], Kind] = {}


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def fact[T](
    name: str,
    *,
    version: int = 1,
    personal: tuple[str, ...] = (),
    upcasts: Mapping[int, Upcast] | None = None,
) -> Callable[[type[T]], type[T]]:
    """Make a class the payload of the kind `name`: a keyword-only `record` that refuses unknown fields.

    `personal` names the fields that hold personal data: they are what the eraser blanks. `upcasts[v]` turns a payload
    of version `v` into one of version `v + 1`.
    """

    def register(cls: type[T]) -> type[T]:
        if name in _by_name:
            raise ValueError(f"fact kind {name!r} is registered twice")
        made = cls if is_dataclass(cls) else named_record(cls)
        unknown = set(personal) - set(made.__dataclass_fields__)  # type: ignore[attr-defined]
        if unknown:
            raise ValueError(f"{name}: personal fields {sorted(unknown)} do not exist")
        made.__pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[attr-defined]
        kind = Kind(name, version, frozenset(personal), made, TypeAdapter(made), upcasts or {})
        _by_name[name] = _by_type[made] = kind
        return made

    return register


def kind_of(payload_type: type[Any]) -> Kind:
    """The kind whose payload is `payload_type`. Raises `KeyError` if it is none."""
    return _by_type[payload_type]


def kind_named(name: str) -> Kind | None:
    """The kind of that name, or None (a kind of a room that is not installed any more)."""
    return _by_name.get(name)


def all_kinds() -> list[Kind]:
    """Every registered kind, by name."""
    return [_by_name[name] for name in sorted(_by_name)]
