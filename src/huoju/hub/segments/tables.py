"""Segments, their members and lists as tables."""

from datetime import timedelta
from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from huoju.core.ui.columns import AgoColumn, NumberColumn, PersonColumn, TitleColumn
from huoju.core.ui.links import link_of
from huoju.core.ui.templatetags import ui
from huoju.hub.profile.queries import show_golden

from .asking import company_zone
from .models import Membership, PersonList, Segment
from .queries import count_members, growth, used_counts

LOOKS = {
    "building": (Segment.State.BUILDING.label, "info"),
    "live": (Segment.State.LIVE.label, "success"),
    "broken": (Segment.State.BROKEN.label, "danger"),
}
TREND_DAYS = 7


def segment_url(segment: Segment) -> str:
    """A segment's page."""
    return reverse("segments:segment", args=[segment.pk])


class SegmentTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """Segments with how many are in, and what became of them in a week."""

    name = TitleColumn(verbose_name=_("Name"), url=segment_url)
    state = tables.Column(verbose_name=_("Status"))
    people = NumberColumn(verbose_name=_("People"), accessor="pk")
    trend = tables.Column(verbose_name=_("Last 7 days"), accessor="pk")
    used_by = NumberColumn(verbose_name=_("Used by segments"), accessor="pk")
    description = tables.Column(verbose_name=_("Description"))
    built_at = AgoColumn(verbose_name=_("Built"))
    created_by = tables.Column(verbose_name=_("Created by"))

    def __init__(self, data: Any, **kwargs: Any) -> None:
        # What the page's segments need together: three queries.
        ids = [segment.pk for segment in data]
        self.counts = count_members(ids)
        since = timezone.now().astimezone(company_zone()).date() - timedelta(days=TREND_DAYS - 1)
        self.moves = {
            pk: (sum(came for came, _ in days.values()), sum(left for _, left in days.values()))
            for pk, days in growth(ids, since).items()
        }
        self.used = used_counts()
        super().__init__(data, **kwargs)

    def render_state(self, record: Segment) -> str:
        """A badge."""
        return ui.badge(_("Archived")) if record.archived else ui.badge(*LOOKS[record.state])

    def render_people(self, record: Segment) -> str:
        """How many are in."""
        return f"{self.counts.get(record.pk, 0):,}"

    def render_trend(self, record: Segment) -> str:
        """Who came and who went."""
        came, went = self.moves.get(record.pk, (0, 0))
        return f"+{came:,} −{went:,}"

    def render_used_by(self, record: Segment) -> str:
        """How many segments are built on it."""
        return str(self.used.get(record.pk, 0))


def _person_url(row: Any) -> str | None:
    person = row.profile if isinstance(row, Membership) else row.person
    return link_of("person", person.pk)


class MemberTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """Who is in a segment."""

    profile = PersonColumn(verbose_name=_("Person"), url=_person_url)
    title = tables.Column(verbose_name=_("Job title"), accessor="profile__title")
    company = tables.Column(verbose_name=_("Company"), accessor="profile__company")
    entered_at = AgoColumn(verbose_name=_("In since"))

    def __init__(self, data: Any, **kwargs: Any) -> None:
        show_golden(stay.profile for stay in data)
        super().__init__(data, **kwargs)


class EntryTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """Who is on a list."""

    person = PersonColumn(verbose_name=_("Person"), url=_person_url)
    title = tables.Column(verbose_name=_("Job title"), accessor="person__title")
    company = tables.Column(verbose_name=_("Company"), accessor="person__company")

    def __init__(self, data: Any, **kwargs: Any) -> None:
        show_golden(entry.person for entry in data)
        super().__init__(data, **kwargs)


def list_url(person_list: PersonList) -> str:
    """A list's page."""
    return reverse("segments:list", args=[person_list.pk])


class ListTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """Lists."""

    name = TitleColumn(verbose_name=_("Name"), url=list_url)
    people = NumberColumn(verbose_name=_("People"))
    created_at = AgoColumn(verbose_name=_("Created"))
    created_by = tables.Column(verbose_name=_("Created by"))
