"""How the facts of the profile read on a timeline."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huoju.core.facts.telling import Names, Told, register_names, register_rules, register_teller

from .display import shown_value, source_label
from .facts import FieldChanged, ProfileCombined, TagAdded, TagRemoved
from .models import Tag
from .policy import FIELD_LABELS, Field


def _changed(payload: FieldChanged, _names: Names) -> Told:
    name = Field(payload.field)
    values = {
        "field": _(FIELD_LABELS[name]),
        "value": shown_value(name, payload.value) or "—",
        "previous": shown_value(name, payload.previous) or "—",
    }
    title = _("%(field)s: %(value)s") % values
    text = _("was %(previous)s · %(source)s") % {**values, "source": source_label(payload.source)}
    return Told(title, "edit", text)


def _combined(payload: ProfileCombined, _names: Names) -> Told:  # noqa: ARG001
    return Told(_("What is shown was chosen anew among all merged records"), "users-group")


def _added(payload: TagAdded, names: Names) -> Told:
    return Told(_("Tag “%(name)s” set") % {"name": names.of("tag", payload.tag_id)}, "tag")


def _removed(payload: TagRemoved, names: Names) -> Told:
    title = _("Tag “%(name)s” expired") if payload.source == "expired" else _("Tag “%(name)s” removed")
    return Told(title % {"name": names.of("tag", payload.tag_id)}, "tag-off")


def _tag_names(ids: Sequence[int]) -> dict[int, str]:
    return dict(Tag.objects.filter(pk__in=ids).values_list("pk", "name"))


def register() -> None:
    """Called once by the wiring."""
    register_names("tag", _tag_names)
    register_teller(FieldChanged, _changed)
    register_teller(ProfileCombined, _combined)
    register_teller(TagAdded, _added)
    register_teller(TagRemoved, _removed)
    register_rules("survivorship", gettext_lazy("Survivorship rules"))
    register_rules("tag", gettext_lazy("A tag's rule"), versioned=False)
