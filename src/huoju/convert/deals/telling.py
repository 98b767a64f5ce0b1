"""How the facts of deals read on a timeline."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huoju.core.facts.telling import Names, Told, register_teller
from huoju.core.ui.templatetags.ui import money

from .facts import (
    OpportunityLost,
    OpportunityOpened,
    OpportunityWon,
    PaymentRecorded,
    PaymentWithdrawn,
    PocEnded,
    PocStarted,
)
from .labels import lost_label
from .models import Poc


def _opened(payload: OpportunityOpened, _names: Names) -> Told:
    amount = money(payload.amount, payload.currency) if payload.amount is not None else ""
    return Told(
        gettext_lazy("Opportunity opened"), "target-arrow", f"{payload.name} {amount}".strip(), "info"
    )


def _poc_started(_payload: PocStarted, _names: Names) -> Told:
    return Told(gettext_lazy("POC started"), "flask")


def _poc_ended(payload: PocEnded, _names: Names) -> Told:
    tone = "success" if payload.result == Poc.Result.PASSED else "danger"
    title = _("POC %(result)s") % {"result": str(Poc.Result(payload.result).label).lower()}
    return Told(title, "flask-off", payload.failure_reason, tone)  # type: ignore[arg-type]


def _won(payload: OpportunityWon, _names: Names) -> Told:
    amount = money(payload.amount, payload.currency) if payload.amount is not None else ""
    return Told(gettext_lazy("Contract signed"), "trophy", amount, "success")


def _lost(payload: OpportunityLost, _names: Names) -> Told:
    text = " · ".join(str(part) for part in (lost_label(payload.reason), payload.competitor) if part)
    return Told(gettext_lazy("Sale lost"), "mood-sad", text, "danger")


def _paid(payload: PaymentRecorded, _names: Names) -> Told:
    return Told(gettext_lazy("Payment received"), "cash", money(payload.amount, payload.currency), "success")


def _unpaid(payload: PaymentWithdrawn, _names: Names) -> Told:
    text = f"{money(payload.amount, payload.currency)} · {payload.reason}"
    return Told(gettext_lazy("Payment taken back"), "cash-off", text, "warning")


def register() -> None:
    """Called once by the wiring."""
    register_teller(OpportunityOpened, _opened)
    register_teller(PocStarted, _poc_started)
    register_teller(PocEnded, _poc_ended)
    register_teller(OpportunityWon, _won)
    register_teller(OpportunityLost, _lost)
    register_teller(PaymentRecorded, _paid)
    register_teller(PaymentWithdrawn, _unpaid)
