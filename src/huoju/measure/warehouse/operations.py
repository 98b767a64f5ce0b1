"""Looking after the mirrors."""

from django.db import connection
from django.db.models import F
from django.db.models.functions import Coalesce

from .mirror import LoadingError, mirror
from .models import Epoch
from .tables import Column, Mirrored, register

__all__ = ["Column", "LoadingError", "Mirrored", "forget", "register", "start_anew", "warm_up"]


def start_anew(table: str) -> None:
    """Make every mirror load `table` anew once the caller's transaction commits: its rows are being rebuilt."""
    _, made = Epoch.objects.get_or_create(table=table, defaults={"number": 1})
    if not made:
        Epoch.objects.filter(table=table).update(number=Coalesce(F("number"), 0) + 1)


def warm_up() -> None:
    """Load the mirror before the first question. For a thread of its own: gives its connection back."""
    try:
        with mirror.fresh():
            pass
    finally:
        connection.close()


def forget() -> None:
    """Drop this process's mirror (tests, after a rolled-back transaction)."""
    mirror.forget()
