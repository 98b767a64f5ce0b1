"""The reader that keeps the index in step with the log."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from huoju.core.facts.readers import Reader, StoredFact

from .kinds import all_kinds
from .operations import forget_all, index


def _handle(facts: Sequence[StoredFact], now: datetime) -> None:  # noqa: ARG001 (the index has no times)
    for kind in all_kinds():
        index(kind, kind.touched(facts))


def search_reader() -> Reader:
    """The reader, over every fact that the registered kinds want."""
    wanted: dict[type[Any], None] = {}
    for kind in all_kinds():
        wanted.update(dict.fromkeys(kind.facts))
    return Reader(
        "search",
        tuple(wanted),
        _handle,
        label=_("Search"),
        does=_("Keeps what the search box finds: people, companies, leads."),
        batch=2000,
        reset=forget_all,
        patience=120,
    )
