"""How the facts of identity read on a timeline."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huoju.core.facts.telling import Names, Told, register_names, register_rules, register_teller

from .facts import (
    CompanyJoined,
    CompanyLeft,
    IdentifierVerified,
    MergeProposed,
    PersonAdded,
    PersonKeptApart,
    PersonMerged,
    PersonUnmerged,
)
from .labels import field_label
from .policy import BLOCK_LABELS, Block
from .queries import names_of


def _fields(codes: list[str]) -> str:
    return " · ".join(field_label(code) for code in codes)


def _added(_payload: PersonAdded, _names: Names) -> Told:
    return Told(gettext_lazy("Known from now on"), "user")


def _proposed(payload: MergeProposed, names: Names) -> Told:
    title = _("May be the same person as %(name)s") % {"name": names.of("person", payload.other_person_id)}
    return Told(title, "user-question", _fields(payload.evidence), "warning")


def _kept_apart(payload: PersonKeptApart, names: Names) -> Told:
    values = {"kind": field_label(payload.kind), "name": names.of("person", payload.other_person_id)}
    title = _("Shares “%(kind)s” with %(name)s, and is somebody else") % values
    return Told(title, "users-minus", _(BLOCK_LABELS[Block(payload.reason)]), "warning")


def _verified(payload: IdentifierVerified, _names: Names) -> Told:
    title = _("%(kind)s verified: the link sent to it was opened") % {"kind": field_label(payload.kind)}
    return Told(title, "circle-check", "", "success")


def _merged(payload: PersonMerged, names: Names) -> Told:
    title = _("Merged: is %(name)s") % {"name": names.of("person", payload.profile_id)}
    return Told(title, "users-minus", _fields(payload.evidence), "info")


def _unmerged(payload: PersonUnmerged, _names: Names) -> Told:
    return Told(gettext_lazy("Merge undone"), "users-plus", payload.reason, "info")


def _joined(payload: CompanyJoined, names: Names) -> Told:
    values = {"name": names.of("company", payload.company_id), "domain": payload.domain}
    return Told(_("Belongs to %(name)s: writes from %(domain)s") % values, "building")


def _left(payload: CompanyLeft, names: Names) -> Told:
    values = {"name": names.of("company", payload.company_id)}
    return Told(_("No longer belongs to %(name)s: its domain was taken away") % values, "building")


def register() -> None:
    """Called once by the wiring."""
    register_names("person", names_of)
    register_teller(PersonAdded, _added)
    register_teller(MergeProposed, _proposed)
    register_teller(PersonKeptApart, _kept_apart)
    register_teller(IdentifierVerified, _verified)
    register_teller(PersonMerged, _merged)
    register_teller(PersonUnmerged, _unmerged)
    register_teller(CompanyJoined, _joined)
    register_teller(CompanyLeft, _left)
    register_rules("identity", gettext_lazy("Verified identifier"))
    register_rules("companies", gettext_lazy("Mail domain"))
