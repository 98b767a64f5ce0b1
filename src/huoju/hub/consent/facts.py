"""Facts of consent."""

from huoju.core.facts.kinds import Payload, fact


def _with_state(payload: Payload) -> Payload:
    return {**payload, "state": "given" if payload["granted"] else "declined", "address": ""}


@fact("consent.given", version=2, personal=("proof", "address"), upcasts={1: _with_state})
class ConsentGiven:
    """A person answered whether they may be contacted on one channel for one purpose: `state` is an `Answer`.

    `granted` is true for a yes (given, confirmed), false for a no and for one that waits for its confirmation.
    """

    channel: str
    purpose: str
    granted: bool
    state: str
    address: str
    proof: dict[str, str]


@fact("suppression.changed")
class SuppressionChanged:
    """Addresses were put on a list, or taken off it. How many, not which: the list knows."""

    list_id: int
    kind: str
    added: int
    removed: int
    reason: str


@fact("consent_policy.activated")
class ConsentPolicyActivated:
    """A version of the policy table began to decide."""

    version: int
