"""Companies and their mail domains."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Company(models.Model):
    """An organisation. `key` is the normalised name: two spellings of one company meet there."""

    name = models.CharField(_("company"), max_length=200)
    key = models.CharField(max_length=200)
    uscc = models.CharField(_("unified social credit code"), max_length=18, null=True, blank=True)  # noqa: DJ001
    industry = models.CharField(_("industry"), max_length=40, blank=True)
    region = models.CharField(_("region"), max_length=12, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    size = models.CharField(_("company size"), max_length=20, blank=True)
    source = models.CharField(max_length=80, default="", blank=True)  # who told us of it first
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        # Constraints, not unique=True: Django would add a second index for LIKE to each.
        constraints = [
            models.UniqueConstraint(fields=["key"], name="companies_key_once"),
            models.UniqueConstraint(fields=["uscc"], name="companies_uscc_once"),
        ]

    def __str__(self) -> str:
        return self.name


class CompanyDomain(models.Model):
    """A mail or web domain that belongs to a company; never a free-mail or disposable one."""

    domain = models.CharField(max_length=255)
    company = models.ForeignKey(Company, on_delete=models.DB_CASCADE, related_name="+")
    source = models.CharField(max_length=80)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["domain"], name="companies_domain_once")]

    def __str__(self) -> str:
        return self.domain
