"""Facts of scoring."""

from huoju.core.facts.kinds import fact


@fact("lead.band_changed")
class BandChanged:
    """A lead's score moved into another band (A is best)."""

    lead_id: int
    from_band: str
    to_band: str
    total: int
    rules_version: int
