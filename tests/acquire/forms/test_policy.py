"""Definitions, answers, tokens."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoju.acquire.forms.policy.answers import AnswerProblem, check, check_lead, contact_key, source_of
from huoju.acquire.forms.policy.definition import (
    Definition,
    DefinitionError,
    FieldKind,
    Problem,
    is_web_address,
    origin_of,
    parse,
)
from huoju.acquire.forms.policy.tokens import MAX_AGE, MIN_FILL, Token, TokenState, judge, seal, unseal

from .conftest import DEFINITION

MOBILE = {"kind": "mobile"}
NOW = datetime(2026, 3, 9, 2, 0, tzinfo=UTC)


# --- Definitions --------------------------------------------------------------------------------------------


def faults(raw: object) -> list[tuple[str, Problem]]:
    with pytest.raises(DefinitionError) as caught:
        parse(raw)
    return [(fault.where, fault.problem) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (None, [("", Problem.NOT_A_FORM)]),
        ([], [("", Problem.NOT_A_FORM)]),
        ({}, [("fields", Problem.NO_FIELDS)]),
        ({"fields": "x"}, [("fields", Problem.UNKNOWN_PART), ("fields", Problem.NO_FIELDS)]),
        ({"fields": [{"kind": "name"}]}, [("fields", Problem.NO_CONTACT)]),
        ({"fields": [MOBILE, MOBILE]}, [("fields.1.key", Problem.TWICE)]),
        ({"fields": [MOBILE, {"kind": "fax"}]}, [("fields.1.kind", Problem.UNKNOWN_KIND)]),
        (
            {"fields": [MOBILE, {"kind": "text", "key": "a b", "label": "x"}]},
            [("fields.1.key", Problem.BAD_KEY)],
        ),
        (
            {"fields": [MOBILE, {"kind": "text", "key": "email", "label": "x"}]},
            [("fields.1.key", Problem.BAD_KEY)],
        ),
        ({"fields": [MOBILE, {"kind": "text", "key": "a"}]}, [("fields.1.label", Problem.NO_LABEL)]),
        (
            {"fields": [MOBILE, {"kind": "select", "key": "a", "label": "x"}]},
            [("fields.1.options", Problem.NO_OPTIONS)],
        ),
        (
            {"fields": [{**MOBILE, "options": [{"value": "x"}]}]},
            [("fields.0.options", Problem.OPTIONS_NOT_ALLOWED)],
        ),
        (
            {
                "fields": [
                    MOBILE,
                    {"kind": "select", "key": "a", "label": "x", "options": [{"value": "1"}, {"value": "1"}]},
                ]
            },
            [("fields.1.options", Problem.TWICE)],
        ),
        ({"fields": [{**MOBILE, "label": "x" * 121}]}, [("fields.0.label", Problem.TOO_LONG)]),
        ({"fields": [{**MOBILE, "onclick": "x"}]}, [("fields.0.onclick", Problem.UNKNOWN_PART)]),
        ({"fields": [MOBILE], "script": "x"}, [("script", Problem.UNKNOWN_PART)]),
        (
            {"fields": [MOBILE], "consents": [{"purpose": "sell"}]},
            [("consents.0.purpose", Problem.UNKNOWN_PURPOSE)],
        ),
        (
            {"fields": [MOBILE], "consents": [{"purpose": "marketing"}]},
            [("consents.0.text", Problem.NO_CONSENT_TEXT)],
        ),
        ({"fields": [MOBILE], "redirect": "javascript:alert(1)"}, [("redirect", Problem.BAD_ADDRESS)]),
        ({"fields": [MOBILE] * 31}, [("fields", Problem.TOO_MANY), ("fields", Problem.NO_FIELDS)]),
    ],
)
def test_everything_wrong_with_a_definition_is_named(
    raw: object, expected: list[tuple[str, Problem]]
) -> None:
    assert faults(raw) == expected


def test_a_box_cannot_start_ticked() -> None:
    raw = {"fields": [MOBILE], "consents": [{"purpose": "marketing", "text": "x", "ticked": True}]}
    assert faults(raw) == [("consents.0.ticked", Problem.UNKNOWN_PART)]


def test_a_definition_survives_being_stored() -> None:
    definition = parse(DEFINITION)
    assert parse(definition.as_json()) == definition
    assert definition.fields[7].options[1].label.get("zh-hans") == "cdp"


_TEXTS = st.text(max_size=40) | st.fixed_dictionaries(
    {"zh": st.text(max_size=20), "en": st.text(max_size=20)}
)
_FIELDS = st.fixed_dictionaries(
    {"kind": st.sampled_from([kind.value for kind in FieldKind])},
    optional={
        "key": st.text(max_size=8) | st.sampled_from(["a", "b_1", "email"]),
        "required": st.booleans() | st.none(),
        "label": _TEXTS,
        "placeholder": _TEXTS,
        "options": st.lists(
            st.fixed_dictionaries({"value": st.text(max_size=5), "label": _TEXTS}), max_size=3
        ),
    },
)
_RAW = st.fixed_dictionaries(
    {"fields": st.lists(_FIELDS, max_size=5)},
    optional={
        "title": _TEXTS,
        "redirect": st.text(max_size=20) | st.just("https://example.com/thanks"),
        "consents": st.lists(
            st.fixed_dictionaries(
                {"purpose": st.sampled_from(["privacy", "marketing", "x"]), "text": _TEXTS}
            ),
            max_size=3,
        ),
    },
)
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(
    _RAW | _ANYTHING | st.fixed_dictionaries({"fields": _ANYTHING, "consents": _ANYTHING, "title": _ANYTHING})
)
def test_a_definition_is_read_or_refused_and_never_breaks(raw: Any) -> None:
    try:
        definition = parse(raw)
    except DefinitionError:
        return
    assert parse(definition.as_json()) == definition
    assert len({field.key for field in definition.fields}) == len(definition.fields)
    assert any(field.kind in {FieldKind.EMAIL, FieldKind.MOBILE} for field in definition.fields)


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://www.Example.com/", "https://www.example.com"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("https://*.example.com", "https://*.example.com"),
        ("example.com", None),
        ("https://a.com/path", None),
        ("https://a.com; script-src *", None),
        ("https://a.com\nX: y", None),
        ("*", None),
        ("", None),
    ],
)
def test_only_origins_reach_the_header(text: str, origin: str | None) -> None:
    assert origin_of(text) == origin


def test_web_addresses() -> None:
    assert is_web_address("https://example.com/a?b#c")
    assert not any(
        map(is_web_address, ["", "//a.com", "data:text/html,x", "https://", "https://a b.com", "http://[x"])
    )


# --- Answers ------------------------------------------------------------------------------------------------

FORM: Definition = parse(DEFINITION)


def answer(**posted: str) -> tuple[dict[str, str], dict[str, AnswerProblem]]:
    answers = check(FORM, {"name": "李娜", "mobile": "13812345678", **posted}, ["privacy"])
    return answers.data, answers.problems


@pytest.mark.parametrize(
    ("posted", "problems"),
    [
        ({}, {}),
        ({"name": "  "}, {"name": AnswerProblem.REQUIRED}),
        ({"name": "\u200b"}, {"name": AnswerProblem.REQUIRED}),
        ({"mobile": ""}, {"mobile": AnswerProblem.CONTACT_NEEDED}),
        ({"mobile": "", "email": "li@example.cn"}, {}),
        ({"mobile": "１３８－１２３４－５６７８"}, {}),
        ({"mobile": "+49 30 901820"}, {}),
        ({"mobile": "call me"}, {"mobile": AnswerProblem.NOT_A_PHONE}),
        ({"mobile": "138"}, {"mobile": AnswerProblem.NOT_A_PHONE}),
        ({"email": "nobody"}, {"email": AnswerProblem.NOT_AN_EMAIL}),
        ({"email": "x" * 2000}, {"email": AnswerProblem.TOO_LONG}),
        ({"message": "x" * 4001}, {"message": AnswerProblem.TOO_LONG}),
        ({"interest": "lake"}, {}),
        ({"interest": "boat"}, {"interest": AnswerProblem.NOT_A_CHOICE}),
        ({"company_size": "100-499", "region": "31"}, {}),
        ({"region": "Atlantis"}, {"region": AnswerProblem.NOT_A_CHOICE}),
    ],
)
def test_answers_are_checked(posted: dict[str, str], problems: dict[str, AnswerProblem]) -> None:
    assert answer(**posted)[1] == problems


def test_answers_are_tidied_and_only_asked_fields_are_kept() -> None:
    data, _problems = answer(
        name=" 李娜🎉\x00 ", message="a\r\nb\ud83d", call_me="on", nonsense="x", title="CEO"
    )
    assert data == {"name": "李娜🎉", "mobile": "13812345678", "message": "a\nb", "call_me": "yes"}


def test_a_required_consent_has_to_be_given_and_an_optional_one_is_recorded_as_declined() -> None:
    answers = check(FORM, {"name": "x", "email": "a@b.cn"}, ["marketing", "invented"])
    assert answers.problems == {"consent.privacy": AnswerProblem.REQUIRED}
    assert answers.consent == {"privacy": False, "marketing": True}


def test_a_program_may_send_its_own_fields_but_no_unknown_ones() -> None:
    answers = check_lead(
        {"mobile": "13812345678", "industry": "制造业", "fax": "1"}, {"quarter": "Q3", "email": "x", "": "y"}
    )
    assert answers.data == {"mobile": "13812345678", "industry": "制造业", "quarter": "Q3"}
    assert answers.problems == {
        "fax": AnswerProblem.UNKNOWN_FIELD,
        "fields.email": AnswerProblem.UNKNOWN_FIELD,
        "fields.": AnswerProblem.UNKNOWN_FIELD,
    }


@given(st.dictionaries(st.sampled_from([field.key for field in FORM.fields]), st.text()))
def test_whatever_is_typed_can_be_stored(posted: dict[str, str]) -> None:
    answers = check(FORM, posted, [])
    for value in answers.data.values():
        value.encode("utf-8")
        assert "\x00" not in value


def test_the_source_is_cut_and_blanks_are_left_out() -> None:
    assert source_of({"utm_source": " baidu\x00 ", "page": "x" * 3000, "utm_term": " ", "evil": "1"}) == {
        "utm_source": "baidu",
        "page": "x" * 500,
    }


def test_one_person_has_one_contact_key() -> None:
    keys = {
        contact_key({"mobile": text})
        for text in ("13812345678", "+86 138-1234-5678", "１３８ １２３４ ５６７８")
    }
    assert keys == {"+8613812345678"}
    assert contact_key({"email": "Li.Na@Example.CN"}) == "li.na@example.cn"
    assert contact_key({}) == ""


# --- Tokens -------------------------------------------------------------------------------------------------

KEY = b"k" * 32
TOKEN = Token(7, 3, NOW, "abc")


def test_a_token_is_read_back() -> None:
    assert unseal(seal(TOKEN, KEY), KEY) == TOKEN


@given(st.text(max_size=60))
def test_nothing_invented_is_taken_for_a_token(text: str) -> None:
    assert unseal(text, KEY) is None


@given(st.integers(0, 60), st.characters(categories=("L", "N")))
def test_a_token_with_one_character_changed_is_none_of_ours(index: int, character: str) -> None:
    sealed = seal(TOKEN, KEY)
    index %= len(sealed)
    changed = sealed[:index] + character + sealed[index + 1 :]
    assert changed == sealed or unseal(changed, KEY) is None
    assert unseal(sealed, b"other" * 6) is None


@pytest.mark.parametrize(
    ("age", "state"),
    [
        (timedelta(minutes=-2), TokenState.FORGED),
        (timedelta(seconds=-30), TokenState.TOO_FAST),
        (timedelta(0), TokenState.TOO_FAST),
        (MIN_FILL - timedelta(milliseconds=1), TokenState.TOO_FAST),
        (MIN_FILL, TokenState.FINE),
        (MAX_AGE, TokenState.FINE),
        (MAX_AGE + timedelta(seconds=1), TokenState.EXPIRED),
    ],
)
def test_a_token_is_judged_by_its_age(age: timedelta, state: TokenState) -> None:
    assert judge(TOKEN, form_id=7, now=NOW + age) == state


def test_a_token_belongs_to_one_form() -> None:
    assert judge(TOKEN, form_id=8, now=NOW + timedelta(minutes=1)) == TokenState.FORGED
    assert judge(None, form_id=7, now=NOW) == TokenState.FORGED
