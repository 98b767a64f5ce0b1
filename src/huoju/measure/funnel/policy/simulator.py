"""What a chain of conversion steps makes of impressions, what a customer costs, and which step is worth improving.

Exact fractions throughout: seven steps of 10 % make 1 customer of 10,000,000 impressions at ¥50,000, seven of 20 %
make 128 at ¥390.63.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

STEPS = ("click", "lead", "mql", "sql", "opportunity", "poc", "won")
"""The stages after the impression; step n leads from the stage before to `STEPS[n]`."""


class ScenarioError(ValueError):
    """A number that cannot be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """`rates` are shares of 1 for each step. `price` is paid per impression. `handling` is what one item costs the
    company at each stage that it reaches (a call, a visit, a trial). `value` is what a customer brings."""

    impressions: int
    price: Decimal
    rates: tuple[Fraction, ...]
    handling: tuple[Decimal, ...] = (Decimal(0),) * len(STEPS)
    value: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        if len(self.rates) != len(STEPS) or len(self.handling) != len(STEPS):
            raise ScenarioError(f"{len(STEPS)} steps, not {len(self.rates)} and {len(self.handling)}")
        if (
            self.impressions < 0
            or self.price < 0
            or self.value < 0
            or any(cost < 0 for cost in self.handling)
        ):
            raise ScenarioError("numbers below zero")
        if not all(0 <= rate <= 1 for rate in self.rates):
            raise ScenarioError("a rate lies between 0 and 1")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a scenario comes to. `volumes` are the items at each stage, the impressions first."""

    volumes: tuple[Fraction, ...]
    cost: Fraction

    @property
    def customers(self) -> Fraction:
        """Items at the last stage."""
        return self.volumes[-1]

    @property
    def cost_per_customer(self) -> Fraction | None:
        """None without customers."""
        return self.cost / self.customers if self.customers else None


@dataclass(frozen=True, slots=True)
class Improvement:
    """One step made better, all others as they are.

    `effort` is what the improvement costs. `per_yuan` is the additional customers' value for each yuan of that and of
    what handling the additional items costs (None without any cost). `cost_per_customer` includes the effort.
    """

    step: int
    rate: Fraction
    customers: Fraction
    extra_customers: Fraction
    effort: Decimal
    cost_per_customer: Fraction | None
    per_yuan: Fraction | None
    net: Fraction
    """Additional value minus additional cost and effort."""


def simulate(scenario: Scenario) -> Outcome:
    """Run the impressions through the steps."""
    volumes = [Fraction(scenario.impressions)]
    for rate in scenario.rates:
        volumes.append(volumes[-1] * rate)
    cost = scenario.impressions * Fraction(scenario.price)
    cost += sum(
        (volume * Fraction(each) for volume, each in zip(volumes[1:], scenario.handling, strict=True)),
        Fraction(),
    )
    return Outcome(tuple(volumes), cost)


def improve(scenario: Scenario, by: Fraction, efforts: Sequence[Decimal]) -> list[Improvement]:
    """Each step improved by the share `by` (0.1: ten per cent better, at most 100 %) for its effort in money.

    Made relatively better, every step brings the same customers; which one pays depends on what the improvement costs
    and on how much handling lies after it.
    """
    before = simulate(scenario)
    found = []
    for step, rate in enumerate(scenario.rates):
        better = min(Fraction(1), rate * (1 + by))
        rates = (*scenario.rates[:step], better, *scenario.rates[step + 1 :])
        after = simulate(
            Scenario(
                impressions=scenario.impressions, price=scenario.price, rates=rates, handling=scenario.handling,
                value=scenario.value,
            )
        )  # fmt: skip
        extra = after.customers - before.customers
        spent = after.cost - before.cost + Fraction(efforts[step])
        worth = extra * Fraction(scenario.value)
        found.append(
            Improvement(
                step, better, after.customers, extra, efforts[step],
                (after.cost + Fraction(efforts[step])) / after.customers if after.customers else None,
                worth / spent if spent else None,
                worth - spent,
            )
        )  # fmt: skip
    return found


def best(improvements: Sequence[Improvement]) -> Improvement | None:
    """The improvement that gains most per yuan, the earlier step of equals; by net gain where nothing costs. None
    where nothing gains, or where all gain alike."""
    gaining = [each for each in improvements if each.extra_customers > 0]
    if len({(each.per_yuan, each.net) for each in gaining}) < 2:
        return None
    return max(gaining, key=lambda each: (each.per_yuan is None, each.per_yuan or each.net, -each.step))


def rounded(value: Fraction, places: int = 2) -> Decimal:
    """A fraction as a decimal, rounded half up."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
