"""Identifiers of facts: UUIDs of version 7, which sort by the moment they were made."""

from uuid import UUID

from uuid_utils import compat


def uuid7() -> UUID:
    """A new UUIDv7 (RFC 9562) of the standard library's type; later ones in one process sort after earlier
    ones."""
    return compat.uuid7()


def uuid7s(count: int) -> list[UUID]:
    """`count` new UUIDs in ascending order, for a batch."""
    make = compat.uuid7
    return [make() for _ in range(count)]
