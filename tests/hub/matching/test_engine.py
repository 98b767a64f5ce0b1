"""Training without labels and scoring, on a sample of FEBRL and on generated Chinese contacts."""

from collections import defaultdict
from dataclasses import replace
from itertools import combinations

import pytest
from bench import matching_public as public
from bench.matching_chinese import contacts

from huoju.hub.matching import engine
from huoju.hub.matching.engine import Matcher
from huoju.hub.matching.policy import PERSONS, Pair, Weights, as_content, features_of, problems
from huoju.hub.matching.queries import _parse, shipped
from tests.data import shared_data


def test_febrl_without_labels_twice_the_same() -> None:
    data = public.febrl(shared_data("febrl/dataset1.csv"))
    design = replace(
        public.FEBRL, training=public.FEBRL.training[:2]
    )  # two sets teach all fields, and are quicker
    truth = set(sorted(data.truth)[:80])
    kept = {at for pair in truth for at in pair}
    answers: list[tuple[Weights, list[Pair]]] = []
    for _ in range(2):
        with Matcher(design) as matcher:
            matcher.load(row for row in public.as_engine_rows(design, data.rows) if row[0] in kept)
            matcher.empty_crowds()
            weights = matcher.train(Weights(0.1, {}))
            answers.append((weights, list(matcher.score(weights, threshold=0.5))))
    (weights, pairs), (again, once_more) = answers
    assert as_content(weights)["shares"]["surname"] == as_content(again)["shares"]["surname"]
    assert problems(weights, design) == []
    assert [(pair.left, pair.right) for pair in pairs] == [(pair.left, pair.right) for pair in once_more]
    assert {(pair.left, pair.right) for pair in pairs} == truth


def test_chinese_contacts_by_the_shipped_weights() -> None:
    records, whose = contacts(600, seed=5)
    members: dict[int, list[int]] = defaultdict(list)
    for at, person in enumerate(whose):
        members[person].append(at)
    truth = {pair for each in members.values() for pair in combinations(each, 2)}
    with Matcher(PERSONS) as matcher:
        matcher.load(features_of(record) for record in records)
        matcher.empty_crowds()
        pairs = list(matcher.score(_parse(1, shipped()).weights, threshold=0.5))
    found = {(pair.left, pair.right) for pair in pairs}
    assert len(found & truth) / len(found) > 0.95
    assert len(found & truth) / len(truth) > 0.6  # without numbers and addresses: those weigh nothing there
    assert [pair.probability for pair in pairs] == sorted((pair.probability for pair in pairs), reverse=True)
    assert all(abs(sum(a.weight for a in pair.agreements)) < 60 for pair in pairs)


def test_values_that_a_crowd_shares_bring_nobody_together() -> None:
    rows = [
        [
            at,
            *(None for _ in PERSONS.columns),
            *("x" if block == "b_name" else None for block in PERSONS.blocks),
        ]
        for at in range(PERSONS.crowd + 1)
    ]
    with Matcher(PERSONS) as matcher:
        matcher.load(rows)
        assert matcher.candidates() == 51 * 50 // 2
        assert matcher.empty_crowds()["b_name"] == 51
        assert matcher.candidates() == 0


def test_as_rows_grow_fewer_are_a_crowd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_FEW", 0)
    size = {row: ("a" if row < 4 else "b" if row < 10 else f"c{row}") for row in range(40)}
    rows = [
        [
            at,
            *(None for _ in PERSONS.columns),
            *(value if block in ("b_name", "b_mail") else None for block in PERSONS.blocks),
        ]
        for at, value in size.items()
    ]
    for pairs, limit, candidates in ((1.05, 50, 21), (1.0, 5, 6), (0.3, 5, 6), (0.29, 3, 0)):
        with Matcher(replace(PERSONS, pairs=pairs)) as matcher:
            matcher.load(rows)
            emptied = matcher.empty_crowds()
            assert matcher.candidates() == candidates, limit
            assert emptied["b_name"] == sum(count for count in (4, 6) if count > limit)
