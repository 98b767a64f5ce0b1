"""Which rows are whom.

Races are decided by the unique constraint on identifiers, not by a lock around everything: a batch looks up who has
its identifiers, decides (`policy.connected_groups`), and inserts the new identifiers in sorted order. If another
transaction was faster with one of them, the batch goes back to its savepoint and decides again, now seeing the other's
person. So two submissions of one person at the same instant end as one person, and two batches never wait for each
other in a circle.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg.errors import UniqueViolation

from huoju.core.bulk import copy_rows, is_behind, numbers, plain, take_ids, texts
from huoju.core.facts.operations import NewFact, append

from ..facts import PersonAdded, PersonKeptApart
from ..policy import (
    Block,
    Blocked,
    Evidence,
    Grouping,
    Identifier,
    IdentifierKind,
    Method,
    Strength,
    Suggestion,
    connected_groups,
)
from ..queries import KnownIdentifier, find_identifiers
from .proposals import propose_batch

_ATTEMPTS = 20
_SEEN_GRAIN = timedelta(days=1)
"""`last_seen` moves at most once a day: an update of a row for every repeat would cost more than it tells."""

FILLABLE = ("name", "title", "mobile", "email", "region", "country", "language")
_NAMED, _PROVEN = 0.9, 0.99
"""How probable two persons are one whom one input names: somebody typed both, or proved both."""
_NAMED_WEIGHT = 3.0
_MARK = "person:"
"""Begins the pseudo-identifier by which a row says that it knows its person already."""


class PersonHint(NamedTuple):
    """What one row says about a person; everything may be empty.

    `identifiers` are in normal form, `verified` the kinds among them that somebody has verified. `mobile` and `email`
    are as they are shown and written to. `person_id` names the person where the caller knows it (an external id that
    is already a lead): the row then adds to that person.
    """

    identifiers: tuple[Identifier, ...] = ()
    verified: frozenset[IdentifierKind] = frozenset()
    person_id: int | None = None
    name: str = ""
    title: str = ""
    company_id: int | None = None
    mobile: str = ""
    email: str = ""
    region: str = ""
    country: str = ""
    language: str = ""


class Resolved(NamedTuple):
    """Who a row is: `created` if nobody knew the person before, `proposals` the ids of merges it suggests.

    `added` and `filled` are what an import takes back when it is rolled back: identifiers that a known person got, and
    the values that its empty fields got. What a batch did to a person is told once, by the person's first row.
    `company_id` is the person's company, as far as the batch or the database knows it.
    """

    person_id: int
    created: bool = False
    proposals: tuple[int, ...] = ()
    added: tuple[tuple[str, str], ...] = ()
    filled: Mapping[str, str | int] = {}
    company_id: int | None = None


type _Key = tuple[str, str]
type _Golden = dict[str, str | int | None]


@dataclass(slots=True)
class _Plan:
    """What a decided batch writes, and the person of each of its rows."""

    person_of: list[int]
    new_persons: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)  # with the rows of each
    new_identifiers: dict[_Key, int] = field(default_factory=dict)
    added: dict[int, list[_Key]] = field(default_factory=dict)
    blocked: list[Blocked] = field(default_factory=list)  # by the row's position in the batch
    person_of_group: list[int] = field(default_factory=list)  # what `Blocked.other` points into


def resolve_batch(
    rows: Sequence[PersonHint], *, actor: str, source: str, now: datetime, told: bool = False
) -> list[Resolved]:
    """The person of each row, made where nobody is known by its identifiers. Needs a transaction.

    `told`: the caller appends facts of its own about each new person, so identity need not tell of them.

    Persons that were there before are locked until it ends, so what the caller builds on them (one open lead each) is
    built by one transaction at a time. The number of statements does not depend on the number of rows.

    Where COPYs are written behind (`core.bulk`), it is their `UniqueViolation` that tells of a faster transaction: the
    caller takes its batch in once more, without writing behind.
    """
    if not rows:
        return []
    given = [_identifiers(row) for row in rows]
    keys = [[(each.kind, each.value) for each in row] for row in given]
    named = {row.person_id for row in rows if row.person_id is not None}
    with connection.cursor() as cursor:
        for _ in range(_ATTEMPTS):
            savepoint = None if is_behind() else transaction.savepoint_create()
            owned = find_identifiers({key for row in keys for key in row})
            persons = _hold(cursor, {each.person_id for each in owned.values()} | named)
            if persons is not None:
                plan = _decide(cursor, given, keys, owned, persons)
                if _insert_identifiers(cursor, plan, rows, source, now):
                    if savepoint is not None:
                        transaction.savepoint_commit(savepoint)
                    break
            if savepoint is not None:
                transaction.savepoint_rollback(savepoint)
        else:
            raise RuntimeError("identifiers change hands faster than they can be looked up")
        _insert_persons(cursor, plan, rows, source, now)
        filled = _fill(cursor, plan, rows, persons)
        _note_seen(cursor, rows, owned, now)
    proposals = _propose(rows, plan.blocked, actor=actor, source=source, now=now)
    facts = _kept_apart(plan, now)
    if not told:
        new = [person_id for person_id, _members in plan.new_persons]
        facts += [NewFact(payload=PersonAdded(), occurred_at=now, person_id=each) for each in new]
    append(facts, actor=actor, source=source, now=now)
    return _answers(rows, plan, persons, filled, proposals)


def hold(person_ids: Collection[int]) -> set[int]:
    """Lock persons, in the order of their ids, until the transaction ends; others who build on them wait. Returns those
    of `person_ids` that are there."""
    if not person_ids:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM identity_person WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
            [list(person_ids)],
        )
        return {id_ for (id_,) in cursor.fetchall()}


def _identifiers(row: PersonHint) -> tuple[Identifier, ...]:
    """The identifiers by which a row is told apart. A shared box points to nobody for sure, but where a row has nothing
    else, the next row from that box is taken for the same sender."""
    identifiers = row.identifiers
    if row.person_id is not None:
        return (Identifier(IdentifierKind.EXTERNAL, f"{_MARK}{row.person_id}"), *identifiers)
    if identifiers and all(each.strength is Strength.WEAK for each in identifiers):
        return tuple(
            [
                each if each.kind is IdentifierKind.VISITOR else Identifier(each.kind, each.value)
                for each in identifiers
            ]
        )
    return identifiers


def _hold(cursor: CursorWrapper, ids: set[int]) -> dict[int, _Golden] | None:
    """Lock persons in order and read their golden fields; None when one of them has vanished since it was looked up."""
    if not ids:
        return {}
    cursor.execute(
        f"""SELECT id, company_id, {", ".join(FILLABLE)} FROM identity_person
            WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE""",
        [list(ids)],
    )
    held = {
        id_: dict(zip(("company_id", *FILLABLE), values, strict=True)) for id_, *values in cursor.fetchall()
    }
    return held if len(held) == len(ids) else None


def _decide(
    cursor: CursorWrapper,
    given: Sequence[Sequence[Identifier]],
    keys: Sequence[Sequence[_Key]],
    owned: Mapping[_Key, KnownIdentifier],
    persons: Mapping[int, _Golden],
) -> _Plan:
    """Who each row is, by its identifiers and their keys. A row that shares nothing with another row or a known person
    is somebody new, at no cost."""
    plan = _Plan([0] * len(given))
    related = _related(keys, owned)
    strangers = [at for at in range(len(given)) if at not in related]
    portfolios = _portfolios(cursor, persons)
    grouping = _group([given[at] for at in related], portfolios)
    offset = len(portfolios)
    theirs = {(each.kind, each.value) for portfolio in portfolios.values() for each in portfolio}
    new_groups = sum(1 for group in grouping.groups if group.person is None)
    ids = iter(take_ids(cursor, "identity_person", len(strangers) + new_groups))

    claim = plan.new_identifiers
    for at in strangers:
        plan.person_of[at] = person_id = next(ids)
        plan.new_persons.append((person_id, (at,)))
        for key in keys[at]:
            claim[key] = person_id
    position = list(related)
    for group in grouping.groups:
        members = tuple([position[row - offset] for row in group.rows if row >= offset])
        person_id = next(ids) if group.person is None else group.person
        plan.person_of_group.append(person_id)
        if group.person is None:
            plan.new_persons.append((person_id, members))
        for at in members:
            plan.person_of[at] = person_id
        for each in group.identifiers:
            key = (each.kind, each.value)
            # A weak identifier stays with the first person that has it.
            if key in owned or key in claim or key in theirs:
                continue
            claim[key] = person_id
            if group.person is not None:
                plan.added.setdefault(person_id, []).append((each.kind.value, each.value))
    plan.blocked = [
        replace(each, row=position[each.row - offset]) for each in grouping.blocked if each.row >= offset
    ]
    return plan


def _related(keys: Sequence[Sequence[_Key]], owned: Mapping[_Key, KnownIdentifier]) -> dict[int, None]:
    """The rows that share an identifier with another row or with a known person, in their order."""
    first: dict[_Key, int] = {}
    related: set[int] = set()
    for at, row in enumerate(keys):
        for key in row:
            before = first.setdefault(key, at)
            if before != at:
                related.add(before)
                related.add(at)
            elif key in owned or key[1].startswith(_MARK):
                related.add(at)
    return dict.fromkeys(sorted(related))


def _portfolios(cursor: CursorWrapper, persons: Mapping[int, _Golden]) -> dict[int, list[Identifier]]:
    """All that the known persons of a batch have, each behind the mark by which a row may name the person."""
    if not persons:
        return {}
    portfolios = {
        person_id: [Identifier(IdentifierKind.EXTERNAL, f"{_MARK}{person_id}")] for person_id in persons
    }
    cursor.execute(
        "SELECT person_id, kind, value FROM identity_identifier WHERE person_id = ANY(%s) ORDER BY id",
        [list(persons)],
    )
    for person_id, kind, value in cursor.fetchall():
        portfolios[person_id].append(Identifier(IdentifierKind(kind), value))
    return portfolios


def _group(given: Sequence[Sequence[Identifier]], portfolios: Mapping[int, Sequence[Identifier]]) -> Grouping:
    """Group rows into persons, behind one pseudo-row for each known person: limits count what that one has already."""
    known = {each: person_id for person_id, portfolio in portfolios.items() for each in portfolio}
    return connected_groups([*portfolios.values(), *given], known)


_IDENTIFIER_COLUMNS = ("person_id", "kind", "value", "verified", "source", "first_seen", "last_seen")


def _insert_identifiers(
    cursor: CursorWrapper, plan: _Plan, rows: Sequence[PersonHint], source: str, now: datetime
) -> bool:
    """Claim the new identifiers, in sorted order; False if another transaction has claimed one of them meanwhile."""
    new = plan.new_identifiers
    if not new:
        return True
    verified = {
        (each.kind, each.value)
        for row in rows
        if row.verified
        for each in row.identifiers
        if each.kind in row.verified
    }
    end = (source, str(now), str(now))
    fields = [(str(new[key]), *key, "t" if key in verified else "f", *end) for key in sorted(new)]
    try:
        copy_rows(cursor, "identity_identifier", _IDENTIFIER_COLUMNS, fields)
    except UniqueViolation:
        return False
    return True


_PERSON_COLUMNS = ("id", *FILLABLE, "company_id", "source", "created_at")


def _insert_persons(
    cursor: CursorWrapper, plan: _Plan, rows: Sequence[PersonHint], source: str, now: datetime
) -> None:
    end = (source, str(now))
    fields: list[tuple[str, ...]] = []
    for person_id, members in plan.new_persons:
        row = rows[members[0]]
        if len(members) > 1:
            row = _merged([rows[at] for at in members])
        fields.append(
            (
                *(str(person_id), row.name, row.title, row.mobile, row.email, row.region, row.country),
                *(row.language, plain(row.company_id), *end),
            )
        )
    copy_rows(cursor, "identity_person", _PERSON_COLUMNS, fields)


def _merged(hints: Sequence[PersonHint]) -> PersonHint:
    """For each field the first value that a row has for it."""
    golden: dict[str, Any] = {
        name: next((value for hint in hints if (value := getattr(hint, name))), "") for name in FILLABLE
    }
    company_id = next((hint.company_id for hint in hints if hint.company_id is not None), None)
    return PersonHint(**golden, company_id=company_id)


def _fill(
    cursor: CursorWrapper,
    plan: _Plan,
    rows: Sequence[PersonHint],
    persons: Mapping[int, _Golden],
) -> dict[int, dict[str, str | int]]:
    """Give empty fields of known persons the first value that a row has for them; what is filled stays as it is."""
    filled: dict[int, dict[str, str | int]] = {}
    if not persons:
        return filled
    for person_id, row in zip(plan.person_of, rows, strict=True):
        golden = persons.get(person_id)
        if golden is None:
            continue
        for name in (*FILLABLE, "company_id"):
            if not golden[name] and (value := getattr(row, name)):
                golden[name] = filled.setdefault(person_id, {})[name] = value
    if filled:
        sets = ", ".join(f"{name} = coalesce(nullif(r.{name}, ''), p.{name})" for name in FILLABLE)
        columns = ", ".join(FILLABLE)
        cursor.execute(
            f"""UPDATE identity_person p SET company_id = coalesce(p.company_id, r.company_id), {sets}
                FROM unnest(%s::bigint[], %s::bigint[]{", %s::text[]" * len(FILLABLE)}) AS r(id, company_id, {columns})
                WHERE p.id = r.id""",
            [
                list(filled),
                numbers([each.get("company_id") for each in filled.values()]),
                *[texts([str(each.get(name, "")) for each in filled.values()]) for name in FILLABLE],
            ],
        )
    return filled


def _note_seen(
    cursor: CursorWrapper,
    rows: Sequence[PersonHint],
    owned: Mapping[_Key, KnownIdentifier],
    now: datetime,
) -> None:
    """Move `last_seen` of known identifiers, and note that one has been verified. Their persons are locked."""
    seen: dict[_Key, bool] = {}
    if not owned:
        return
    for row in rows:
        for each in row.identifiers:
            key = (each.kind, each.value)
            before = owned.get(key)
            if before is None:
                continue
            proven = each.kind in row.verified and not before.verified
            if proven or now - before.last_seen >= _SEEN_GRAIN:
                seen[key] = seen.get(key, before.verified) or proven
    if seen:
        cursor.execute(
            """UPDATE identity_identifier i SET verified = r.verified, last_seen = greatest(i.last_seen, %s)
               FROM unnest(%s::text[], %s::text[], %s::boolean[]) AS r(kind, value, verified)
               WHERE i.kind = r.kind AND i.value = r.value""",
            [
                now,
                texts([kind for kind, _ in seen]),
                texts([value for _, value in seen]),
                numbers(list(seen.values())),
            ],
        )


def _propose(
    rows: Sequence[PersonHint], blocked: Sequence[Blocked], *, actor: str, source: str, now: datetime
) -> dict[int, list[int]]:
    """Ask about the pairs that rows named together; the ids of what is asked anew, by row."""
    named = [each for each in blocked if each.reason is Block.TWO_PERSONS]
    suggestions = [_suggestion(each, rows[each.row]) for each in named]
    ids = propose_batch(suggestions, method=Method.RULE, actor=actor, source=source, now=now)
    made: dict[int, list[int]] = {}
    for each, id_ in zip(named, ids, strict=True):
        if id_ is not None:
            made.setdefault(each.row, []).append(id_)
    return made


def _suggestion(blocked: Blocked, row: PersonHint) -> Suggestion:
    """One row named an identifier of each of two persons. Where it proves both, they can hardly be two."""
    own, other = blocked.via, blocked.identifier
    known = own is not None and not own.value.startswith(_MARK)
    verified = known and own is not None and own.kind in row.verified and other.kind in row.verified
    evidence = [Evidence(other.kind.value, right=other.value, weight=_NAMED_WEIGHT)]
    if known and own is not None:
        evidence.insert(0, Evidence(own.kind.value, left=own.value, weight=_NAMED_WEIGHT))
    left, right = blocked.persons
    if blocked.own != left:
        evidence = [each.turned() for each in evidence]
    return Suggestion(left, right, _PROVEN if verified else _NAMED, tuple(evidence), verified)


def _kept_apart(plan: _Plan, now: datetime) -> list[NewFact]:
    """Why rows that share an identifier are two people all the same: told once for each person and other."""
    told: dict[tuple[int, PersonKeptApart], None] = {}
    for each in plan.blocked:
        person_id, other = plan.person_of[each.row], plan.person_of_group[each.other]
        if each.reason is not Block.TWO_PERSONS and person_id != other:
            payload = PersonKeptApart(
                kind=each.identifier.kind.value, reason=each.reason.value, other_person_id=other
            )
            told[person_id, payload] = None
    return [NewFact(payload=payload, occurred_at=now, person_id=id_) for id_, payload in told]


def _answers(
    rows: Sequence[PersonHint],
    plan: _Plan,
    persons: Mapping[int, _Golden],
    filled: Mapping[int, Mapping[str, str | int]],
    proposals: Mapping[int, Sequence[int]],
) -> list[Resolved]:
    created = {person_id for person_id, _ in plan.new_persons}
    companies: dict[int, int | None] = {}
    answers: list[Resolved] = []
    for at, row in enumerate(rows):
        person_id = plan.person_of[at]
        mine = tuple(proposals.get(at, ()))
        if person_id in companies:
            companies[person_id] = company_id = companies[person_id] or row.company_id
            answers.append(Resolved(person_id, proposals=mine, company_id=company_id))
        elif person_id in created:
            companies[person_id] = row.company_id
            answers.append(Resolved(person_id, True, mine, company_id=row.company_id))
        else:
            company_id = companies[person_id] = _number(persons[person_id]["company_id"])
            added = tuple(plan.added.get(person_id, ()))
            answers.append(Resolved(person_id, False, mine, added, filled.get(person_id, {}), company_id))
    return answers


def _number(value: str | int | None) -> int | None:
    return None if value is None else int(value)
