"""What this room has to ask from those above it; `site/wiring.py` fills it.

Leads say which companies a user may see and whom one meets there; upper rooms put panels on a company's page.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from huoju.core.access.models import User
from huoju.core.ui.panels import Panels

type Visibility = Callable[[User], QuerySet[Any, Any] | None]
"""The ids of the companies that a user's own leads name, as a subquery; None for one who sees all."""


@dataclass(frozen=True, slots=True)
class Face:
    """A person whom one meets at a company."""

    person_id: int
    name: str
    title: str


type People = Callable[[User, Sequence[int], int], Sequence[Face]]
"""The newest persons of these companies whom a user may see, at most so many."""


@dataclass(frozen=True, slots=True)
class PanelCompany:
    """The company that a page is about: its id, and those of all that are read as it or stand below it in its group."""

    company_id: int
    member_ids: tuple[int, ...]
    group_ids: tuple[int, ...]


COMPANY_PANELS: Panels[PanelCompany] = Panels()
"""What stands on a company's page: `main` under the tree, `side` a card beside."""

type Domains = Callable[[Sequence[int]], Mapping[int, Sequence[str]]]
"""The domains of the mail addresses of the people of each company, without free and disposable mail."""

type Common = Callable[[Sequence[int]], Mapping[int, Mapping[str, str]]]
"""What the leads of each company say most often: `region` and `industry`, where they say anything."""

_domains: list[Domains] = []
_common: list[Common] = []
_visibility: list[Visibility] = []
_people: list[People] = []


def register_visibility(rule: Visibility) -> None:
    """Say which companies a user may see; the last one counts."""
    _visibility[:] = [rule]


def visible_ids(user: User) -> QuerySet[Any, Any] | None:
    """The ids of the companies that `user` may see, None for all of them. Without a rule everybody sees all."""
    return _visibility[0](user) if _visibility else None


def register_people(people: People) -> None:
    """Say whom one meets at companies; the last one counts."""
    _people[:] = [people]


def people_of(user: User, company_ids: Sequence[int], limit: int) -> Sequence[Face]:
    """The newest persons of these companies whom `user` may see."""
    return _people[0](user, company_ids, limit) if _people else ()


def register_mail_domains(source: Domains) -> None:
    """Say under which domains the people of companies write; the last one counts."""
    _domains[:] = [source]


def mail_domains_of(company_ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
    """The domains of the mail addresses of the people of each company."""
    return _domains[0](company_ids) if _domains else {}


def register_common_values(source: Common) -> None:
    """Say what the leads of companies tell of them; the last one counts."""
    _common[:] = [source]


def common_values(company_ids: Sequence[int]) -> Mapping[int, Mapping[str, str]]:
    """What the leads of each company say most often of its region and industry."""
    return _common[0](company_ids) if _common else {}
