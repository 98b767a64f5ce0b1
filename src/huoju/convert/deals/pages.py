"""The board of deals, and the steps of a deal from the lead's page."""

from datetime import date, datetime, time
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from huoju.core.access.gate import current_user, requires
from huoju.core.access.policy import Action
from huoju.core.ui import stages
from huoju.core.ui.formpage import form_page
from huoju.core.ui.parts import BoardColumn, Card, Figure
from huoju.core.ui.respond import respond
from huoju.core.ui.templatetags.ui import compact_money
from huoju.qualify.leads import queries as leads

from . import operations, queries
from .forms import (
    EndPocForm,
    LoseForm,
    OpenForm,
    PaymentForm,
    ReopenForm,
    StartPocForm,
    WinForm,
    WithdrawForm,
)
from .labels import lost_label
from .models import Opportunity, Payment
from .policy import LostReason


@requires(Action.SELL)
def board(request: HttpRequest) -> HttpResponse:
    """Deals by stage with totals."""
    user = current_user(request)
    mine = request.GET.get("mine") == "1"
    columns = [
        BoardColumn(
            code=column.stage,
            label=stages.look(column.stage).label,
            stage=column.stage,
            count=column.count,
            total=compact_money(column.total),
            cards=[_card(deal) for deal in column.deals],
            more_url=f"{reverse('leads:leads')}?stage={column.stage}"
            if column.count > len(column.deals)
            else "",
        )
        for column in queries.board(user, owner_id=user.pk if mine else None)
    ]
    return respond(request, "deals/board.html", {"title": _("Deals"), "columns": columns, "mine": mine})


def _card(deal: Opportunity) -> Card:
    return Card(
        title=deal.name,
        url=reverse("leads:lead", args=[deal.lead_id]),
        # A deal of an import is called after its company; the person then says more than the name twice.
        text=str(deal.company if deal.company and deal.company.name != deal.name else deal.lead.person),
        left=compact_money(deal.amount, deal.currency) if deal.amount is not None else "",
        right=str(deal.lead.owner or ""),
    )


def _lead(request: HttpRequest, pk: int) -> Any:
    try:
        return leads.get_lead_for(current_user(request), pk)
    except ObjectDoesNotExist:
        raise Http404 from None


def _deal(request: HttpRequest, pk: int) -> Opportunity:
    try:
        return queries.get_for(current_user(request), pk)
    except Opportunity.DoesNotExist:
        raise Http404 from None


def _page(deal_or_lead: Opportunity | int) -> str:
    lead_id = deal_or_lead if isinstance(deal_or_lead, int) else deal_or_lead.lead_id
    return reverse("leads:lead", args=[lead_id])


def _moment(day: date) -> datetime:
    """A day that somebody named, as a moment: now for today, else its noon."""
    now = timezone.localtime()
    if day == now.date():
        return now
    return timezone.make_aware(datetime.combine(day, time(12)))


@requires(Action.SELL)
def open_opportunity(request: HttpRequest, pk: int) -> HttpResponse:
    """Open an opportunity for a lead, or its lost one again."""
    lead = _lead(request, pk)
    again = lead.stage == "lost"
    known = queries.get_deal_of_lead(pk)
    if known is not None:
        deal = known.opportunity
        initial = {"name": deal.name, "amount": deal.amount, "expected_on": deal.expected_on}
    else:
        initial = {"name": f"{lead.company or lead.person} {lead.product}".strip()}
    form = (ReopenForm if again else OpenForm)(request.POST or None, initial=initial)

    def do(valid: OpenForm) -> str:
        operations.open_opportunity(
            user=current_user(request), lead_id=pk, now=timezone.now(), **valid.cleaned_data
        )
        return _page(pk)

    title = _("Open the lost opportunity again") if again else _("Open an opportunity")
    return form_page(request, form, do, title=title, submit=_("Open the opportunity"))


@requires(Action.SELL)
def start_poc(request: HttpRequest, pk: int) -> HttpResponse:
    """Start a trial."""
    deal = _deal(request, pk)

    def do(valid: StartPocForm) -> str:
        operations.start_poc(
            user=current_user(request), opportunity_id=pk, now=timezone.now(), **valid.cleaned_data
        )
        return _page(deal)

    return form_page(
        request, StartPocForm(request.POST or None), do, title=_("Start a POC"), submit=_("Start")
    )


@requires(Action.SELL)
def end_poc(request: HttpRequest, pk: int) -> HttpResponse:
    """End the trial that runs."""
    deal = _deal(request, pk)

    def do(valid: EndPocForm) -> str:
        passed = valid.cleaned_data["result"] == "passed"
        operations.end_poc(
            user=current_user(request),
            opportunity_id=pk,
            passed=passed,
            failure_reason=valid.cleaned_data["failure_reason"],
            now=timezone.now(),
        )
        return _page(deal)

    return form_page(request, EndPocForm(request.POST or None), do, title=_("End the POC"), submit=_("End"))


@requires(Action.SELL)
def win(request: HttpRequest, pk: int) -> HttpResponse:
    """The contract is signed."""
    deal = _deal(request, pk)
    form = WinForm(request.POST or None, initial={"amount": deal.amount, "won_on": timezone.localdate()})

    def do(valid: WinForm) -> str:
        operations.win(
            user=current_user(request),
            opportunity_id=pk,
            amount=valid.cleaned_data["amount"],
            won_at=_moment(valid.cleaned_data["won_on"]),
            now=timezone.now(),
        )
        return _page(deal)

    return form_page(request, form, do, title=_("Won"), submit=_("Record the win"))


@requires(Action.SELL)
def lose(request: HttpRequest, pk: int) -> HttpResponse:
    """The sale is lost."""
    deal = _deal(request, pk)

    def do(valid: LoseForm) -> str:
        operations.lose(
            user=current_user(request),
            opportunity_id=pk,
            reason=LostReason(valid.cleaned_data["reason"]),
            competitor=valid.cleaned_data["competitor"],
            note=valid.cleaned_data["note"],
            now=timezone.now(),
        )
        return _page(deal)

    return form_page(
        request, LoseForm(request.POST or None), do, title=_("Lost"), submit=_("Record the loss")
    )


@requires(Action.SELL)
def record_payment(request: HttpRequest, pk: int) -> HttpResponse:
    """Money came in."""
    deal = _deal(request, pk)

    def do(valid: PaymentForm) -> str:
        operations.record_payment(
            user=current_user(request),
            opportunity_id=pk,
            amount=valid.cleaned_data["amount"],
            paid_at=_moment(valid.cleaned_data["paid_on"]),
            note=valid.cleaned_data["note"],
            now=timezone.now(),
        )
        return _page(deal)

    form = PaymentForm(request.POST or None, initial={"paid_on": timezone.localdate()})
    form.fields["amount"].help_text = _("In %(currency)s, the currency of the contract.") % {
        "currency": deal.currency
    }
    return form_page(request, form, do, title=_("Record a payment"), submit=_("Record"))


@requires(Action.SELL)
def withdraw_payment(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a payment back."""
    payment = get_object_or_404(Payment, pk=pk)
    deal = _deal(request, payment.opportunity_id)

    def do(valid: WithdrawForm) -> str:
        operations.withdraw_payment(
            user=current_user(request), payment_id=pk, reason=valid.cleaned_data["reason"], now=timezone.now()
        )
        return _page(deal)

    form = WithdrawForm(request.POST or None)
    return form_page(request, form, do, title=_("Take the payment back"), submit=_("Take back"))


def next_panel(request: HttpRequest, lead: Any) -> dict[str, Any] | None:
    """The next steps of a deal on top of a lead's page."""
    if not current_user(request).may(Action.SELL) or lead.stage not in (
        "sql",
        "opportunity",
        "poc",
        "won",
        "lost",
    ):
        return None
    return {"lead": lead, "deal": queries.get_deal_of_lead(lead.pk)}


def side_panel(request: HttpRequest, lead: Any) -> dict[str, Any] | None:
    """The deal beside the timeline."""
    deal = queries.get_deal_of_lead(lead.pk)
    if deal is None:
        return None
    reason = lost_label(deal.opportunity.lost_reason)
    return {"deal": deal, "lost_reason": reason, "may": current_user(request).may(Action.SELL)}


def money_glance(request: HttpRequest, profile: Any) -> dict[str, Any] | None:
    """What a person's deals are worth, for the row that is read first."""
    money = queries.money_of_persons(current_user(request), profile.members)
    if money is None:
        return None
    if money.won:
        received = _("%(amount)s received") % {"amount": compact_money(money.paid)}
        return {"figure": Figure(label=_("Signed"), value=compact_money(money.won), note=received)}
    return {
        "figure": Figure(label=_("Opportunity"), value=compact_money(money.open), note=_("not signed yet"))
    }
