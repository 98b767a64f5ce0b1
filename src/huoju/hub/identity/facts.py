"""Facts of identity."""

from huoju.core.facts.kinds import fact


@fact("person.merge_proposed")
class MergeProposed:
    """Unverified input named identifiers of two persons: somebody should decide whether they are one."""

    proposal_id: int
    other_person_id: int
    evidence: list[str]
