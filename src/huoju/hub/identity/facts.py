"""Facts of identity."""

from huoju.core.facts.kinds import Payload, fact


@fact("person.added")
class PersonAdded:
    """Somebody is known now of whom no fact of another room tells: no lead came with them."""


@fact("person.merge_proposed", personal=("evidence",))
class MergeProposed:
    """Two persons may be one: somebody should decide. `evidence` names the fields that speak for it.

    `verified`: the input proved both persons' identifiers, so a rule may decide.
    """

    proposal_id: int
    other_person_id: int
    evidence: list[str]
    verified: bool = False


@fact("person.kept_apart")
class PersonKeptApart:
    """An input shares an identifier of this kind with somebody else and is another person all the same: `reason` is a
    `policy.Block`. Whom it shares it with is `other_person_id`."""

    kind: str
    reason: str
    other_person_id: int


@fact("person.identifier_verified")
class IdentifierVerified:
    """A person showed that an identifier of this kind is theirs, by the link in a mail to it."""

    kind: str


@fact("person.merged", personal=("evidence",))
class PersonMerged:
    """A person is from now on read as another profile 合并. The fact is filed under the person; nothing else moves."""

    merge_id: int
    profile_id: int
    evidence: list[str]


def _without_former(payload: Payload) -> Payload:
    """Version 1 did not say whom the person had been read as."""
    return {**payload, "former_profile_id": payload["profile_id"]}


@fact("person.unmerged", version=2, personal=("reason",), upcasts={1: _without_former})
class PersonUnmerged:
    """A merge was taken back 拆分: the person stands for themselves again, or for the profile they now belong to.

    `former_profile_id`: whom the person was read as until now; that profile has changed as well.
    """

    merge_id: int
    profile_id: int
    reason: str
    former_profile_id: int


@fact("person.company_joined")
class CompanyJoined:
    """A person without a company belongs to one now: it was given the domain that they write from."""

    company_id: int
    domain: str


@fact("person.company_left")
class CompanyLeft:
    """The company lost the domain by which alone the person had joined it."""

    company_id: int


def profiles_in(payload: PersonMerged | PersonUnmerged) -> set[int]:
    """The profiles that have changed by it, besides the person's own."""
    former = {payload.former_profile_id} if isinstance(payload, PersonUnmerged) else set()
    return {payload.profile_id} | former
