"""Facts of identity."""

from huoju.core.facts.kinds import fact


@fact("person.merge_proposed")
class MergeProposed:
    """Unverified input named identifiers of two persons: somebody should decide whether they are one."""

    proposal_id: int
    other_person_id: int
    evidence: list[str]


@fact("person.merged")
class PersonMerged:
    """A person is from now on read as another profile 合并. The fact is filed under the person; nothing else moves."""

    merge_id: int
    profile_id: int
    evidence: list[str]


@fact("person.unmerged")
class PersonUnmerged:
    """A merge was taken back 拆分: the person stands for themselves again, or for the profile they now belong to."""

    merge_id: int
    profile_id: int
    reason: str
