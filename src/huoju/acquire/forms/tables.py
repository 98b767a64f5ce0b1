"""Lists of forms and submissions as tables."""

from collections.abc import Mapping
from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from huoju.core.ui.columns import AgoColumn, BadgeColumn, NumberColumn, TitleColumn
from huoju.core.ui.formats import mask
from huoju.core.ui.links import link_of
from huoju.core.ui.templatetags import ui

from .models import Form, Submission
from .queries import Outcome, outcomes

OUTCOME_LOOKS = {
    "pending": (_("Being looked at"), "info"),
    "lead": (_("Lead"), "success"),
    "quarantined": (_("In quarantine"), "warning"),
    "dropped": (_("Dropped"), "secondary"),
}


def form_url(form: Form) -> str:
    """A form's page."""
    return reverse("webforms:form", args=[form.pk])


def submission_url(submission: Submission) -> str:
    """A submission's page."""
    return reverse("webforms:submission", args=[submission.pk])


def outcome_badge(outcome: Outcome) -> str:
    """What became of a submission; a lead is linked."""
    label, colour = OUTCOME_LOOKS[outcome.state]
    url = link_of("lead", outcome.lead_id) if outcome.lead_id else None
    badge = ui.badge(label, colour)
    return format_html('<a href="{}">{}</a>', url, badge) if url else badge


class FormTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """Forms."""

    name = TitleColumn(verbose_name=_("Name"), url=form_url)
    purpose = tables.Column(verbose_name=_("Purpose"), accessor="get_purpose_display")
    campaign = tables.Column(verbose_name=_("Campaign"))
    product = tables.Column(verbose_name=_("Product line"))
    submissions = NumberColumn(verbose_name=_("Submissions"))
    last_at = AgoColumn(verbose_name=_("Last submission"))
    published = BadgeColumn(
        verbose_name=_("Status"),
        look=lambda published: (_("Published"), "success") if published else (_("Closed"), "secondary"),
    )
    slug = tables.Column(verbose_name=_("Address"))


class SubmissionTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """Submissions and what became of them."""

    received_at = AgoColumn(verbose_name=_("Received"))
    who = tables.Column(verbose_name=pgettext_lazy("person", "Name"), accessor="data__name", default="—")
    company = tables.Column(verbose_name=_("Company"), accessor="data__company", default="—")
    contact = tables.Column(verbose_name=_("Contact"), accessor="data")
    form = tables.Column(verbose_name=_("Form"))
    outcome = tables.Column(verbose_name=_("What became of it"), accessor="pk")
    utm = tables.Column(verbose_name=_("UTM"), accessor="source")
    page = tables.Column(verbose_name=_("Page"), accessor="source__page", default="—")
    via = tables.Column(verbose_name=_("By"), accessor="get_via_display")

    def __init__(self, data: Any, *, request: Any = None, **kwargs: Any) -> None:
        self.outcomes: Mapping[int, Outcome] = outcomes([submission.pk for submission in data])
        self.open_contacts = bool(request and request.user.may("see_contacts"))
        super().__init__(data, request=request, **kwargs)

    def render_contact(self, value: dict[str, str]) -> str:
        """Mobile, else mail address; masked for those who may not see it."""
        contact = value.get("mobile") or value.get("email") or ""
        return contact if self.open_contacts else mask(contact)

    def render_outcome(self, record: Submission) -> str:
        """A badge."""
        return outcome_badge(self.outcomes[record.pk])

    def render_utm(self, value: dict[str, str]) -> str:
        """Source, medium and campaign in one line."""
        parts = (value.get(key, "") for key in ("utm_source", "utm_medium", "utm_campaign"))
        return " / ".join(part for part in parts if part) or "—"
