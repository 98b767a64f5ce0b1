"""The one way by which forms, the API and imports make persons, companies, consents and leads."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from pydantic_core import to_json

from huoju.acquire.campaigns import operations as campaigns
from huoju.acquire.campaigns.policy import Source, SourceHint
from huoju.acquire.campaigns.queries import resolve_sources
from huoju.core.bulk import numbers, texts
from huoju.core.facts.operations import NewFact, append
from huoju.hub.companies import operations as companies
from huoju.hub.consent import operations as consent
from huoju.hub.consent.policy import Channel, Purpose, country_of
from huoju.hub.consent.queries import needs_confirmation
from huoju.hub.identity import operations as identity
from huoju.hub.identity.policy import IdentifierKind
from huoju.hub.profile import operations as profile
from huoju.qualify.cleaning import queries as cleaning
from huoju.qualify.cleaning.policy import StepResult, Verdict
from huoju.qualify.leads import operations as leads
from huoju.qualify.leads.queries import KnownLead, list_known_leads

from ..facts import LeadQuarantined
from ..policy import Incoming, Mode, Outcome, Prepared, prepare_batch, product_of, warnings_of
from ..stored import candidate_as_json, reasons_as_json
from .worth import Weighed, keep_scores, read_scales, weigh_batch

_NOWHERE = Source(None, None, "", "")


class Taken(NamedTuple):
    """What became of one incoming interest. `undo` is all that `undo_batch` needs to take it back, as JSON values."""

    origin: str
    outcome: Outcome
    lead_id: int | None = None
    person_id: int | None = None
    company_id: int | None = None
    quarantine_id: int | None = None
    remarks: tuple[StepResult, ...] = ()
    undo: Mapping[str, Any] = {}


def prepare(incoming: Sequence[Incoming], *, mode: Mode = Mode.ENFORCE) -> list[Prepared]:
    """`policy.prepare_batch` with the rules that are active now."""
    return prepare_batch(incoming, cleaning.active_rules(), mode=mode)[0]


def take_in_batch(
    prepared: Sequence[Prepared], *, actor: str, source: str, now: datetime, import_id: int | None = None
) -> list[Taken]:
    """Make persons, companies, consents and leads of what cleaning let through, and keep the rest for review.

    Needs a transaction. Whatever came in ends as a lead, as a touch of one, as an update of one, or as a quarantined
    row. What an import makes names it as its source (`import:3`), whatever `source` says. The number of statements does
    not depend on the number of rows; rows are taken in their order.
    """
    if import_id is not None:
        source = f"import:{import_id}"
    passed = [each for each in prepared if each.passed]
    held = [each for each in prepared if not each.passed]
    taken = {each.origin: each for each in _hold_back(held, actor, source, now, import_id)}
    taken |= {each.origin: each for each in _let_through(passed, actor, source, now, import_id)}
    return [taken[each.incoming.origin] for each in prepared]


# --- What passes --------------------------------------------------------------------------------------------


def _let_through(
    rows: Sequence[Prepared], actor: str, source: str, now: datetime, import_id: int | None
) -> list[Taken]:
    if not rows:
        return []
    known = list_known_leads([row.incoming.external_id for row in rows if row.incoming.external_id])
    sources = _sources(rows, make_channels=import_id is not None)
    scales = read_scales(sources)
    named = companies.resolve_batch([_company_hint(row) for row in rows], source=source, now=now)
    hints = [
        _person_hint(row, company, known.get(row.incoming.external_id))
        for row, company in zip(rows, named, strict=True)
    ]
    persons = identity.resolve_batch(hints, actor=actor, source=source, now=now, told=True)
    weighed = weigh_batch(rows, named, persons, sources, scales, now=now)
    profile.hear_batch(_said(rows, hints, persons, import_id), actor=actor, now=now)
    consents = _record_consents(rows, persons, actor, source, now)
    interests = [
        _interest(*each, import_id) for each in zip(rows, named, persons, sources, weighed, strict=True)
    ]
    captured = leads.capture_batch(interests, actor=actor, source=source, now=now)
    keep_scores(weighed, captured, now=now)
    return [
        _taken(*each, consents.get(at, ()), undoable=import_id is not None)
        for at, each in enumerate(zip(rows, named, persons, captured, strict=True))
    ]


def _sources(rows: Sequence[Prepared], *, make_channels: bool) -> list[Source]:
    """Where each row came from; rows of a file name few sources, so each is resolved once."""
    hints: dict[tuple[Any, ...], SourceHint] = {}
    keys: list[tuple[Any, ...]] = []
    for row in rows:
        come = row.incoming
        utm = tuple(come.utm.items()) if come.utm else ()
        key = (utm, come.channel, come.campaign, come.campaign_id, come.referrer, come.page)
        keys.append(key)
        if key not in hints:
            hints[key] = SourceHint(
                utm=come.utm,
                channel=come.channel,
                campaign=come.campaign,
                campaign_id=come.campaign_id,
                referrer=come.referrer,
                page=come.page,
            )
    if make_channels:
        campaigns.ensure_channels({hint.channel for hint in hints.values() if hint.channel})
    known = [hint != SourceHint() for hint in hints.values()]
    resolved = iter(resolve_sources([hint for hint, said in zip(hints.values(), known, strict=True) if said]))
    found = dict(zip(hints, [next(resolved) if said else _NOWHERE for said in known], strict=True))
    return [found[key] for key in keys]


def _company_hint(row: Prepared) -> companies.CompanyHint:
    return companies.CompanyHint(
        name=row.company,
        key=row.company_key,
        domain=row.company_domain,
        uscc=row.incoming.uscc,
        industry=row.industry,
        region=row.region,
        size=row.size,
        country=row.country,
    )


def _person_hint(
    row: Prepared, company: companies.ResolvedCompany | None, known: KnownLead | None
) -> identity.PersonHint:
    return identity.PersonHint(
        identifiers=row.identifiers,
        verified=row.incoming.verified,
        person_id=None if known is None else known.person_id,
        name=row.name,
        title=row.title,
        company_id=None if company is None else company.company_id,
        mobile=row.mobile,
        email=row.email,
        region=row.region,
        country=row.country,
        language=row.language,
    )


def _said(
    rows: Sequence[Prepared],
    hints: Sequence[identity.PersonHint],
    persons: Sequence[identity.Resolved],
    import_id: int | None,
) -> list[profile.Said]:
    """What the rows say of persons who were known before: a person's first values are in the person's own row."""
    return [
        profile.Said(
            person_id=person.person_id,
            values=hint._asdict(),
            source=row.incoming.via if import_id is None else f"import:{import_id}",
            verified=frozenset(hint.verified),
            filled=frozenset(person.filled),
        )
        for row, hint, person in zip(rows, hints, persons, strict=True)
        if not person.created
    ]


def _record_consents(
    rows: Sequence[Prepared],
    persons: Sequence[identity.Resolved],
    actor: str,
    source: str,
    now: datetime,
) -> dict[int, list[int]]:
    """One answer for each channel by which the row can be reached; the ids by position of the row."""
    answers: list[consent.ConsentAnswer] = []
    positions: list[int] = []
    for at, (row, person) in enumerate(zip(rows, persons, strict=True)):
        if not row.incoming.consents:
            continue
        email = next((each.value for each in row.identifiers if each.kind is IdentifierKind.EMAIL), row.email)
        channels = ([("email", email)] if row.email else []) + (
            [("phone", row.mobile), ("sms", row.mobile)] if row.mobile else []
        )
        for given in row.incoming.consents:
            for channel, address in channels:
                positions.append(at)
                answers.append(
                    consent.ConsentAnswer(
                        person_id=person.person_id,
                        channel=channel,
                        purpose=given.purpose,
                        granted=given.granted,
                        at=row.incoming.at,
                        address=address,
                        proof=given.proof,
                    )
                )
    recorded: dict[int, list[int]] = {}
    answers, positions = _ask_first(rows, answers, positions, source, now)
    ids = consent.record_batch(answers, actor=actor, source=source, now=now)
    for at, id_ in zip(positions, ids, strict=True):
        recorded.setdefault(at, []).append(id_)
    return recorded


def _ask_first(
    rows: Sequence[Prepared],
    answers: Sequence[consent.ConsentAnswer],
    positions: Sequence[int],
    source: str,
    now: datetime,
) -> tuple[list[consent.ConsentAnswer], list[int]]:
    """The answers to be recorded as they are; a yes on a form that its mail box has to confirm first is asked for."""
    kept: list[consent.ConsentAnswer] = []
    places: list[int] = []
    country = {
        number: country_of(rows[at].country, rows[at].region, "", "", rows[at].mobile)
        for number, (answer, at) in enumerate(zip(answers, positions, strict=True))
        if rows[at].incoming.via == "form"
        and answer.granted
        and (answer.channel, answer.purpose) == (Channel.EMAIL, Purpose.MARKETING)
    }
    strict = needs_confirmation(country.values())
    for number, (answer, at) in enumerate(zip(answers, positions, strict=True)):
        if country.get(number) in strict:
            consent.ask_to_confirm(
                person_id=answer.person_id,
                purpose=answer.purpose,
                address=rows[at].email,
                language=rows[at].language,
                proof=answer.proof,
                source=source,
                now=now,
            )
        else:
            kept.append(answer)
            places.append(at)
    return kept, places


def _interest(
    row: Prepared,
    company: companies.ResolvedCompany | None,
    person: identity.Resolved,
    origin: Source,
    weighed: Weighed | None,
    import_id: int | None,
) -> leads.NewInterest:
    come = row.incoming
    return leads.NewInterest(
        origin=come.origin,
        person_id=person.person_id,
        person_is_new=person.created,
        via=come.via,
        at=come.at,
        company_id=person.company_id if company is None else company.company_id,
        channel_id=origin.channel_id,
        campaign_id=origin.campaign_id,
        keyword=(come.keyword or origin.keyword)[:200],
        landing_page=origin.landing_page[:500],
        referrer=come.referrer[:500],
        product=product_of(come),
        region=row.region,
        industry=row.industry,
        size=row.size,
        segment=come.segment[:80],
        message=row.message,
        owner_id=come.owner_id,
        sdr_id=come.sdr_id,
        external_id=come.external_id or None,
        reached=come.reached,
        outcome=come.outcome,
        reason=come.reason,
        warnings=warnings_of(row) if row.remarks else (),
        extra=row.extra,
        submission_id=come.submission_id,
        import_id=import_id,
        purpose=come.purpose,
        worth=None if weighed is None else weighed.worth,
    )


def _taken(
    row: Prepared,
    company: companies.ResolvedCompany | None,
    person: identity.Resolved,
    captured: leads.Captured,
    consents: Sequence[int],
    *,
    undoable: bool,
) -> Taken:
    if captured.created:
        outcome = Outcome.NEW
    elif captured.joined:
        outcome = Outcome.JOINS
    else:
        outcome = Outcome.UPDATES if captured.updated else Outcome.UNCHANGED
    undo: dict[str, Any] = {}
    if undoable:
        undo = {"lead": captured.lead_id, "person": person.person_id}
        more: dict[str, Any] = {
            "created": captured.created,
            "before": captured.before,
            "person_created": person.created,
            "added": [list(each) for each in person.added],
            "filled": dict(person.filled),
            "proposals": list(person.proposals),
            "consents": list(consents),
        }
        if company is not None and (company.created or company.domain or company.filled):
            more["company"] = [
                company.company_id,
                company.created,
                company.domain,
                dict(company.filled),
            ]
        undo |= {name: value for name, value in more.items() if value}
    return Taken(
        row.incoming.origin,
        outcome,
        captured.lead_id,
        person.person_id,
        None if company is None else company.company_id,
        None,
        row.remarks,
        undo,
    )


# --- What is held back --------------------------------------------------------------------------------------


def _hold_back(
    rows: Sequence[Prepared], actor: str, source: str, now: datetime, import_id: int | None
) -> list[Taken]:
    """Keep what cleaning did not let through, with its reasons; a repeat of an origin changes nothing."""
    if not rows:
        return []
    by_origin = {row.incoming.origin: row for row in rows}
    origins = sorted(by_origin)
    ordered = [by_origin[origin] for origin in origins]
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO intake_quarantined (origin, verdict, reasons, candidate, rules_version, import_id,
                                               received_at, decision)
               SELECT r.origin, r.verdict, r.reasons::jsonb, r.candidate::jsonb, r.version, %s, r.at::timestamptz, ''
               FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::int[], %s::text[])
                    AS r(origin, verdict, reasons, candidate, version, at)
               ORDER BY r.origin COLLATE "C" ON CONFLICT DO NOTHING RETURNING id, origin""",
            [
                import_id,
                texts(origins),
                texts([row.verdict.value for row in ordered]),
                texts([to_json(reasons_as_json(row)).decode() for row in ordered]),
                texts([to_json(candidate_as_json(row.incoming)).decode() for row in ordered]),
                numbers([row.rules_version for row in ordered]),
                texts([row.incoming.at.isoformat() for row in ordered]),
            ],
        )
        made = {origin: id_ for id_, origin in cursor.fetchall()}
    facts = [_quarantined_fact(by_origin[origin], id_, now) for origin, id_ in made.items()]
    append(facts, actor=actor, source=source, now=now)
    return [_held(row, made.get(origin)) for origin, row in by_origin.items()]


def _quarantined_fact(row: Prepared, id_: int, now: datetime) -> NewFact:
    payload = LeadQuarantined(
        quarantine_id=id_,
        origin=row.incoming.origin,
        verdict=row.verdict.value,
        reasons=[remark.code.value for remark in row.remarks],
        rules_version=row.rules_version,
    )
    return NewFact(payload=payload, occurred_at=now, shard_key=row.incoming.origin)


def _held(row: Prepared, quarantine_id: int | None) -> Taken:
    if quarantine_id is None:
        outcome = Outcome.UNCHANGED
    else:
        outcome = Outcome.QUARANTINED if row.verdict is Verdict.QUARANTINE else Outcome.REJECTED
    return Taken(
        row.incoming.origin,
        outcome,
        quarantine_id=quarantine_id,
        remarks=row.remarks,
        undo={} if quarantine_id is None else {"quarantine": quarantine_id},
    )
