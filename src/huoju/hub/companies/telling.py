"""How the facts of companies read on a timeline."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huoju.core.facts.telling import Names, Told, register_names, register_teller
from huoju.core.places import country_name, region_name

from .display import industry_name
from .facts import CompanyDomainsChanged, CompanyMerged, CompanyUnmerged, CompanyUpdated
from .labels import FIELD_LABELS
from .queries import names_of


def _updated(payload: CompanyUpdated, names: Names) -> Told:
    def said(field: str, value: str | int | None) -> str:
        if field == "parent":
            return names.of("company", None if value is None else int(value))
        shown = {"region": region_name, "industry": industry_name, "country": country_name}.get(field, str)
        return shown(str(value)) if value else ""

    changes = [
        f"{FIELD_LABELS.get(field, field)}: {said(field, value) or '–'}"
        for field, value in payload.changes.items()
    ]
    return Told(gettext_lazy("Company changed"), "building", ", ".join(changes))


def _domains(payload: CompanyDomainsChanged, _names: Names) -> Told:
    added = _("Domain added: %(domains)s") % {"domains": ", ".join(payload.added)}
    removed = _("Domain removed: %(domains)s") % {"domains": ", ".join(payload.removed)}
    return Told(added if payload.added else removed, "world")


def _merged(payload: CompanyMerged, names: Names) -> Told:
    title = _("Merged: is %(name)s") % {"name": names.of("company", payload.main_id)}
    return Told(title, "arrows-join", payload.reason, "info")


def _unmerged(_payload: CompanyUnmerged, _names: Names) -> Told:
    return Told(gettext_lazy("Merge undone"), "arrows-split", tone="info")


def register() -> None:
    """Called once by the wiring."""
    register_names("company", names_of)
    register_teller(CompanyUpdated, _updated)
    register_teller(CompanyDomainsChanged, _domains)
    register_teller(CompanyMerged, _merged)
    register_teller(CompanyUnmerged, _unmerged)
