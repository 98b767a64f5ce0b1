"""What people did, in the words in which segments ask for it: the facts of every wing that concern a person."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from huoju.acquire.campaigns import queries as campaigns
from huoju.acquire.forms.facts import FormSubmitted
from huoju.acquire.forms.models import Form
from huoju.convert.deals.facts import (
    OpportunityLost,
    OpportunityOpened,
    OpportunityWon,
    PaymentRecorded,
    PocEnded,
    PocStarted,
)
from huoju.convert.workbench.facts import ActivityLogged, LeadAccepted, LeadRejected
from huoju.core.ui.parts import Label
from huoju.hub.segments.policy.vocabulary import ValueType
from huoju.hub.segments.registry import Activity, PayloadField
from huoju.qualify.leads.facts import LeadCaptured, LeadStageChanged, LeadTouched
from huoju.qualify.leads.models import STAGE_CHOICES
from huoju.qualify.scoring.facts import BandChanged


def _channels() -> Sequence[tuple[str, Label]]:
    return [(str(pk), name) for pk, name in campaigns.channel_labels().items()]


def _campaigns() -> Sequence[tuple[str, Label]]:
    named = campaigns.list_campaigns(archived=None).order_by("-created_at").values_list("pk", "name")[:500]
    return [(str(pk), name) for pk, name in named]


def _forms() -> Sequence[tuple[str, Label]]:
    return [(str(pk), name) for pk, name in Form.objects.order_by("name").values_list("pk", "name")[:500]]


def _stages() -> Sequence[tuple[str, Label]]:
    return list(STAGE_CHOICES)


def _bands() -> Sequence[tuple[str, Label]]:
    return [(band, band) for band in "ABCD"]


_CHOICE, _TEXT, _NUMBER = ValueType.CHOICE, ValueType.TEXT, ValueType.NUMBER
_PRODUCT = PayloadField(name="product", label=_("Product"))
_PURPOSE = PayloadField(name="purpose", label=_("Purpose"))
_INTEREST = (
    PayloadField(name="channel_id", label=_("Channel"), type=_CHOICE, whole=True, choices=_channels),
    PayloadField(name="campaign_id", label=_("Campaign"), type=_CHOICE, whole=True, choices=_campaigns),
    PayloadField(name="keyword", label=_("Keyword")),
    PayloadField(name="landing_page", label=_("Landing page")),
    _PURPOSE,
)
_AMOUNT = PayloadField(name="amount", label=_("Amount"), type=_NUMBER)

ACTIVITIES: tuple[Activity, ...] = (
    Activity(
        payload=FormSubmitted,
        label=_("Submitted a form"),
        group=_("Interest"),
        fields=(
            PayloadField(name="form_id", label=_("Form"), type=_CHOICE, whole=True, choices=_forms),
            _PURPOSE,
            _PRODUCT,
        ),
    ),
    Activity(
        payload=LeadCaptured, label=_("Became a lead"), group=_("Interest"), fields=(*_INTEREST, _PRODUCT)
    ),
    Activity(payload=LeadTouched, label=_("Showed interest again"), group=_("Interest"), fields=_INTEREST),
    Activity(
        payload=LeadStageChanged,
        label=_("Lead changed stage"),
        group=_("Funnel"),
        fields=(
            PayloadField(name="to_stage", label=_("To stage"), type=_CHOICE, choices=_stages),
            PayloadField(name="from_stage", label=_("From stage"), type=_CHOICE, choices=_stages),
        ),
    ),
    Activity(
        payload=BandChanged,
        label=_("Score band changed"),
        group=_("Funnel"),
        fields=(
            PayloadField(name="to_band", label=_("To band"), type=_CHOICE, choices=_bands),
            PayloadField(name="from_band", label=_("From band"), type=_CHOICE, choices=_bands),
            PayloadField(name="total", label=_("Score"), type=_NUMBER),
        ),
    ),
    Activity(payload=LeadAccepted, label=_("Accepted by sales"), group=_("Sales")),
    Activity(
        payload=LeadRejected,
        label=_("Rejected by sales"),
        group=_("Sales"),
        fields=(PayloadField(name="reason", label=_("Reason")),),
    ),
    Activity(
        payload=ActivityLogged,
        label=_("Was called, visited or written to"),
        group=_("Sales"),
        fields=(
            PayloadField(name="kind", label=_("Kind")),
            PayloadField(name="outcome", label=_("Outcome")),
        ),
    ),
    Activity(payload=OpportunityOpened, label=_("Opportunity opened"), group=_("Sales"), fields=(_AMOUNT,)),
    Activity(payload=PocStarted, label=_("POC started"), group=_("Sales")),
    Activity(
        payload=PocEnded,
        label=_("POC ended"),
        group=_("Sales"),
        fields=(PayloadField(name="result", label=_("Result")),),
    ),
    Activity(payload=OpportunityWon, label=_("Signed a contract"), group=_("Sales"), fields=(_AMOUNT,)),
    Activity(
        payload=OpportunityLost,
        label=_("Opportunity lost"),
        group=_("Sales"),
        fields=(
            PayloadField(name="reason", label=_("Reason")),
            PayloadField(name="competitor", label=_("Competitor")),
        ),
    ),
    Activity(payload=PaymentRecorded, label=_("Payment received"), group=_("Sales"), fields=(_AMOUNT,)),
)
