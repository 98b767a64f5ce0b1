"""What another policy table would decide differently: every place, channel, purpose and kind of person compared."""

from collections.abc import Iterator
from dataclasses import dataclass

from huoju.core.problems import Problem
from huoju.core.text import msgid

from .decision import Situation, decide
from .rules import EVERYWHERE, PolicyTable, Rule
from .words import ALLOWING, Channel, Purpose, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One decision that would be another one: for whom (`who`, a message with its values), and both reasons."""

    place: str
    channel: Channel
    purpose: Purpose
    who: Problem
    before: Reason
    after: Reason

    @property
    def was_allowed(self) -> bool:
        """Whether they may be contacted by the table that decides today."""
        return self.before in ALLOWING

    @property
    def allowed(self) -> bool:
        """Whether they may by the other table."""
        return self.after in ALLOWING


def list_changes(before: PolicyTable, after: PolicyTable) -> list[Change]:
    """Every decision that differs, by place, channel and purpose."""
    found: list[Change] = []
    for place in [EVERYWHERE, *sorted({*before.countries(), *after.countries()})]:
        for channel in Channel:
            for purpose in Purpose:
                found += _of_cell(place, channel, purpose, before, after)
    return found


def _of_cell(
    place: str, channel: Channel, purpose: Purpose, before: PolicyTable, after: PolicyTable
) -> Iterator[Change]:
    (old_place, old), (new_place, new) = (
        table.rule_for(place, channel, purpose) for table in (before, after)
    )
    if (old_place, old) == (new_place, new):
        return
    for who, situation, age in _people(place, old, new):
        registers = {} if age is None else {(each, channel.value): age for each in (place, EVERYWHERE)}
        was = decide(situation, channel, purpose, before, registers).reason
        becomes = decide(situation, channel, purpose, after, registers).reason
        if was is not becomes:
            yield Change(place=place, channel=channel, purpose=purpose, who=who, before=was, after=becomes)


def _people(place: str, *rules: Rule) -> Iterator[tuple[Problem, Situation, int | None]]:
    """The kinds of people that rules tell apart, with how many days old the copy of the register is.

    Days are tried at both sides of every limit that one of the rules has.
    """
    yield Problem(msgid("A stranger")), Situation(country=place), 0
    yield Problem(msgid("Somebody at a work address")), Situation(country=place, business=True), 0
    for days in _around(each.customers for each in rules):
        yield (
            Problem(msgid("A customer who bought %(days)s days ago"), days=days),
            Situation(country=place, bought_days=days),
            0,
        )
    for days in _around(each.inquirers for each in rules):
        yield (
            Problem(msgid("Somebody who asked us %(days)s days ago"), days=days),
            Situation(country=place, asked_days=days),
            0,
        )
    yield Problem(msgid("Somebody who agreed and did not confirm it")), Situation(country=place, yes=True), 0
    if any(each.register for each in rules):
        yield Problem(msgid("A stranger, with no copy of the register")), Situation(country=place), None
        for days in _around(each.register_days for each in rules if each.register):
            yield (
                Problem(msgid("A stranger, with a copy of the register of %(days)s days ago"), days=days),
                Situation(country=place),
                days,
            )


def _around(limits: Iterator[int | None]) -> list[int]:
    """A day, and both sides of each limit."""
    return sorted({1}.union(*({limit, limit + 1} for limit in limits if limit)))
