"""What each step says of what came in."""

import pytest

from huoju.qualify.cleaning.policy import (
    CODE_LABELS,
    CODES,
    DEFAULT_RULES,
    STEP_LABELS,
    Code,
    Mode,
    Rule,
    RuleSet,
    Step,
    StepResult,
    Submission,
    Verdict,
    clean_one,
)

MOBILE = "13987654320"
S, V, C = Step, Verdict, Code


def rules(*rows: Rule) -> RuleSet:
    return RuleSet(1, rows)


def remarks(submission: Submission, ruleset: RuleSet = DEFAULT_RULES) -> dict[Code, Verdict]:
    return {result.code: result.verdict for result in clean_one(submission, ruleset).remarks}


GOOD = Submission(
    name="张三丰",
    phone=MOBILE,
    email="zhang@huoju.cn",
    company="北京火炬科技有限公司",
    title="CTO",
    message="想了解产品价格",
)


def test_a_good_submission_passes_without_remark() -> None:
    cleaned = clean_one(GOOD, DEFAULT_RULES)
    assert (cleaned.verdict, cleaned.remarks, cleaned.passed) == (V.PASS, (), True)
    assert cleaned.candidate.phone is not None
    assert cleaned.candidate.phone.e164 == "+8613987654320"


@pytest.mark.parametrize(
    ("submission", "expected"),
    [
        # normalise
        (Submission(name="张三丰", phone=f"手机{MOBILE}（微信同号）"), {C.PHONE_MENDED: V.REPAIR}),
        (Submission(name="张三丰", phone=f"{MOBILE}/13712345670"), {C.PHONE_MENDED: V.REPAIR}),
        (Submission(name="张三丰", phone=f"+86 {MOBILE}"), {}),
        (Submission(name="张三丰", email="zhang＠huoju.cn"), {C.EMAIL_MENDED: V.REPAIR}),
        (Submission(name="张三丰", email=" Zhang@Huoju.cn "), {}),
        # test
        (Submission(name="测试", phone=MOBILE), {C.TEST_SUBMISSION: V.DROP}),
        (Submission(name="测试用户1", phone=MOBILE), {C.TEST_SUBMISSION: V.DROP}),
        (Submission(name="張測試", phone=MOBILE), {C.TEST_SUBMISSION: V.DROP}),
        (Submission(name="Test", phone=MOBILE), {C.TEST_SUBMISSION: V.DROP}),
        (Submission(name="test123", phone=MOBILE), {C.TEST_SUBMISSION: V.DROP}),
        (
            Submission(name="asdf", phone=MOBILE),
            {C.TEST_SUBMISSION: V.DROP, C.NAME_KEYBOARD_RUN: V.QUARANTINE},
        ),
        (Submission(name="123", phone=MOBILE), {C.TEST_SUBMISSION: V.DROP, C.NAME_DIGITS: V.QUARANTINE}),
        (Submission(name="张三丰", email="test01@huoju.cn"), {C.TEST_SUBMISSION: V.DROP}),
        (Submission(name="张三丰", email="zhang@example.com"), {C.TEST_SUBMISSION: V.DROP}),
        (Submission(name="张三丰", phone="13800138000"), {C.TEST_SUBMISSION: V.DROP}),
        (Submission(name="张三丰", phone=MOBILE, company="测试公司"), {C.TEST_COMPANY: V.QUARANTINE}),
        (Submission(name="Testa Rossa", phone=MOBILE), {}),
        (Submission(name="张三丰", email="contest@huoju.cn"), {}),
        # phone
        (
            Submission(name="张三丰", phone="无"),
            {C.PHONE_NOT_A_NUMBER: V.QUARANTINE, C.NO_IDENTIFIER: V.QUARANTINE},
        ),
        (
            Submission(name="张三丰", phone="139876543"),
            {C.PHONE_WRONG_LENGTH: V.QUARANTINE, C.NO_IDENTIFIER: V.QUARANTINE},
        ),
        (Submission(name="张三丰", phone="139876543", email="z@huoju.cn"), {C.PHONE_WRONG_LENGTH: V.REPAIR}),
        (
            Submission(name="张三丰", phone="12987654320", email="z@huoju.cn"),
            {C.PHONE_IMPOSSIBLE_PREFIX: V.REPAIR},
        ),
        (Submission(name="张三丰", phone="1.39E+10", email="z@huoju.cn"), {C.PHONE_LOST_DIGITS: V.REPAIR}),
        (Submission(name="张三丰", phone="13888888888"), {C.PHONE_REPEATED_DIGITS: V.QUARANTINE}),
        (Submission(name="张三丰", phone="13333333331"), {C.PHONE_REPEATED_DIGITS: V.QUARANTINE}),
        (Submission(name="张三丰", phone="13131313131"), {C.PHONE_REPEATED_DIGITS: V.QUARANTINE}),
        (
            Submission(name="张三丰", phone="13888888888", email="z@huoju.cn"),
            {C.PHONE_REPEATED_DIGITS: V.REPAIR},
        ),
        (Submission(name="张三丰", phone="13812345678"), {C.PHONE_SEQUENTIAL_DIGITS: V.QUARANTINE}),
        (Submission(name="张三丰", phone="13987654321"), {C.PHONE_SEQUENTIAL_DIGITS: V.QUARANTINE}),
        (Submission(name="张三丰", phone="15023456789"), {C.PHONE_SEQUENTIAL_DIGITS: V.QUARANTINE}),
        (Submission(name="张三丰", phone="13888886666"), {}),
        (Submission(name="张三丰", phone="010-88888888"), {}),
        # email
        (
            Submission(name="张三丰", email="zhang"),
            {C.EMAIL_INVALID: V.QUARANTINE, C.NO_IDENTIFIER: V.QUARANTINE},
        ),
        (Submission(name="张三丰", email="zhang", phone=MOBILE), {C.EMAIL_INVALID: V.REPAIR}),
        (Submission(name="张三丰", email="z@mailinator.com"), {C.EMAIL_DISPOSABLE: V.QUARANTINE}),
        (Submission(name="张三丰", email="z@mailinator.com", phone=MOBILE), {C.EMAIL_DISPOSABLE: V.REPAIR}),
        (
            Submission(name="张三丰", email="z@mailinator.com", phone="13888888888"),
            {C.EMAIL_DISPOSABLE: V.QUARANTINE, C.PHONE_REPEATED_DIGITS: V.QUARANTINE},
        ),
        (Submission(name="张三丰", email="info@huoju.cn"), {C.EMAIL_ROLE: V.REPAIR}),
        (Submission(name="张三丰", email="zhang@qq.com"), {}),
        # name
        (Submission(name="😀😀", phone=MOBILE), {C.NAME_UNREADABLE: V.REPAIR}),
        (Submission(name="哈哈哈", phone=MOBILE), {C.NAME_REPEATED: V.QUARANTINE}),
        (Submission(name="圆圆", phone=MOBILE), {}),
        (Submission(name="sdfgh", phone=MOBILE), {C.NAME_KEYBOARD_RUN: V.QUARANTINE}),
        (Submission(name="Qwerty", phone=MOBILE), {C.NAME_KEYBOARD_RUN: V.QUARANTINE}),
        (Submission(name="asdfgh jkl", phone=MOBILE), {C.NAME_KEYBOARD_RUN: V.QUARANTINE}),
        (Submission(name="bcdfg", phone=MOBILE), {C.NAME_KEYBOARD_RUN: V.QUARANTINE}),
        (Submission(name="54321", phone=MOBILE), {C.NAME_DIGITS: V.QUARANTINE}),
        (Submission(name="https://spam.ru", phone=MOBILE), {C.NAME_URL: V.DROP}),
        (Submission(name="Visit spam.com now", phone=MOBILE), {C.NAME_URL: V.DROP}),
        (Submission(name="加微信领红包", phone=MOBILE), {C.NAME_SPAM: V.QUARANTINE}),
        (Submission(name="Best casino", phone=MOBILE), {C.NAME_SPAM: V.QUARANTINE}),
        (Submission(name="Albert Schweitzer", phone=MOBILE), {}),
        (Submission(name="Krzysztof Brzęczyszczykiewicz", phone=MOBILE), {}),
        (Submission(name="Ng", phone=MOBILE), {}),
        (Submission(name="买买提·艾力", phone=MOBILE), {}),
        (Submission(name="O'Brien", phone=MOBILE), {}),
        (Submission(phone=MOBILE), {}),
        # message
        (Submission(name="张三丰", phone=MOBILE, message="代开发票，加微信"), {C.MESSAGE_SPAM: V.QUARANTINE}),
        (
            Submission(name="张三丰", phone=MOBILE, message="http://a http://b http://c"),
            {C.MESSAGE_LINKS: V.QUARANTINE},
        ),
        (Submission(name="张三丰", phone=MOBILE, message="see https://huoju.cn/a"), {}),
        # reachable
        (Submission(name="张三丰"), {C.NO_IDENTIFIER: V.QUARANTINE}),
        (Submission(), {C.NO_IDENTIFIER: V.QUARANTINE}),
        (Submission(external_ids=(("crm", "1"),)), {}),
    ],
)
def test_the_verdicts_of_the_default_rules(submission: Submission, expected: dict[Code, Verdict]) -> None:
    assert remarks(submission) == expected


COMPETITORS = rules(
    Rule(
        S.COMPETITORS,
        {
            "domains": ("rival.cn",),
            "companies": ("北京对手科技有限公司",),
            "staff_domains": ("@huoju.com",),
            "staff_companies": ("火炬数据",),
        },
    )
)
BLACKLIST = rules(
    Rule(
        S.BLACKLIST,
        {
            "names": ("王 五",),
            "phones": ("139 8765 4320",),
            "emails": ("J.Doe@gmail.com",),
            "domains": ("bad.cn",),
            "companies": ("坏公司科技有限公司",),
            "ips": ("10.1.0.0/16", "2001:db8::/32", "1.2.3.4"),
        },
    )
)
MARKET = rules(Rule(S.MARKET, {"countries": ("CN", "hk")}))


@pytest.mark.parametrize(
    ("ruleset", "submission", "expected"),
    [
        (COMPETITORS, Submission(name="张三丰", email="z@rival.cn"), {C.COMPETITOR: V.QUARANTINE}),
        (COMPETITORS, Submission(name="张三丰", email="z@mail.rival.cn"), {C.COMPETITOR: V.QUARANTINE}),
        (
            COMPETITORS,
            Submission(name="张三丰", phone=MOBILE, company="北京對手科技"),
            {C.COMPETITOR: V.QUARANTINE},
        ),
        (COMPETITORS, Submission(name="张三丰", email="z@huoju.com"), {C.OWN_STAFF: V.DROP}),
        (
            COMPETITORS,
            Submission(name="张三丰", phone=MOBILE, company="火炬数据有限公司"),
            {C.OWN_STAFF: V.DROP},
        ),
        (COMPETITORS, GOOD, {}),
        (BLACKLIST, Submission(name="王五", email="z@huoju.cn"), {C.BLACKLISTED_PERSON: V.DROP}),
        (BLACKLIST, Submission(name="张三丰", phone=MOBILE), {C.BLACKLISTED_PHONE: V.DROP}),
        (
            BLACKLIST,
            Submission(name="张三丰", phone=f"13712340987/{MOBILE}"),
            {C.PHONE_MENDED: V.REPAIR, C.BLACKLISTED_PHONE: V.DROP},
        ),
        (BLACKLIST, Submission(name="张三丰", email="jdoe+x@googlemail.com"), {C.BLACKLISTED_EMAIL: V.DROP}),
        (BLACKLIST, Submission(name="张三丰", email="z@mail.bad.cn"), {C.BLACKLISTED_DOMAIN: V.DROP}),
        (
            BLACKLIST,
            Submission(name="张三丰", email="z@huoju.cn", company="坏公司科技"),
            {C.BLACKLISTED_COMPANY: V.DROP},
        ),
        (BLACKLIST, Submission(name="张三丰", email="z@huoju.cn", ip="10.1.2.3"), {C.BLACKLISTED_IP: V.DROP}),
        (
            BLACKLIST,
            Submission(name="张三丰", email="z@huoju.cn", ip="2001:db8::1"),
            {C.BLACKLISTED_IP: V.DROP},
        ),
        (BLACKLIST, Submission(name="张三丰", email="z@huoju.cn", ip="10.2.0.1"), {}),
        (BLACKLIST, Submission(name="张三丰", email="z@huoju.cn", ip="?"), {}),
        (MARKET, Submission(name="John Smith", phone="+1 415 555 2671"), {C.OUT_OF_MARKET: V.QUARANTINE}),
        (
            MARKET,
            Submission(name="张三丰", email="z@huoju.cn", country="Japan"),
            {C.OUT_OF_MARKET: V.QUARANTINE},
        ),
        (MARKET, Submission(name="张三丰", phone="+852 9123 8456"), {}),
        (MARKET, Submission(name="张三丰", email="z@huoju.cn"), {}),
        (
            rules(Rule(S.MARKET, {"other_countries": ("US",)})),
            Submission(name="John Smith", email="j@huoju.cn", country="U.S.A."),
            {C.OUT_OF_MARKET: V.QUARANTINE},
        ),
        (
            rules(Rule(S.TEST, {"words": ("火炬内测",)})),
            Submission(name="火炬内测", phone=MOBILE),
            {C.TEST_SUBMISSION: V.DROP},
        ),
        (rules(Rule(S.TEST, {"phones": (MOBILE,)})), GOOD, {C.TEST_SUBMISSION: V.DROP}),
        (
            rules(Rule(S.EMAIL, {"disposable_domains": ("huoju.cn",)})),
            Submission(name="张三丰", email="z@huoju.cn"),
            {C.EMAIL_DISPOSABLE: V.QUARANTINE},
        ),
        (
            rules(Rule(S.EMAIL, {"trusted_domains": ("mailinator.com",)})),
            Submission(name="张三丰", email="z@mailinator.com"),
            {},
        ),
        (
            rules(Rule(S.MESSAGE, {"spam_words": ("招商加盟",)})),
            Submission(name="张三丰", phone=MOBILE, message="招商加盟请联系"),
            {C.MESSAGE_SPAM: V.QUARANTINE},
        ),
    ],
)
def test_the_verdicts_of_rule_rows(
    ruleset: RuleSet, submission: Submission, expected: dict[Code, Verdict]
) -> None:
    assert remarks(submission, ruleset) == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (Rule(S.TEST, enabled=False), {}),
        (Rule(S.TEST, verdict=V.QUARANTINE), {C.TEST_SUBMISSION: V.QUARANTINE}),
        (Rule(S.TEST, code=C.TEST_SUBMISSION, verdict=V.REPAIR), {C.TEST_SUBMISSION: V.REPAIR}),
        (Rule(S.TEST, code=C.TEST_SUBMISSION, enabled=False), {}),
        (Rule(S.TEST, code=C.TEST_COMPANY, enabled=False), {C.TEST_SUBMISSION: V.DROP}),
    ],
)
def test_a_rule_changes_or_switches_off_a_verdict(row: Rule, expected: dict[Code, Verdict]) -> None:
    assert remarks(Submission(name="测试", phone=MOBILE), rules(row)) == expected


def test_a_verdict_that_a_rule_sets_is_not_softened() -> None:
    submission = Submission(name="张三丰", phone="13888888888", email="z@huoju.cn")
    strict = rules(Rule(S.PHONE, code=C.PHONE_REPEATED_DIGITS, verdict=V.DROP))
    assert remarks(submission, strict) == {C.PHONE_REPEATED_DIGITS: V.DROP}


def test_a_made_up_number_is_left_out_of_a_candidate_that_goes_on() -> None:
    submission = Submission(name="张三丰", phone="13888888888", email="z@huoju.cn")
    assert clean_one(submission, DEFAULT_RULES).candidate.phone is None
    # History is recorded as it was.
    kept = clean_one(submission, DEFAULT_RULES, mode=Mode.RECORD).candidate.phone
    assert kept is not None
    assert kept.e164 == "+8613888888888"


def test_the_first_that_blocks_decides_and_all_remarks_are_kept() -> None:
    cleaned = clean_one(Submission(name="asdf", phone="13888888888", email="info@huoju.cn"), DEFAULT_RULES)
    assert cleaned.verdict is V.DROP
    assert cleaned.decided_by == StepResult(S.TEST, V.DROP, C.TEST_SUBMISSION, "name", "asdf")
    assert [result.code for result in cleaned.remarks] == [
        C.TEST_SUBMISSION,
        C.PHONE_REPEATED_DIGITS,
        C.EMAIL_ROLE,
        C.NAME_KEYBOARD_RUN,
    ]


def test_every_code_and_step_is_described() -> None:
    assert set(CODES) == set(CODE_LABELS) == set(Code)
    assert set(STEP_LABELS) == set(Step)
    assert {info.step for info in CODES.values()} == set(Step)
