"""Two persons that may be one: asked, never done."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import connection

from huoju.core.bulk import texts
from huoju.core.facts.operations import NewFact, append

from ..facts import MergeProposed
from ..policy import Evidence, Method, Suggestion


def propose_batch(
    suggestions: Sequence[Suggestion], *, method: Method, actor: str, source: str, now: datetime
) -> list[int | None]:
    """Ask whether two persons are one, for each suggestion; the ids of the proposals, None where nothing is asked anew.

    Needs a transaction. A pair is asked once: a decided one stays as it was decided. One that is open takes the new
    score and evidence of the method that found it, and of whoever proves it for the first time; another method changes
    nothing. The facts that are appended depend on no decision, so a merge leaves no trace in them: pairs that are one
    already are written too, and only the queue leaves them out. Suggestions of one pair in a batch are joined: the best
    score, all evidence. Raises `ValueError` for a person and themselves, or a score outside 0 to 1.
    """
    pairs = _joined(suggestions)
    if not pairs:
        return [None] * len(suggestions)
    order = sorted(pairs)
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO identity_mergeproposal AS p
                   (left_id, right_id, method, score, verified, evidence, proposed_at, decided_by, decision)
               SELECT r.l, r.r, %(method)s, r.score, r.verified, r.evidence, %(now)s, '', ''
               FROM unnest(%(left)s::bigint[], %(right)s::bigint[], %(score)s::float8[], %(verified)s::boolean[],
                           %(evidence)s::jsonb[]) AS r(l, r, score, verified, evidence)
               ORDER BY r.l, r.r
               ON CONFLICT (left_id, right_id) DO UPDATE SET
                   score = CASE WHEN p.decided_at IS NULL THEN excluded.score ELSE p.score END,
                   evidence = CASE WHEN p.decided_at IS NULL THEN excluded.evidence ELSE p.evidence END,
                   verified = p.verified OR excluded.verified
               WHERE excluded.verified AND NOT p.verified
                  OR p.decided_at IS NULL AND p.method = excluded.method AND excluded.verified = p.verified
                     AND (p.score, p.evidence) IS DISTINCT FROM (excluded.score, excluded.evidence)
               RETURNING id, left_id, right_id, xmax = 0""",
            {
                "method": method.value,
                "now": now,
                "left": [left for left, _ in order],
                "right": [right for _, right in order],
                "score": [pairs[pair].score for pair in order],
                "verified": [pairs[pair].verified for pair in order],
                "evidence": texts(
                    [
                        json.dumps([e.stored() for e in pairs[pair].evidence], ensure_ascii=False)
                        for pair in order
                    ]
                ),
            },
        )
        rows = cursor.fetchall()
    made: dict[tuple[int, int], int] = {}
    facts: list[NewFact] = []
    for id_, left, right, new in sorted(rows):
        suggestion = pairs[left, right]
        if new:
            made[left, right] = id_
        if new or suggestion.verified:
            fields = list(dict.fromkeys(each.field for each in suggestion.evidence))
            payload = MergeProposed(
                proposal_id=id_, other_person_id=right, evidence=fields, verified=suggestion.verified
            )
            facts.append(NewFact(payload=payload, occurred_at=now, person_id=left))
    append(facts, actor=actor, source=source, now=now)
    return [made.pop(_pair(each), None) for each in suggestions]


def _pair(suggestion: Suggestion) -> tuple[int, int]:
    return min(suggestion.left, suggestion.right), max(suggestion.left, suggestion.right)


def _joined(suggestions: Sequence[Suggestion]) -> Mapping[tuple[int, int], Suggestion]:
    """One suggestion a pair, the smaller id on the left."""
    pairs: dict[tuple[int, int], Suggestion] = {}
    for each in suggestions:
        if each.left == each.right or not 0 <= each.score <= 1:
            raise ValueError(f"{each}: two persons and a probability are needed")
        turned = each
        if each.left > each.right:
            evidence = tuple([item.turned() for item in each.evidence])
            turned = replace(each, left=each.right, right=each.left, evidence=evidence)
        before = pairs.setdefault(_pair(each), turned)
        if before is not turned:
            both: dict[Evidence, None] = dict.fromkeys((*before.evidence, *turned.evidence))
            pairs[_pair(each)] = replace(
                before,
                score=max(before.score, turned.score),
                evidence=tuple(both),
                verified=before.verified or turned.verified,
            )
    return pairs
