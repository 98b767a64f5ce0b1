"""Persons and the identifiers that point to them."""

from django.db import models
from django.db.models.functions import Greatest, Least
from django.utils.translation import gettext_lazy as _

from huoju.core.ui.formats import mask


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
        db_constraint=False,  # who points to a company holds it (`companies.operations.hold`)
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
        # What the list of people is filtered by: equal keys share a page.
        indexes = [models.Index(fields=["region"], name="identity_by_region", condition=~models.Q(region=""))]

    def __str__(self) -> str:
        """What the person is called: whoever has no name, by an address that is masked like any other."""
        return self.name or mask(self.email or self.mobile) or f"#{self.pk}"


class Identifier(models.Model):
    """A value by which a person is known: (kind, value) belongs to one person.

    `kind` is an `IdentifierKind`; for external ids `value` is `system:id`. The unique constraint is what decides races.
    """

    # Goes with the person by a trigger (`core.parts`).
    person = models.ForeignKey(Person, on_delete=models.DB_CASCADE, related_name="+", db_constraint=False)
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
    """Two persons that may be one; nothing merges without a decision. A decided pair is not asked again.

    `evidence` is a list of `policy.Evidence`; `score` the probability, 0 to 1; `method` who found it. `later_at`: put
    aside then, so it stands behind those that nobody has looked at.
    """

    left = models.ForeignKey(Person, on_delete=models.DB_CASCADE, related_name="+")
    right = models.ForeignKey(Person, on_delete=models.DB_CASCADE, related_name="+")
    method = models.CharField(max_length=20, default="rule")
    score = models.FloatField(default=0.5)
    verified = models.BooleanField(default=False)
    evidence = models.JSONField(default=list)
    proposed_at = models.DateTimeField()
    later_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=80, default="", blank=True)
    decision = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["left", "right"], name="identity_proposal_once"),
            models.CheckConstraint(
                condition=models.Q(left__lt=models.F("right")), name="identity_proposal_ordered"
            ),
            models.CheckConstraint(
                condition=models.Q(decided_at=None, decision="")
                | ~models.Q(decided_at=None) & ~models.Q(decision=""),
                name="identity_proposal_decided",
            ),
        ]
        indexes = [
            models.Index(
                models.F("later_at").asc(nulls_first=True), models.F("score").desc(), "id",
                condition=models.Q(decided_at=None), name="identity_proposal_open",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.left_id} = {self.right_id}?"


class Merge(models.Model):
    """Two persons are one 合并: an edge, in force until it is undone. Rows are never removed while their persons live.

    `into` was the one to be kept: see `policy.profiles`. `actor` and `undone_by` are written as in facts (`user:7`).
    """

    person = models.ForeignKey(Person, on_delete=models.DB_CASCADE, related_name="+")
    into = models.ForeignKey(Person, on_delete=models.DB_CASCADE, related_name="+")
    proposal = models.ForeignKey(MergeProposal, null=True, on_delete=models.DB_SET_NULL, related_name="+")
    at = models.DateTimeField()
    actor = models.CharField(max_length=80)
    reason = models.CharField(max_length=300, default="", blank=True)
    evidence = models.JSONField(default=list)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=80, default="", blank=True)
    undone_reason = models.CharField(max_length=300, default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(person=models.F("into")), name="identity_merge_of_two"
            ),
            models.UniqueConstraint(
                Least("person", "into"), Greatest("person", "into"),
                condition=models.Q(undone_at=None), name="identity_merge_once",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.person_id} = {self.into_id}"


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
