"""Which rows are whom.

Races are decided by the unique constraint on identifiers, not by a lock around everything: a batch looks up who has
its identifiers, decides (`policy.connected_groups`), and inserts the new identifiers in sorted order. If another
transaction was faster with one of them, the batch goes back to its savepoint and decides again, now seeing the other's
person. So two submissions of one person at the same instant end as one person, and two batches never wait for each
other in a circle.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from huoju.core.bulk import copy_lines, numbers, plain, take_ids, text, texts

from ..policy import Group, Grouping, Identifier, IdentifierKind, Strength, connected_groups
from ..queries import KnownIdentifier, find_identifiers
from .proposals import propose

_ATTEMPTS = 20
_SEEN_GRAIN = timedelta(days=1)
"""`last_seen` moves at most once a day: an update of a row for every repeat would cost more than it tells."""

FILLABLE = ("name", "title", "mobile", "email", "region", "country", "language")
_ALREADY = "person"
"""System of the pseudo-identifier by which a row says that it knows its person already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonHint:
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


@dataclass(frozen=True, slots=True)
class Resolved:
    """Who a row is: `created` if nobody knew the person before, `proposals` the ids of merges it suggests.

    `added` and `filled` are what an import takes back when it is rolled back: identifiers that a known person got, and
    the values that its empty fields got. What a batch did to a person is told once, by the person's first row.
    """

    person_id: int
    created: bool = False
    proposals: tuple[int, ...] = ()
    added: tuple[tuple[str, str], ...] = ()
    filled: Mapping[str, str | int] = field(default_factory=dict)
    company_id: int | None = None  # of the person, as far as the batch or the database knows it


@dataclass(slots=True)
class _Plan:
    """What a decided batch writes. `person_of[group]` is the person of a group of the grouping."""

    grouping: Grouping
    offset: int
    person_of: list[int] = field(default_factory=list)
    new_persons: list[tuple[int, Group]] = field(default_factory=list)
    new_identifiers: dict[Identifier, int] = field(default_factory=dict)
    added: dict[int, list[tuple[str, str]]] = field(default_factory=dict)


def resolve_batch(rows: Sequence[PersonHint], *, actor: str, source: str, now: datetime) -> list[Resolved]:
    """The person of each row, made where nobody is known by its identifiers. Needs a transaction.

    Persons that were there before are locked until it ends, so what the caller builds on them (one open lead each) is
    built by one transaction at a time. The number of statements does not depend on the number of rows.
    """
    if not rows:
        return []
    given = [_identifiers(row) for row in rows]
    with connection.cursor() as cursor:
        for _ in range(_ATTEMPTS):
            savepoint = transaction.savepoint_create()
            owned = find_identifiers({(each.kind.value, each.value) for row in given for each in row})
            persons = _hold(cursor, {each.person_id for each in owned.values()} | _named(rows))
            if persons is not None:
                plan = _decide(cursor, given, owned, persons)
                if _insert_identifiers(cursor, plan, rows, source, now):
                    transaction.savepoint_commit(savepoint)
                    break
            transaction.savepoint_rollback(savepoint)
        else:
            raise RuntimeError("identifiers change hands faster than they can be looked up")
        _insert_persons(cursor, plan, rows, source, now)
        filled = _fill(cursor, plan, rows, persons)
        _note_seen(cursor, rows, owned, now)
        proposals = propose(cursor, plan.grouping.blocked, plan.offset, actor=actor, source=source, now=now)
    return _answers(rows, plan, persons, filled, proposals)


def hold(person_ids: Collection[int]) -> None:
    """Lock persons, in the order of their ids, until the transaction ends; others who build on them wait."""
    if person_ids:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT FROM identity_person WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
                [list(person_ids)],
            )


def _identifiers(row: PersonHint) -> tuple[Identifier, ...]:
    """The identifiers by which a row is told apart. A shared box points to nobody for sure, but where a row has nothing
    else, the next row from that box is taken for the same sender."""
    identifiers = row.identifiers
    if row.person_id is not None:
        return (Identifier(IdentifierKind.EXTERNAL, f"{_ALREADY}:{row.person_id}"), *identifiers)
    if identifiers and all(each.strength is Strength.WEAK for each in identifiers):
        return tuple(
            [
                each if each.kind is IdentifierKind.VISITOR else Identifier(each.kind, each.value)
                for each in identifiers
            ]
        )
    return identifiers


def _named(rows: Sequence[PersonHint]) -> set[int]:
    return {row.person_id for row in rows if row.person_id is not None}


def _hold(cursor: CursorWrapper, ids: set[int]) -> dict[int, dict[str, str | int | None]] | None:
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
    owned: Mapping[tuple[str, str], KnownIdentifier],
    persons: Mapping[int, object],
) -> _Plan:
    """Group the rows into persons, behind one pseudo-row for each known person with all that it has: limits count."""
    known: dict[Identifier, int] = {}
    portfolios: dict[int, list[Identifier]] = {}
    if persons:
        cursor.execute(
            "SELECT person_id, kind, value FROM identity_identifier WHERE person_id = ANY(%s) ORDER BY id",
            [list(persons)],
        )
        for person_id in persons:
            mark = Identifier(IdentifierKind.EXTERNAL, f"{_ALREADY}:{person_id}")
            portfolios[person_id] = [mark]
            known[mark] = person_id
        for person_id, kind, value in cursor.fetchall():
            identifier = Identifier(IdentifierKind(kind), value)
            portfolios[person_id].append(identifier)
            known[identifier] = person_id
    before = list(portfolios.values())
    plan = _Plan(connected_groups([*before, *given], known), len(before))

    fresh = sum(1 for group in plan.grouping.groups if group.person is None)
    ids = iter(take_ids(cursor, "identity_person", fresh))
    for group in plan.grouping.groups:
        if group.person is None:
            person_id = next(ids)
            plan.new_persons.append((person_id, group))
        else:
            person_id = group.person
        plan.person_of.append(person_id)
        for each in group.identifiers:
            key = (each.kind.value, each.value)
            if key in owned or each in known or each.value.startswith(f"{_ALREADY}:"):
                continue
            bare = each if each.strength is Strength.STRONG else Identifier(each.kind, each.value)
            if bare in plan.new_identifiers:
                continue  # a weak one that another person of this batch has already
            plan.new_identifiers[bare] = person_id
            if group.person is not None:
                plan.added.setdefault(person_id, []).append(key)
    return plan


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
    order = sorted(new, key=lambda each: (each.kind.value, each.value))
    cursor.execute(
        """INSERT INTO identity_identifier (person_id, kind, value, verified, source, first_seen, last_seen)
           SELECT r.person, r.kind, r.value, r.verified, %s, %s, %s
           FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::boolean[]) AS r(person, kind, value, verified)
           ON CONFLICT DO NOTHING""",
        [
            source,
            now,
            now,
            numbers([new[each] for each in order]),
            texts([each.kind.value for each in order]),
            texts([each.value for each in order]),
            numbers([(each.kind, each.value) in verified for each in order]),
        ],
    )
    return bool(cursor.rowcount == len(order))


_PERSON_COLUMNS = ("id", *FILLABLE, "company_id", "source", "created_at")


def _insert_persons(
    cursor: CursorWrapper, plan: _Plan, rows: Sequence[PersonHint], source: str, now: datetime
) -> None:
    end = f"{text(source)}\t{now}"
    lines: list[str] = []
    for person_id, group in plan.new_persons:
        hints = [rows[at - plan.offset] for at in group.rows]
        row = hints[0]
        if len(hints) == 1:
            golden = f"{text(row.name)}\t{text(row.title)}\t{text(row.mobile)}\t{text(row.email)}\t{text(row.region)}"
            golden += f"\t{text(row.country)}\t{text(row.language)}\t{plain(row.company_id)}"
        else:
            golden = "\t".join([text(_first(hints, name)) for name in FILLABLE])
            company_id = next((hint.company_id for hint in hints if hint.company_id is not None), None)
            golden += f"\t{plain(company_id)}"
        lines.append(f"{person_id}\t{golden}\t{end}")
    copy_lines(cursor, "identity_person", _PERSON_COLUMNS, lines)


def _first(hints: Sequence[PersonHint], name: str) -> str:
    return next((value for hint in hints if (value := getattr(hint, name))), "")


def _fill(
    cursor: CursorWrapper,
    plan: _Plan,
    rows: Sequence[PersonHint],
    persons: Mapping[int, dict[str, str | int | None]],
) -> dict[int, dict[str, str | int]]:
    """Give empty fields of known persons the first value that a row has for them; what is filled stays as it is."""
    filled: dict[int, dict[str, str | int]] = {}
    if not persons:
        return filled
    for at, row in enumerate(rows, plan.offset):
        person_id = plan.person_of[plan.grouping.group_of[at]]
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
    owned: Mapping[tuple[str, str], KnownIdentifier],
    now: datetime,
) -> None:
    """Move `last_seen` of known identifiers, and note that one has been verified. Their persons are locked."""
    seen: dict[tuple[str, str], bool] = {}
    if not owned:
        return
    for row in rows:
        for each in row.identifiers:
            key = (each.kind.value, each.value)
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


def _answers(
    rows: Sequence[PersonHint],
    plan: _Plan,
    persons: Mapping[int, dict[str, str | int | None]],
    filled: Mapping[int, Mapping[str, str | int]],
    proposals: Mapping[int, Sequence[int]],
) -> list[Resolved]:
    created = {person_id for person_id, _ in plan.new_persons}
    companies: dict[int, int | None] = {}
    answers: list[Resolved] = []
    for at, row in enumerate(rows):
        person_id = plan.person_of[plan.grouping.group_of[at + plan.offset]]
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
