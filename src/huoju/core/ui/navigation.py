"""The sidebar: one section a wing, in the order of a lead's life; `site/sidebar.py` names them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from django.urls import reverse
from django.utils.functional import Promise

type Label = str | Promise


class Viewer(Protocol):
    """Whoever looks at the page: only what the shell asks of a user."""

    @property
    def is_authenticated(self) -> bool: ...

    def may(self, action: str) -> bool:
        """Whether this user may do `action` (a value of `access.policy.Action`)."""
        ...


@dataclass(frozen=True, kw_only=True)
class Page:
    """One link of the sidebar. `action` None: everybody; `badge` counts what waits for the viewer (0 hides it)."""

    label: Label
    url_name: str
    icon: str
    action: str | None = None
    badge: Callable[[Viewer], int] | None = None

    @property
    def url(self) -> str:
        """The address of the page."""
        return reverse(self.url_name)


@dataclass(frozen=True, kw_only=True)
class Section:
    """A wing in the sidebar. `order` follows a lead's life: 0 home, 10 hub, 20 acquire … 70 measure, 90 settings."""

    code: str
    label: Label
    order: int
    pages: tuple[Page, ...] = field(default=())


@dataclass(frozen=True)
class Link:
    """A page as one viewer sees it on one request."""

    label: Label
    url: str
    icon: str
    active: bool
    badge: int


@dataclass(frozen=True)
class Group:
    """A section with the pages that the viewer may open."""

    code: str
    label: Label
    links: Sequence[Link]


_sections: dict[str, Section] = {}


def register(*sections: Section) -> None:
    """Add the sections of wings; the same code again replaces one (autoreload, tests)."""
    _sections.update({section.code: section for section in sections})


def sections() -> list[Section]:
    """All sections in order."""
    return sorted(_sections.values(), key=lambda section: (section.order, section.code))


def menu(viewer: Viewer, path: str) -> list[Group]:
    """The sidebar for `viewer` standing at `path`. The page with the longest address that leads to `path` is active."""
    found: list[tuple[Section, list[tuple[Page, str]]]] = []
    for section in sections():
        pages = [(page, page.url) for page in section.pages if page.action is None or viewer.may(page.action)]
        if pages:
            found.append((section, pages))
    addresses = [url for _, pages in found for _, url in pages if _leads_to(url, path)]
    here = max(addresses, key=len, default=None)
    return [
        Group(
            section.code,
            section.label,
            [
                Link(page.label, url, page.icon, url == here, page.badge(viewer) if page.badge else 0)
                for page, url in pages
            ],
        )
        for section, pages in found
    ]


def _leads_to(url: str, path: str) -> bool:
    return path == url or (url != "/" and path.startswith(url))
