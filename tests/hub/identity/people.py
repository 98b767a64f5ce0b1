"""Persons and identifiers for the tests of identity."""

from datetime import UTC, datetime
from typing import Any

from huoju.hub.identity.operations import PersonHint, resolve_batch
from huoju.hub.identity.policy import Identifier, IdentifierKind, Strength

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def mobile(number: int) -> Identifier:
    return Identifier(IdentifierKind.MOBILE, f"+8613800{number:06}")


def email(name: str, strength: Strength = Strength.STRONG) -> Identifier:
    return Identifier(IdentifierKind.EMAIL, f"{name}@acme.cn", strength)


def unionid(name: str) -> Identifier:
    return Identifier(IdentifierKind.WECHAT_UNIONID, name)


def external(system: str, id_: str) -> Identifier:
    return Identifier(IdentifierKind.EXTERNAL, f"{system}:{id_}")


def visitor(name: str) -> Identifier:
    return Identifier(IdentifierKind.VISITOR, name, Strength.WEAK)


def person(*identifiers: Identifier, now: datetime = NOW, **fields: Any) -> int:
    """Somebody with these identifiers: known before, or made."""
    (answer,) = resolve_batch(
        [PersonHint(identifiers=identifiers, **fields)], actor="test", source="test", now=now, told=True
    )
    return answer.person_id


def persons(count: int) -> list[int]:
    """So many strangers, each with a mobile of their own, by id."""
    return [person(mobile(900_000 + number)) for number in range(count)]
