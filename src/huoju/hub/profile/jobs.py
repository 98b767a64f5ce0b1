"""Periodic and deferred work of the profile."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from huoju.core.jobs import job, periodic, stopping
from huoju.core.search.kinds import kind_named
from huoju.core.search.operations import index
from huoju.hub.identity.queries import list_record_ids

from .operations import apply_rules, combine_batch, decide_again, sweep_expired
from .queries import get_tag, list_combined, list_disputed, list_person_ids

CHUNK = 2000
PEOPLE = "person"
"""The kind of people in the search (`search.people`)."""


@job(label=_("Choose golden values anew"), queue="profile", lock="profile")
def choose_again(*, after: int = 0) -> None:
    """Choose the golden values anew, of persons after `after` who have several."""
    while not stopping():
        with transaction.atomic():
            ids = list_disputed(after=after, limit=CHUNK)
            if not ids:
                return
            decide_again(ids, now=timezone.now())
            after = ids[-1]
    choose_again.defer(after=after)


@job(label=_("Choose golden values of merged persons anew"), queue="profile", lock="profile")
def combine_again(*, after: int = 0) -> None:
    """Choose anew among the values of merged persons, of profiles after `after`."""
    while not stopping():
        with transaction.atomic():
            ids = list_combined(after=after, limit=CHUNK)
            if not ids:
                return
            combine_batch(ids, actor="rule:survivorship", now=timezone.now())
            after = ids[-1]
    combine_again.defer(after=after)


@job(label=_("Let the search find people"), queue="profile", lock="profile")
def index_people(*, after: int = 0) -> None:
    """Let the search find people for whom no lead stands there, of all after `after`."""
    while not stopping():
        with transaction.atomic():
            ids = list_record_ids(after=after, limit=CHUNK)
            if not ids:
                return
            index(kind_named(PEOPLE), ids)
            after = ids[-1]
    index_people.defer(after=after)


@job(label=_("Apply the rule of a tag"), queue="profile", lock="profile")
def apply_rule(*, tag_id: int, after: int = 0) -> None:
    """Judge everybody after `after` by the rule of one tag."""
    while not stopping():
        with transaction.atomic():
            ids = list_person_ids(after=after, limit=CHUNK)
            if not ids:
                return
            apply_rules(ids, now=timezone.now(), tags=[get_tag(tag_id)])
            after = ids[-1]
    apply_rule.defer(tag_id=tag_id, after=after)


@periodic("7 * * * *", label=_("Take tags that expired"), queue="profile")
def sweep() -> None:
    """Every hour: expired tags leave, with a fact each."""
    while not stopping() and sweep_expired(now=timezone.now(), limit=CHUNK) == CHUNK:
        pass
