"""Where a user's saved views and columns of a list are kept; access provides it, see `site/wiring.py`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class View(Protocol):
    """A saved view: filters and sorting as in the address, and the columns. The empty name is "as last arranged"."""

    name: str
    query: str
    columns: list[str]


class ListStore(Protocol):
    """Keeps views per user and list."""

    def load(self, user_id: int, list_code: str) -> Sequence[View]:
        """All views of one list, in one query."""
        ...

    def save(self, user_id: int, list_code: str, name: str, query: str, columns: Sequence[str]) -> None:
        """Make or replace a view. Raises `ValidationError` when it cannot be kept."""
        ...

    def delete(self, user_id: int, list_code: str, name: str) -> None:
        """Forget a view."""
        ...


@dataclass
class _Forgetful:
    """Until a store is set: nothing is kept (tests of the pattern alone)."""

    def load(self, user_id: int, list_code: str) -> Sequence[View]:  # noqa: ARG002
        return []

    def save(self, user_id: int, list_code: str, name: str, query: str, columns: Sequence[str]) -> None:
        """Keep nothing."""

    def delete(self, user_id: int, list_code: str, name: str) -> None:
        """Forget nothing."""


_store: ListStore = _Forgetful()


def set_list_store(store: ListStore) -> None:
    """Provide the store."""
    global _store
    _store = store


def list_store() -> ListStore:
    """The store."""
    return _store
