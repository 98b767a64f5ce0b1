"""Designs and readers for the public sets of duplicates: FEBRL 1 and 2, fake_1000, historical figures (50k).

The default threshold (0.9) and the training are those of Huoju's own design; the labels only score the outcome.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import duckdb

from huoju.hub.matching.policy import Comparison, Design, Level


@dataclass(frozen=True, slots=True)
class Labelled:
    """Rows by column, and which of them are truly one: the pairs of row numbers, the lower one first."""

    rows: list[dict[str, str | None]]
    truth: frozenset[tuple[int, int]]


def labelled(rows: list[dict[str, str | None]], clusters: Iterable[str]) -> Labelled:
    """Rows with the cluster of each."""
    members: dict[str, list[int]] = defaultdict(list)
    for at, cluster in enumerate(clusters):
        members[cluster].append(at)
    return Labelled(rows, frozenset(pair for each in members.values() for pair in combinations(each, 2)))


def exact(column: str, *more: Level, frequency: bool = False) -> Comparison:
    """Equal, then `more`, then different."""
    level = Level("exact", f"{column}_l = {column}_r", frequency=column if frequency else "")
    return Comparison(column, f"{column}_l IS NULL OR {column}_r IS NULL", (level, *more))


def typed(column: str, *distances: int, frequency: bool = False) -> Comparison:
    """Equal, or within so many typing errors."""
    levels = [
        Level(f"typo_{far}", f"damerau_levenshtein({column}_l, {column}_r) <= {far}") for far in distances
    ]
    return exact(column, *levels, frequency=frequency)


def sounding(column: str, *likeness: float, swapped: str = "", frequency: bool = True) -> Comparison:
    """Equal, alike by Jaro and Winkler, or standing in another column."""
    levels = [
        Level(f"like_{at}", f"jaro_winkler_similarity({column}_l, {column}_r) >= {least}")
        for at, least in enumerate(likeness)
    ]
    if swapped:
        levels.append(Level("swapped", f"{column}_l = {swapped}_r AND {swapped}_l = {column}_r"))
    return exact(column, *levels, frequency=frequency)


# --- FEBRL ----------------------------------------------------------------------------------------------------

_FEBRL_BLOCKS = (
    ("soc_sec_id",),
    ("date_of_birth",),
    ("given_name", "surname"),
    ("surname", "postcode"),
    ("given_name", "postcode"),
    ("surname", "address_1"),
    ("given_name", "address_1"),
    ("surname", "suburb"),
    ("given_name", "suburb"),
    ("address_1", "suburb"),
    ("postcode", "street_number", "state"),
)

FEBRL = Design(
    code="febrl",
    columns=(
        *("given_name", "surname", "street_number", "address_1", "address_2", "suburb", "postcode", "state"),
        *("date_of_birth", "soc_sec_id"),
    ),
    comparisons=(
        sounding("given_name", 0.9, 0.75, swapped="surname"),
        sounding("surname", 0.9, 0.75, swapped="given_name"),
        typed("date_of_birth", 1, 2),
        typed("soc_sec_id", 1, 2),
        typed("postcode", 1, 2, frequency=True),
        typed("street_number", 1),
        sounding("address_1", 0.9, 0.8),
        sounding("address_2", 0.9, 0.8),
        sounding("suburb", 0.9, 0.8),
        exact("state", frequency=True),
    ),
    blocks=tuple("b_" + "_".join(columns) for columns in _FEBRL_BLOCKS),
    training=(("soc_sec_id",), ("date_of_birth",), ("surname", "postcode")),
    certain=(("soc_sec_id", "date_of_birth"), ("soc_sec_id", "surname"), ("soc_sec_id", "given_name")),
    certain_recall=0.7,
)


def febrl(path: Path) -> Labelled:
    """One of FEBRL's files; `rec-12-org` and `rec-12-dup-0` are one person."""
    with path.open(encoding="utf-8", newline="") as file:
        records = list(csv.DictReader(file, skipinitialspace=True))
    rows = [{key: value.strip() or None for key, value in record.items()} for record in records]
    return labelled(rows, [(row["rec_id"] or "").split("-")[1] for row in rows])


# --- Splink's own sets ----------------------------------------------------------------------------------------

_FAKE_BLOCKS = (
    ("email",),
    ("dob",),
    ("first_name", "surname"),
    ("first_name", "city"),
    ("surname", "city"),
    ("email_local",),
)

FAKE = Design(
    code="fake_1000",
    columns=("first_name", "surname", "dob", "city", "email", "email_local"),
    comparisons=(
        sounding("first_name", 0.9, 0.75, swapped="surname"),
        sounding("surname", 0.9, 0.75, swapped="first_name"),
        typed("dob", 1, 2),
        exact("city", Level("like", "jaro_winkler_similarity(city_l, city_r) >= 0.85"), frequency=True),
        exact(
            "email",
            Level("local", "email_local_l = email_local_r"),
            Level("like", "jaro_winkler_similarity(email_l, email_r) >= 0.9"),
        ),
    ),
    blocks=tuple("b_" + "_".join(columns) for columns in _FAKE_BLOCKS),
    training=(("dob",), ("email",), ("first_name", "surname")),
    certain=(("first_name", "surname", "dob"), ("email",)),
    certain_recall=0.7,
)


def fake(path: Path) -> Labelled:
    """The file fake_1000.csv."""
    with path.open(encoding="utf-8", newline="") as file:
        records = list(csv.DictReader(file))
    rows: list[dict[str, str | None]] = []
    for record in records:
        row = {key: value.strip().casefold() or None for key, value in record.items()}
        rows.append(row | {"email_local": (row["email"] or "").partition("@")[0] or None})
    return labelled(rows, [record["cluster"] for record in records])


_HISTORICAL_BLOCKS = (
    ("first_name", "surname", "dob"),
    ("surname", "dob"),
    ("first_name", "dob"),
    ("first_name", "postcode_fake"),
    ("surname", "postcode_fake"),
    ("first_and_surname",),
    ("dob", "postcode_fake"),
    ("dob", "birth_place"),
    ("surname", "birth_place", "occupation"),
    ("postcode_fake", "occupation"),
)

HISTORICAL = Design(
    code="historical",
    columns=(
        *("first_name", "surname", "first_and_surname", "dob", "birth_place", "postcode_fake"),
        *("postcode_area", "occupation"),
    ),
    comparisons=(
        Comparison(
            "name",
            "(first_name_l IS NULL OR first_name_r IS NULL) AND (surname_l IS NULL OR surname_r IS NULL)",
            (
                Level("exact", "first_and_surname_l = first_and_surname_r", frequency="first_and_surname"),
                Level("swapped", "first_name_l = surname_r AND surname_l = first_name_r"),
                Level(
                    "like",
                    "jaro_winkler_similarity(first_name_l, first_name_r) >= 0.85 "
                    "AND jaro_winkler_similarity(surname_l, surname_r) >= 0.85",
                ),
                Level("surname", "surname_l = surname_r", frequency="surname"),
                Level("first", "first_name_l = first_name_r", frequency="first_name"),
                Level("surname_like", "jaro_winkler_similarity(surname_l, surname_r) >= 0.88"),
            ),
        ),
        typed("dob", 1, 2),
        exact(
            "birth_place",
            Level("like", "jaro_winkler_similarity(birth_place_l, birth_place_r) >= 0.85"),
            frequency=True,
        ),
        exact(
            "postcode_fake",
            Level("typo", "damerau_levenshtein(postcode_fake_l, postcode_fake_r) <= 2"),
            Level("area", "postcode_area_l = postcode_area_r"),
            frequency=True,
        ),
        exact("occupation", frequency=True),
    ),
    blocks=tuple("b_" + "_".join(columns) for columns in _HISTORICAL_BLOCKS),
    training=(("first_name", "surname"), ("dob",), ("postcode_fake",)),
    certain=(("first_name", "surname", "dob"), ("first_and_surname", "postcode_fake")),
    certain_recall=0.6,
    crowd=200,
)  # fmt: skip


def historical(path: Path) -> Labelled:
    """The file of 50,000 historical figures."""
    relation = duckdb.execute("SELECT * FROM read_parquet(?)", [str(path)])
    names = [each[0] for each in relation.description or ()]
    rows = [dict(zip(names, values, strict=True)) for values in relation.fetchall()]
    for row in rows:
        row["postcode_area"] = (row["postcode_fake"] or "").partition(" ")[0] or None
    return labelled(rows, [row["cluster"] for row in rows])


def as_engine_rows(design: Design, rows: list[dict[str, str | None]]) -> Iterable[list[int | str | None]]:
    """Rows as `Matcher.load` takes them; a block is named after the columns that it joins."""
    columns = {
        block: parts
        for parts in (*_FEBRL_BLOCKS, *_FAKE_BLOCKS, *_HISTORICAL_BLOCKS)
        if (block := "b_" + "_".join(parts)) in design.blocks
    }
    for at, row in enumerate(rows):
        line: list[int | str | None] = [at, *(row.get(name) for name in design.columns)]
        for block in design.blocks:
            values = [row.get(name) for name in columns[block]]
            line.append("|".join(str(value) for value in values) if all(values) else None)
        yield line
