"""Suggestions of the same person: precision, recall, F1 and CPU time on public sets and on Chinese contacts.

Everything is trained without labels and judged at the one default threshold of all designs, "more likely than not"
(0.5); the labels only score. The peer is what one would write without a model: plain rules on normalised values.
"""

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from pathlib import Path

from huoju.hub.matching.engine import Matcher
from huoju.hub.matching.policy import PERSONS, Design, Record, Weights, features_of
from huoju.hub.matching.queries import MODELS

from . import matching_public as public
from .harness import Figure, benchmark, say
from .matching_chinese import contacts
from .matching_weights import joined

DATA = Path(os.environ.get("HUOJU_TEST_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
CHINESE_PEOPLE, CHINESE_SEED = 10_000, 20261122
"""A seed that neither the design was developed on (1, 2, 3, 7, 11–13) nor the shipped weights learned from (99)."""

type Pairs = frozenset[tuple[int, int]]


def f1(found: Pairs, truth: Pairs) -> float:
    """The harmonic mean of precision and recall."""
    return 2 * len(found & truth) / (len(found) + len(truth))


def _report(name: str, found: Pairs, truth: Pairs, peer: Pairs, note: str, goal: float | None = None) -> None:
    right = len(found & truth)
    precision, recall = right / max(len(found), 1), right / len(truth)
    Figure(
        f"{name}.precision", precision, "", len(peer & truth) / max(len(peer), 1), "against plain rules"
    ).emit()
    Figure(f"{name}.recall", recall, "", len(peer & truth) / len(truth), "against plain rules").emit()
    Figure(f"{name}.f1", f1(found, truth), "", f1(peer, truth), "against plain rules").emit()
    if goal is not None:
        Figure(f"{name}.f1_goal", f1(found, truth), "", goal, f"against the goal; {note}").emit()


def _search(
    name: str,
    design: Design,
    rows: Iterable[Sequence[int | str | None]],
    given: Weights,
    *,
    train: bool = True,
) -> Pairs:
    started = time.process_time()
    with Matcher(design) as matcher:
        matcher.load(rows)
        matcher.empty_crowds()
        weights = matcher.train(given) if train else given
        trained = time.process_time()
        found = frozenset(
            (pair.left, pair.right) for pair in matcher.score(weights, threshold=design.threshold)
        )
        ended = time.process_time()
        candidates = matcher.candidates()
    say(f"{name}: {matcher.rows} rows, {candidates} candidates, {len(found)} found")
    Figure(f"{name}.train", trained - started, "CPU s", note="read, features and training").emit()
    Figure(
        f"{name}.score", ended - trained, "CPU s", trained - started, "against reading and training"
    ).emit()
    Figure(
        f"{name}.candidates",
        candidates / matcher.rows,
        "pairs/row",
        float(design.crowd),
        "against the limit of a block",
    ).emit()
    return found


def _rules(rows: Sequence[dict[str, str | None]], keys: Sequence[Sequence[str]]) -> Pairs:
    """Pairs that agree exactly on all columns of one of `keys`."""
    found: set[tuple[int, int]] = set()
    for key in keys:
        groups: dict[tuple[str | None, ...], list[int]] = defaultdict(list)
        for at, row in enumerate(rows):
            values = tuple([row.get(column) for column in key])
            if all(values):
                groups[values].append(at)
        found.update(
            pair for members in groups.values() if len(members) <= 100 for pair in combinations(members, 2)
        )
    return frozenset(found)


def _public(
    name: str,
    file: str,
    read: Callable[[Path], public.Labelled],
    design: Design,
    keys: Sequence[Sequence[str]],
    goal: float | None = None,
) -> None:
    path = DATA / file
    if not path.exists():
        say(f"{name}: {path} is absent")
        return
    data = read(path)
    found = _search(name, design, public.as_engine_rows(design, data.rows), Weights(0.1, {}))
    _report(name, found, data.truth, _rules(data.rows, keys), "no labels in training, threshold 0.5", goal)


_FEBRL_RULES = (
    ("soc_sec_id", "date_of_birth"),
    ("soc_sec_id", "surname"),
    ("given_name", "surname", "date_of_birth"),
    ("given_name", "surname", "postcode"),
    ("surname", "date_of_birth", "postcode"),
)


@benchmark("matching_public")
def matching_public() -> None:
    """FEBRL 1 and 2, fake_1000, 50,000 historical figures."""
    _public("febrl1", "febrl/dataset1.csv", public.febrl, public.FEBRL, _FEBRL_RULES, 0.98)
    _public("febrl2", "febrl/dataset2.csv", public.febrl, public.FEBRL, _FEBRL_RULES, 0.98)
    fake_rules = (("first_name", "surname", "dob"), ("email",), ("surname", "dob"), ("first_name", "dob"))
    _public("fake_1000", "splink/fake_1000.csv", public.fake, public.FAKE, fake_rules)
    figures = (
        ("first_name", "surname", "dob"),
        ("first_and_surname", "postcode_fake"),
        ("dob", "postcode_fake"),
    )
    file = "splink/historical_figures_with_errors_50k.parquet"
    _public("historical_50k", file, public.historical, public.HISTORICAL, figures)


def _truth(whose: Sequence[int]) -> Pairs:
    members: dict[int, list[int]] = defaultdict(list)
    for at, person in enumerate(whose):
        members[person].append(at)
    return frozenset(pair for each in members.values() for pair in combinations(each, 2))


def _chinese_rules(records: Sequence[Record]) -> Pairs:
    """Same mobile, same address, or same name at the same company, each in normal form."""
    rows = [dict(zip(PERSONS.columns, features_of(record)[1:], strict=False)) for record in records]
    texts = [{name: value if isinstance(value, str) else None for name, value in row.items()} for row in rows]
    return _rules(texts, (("mobile",), ("mail",), ("name", "company")))


@benchmark("matching_chinese")
def matching_chinese() -> None:
    """Chinese contacts with noise: as four lists have them, and what identifiers leave over in Huoju."""
    records, whose = contacts(CHINESE_PEOPLE, CHINESE_SEED)
    shipped = MODELS.active().weights
    started = time.process_time()
    rows = [features_of(record) for record in records]
    spent = time.process_time() - started
    Figure(
        "chinese.features", len(rows) / spent, "persons/s", 5_000.0, "of one core; the limit is 200 µs each"
    ).emit()
    truth, peer = _truth(whose), _chinese_rules(records)
    found = _search("chinese", PERSONS, rows, shipped)
    _report(
        "chinese", found, truth, peer, "no labels in training, threshold 0.5, seed not developed on", 0.95
    )

    left, people = joined(records, whose)
    rest, peer = _truth(people), _chinese_rules(left)
    rows = [features_of(record) for record in left]
    say(f"chinese: identifiers leave {len(left)} rows and {len(rest)} true pairs")
    found = _search("chinese_after_identifiers", PERSONS, rows, shipped)
    _report("chinese_after_identifiers", found, rest, peer, "what mobiles and addresses do not tell")
    found = _search("chinese_shipped_weights", PERSONS, rows, shipped, train=False)
    _report("chinese_shipped_weights", found, rest, peer, "untrained: the weights that ship")


@benchmark("matching_growth")
def matching_growth() -> None:
    """Ten times the persons must cost about ten times: candidates and CPU of scoring, against a tenth."""
    figures: list[tuple[int, float, float]] = []
    for people in (10_000, 100_000):
        records, _whose = contacts(people, CHINESE_SEED)
        started = time.process_time()
        with Matcher(PERSONS) as matcher:
            matcher.load(features_of(record) for record in records)
            matcher.empty_crowds()
            count = sum(1 for _pair in matcher.score(MODELS.active().weights, threshold=PERSONS.threshold))
            spent = time.process_time() - started
            figures.append((matcher.rows, matcher.candidates() / matcher.rows, spent / matcher.rows * 1e6))
        say(f"growth: {len(records)} rows, {count} pairs, {spent:.1f} CPU s")
    (_rows, few, cheap), (_more, many, dear) = figures
    Figure(
        "matching_growth.candidates", many, "pairs/row", few, "100,000 persons against 10,000 (1 = linear)"
    ).emit()
    Figure(
        "matching_growth.time",
        dear,
        "CPU µs/row",
        cheap,
        "features, loading, scoring; 100,000 against 10,000",
    ).emit()
