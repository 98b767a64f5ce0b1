"""Cleaning rules: versioned rows."""

from django.utils.translation import gettext_lazy as _

from huoju.core.rules import RuleVersion


class CleaningRules(RuleVersion):
    """One version of the cleaning rules; the active one decides. Content: see `policy.RuleSet`."""

    class Meta(RuleVersion.Meta):
        verbose_name = _("cleaning rules")
        verbose_name_plural = _("cleaning rules")
