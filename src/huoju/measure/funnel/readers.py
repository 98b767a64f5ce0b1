"""The reader that folds the log into the rows of the funnel."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from huoju.convert.deals.facts import OpportunityWon, PaymentRecorded, PaymentWithdrawn
from huoju.core.facts.readers import Reader, StoredFact
from huoju.qualify.leads.facts import (
    LeadAssigned,
    LeadCaptured,
    LeadRestored,
    LeadStageChanged,
    LeadUpdated,
    LeadWarned,
    LeadWithdrawn,
)

from .operations import forget_all, take_in


def _handle(facts: Sequence[StoredFact], now: datetime) -> None:  # noqa: ARG001 (derived from the facts alone)
    take_in(facts)


FUNNEL = Reader(
    name="funnel",
    kinds=(
        *(LeadCaptured, LeadStageChanged, LeadAssigned, LeadUpdated, LeadWarned, LeadWithdrawn, LeadRestored),
        *(OpportunityWon, PaymentRecorded, PaymentWithdrawn),
    ),
    handle=_handle,
    label=_("Funnel"),
    does=_("Keeps the figures of the funnel report: stages, owners, won deals, payments."),
    batch=5000,
    reset=forget_all,
    patience=120,
)
"""Facts of leads and deals → `FunnelRow`, `FunnelPayment`."""
