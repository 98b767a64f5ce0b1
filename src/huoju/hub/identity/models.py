"""Persons and the identifiers that point to them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Person(models.Model):
    """A human being (One ID 同人). `mobile` and `email` repeat the best identifiers, for lists."""

    name = models.CharField(_("name"), max_length=120, blank=True)
    title = models.CharField(_("job title"), max_length=120, blank=True)
    company = models.ForeignKey(
        "companies.Company",
        verbose_name=_("company"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    mobile = models.CharField(_("mobile"), max_length=20, blank=True)
    email = models.CharField(_("e-mail"), max_length=254, blank=True)
    region = models.CharField(_("region"), max_length=12, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    source = models.CharField(max_length=80, default="", blank=True)  # who told us of them first
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("persons")

    def __str__(self) -> str:
        return self.name or self.email or self.mobile or f"#{self.pk}"


class Identifier(models.Model):
    """A value by which a person is known: (kind, value) belongs to one person.

    `kind` is an `IdentifierKind`; for external ids `value` is `system:id`. The unique constraint is what decides races.
    """

    person = models.ForeignKey(Person, on_delete=models.DB_CASCADE, related_name="+")
    kind = models.CharField(max_length=24)
    value = models.CharField(max_length=320)
    verified = models.BooleanField(default=False)
    source = models.CharField(max_length=80)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "value"], name="identity_identifier_once")]

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


class MergeProposal(models.Model):
    """Two persons that may be one: unverified input named identifiers of both. Nothing merges without a decision."""

    left = models.ForeignKey(Person, on_delete=models.DB_CASCADE, related_name="+")
    right = models.ForeignKey(Person, on_delete=models.DB_CASCADE, related_name="+")
    evidence = models.JSONField(default=list)
    proposed_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decision = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["left", "right"], name="identity_proposal_once"),
            models.CheckConstraint(
                condition=models.Q(left__lt=models.F("right")), name="identity_proposal_ordered"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.left_id} = {self.right_id}?"


class Alias(models.Model):
    """A person who is another one as well: `person` is read as `profile` while their merge is in force.

    Derived from the merges. Whoever has no row is their own profile. Facts, identifiers, leads and consent keep the
    person that they were written for; who wants the whole of a human being reads through this mapping.
    """

    person = models.OneToOneField(Person, primary_key=True, on_delete=models.DB_CASCADE, related_name="+")
    profile = models.ForeignKey(Person, on_delete=models.DB_CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(person=models.F("profile")), name="identity_alias_of_another"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} → {self.profile_id}"
