"""MQL criteria: versioned rows."""

from django.utils.translation import gettext_lazy as _

from huoju.core.rules import RuleVersion


class MqlCriteria(RuleVersion):
    """One version of the MQL criteria; the active one decides. Content: see `policy`."""

    class Meta(RuleVersion.Meta):
        verbose_name = _("MQL criteria")
        verbose_name_plural = _("MQL criteria")
