"""Segments with their versions and members, and lists."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Segment(models.Model):
    """A described group of people 分群. `version` is the number of the definition in force."""

    class State(models.TextChoices):
        BUILDING = "building", _("Being built")
        LIVE = "live", _("Live")
        BROKEN = "broken", _("Broken")

    name = models.CharField(_("name"), max_length=120)
    description = models.CharField(_("description"), max_length=500, blank=True)
    version = models.IntegerField(default=1)
    state = models.CharField(_("status"), max_length=10, choices=State.choices, default=State.BUILDING)
    archived = models.BooleanField(default=False)
    build_done = models.IntegerField(default=0)
    build_total = models.IntegerField(default=0)
    built_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(_("created"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.DB_SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(archived=False), name="segments_name_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class SegmentVersion(models.Model):
    """A definition as it was saved. Never changed; a change is a new version."""

    segment = models.ForeignKey(Segment, on_delete=models.DB_CASCADE, related_name="versions")
    number = models.IntegerField()
    definition = models.JSONField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.DB_SET_NULL, related_name="+"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["segment", "number"], name="segments_version_once")]

    def __str__(self) -> str:
        return f"{self.segment_id} v{self.number}"


class Membership(models.Model):
    """A profile's stay in a segment. `left_at` is empty while it lasts; what ended is kept for "who was in it then"."""

    segment = models.ForeignKey(Segment, on_delete=models.DB_CASCADE, related_name="+", db_index=False)
    profile = models.ForeignKey(
        "identity.Person", on_delete=models.DB_CASCADE, related_name="+", db_index=False
    )
    entered_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["segment", "profile"], condition=models.Q(left_at=None), name="segments_member_once"
            )
        ]
        indexes = [
            models.Index(fields=["profile", "segment"], name="segments_of_profile"),
            models.Index(fields=["segment", "entered_at"], name="segments_members_asof"),
        ]

    def __str__(self) -> str:
        return f"{self.profile_id} in {self.segment_id}"


class Due(models.Model):
    """When time alone may change whether a profile is in a segment: it is looked at again then."""

    segment = models.ForeignKey(Segment, on_delete=models.DB_CASCADE, related_name="+", db_index=False)
    profile = models.ForeignKey("identity.Person", on_delete=models.DB_CASCADE, related_name="+")
    due_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["segment", "profile"], name="segments_due_once")]
        indexes = [models.Index(fields=["due_at"], name="segments_due_at")]

    def __str__(self) -> str:
        return f"{self.profile_id} in {self.segment_id} at {self.due_at}"


class Touched(models.Model):
    """Somebody of whom the log told something while the segment was being built: looked at before it goes live."""

    segment = models.ForeignKey(Segment, on_delete=models.DB_CASCADE, related_name="+", db_index=False)
    person_id = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["segment", "person_id"], name="segments_touched_once")]

    def __str__(self) -> str:
        return f"{self.person_id} for {self.segment_id}"


class Tally(models.Model):
    """How many entered and left. Rows are added, never changed, so that nobody waits for a counter; a job sums up."""

    segment = models.ForeignKey(Segment, on_delete=models.DB_CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    entered = models.IntegerField(default=0)
    left = models.IntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["segment", "day"], name="segments_tally_day")]

    def __str__(self) -> str:
        return f"{self.segment_id} {self.day}: +{self.entered} −{self.left}"


class PersonList(models.Model):
    """A fixed list of people 名单: made once, it does not follow anything."""

    name = models.CharField(_("name"), max_length=120)
    origin = models.CharField(max_length=200, blank=True)
    people = models.IntegerField(default=0)
    created_at = models.DateTimeField(_("created"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.DB_SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = _("list")
        verbose_name_plural = _("lists")

    def __str__(self) -> str:
        return self.name


class ListEntry(models.Model):
    """A person on a list."""

    list = models.ForeignKey(PersonList, on_delete=models.DB_CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey("identity.Person", on_delete=models.DB_CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["list", "person"], name="segments_entry_once")]

    def __str__(self) -> str:
        return f"{self.person_id} on {self.list_id}"
