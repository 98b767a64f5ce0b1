"""The life of every lead of the sample company. Pure: the same seed and the same day give the same story."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from pypinyin import lazy_pinyin

from . import words

ZONE = ZoneInfo("Asia/Shanghai")
MONTHS = 18
BAD_SHARE = 0.07
"""Share of submissions that cleaning should stop."""
REPEAT_SHARE = 0.06
"""Share of leads whose person shows interest again."""


@dataclass(frozen=True, slots=True)
class Contact:
    """What a visitor typed."""

    name: str
    mobile: str
    email: str
    company: str
    title: str
    size: str
    industry: str
    region: str
    message: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where a visitor came from."""

    channel: str
    campaign: str = ""
    keyword: str = ""
    page: str = ""
    product: str = ""


@dataclass(slots=True)
class SampleLead:
    """One lead and what became of it. Times are zone-aware; a stage that was not reached has none."""

    number: int
    contact: Contact
    source: Source
    captured_at: datetime
    reached: dict[str, datetime] = field(default_factory=dict)  # stage code → time
    outcome: str = ""  # lost, nurturing, disqualified
    reason: str = ""
    competitor: str = ""
    owner: str = ""  # username
    sdr: str = ""
    amount: Decimal | None = None
    payments: list[tuple[datetime, Decimal]] = field(default_factory=list)
    repeats: list[tuple[datetime, Source]] = field(default_factory=list)
    notes: list[tuple[datetime, str, str, str]] = field(default_factory=list)  # time, kind, outcome, text
    next_at: datetime | None = None  # the planned contact of a lead that sales works on
    fresh: bool = False  # goes through the live path (form, rules, routing), not through history
    bad: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that is loaded: leads in the order of their first contact."""

    leads: list[SampleLead]


def tell(*, now: datetime, leads: int = 6000, seed: int = 20260118) -> Story:
    """The story of about `leads` leads over the 18 months before `now`."""
    draw = Random(seed)
    today = now.astimezone(ZONE).date()
    companies = [_company(draw) for _ in range(max(40, leads * 2 // 3))]
    seen: set[str] = set()
    told = []
    for number, captured_at in enumerate(_moments(draw, leads, today, now), start=1):
        told.append(_live(draw, number, captured_at, companies, seen, now))
    return Story(told)


def _pick(draw: Random, rows: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    """One row of a word list, by the share in its last column."""
    return draw.choices(rows, weights=[row[-1] for row in rows])[0]


def _moments(draw: Random, leads: int, today: date, now: datetime) -> list[datetime]:
    """When leads come in: growing, quiet at weekends, in October's first week and around the spring festival."""
    days = [today - timedelta(days=back) for back in range(round(MONTHS * 30.4), -1, -1)]
    weights = [_busy(day, index / len(days)) for index, day in enumerate(days)]
    chosen = draw.choices(days, weights=weights, k=leads)
    moments = []
    for day in chosen:
        hour = min(22.9, max(7.0, draw.gauss(14, 3.2)))
        at = datetime(day.year, day.month, day.day, tzinfo=ZONE) + timedelta(hours=hour)
        moments.append(min(at, now - timedelta(minutes=draw.randint(2, 90))))
    return sorted(moments)


def _busy(day: date, progress: float) -> float:
    weight = 0.55 + 0.9 * progress
    if day.weekday() >= 5:
        weight *= 0.22
    if (day.month, day.day) in {(10, d) for d in range(1, 8)}:
        weight *= 0.15
    if (day.month == 2 and 8 <= day.day <= 22) or (day.month == 1 and day.day <= 2):
        weight *= 0.2
    if day.month in (3, 9, 11):
        weight *= 1.25
    return weight


# --- Who --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Company:
    name: str
    domain: str
    code: str
    region: str
    industry: str
    size: str


def _company(draw: Random) -> _Company:
    code, region, _ = _pick(draw, words.REGIONS)
    trade, industry, _ = _pick(draw, words.TRADES)
    size, _ = _pick(draw, words.SIZES)
    brand = draw.choice(words.BRANDS_A.split()) + draw.choice(words.BRANDS_B.split())
    suffix = draw.choice(("有限公司", "有限公司", "股份有限公司", "集团有限公司", "有限责任公司"))
    name = draw.choice((f"{region}{brand}{trade}{suffix}", f"{brand}{trade}({region}){suffix}"))
    domain = "".join(lazy_pinyin(brand)) + draw.choice(("tech", "data", "group", "cn", "soft")) + ".example"
    return _Company(name, domain, code, str(region), str(industry), size)


def _contact(draw: Random, company: _Company, seen: set[str]) -> Contact:
    surname, given = draw.choice(words.SURNAMES), draw.choice(words.GIVEN)
    mobile = _mobile(draw, seen)
    title, _ = _pick(draw, words.TITLES)
    pinyin = "".join(lazy_pinyin(given)) + "." + lazy_pinyin(surname)[0]
    local = pinyin if draw.random() < 0.8 else f"{pinyin}{draw.randint(1, 99)}"
    email = f"{local}@{company.domain}"
    while email in seen:
        email = f"{pinyin}{draw.randint(100, 9999)}@{company.domain}"
    seen.add(email)
    if draw.random() < 0.16:
        email = f"{pinyin.replace('.', '')}{draw.randint(1000, 99999)}@{draw.choice(('qq.com', '163.com', '126.com'))}"
    return Contact(
        name=surname + given,
        mobile=mobile if draw.random() < 0.9 else "",
        email=email if draw.random() < 0.86 else "",
        company=company.name if draw.random() < 0.95 else "",
        title=title if draw.random() < 0.85 else "",
        size=company.size if draw.random() < 0.8 else "",
        industry=company.industry if draw.random() < 0.85 else "",
        region=company.region,
        message=draw.choice(words.MESSAGES) if draw.random() < 0.4 else "",
    )


def _mobile(draw: Random, seen: set[str]) -> str:
    while True:
        prefix = draw.choice(
            ("136", "137", "138", "139", "150", "158", "159", "166", "176", "177", "186", "188", "199")
        )
        number = prefix + f"{draw.randint(10_000_000, 99_999_999)}"
        if number not in seen and not any(digit * 4 in number for digit in "0123456789"):
            seen.add(number)
            return number


def _bad_contact(draw: Random, contact: Contact) -> Contact:
    """A test, a joke, a wrong number, or a robot."""
    kind = draw.randrange(5)
    changes = {
        0: {"name": "测试", "company": "测试公司", "message": "test"},
        1: {"mobile": draw.choice(("13800000000", "12345678901", "11111111111", "1380013800")), "email": ""},
        2: {"email": f"{draw.randint(100, 999)}@mailinator.com", "mobile": "", "company": ""},
        3: {"name": "asdfgh", "company": "无"},
        4: {"name": "加微信领优惠 www.spam.example", "message": "代开发票"},
    }[kind]
    return Contact(**{name: changes.get(name, getattr(contact, name)) for name in Contact.__slots__})


# --- Where from -------------------------------------------------------------------------------------------


def _source(draw: Random, at: datetime, now: datetime, channel: str | None = None) -> Source:
    rows = [(code, share) for code, _, _, share, _, _ in words.CHANNELS]
    code = channel or _pick(draw, rows)[0]
    back = (now - at).days / 30.4
    running = [
        (campaign, share)
        for campaign, _, of, begin, length, share in words.CAMPAIGNS
        if of == code and begin - length <= back <= begin
    ]
    campaign = _pick(draw, running)[0] if running and draw.random() < 0.85 else ""
    keyword = draw.choice(words.KEYWORDS[code]) if code in words.KEYWORDS else ""
    product, _ = _pick(draw, words.PRODUCTS)
    page = draw.choice(words.PAGES) if code not in ("hotline", "sales", "referral") else ""
    return Source(code, campaign, keyword, page, product)


# --- What became of it ------------------------------------------------------------------------------------


def _live(
    draw: Random, number: int, at: datetime, companies: Sequence[_Company], seen: set[str], now: datetime
) -> SampleLead:
    company = draw.choice(companies)
    source = _source(draw, at, now)
    contact = _contact(draw, company, seen)
    if draw.random() < BAD_SHARE:
        return SampleLead(
            number, _bad_contact(draw, contact), source, at, fresh=now - at < timedelta(days=3), bad=True
        )
    lead = SampleLead(number, contact, source, at, fresh=now - at < timedelta(days=1))
    if draw.random() < REPEAT_SHARE:
        again = at + timedelta(days=draw.uniform(1, 40))
        if again < now:
            lead.repeats.append((again, _source(draw, again, now)))
    if not lead.fresh:
        _travel(draw, lead, company, now)
    if lead.notes and not lead.outcome and "won" not in lead.reached and draw.random() < 0.7:
        lead.next_at = now + timedelta(hours=draw.uniform(-30, 120))
    return lead


def _after(draw: Random, at: datetime, median_days: float, spread: float = 0.8) -> datetime:
    """A moment in working hours, log-normally distributed after `at`."""
    later = at + timedelta(days=median_days * math.exp(draw.gauss(0, spread)))
    later = later.astimezone(ZONE)
    while later.weekday() >= 5:
        later += timedelta(days=1)
    return max(at + timedelta(minutes=1), later.replace(hour=draw.randint(9, 18), minute=draw.randint(0, 59)))


def _travel(draw: Random, lead: SampleLead, company: _Company, now: datetime) -> None:
    quality, closing = next((q, c) for code, _, _, _, q, c in words.CHANNELS if code == lead.source.channel)
    size = [row[0] for row in words.SIZES].index(company.size)
    if not (lead.contact.mobile or lead.contact.email) or not lead.contact.company:
        quality *= 0.35
    lead.sdr = draw.choice(("telemarketing", "telemarketing2"))
    at = _step(draw, lead, "mql", lead.captured_at, quality, 1.1, now)
    if at is None:
        if draw.random() < 0.16:
            lead.outcome, lead.reason = (
                "disqualified",
                draw.choice(("wrong_contact", "duplicate", "competitor")),
            )
        elif now - lead.captured_at > timedelta(days=30) and draw.random() < 0.5:
            lead.outcome, lead.reason = "nurturing", "no_need"
        return
    lead.owner = _owner(draw, company.code)
    at = _step(draw, lead, "sql", at, 0.64, 0.9, now)
    if at is None:
        if now - lead.reached["mql"] > timedelta(days=12) or draw.random() < 0.4:
            lead.outcome, lead.reason = "nurturing", draw.choice(("no_need", "no_budget"))
        return
    _notes(draw, lead, at, now)
    at = _step(draw, lead, "opportunity", at, min(0.9, 0.42 * closing), 12, now)
    if at is None:
        if now - lead.reached["sql"] > timedelta(days=45) and draw.random() < 0.96:
            lead.outcome, lead.reason = "nurturing", draw.choice(("no_need", "no_budget"))
        return
    base = (38_000, 68_000, 130_000, 240_000, 420_000, 760_000)[size]
    lead.amount = Decimal(round(base * math.exp(draw.gauss(0, 0.45)) / 1000) * 1000)
    trial = _step(draw, lead, "poc", at, 0.62, 14, now)
    won = _step(
        draw,
        lead,
        "won",
        trial or at,
        (0.46 if trial else 0.26) * min(1.5, closing),
        24 if trial else 32,
        now,
    )
    if won is not None:
        _pay(draw, lead, won, now)
    elif now - (trial or at) > timedelta(days=75) or draw.random() < 0.25:
        lead.outcome = "lost"
        lead.reason = draw.choices(
            ("price", "competitor", "no_budget", "no_decision", "product_gap", "poc_failed"),
            (20, 24, 18, 16, 12, 10),
        )[0]
        if lead.reason == "competitor":
            lead.competitor = draw.choice(words.COMPETITORS)


def _step(
    draw: Random, lead: SampleLead, stage: str, at: datetime, chance: float, median_days: float, now: datetime
) -> datetime | None:
    later = _after(draw, at, median_days)
    if draw.random() >= chance or later >= now:
        return None
    lead.reached[stage] = later
    return later


def _owner(draw: Random, region: str) -> str:
    local = [
        username for username, _, role, _, regions in words.STAFF if role == "sales" and region in regions
    ]
    everybody = [username for username, _, role, _, _ in words.STAFF if role == "sales"]
    return draw.choice(local or everybody)


def _notes(draw: Random, lead: SampleLead, at: datetime, now: datetime) -> None:
    for _ in range(draw.randint(1, 4)):
        kind, outcome, text = draw.choice(words.NOTES)
        if at < now:
            lead.notes.append((at, kind, outcome, text))
        at = _after(draw, at, 6)


def _pay(draw: Random, lead: SampleLead, won: datetime, now: datetime) -> None:
    """Contracts are paid in one to three instalments; what is not due yet is not paid yet."""
    if lead.amount is None:
        return
    shares = draw.choice(((1,), (5, 5), (3, 6, 1), (5, 4, 1)))
    at = won
    for share in shares:
        at = _after(draw, at, 24, 0.5)
        if at >= now:
            return
        lead.payments.append((at, (lead.amount * share / sum(shares)).quantize(Decimal("0.01"))))
