"""Splink behind a `Design`: training without labels, and scoring. The only module that knows Splink.

Splink is an optional extra, so nobody imports this module but `operations.load_engine`, which says what to install when
it is missing. Rows stand in an embedded DuckDB, where values that too many rows share are taken out of the blocks;
pairs are compared there as well, or by Spark if the installation says so.
"""

import logging
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import batched
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow
import splink
from splink import Linker, SettingsCreator, block_on
from splink.comparison_level_library import CustomLevel, ElseLevel
from splink.comparison_library import CustomComparison
from splink.internals.exceptions import EMTrainingException

from .policy import OTHER, Agreement, Comparison, Design, Level, Pair, Share, Weights

_ROWS = "records"
_BATCH = 20_000
_SAMPLED_PAIRS = 1_000_000
"""Random pairs from which the shares among different persons are estimated."""
_TRAINING_PAIRS = 1_000_000
"""At most so many pairs that agree on a training set are looked at."""
_SEED = 1
_UNSEEN = 1000
_LEAST_M = 0.005
_RATE_ROUNDS = 3
_FEW = 5_000
"""Fewer rows may make as many pairs as so many."""

type Row = Sequence[int | str | None]
"""The number of the row, then the values of the design's columns in their order."""


class Matcher:
    """Rows of one design, to train from and to score. Use it as a context manager; it keeps the rows in memory."""

    def __init__(self, design: Design, *, spark: Any = None, memory: str = "") -> None:
        """`spark` is a SparkSession that compares the pairs, None for DuckDB; `memory` a limit such as `1GB`."""
        self.design = design
        self.rows = 0
        self._spark = spark
        self._database = duckdb.connect()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        if memory:
            self._database.execute("SET memory_limit = ?", [memory])
        logging.getLogger("splink").setLevel(logging.ERROR)
        columns = ", ".join(f"{column} VARCHAR" for column in (*design.columns, *design.blocks))
        self._database.execute(f"CREATE TABLE {_ROWS} (unique_id BIGINT, {columns})")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()
        if self._folder is not None:
            self._folder.cleanup()

    def load(self, rows: Iterable[Row]) -> None:
        """Add rows: a number, the values of the columns, and the values of the blocks, None where there is none."""
        names = ["unique_id", *self.design.columns, *self.design.blocks]
        types = [pyarrow.int64()] + [pyarrow.string()] * (len(names) - 1)
        for batch in batched(rows, _BATCH, strict=False):
            arrays = [
                pyarrow.array(values, type=type_)
                for values, type_ in zip(zip(*batch, strict=True), types, strict=True)
            ]
            table = pyarrow.Table.from_arrays(arrays, names=names)
            self._database.register("batch", table)
            self._database.execute(f"INSERT INTO {_ROWS} SELECT * FROM batch")
            self._database.unregister("batch")
            self.rows += len(batch)

    def empty_crowds(self) -> dict[str, int]:
        """Take values out of the blocks that too many rows share; how many rows that concerned, by block.

        Too many are more than `crowd`, and fewer where all blocks together would make more than `pairs` a row.
        """
        emptied: dict[str, int] = {}
        limit = self._limit()
        for block in self.design.blocks:
            result = self._database.execute(
                f"""UPDATE {_ROWS} SET {block} = NULL WHERE {block} IN (
                        SELECT {block} FROM {_ROWS} WHERE {block} IS NOT NULL
                        GROUP BY {block} HAVING count(*) > {limit})"""
            ).fetchone()
            emptied[block] = result[0] if result else 0
        return emptied

    def _limit(self) -> int:
        """How many rows may share a value of a block: the most, up to `crowd`, that keep to `pairs` a row."""
        sizes = " UNION ALL ".join(
            f"SELECT count(*) AS size FROM {_ROWS} WHERE {block} IS NOT NULL GROUP BY {block}"
            for block in self.design.blocks
        )
        found = self._database.execute(
            f"""SELECT size, count(*) * size * (size - 1) / 2 FROM ({sizes})
                WHERE size BETWEEN 2 AND {self.design.crowd} GROUP BY size ORDER BY size"""
        ).fetchall()
        left = self.design.pairs * max(self.rows, _FEW)
        for size, pairs in found:
            left -= pairs
            if left < 0:
                return max(int(size) - 1, 2)
        return self.design.crowd

    def train(self, given: Weights) -> Weights:
        """Weights for the loaded rows, by expectation maximisation. What they cannot teach is taken from `given`.

        The same rows train the same weights, up to the last digits of sums.
        """
        linker = self._linker(None)
        rate = self._rate(given)
        linker._settings_obj._probability_two_random_records_match = Weights(rate, {}).prior(self.rows)
        linker.training.estimate_u_using_random_sampling(
            max_pairs=_SAMPLED_PAIRS, seed=_SEED, min_count_per_level=None, num_chunks=1
        )
        for columns in self.design.training:
            try:
                linker.training.estimate_parameters_using_expectation_maximisation(
                    block_on(*columns), max_pairs=_TRAINING_PAIRS, record_sample_proportion=0.2
                )
            except EMTrainingException:
                continue  # no two rows agree there: the other sets have to do
        weights = self._trained(linker.misc.save_model_to_json(), given, rate)
        for _ in range(_RATE_ROUNDS):
            weights = replace(weights, rate=max(rate, self._expected(weights)))
        return weights

    def _expected(self, weights: Weights) -> float:
        """True pairs a row that the weights themselves expect among the pairs that the blocks make.

        What certain agreement finds is too few where identifiers have joined the certain ones before.
        """
        scored = self._linker(weights).inference.predict()
        if self._spark is not None:
            total = scored.as_spark_dataframe().agg({"match_probability": "sum"}).collect()[0][0]
        else:
            found = self._database.execute(
                f"SELECT sum(match_probability) FROM {scored.physical_name}"
            ).fetchone()
            total = found[0] if found else None
        return min(float(total or 0.0) / max(self.rows, 1), 10.0)

    def score(self, weights: Weights, *, threshold: float) -> Iterator[Pair]:
        """The pairs whose probability is at least `threshold`, the likeliest first, each with what it is made of."""
        if self.rows < 2:
            return
        linker = self._linker(weights)
        scored = linker.inference.predict(threshold_match_probability=threshold or None)
        wanted = ["unique_id_l", "unique_id_r", "match_probability", "match_weight"]
        parts: list[tuple[Comparison, int, list[int]]] = []
        present = {column.unquote().name for column in scored.columns}
        for comparison in self.design.comparisons:
            gamma = len(wanted)
            wanted.append(f"gamma_{comparison.code}")
            weighing = [
                name for name in (f"mw_{comparison.code}", f"mw_tf_adj_{comparison.code}") if name in present
            ]
            parts.append((comparison, gamma, list(range(len(wanted), len(wanted) + len(weighing)))))
            wanted += weighing
        for found in self._read(scored, wanted):
            left, right, probability, weight = found[:4]
            agreements = tuple(
                Agreement(comparison.code, code, round(sum(found[at] or 0.0 for at in weighing), 3))
                for comparison, gamma, weighing in parts
                if (code := _level(comparison, found[gamma])) is not None
            )
            yield Pair(
                min(left, right), max(left, right), round(probability, 6), round(weight, 3), agreements
            )

    def candidates(self) -> int:
        """How many pairs the blocks make."""
        conditions: list[str] = []
        total = 0
        for block in self.design.blocks:
            before = "".join(
                f" AND coalesce(l.{other} <> r.{other}, true)"
                for other in self.design.blocks[: len(conditions)]
            )
            conditions.append(block)
            row = self._database.execute(
                f"""SELECT count(*) FROM {_ROWS} l JOIN {_ROWS} r
                    ON l.{block} = r.{block} AND l.unique_id < r.unique_id{before}"""
            ).fetchone()
            total += row[0] if row else 0
        return total

    def _read(self, scored: Any, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Rows of a result, in an order that does not depend on who computed what first."""
        if self._spark is not None:
            frame = scored.as_spark_dataframe().select(*columns)
            rows = [tuple(row) for row in frame.toLocalIterator()]
            yield from sorted(rows, key=lambda row: (-round(row[2], 6), row[0], row[1]))
            return
        relation = self._database.execute(
            f"""SELECT {", ".join(columns)} FROM {scored.physical_name}
                ORDER BY round(match_probability, 6) DESC, unique_id_l, unique_id_r"""
        )
        while found := relation.fetchmany(_BATCH):
            yield from found

    def _linker(self, weights: Weights | None) -> Linker:
        settings = SettingsCreator(
            link_type="dedupe_only",
            comparisons=[_comparison(each, weights) for each in self.design.comparisons],
            blocking_rules_to_generate_predictions=[block_on(block) for block in self.design.blocks],
            probability_two_random_records_match=weights.prior(self.rows) if weights else 1e-4,
            retain_matching_columns=True,  # without it the levels are not told
            retain_intermediate_calculation_columns=True,
            linker_uid="huoju",
        )
        if self._spark is None:
            api: Any = splink.DuckDBAPI(self._database)
        else:
            api = splink.SparkAPI(  # type: ignore[no-untyped-call]  # Splink
                spark_session=self._spark, break_lineage_method="persist", register_udfs_automatically=False
            )
        linker = Linker(self._registered(api, _ROWS), settings, log_level=None, validate_settings=False)
        if weights is not None:
            self._register_frequencies(api, linker, weights)
        return linker

    def _registered(self, api: Any, table: str) -> Any:
        """A table of ours as Splink sees it; Spark reads it from a file."""
        if self._spark is None:
            return api.register(table)
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="huoju-matching-")
        path = Path(self._folder.name) / f"{table}.parquet"
        self._database.execute(f"COPY {table} TO '{path}' (FORMAT PARQUET)")
        return api.register(self._spark.read.parquet(str(path)))

    def _register_frequencies(self, api: Any, linker: Linker, weights: Weights) -> None:
        """How frequent each value is. A value that two of ten persons have is not therefore a common one: it is taken
        as if a thousand more rows had been seen, in which every value is as frequent as values are on average."""
        for comparison in self.design.comparisons:
            for level in comparison.levels:
                if column := level.frequency:
                    expected = _UNSEEN * weights.shares[comparison.code][level.code].u
                    table = f"frequency_{column}"
                    self._database.execute(
                        f"""CREATE OR REPLACE TABLE {table} AS
                            SELECT {column},
                                   (count(*) + {expected}) / (sum(count(*)) OVER () + {_UNSEEN}) AS tf_{column}
                            FROM {_ROWS} WHERE {column} IS NOT NULL GROUP BY {column}"""
                    )
                    linker.table_management.register_term_frequency_lookup(
                        self._registered(api, table), column
                    )

    def _rate(self, given: Weights) -> float:
        """True pairs a row: what certain agreement finds, raised by the share that it is expected to miss."""
        agree = [
            " AND ".join(f"l.{column} = r.{column}" for column in columns) for columns in self.design.certain
        ]
        parts = [
            f"SELECT l.unique_id a, r.unique_id b FROM {_ROWS} l JOIN {_ROWS} r ON {each} AND l.unique_id < r.unique_id"
            for each in agree
        ]
        found = self._database.execute(f"SELECT count(*) FROM ({' UNION '.join(parts)})").fetchone()
        if not found or not found[0]:
            return given.rate
        return min(float(found[0]) / self.design.certain_recall / max(self.rows, 1), 10.0)

    def _trained(self, model: Mapping[str, Any], given: Weights, rate: float) -> Weights:
        shares: dict[str, dict[str, Share]] = {}
        trained: list[str] = []
        for comparison, found in zip(self.design.comparisons, model["comparisons"], strict=True):
            before = given.shares.get(comparison.code, {})
            pairs = dict(zip(comparison.codes, found["comparison_levels"][1:], strict=True))
            taught = [code for code, level in pairs.items() if "m_probability" in level]
            if not taught:
                shares[comparison.code] = {
                    code: Share(before[code].m, pairs[code].get("u_probability", before[code].u))
                    if code in before
                    else Share(_LEAST_M, pairs[code].get("u_probability", _LEAST_M))
                    for code in comparison.codes
                }
                continue
            trained.append(comparison.code)
            shares[comparison.code] = {
                code: Share(
                    max(level.get("m_probability", 0.0), _LEAST_M),
                    max(level.get("u_probability", 0.0), 1 / _SAMPLED_PAIRS),
                )
                for code, level in pairs.items()
            }
        return Weights(rate, shares, tuple(trained), self.rows)


def _comparison(comparison: Comparison, weights: Weights | None) -> CustomComparison:
    shares = weights.shares[comparison.code] if weights else {}

    def level(each: Level) -> Any:
        made: Any = CustomLevel(each.sql, label_for_charts=each.code, base_dialect_str="duckdb")
        if each.frequency:
            made.configure(tf_adjustment_column=each.frequency)
        return _weighed(made, shares.get(each.code))

    missing = CustomLevel(comparison.missing, base_dialect_str="duckdb").configure(is_null_level=True)
    return CustomComparison(
        output_column_name=comparison.code,
        comparison_levels=[
            missing,
            *(level(each) for each in comparison.levels),
            _weighed(ElseLevel(), shares.get(OTHER)),
        ],
    )


def _weighed(level: Any, share: Share | None) -> Any:
    return level if share is None else level.configure(m_probability=share.m, u_probability=share.u)


def _level(comparison: Comparison, gamma: int) -> str | None:
    """The code of a level by Splink's number for it: the last one is 0, the strongest the highest, missing -1."""
    return None if gamma < 0 else comparison.codes[len(comparison.levels) - gamma]
