"""Which of several values is shown: a table of decisions."""

from datetime import UTC, datetime, timedelta

import pytest

from huoju.hub.profile.policy import (
    Candidate,
    Criterion,
    Field,
    Survivorship,
    choose,
    default_content,
    is_news,
    parse,
    validate,
)

T0 = datetime(2026, 1, 1, tzinfo=UTC)
DEFAULT = parse(1, default_content())


def said(value: str, source: str, day: int, *, verified: bool = False) -> Candidate:
    return Candidate(value, source, "", T0 + timedelta(days=day), verified)


@pytest.mark.parametrize(
    ("candidates", "value", "why"),
    [
        ([said("A", "import:1", 0)], "A", Criterion.FIRST),
        ([said("A", "import:1", 0), said("B", "import:2", 9)], "A", Criterion.FIRST),
        ([said("A", "import:1", 0), said("B", "form", 1), said("C", "import:2", 9)], "B", Criterion.TRUSTED),
        ([said("A", "form", 1), said("B", "form", 5), said("C", "api", 3)], "B", Criterion.TRUSTED),
        ([said("A", "form", 9), said("B", "import:1", 0, verified=True)], "B", Criterion.VERIFIED),
        ([said("A", "hand", 1), said("B", "form", 5, verified=True)], "A", Criterion.HAND),
        ([said("A", "hand", 1), said("", "hand", 2)], "", Criterion.HAND),
    ],
    ids=["only one", "first", "trusted", "newest trusted", "verified", "by hand", "emptied by hand"],
)
def test_the_first_criterion_that_is_met_decides(
    candidates: list[Candidate], value: str, why: Criterion
) -> None:
    golden = choose(Field.TITLE, candidates, DEFAULT)
    assert golden is not None
    assert (golden.chosen.value, golden.why) == (value, why)
    assert choose(Field.TITLE, candidates[::-1], DEFAULT) == golden


def test_a_field_may_have_an_order_of_its_own() -> None:
    rules = Survivorship(2, fields={Field.TITLE: (Criterion.NEWEST,)})
    candidates = [said("A", "hand", 1), said("B", "import:1", 2)]
    assert [choose(name, candidates, rules).chosen.value for name in (Field.TITLE, Field.NAME)] == ["B", "A"]  # type: ignore[union-attr]
    assert choose(Field.NAME, [], rules) is None


def test_what_a_source_repeats_is_no_news() -> None:
    known = [said("A", "form", 0), said("B", "import:1", 1)]
    assert not is_news("A", "form", known)
    assert not is_news("B", "import:2", known)
    assert is_news("C", "form", known)
    assert is_news("A", "import:2", known)  # the same kind of source said otherwise before
    assert not is_news("A", "api", known)  # somebody new, who only agrees
    assert is_news("C", "api", known)


@pytest.mark.parametrize(
    "content",
    [
        {"order": []},
        {"order": ["luck"]},
        {"order": ["first"], "fields": [{"field": "shoe", "order": ["first"]}]},
        {"order": ["first"], "fields": [{"field": "name", "order": ["first"]}] * 2},
    ],
)
def test_malformed_rules_are_refused(content: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(1, content)


def test_rules_without_sense_are_named() -> None:
    assert validate(DEFAULT) == []
    assert len(validate(parse(1, {"order": ["hand", "hand"]}))) == 1
    assert len(validate(parse(1, {"order": ["newest", "hand"]}))) == 1
