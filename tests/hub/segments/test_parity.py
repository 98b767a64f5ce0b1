"""One definition, one set of people: as the oracle says, in PostgreSQL for all and for a few, and in DuckDB."""

from datetime import datetime, timedelta
from typing import Any

import ibis
import pytest
from django.db import connection, transaction
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from huoju.core.bulk import numbers
from huoju.core.lake.engines import Engine, engine, tables
from huoju.hub.profile.queries import traits_of
from huoju.hub.segments.asking import (
    company_zone,
    compiler,
    fact,
    offset_at,
    set_now,
    sources,
    state_statement,
    statement,
)
from huoju.hub.segments.compiler import Compiler
from huoju.hub.segments.policy.formula import Formula, normalise
from huoju.hub.segments.policy.parsing import check, parse
from huoju.hub.segments.queries import people_among, vocabulary

from .kinds import CONDITIONS, EVERY_LEAF, NOW
from .oracle import World, members, next_change
from .worlds import PEOPLE, make


def _formula(condition: dict[str, Any]) -> Formula:
    definition = parse({"version": 1, "where": condition})
    known = vocabulary()
    assert check(definition, known) == []
    return normalise(definition, known, company_zone())


def in_postgres(formula: Formula, now: datetime) -> dict[int, tuple[bool, datetime | None]]:
    """Everybody's state."""
    found = compiler(sources(), offset_at(now), restricted=False)
    with connection.cursor() as cursor:
        set_now(now)
        cursor.execute(statement(found.state(formula)).whole())
        return {row[0]: (row[1], row[2]) for row in cursor.fetchall()}


def among_few(formula: Formula, asked: list[int], now: datetime) -> dict[int, tuple[bool, datetime | None]]:
    """The state of those that `asked` are read as."""
    people, profiles = people_among(asked)
    found = state_statement(formula, offset_at(now))
    tables = f", {found.tables}" if found.tables else ""
    with connection.cursor() as cursor:
        set_now(now)
        cursor.execute(
            f"""WITH segment_among AS MATERIALIZED (
                SELECT * FROM unnest('{numbers(people)}'::bigint[], '{numbers(profiles)}'::bigint[])
                AS u(person_id, profile_id)){tables} {found.body}"""
        )
        return {row[0]: (row[1], row[2]) for row in cursor.fetchall()}


def in_duckdb(formula: Formula, now: datetime) -> set[int]:
    """The members, as an engine over the lake finds them in the same rows."""
    moment = ibis.literal(now, "timestamp('UTC')")
    expression = Compiler(sources(), fact, moment, offset_at(now)).members(formula)
    duck, postgres = engine("duckdb"), engine("postgres")
    question = duck.compiled(expression)
    from_postgres = {name: postgres.run(_table(name)) for name in question.names}
    return {row[0] for row in duck.rows(question, from_postgres)}


def _table(name: str) -> Any:
    return tables()[name]


def _sound(formula: Formula, world: World, state: dict[int, tuple[bool, datetime | None]]) -> None:
    """Nobody's state changes before the moment at which they are looked at again; it is never later than needed."""
    offset = offset_at(NOW)
    for profile, (_, due) in state.items():
        assert due == next_change(formula, world, profile, NOW, offset)
    moments = sorted({due for _, due in state.values() if due is not None})
    for moment in [*(each - timedelta(microseconds=1) for each in moments[:3]), NOW + timedelta(days=400)]:
        then = members(formula, world, moment, offset)
        for profile, (member, due) in state.items():
            if due is None or due > moment:
                assert (profile in then) is member


@pytest.mark.django_db
@settings(max_examples=12, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(seed=st.integers(0, 10**6), conditions=st.lists(CONDITIONS, min_size=3, max_size=3))
def test_every_engine_finds_whom_the_oracle_finds(seed: int, conditions: list[dict[str, Any]]) -> None:
    """Random definitions over random people."""
    with transaction.atomic():
        world = make(seed)
        for condition in conditions:
            formula = _formula(condition)
            expected = members(formula, world, NOW, offset_at(NOW))
            state = in_postgres(formula, NOW)
            assert {profile for profile, (member, _) in state.items() if member} == expected
            assert set(state) == set(world.profiles())
            _sound(formula, world, state)
            few = list(range(1, PEOPLE // 2 + 1))
            people = {world.aliases.get(person, person) for person in few}
            assert among_few(formula, few, NOW) == {pk: state[pk] for pk in people}
            assert in_duckdb(formula, NOW) == expected
        transaction.set_rollback(True)


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(6))
def test_totals_and_permission_are_what_the_oracle_finds(seed: int) -> None:
    """Every trait that is a total or a permission, asked of each world in every way, alone and together."""
    world = make(seed)
    asked: list[dict[str, Any]] = [
        {"type": "trait", "trait": "payments.total", "op": "at_least", "value": 5},
        {"type": "trait", "trait": "payments.count", "op": "at_most", "value": 1},
        {"type": "trait", "trait": "payments.first_at", "op": "within_last", "value": 7},
        {"type": "trait", "trait": "company_payments.total", "op": "at_least", "value": 10},
        {"type": "trait", "trait": "company_payments.first_at", "op": "longer_ago", "value": 3},
        {"type": "trait", "trait": "news_email.yes", "op": "is", "value": True},
        {"type": "trait", "trait": "news_email.answered_at", "op": "longer_ago", "value": 3},
    ]
    known = traits_of(world.profiles(), [each["trait"] for each in asked])
    for condition in [*asked, {"type": "all", "of": asked[:2]}, {"type": "not", "of": asked[0]}]:
        formula = _formula(condition)
        expected = members(formula, world, NOW, offset_at(NOW))
        state = in_postgres(formula, NOW)
        assert {profile for profile, (member, _) in state.items() if member} == expected
        _sound(formula, world, state)
        assert among_few(formula, list(range(1, PEOPLE + 1)), NOW) == state
        assert in_duckdb(formula, NOW) == expected
    for condition in (asked[0], asked[3], asked[5]):
        found = {
            pk for pk, values in known.items() if (values[condition["trait"]] or 0) >= condition["value"]
        }
        assert found == members(_formula(condition), world, NOW, offset_at(NOW))


@pytest.mark.spark
@pytest.mark.django_db
def test_spark_finds_whom_the_oracle_finds(spark_engine: Engine) -> None:
    """Every kind of leaf once, over one world: the same expression in Spark."""
    world = make(11)
    for condition in EVERY_LEAF:
        formula = _formula(condition)
        moment = ibis.literal(NOW, "timestamp('UTC')")
        question = spark_engine.compiled(Compiler(sources(), fact, moment, offset_at(NOW)).members(formula))
        rows = {name: engine("postgres").run(tables()[name]) for name in question.names}
        found = {row[0] for row in spark_engine.rows(question, rows)}
        assert found == members(formula, world, NOW, offset_at(NOW))
