"""Two persons that may be one: asked, never done."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.backends.utils import CursorWrapper

from huoju.core.facts.operations import NewFact, append

from ..facts import MergeProposed
from ..policy import Block, Blocked


def propose(
    cursor: CursorWrapper, blocked: Sequence[Blocked], *, actor: str, source: str, now: datetime
) -> Mapping[int, list[int]]:
    """Keep the merges that a batch suggests, once a pair; their ids by row."""
    pairs: dict[tuple[int, int], tuple[int, dict[str, None]]] = {}
    for each in blocked:
        if each.reason is Block.TWO_PERSONS:
            left, right = each.persons
            _, evidence = pairs.setdefault((left, right), (each.row, {}))
            evidence[each.identifier.kind.value] = None
    if not pairs:
        return {}
    order = sorted(pairs)
    cursor.execute(
        """INSERT INTO identity_mergeproposal (left_id, right_id, evidence, proposed_at, decision)
           SELECT r.l, r.r, to_jsonb(string_to_array(r.e, ',')), %s, ''
           FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS r(l, r, e)
           ON CONFLICT DO NOTHING RETURNING id, left_id, right_id""",
        [
            now,
            [left for left, _ in order],
            [right for _, right in order],
            [",".join(pairs[pair][1]) for pair in order],
        ],
    )
    made: dict[int, list[int]] = {}
    facts: list[NewFact] = []
    for id_, left, right in cursor.fetchall():
        row, evidence = pairs[left, right]
        made.setdefault(row, []).append(id_)
        payload = MergeProposed(proposal_id=id_, other_person_id=right, evidence=list(evidence))
        facts.append(NewFact(payload=payload, occurred_at=now, person_id=left))
    append(facts, actor=actor, source=source, now=now)
    return made
