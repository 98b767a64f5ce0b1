"""May we speak? One person, one channel, one purpose: yes or no, and why. The table reads from top to bottom."""

from dataclasses import dataclass
from typing import NamedTuple

from .rules import PolicyTable, Rule
from .words import ALLOWING, Basis, Channel, DoubleOptIn, ListKind, Purpose, Reason


class Situation(NamedTuple):
    """All that the decision looks at. Many persons share one, so a million of them are few decisions.

    `no`, `yes`, `confirmed`, `pending`, `expired`, `elsewhere` tell of the profile's answers for this channel and
    purpose: a no that still holds; a yes for the address that will be used, confirmed or not; one that waits for its
    confirmation; one that has expired; one that was given for another address. `bought_days` and `asked_days` are whole
    days since they last bought and last asked, None for never. `listed` is what lists say of the address.
    """

    known: bool = True
    address: bool = True
    country: str = ""
    no: bool = False
    yes: bool = False
    confirmed: bool = False
    pending: bool = False
    expired: bool = False
    elsewhere: bool = False
    business: bool = False
    bought_days: int | None = None
    asked_days: int | None = None
    listed: frozenset[ListKind] = frozenset()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Yes or no with its reason. `place` is whose row decided (a country, or `*`), `rule` that row."""

    allowed: bool
    reason: Reason
    place: str
    rule: Rule

    @property
    def source(self) -> str:
        """The statute and article behind the row."""
        return self.rule.source


def decide(
    situation: Situation,
    channel: Channel,
    purpose: Purpose,
    table: PolicyTable,
    registers: dict[tuple[str, str], int],
) -> Verdict:
    """`registers` tells how many days ago a place's do-not-call register was taken over last, by place and channel."""
    place, rule = table.rule_for(situation.country, channel, purpose)
    reason = _reason(situation, channel, purpose, place, rule, registers)
    return Verdict(reason in ALLOWING, reason, place, rule)


def _reason(
    now: Situation,
    channel: Channel,
    purpose: Purpose,
    place: str,
    rule: Rule,
    registers: dict[tuple[str, str], int],
) -> Reason:
    # What closes for good, whatever the law of the place.
    if not now.known:
        return Reason.UNKNOWN_PERSON
    if ListKind.ERASED in now.listed:
        return Reason.ERASED
    if not now.address:
        return Reason.NO_ADDRESS
    if now.no:
        return Reason.SAID_NO
    if purpose is Purpose.MARKETING and ListKind.UNSUBSCRIBED in now.listed:
        return Reason.UNSUBSCRIBED
    if purpose is not Purpose.SERVICE and ListKind.BLACK in now.listed and ListKind.WHITE not in now.listed:
        return Reason.BLACKLISTED
    # A yes opens: confirmed where the place asks for that.
    wants_confirmation = channel is Channel.EMAIL and rule.double_opt_in is DoubleOptIn.REQUIRED
    if now.yes and (now.confirmed or not wants_confirmation):
        return Reason.CONSENT
    # What opens without one.
    if rule.basis is Basis.CONTRACT:
        return Reason.CONTRACT
    if rule.basis is Basis.OPT_OUT:
        return _register(now, channel, place, rule, registers) or Reason.NOT_OBJECTED
    if _within(now.bought_days, rule.customers):
        return Reason.CUSTOMER
    if _within(now.asked_days, rule.inquirers):
        return Reason.INQUIRED
    if rule.business and now.business:
        return Reason.BUSINESS
    # Nothing opens; the nearest miss is the reason.
    if now.yes or now.pending:
        return Reason.UNCONFIRMED
    if now.expired:
        return Reason.EXPIRED
    if now.elsewhere:
        return Reason.OTHER_ADDRESS
    return Reason.NOT_ASKED_FOR if rule.basis is Basis.REQUEST else Reason.NO_CONSENT


def _register(
    now: Situation, channel: Channel, place: str, rule: Rule, registers: dict[tuple[str, str], int]
) -> Reason | None:
    """What the do-not-call register says against it. One that nobody has looked into lately says no."""
    if not rule.register:
        return None
    age = registers.get((place, channel.value))
    if age is None or age > rule.register_days:
        return Reason.REGISTER_UNCHECKED
    return Reason.ON_REGISTER if ListKind.REGISTER in now.listed else None


def _within(days: int | None, limit: int | None) -> bool:
    return days is not None and limit is not None and (limit == 0 or days <= limit)
