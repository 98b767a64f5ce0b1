"""Whole batches, normal forms, rule rows and back-tests."""

from datetime import UTC, datetime
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoju.qualify.cleaning.policy import (
    DEFAULT_RULES,
    Backtest,
    Code,
    CodeCount,
    HistoricLead,
    Mode,
    Rule,
    RuleSet,
    Step,
    Submission,
    Verdict,
    backtest,
    normalise,
    rules_as_json,
    rules_from_json,
    run_batch,
    submission_as_json,
    submission_from_json,
    validate,
)

V, C = Verdict, Code
A, B = "13987654320", "13987654302"


def verdicts(rows: list[Submission], **options: object) -> list[tuple[Verdict, int | None]]:
    report = run_batch(rows, DEFAULT_RULES, **options)  # type: ignore[arg-type]
    return [(cleaned.verdict, cleaned.joins) for cleaned in report.cleaned]


def test_normal_form() -> None:
    candidate = normalise(
        Submission(
            name="王总",
            phone="（010） 8888 6666 转 8001",
            email="Wang@Huoju.CN",
            company="深圳市火炬科技有限公司",
            title="总经理",
            company_size="约300人",
            industry="软件",
            message=" 你好\u200b \r\n 请联系 ",
        )
    )
    assert candidate.name is not None
    assert (candidate.name.family, candidate.name.honorific) == ("王", "总")
    assert candidate.phone is not None
    assert (candidate.phone.e164, candidate.phone.extension) == ("+861088886666", "8001")
    assert candidate.email is not None
    assert candidate.email.address == "wang@huoju.cn"
    assert candidate.company is not None
    assert candidate.company.key == "深圳火炬科技"
    assert (candidate.company_size, candidate.employees, candidate.industry) == ("100-499", 100, "software")
    assert candidate.region is not None
    assert candidate.region.code == "4403"  # the company's name says so
    assert (candidate.country, candidate.language, candidate.message) == ("CN", "zh-hans", "你好\n请联系")


@pytest.mark.parametrize(
    ("submission", "country", "language"),
    [
        (Submission(), "", ""),
        (Submission(country="US", phone="415 555 2671", name="John Smith"), "US", "en"),
        (Submission(phone="+852 9123 4567"), "HK", ""),
        (Submission(region="Hong Kong"), "HK", ""),
        (Submission(region="深圳", name="张三"), "CN", "zh-hans"),
        (Submission(country="EL", language="el"), "GR", "el"),
    ],
)
def test_country_and_language_are_given_or_likely(
    submission: Submission, country: str, language: str
) -> None:
    candidate = normalise(submission)
    assert (candidate.country, candidate.language) == (country, language)


def test_an_equal_row_is_its_persons_repeat() -> None:
    row = Submission(name="张三丰", phone=A, message="价格")
    assert verdicts([row, row, Submission(name="张三丰", phone=A, message="试用")]) == [
        (V.PASS, None),
        (V.REPAIR, 0),
        (V.REPAIR, 0),
    ]


def test_an_equal_row_that_tells_no_person_is_dropped() -> None:
    row = Submission(name="张三丰", company="深圳火炬科技有限公司")
    other = Submission(name="李四光", company="深圳火炬科技有限公司")
    assert [verdict for verdict, _ in verdicts([row, row, other, row])] == [
        *(V.QUARANTINE, V.DROP),
        *(V.QUARANTINE, V.DROP),
    ]


def test_a_key_that_came_before_is_a_replay() -> None:
    rows = [Submission(name="张三丰", phone=A, key="k1"), Submission(name="李四光", phone=B, key="k2")]
    assert verdicts(rows, known_keys={"k2"}) == [(V.PASS, None), (V.DROP, None)]
    twice = [Submission(name="张三丰", phone=A, key="k"), Submission(name="李四光", phone=B, key="k")]
    assert [verdict for verdict, _ in verdicts(twice)] == [V.PASS, V.DROP]


def test_rows_with_ids_of_their_own_are_no_replays() -> None:
    rows = [Submission(external_ids=(("crm", str(n)),)) for n in range(3)]
    assert verdicts(rows) == [(V.PASS, None)] * 3


def test_a_person_twice_joins_the_first_row() -> None:
    rows = [
        Submission(name="张三丰", phone=A, email="zhang@huoju.cn"),
        Submission(name="张三丰", phone=A),
        Submission(name="Zhang", email="ZHANG@huoju.cn"),
        Submission(name="李四光", phone=B, email="sales@huoju.cn"),
        Submission(name="赵六", phone="13512349876", email="sales@huoju.cn"),  # a shared box joins nobody
    ]
    assert [joins for _, joins in verdicts(rows)] == [None, 0, 0, None, None]


def test_nobody_joins_a_row_that_was_held_back() -> None:
    rows = [Submission(name="测试", phone=A), Submission(name="张三丰", phone=A)]
    assert verdicts(rows) == [(V.DROP, None), (V.REPAIR, None)]


def test_a_made_up_number_makes_no_duplicates() -> None:
    rows = [
        Submission(name="张三丰", phone="13888888888", email="a@huoju.cn"),
        Submission(name="李四光", phone="13888888888", email="b@huoju.cn"),
    ]
    assert [joins for _, joins in verdicts(rows)] == [None, None]


def test_recording_blocks_nothing() -> None:
    rows = [Submission(name="测试", phone="13888888888"), Submission(), Submission()]
    report = run_batch(rows, DEFAULT_RULES, mode=Mode.RECORD)
    assert [cleaned.passed for cleaned in report.cleaned] == [True, True, True]
    assert [result.code for result in report.cleaned[0].remarks] == [
        C.TEST_SUBMISSION,
        C.PHONE_REPEATED_DIGITS,
    ]
    assert report.count(V.REPAIR) == 3


def test_each_step_is_counted_and_timed() -> None:
    ticks = count()
    rows = [
        Submission(name="张三丰", phone=A),
        Submission(name="测试", phone=B),
        Submission(name="王五", email="info@huoju.cn"),
    ]
    report = run_batch(rows, DEFAULT_RULES, clock=lambda: float(next(ticks)))
    assert [stats.step for stats in report.steps] == list(Step)
    figures = {s.step: (s.passed, s.repaired, s.quarantined, s.dropped) for s in report.steps}
    assert figures[Step.TEST] == (2, 0, 0, 1)
    assert figures[Step.EMAIL] == (2, 1, 0, 0)
    assert figures[Step.PHONE] == (3, 0, 0, 0)
    assert {stats.seconds for stats in report.steps} == {1.0}
    assert (report.count(V.PASS), report.count(V.REPAIR), report.count(V.DROP)) == (1, 1, 1)
    assert report.version == 1


def test_a_step_that_is_off_does_not_appear() -> None:
    report = run_batch([Submission(name="测试", phone=A)], RuleSet(1, (Rule(Step.TEST, enabled=False),)))
    assert Step.TEST not in {stats.step for stats in report.steps}
    assert report.cleaned[0].verdict is V.PASS


def test_an_empty_batch() -> None:
    report = run_batch([], DEFAULT_RULES)
    assert report.cleaned == []
    assert {stats.passed for stats in report.steps} == {0}


FIELDS = st.text(max_size=40)
SUBMISSIONS = st.builds(
    Submission,
    name=FIELDS,
    phone=FIELDS | st.sampled_from([A, B, "13888888888"]),
    email=FIELDS | st.emails(),
    company=FIELDS,
    title=FIELDS,
    company_size=FIELDS,
    industry=FIELDS,
    region=FIELDS,
    country=FIELDS,
    message=FIELDS,
    ip=FIELDS,
    key=st.sampled_from(["", "", "k1", "k2"]),
    external_ids=st.sampled_from([(), (("crm", "1"),)]),
    submitted_at=st.none() | st.datetimes(timezones=st.just(UTC)),
)


@given(st.lists(SUBMISSIONS, max_size=6), st.sampled_from(Mode))
def test_any_input_gets_a_verdict_and_nothing_is_lost(rows: list[Submission], mode: Mode) -> None:
    report = run_batch(rows, DEFAULT_RULES, mode=mode)
    assert [cleaned.candidate.raw for cleaned in report.cleaned] == rows
    for cleaned in report.cleaned:
        assert cleaned.passed is (cleaned.decided_by is None)
        assert (cleaned.verdict is V.PASS) is (cleaned.remarks == ())
        assert mode is Mode.ENFORCE or cleaned.passed
        if cleaned.joins is not None and cleaned.passed:
            assert report.cleaned[cleaned.joins].passed
    for stats in report.steps:
        assert stats.passed + stats.repaired + stats.quarantined + stats.dropped == len(rows)


@given(SUBMISSIONS)
def test_a_submission_survives_its_row(submission: Submission) -> None:
    assert submission_from_json(submission_as_json(submission)) == submission


def test_a_malformed_row_of_a_submission_is_refused() -> None:
    with pytest.raises(ValueError, match="name must be text"):
        submission_from_json({"name": 1})
    with pytest.raises(ValueError, match="external_ids must be a list"):
        submission_from_json({"external_ids": "x"})
    assert submission_from_json({"unknown": 1}) == Submission()
    when = datetime(2026, 1, 1, tzinfo=UTC)
    assert submission_as_json(Submission(name="张", submitted_at=when)) == {
        "name": "张",
        "submitted_at": "2026-01-01T00:00:00+00:00",
    }


def test_rules_tried_on_history() -> None:
    history = [
        HistoricLead(1, Submission(name="张三丰", phone=A), won=True),
        HistoricLead(2, Submission(name="李四光", email="li@rival.cn"), won=True),
        HistoricLead(3, Submission(name="赵六", email="zhao@rival.cn")),
        HistoricLead(4, Submission(name="测试", phone=A)),
        HistoricLead(5, Submission(name="张三丰", phone=A)),
    ]
    rules = RuleSet(7, (Rule(Step.COMPETITORS, {"domains": ("rival.cn",)}),))
    assert backtest(rules, history) == Backtest(
        version=7,
        total=5,
        blocked=3,
        won=1,
        codes=(CodeCount(C.COMPETITOR, 2, 1), CodeCount(C.TEST_SUBMISSION, 1, 0)),
        leads=(2, 3, 4),
    )


SOUND = RuleSet(
    4,
    (
        Rule(Step.BLACKLIST, {"phones": ("139 8765 4320",), "ips": ("10.0.0.0/8",)}),
        Rule(Step.PHONE, code=C.PHONE_REPEATED_DIGITS, verdict=V.DROP),
        Rule(Step.NAME, enabled=False),
    ),
)


def test_rules_survive_their_row() -> None:
    assert rules_from_json(4, rules_as_json(SOUND)).rules == SOUND.rules
    assert validate(SOUND) == []
    assert validate(DEFAULT_RULES) == []


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        (
            Rule(Step.PHONE, code=C.NAME_URL),
            "Telephone numbers: “The name is a web address” is no reason of this step",
        ),
        (Rule(Step.NORMALISE, enabled=False), "Normalise: this step cannot be switched off"),
        (Rule(Step.TEST, verdict=V.PASS), "Test submissions: to let everything pass, switch the step off"),
        (Rule(Step.TEST, {"numbers": ("1",)}), "Test submissions: unknown parameter “numbers”"),
        (
            Rule(Step.TEST, {"words": ("abc",)}, code=C.TEST_COMPANY),
            "Test submissions: parameters belong to the step, not to “The company name is a test entry”",
        ),
        (
            Rule(Step.BLACKLIST, {"domains": ("not a domain",)}),
            "Blacklist: Mail domains: “not a domain” is no domain",
        ),
        (
            Rule(Step.BLACKLIST, {"phones": ("12",)}),
            "Blacklist: Telephone numbers: “12” is no telephone number",
        ),
        (Rule(Step.BLACKLIST, {"emails": ("a",)}), "Blacklist: E-mail addresses: “a” is no e-mail address"),
        (Rule(Step.BLACKLIST, {"companies": ("无",)}), "Blacklist: Companies: “无” is no company name"),
        (
            Rule(Step.BLACKLIST, {"ips": ("1.2.3",)}),
            "Blacklist: Network addresses: “1.2.3” is no network address",
        ),
        (Rule(Step.BLACKLIST, {"names": (" ",)}), "Blacklist: Names of persons: empty entry"),
        (
            Rule(Step.MARKET, {"countries": ("EL",)}),
            "Market: Countries of our market (empty: all): “EL” is no country code",
        ),
        (
            Rule(Step.NAME, {"spam_words": ("a",)}),
            "Names: Further words of advertising: “a” is too short: it would stand in ordinary text",
        ),
    ],
)
def test_rules_that_make_no_sense_are_named(rule: Rule, error: str) -> None:
    assert validate(RuleSet(1, (rule,))) == [error]


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"step": "nothing"},
        {"step": "test", "verdict": "maybe"},
        {"step": "test", "code": "maybe"},
        {"step": "test", "enabled": 1},
        {"step": "test", "params": []},
        {"step": "test", "params": {"words": "abc"}},
        {"step": "test", "params": {"words": [1]}},
    ],
)
def test_a_malformed_rule_is_refused(row: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        rules_from_json(1, [row])


def test_a_megabyte_in_every_field_is_no_trouble() -> None:
    nasty = [char * 1_000_000 for char in "a1(@,;/ 张.-"] + [
        "1391234567," * 100_000,
        "a@" * 500_000,
        "北京市" * 300_000,
    ]
    rows = [
        Submission(
            name=t,
            phone=t,
            email=t,
            company=t,
            title=t,
            company_size=t,
            industry=t,
            region=t,
            country=t,
            message=t,
        )
        for t in nasty
    ]
    report = run_batch(rows, DEFAULT_RULES)
    assert len(report.cleaned) == len(nasty)
    assert all(len(detail) <= 80 for c in report.cleaned for r in c.remarks if (detail := r.detail))
