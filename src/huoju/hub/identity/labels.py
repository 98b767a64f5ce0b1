"""What codes of identity are called, translated where they are shown."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huoju.core.ui.parts import Label

from .policy import KIND_LABELS, MAX_MEMBERS, Block, IdentifierKind, Obstacle

FIELD_LABELS: dict[str, Label] = {
    "name": gettext_lazy("Full name"),
    "title": gettext_lazy("Job title"),
    "company": gettext_lazy("Company"),
    "region": gettext_lazy("Region"),
    "country": gettext_lazy("Country"),
    "language": gettext_lazy("Language"),
}


def field_label(field: str) -> str:
    """What a field of evidence is called: an identifier's kind, a column, or its own code."""
    if field in IdentifierKind:
        return _(KIND_LABELS[IdentifierKind(field)])
    return str(FIELD_LABELS.get(field, field))


def obstacle_text(obstacle: Obstacle) -> str:
    """One sentence: why two profiles cannot, or should not, be one."""
    if obstacle.kind is None:
        return _("Together they would be more than %(limit)s records: too many for one human being.") % {
            "limit": MAX_MEMBERS
        }
    kind = _(KIND_LABELS[obstacle.kind])
    if obstacle.reason is Block.DISAGREE:
        return _("%(kind)s differs (%(left)s, %(right)s), and nobody has two: these are two people.") % {
            "kind": kind,
            "left": ", ".join(obstacle.left),
            "right": ", ".join(obstacle.right),
        }
    count = len({*obstacle.left, *obstacle.right})
    return _("Together they have %(count)s of “%(kind)s”: unusually many for one person.") % {
        "kind": kind,
        "count": count,
    }
