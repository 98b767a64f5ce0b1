"""The list of imports."""

import django_tables2 as tables
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from huoju.core.ui.columns import AgoColumn, BadgeColumn, NumberColumn, TitleColumn

from .models import Import, State

TONES = {
    State.DONE: "success",
    State.RUNNING: "info",
    State.ROLLING_BACK: "info",
    State.FAILED: "danger",
    State.CANCELLED: "warning",
}


def import_url(record: Import) -> str:
    """Where an import is seen; the page leads on to the step where it stands."""
    return reverse("imports:import", args=[record.pk])


class ImportTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """Imports."""

    file_name = TitleColumn(verbose_name=_("File"), url=import_url)
    state = BadgeColumn(
        verbose_name=_("State"),
        accessor="state_code",
        look=lambda code: (State(code).label, TONES.get(code, "secondary")),
    )
    rows_done = NumberColumn(verbose_name=_("Rows"))
    new = NumberColumn(verbose_name=_("New"), accessor="counts__new", default=0)
    rejected = NumberColumn(verbose_name=_("Rejected"), accessor="counts__rejected", default=0)
    created_by = tables.Column(verbose_name=_("Uploaded by"))
    created_at = AgoColumn(verbose_name=_("Uploaded"))
