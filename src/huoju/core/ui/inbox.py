"""The context of the pattern `ui/inbox.html`: a queue of cases, the first of which stands open."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .listing import Empty
from .parts import Case


def inbox_of(
    cases: Sequence[Case], *, panel: str, opened: Callable[[], Mapping[str, Any]], empty: Empty
) -> dict[str, Any]:
    """What the page needs besides its title: `panel` is the template of a case, `opened` the context of the first one,
    asked for only if there is one; `empty` is said of an empty queue."""
    context: dict[str, Any] = {"cases": cases, "open": None, "panel": "", "empty": empty}
    if cases:
        context |= {"open": cases[0].pk, "panel": panel, **opened()}
    return context
