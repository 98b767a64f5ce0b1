"""What identity does when it reads the log: what is proven merges by rule."""

from collections.abc import Sequence
from datetime import datetime

from huoju.core.facts.readers import Reader, StoredFact

from .facts import MergeProposed
from .operations import NewMerge, merge_batch
from .policy import Evidence
from .queries import list_open

RULE = "rule:identity/verified"
"""The actor of merges that nobody decided: one input proved identifiers of both persons."""


def handle(facts: Sequence[StoredFact], now: datetime) -> None:
    """Merge the pairs that were proven to be one. What forbids it leaves the proposal to a person.

    Not where the proof arrives: there the persons of a whole batch are locked, and their profiles may be larger.
    """
    proven = [fact.payload["proposal_id"] for fact in facts if fact.payload.get("verified")]
    merges = [
        NewMerge(
            person_id=row.right_id,
            into_id=row.left_id,
            proposal_id=row.pk,
            evidence=tuple([Evidence.read(each).turned() for each in row.evidence]),
        )
        for row in list_open(proven)
    ]
    if merges:
        merge_batch(merges, actor=RULE, now=now, automatic=True)


IDENTITY = Reader("identity", (MergeProposed,), handle)
"""It merges, which is history: it cannot be replayed."""
