"""What segments do when they read the log: they find out whom a fact can move, and have those evaluated."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import chain

from django.utils.translation import gettext_lazy as _

from huoju.core.facts.kinds import kind_of
from huoju.core.facts.readers import Reader, StoredFact
from huoju.hub.identity.facts import PersonMerged, PersonUnmerged, profiles_in
from huoju.hub.profile.facts import TagAdded, TagRemoved
from huoju.hub.profile.queries import MERGES
from huoju.hub.profile.registry import all_sources

from .asking import offset_at
from .membership import follow
from .policy.formula import Equals, Where
from .policy.predicates import meets
from .policy.vocabulary import ValueType
from .queries import COMPANY_MERGES, Running, people_of_companies, running, shared_kinds
from .registry import all_activities, birth_payloads, births, upheavals

type _Entry = tuple[tuple[Where, ...], list[int]]
"""The conditions under which a fact counts (it must meet one of them; none: always), and the segments it can move."""


@dataclass(slots=True)
class _Kind:
    """The entries of a kind of facts: those that ask for a certain value are found by it."""

    by_value: dict[str, dict[object, list[_Entry]]] = field(default_factory=dict)
    others: list[_Entry] = field(default_factory=list)

    def add(self, entry: _Entry) -> None:
        keys = [_key_of(where) for where in entry[0]]
        if not keys or None in keys:
            self.others.append(entry)
            return
        for name, values in filter(None, keys):
            for value in values:
                self.by_value.setdefault(name, {}).setdefault(value, []).append(entry)

    def found(self, payload: Mapping[str, object], offset: timedelta) -> Iterator[list[int]]:
        """The segments that a fact with this payload can move; some may come twice."""
        for entry in self.others:
            if not entry[0] or any(meets(payload, where, offset) for where in entry[0]):
                yield entry[1]
        for name, entries in self.by_value.items():
            having = payload.get(name)
            for value in having if isinstance(having, list) else (having,):
                for wheres, segment_ids in entries.get(value, ()) if isinstance(value, Hashable) else ():
                    if any(meets(payload, where, offset) for where in wheres):
                        yield segment_ids


def _key_of(where: Where) -> tuple[str, tuple[object, ...]] | None:
    """A field that must have one of these values, if the condition asks for that."""
    for name, type_, predicate in where:
        if isinstance(predicate, Equals) and type_ in _PLAIN and not name.startswith("!"):
            return name, predicate.values
    return None


_PLAIN = (ValueType.TEXT, ValueType.CHOICE, ValueType.LIST)
"""What stands in a payload as it is compared."""


@lru_cache(maxsize=4)
def _index(segments: tuple[Running, ...]) -> dict[str, _Kind]:
    """The segments that a fact can move, by its kind and what it says."""
    entries: dict[str, dict[tuple[Where, ...], list[int]]] = {}
    for segment in segments:
        kinds = dict(segment.depends.kinds)
        if segment.depends.births:
            kinds |= dict.fromkeys(births(), ())
        for kind, wheres in kinds.items():
            entries.setdefault(kind, {}).setdefault(wheres, []).append(segment.pk)
    index: dict[str, _Kind] = {}
    for kind, of_kind in entries.items():
        index[kind] = _Kind()
        for entry in of_kind.items():
            index[kind].add(entry)
    return index


def handle(facts: Sequence[StoredFact], now: datetime) -> None:
    """Evaluate whom these facts can have moved, all affected segments together."""
    segments = running()
    if not segments:
        return
    index, offset, upset, shared = _index(segments), offset_at(now), upheavals(), shared_kinds()
    touched: dict[int, set[int]] = {}
    companies: dict[int, set[int]] = {}
    moved: set[int] = set()
    for fact in facts:
        if fact.kind in MERGES and fact.person_id is not None:
            moved |= {fact.person_id, *profiles_in(fact.data())}
        elif fact.kind in upset and fact.person_id is not None:
            moved.add(fact.person_id)
        elif kind := index.get(fact.kind):
            for segment_id in chain.from_iterable(kind.found(fact.payload, offset)):
                if fact.person_id is not None:
                    touched.setdefault(segment_id, set()).add(fact.person_id)
                if fact.company_id is not None and (fact.person_id is None or fact.kind in shared):
                    companies.setdefault(segment_id, set()).add(fact.company_id)
                if fact.kind in COMPANY_MERGES:  # what the other one has in total changes, too
                    companies.setdefault(segment_id, set()).add(fact.payload["main_id"])
    if moved:
        for segment in segments:
            touched.setdefault(segment.pk, set()).update(moved)
    staff = people_of_companies(sorted(set().union(*companies.values())))
    for segment_id, company_ids in companies.items():
        for company_id in company_ids:
            touched.setdefault(segment_id, set()).update(staff[company_id])
    follow(touched, now=now)


def segments_reader() -> Reader:
    """The reader of everything that definitions can ask for. Made when the registries are filled.

    It appends facts, which is history: it cannot be replayed. A segment is built again instead.
    """
    payloads = {PersonMerged, PersonUnmerged, TagAdded, TagRemoved, *birth_payloads(), *upheavals().values()}
    payloads |= {activity.payload for activity in all_activities().values()}
    payloads |= {payload for source in all_sources() for payload in source.changed_by}
    return Reader(
        "segments",
        tuple(sorted(payloads, key=lambda each: kind_of(each).name)),
        handle,
        label=_("Segments"),
        does=_("Lets people enter and leave segments as soon as something happens to them."),
        patience=120,
    )
