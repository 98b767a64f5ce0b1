"""What segments do when they read the log: they find out whom a fact can move, and have those evaluated."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from huoju.core.facts.kinds import kind_of
from huoju.core.facts.readers import Reader, StoredFact
from huoju.hub.identity.facts import PersonMerged, PersonUnmerged
from huoju.hub.profile.facts import TagAdded, TagRemoved
from huoju.hub.profile.registry import all_sources

from .asking import offset_at
from .membership import follow
from .policy.formula import Where
from .policy.oracle import meets
from .queries import MERGES, Running, former_profiles, people_of_companies, running
from .registry import all_activities, birth_payloads, births


@lru_cache(maxsize=4)
def _index(segments: tuple[Running, ...]) -> dict[str, dict[tuple[Where, ...], list[int]]]:
    """By kind, then by the conditions under which a fact counts (none: always): the segments it can move."""
    found: dict[str, dict[tuple[Where, ...], list[int]]] = {}
    for segment in segments:
        kinds = dict(segment.depends.kinds)
        if segment.depends.births:
            kinds |= dict.fromkeys(births(), ())
        for kind, wheres in kinds.items():
            found.setdefault(kind, {}).setdefault(wheres, []).append(segment.pk)
    return found


def handle(facts: Sequence[StoredFact], now: datetime) -> None:
    """Evaluate whom these facts can have moved, each affected segment once."""
    segments = running()
    if not segments:
        return
    index, offset = _index(segments), offset_at(now)
    touched: dict[int, set[int]] = {}
    companies: dict[int, set[int]] = {}
    moved: set[int] = set()
    for fact in facts:
        if fact.kind in MERGES and fact.person_id is not None:
            moved |= {fact.person_id, int(fact.payload["profile_id"])}
            continue
        for wheres, segment_ids in index.get(fact.kind, {}).items():
            if wheres and not any(meets(fact.payload, where, offset) for where in wheres):
                continue
            for segment_id in segment_ids:
                if fact.person_id is not None:
                    touched.setdefault(segment_id, set()).add(fact.person_id)
                elif fact.company_id is not None:
                    companies.setdefault(segment_id, set()).add(fact.company_id)
    if moved:
        moved |= set(former_profiles(sorted(moved)))
        for segment in segments:
            touched.setdefault(segment.pk, set()).update(moved)
    for segment_id, company_ids in companies.items():
        touched.setdefault(segment_id, set()).update(people_of_companies(sorted(company_ids)))
    follow(touched, now=now)


def segments_reader() -> Reader:
    """The reader of everything that definitions can ask for. Made when the registries are filled.

    It appends facts, which is history: it cannot be replayed. A segment is built again instead.
    """
    payloads = {PersonMerged, PersonUnmerged, TagAdded, TagRemoved, *birth_payloads()}
    payloads |= {activity.payload for activity in all_activities().values()}
    payloads |= {payload for source in all_sources() for payload in source.changed_by}
    return Reader(
        "segments", tuple(sorted(payloads, key=lambda each: kind_of(each).name)), handle, patience=120
    )
