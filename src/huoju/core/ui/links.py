"""Where a person, a company or a lead has its page: upper rooms register, pages below link without knowing them."""

from collections.abc import Callable

_targets: dict[str, Callable[[int], str]] = {}


def register_link(kind: str, url_of: Callable[[int], str]) -> None:
    """Say where things of `kind` (`person`, `company`, `lead`, `deal` …) have their page."""
    _targets[kind] = url_of


def link_of(kind: str, pk: int) -> str | None:
    """The address of the page of one thing, None as long as nobody registered the kind."""
    url_of = _targets.get(kind)
    return url_of(pk) if url_of else None
