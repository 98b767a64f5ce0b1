"""Facts of deals. Amounts are decimals as text, in `currency`."""

from decimal import Decimal

from huoju.core.facts.kinds import fact


@fact("opportunity.opened")
class OpportunityOpened:
    """Budget, need or buying process became known."""

    lead_id: int
    opportunity_id: int
    name: str
    amount: Decimal | None = None
    currency: str = "CNY"


@fact("poc.started")
class PocStarted:
    """The product went on trial at the customer."""

    lead_id: int
    opportunity_id: int
    poc_id: int


@fact("poc.ended")
class PocEnded:
    """The trial ended, passed or failed."""

    lead_id: int
    opportunity_id: int
    poc_id: int
    result: str
    failure_reason: str = ""


@fact("opportunity.won")
class OpportunityWon:
    """The contract is signed; `occurred_at` is the day of signing."""

    lead_id: int
    opportunity_id: int
    amount: Decimal | None = None
    currency: str = "CNY"


@fact("opportunity.lost")
class OpportunityLost:
    """The sale is lost, with reason and competitor."""

    lead_id: int
    opportunity_id: int
    reason: str
    competitor: str = ""


@fact("payment.recorded")
class PaymentRecorded:
    """Money came in on a won opportunity, at `occurred_at`."""

    lead_id: int
    opportunity_id: int
    payment_id: int
    amount: Decimal
    currency: str


@fact("payment.withdrawn")
class PaymentWithdrawn:
    """A payment was taken back (entered by mistake, or its import rolled back)."""

    lead_id: int
    opportunity_id: int
    payment_id: int
    amount: Decimal
    currency: str
    reason: str
