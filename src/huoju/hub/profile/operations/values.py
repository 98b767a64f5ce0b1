"""Values of fields: heard, set by hand, taken back; the one that survives stands in the person's row.

The first values of a person are the person's row itself, so an import of new persons writes nothing here. Rows begin
when a known person is told of differently.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from huoju.core.facts.operations import NewFact, append
from huoju.hub.identity import operations as identity
from huoju.hub.identity import queries as persons
from huoju.hub.identity.policy import Identifier, IdentifierKind

from ..facts import FieldChanged
from ..models import FieldValue
from ..policy import HAND, Candidate, Field, choose, is_news
from ..queries import RULES

SOURCE = "profile"

type _Key = tuple[int, Field]
_FIELDS = {each.value: each for each in Field}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a row said of a person who was known before.

    `values` by field (others are passed over), `filled` those fields that were empty until this row filled them,
    `verified` those whose value is proven.
    """

    person_id: int
    values: Mapping[str, object]
    source: str
    verified: Collection[str] = ()
    filled: Collection[str] = ()


@dataclass(slots=True)
class _New:
    """Candidates to be written, by person and field, in their order."""

    by_key: dict[_Key, list[Candidate]] = field(default_factory=dict)

    def add(self, key: _Key, candidate: Candidate) -> None:
        self.by_key.setdefault(key, []).append(candidate)


def hear_batch(said: Sequence[Said], *, actor: str, now: datetime) -> None:
    """Keep what is news in `said`, and show the values that survive. Needs a transaction in which the persons are held.

    One query where nothing differs from what is shown, whatever the number of rows.
    """
    if not said:
        return
    columns = persons.list_columns(sorted({each.person_id for each in said}))
    news = _New()
    for each in said:
        shown = columns[each.person_id].values
        for name, value in each.values.items():
            known = _FIELDS.get(name)
            if known is None or not value or (value == shown[name] and name not in each.filled):
                continue
            candidate = Candidate(
                str(value)[:254],
                each.source,
                actor,
                now,
                verified=name in each.verified,
                person_id=each.person_id,
            )
            news.add((each.person_id, known), candidate)
    if news.by_key:
        _keep(
            news, columns, filled={(each.person_id, name) for each in said for name in each.filled}, now=now
        )


def set_fields(*, person_id: int, values: Mapping[Field, str], actor: str, now: datetime) -> None:
    """Set fields of a person by hand; an empty value says that there is none. Mobile and mail in normal form.

    A mobile or mail address that another person has is kept as this person's too, and a merge is proposed.
    """
    with transaction.atomic():
        identity.hold([person_id])
        columns = persons.list_columns([person_id])
        told = {
            name: value for name, value in values.items() if value != columns[person_id].values[name.value]
        }
        identifiers = [
            Identifier(kind, value)
            for kind, value in (
                (IdentifierKind.MOBILE, told.get(Field.MOBILE, "")),
                (IdentifierKind.EMAIL, told.get(Field.EMAIL, "")),
            )
            if value
        ]
        if identifiers:
            hint = identity.PersonHint(identifiers=tuple(identifiers), person_id=person_id)
            identity.resolve_batch([hint], actor=actor, source=HAND, now=now)
        news = _New()
        for name, value in told.items():
            news.add((person_id, name), Candidate(value[:254], HAND, actor, now, person_id=person_id))
        if news.by_key:
            _keep(news, columns, filled=set(), now=now, again=True)


def forget_batch(person_ids: Sequence[int], *, source: str, now: datetime) -> None:
    """Take back every value that `source` ("import:3") gave for these persons, and show what survives without it.
    Needs a transaction."""
    if not person_ids:
        return
    rows = FieldValue.objects.filter(person_id__in=person_ids, source=source)
    keys = {(person_id, Field(name)) for person_id, name in rows.values_list("person_id", "field")}
    if keys:
        identity.hold({person_id for person_id, _ in keys})
        rows.delete()
        _show(keys, actor="system", now=now)
        # A first value that stands alone again needs no row: it is the person's own.
        alone = [each[0].id for each in _stored(keys).values() if len(each) == 1 and not each[0].actor]
        FieldValue.objects.filter(pk__in=alone).delete()


def decide_again(person_ids: Sequence[int], *, now: datetime) -> None:
    """Choose anew among the values that these persons have: the rules are others. Needs a transaction."""
    identity.hold(person_ids)
    rows = FieldValue.objects.filter(person_id__in=person_ids).values_list("person_id", "field").distinct()
    _show({(person_id, Field(name)) for person_id, name in rows}, actor="rule:survivorship", now=now)


def _keep(
    news: _New,
    columns: Mapping[int, persons.Columns],
    *,
    filled: Collection[tuple[int, str]],
    now: datetime,
    again: bool = False,
) -> None:
    """Write what is news; before the second value of a field, the first. `again`: a repeat counts (set by hand)."""
    stored = _stored(news.by_key)
    fresh: list[FieldValue] = []
    touched: set[_Key] = set()
    for key, candidates in news.by_key.items():
        person_id, name = key
        known = stored.setdefault(key, [])
        first = columns[person_id].values[name.value]
        if not known and first and (person_id, name.value) not in filled:
            person = columns[person_id]
            known.append(Candidate(first, person.source, "", person.created_at, person_id=person_id))
            fresh.append(_row(name, known[0]))
            before = 1
        else:
            before = 0
        for candidate in candidates:
            if again or is_news(candidate.value, candidate.source, known):
                known.append(candidate)
                fresh.append(_row(name, candidate))
                touched.add(key)
        if key not in touched and before:
            fresh.pop()  # the first value alone needs no row
    FieldValue.objects.bulk_create(fresh)
    actors = {key: candidates[-1].actor for key, candidates in news.by_key.items()}
    _show(touched, actor=next(iter(actors.values())), now=now)


def _row(name: Field, candidate: Candidate) -> FieldValue:
    return FieldValue(
        person_id=candidate.person_id,
        field=name.value,
        value=candidate.value,
        source=candidate.source,
        actor=candidate.actor,
        at=candidate.at,
        verified=candidate.verified,
    )


def _stored(keys: Iterable[_Key]) -> dict[_Key, list[Candidate]]:
    wanted = set(keys)
    found: dict[_Key, list[Candidate]] = {}
    rows = FieldValue.objects.filter(
        person_id__in={person_id for person_id, _ in wanted}, field__in={name.value for _, name in wanted}
    ).order_by("id")
    for row in rows:
        key = (row.person_id, Field(row.field))
        if key in wanted:
            found.setdefault(key, []).append(
                Candidate(row.value, row.source, row.actor, row.at, row.verified, row.person_id, row.pk)
            )
    return found


def _show(keys: Collection[_Key], *, actor: str, now: datetime) -> None:
    """Let the persons' rows hold the values that survive, and say which became others."""
    if not keys:
        return
    rules, stored = RULES.active(), _stored(keys)
    ids = sorted({person_id for person_id, _ in keys})
    columns, proven = persons.list_columns(ids), persons.list_verified(ids)
    changes: dict[int, dict[str, str]] = {}
    facts: list[NewFact] = []
    for (person_id, name), candidates in stored.items():
        judged = [
            each._replace(verified=each.verified or (person_id, name.value, each.value) in proven)
            for each in candidates
        ]
        golden = choose(name, judged, rules)
        previous = columns[person_id].values[name.value]
        if golden is None or golden.chosen.value == previous:
            continue
        changes.setdefault(person_id, {})[name.value] = golden.chosen.value
        payload = FieldChanged(
            field=name.value, value=golden.chosen.value, previous=previous, source=golden.chosen.source
        )
        facts.append(NewFact(payload=payload, occurred_at=now, person_id=person_id))
    identity.rewrite_batch(changes)
    append(facts, actor=actor, source=SOURCE, now=now)
