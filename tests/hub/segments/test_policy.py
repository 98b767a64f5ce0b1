"""Definitions that nobody wrote well are refused with their place; the plain form says the same more simply."""

from datetime import UTC, timedelta
from typing import Any

import pytest

from huoju.hub.segments.policy.definition import Definition, schema
from huoju.hub.segments.policy.formula import CountLeaf, Literal, dependencies, normalise
from huoju.hub.segments.policy.parsing import DefinitionError, check, parse
from huoju.hub.segments.policy.predicates import meets
from huoju.hub.segments.policy.vocabulary import FactInfo, TraitInfo, ValueType, Vocabulary

TAGGED = {"type": "tag", "tag": 1}


def known(**segments: dict[str, Any]) -> Vocabulary:
    """A small vocabulary; `s1={…}` is the segment 1."""
    trait = TraitInfo(
        code="lead.score", type=ValueType.NUMBER, source="score", changed_by=frozenset({"k.scored"})
    )
    seen = TraitInfo(code="lead.seen", type=ValueType.TIME, source="lead", changed_by=frozenset({"k.seen"}))
    stage = TraitInfo(code="lead.stage", type=ValueType.CHOICE, source="lead", choices=("mql", "sql"))
    owner = TraitInfo(
        code="lead.owner", type=ValueType.CHOICE, source="lead", whole=True,
        choices=tuple(str(n) for n in range(1, 100)),
    )  # fmt: skip
    asked = FactInfo(
        kind="k.asked", fields={"topic": ValueType.TEXT, "via": ValueType.CHOICE},
        choices={"via": ("form", "call")},
    )  # fmt: skip
    return Vocabulary(
        traits={"lead.score": trait, "lead.seen": seen, "lead.stage": stage, "lead.owner": owner},
        facts={"k.asked": asked},
        segments={int(name[1:]): parse({"where": where}) for name, where in segments.items()},
        lists=frozenset({5}),
        tags=frozenset({1}),
    )


def faults(where: Any, vocabulary: Vocabulary | None = None, own: int | None = None) -> list[tuple[str, str]]:
    """What is wrong, by place."""
    try:
        found = check(parse({"where": where}), vocabulary or known(), own=own)
    except DefinitionError as error:
        found = list(error.faults)
    return [(fault.place, str(fault.problem)) for fault in found]


def _trait(trait: str, op: str, value: Any) -> dict[str, Any]:
    return {"type": "trait", "trait": trait, "op": op, "value": value}


@pytest.mark.parametrize(
    ("where", "place", "message"),
    [
        (None, "", "“where” has a value that does not fit."),
        ({"type": "magic"}, "", "The type of this condition is not known."),
        ({"type": "all", "of": []}, "", "At least one condition is needed here."),
        ({"type": "all", "of": [TAGGED, {"type": "tag"}]}, "2", "“tag” is missing."),
        ({"type": "not", "of": {"type": "tag", "tag": 9}}, "1", "There is no tag 9 (any more)."),
        ({"type": "tag", "tag": 1, "colour": "red"}, "", "There is no field “colour” here."),
        ({"type": "list", "list": 6}, "", "There is no list 6 (any more)."),
        ({"type": "trait", "trait": "gone.room"}, "", "There is no trait “gone.room” (any more)."),
        (_trait("lead.score", "contains", 1), "", "“contains” does not fit this kind of value."),
        (_trait("lead.stage", "is", "won"), "", "“won” is none of the values here: mql, sql."),
        (_trait("lead.stage", "none_of", ["mql", "x"]), "", "“x” is none of the values here: mql, sql."),
        (
            _trait("lead.owner", "is", "100"), "",
            f"“100” is none of the 99 values here: {', '.join(str(n) for n in range(1, 41))} …",
        ),
        (
            {"type": "fact", "fact": "k.asked", "where": [{"field": "via", "op": "is", "value": "fax"}]}, "",
            "“fax” is none of the values here: form, call.",
        ),
        (_trait("lead.score", "at_least", "x"), "", "A number is needed."),
        (_trait("lead.seen", "before", "soon"), "", "A date is needed, such as 2026-05-01."),
        (_trait("lead.seen", "within_last", 0), "", "A number of days from 1 to 3650 is needed."),
        ({"type": "fact", "fact": "k.gone"}, "", "Nothing called “k.gone” happens here (any more)."),
        ({"type": "fact", "fact": "k.asked", "at_least": 0}, "", "“At least 0 times” is true of everybody."),
        ({"type": "fact", "fact": "k.asked", "days": 0}, "", "“days” is outside of what is allowed."),
        ({"type": "fact", "fact": "k.asked", "where": [{"field": "x"}]}, "", "“k.asked” has no field “x”."),
    ],
)  # fmt: skip
def test_errors_name_their_place(where: Any, place: str, message: str) -> None:
    """In words that can be translated."""
    assert faults(where) == [(place, message)]


def test_huge_and_deep_definitions_are_refused_before_they_are_read() -> None:
    """Neither depth nor size nor text can hurt."""
    deep: dict[str, Any] = TAGGED
    for _ in range(5000):
        deep = {"type": "not", "of": deep}
    assert faults(deep) == [("", "Conditions may be nested 8 deep at most.")]
    wide = {"type": "all", "of": [{"type": "any", "of": [TAGGED] * 40}] * 5}
    assert faults(wide) == [("", "There may be 100 conditions at most.")]
    with pytest.raises(DefinitionError, match="too large"):
        parse("[" * 200_000)
    with pytest.raises(DefinitionError, match="not JSON"):
        parse("[" * 90_000)


def test_circles_are_seen_however_long() -> None:
    """A segment can be part of itself neither directly nor through others."""
    vocabulary = known(s1={"type": "segment", "segment": 2}, s2={"type": "segment", "segment": 3}, s3=TAGGED)
    assert faults({"type": "segment", "segment": 3}, own=3) == [("", "A segment cannot be part of itself.")]
    assert faults({"type": "not", "of": {"type": "segment", "segment": 1}}, vocabulary, own=3) == [
        ("1", "The segment “1” is built on this one: they would go in a circle.")
    ]
    ring = known(s1={"type": "segment", "segment": 2}, s2={"type": "segment", "segment": 1})
    with pytest.raises(DefinitionError, match="circle"):
        normalise(ring.segments[1], ring, UTC)


def test_absence_is_the_opposite_of_presence() -> None:
    """At most n is not (at least n + 1); the dependencies tell that a new person is in."""
    definition = parse({"where": {"type": "fact", "fact": "k.asked", "at_least": 0, "at_most": 2, "days": 7}})
    formula = normalise(definition, known(), UTC)
    assert formula == Literal(CountLeaf("k.asked", (), 3, 7), positive=False)
    assert (dependencies(formula, known()).births, set(dependencies(formula, known()).kinds)) == (
        True,
        {"k.asked"},
    )


def test_payloads_are_judged_as_in_the_database() -> None:
    """The index of the reader asks the same predicates."""
    test = {"field": "topic", "op": "is_not", "value": "price"}
    definition = parse({"where": {"type": "fact", "fact": "k.asked", "where": [test]}})
    formula = normalise(definition, known(), UTC)
    assert isinstance(formula, Literal)
    assert isinstance(formula.leaf, CountLeaf)
    judged = [
        meets(payload, formula.leaf.where, timedelta())
        for payload in ({"topic": "price"}, {"topic": "x"}, {})
    ]
    assert judged == [False, True, True]


def test_the_schema_allows_the_values_that_the_check_allows() -> None:
    known_values = {"lead.stage": ("mql", "sql"), "lead.score": None}
    made = schema(known_values, {"k.asked": {"topic": None, "via": ("form", "call")}})
    trait, fact = made["$defs"]["TraitCondition"], made["$defs"]["FactCondition"]
    assert trait["properties"]["trait"]["enum"] == ["lead.stage", "lead.score"]
    (rule,) = trait["allOf"]
    assert rule["if"] == {"properties": {"trait": {"const": "lead.stage"}}}
    one, several = rule["then"]["properties"]["value"]["anyOf"]
    assert (one, several["items"]) == ({"enum": ["mql", "sql", None]}, {"enum": ["mql", "sql"]})
    (rule,) = fact["allOf"]
    where = rule["then"]["properties"]["where"]["items"]
    assert where["properties"]["field"]["enum"] == ["topic", "via"]
    assert [each["if"]["properties"]["field"]["const"] for each in where["allOf"]] == ["via"]


def test_the_schema_is_one_that_definitions_follow() -> None:
    """Published as JSON Schema; a definition survives the way there and back."""
    assert schema()["title"] == "Huoju segment"
    definition = parse({"where": {"type": "all", "of": [TAGGED, {"type": "list", "list": 5}]}})
    assert Definition.model_validate(definition.model_dump(mode="json", exclude_defaults=True)) == definition
