"""Facts of consent."""

from huoju.core.facts.kinds import fact


@fact("consent.given", personal=("proof",))
class ConsentGiven:
    """A person agreed to be contacted, or declined (`granted` false), on one channel for one purpose."""

    channel: str
    purpose: str
    granted: bool
    proof: dict[str, str]
