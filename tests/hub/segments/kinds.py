"""Kinds of facts, traits and random definitions for these tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from huoju.core.facts.kinds import fact
from huoju.hub.segments.policy.definition import Op
from huoju.hub.segments.policy.vocabulary import ValueType
from huoju.hub.segments.registry import Activity, PayloadField, register_activities

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
OFFSET = timedelta(hours=8)


@fact("segment_test.visited")
class Visited:
    """Somebody visited a page."""

    page: str
    seconds: int | None = None
    form_id: int | None = None


@fact("segment_test.asked")
class Asked:
    """Somebody asked for something."""

    topic: str = ""


ACTIVITIES = (
    Activity(
        payload=Visited,
        label="Visited",
        fields=(
            PayloadField(name="page", label="Page"),
            PayloadField(name="seconds", label="Seconds", type=ValueType.NUMBER),
            PayloadField(name="form_id", label="Form", type=ValueType.CHOICE, whole=True),
        ),
    ),
    Activity(payload=Asked, label="Asked", fields=(PayloadField(name="topic", label="Topic"),)),
)
register_activities(*ACTIVITIES)

DAYS = st.sampled_from([1, 3, 7, 30])
TEXTS = st.sampled_from(["", "a", "B", "ab", "价格"])
NAMES = st.sampled_from(["a", "B", "ab", "价格"])
TRADES = st.sampled_from(["internet", "retail"])
SOME = st.lists(NAMES, min_size=1, max_size=2)
NUMBERS = st.sampled_from([0, 5, 10])
RELATIVE = st.sampled_from([Op.WITHIN_LAST, Op.LONGER_AGO, Op.WITHIN_NEXT])


def _comparison(field: str, op: Op, value: Any) -> dict[str, Any]:
    test: dict[str, Any] = {"field": field, "op": op.value}
    return test if value is None else {**test, "value": value}


TESTS = st.one_of(
    st.builds(_comparison, st.just("page"), st.sampled_from([Op.IS, Op.IS_NOT, Op.CONTAINS, Op.STARTS_WITH]), NAMES),
    st.builds(_comparison, st.just("page"), st.sampled_from([Op.ONE_OF, Op.NONE_OF]), SOME),
    st.builds(_comparison, st.just("page"), st.sampled_from([Op.IS_SET, Op.IS_EMPTY]), st.none()),
    st.builds(_comparison, st.just("seconds"), st.sampled_from([Op.AT_LEAST, Op.AT_MOST, Op.IS]), NUMBERS),
    st.builds(_comparison, st.just("form_id"), st.just(Op.ONE_OF), st.just(["1", "2"])),
)  # fmt: skip


@st.composite
def facts_condition(draw: st.DrawFn) -> dict[str, Any]:
    """A count of facts in some window."""
    made: dict[str, Any] = {
        "type": "fact",
        "fact": draw(st.sampled_from(["segment_test.visited", "segment_test.asked"])),
    }
    if made["fact"].endswith("visited"):
        made["where"] = draw(st.lists(TESTS, max_size=2))
    made |= draw(
        st.sampled_from([{}, {"at_least": 2}, {"at_least": 0, "at_most": 0}, {"at_least": 1, "at_most": 2}])
    )
    if draw(st.booleans()):
        made["days"] = draw(DAYS)
    elif draw(st.booleans()):
        made |= {"since": "2026-11-10", "until": draw(st.sampled_from(["2026-11-18", "2026-11-21"]))}
    return made


@st.composite
def sequence_condition(draw: st.DrawFn) -> dict[str, Any]:
    """Two or three steps."""
    kinds = st.sampled_from(["segment_test.visited", "segment_test.asked"])
    steps = draw(st.lists(st.builds(lambda kind: {"fact": kind}, kinds), min_size=2, max_size=3))
    for step in steps[1:]:
        if draw(st.booleans()):
            step["within_days"] = draw(DAYS)
    made: dict[str, Any] = {"type": "sequence", "steps": steps}
    if draw(st.booleans()):
        made["days"] = draw(DAYS)
    return made


def _trait(trait: str, op: Op, value: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "trait", "trait": trait, "op": op.value}
    return made if value is None else {**made, "value": value}


MOMENTS = st.sampled_from(["2026-11-15", "2026-11-20T04:00:00+00:00"])
TRAITS = st.one_of(
    st.builds(_trait, st.just("person.title"), st.sampled_from([Op.IS, Op.IS_NOT, Op.CONTAINS]), NAMES),
    st.builds(_trait, st.just("person.title"), st.sampled_from([Op.IS_SET, Op.IS_EMPTY]), st.none()),
    st.builds(_trait, st.just("person.country"), st.sampled_from([Op.ONE_OF, Op.NONE_OF]), st.just(["CN", "SG"])),
    st.builds(_trait, st.just("person.has_email"), st.just(Op.IS), st.booleans()),
    st.builds(_trait, st.just("person.created_at"), RELATIVE, DAYS),
    st.builds(_trait, st.just("person.created_at"), st.sampled_from([Op.BEFORE, Op.AFTER]), MOMENTS),
    st.builds(_trait, st.just("person.created_at"), st.just(Op.BETWEEN), st.just(["2026-11-15", "2026-11-20"])),
    st.builds(_trait, st.just("company.industry"), st.sampled_from([Op.IS, Op.IS_NOT]), TRADES),
    st.builds(_trait, st.just("lead.stage"), st.sampled_from([Op.IS, Op.IS_NOT]), st.sampled_from(["lead", "mql"])),
    st.builds(_trait, st.just("lead.score"), st.sampled_from([Op.AT_LEAST, Op.AT_MOST]), st.sampled_from([10, 50])),
    st.builds(_trait, st.just("payments.total"), st.sampled_from([Op.IS, Op.IS_NOT, Op.AT_LEAST, Op.AT_MOST]), NUMBERS),
    st.builds(_trait, st.just("payments.count"), st.sampled_from([Op.IS, Op.AT_LEAST, Op.AT_MOST]), st.just(2)),
    st.builds(_trait, st.just("payments.first_at"), RELATIVE, DAYS),
    st.builds(_trait, st.just("payments.first_at"), st.sampled_from([Op.IS_SET, Op.IS_EMPTY]), st.none()),
    st.builds(_trait, st.just("company_payments.total"), st.sampled_from([Op.AT_LEAST, Op.AT_MOST]), NUMBERS),
    st.builds(_trait, st.just("company_payments.first_at"), RELATIVE, DAYS),
    st.builds(_trait, st.just("news_email.yes"), st.just(Op.IS), st.booleans()),
    st.builds(_trait, st.just("news_email.answered_at"), RELATIVE, DAYS),
)  # fmt: skip
LEAVES = st.one_of(
    TRAITS,
    facts_condition(),
    sequence_condition(),
    st.just({"type": "tag", "tag": 1}),
    st.just({"type": "list", "list": 1}),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda of: {"type": "all", "of": of}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda of: {"type": "any", "of": of}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda of: {"type": "not", "of": of}, inner),
    ),
    max_leaves=5,
)
"""Definitions without their envelope."""

_SEEN, _ASKED = {"fact": "segment_test.visited"}, {"fact": "segment_test.asked"}
EVERY_LEAF: tuple[dict[str, Any], ...] = (
    {
        "type": "any",
        "of": [
            _trait("person.title", Op.CONTAINS, "a"),
            _trait("person.created_at", Op.WITHIN_LAST, 7),
            _trait("company.industry", Op.IS, "internet"),
        ],
    },
    {
        "type": "all",
        "of": [
            {"type": "fact", **_SEEN, "at_least": 2, "days": 30},
            {
                "type": "not",
                "of": {"type": "any", "of": [{"type": "tag", "tag": 1}, {"type": "list", "list": 1}]},
            },
        ],
    },
    {"type": "sequence", "steps": [_SEEN, {**_ASKED, "within_days": 30}]},
    {
        "type": "any",
        "of": [
            {
                "type": "all",
                "of": [_trait("payments.total", Op.AT_LEAST, 5), _trait("payments.count", Op.AT_MOST, 2)],
            },
            _trait("company_payments.total", Op.AT_LEAST, 5),
            _trait("news_email.yes", Op.IS, True),
        ],
    },
)
"""Few definitions that need every part of the compiler."""
