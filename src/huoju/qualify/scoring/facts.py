"""Facts of scoring."""

from uuid import UUID

from huoju.core.facts.kinds import fact


@fact("lead.band_changed")
class BandChanged:
    """A lead's score moved into another band (A is best). A lead's first band is no change."""

    lead_id: int
    from_band: str
    to_band: str
    total: int
    rules_version: int


@fact("activity.withdrawn")
class ActivityWithdrawn:
    """An earlier fact of this person is judged not to have happened (a bot's click): it counts no more."""

    fact_id: UUID
    reason: str


@fact("scoring_rules.activated")
class ScoringActivated:
    """A version of the scoring rules began to decide; every lead is scored anew."""

    version: int
