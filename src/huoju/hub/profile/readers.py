"""What the profile does when it reads the log: profiles of several persons are combined, tags set by rule follow."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from huoju.core.facts.kinds import kind_of
from huoju.core.facts.readers import Reader, StoredFact
from huoju.hub.identity.facts import profiles_in

from . import jobs
from .facts import ProfileCombined, SurvivorshipActivated, TagSaved
from .operations import apply_rules, combine_batch
from .queries import MERGES, list_rule_tags
from .registry import all_sources, trait_named

_ACTIVATED = kind_of(SurvivorshipActivated).name
_SAVED = kind_of(TagSaved).name


def handle(facts: Sequence[StoredFact], now: datetime) -> None:
    """Judge the people in these facts by the rules of tags that ask for what may have changed."""
    for fact in facts:
        if fact.kind == _ACTIVATED:
            jobs.choose_again.using(key="choose_again").defer()
            jobs.combine_again.using(key="combine_again").defer()
        elif fact.kind == _SAVED:
            tag_id = fact.payload["tag_id"]
            jobs.apply_rule.using(key=f"apply_rule/{tag_id}").defer(tag_id=tag_id)
    _combine(facts, now)
    tags = list_rule_tags()
    sources = [trait_named(each["field"])[0] for tag in tags for each in tag.conditions]
    kinds = {kind_of(payload).name for source in sources for payload in source.changed_by}
    people = {fact.person_id for fact in facts if fact.person_id is not None and fact.kind in kinds}
    apply_rules(sorted(people), now=now, tags=tags)


def _combine(facts: Sequence[StoredFact], now: datetime) -> None:
    """Choose among the values of merged persons: of those who were told something of, and both sides of a (taken back)
    merge."""
    ours = [fact for fact in facts if fact.person_id is not None and fact.kind in _said_of_persons()]
    people = {fact.person_id for fact in ours if fact.person_id is not None}
    for fact in ours:
        if fact.kind in MERGES:
            people |= profiles_in(fact.data())
    if people:
        combine_batch(sorted(people), actor="reader:profile", now=now)


def _said_of_persons() -> set[str]:
    """Kinds after which something else may be shown of a profile of several: of the person, or where they work."""
    sources = [
        each for each in all_sources() if each.combined or (each.about == "company" and not each.totals)
    ]
    combined = {payload for source in sources for payload in source.changed_by}
    return {kind_of(payload).name for payload in combined - {ProfileCombined}}


def profile_reader() -> Reader:
    """The reader, over every kind that changes a trait; build it when the traits are registered."""
    kinds: dict[type[Any], None] = {TagSaved: None, SurvivorshipActivated: None}
    for source in all_sources():
        kinds |= dict.fromkeys(source.changed_by)
    return Reader(
        "profile",
        tuple(kinds),
        handle,
        label=_("Profiles"),
        does=_("Sets and takes tags by rule, and chooses the golden values of merged persons."),
        batch=4000,
        patience=120,
    )
