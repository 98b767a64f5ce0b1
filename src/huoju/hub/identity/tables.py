"""Past merges as a table."""

from collections.abc import Mapping
from typing import Any

import django_tables2 as tables
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from huoju.core.facts.telling import actor_names
from huoju.core.ui.columns import AgoColumn
from huoju.core.ui.templatetags import ui

from .labels import field_label
from .models import Merge, Person


class MergeTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """Merges with who made them, what spoke for them, and their undo."""

    person = tables.Column(verbose_name=_("This record"))
    into = tables.Column(verbose_name=_("Read as"))
    at = AgoColumn(verbose_name=_("Merged"))
    actor = tables.Column(verbose_name=_("By"))
    evidence = tables.Column(verbose_name=_("Evidence"))
    state = tables.Column(verbose_name=_("State"), accessor="undone_at", empty_values=())

    def __init__(self, data: Any, **kwargs: Any) -> None:
        actors = {actor for merge in data for actor in (merge.actor, merge.undone_by) if actor}
        self.actors: Mapping[str, str] = actor_names(sorted(actors))
        super().__init__(data, **kwargs)

    def render_person(self, value: Person) -> str:
        """Its name, linked."""
        return ui.link_to("person", value.pk, value.name or f"#{value.pk}")

    def render_into(self, value: Person) -> str:
        """Its name, linked."""
        return ui.link_to("person", value.pk, value.name or f"#{value.pk}")

    def render_actor(self, value: str) -> str:
        """Who decided."""
        return self.actors.get(value, value)

    def render_evidence(self, record: Merge) -> str:
        """What spoke for it: the fields that agreed, or the reason given."""
        fields = [field_label(each["field"]) for each in record.evidence if each["level"] != "different"]
        return " · ".join([*dict.fromkeys(fields), *filter(None, [record.reason])])

    def render_state(self, record: Merge) -> str:
        """The undo, or who undid it."""
        undone_by = self.actors.get(record.undone_by, record.undone_by)
        return render_to_string("identity/_undo.html", {"merge": record, "undone_by": undone_by})
