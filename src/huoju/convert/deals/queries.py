"""Reading deals, as far as a user may see their leads."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.db.models import Count, Q, QuerySet, Sum

from huoju.core.access.models import User
from huoju.qualify.leads import queries as leads

from .models import Opportunity, Payment, Poc


def visible_to(user: User) -> QuerySet[Opportunity]:
    """The opportunities whose leads `user` may see."""
    return Opportunity.objects.filter(lead__in=leads.visible_to(user))


def get_for(user: User, opportunity_id: int) -> Opportunity:
    """One opportunity. Raises `Opportunity.DoesNotExist` if there is none or `user` may not see it."""
    return visible_to(user).select_related("company", "owner").get(pk=opportunity_id)


@dataclass(frozen=True, slots=True)
class Deal:
    """An opportunity with all that hangs on it."""

    opportunity: Opportunity
    pocs: list[Poc]
    payments: list[Payment]

    @property
    def paid(self) -> Decimal:
        """What came in so far."""
        return sum((payment.amount for payment in self.payments), Decimal(0))

    @property
    def due(self) -> Decimal | None:
        """What of a won contract has not come in yet; less than nothing if more came in. None while it is not won."""
        if self.opportunity.state != Opportunity.State.WON or self.opportunity.amount is None:
            return None
        return self.opportunity.amount - self.paid

    @property
    def overpaid(self) -> Decimal | None:
        """By how much more came in than the contract says; None while it did not."""
        return -self.due if self.due is not None and self.due < 0 else None


def get_deal_of_lead(lead_id: int) -> Deal | None:
    """The deal of a lead with trials and payments, in three queries; None while it has none."""
    opportunity = Opportunity.objects.filter(lead_id=lead_id).select_related("owner").first()
    if opportunity is None:
        return None
    pocs = list(Poc.objects.filter(opportunity=opportunity).order_by("-started_at"))
    return Deal(opportunity, pocs, list(Payment.objects.filter(opportunity=opportunity)))


@dataclass(frozen=True, slots=True)
class Money:
    """What deals of persons are worth, in the main currency: open, signed, received."""

    open: Decimal
    won: Decimal
    paid: Decimal


def money_of_persons(user: User, person_ids: Sequence[int]) -> Money | None:
    """The deals of these persons' leads as far as `user` may see them; None while there are none. Two queries."""
    deals = visible_to(user).filter(lead__person_id__in=person_ids, currency=settings.CURRENCY)
    total = deals.aggregate(
        count=Count("pk"),
        open=Sum("amount", filter=Q(state=Opportunity.State.OPEN)),
        won=Sum("amount", filter=Q(state=Opportunity.State.WON)),
    )
    if not total["count"]:
        return None
    paid = Payment.objects.filter(opportunity__in=deals, currency=settings.CURRENCY).aggregate(
        sum=Sum("amount")
    )
    zero = Decimal(0)
    return Money(total["open"] or zero, total["won"] or zero, paid["sum"] or zero)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the board: how many deals, their amount, and the first of them."""

    stage: str
    count: int
    total: Decimal
    deals: list[Opportunity]


BOARD = ("opportunity", "poc", "won", "lost")


def board(user: User, *, owner_id: int | None = None, cards: int = 30) -> list[Column]:
    """Deals by the stage of their lead, with totals; `owner_id` narrows to those whose lead is that person's now.

    Five queries, whatever their number.
    """
    deals = visible_to(user)
    if owner_id is not None:
        deals = deals.filter(lead__owner_id=owner_id)
    rows = deals.order_by().values("lead__stage").annotate(count=Count("pk"), total=Sum("amount"))
    totals = {row["lead__stage"]: (row["count"], row["total"] or Decimal(0)) for row in rows}
    columns = []
    for stage in BOARD:
        count, total = totals.get(stage, (0, Decimal(0)))
        found = deals.filter(lead__stage=stage).select_related("company", "lead__owner", "lead__person")
        order = {"won": "-won_at", "lost": "-lost_at"}.get(stage, "-opened_at")
        columns.append(Column(stage, count, total, list(found.order_by(order, "-pk")[:cards])))
    return columns
