"""The simulator's arithmetic."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoju.measure.funnel.policy.simulator import (
    STEPS,
    Scenario,
    ScenarioError,
    best,
    improve,
    rounded,
    simulate,
)

TENTH = Scenario(
    impressions=10_000_000, price=Decimal("0.005"), rates=(Fraction(1, 10),) * 7, value=Decimal(60_000)
)
NOTHING = [Decimal(0)] * 7
RATES = st.fractions(min_value=Fraction(1, 100), max_value=Fraction(9, 10), max_denominator=1000)


def test_ten_per_cent_make_one_customer_twenty_make_128() -> None:
    one = simulate(TENTH)
    assert one.customers == 1
    assert one.cost_per_customer == 50_000
    many = simulate(replace(TENTH, rates=(Fraction(1, 5),) * 7))
    assert many.customers == 128
    assert rounded(many.cost_per_customer or Fraction()) == Decimal("390.63")


@given(
    st.lists(RATES, min_size=7, max_size=7),
    st.fractions(Fraction(1, 100), Fraction(1, 10), max_denominator=100),
)
def test_the_same_relative_improvement_brings_the_same_customers(rates: list[Fraction], by: Fraction) -> None:
    scenario = replace(TENTH, rates=tuple(rates))
    gains = {each.extra_customers for each in improve(scenario, by, NOTHING)}
    assert gains == {simulate(scenario).customers * by}


def test_where_improving_costs_alike_the_last_step_pays_most_if_handling_costs() -> None:
    scenario = replace(TENTH, handling=tuple(map(Decimal, (0, 1, 15, 40, 300, 3000, 0))))
    found = best(improve(scenario, Fraction(1, 10), [Decimal(1000)] * 7))
    assert found is not None
    assert STEPS[found.step] == "won"


def test_the_cheapest_improvement_gains_most_per_yuan() -> None:
    efforts = [Decimal(cost) for cost in (900, 800, 700, 100, 500, 600, 950)]
    found = best(improve(TENTH, Fraction(1, 10), efforts))
    assert found is not None
    assert STEPS[found.step] == "sql"
    assert found.per_yuan == Fraction(6000, 100)
    assert found.net == 5900


def test_no_step_wins_where_all_are_alike_or_nothing_gains() -> None:
    assert best(improve(TENTH, Fraction(1, 10), NOTHING)) is None
    assert best(improve(replace(TENTH, impressions=0), Fraction(1, 10), NOTHING)) is None


def test_a_rate_cannot_exceed_the_whole() -> None:
    scenario = replace(TENTH, rates=(*TENTH.rates[:6], Fraction(99, 100)))
    assert improve(scenario, Fraction(1, 10), NOTHING)[6].rate == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"rates": (Fraction(1),) * 6},
        {"rates": (Fraction(2),) * 7},
        {"impressions": -1},
        {"price": Decimal(-1)},
    ],
)
def test_numbers_that_cannot_be(wrong: dict[str, object]) -> None:
    with pytest.raises(ScenarioError):
        replace(TENTH, **wrong)  # type: ignore[arg-type]


def test_no_customers_have_no_price() -> None:
    nothing = simulate(replace(TENTH, rates=(Fraction(0),) * 7))
    assert nothing.customers == 0
    assert nothing.cost_per_customer is None
