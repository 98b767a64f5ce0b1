"""What codes of leads are called, translated where they are shown."""

from django.utils.translation import gettext_lazy as _

from huoju.core.ui.parts import Label

from .policy import DataWarning, Refusal

VIA_LABELS: dict[str, Label] = {
    "form": _("Form"),
    "api": _("API"),
    "import": _("Import"),
    "hand": _("Entered by hand"),
}
FIELD_LABELS: dict[str, Label] = {
    "product": _("Product line"),
    "region": _("Region"),
    "industry": _("Industry"),
    "size": _("Company size"),
    "segment": _("Business segment"),
    "keyword": _("Keyword"),
    "landing_page": _("Landing page"),
    "channel_id": _("Channel"),
    "campaign_id": _("Campaign"),
    "company_id": _("Company"),
    "grade": _("Lead grade"),
    "owner_id": _("Owner"),
    "sdr_id": _("Telemarketer"),
    "score": _("Score"),
    "band": _("Score band"),
}
REFUSAL_LABELS: dict[Refusal, Label] = {
    Refusal.ALREADY_THERE: _("The lead is at this stage already."),
    Refusal.NO_SUCH_STEP: _("A lead cannot go from its stage to that one."),
    Refusal.NOT_ALLOWED: _("Your role may not take this step."),
    Refusal.NEEDS_REASON: _("Please give a reason."),
}
WARNING_LABELS: dict[str, Label] = {
    DataWarning.WON_BEFORE_CAPTURED.value: _("Won before it was captured"),
    DataWarning.STAGE_BEFORE_CAPTURED.value: _("Reached a stage before it was captured"),
    DataWarning.OUT_OF_ORDER.value: _("Stage dates are out of order"),
    DataWarning.IN_THE_FUTURE.value: _("A stage date lies in the future"),
    DataWarning.UNDATED_OUTCOME.value: _("The outcome had no date; the last known date stands in"),
}
