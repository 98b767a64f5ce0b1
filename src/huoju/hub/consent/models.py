"""Permission to speak, with its proof; lists of addresses; the letters that this room writes."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from huoju.core.rules import RuleVersion

from .policy import Answer, EntryKind, ListKind


class Consent(models.Model):
    """A person's answer for one channel and purpose, at one time. Append-only: the latest row is the answer.

    `proof` holds what was shown and how it was answered: form, version, text, page, address, time. `address` is the
    mail address or number that a yes was given for, in normal form; empty: for whatever address this person has.
    """

    person = models.ForeignKey("identity.Person", on_delete=models.CASCADE, related_name="+")
    channel = models.CharField(_("channel"), max_length=20)  # a `Channel`
    purpose = models.CharField(_("purpose"), max_length=40)  # a `Purpose`
    state = models.CharField(max_length=10, default=Answer.GIVEN.value)  # an `Answer`
    granted = models.BooleanField()
    at = models.DateTimeField()
    address = models.CharField(max_length=320, blank=True, default="")
    expires_at = models.DateTimeField(null=True)
    source = models.CharField(max_length=80, blank=True, default="")
    proof = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["person", "channel", "purpose", "-at"], name="consent_latest")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(granted=True, state__in=["confirmed", "given"])
                | models.Q(granted=False, state__in=["declined", "pending", "withdrawn"]),
                name="consent_state_agrees",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.channel}/{self.purpose}: {self.state}"


class ConsentPolicy(RuleVersion):
    """One version of the policy table; the active one decides. Content: see `policy.rules`."""

    class Meta(RuleVersion.Meta):
        verbose_name = _("consent policy")
        verbose_name_plural = _("consent policies")


class SuppressionList(models.Model):
    """A list of addresses and what being on it means. `channels` empty: all of them.

    A public register belongs to a country, and `checked_at` says when its newest copy was taken over. The lists with a
    `code` come with Huoju and cannot be removed.
    """

    code = models.CharField(max_length=40, unique=True, null=True, blank=True)
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(
        _("what it means"), max_length=12, choices=[(each.value, each.value) for each in ListKind]
    )
    channels = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True, default="")
    checked_at = models.DateTimeField(_("last checked"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"))
    created_by = models.ForeignKey("access.User", null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class Suppression(models.Model):
    """An address on a list. `value` is in normal form, or a hash where its owner was erased (`policy.hashed`).

    The database does not check `list`: entries come by millions, the check of each costs as much as its row, and lists
    are never removed.
    """

    list = models.ForeignKey(
        SuppressionList, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    kind = models.CharField(max_length=8, choices=[(each.value, each.value) for each in EntryKind])
    value = models.CharField(max_length=320)
    reason = models.CharField(_("reason"), max_length=200, blank=True, default="")
    source = models.CharField(_("source"), max_length=80)
    added_at = models.DateTimeField(_("added"))
    expires_at = models.DateTimeField(_("until"), null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "value", "list"], name="consent_listed_once")]
        indexes = [models.Index(fields=["list", "-id"], name="consent_of_list")]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class SuppressionUpload(models.Model):
    """A file that is put on a list.

    It is read in pieces; `done_bytes` says how far, and a worker that dies is followed by another from there.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        FINISHED = "finished", _("Finished")
        FAILED = "failed", _("Failed")

    list = models.ForeignKey(SuppressionList, on_delete=models.CASCADE, related_name="+")
    file = models.FileField(upload_to="suppression/", max_length=200)
    file_name = models.CharField(_("file"), max_length=200)
    file_size = models.BigIntegerField(_("size"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    expires_at = models.DateTimeField(null=True)
    country = models.CharField(max_length=2, default="CN")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    done_bytes = models.BigIntegerField(default=0)
    done_lines = models.BigIntegerField(default=0)
    added = models.BigIntegerField(default=0)
    known = models.BigIntegerField(default=0)
    bad = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(_("uploaded"))
    finished_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey("access.User", null=True, on_delete=models.SET_NULL, related_name="+")

    def __str__(self) -> str:
        return self.file_name


class UploadFault(models.Model):
    """A line of an upload that names nothing."""

    upload = models.ForeignKey(
        SuppressionUpload, on_delete=models.DB_CASCADE, related_name="+", db_index=False
    )
    line = models.BigIntegerField()
    text = models.CharField(max_length=200)
    problem = models.CharField(max_length=12)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["upload", "line"], name="consent_fault_once")]

    def __str__(self) -> str:
        return f"{self.line}: {self.problem}"


class Letter(models.Model):
    """A mail that this room owes somebody: a row before anything leaves, sent by a job, once.

    `kind` says which template; `context` what goes into it (links are signed anew when it is sent).
    """

    class Kind(models.TextChoices):
        OPT_IN = "opt_in", _("Confirm a subscription")
        REQUEST = "request", _("Confirm a request about one's data")
        PREFERENCES = "preferences", _("Link to one's preferences")

    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=12, choices=Kind)
    person = models.ForeignKey("identity.Person", null=True, on_delete=models.DB_CASCADE, related_name="+")
    address = models.CharField(max_length=320)
    language = models.CharField(max_length=10, blank=True)
    context = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["id"], condition=models.Q(sent_at=None), name="consent_letter_waiting"),
            models.Index(fields=["person"], name="consent_letter_person"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.address}"
