"""Interest becomes leads: a new one, a touch that joins an open one, or an update of one known by its external id."""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.backends.utils import CursorWrapper

from huoju.core.bulk import NULL, copy_rows, moment, plain, take_ids, texts
from huoju.core.facts.operations import NewFact, append
from huoju.hub.identity import operations as identity

from ..facts import LeadAssigned, LeadCaptured, LeadStageChanged, LeadTouched, LeadUpdated, LeadWarned
from ..models import OPEN_STAGES
from ..policy import CLOSED, Stage, place_history
from .history import STEPS, place, say_history_is_given, write_history
from .state import LeadState, copy_states, jsonable, new_state, read_states, write_states

_SLICE = 1_250
"""Interests after which what they made is written: while the database takes it in, the next ones are decided."""

RULE = "history"
"""What decided a step that was moved in from another system."""

_FILE_DIMENSIONS = (
    *("channel_id", "campaign_id", "company_id", "keyword", "landing_page", "referrer"),
    *("product", "region", "industry", "size", "segment"),
)
_PLAIN_COLUMNS = (
    *("id", "person_id", "captured_at", "created_at", "import_id", "score", "band"),
    *("stage", "stage_at", "stage_actor", "stage_reason", "mql_at", "grade", "company_id", "channel_id"),
    *("campaign_id", "keyword", "landing_page", "referrer", "product"),
    *("region", "industry", "size", "segment", "external_id", "warnings", "extra"),
)
_STEP_COLUMNS = ("lead_id", "from_stage", "to_stage", "at", "actor", "reason")
_TOUCH_COLUMNS = (
    *("lead_id", "at", "via", "channel_id", "campaign_id", "keyword", "landing_page", "message", "origin"),
)


class Worth(NamedTuple):
    """What the rooms above make of a lead in the moment that makes it: its score, and the rule ("mql/3"), if any, by
    which it begins as MQL, with the reason."""

    score: int
    band: str
    rule: str = ""
    reason: str = ""


class NewInterest(NamedTuple):
    """One interest of a known person, from whatever door.

    `origin` ("submission:12", "import:3/77") makes it count once. `external_id` ("system:id") names a lead of
    another system: a known one is updated instead. `reached`, `outcome` and `reason` are imported history; without
    them the lead begins at the first stage. `at` is the first contact. Codes and ids are those of the rooms that own
    them. `person_is_new`: this transaction made the person, so nobody else can know it yet.
    """

    origin: str
    person_id: int
    via: str  # form, api, import, hand
    at: datetime
    person_is_new: bool = False
    company_id: int | None = None
    channel_id: int | None = None
    campaign_id: int | None = None
    keyword: str = ""
    landing_page: str = ""
    referrer: str = ""
    product: str = ""
    region: str = ""
    industry: str = ""
    size: str = ""
    segment: str = ""
    message: str = ""
    owner_id: int | None = None
    sdr_id: int | None = None
    external_id: str | None = None
    reached: Mapping[Stage, datetime] = {}
    outcome: Stage | None = None
    reason: str = ""
    warnings: tuple[str, ...] = ()
    extra: Mapping[str, str] = {}
    submission_id: int | None = None
    import_id: int | None = None
    purpose: str = ""  # what the form was for
    worth: Worth | None = (
        None  # only of a lead without history; a lead that the interest joins is judged anew later
    )


class Captured(NamedTuple):
    """What became of one interest: a new lead, a touch that joined an open one, an update of a known external id, or
    (none of the three) nothing new, because its origin was taken in before or says nothing new.

    `before` is what an update overwrote, as JSON values; `withdraw_batch` writes it back.
    """

    lead_id: int
    created: bool = False
    joined: bool = False
    updated: bool = False
    before: Mapping[str, Any] | None = None


def alone_in_batch(
    person_is_new: Sequence[bool], person_ids: Sequence[int], external_ids: Sequence[str | None]
) -> list[bool]:
    """Of each interest, whether nobody else can mean the lead that it makes: its person was made by this transaction,
    and no other interest of the batch is this person's or names the same external id."""
    persons = Counter(person_ids)
    named = Counter([each for each in external_ids if each])
    return [
        is_new and persons[person] == 1 and (not external or named[external] == 1)
        for is_new, person, external in zip(person_is_new, person_ids, external_ids, strict=True)
    ]


def capture_batch(
    interests: Sequence[NewInterest], *, actor: str, source: str, now: datetime
) -> list[Captured]:
    """Make leads of `interests`, or let them join. Needs a transaction.

    Interests are taken in their order: the second of one person joins the lead that the first made. Persons who were
    known before are locked (`LookupError` if one is not there), so one open lead each holds against other transactions
    too (the unique index would refuse a second one). Companies are held by the caller (`companies.operations.hold`).
    The number of queries does not depend on that of interests; what new persons brought is written every `_SLICE`.
    """
    if not interests:
        return []
    batch = _Batch(actor, source, now)
    alone = alone_in_batch(
        [interest.person_is_new for interest in interests],
        [interest.person_id for interest in interests],
        [interest.external_id for interest in interests],
    )
    deeds: list[_Deed] = []
    with connection.cursor() as cursor:
        batch.look_up(cursor, interests)
        for start in range(0, len(interests), _SLICE):
            deeds += map(batch.take, interests[start : start + _SLICE], alone[start : start + _SLICE])
            batch.write_settled(cursor)
        steps = batch.write(cursor)
    return [deed.answer(steps) for deed in deeds]


@dataclass(slots=True)
class _Deed:
    """What one interest did. `changes` are the columns that it changed of a lead that was there before it, each with
    the old and the new value; `steps` the part of the lead's history that it brought."""

    lead_id: int
    created: bool = False
    joined: bool = False
    changes: dict[str, Any] = field(default_factory=dict)
    steps: slice = slice(0)

    def answer(self, steps: Mapping[int, Sequence[int]]) -> Captured:
        """As the caller gets it; `steps` are the ids of the written history by lead."""
        before = dict(self.changes)
        if written := steps.get(self.lead_id, ())[self.steps]:
            before[STEPS] = list(written)
        updated = bool(before) and not self.joined
        return Captured(self.lead_id, self.created, self.joined, updated, before or None)


class _Batch:
    """Interests on their way into leads: what was found, what is to be written, what is to be told."""

    def __init__(self, actor: str, source: str, now: datetime) -> None:
        self.actor = actor
        self.source = source
        self.now = now
        self.facts: list[NewFact] = []
        self.recognised: dict[str, list[NewFact]] = {}
        self.steps: list[tuple[str, ...]] = []
        self.touches: list[tuple[str, ...]] = []
        self.plain: dict[int, NewInterest] = {}
        self.settled: dict[int, NewInterest] = {}
        self.made: list[LeadState] = []
        self.changed: dict[int, LeadState] = {}
        self.by_origin: dict[str, int] = {}
        self.by_external_id: dict[str, LeadState | int] = {}
        self.open_of: dict[int, LeadState | int] = {}
        self.ids: Iterator[int] = iter(())

    def look_up(self, cursor: CursorWrapper, interests: Sequence[NewInterest]) -> None:
        """Find what is there already: origins, external ids, the open leads of known persons."""
        cursor.execute(
            "SELECT origin, lead_id FROM leads_touch WHERE origin = ANY(%s::text[])",
            [texts([interest.origin for interest in interests])],
        )
        self.by_origin = dict(cursor.fetchall())
        self.ids = iter(take_ids(cursor, "leads_lead", len(interests)))
        persons = {interest.person_id for interest in interests if not interest.person_is_new}
        external_ids = [interest.external_id for interest in interests if interest.external_id]
        if persons or external_ids:
            if gone := persons - identity.hold(persons):
                raise LookupError(f"no such persons: {sorted(gone)[:5]}")
            states = read_states(cursor, *_found_by(external_ids, persons))
            self.by_external_id = {
                state.values["external_id"]: state for state in states if state.values["external_id"]
            }
            self.open_of = {state.person_id: state for state in states if state.is_open}

    def take(self, interest: NewInterest, alone: bool) -> _Deed:
        """Decide what one interest is, and do it in memory. `alone`: see `alone_in_batch`."""
        if (lead_id := self.by_origin.get(interest.origin)) is not None:
            return _Deed(lead_id)
        if interest.external_id and (known := self.by_external_id.get(interest.external_id)) is not None:
            return self._update(interest, self._state(known))
        known = self.open_of.get(interest.person_id)
        if known is not None and not _ends_closed(interest):
            return self._join(interest, self._state(known))
        return self._make(interest, alone)

    def _state(self, lead: LeadState | int) -> LeadState:
        """The lead, worked out in full if it is one that this batch has made by the short way."""
        if isinstance(lead, LeadState):
            return lead
        interest = self.plain.pop(lead)
        state = self._begin(lead, interest)
        self.open_of[interest.person_id] = state
        if interest.external_id:
            self.by_external_id[interest.external_id] = state
        return state

    def _begin(self, lead_id: int, interest: NewInterest) -> LeadState:
        values: dict[str, Any] = {name: getattr(interest, name) for name in _FILE_DIMENSIONS}
        values["external_id"] = interest.external_id
        values["extra"] = dict(interest.extra)
        values["warnings"] = list(interest.warnings)
        if (worth := interest.worth) is not None and worth.rule:
            stood = (Stage.MQL.value, self.now, f"rule:{worth.rule}", worth.reason)
            values |= dict(zip(("stage", "stage_at", "stage_actor", "stage_reason"), stood, strict=True))
            values["mql_at"] = self.now
        state = new_state(lead_id, interest.person_id, interest.at, self.actor, interest.import_id, values)
        if worth is not None:
            state.score, state.band = worth.score, worth.band
        self.made.append(state)
        return state

    def _make(self, interest: NewInterest, alone: bool) -> _Deed:
        """A new lead. Most have neither history nor owner: they are written as they came, without a state."""
        lead_id = next(self.ids)
        self._captured(lead_id, interest)
        self._touch(lead_id, interest)
        if not (interest.reached or interest.outcome or interest.owner_id or interest.sdr_id):
            (self.settled if alone else self.plain)[lead_id] = interest
            if interest.worth is not None and interest.worth.rule:
                self._recognise(lead_id, interest, interest.worth)
            self.open_of[interest.person_id] = lead_id
            if interest.external_id:
                self.by_external_id[interest.external_id] = lead_id
            return _Deed(lead_id, created=True)
        state = self._begin(lead_id, interest)
        if interest.external_id:
            self.by_external_id[interest.external_id] = state
        self._assign(state, interest)
        self._place(state, interest)
        if state.is_open:
            self.open_of[interest.person_id] = state
        return _Deed(lead_id, created=True)

    def _recognise(self, lead_id: int, interest: NewInterest, worth: Worth) -> None:
        """The step to MQL that a lead takes in the moment that makes it."""
        steps = (Stage.LEAD.value, Stage.MQL.value)
        self.steps.append((str(lead_id), *steps, moment(self.now), f"rule:{worth.rule}", worth.reason))
        payload = LeadStageChanged(
            lead_id=lead_id, from_stage=steps[0], to_stage=steps[1], reason=worth.reason, rule=worth.rule
        )
        self.recognised.setdefault(worth.rule, []).append(
            NewFact(
                payload=payload,
                occurred_at=self.now,
                person_id=interest.person_id,
                company_id=interest.company_id,
            )
        )

    def _captured(self, lead_id: int, interest: NewInterest) -> None:
        payload = LeadCaptured(
            lead_id=lead_id,
            via=interest.via,
            channel_id=interest.channel_id,
            campaign_id=interest.campaign_id,
            keyword=interest.keyword,
            landing_page=interest.landing_page,
            product=interest.product,
            region=interest.region,
            industry=interest.industry,
            size=interest.size,
            segment=interest.segment,
            submission_id=interest.submission_id,
            import_id=interest.import_id,
            message=interest.message,
            purpose=interest.purpose,
            weighed=interest.worth is not None,
        )
        person_id, company_id = interest.person_id, interest.company_id
        self.facts.append(
            NewFact(payload=payload, occurred_at=interest.at, person_id=person_id, company_id=company_id)
        )
        if interest.warnings:
            warned = LeadWarned(lead_id=lead_id, codes=list(interest.warnings))
            self.facts.append(
                NewFact(payload=warned, occurred_at=interest.at, person_id=person_id, company_id=company_id)
            )

    def _join(self, interest: NewInterest, state: LeadState) -> _Deed:
        """A touch more. History that comes along is placed; the dimensions stay those of the first touch."""
        was, begun = dict(state.values), len(state.history)
        payload = LeadTouched(
            lead_id=state.id,
            via=interest.via,
            channel_id=interest.channel_id,
            campaign_id=interest.campaign_id,
            keyword=interest.keyword,
            landing_page=interest.landing_page,
            submission_id=interest.submission_id,
            import_id=interest.import_id,
            message=interest.message,
            purpose=interest.purpose,
        )
        self._tell(state, payload, interest.at)
        self._touch(state.id, interest)
        if interest.external_id and not state.values["external_id"]:
            state.values["external_id"] = interest.external_id
            self.by_external_id[interest.external_id] = state
        if state.values["owner_id"] is None:
            self._assign(state, interest)
        self._place(state, interest)
        return self._changed(state, was, begun, joined=True)

    def _update(self, interest: NewInterest, state: LeadState) -> _Deed:
        """What a later file says of a lead: it wins where it says something."""
        was, begun = dict(state.values), len(state.history)
        changes: dict[str, str | int | None] = {}
        for name in _FILE_DIMENSIONS:
            value = getattr(interest, name)
            if value not in (None, "", state.values[name]):
                state.values[name] = changes[name] = value
        if changes:
            self._tell(state, LeadUpdated(lead_id=state.id, changes=changes), self.now)
        if interest.extra:
            state.values["extra"] = {**state.values["extra"], **interest.extra}
        self._assign(state, interest)
        self._place(state, interest)
        return self._changed(state, was, begun)

    def _assign(self, state: LeadState, interest: NewInterest) -> None:
        previous = state.values["owner_id"]
        owner_id = previous if interest.owner_id is None else interest.owner_id
        sdr_id = state.values["sdr_id"] if interest.sdr_id is None else interest.sdr_id
        if (owner_id, sdr_id) == (previous, state.values["sdr_id"]):
            return
        at = interest.reached.get(Stage.SQL) or interest.reached.get(Stage.MQL) or state.captured_at
        if owner_id != previous:
            state.values["assigned_at"] = at
        state.values["owner_id"], state.values["sdr_id"] = owner_id, sdr_id
        payload = LeadAssigned(
            lead_id=state.id, owner_id=owner_id, previous_owner_id=previous, sdr_id=sdr_id, rule=RULE
        )
        self._tell(state, payload, at)

    def _place(self, state: LeadState, interest: NewInterest) -> None:
        """Moved-in history, and what it says that cannot be right."""
        if not interest.reached and interest.outcome is None:
            return
        begun = len(state.history)
        other = self.open_of.get(state.person_id)
        warnings = place(
            state,
            interest.reached,
            interest.outcome,
            interest.reason,
            actor=self.actor,
            now=self.now,
            may_open=state.is_open or other is None or other is state,
        )
        for from_stage, to_stage, at, reason in state.history[begun:]:
            payload = LeadStageChanged(
                lead_id=state.id, from_stage=from_stage, to_stage=to_stage, reason=reason, rule=RULE
            )
            self._tell(state, payload, at)
        if warnings:
            self._tell(state, LeadWarned(lead_id=state.id, codes=warnings), interest.at)
        if not state.is_open and other is state:
            del self.open_of[state.person_id]

    def _changed(self, state: LeadState, was: dict[str, Any], begun: int, *, joined: bool = False) -> _Deed:
        """What an interest did to a lead that had been there before it, in the database or in this batch."""
        changes = {
            name: [jsonable(old), jsonable(state.values[name])]
            for name, old in was.items()
            if old != state.values[name]
        }
        if not state.made and (changes or len(state.history) > begun):
            self.changed[state.id] = state
        return _Deed(state.id, False, joined, changes, slice(begun, len(state.history)))

    def _tell(self, state: LeadState, payload: Any, at: datetime) -> None:
        self.facts.append(
            NewFact(
                payload=payload,
                occurred_at=at,
                person_id=state.person_id,
                company_id=state.values["company_id"],
            )
        )

    def _touch(self, lead_id: int, interest: NewInterest) -> None:
        self.by_origin[interest.origin] = lead_id
        self.touches.append(
            (
                *(str(lead_id), moment(interest.at), interest.via),
                *(plain(interest.channel_id), plain(interest.campaign_id)),
                *(interest.keyword, interest.landing_page, interest.message, interest.origin),
            )
        )

    def write_settled(self, cursor: CursorWrapper) -> None:
        """Write and tell what the interests so far have made for good."""
        copy_rows(cursor, "leads_lead", _PLAIN_COLUMNS, self._plain_rows(self.settled))
        copy_rows(cursor, "leads_touch", _TOUCH_COLUMNS, self.touches)
        copy_rows(cursor, "leads_stagechange", _STEP_COLUMNS, self.steps)
        append(self.facts, actor=self.actor, source=self.source, now=self.now)
        for rule, facts in self.recognised.items():
            append(facts, actor=f"rule:{rule}", source="recognition", now=self.now)
        self.settled, self.touches, self.steps, self.facts, self.recognised = {}, [], [], [], {}

    def write(self, cursor: CursorWrapper) -> dict[int, list[int]]:
        """Write the leads that several interests may have meant; returns the ids of the steps of moved-in history by
        lead."""
        steps: dict[int, list[int]] = {}
        if self.changed:
            changed = [self.changed[id_] for id_ in sorted(self.changed)]
            say_history_is_given(cursor, True)
            # First: it may close a lead after which its person begins a new one.
            write_states(cursor, changed)
            say_history_is_given(cursor, False)
        if self.changed or self.made:
            copy_states(cursor, self.made, self.now)
            steps = write_history(cursor, [*self.made, *self.changed.values()], self.actor)
        copy_rows(cursor, "leads_lead", _PLAIN_COLUMNS, self._plain_rows(self.plain))
        return steps

    def _plain_rows(self, leads: Mapping[int, NewInterest]) -> list[tuple[str, ...]]:
        now = moment(self.now)
        return [
            (
                *(str(lead_id), str(each.person_id), moment(each.at), now, plain(each.import_id)),
                *self._standing(each, now),
                *("", plain(each.company_id), plain(each.channel_id)),
                *(plain(each.campaign_id), each.keyword, each.landing_page, each.referrer, each.product),
                *(each.region, each.industry, each.size, each.segment, each.external_id or NULL),
                json.dumps(each.warnings) if each.warnings else "[]",
                json.dumps(dict(each.extra), ensure_ascii=False) if each.extra else "{}",
            )
            for lead_id, each in leads.items()
        ]

    def _standing(self, interest: NewInterest, now: str) -> tuple[str, ...]:
        """Score, band and stage of a new lead, as fields."""
        worth = interest.worth
        if worth is None:
            return ("0", "", Stage.LEAD.value, moment(interest.at), self.actor, "", NULL)
        head = (str(worth.score), worth.band)
        if not worth.rule:
            return (*head, Stage.LEAD.value, moment(interest.at), self.actor, "", NULL)
        return (*head, Stage.MQL.value, now, f"rule:{worth.rule}", worth.reason, now)


def _found_by(external_ids: Sequence[str], persons: Collection[int]) -> tuple[str, list[Any]]:
    """The condition for leads known by their external ids, and open ones of these persons.

    Only what is asked for, and never an OR: an empty arm of one leads the planner to scan whole partial indexes.
    """
    parts: dict[str, list[Any]] = {}
    if external_ids:
        parts["external_id = ANY(%s::text[])"] = [texts(external_ids)]
    if persons:
        parts["person_id = ANY(%s) AND stage = ANY(%s)"] = [list(persons), OPEN_STAGES]
    if len(parts) == 1:
        return next(iter(parts.items()))
    either = " UNION ALL ".join([f"SELECT id FROM leads_lead WHERE {part}" for part in parts])
    return f"id IN ({either})", [value for values in parts.values() for value in values]


def _ends_closed(interest: NewInterest) -> bool:
    """Whether the interest is a finished story of its own."""
    if not interest.reached and interest.outcome is None:
        return False
    return place_history(interest.at, interest.reached, outcome=interest.outcome).stage in CLOSED
