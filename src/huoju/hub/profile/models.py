"""Values that were said of persons, the rules that choose among them, and tags."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from huoju.core.rules import RuleVersion


class FieldValue(models.Model):
    """One value that somebody gave for one field of a person, and who, when, from where. Never changed.

    A person's first values stand in the person's own columns, with `Person.source`. Rows begin with the second: then
    the first value of that field gets its row too, and the column holds the one that survives (see decision 22).
    """

    person = models.ForeignKey(
        "identity.Person", on_delete=models.DB_CASCADE, related_name="+", db_index=False
    )
    field = models.CharField(max_length=20)
    value = models.CharField(max_length=254, blank=True)
    source = models.CharField(max_length=80, blank=True)
    actor = models.CharField(max_length=80)
    at = models.DateTimeField()
    verified = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["person", "field", "at"], name="profile_value_of_person")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.field}: {self.value}"


class Combined(models.Model):
    """What is known of a profile of several persons, chosen among the values of all of them.

    Derived, by a reader, so that segments, rules and lists can ask for it as for anybody's; who is one person has no
    row. No names, numbers or addresses.

    `elsewhere` names the fields that lists ask for in which the row of the profile's own person says something else.
    `known_first` is the member who was known first: with it the profile stands in lists in the order of age. NULL in
    rows from before there was such a column, until `jobs.combine_again` has come by.
    """

    profile = models.OneToOneField(
        "identity.Person", primary_key=True, on_delete=models.DB_CASCADE, related_name="+"
    )
    title = models.CharField(max_length=254)
    region = models.CharField(max_length=254)
    country = models.CharField(max_length=254)
    language = models.CharField(max_length=254)
    source = models.CharField(max_length=80)
    named = models.BooleanField()
    has_mobile = models.BooleanField()
    has_email = models.BooleanField()
    created_at = models.DateTimeField()
    company = models.ForeignKey(
        "companies.Company", null=True, on_delete=models.DB_SET_NULL, related_name="+"
    )
    known_first = models.BigIntegerField(null=True)
    elsewhere = ArrayField(models.CharField(max_length=20), default=list)

    class Meta:
        indexes = [
            models.Index(
                fields=["known_first", "profile"],
                name="profile_combined_by_age",
                condition=~models.Q(known_first=models.F("profile")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.profile_id}"


class SurvivorshipRules(RuleVersion):
    """One version of the survivorship rules: which of several values of a field is shown. Content: see `policy`."""

    class Meta(RuleVersion.Meta):
        verbose_name = _("survivorship rules")
        verbose_name_plural = _("survivorship rules")


class Tag(models.Model):
    """A tag 标签. With `conditions` it is set and taken away by rule; without, by hand, in bulk, or by a segment."""

    name = models.CharField(_("tag"), max_length=40)
    group = models.CharField(_("group"), max_length=40, blank=True)
    color = models.CharField(_("colour"), max_length=10, default="blue")
    note = models.CharField(_("what it is for"), max_length=200, blank=True)
    # [{"field": "lead.stage", "op": "is", "value": "mql"}, …]: all must hold
    conditions = models.JSONField(_("conditions"), default=list, blank=True)
    days = models.PositiveSmallIntegerField(_("expires after days"), null=True, blank=True)
    archived = models.BooleanField(_("archived"), default=False)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        ordering = ["group", "name"]
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        constraints = [models.UniqueConstraint(fields=["name"], name="profile_tag_name_once")]

    def __str__(self) -> str:
        return self.name


class TagAssignment(models.Model):
    """A person has a tag, until it expires. On the person it was set for; read over the mapping of merged persons."""

    person = models.ForeignKey(
        "identity.Person", on_delete=models.DB_CASCADE, related_name="+", db_index=False
    )
    tag = models.ForeignKey(Tag, on_delete=models.DB_CASCADE, related_name="+", db_index=False)
    source = models.CharField(max_length=80)  # "hand", "rule", "segment:7", "api", …
    actor = models.CharField(max_length=80)
    at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "tag"], name="profile_tag_once_a_person")]
        indexes = [
            models.Index(fields=["tag", "person"], name="profile_persons_of_tag"),
            models.Index(
                fields=["expires_at"],
                name="profile_tags_that_expire",
                condition=models.Q(expires_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} #{self.tag_id}"
