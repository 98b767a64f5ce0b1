"""Loading the sample company through the doors that everybody uses: imports for its history, forms for today."""

import csv
import io
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.utils import timezone

from huoju.acquire.campaigns import operations as campaigns
from huoju.acquire.campaigns.models import Campaign, Channel
from huoju.acquire.forms import operations as forms
from huoju.acquire.forms.models import Form, FormVersion
from huoju.acquire.forms.starters import starter
from huoju.acquire.imports import operations as imports
from huoju.acquire.imports.registry import get_target
from huoju.acquire.imports.running import RunResult, run_import
from huoju.convert.onboarding.fields import LEAD_FIELDS, PAYMENT_FIELDS
from huoju.convert.routing import operations as routing
from huoju.convert.workbench import operations as workbench
from huoju.core.access import operations as access
from huoju.core.access.models import Team, User
from huoju.core.facts import delivery
from huoju.core.facts.readers import all_readers
from huoju.hub.consent import operations as consent
from huoju.qualify.intake import operations as intake
from huoju.qualify.intake.models import Quarantined
from huoju.qualify.leads.models import Lead

from . import words
from .doubles import double
from .groups import describe_groups
from .profiles import enliven
from .story import SampleLead, Source, Story, tell

log = logging.getLogger(__name__)

SYSTEM = "sample"
CONSENT_KEPT = timedelta(days=90)
"""How far back the old system knows who agreed to what."""
_COLUMNS = {
    "leads": [field.key for field in LEAD_FIELDS],
    "payments": [field.key for field in PAYMENT_FIELDS],
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was loaded, and how long it took in seconds."""

    leads: int
    seconds: float


def load_if_empty(*, say: Callable[[str], None] = log.info, leads: int = 6000) -> Loaded | None:
    """Load the sample company into an empty installation; None if there are leads or users already."""
    if Lead.objects.exists() or User.objects.filter(is_active=True).exists():
        return None
    began = time.perf_counter()
    now = timezone.now()
    story = tell(now=now, leads=leads)
    with transaction.atomic():
        people = _staff(now)
        _campaigns(people, now)
        published = _forms(people, now)
    say(f"{len(people)} people, {len(words.CAMPAIGNS)} campaigns, {len(published)} forms")
    past = [lead for lead in story.leads if not lead.fresh and not lead.bad]
    _import(
        "leads",
        "旧CRM线索.csv",
        [_lead_row(lead, now) for lead in past],
        people,
        now,
        mode="history",
    )
    say(f"{len(past)} leads with their history")
    again = [(at, lead, source) for lead in story.leads for at, source in lead.repeats if not lead.fresh]
    rows = [_repeat_row(at, lead, source) for at, lead, source in sorted(again, key=lambda each: each[0])]
    _import("leads", "历次活动报名.csv", rows, people, now, mode="history")
    bad = [_lead_row(lead, now) for lead in story.leads if lead.bad and not lead.fresh]
    _import("leads", "展会扫码名单.csv", bad, people, now, mode="fresh")
    paid = _payment_rows(past)
    _import("payments", "回款流水.csv", paid, people, now, mode="history")
    say(f"{len(rows)} repeated interests, {len(bad)} bad entries, {len(paid)} payments")
    _activities(past, people, now)
    _consents(past, now)
    _review_quarantine(people, now)
    double(people, now)
    _submit(story, published, now)
    delivery.drain(all_readers())
    enliven(people, now)
    delivery.drain(all_readers())
    with connection.cursor() as cursor:
        # The database has not looked at tables that were empty a minute ago, and would join them in loops.
        cursor.execute("ANALYZE")
    describe_groups(people, now)
    delivery.drain(all_readers())
    return Loaded(len(story.leads), time.perf_counter() - began)


def _staff(now: datetime) -> dict[str, User]:
    teams: dict[str, Team] = {}
    people: dict[str, User] = {}
    password = make_password(words.PASSWORD)
    for username, name, role, team, regions in words.STAFF:
        if team and team not in teams:
            teams[team] = access.create_team(name=team, actor=None)
        # Not by access.create_user: hashing one password fifteen times takes longer than loading the leads.
        user = User.objects.create(
            username=username, name=name, role=role, email=f"{username}@{words.MAIL_DOMAIN}", team=teams.get(team),
            password=password, date_joined=now,
        )  # fmt: skip
        people[username] = user
        if role == "sales":
            routing.save_seat(
                user_id=user.pk, regions=regions, products=(), capacity=400, weight=1, away=False,
                actor="system", now=now,
            )  # fmt: skip
    return people


def _campaigns(people: dict[str, User], now: datetime) -> None:
    campaigns.ensure_channels({code for code, *_rest in words.CHANNELS})
    for code, name, kind, *_rest in words.CHANNELS:
        Channel.objects.filter(code=code, name=code).update(name=name, kind=kind)  # not among those that ship
    channels = {channel.code: channel for channel in Channel.objects.all()}
    for index, (code, name, channel, begin, length, share) in enumerate(words.CAMPAIGNS):
        starts = (now - timedelta(days=begin * 30)).date()
        ends = starts + timedelta(days=length * 30)
        paid = channels[channel].kind == "paid"
        campaigns.create_campaign(
            name=name,
            code=code,
            channel=channels[channel],
            utm_source="baidu" if channel == "sem" else channel,
            utm_medium="cpc" if channel in ("sem", "feed") else "referral",
            product=words.PRODUCTS[index % len(words.PRODUCTS)][0],
            budget=Decimal((30_000 if paid else 8_000) * share),
            starts_on=starts,
            ends_on=ends,
            owner_id=people["marketing"].pk,
            state=Campaign.State.DONE if ends < now.date() else Campaign.State.RUNNING,
            actor="system",
            now=now,
        )


def _forms(people: dict[str, User], now: datetime) -> list[Form]:
    wanted = (
        ("contact", "联系销售", Form.Purpose.CONTACT),
        ("trial", "申请试用", Form.Purpose.TRIAL),
        ("whitepaper", "下载《数据集成选型白皮书》", Form.Purpose.DOWNLOAD),
        ("live", "报名数据集成实战直播", Form.Purpose.WEBINAR),
    )
    return [
        forms.create_form(
            settings=forms.FormSettings(name=name, slug=slug, purpose=purpose),
            definition=starter(purpose),
            created_by_id=people["marketing"].pk,
            now=now,
        )
        for slug, name, purpose in wanted
    ]


# --- History ------------------------------------------------------------------------------------------------


def _when(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""


def _lead_row(lead: SampleLead, now: datetime) -> dict[str, Any]:
    contact, source = lead.contact, lead.source
    won = "won" in lead.reached
    last = max([lead.captured_at, *lead.reached.values()])
    return {
        **_contact_columns(lead),
        "message": contact.message,
        **_source_columns(source),
        "external_id": f"L{lead.number:05}",
        "captured_at": _when(lead.captured_at),
        **{f"{stage}_at": _when(at) for stage, at in lead.reached.items()},
        **({f"{lead.outcome}_at": _when(min(now, last + timedelta(days=5)))} if lead.outcome else {}),
        "outcome": "won" if won else lead.outcome,
        "reason": lead.reason,
        "competitor": lead.competitor,
        "owner": lead.owner,
        "sdr": lead.sdr,
        "amount": lead.amount if lead.amount is not None else "",
        "deal_id": f"D{lead.number:05}" if "opportunity" in lead.reached else "",
    }


def _contact_columns(lead: SampleLead) -> dict[str, str]:
    contact = lead.contact
    return {
        "name": contact.name,
        "mobile": contact.mobile,
        "email": contact.email,
        "company": contact.company,
        "title": contact.title,
        "company_size": contact.size,
        "industry": contact.industry,
        "region": contact.region,
    }


def _source_columns(source: Source) -> dict[str, str]:
    return {
        "channel": source.channel,
        "campaign": source.campaign,
        "keyword": source.keyword,
        "landing_page": source.page,
        "product": source.product,
    }


def _repeat_row(at: datetime, lead: SampleLead, source: Source) -> dict[str, Any]:
    return {**_contact_columns(lead), **_source_columns(source), "captured_at": _when(at)}


def _payment_rows(past: Sequence[SampleLead]) -> list[dict[str, Any]]:
    return [
        {
            "deal_id": f"D{lead.number:05}",
            "external_id": f"P{lead.number:05}-{index}",
            "amount": amount,
            "paid_at": _when(at),
            "note": f"第 {index} 期",
        }
        for lead in past
        for index, (at, amount) in enumerate(lead.payments, start=1)
    ]


def _import(
    target: str,
    name: str,
    rows: Sequence[dict[str, Any]],
    people: dict[str, User],
    now: datetime,
    *,
    mode: str,
) -> None:
    columns = _COLUMNS[target]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    actor = f"user:{people['admin'].pk}"
    record = imports.create_import(
        target=get_target(target), file_name=name, content=[text.getvalue().encode()], actor=actor, now=now,
        user_id=people["admin"].pk,
    )  # fmt: skip
    mapping = {
        "version": 1,
        "target": target,
        "options": {
            "mode": mode,
            "match_on": "external_id" if mode == "history" else "identity",
            "source_system": SYSTEM,
        },
        "columns": [{"field": column, "from": column} for column in columns],
    }
    imports.set_mapping(import_id=record.pk, mapping=mapping, now=now)
    imports.start_import(import_id=record.pk, actor=actor, now=now)
    if (result := run_import(import_id=record.pk, clock=timezone.now)) is not RunResult.DONE:
        raise RuntimeError(f"the sample's {name} was not imported: {result}")


def _activities(past: Sequence[SampleLead], people: dict[str, User], now: datetime) -> None:
    numbers = {f"{SYSTEM}:L{lead.number:05}": lead for lead in past if lead.notes}
    known = Lead.objects.filter(external_id__in=numbers).values_list("external_id", "pk", "person_id")
    rows = []
    for external, pk, person in known:
        lead = numbers[str(external)]
        for at, kind, outcome, text in lead.notes:
            planned = lead.next_at if at == lead.notes[-1][0] else None
            rows.append(
                workbench.PastActivity(
                    lead_id=pk, person_id=person, kind=kind, outcome=outcome, text=text, at=at, next_at=planned,
                    by_id=people[lead.owner].pk,
                )
            )  # fmt: skip
    rows.sort(key=lambda row: row.at)
    workbench.record_past_batch(rows, actor="import:sample", now=now)


def _agreed(lead: SampleLead) -> bool:
    """Two of three tick the box for news."""
    return lead.number % 3 > 0


def _consents(past: Sequence[SampleLead], now: datetime) -> None:
    """What the old system's forms asked in its last months: who left their data on a page agreed to an answer, and most
    to news. Whoever came by telephone, was recommended or came earlier was not asked."""
    since = now - CONSENT_KEPT
    asked = {
        f"{SYSTEM}:L{lead.number:05}": lead for lead in past if lead.source.page and lead.captured_at > since
    }
    known = Lead.objects.filter(external_id__in=asked).order_by("pk")
    answers = []
    for external, person, email, mobile in known.values_list(
        "external_id", "person_id", "person__email", "person__mobile"
    ):
        lead = asked[str(external)]
        for purpose in ("privacy", "marketing") if _agreed(lead) else ("privacy",):
            for channel, address in (("email", email), ("phone", mobile), ("sms", mobile)):
                if address:
                    answers.append(
                        consent.ConsentAnswer(
                            person_id=person, channel=channel, purpose=purpose, granted=True, at=lead.captured_at,
                            address=address, proof={"page": lead.source.page, "text": words.CONSENT_TEXT},
                        )
                    )  # fmt: skip
    with transaction.atomic():
        consent.record_batch(answers, actor="import:sample", source="sample", now=now)


def _review_quarantine(people: dict[str, User], now: datetime) -> None:
    """What was held back long ago has been looked at; the latest still waits."""
    waiting = Quarantined.objects.filter(decided_at=None).order_by("pk").values_list("pk", flat=True)
    with transaction.atomic():
        for pk in list(waiting)[:-24]:
            intake.confirm(quarantined_id=pk, user=people["telemarketing"], now=now)


# --- Today --------------------------------------------------------------------------------------------------


def _submit(story: Story, published: Sequence[Form], now: datetime) -> None:
    """The last day's leads come in by form, so that rules and routing decide on them as on any visitor's."""
    versions = {version.form_id: version for version in FormVersion.objects.order_by("number")}
    for lead in (lead for lead in story.leads if lead.fresh):
        form = published[lead.number % len(published)]
        source = {
            "utm_source": lead.source.channel,
            "utm_campaign": lead.source.campaign,
            "utm_term": lead.source.keyword,
            "page": lead.source.page,
        }
        new = forms.NewSubmission(
            via="form",
            key=f"sample:{lead.number}",
            data={
                key: value
                for key, value in {**_contact_columns(lead), "message": lead.contact.message}.items()
                if value
            },
            source={key: value for key, value in source.items() if value},
            consent={"privacy": True, "marketing": _agreed(lead)},
            consent_text=words.CONSENT_TEXT,
            form=form,
            version=versions[form.pk],
            purpose=form.purpose,
            product=lead.source.product,
            occurred_at=lead.captured_at,
        )
        forms.submit(new, actor="visitor", source="form", now=now)
