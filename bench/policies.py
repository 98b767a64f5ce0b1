"""Decisions without a database: cleaning, scoring and routing, in CPU time of one core."""

import contextlib
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import email_validator
import phonenumbers

from huoju.convert.routing.policy import Rep, RoutingRule, RoutingRules, RoutingState, ToRoute, route_batch
from huoju.core.conditions import Condition, Op
from huoju.qualify.cleaning.policy import DEFAULT_RULES as CLEANING
from huoju.qualify.cleaning.policy import Submission, run_batch
from huoju.qualify.leads.policy import Profile
from huoju.qualify.scoring.policy import DEFAULT_RULES as SCORING
from huoju.qualify.scoring.policy import Activity, score

from .harness import Figure, benchmark

ROWS = 50_000
NOW = datetime(2026, 6, 1, tzinfo=UTC)

FAMILIES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "伟芳娜敏静秀丽强磊军洋勇艳杰涛明超兰霞平刚桂英华文建国"
CITIES = ("北京", "上海", "深圳市", "杭州", "广东省广州市", "成都", "武汉", "苏州")
TRADES = ("科技", "信息技术", "数据", "网络科技", "智能制造", "贸易")
TITLES = ("CTO", "技术总监", "数据分析师", "IT经理", "总经理", "工程师", "市场经理", "采购")
SIZES = ("20-99", "100-499人", "约300人", "1000人以上", "5000+")
INDUSTRIES = ("互联网", "金融", "制造业", "软件和信息技术服务业", "医疗")
MAIL = ("qq.com", "163.com", "126.com", "gmail.com")


def _rate(work: Callable[[], object], count: int) -> float:
    """`count` divided by the CPU seconds of `work`."""
    started = time.process_time()
    work()
    return count / (time.process_time() - started)


def submissions(count: int, seed: int = 1) -> list[Submission]:
    """Rows as a Chinese company's file has them: one in ten has a landline, a note in a cell, or nonsense."""
    dice = random.Random(seed)
    firms = [
        f"{dice.choice(CITIES)}{dice.choice(GIVEN)}{dice.choice(GIVEN)}{dice.choice(TRADES)}有限公司"
        for _ in range(count // 5)
    ]
    rows = []
    for number in range(count):
        phone = f"1{dice.choice(('39', '38', '86', '77', '51'))}{dice.randrange(10**8):08d}"
        if number % 10 == 0:
            phone = dice.choice((f"010-8{dice.randrange(10**7):07d}", f"手机：{phone}（微信同号）", "12345"))
        domain = dice.choice((*MAIL, f"firm{dice.randrange(count // 5)}.cn"))
        rows.append(
            Submission(
                name=dice.choice(FAMILIES) + dice.choice(GIVEN) + dice.choice(("", *GIVEN)),
                phone=phone,
                email=f"u{number}.{dice.randrange(1000)}@{domain}",
                company=dice.choice(firms),
                title=dice.choice(TITLES),
                company_size=dice.choice(SIZES),
                industry=dice.choice(INDUSTRIES),
                region=dice.choice(CITIES),
                message=dice.choice(("", "", "想了解一下产品的价格和试用", "请尽快联系我，谢谢")),
                source="sem",
                key=f"k{number}",
            )
        )
    return rows


@benchmark("clean")
def clean() -> None:
    """Normalise and clean; the reference is what the two libraries alone take for the number and the address."""
    rows = submissions(ROWS)
    sample = rows[: ROWS // 10]
    run_batch(sample, CLEANING)  # load the tables

    def libraries() -> None:
        for row in sample:
            with contextlib.suppress(phonenumbers.NumberParseException):
                phonenumbers.is_valid_number(phonenumbers.parse(row.phone, "CN"))
            email_validator.validate_email(row.email, check_deliverability=False)

    Figure(
        "clean",
        _rate(lambda: run_batch(rows, CLEANING), len(rows)),
        "rows/s",
        _rate(libraries, len(sample)),
        "normalise and all steps, against phonenumbers and email-validator called for each row",
    ).emit()


@benchmark("score")
def score_leads() -> None:
    """A profile and three activities; the reference is the limit that we set ourselves, 25 µs each."""
    profile = Profile(
        has_name=True,
        has_mobile=True,
        email_class="work",
        company_usable=True,
        title="CTO",
        function="it",
        seniority="c_level",
        company_size="100-499",
        employees=100,
        industry="internet",
        region="44",
        source="sem",
    )
    done = [
        Activity("form.submitted", NOW - timedelta(days=3)),
        Activity("page.viewed", NOW - timedelta(days=2)),
        Activity("demo.requested", NOW - timedelta(days=40)),
    ]

    def work() -> None:
        for _ in range(ROWS):
            score(profile, done, SCORING, NOW)

    Figure(
        "score", _rate(work, ROWS), "leads/s", 40_000.0, "explained scores; the limit is 25 µs each"
    ).emit()


@benchmark("route")
def route() -> None:
    """Twelve rules and forty people; the reference is the rate of a tenth of the leads, so 1 means linear."""
    dice = random.Random(2)
    provinces = ("11", "31", "44", "33", "32", "51", "42", "61", "37", "41")
    rules = RoutingRules(
        1,
        (
            *(
                RoutingRule(
                    code, code, (Condition("region", Op.IS, code),), reps=tuple(range(at * 4, at * 4 + 4))
                )
                for at, code in enumerate(provinces)
            ),
            RoutingRule("rest", "rest", reps=tuple(range(40))),
        ),
    )
    reps = [Rep(number, weight=1 + number % 3, capacity=10**6) for number in range(40)]
    leads = [ToRoute(number, Profile(region=dice.choice((*provinces, "")))) for number in range(2 * ROWS)]
    few = leads[: len(leads) // 10]
    slow = _rate(lambda: route_batch(few, rules, reps, RoutingState()), len(few))
    fast = _rate(lambda: route_batch(leads, rules, reps, RoutingState()), len(leads))
    Figure("route", fast, "leads/s", slow, "explained decisions, against a tenth of the leads").emit()
