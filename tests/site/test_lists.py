"""The lists of leads, companies and people: any filters, sort and viewer show what a naive reading shows, whatever way
to it is taken, in a bounded number of queries."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from huoju.core import among
from huoju.core.access.models import Team, User
from huoju.core.search.operations import index
from huoju.core.ui import keyset
from huoju.hub.companies import pages as companies
from huoju.hub.companies.models import Alias as CompanyAlias
from huoju.hub.companies.models import Company
from huoju.hub.companies.search import COMPANIES
from huoju.hub.identity.models import Alias, Person
from huoju.hub.profile import operations
from huoju.hub.profile import pages as people
from huoju.qualify.leads import pages as leads
from huoju.qualify.leads.models import Lead
from huoju.qualify.leads.search import LEADS
from tests.qualify.factory import NOW, make_lead, make_user

pytestmark = pytest.mark.django_db

ROLES = ("admin", "sales", "manager")
WAYS = {
    "as it is": {},
    "nothing is few": {"FEW": 0, "CAP": 2, "REACH": 3, "CANDIDATES": 2, "WHOLE": 3},
    "asked near": {"FEW": 0, "CAP": 50, "REACH": 4, "CANDIDATES": 3, "WHOLE": 0},
    "asked at once": {"FEW": 0, "CAP": 4, "REACH": 0, "CANDIDATES": 1, "WHOLE": 50},
    "walked": {"CAP": 1, "REACH": 2},
    "gathered": {"CAP": 1, "REACH": 0},
}
QUERIES = 30
"""Of one page of a list, whatever is asked."""

type Test = Callable[[Any], bool]


@dataclass
class World:
    """What the lists are made of, as Python sees it."""

    users: Mapping[str, User]
    leads: list[Lead]
    tags: Mapping[int, set[int]]
    profile: dict[int, int] = field(default_factory=dict)
    main: dict[int, int] = field(default_factory=dict)

    def sees(self, role: str, lead: Lead) -> bool:
        mine = {"sales": ["sales"], "manager": ["sales", "manager"]}.get(role, [])
        return (
            role == "admin"
            or lead.stage == "pool"
            or lead.owner_id in [self.users[name].pk for name in mine]
            or (role == "manager" and lead.owner_id is None)
        )

    def profile_of(self, person_id: int) -> int:
        return self.profile.get(person_id, person_id)

    def main_of(self, company_id: int) -> int:
        return self.main.get(company_id, company_id)


@pytest.fixture
def world() -> World:
    dice = Random(7)
    team = Team.objects.create(name="North")
    users = {
        "admin": make_user("admin", role="admin"),
        "sales": make_user("sales", team=team),
        "manager": make_user("manager", role="sales_manager", team=team),
        "other": make_user("other"),
    }
    firms = [
        Company.objects.create(
            name=f"{dice.choice(['云图', '别家'])}{at}号",
            key=f"firm{at}",
            region=dice.choice(["44", "4403", "31", ""]),
            industry=dice.choice(["internet", "games"]),
            size=dice.choice(["1-19", "20-99"]),
            created_at=NOW,
        )
        for at in range(9)
    ]
    made = []
    for at in range(24):
        person = Person.objects.create(
            name=f"王{at}",
            title=dice.choice(["CTO", "Clerk"]),
            company=dice.choice([*firms, None]),
            region=dice.choice(["44", "4403", "31", ""]),
            created_at=NOW,
        )
        stage = dice.choice(["lead", "mql", "won", "pool"])
        known = make_lead(
            person=person,
            company=person.company,
            stage=stage,
            owner=dice.choice([*list(users.values())[1:], None]) if stage != "pool" else None,
            score=dice.randrange(4),
            region=dice.choice(["44", "4403", "31", ""]),
            band=dice.choice("AD"),
            captured_at=NOW - timedelta(days=dice.randrange(6)),
            mql_at=None if stage in ("lead", "pool") else NOW - timedelta(days=dice.randrange(3)),
            channel=dice.choice(["seo", "fair", ""]),
            fact=False,
        )
        made.append(known.lead)
    index(LEADS, [lead.pk for lead in made])
    index(COMPANIES, [firm.pk for firm in firms])
    tags = {}
    for name in ("VIP", "Fair"):
        tag = operations.save_tag(tag_id=None, values={"name": name}, actor="x", now=timezone.now())
        tags[tag.pk] = {lead.person_id for lead in dice.sample(made, 8)}
        operations.tag_batch(
            sorted(tags[tag.pk]), tag_id=tag.pk, source="hand", actor="x", now=timezone.now()
        )
    found = World(users, made, tags)
    for side, whole in ((3, 1), (9, 1), (14, 20)):
        found.profile[made[side].person_id] = made[whole].person_id
        Alias.objects.create(person_id=made[side].person_id, profile_id=made[whole].person_id)
    for side, whole in ((2, 0), (5, 7)):
        found.main[firms[side].pk] = firms[whole].pk
        CompanyAlias.objects.create(company=firms[side], main=firms[whole])
    return found


def shown(page_class: Any, user: User, query: str, ways: Mapping[str, int]) -> list[int]:
    """The ids of all pages of the list, from the first to the last and back: both ways show the same."""

    def turn(**place: str) -> keyset.Slice[Any]:
        request = RequestFactory().get("/", QueryDict(query).dict())
        request.user = user
        page = page_class()
        page.setup(request)
        key = request.GET.get("sort", "") or page.default_sort
        with CaptureQueriesContext(connection) as captured:
            rows = page._filtered(page.rows(), QueryDict(query))
            sort = page.sorts[key.lstrip("-")]
            found: keyset.Slice[Any] = keyset.fetch(rows, sort, descending=key[0] == "-", size=7, **place)
        assert len(captured) <= QUERIES
        return found

    with pytest.MonkeyPatch.context() as patch:
        for name, value in ways.items():
            patch.setattr(among if name == "FEW" else keyset, name, value)
        page = turn()
        ids, last = [row.pk for row in page.rows], page
        least = page.count
        capped = page.capped
        while last.after is not None:
            last = turn(after=last.after)
            ids += [row.pk for row in last.rows]
        back = [row.pk for row in last.rows]
        while last.before is not None:
            last = turn(before=last.before)
            back = [*(row.pk for row in last.rows), *back]
    assert back == ids
    assert least <= len(ids) if capped else least == len(ids)
    return ids


def ordered(rows: Iterable[Any], key: str, *, default: str) -> list[int]:
    """Ids in the order of a sort, NULLs last."""
    name = (key or default).lstrip("-")
    turned = (key or default).startswith("-")
    values = [(getattr(row, name), row.pk) for row in rows]
    there = sorted((each for each in values if each[0] is not None), reverse=turned)
    gone = sorted((each[1] for each in values if each[0] is None), reverse=turned)
    return [pk for _, pk in there] + gone


def agree(
    page_class: Any,
    world: World,
    choices: Mapping[str, Test],
    sorts: Mapping[str, str],
    naive: Callable[[str, list[Test]], Iterable[Any]],
    *,
    default: str,
    examples: int = 30,
) -> None:
    """Whatever is chosen, the list shows what `naive` makes of a role and of tests."""

    @given(
        role=st.sampled_from(ROLES),
        chosen=st.lists(
            st.sampled_from(list(choices)), max_size=2, unique_by=lambda each: each.split("=")[0]
        ),
        sort=st.sampled_from(list(sorts)),
        way=st.sampled_from(list(WAYS)),
    )
    @settings(max_examples=examples, deadline=None)
    def check(role: str, chosen: list[str], sort: str, way: str) -> None:
        query = "&".join([*chosen, f"sort={sort}"])
        wanted = ordered(naive(role, [choices[each] for each in chosen]), sorts[sort], default=default)
        assert shown(page_class, world.users[role], query, WAYS[way]) == wanted, (role, query, way)

    check()


def test_leads(world: World) -> None:
    sales = world.users["sales"].pk
    channel = next(lead.channel_id for lead in world.leads if lead.channel_id)
    choices: dict[str, Test] = {
        "stage=mql": lambda lead: lead.stage == "mql",
        "stage=pool": lambda lead: lead.stage == "pool",
        "owner=-": lambda lead: lead.owner_id is None,
        f"owner={sales}": lambda lead: lead.owner_id == sales,
        f"channel={channel}": lambda lead: lead.channel_id == channel,
        f"channel=-&channel={channel}": lambda lead: lead.channel_id in (None, channel),
        "region=44": lambda lead: lead.region[:2] == "44",
        "band=A": lambda lead: lead.band == "A",
        "q=云图": lambda lead: lead.company is not None and "云图" in lead.company.name,
        "q=zzz": lambda _lead: False,
    }
    sorts = {"": "", "score": "score", "-score": "-score", "mql_at": "mql_at", "-mql_at": "-mql_at"}

    def naive(role: str, tests: list[Test]) -> Iterable[Any]:
        return [lead for lead in world.leads if world.sees(role, lead) and all(test(lead) for test in tests)]

    agree(leads.LeadList, world, choices, sorts, naive, default="-captured_at")


def test_companies(world: World) -> None:
    choices: dict[str, Test] = {
        "industry=games": lambda firm: firm.industry == "games",
        "region=44": lambda firm: firm.region[:2] == "44",
        "size=1-19": lambda firm: firm.size == "1-19",
        "q=云图": lambda firm: "云图" in firm.name,
        "uscc=true": lambda _firm: False,
    }

    def naive(role: str, tests: list[Test]) -> Iterable[Any]:
        seen = {
            world.main_of(lead.company_id)
            for lead in world.leads
            if lead.company_id and world.sees(role, lead)
        }
        for firm in Company.objects.all():
            mine = firm.pk in seen or (role == "admin" and firm.pk not in world.main)
            if mine and all(test(firm) for test in tests):
                yield firm

    sorts = {"": "", "created_at": "pk", "name": "key", "-name": "-key"}
    agree(companies.CompanyList, world, choices, sorts, naive, default="-pk")


def test_people(world: World) -> None:
    vip, fair = world.tags
    sales = world.users["sales"].pk

    def members(person: Any) -> list[int]:
        return [person.pk, *(side for side, whole in world.profile.items() if whole == person.pk)]

    def has_lead(person: Any, role: str, test: Test) -> bool:
        return any(
            lead.person_id in members(person) and world.sees(role, lead) and test(lead)
            for lead in world.leads
        )

    def of_lead(role: str, test: Test) -> Test:
        return lambda person: has_lead(person, role, test)

    for role in ROLES:  # a lead counts as far as the viewer sees it
        choices: dict[str, Test] = {
            f"tag={vip}": lambda person: bool(world.tags[vip] & set(members(person))),
            f"tag={fair}": lambda person: bool(world.tags[fair] & set(members(person))),
            "stage=mql": of_lead(role, lambda lead: lead.stage == "mql"),
            "stage=pool": of_lead(role, lambda lead: lead.stage == "pool"),
            f"owner={sales}": of_lead(role, lambda lead: lead.owner_id == sales),
            "region=44": lambda person: person.region[:2] == "44",
            "title=cto": lambda person: person.title == "CTO",
            "company=云图": lambda person: person.company is not None and "云图" in person.company.name,
            "q=云图": of_lead("admin", lambda lead: lead.company is not None and "云图" in lead.company.name),
        }  # fmt: skip

        def naive(_role: str, tests: list[Test], role: str = role) -> Iterable[Any]:
            for person in Person.objects.select_related("company"):
                mine = person.pk not in world.profile and has_lead(person, role, lambda _lead: True)
                if mine and all(test(person) for test in tests):
                    yield person

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(f"{__name__}.ROLES", (role,))
            agree(
                people.PeopleList,
                world,
                choices,
                {"": "", "created_at": "pk"},
                naive,
                default="-pk",
                examples=12,
            )
