"""Companies, their mail domains, the groups they form, and which of them are one."""

from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _


class Company(models.Model):
    """An organisation. `key` is the normalised name under which it was first heard of: two spellings meet there.

    `brand` is the short name (简称), found afterwards by `operations.study`. `origins` says for a field who set it:
    `user:7`, an import or a form, or `derived:name` and `derived:uscc` for what nobody told; a field that is not in it
    came with the company from `source`. `parent` is the company to whose group it belongs.
    """

    name = models.CharField(_("company"), max_length=200)
    key = models.CharField(max_length=200)
    brand = models.CharField(_("short name"), max_length=200, blank=True, default="", db_default="")
    uscc = models.CharField(_("unified social credit code"), max_length=18, null=True, blank=True)  # noqa: DJ001 (absent is not empty)
    industry = models.CharField(_("industry"), max_length=40, blank=True)
    region = models.CharField(_("region"), max_length=12, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    size = models.CharField(_("company size"), max_length=20, blank=True)
    parent = models.ForeignKey(
        "self",
        verbose_name=_("parent company"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    heads_group = models.BooleanField(default=False, db_default=False)
    origins = models.JSONField(default=dict, db_default=RawSQL("'{}'::jsonb", []))
    source = models.CharField(max_length=80, default="", blank=True)  # who told us of it first
    created_at = models.DateTimeField(_("created"))
    studied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        # Constraints, not unique=True: Django would add a second index for LIKE to each.
        constraints = [
            models.UniqueConstraint(fields=["key"], name="companies_key_once"),
            models.UniqueConstraint(fields=["uscc"], name="companies_uscc_once"),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="companies_not_its_own_parent"),
        ]
        # Few and partial: an import that brings a company pays for each.
        indexes = [
            models.Index(fields=["brand"], name="companies_by_brand", condition=~Q(brand="")),
            models.Index(fields=["parent"], name="companies_by_parent", condition=Q(parent__isnull=False)),
            models.Index(fields=["id"], name="companies_unstudied", condition=Q(studied_at=None)),
        ]

    def __str__(self) -> str:
        return self.name


class CompanyDomain(models.Model):
    """A mail or web domain that belongs to a company; never a free-mail or disposable one.

    What people's mail addresses suggest is not `verified`: somebody may give such a domain to another company by hand.
    """

    domain = models.CharField(max_length=255)
    company = models.ForeignKey(Company, on_delete=models.DB_CASCADE, related_name="+")
    verified = models.BooleanField(default=False, db_default=False)
    source = models.CharField(max_length=80)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["domain"], name="companies_domain_once")]

    def __str__(self) -> str:
        return self.domain


class CompanyMerge(models.Model):
    """Somebody decided that `company` is `into` as well. In force until `unmerged_at`; nothing else is moved."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+", db_index=False)
    into = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    merged_at = models.DateTimeField()
    merged_by = models.CharField(max_length=80)
    unmerged_at = models.DateTimeField(null=True)
    unmerged_by = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company"], condition=Q(unmerged_at=None), name="companies_merged_once"
            ),
            models.CheckConstraint(condition=~Q(company=F("into")), name="companies_merged_into_another"),
        ]

    def __str__(self) -> str:
        return f"{self.company_id} → {self.into_id}"


class Alias(models.Model):
    """A company that is another one as well: `company` is read as `main` while their merge is in force.

    Derived from the merges. Persons, leads and deals keep the company that they were written for; who wants the whole
    of a company reads through this mapping.
    """

    company = models.OneToOneField(Company, primary_key=True, on_delete=models.DB_CASCADE, related_name="+")
    main = models.ForeignKey(Company, on_delete=models.DB_CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(company=F("main")), name="companies_alias_of_another"),
        ]

    def __str__(self) -> str:
        return f"{self.company_id} → {self.main_id}"


class Suggestion(models.Model):
    """Two companies that may be one, with what speaks for it; somebody decides."""

    class Decision(models.TextChoices):
        MERGED = "merged", _("Merged")
        DIFFERENT = "different", _("Two companies")

    left = models.ForeignKey(Company, on_delete=models.DB_CASCADE, related_name="+", db_index=False)
    right = models.ForeignKey(Company, on_delete=models.DB_CASCADE, related_name="+")
    evidence = models.JSONField(default=list)
    suggested_at = models.DateTimeField()
    decision = models.CharField(max_length=10, choices=Decision, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["left", "right"], name="companies_suggested_once"),
            models.CheckConstraint(condition=Q(left__lt=F("right")), name="companies_suggestion_ordered"),
        ]
        indexes = [
            models.Index(fields=["id"], name="companies_undecided", condition=Q(decided_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.left_id} = {self.right_id}?"
