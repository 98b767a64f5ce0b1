"""Reading persons and their identifiers."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from huoju.core import among as sets
from huoju.core.bulk import texts
from huoju.hub.companies.policy import company_domain

from .models import Alias, Identifier, Merge, MergeProposal, Person
from .policy import Decision, Evidence, Method, identifiers_in

MERGED: sets.Mapped = {"column": "person_id", "mapping": Alias, "whole": "profile_id"}
"""Into whom persons are merged, as `core.among` asks."""


class KnownIdentifier(NamedTuple):
    """Who has an identifier."""

    person_id: int
    verified: bool
    last_seen: datetime


def find_identifiers(keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], KnownIdentifier]:
    """Who has the identifiers `keys`, each a kind and a value in normal form. One statement, however many."""
    by_kind: dict[str, list[str]] = {}
    for kind, value in keys:
        by_kind.setdefault(kind, []).append(value)
    if not by_kind:
        return {}
    one = (
        "SELECT kind, value, person_id, verified, last_seen FROM identity_identifier "
        "WHERE kind = %s AND value = ANY(%s::text[])"
    )
    values: list[str] = []
    for kind, found in by_kind.items():
        values += [kind, texts(found)]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join([one] * len(by_kind)), values)
        return {(row[0], row[1]): KnownIdentifier(*row[2:]) for row in cursor.fetchall()}


def list_identifiers(*person_ids: int) -> list[Identifier]:
    """All identifiers of persons, by kind and first sight."""
    return list(Identifier.objects.filter(person_id__in=person_ids).order_by("kind", "first_seen", "id"))


def get_persons(person_ids: Sequence[int]) -> dict[int, Person]:
    """Persons by id, with their companies."""
    return Person.objects.select_related("company").in_bulk(list(person_ids))


def list_open(proposal_ids: Sequence[int]) -> list[MergeProposal]:
    """Those of the proposals that nobody has decided, by id."""
    return list(MergeProposal.objects.filter(pk__in=proposal_ids, decided_at=None).order_by("id"))


def list_visitors(person_ids: Sequence[int]) -> list[str]:
    """The website visitors that persons are known to have been."""
    rows = Identifier.objects.filter(person_id__in=person_ids, kind="visitor")
    return list(rows.order_by("id").values_list("value", flat=True))


def list_profiles() -> QuerySet[Person]:
    """Everybody who is a profile of their own: all persons but those that are merged into another one."""
    return sets.unmerged(list_persons(), **MERGED)


def list_persons() -> QuerySet[Person]:
    """Everybody, whoever they are merged into, with their companies."""
    return Person.objects.select_related("company")


def among(people: QuerySet[Person], person_ids: QuerySet[Any, Any], *, one: bool = False) -> QuerySet[Person]:
    """The profiles among `people` of which a member is one of these persons (a query of `person_id`).

    `one`: for asking about a single profile. Else up to `core.among.FEW` ids are fetched beforehand.
    """
    narrow = sets.belonging if one else sets.among
    return narrow(people, person_ids, **MERGED)


class Columns(NamedTuple):
    """The fields of a person as they stand in the person's row, who told of them first, when, and where they work."""

    values: dict[str, str]
    source: str
    created_at: datetime
    company_id: int | None


_FIELDS = ("name", "title", "mobile", "email", "region", "country", "language")


def list_columns(person_ids: Sequence[int]) -> dict[int, Columns]:
    """The fields of persons. One query."""
    rows = Person.objects.filter(pk__in=person_ids).values_list(
        "pk", "source", "created_at", "company_id", *_FIELDS
    )
    return {
        pk: Columns(dict(zip(_FIELDS, values, strict=True)), source, created_at, company_id)
        for pk, source, created_at, company_id, *values in rows
    }


def list_verified(person_ids: Sequence[int]) -> set[tuple[int, str, str]]:
    """The mobiles and mail addresses of persons that somebody has verified: (person, kind, value). One query."""
    rows = Identifier.objects.filter(person_id__in=person_ids, verified=True, kind__in=("mobile", "email"))
    return set(rows.values_list("person_id", "kind", "value"))


def list_record_ids(*, after: int, limit: int) -> list[int]:
    """Persons in the order of their ids, merged ones too."""
    return list(Person.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:limit])


def list_people_of_companies(company_ids: Sequence[int], *, limit: int) -> list[tuple[int, str, str]]:
    """The newest persons of these companies: id, name, job title; merged persons are their profile. One query."""
    merged = Alias.objects.filter(person_id=OuterRef("pk"))
    rows = Person.objects.filter(~Exists(merged), company_id__in=company_ids)
    return list(rows.order_by("-pk").values_list("pk", "name", "title")[:limit])


def mail_domains_of_companies(company_ids: Sequence[int]) -> dict[int, list[str]]:
    """The domains of the mail addresses of each company's persons, as `company_domain` reads them. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT DISTINCT p.company_id, split_part(i.value, '@', 2) FROM identity_person p
               JOIN identity_identifier i ON i.person_id = p.id AND i.kind = 'email'
               WHERE p.company_id = ANY(%s)""",
            [list(company_ids)],
        )
        found: dict[int, list[str]] = {}
        for company_id, domain in cursor.fetchall():
            if registered := company_domain(domain):
                found.setdefault(company_id, []).append(registered)
        return found


def profiles_of(person_ids: Iterable[int]) -> dict[int, int]:
    """The profile that each person is read as: their own id, unless a merge is in force. One query."""
    wanted = list(person_ids)
    merged = dict(
        Alias.objects.filter(sets.listed(wanted, "person_id")).values_list("person_id", "profile_id")
    )
    return {person_id: merged.get(person_id, person_id) for person_id in wanted}


def members_of(profile_ids: Iterable[int]) -> dict[int, list[int]]:
    """The persons that are read as each of the profiles, itself first. One query."""
    members = {profile_id: [profile_id] for profile_id in profile_ids}
    rows = Alias.objects.filter(sets.listed(members, "profile_id")).order_by("person_id")
    for profile_id, person_id in rows.values_list("profile_id", "person_id"):
        members[profile_id].append(person_id)
    return members


class Label(NamedTuple):
    """Somebody's answer whether two persons are one: what a matcher learns from. `left` < `right`."""

    left: int
    right: int
    same: bool
    method: str
    score: float
    evidence: tuple[Evidence, ...]
    decided_at: datetime
    decided_by: str


def labels(*, since: datetime | None = None) -> list[Label]:
    """Everybody's answers, the oldest first: decided proposals, and merges that nobody had proposed (`method` "hand",
    score 1). A merge that was undone says "not the same" from then on. `since` leaves out earlier decisions. Two
    queries."""
    found = [
        Label(
            row.left_id, row.right_id, row.decision == Decision.MERGED, row.method, row.score,
            tuple([Evidence.read(each) for each in row.evidence]), row.decided_at, row.decided_by,
        )
        for row in MergeProposal.objects.exclude(decided_at=None)
        if row.decided_at is not None
    ]  # fmt: skip
    by_hand: dict[tuple[int, int], Label] = {}
    for merge in Merge.objects.filter(proposal=None).order_by("id"):
        left, right = sorted((merge.person_id, merge.into_id))
        evidence = [Evidence.read(each) for each in merge.evidence]
        if left != merge.person_id:
            evidence = [each.turned() for each in evidence]
        by_hand[left, right] = Label(
            left, right, merge.undone_at is None, Method.HAND.value, 1.0,
            tuple(evidence), merge.undone_at or merge.at, merge.undone_by or merge.actor,
        )  # fmt: skip
    found += by_hand.values()
    found.sort(key=lambda label: (label.decided_at, label.left, label.right))
    return [label for label in found if since is None or label.decided_at >= since]


def names_of(person_ids: Sequence[int]) -> dict[int, str]:
    """What persons are called, by id; whoever has no name is missing."""
    return dict(Person.objects.filter(pk__in=person_ids).exclude(name="").values_list("pk", "name"))


def visitors_of(profile_ids: Iterable[int]) -> dict[int, list[str]]:
    """The browsers of each profile's persons, as visitor ids: what they did before anybody knew them is the profile's
    history too (`core.facts.queries.list_facts_of_persons`). A person who is not a profile has none. One query."""
    found: dict[int, list[str]] = {profile_id: [] for profile_id in profile_ids}
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH member AS (
                   SELECT id AS person_id, id AS profile_id FROM unnest(%(ids)s::bigint[]) AS x(id)
                   WHERE NOT EXISTS (SELECT FROM identity_alias a WHERE a.person_id = x.id)
                   UNION ALL
                   SELECT person_id, profile_id FROM identity_alias WHERE profile_id = ANY(%(ids)s))
               SELECT profile_id, value FROM member JOIN identity_identifier USING (person_id)
               WHERE kind = 'visitor' ORDER BY profile_id, value""",
            {"ids": list(found)},
        )
        for profile_id, value in cursor.fetchall():
            found[profile_id].append(value)
    return found


_TWO_PROFILES = """coalesce((SELECT profile_id FROM identity_alias a WHERE a.person_id = left_id), left_id)
    <> coalesce((SELECT profile_id FROM identity_alias a WHERE a.person_id = right_id), right_id)"""


def _open() -> QuerySet[MergeProposal]:
    """Proposals that wait for an answer: undecided, and not settled by another merge."""
    return MergeProposal.objects.filter(decided_at=None).extra(where=[_TWO_PROFILES])


def list_queue(limit: int) -> list[MergeProposal]:
    """Who waits for an answer: the most probable first, what was put aside behind it."""
    order = (F("later_at").asc(nulls_first=True), F("score").desc(), "id")
    return list(_open().select_related("left", "right").order_by(*order)[:limit])


def count_queue(limit: int = 10_000) -> int:
    """How many wait, counted to `limit`."""
    return _open()[:limit].count()


def get_proposal(pk: int) -> MergeProposal:
    """A proposal with its persons. Raises `MergeProposal.DoesNotExist`."""
    return MergeProposal.objects.select_related("left", "right").get(pk=pk)


def list_merges() -> QuerySet[Merge]:
    """Every merge with its persons, undone ones too."""
    return Merge.objects.select_related("person", "into")


def find_persons(text: str, *, limit: int = 20) -> list[Person]:
    """Profiles known by `text`: an identifier of any kind, a record's number ("#12"), or the beginning of a name."""
    text = text.strip()
    keys = [(each.kind.value, each.value) for each in identifiers_in(text)]
    ids = [known.person_id for known in find_identifiers(keys).values()]
    number = text.removeprefix("#")
    if number.isascii() and number.isdigit() and len(number) < 19:
        ids.append(int(number))
    if not ids and text:
        ids = list(
            Person.objects.filter(name__startswith=text).order_by("name").values_list("pk", flat=True)[:limit]
        )
    profiles = dict.fromkeys(profiles_of(ids).values())
    found = get_persons(list(profiles))
    return [found[profile_id] for profile_id in profiles if profile_id in found]


def list_merges_of(person_ids: Sequence[int]) -> list[Merge]:
    """The merges in force among the members of a profile, oldest first."""
    return list(list_merges().filter(person_id__in=person_ids, undone_at=None).order_by("id"))


def count_waiting(person_ids: Sequence[int]) -> int:
    """How many pairs wait for an answer that concern one of these persons."""
    concerned = Q(left_id__in=person_ids) | Q(right_id__in=person_ids)
    return _open().filter(concerned).count()
