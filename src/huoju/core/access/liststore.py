"""Keeps the views of lists: what `core.ui.liststore` asks for."""

from collections.abc import Sequence

from .models import SavedView
from .operations import delete_view, save_view
from .queries import list_views


class DatabaseListStore:
    """Views in the table of `SavedView`."""

    def load(self, user_id: int, list_code: str) -> Sequence[SavedView]:
        """All views of one list, in one query."""
        return list_views(user_id, list_code)

    def save(self, user_id: int, list_code: str, name: str, query: str, columns: Sequence[str]) -> None:
        """Make or replace a view."""
        save_view(user_id=user_id, list_code=list_code, name=name, query=query, columns=columns)

    def delete(self, user_id: int, list_code: str, name: str) -> None:
        """Forget a view."""
        delete_view(user_id=user_id, list_code=list_code, name=name)
