"""Two profiles side by side: what agrees, what does not, what forbids a merge, and what one profile would have."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from huoju.core.facts.queries import list_facts_of_persons
from huoju.core.facts.telling import tell
from huoju.core.places import region_name
from huoju.core.privacy import mask
from huoju.core.ui.formats import told_apart
from huoju.core.ui.links import link_of
from huoju.core.ui.parts import Event, Label

from .labels import field_label, obstacle_text
from .models import Identifier as IdentifierRow
from .models import Person
from .policy import (
    AGREEMENT_LABELS,
    Agreement,
    Evidence,
    Identifier,
    IdentifierKind,
    Known,
    Obstacle,
    obstacles,
)
from .queries import members_of, profiles_of, visitors_of
from .registry import all_aspects

LAST_FACTS = 5
_TONES = {Agreement.EXACT: "success", Agreement.CLOSE: "info", Agreement.WEAK: "secondary"}
_TONES |= {Agreement.DIFFERENT: "warning", Agreement.UNKNOWN: "secondary"}


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two profiles."""

    profile_id: int
    name: str
    members: Sequence[int]
    url: str | None
    events: Sequence[Event]


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that is compared: the values of each side, and of both together."""

    field: str
    label: Label
    left: Sequence[Label]
    right: Sequence[Label]
    together: Sequence[Label]
    tone: str = ""
    agreement: Label = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two profiles side by side. `same`: they are one already."""

    left: Side
    right: Side
    rows: Sequence[Row]
    hard: Sequence[str]
    soft: Sequence[str]
    same: bool

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What agrees or differs, as the evidence of a merge that nobody had proposed."""
        return tuple(
            [
                Evidence(
                    row.field,
                    ", ".join(map(str, row.left)),
                    ", ".join(map(str, row.right)),
                    Agreement.EXACT if row.tone == "success" else Agreement.DIFFERENT,
                )
                for row in self.rows
                if row.agreement
            ]
        )


def compare(left_id: int, right_id: int, *, contacts: bool) -> Comparison | None:
    """Compare the profiles of two persons; None if one does not exist. `contacts`: phones and mails unmasked."""
    profile = profiles_of([left_id, right_id])
    left, right = profile[left_id], profile[right_id]
    members = members_of({left, right})
    everybody = sorted({each for group in members.values() for each in group})
    people = Person.objects.select_related("company").in_bulk(everybody)
    if left not in people or right not in people:
        return None
    known = _known(members)
    shown: Callable[[str], str] = (lambda value: value) if contacts else mask
    rows = _own_rows(members, people, known, left, right, shown)
    for aspect in all_aspects():
        lines = aspect.lines(everybody)
        ours, theirs = (
            [line for each in members[side] for line in lines.get(each, ())] for side in (left, right)
        )
        rows.append(Row(aspect.code, aspect.label, ours, theirs, [*ours, *theirs]))
    against = obstacles(_portfolio(known, members[left]), _portfolio(known, members[right]))
    visitors = visitors_of({left, right})
    sides = [_side(each, members[each], people, visitors[each]) for each in (left, right)]
    values = [(", ".join(map(str, row.left)), ", ".join(map(str, row.right))) for row in rows]
    called = told_apart((sides[0].name, sides[1].name), values, (left, right))
    sides = [replace(side, name=name) for side, name in zip(sides, called, strict=True)]
    return Comparison(
        sides[0], sides[1], rows, _texts(against, True, shown), _texts(against, False, shown), left == right
    )


def _known(members: Mapping[int, Sequence[int]]) -> dict[int, list[IdentifierRow]]:
    found: dict[int, list[IdentifierRow]] = {}
    ids = [each for group in members.values() for each in group]
    for row in IdentifierRow.objects.filter(person_id__in=ids).order_by("kind", "first_seen", "id"):
        found.setdefault(row.person_id, []).append(row)
    return found


def _portfolio(known: Mapping[int, Sequence[IdentifierRow]], members: Sequence[int]) -> Known:
    rows = [row for each in members for row in known.get(each, ())]
    return Known(len(members), tuple([Identifier(IdentifierKind(row.kind), row.value) for row in rows]))


def _texts(against: Sequence[Obstacle], hard: bool, shown: Callable[[str], str]) -> list[str]:
    return [shown(obstacle_text(each)) for each in against if each.hard is hard]


def _side(
    profile_id: int, members: Sequence[int], people: Mapping[int, Person], visitors: Sequence[str]
) -> Side:
    name = next((people[each].name for each in members if each in people and people[each].name), "")
    events = tell(list_facts_of_persons(members, visitor_ids=visitors, limit=LAST_FACTS))
    return Side(profile_id, name or f"#{profile_id}", members, link_of("person", profile_id), events)


_COLUMNS: tuple[tuple[str, Callable[[Person], str]], ...] = (
    ("name", lambda person: person.name),
    ("title", lambda person: person.title),
    ("company", lambda person: person.company.name if person.company else ""),
    ("region", lambda person: region_name(person.region)),
)


def _own_rows(
    members: Mapping[int, Sequence[int]],
    people: Mapping[int, Person],
    known: Mapping[int, Sequence[IdentifierRow]],
    left: int,
    right: int,
    shown: Callable[[str], str],
) -> list[Row]:
    rows: list[Row] = []
    for field, value_of in _COLUMNS:
        ours, theirs = (
            list(dict.fromkeys(filter(None, [value_of(people[each]) for each in members[side]])))
            for side in (left, right)
        )
        if ours or theirs:
            rows.append(_row(field, ours, theirs, str))
    for kind in IdentifierKind:
        ours, theirs = (
            [row.value for each in members[side] for row in known.get(each, ()) if row.kind == kind]
            for side in (left, right)
        )
        if ours or theirs:
            rows.append(_row(kind.value, ours, theirs, shown))
    return rows


def _row(field: str, ours: list[str], theirs: list[str], shown: Callable[[str], str]) -> Row:
    level = Agreement.UNKNOWN
    if ours and theirs:
        level = Agreement.EXACT if {*ours} & {*theirs} else Agreement.DIFFERENT
    together = list(dict.fromkeys([*ours, *theirs]))
    return Row(
        field,
        field_label(field),
        [shown(value) for value in ours],
        [shown(value) for value in theirs],
        [shown(value) for value in together],
        _TONES[level] if level is not Agreement.UNKNOWN else "",
        _(AGREEMENT_LABELS[level]) if level is not Agreement.UNKNOWN else "",
    )


def told_evidence(evidence: Sequence[Evidence], *, contacts: bool) -> list[dict[str, Any]]:
    """A proposal's evidence as the templates show it, the weightiest first."""
    masked: Callable[[str], str] = (lambda value: value) if contacts else mask

    def shown(field: str, value: str) -> str:
        return region_name(value) if field == "region" else masked(value)

    return [
        {
            "label": field_label(each.field),
            "left": shown(each.field, each.left),
            "right": shown(each.field, each.right),
            "agreement": _(AGREEMENT_LABELS[each.level]),
            "tone": _TONES[each.level],
            "weight": f"{each.weight:+.1f}" if each.weight else "",
        }
        for each in sorted(evidence, key=lambda item: -abs(item.weight))
    ]
