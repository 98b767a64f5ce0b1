"""Facts of the campaigns."""

from huoju.core.facts.kinds import fact


@fact("campaign.created")
class CampaignCreated:
    """Marketing created a campaign."""

    campaign_id: int
    code: str
    channel_id: int
