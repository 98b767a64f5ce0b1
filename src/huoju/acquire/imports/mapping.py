"""Mappings: which column becomes which field, how values are read, and how the import behaves.

The same JSON is what the wizard remembers, what the API takes and what `huoju import --mapping` reads; `docs/import.md`
documents it. `Mapping.parse` reports every mistake at once, each with its place. Rows are mapped by `rowmapper.py`.
"""

import difflib
import hashlib
import json
import unicodedata
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as AnyMapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .dates import DateOrder
from .files import Column, ReadOptions
from .registry import (
    ImportTarget,
    Kind,
    MatchOn,
    Mode,
    OnBadValue,
    Options,
)

VERSION: Final = 1

MAPPING_PROBLEMS: dict[str, Promise] = {
    "not_an_object": _("must be an object"),
    "not_json": _("is not valid JSON: %(detail)s"),
    "version": _("must be %(version)s"),
    "unknown_key": _("“%(key)s” is not known here; possible are %(possible)s"),
    "unknown_target": _("There is no target “%(target)s”; possible are %(possible)s"),
    "other_target": _("The mapping is for “%(target)s”"),
    "missing_key": _("“%(key)s” is missing"),
    "wrong_type": _("must be %(expected)s"),
    "unknown_field": _("There is no field “%(field)s”. Did you mean %(guess)s?"),
    "field_twice": _("The field “%(field)s” is mapped twice"),
    "from_or_constant": _("needs either “from” or “constant”"),
    "unknown_column": _("The file has no column “%(column)s”; it has %(columns)s"),
    "not_one_of": _("must be one of %(possible)s"),
    "needs_field": _("Map a column to “%(field)s”: it is required"),
    "needs_source_system": _("Name the source system: rows are matched by its ids"),
    "no_columns": _("No column is mapped"),
    "bad_constant": _("“%(value)s” cannot be the value of this field"),
}


@dataclass(frozen=True, slots=True)
class MappingProblem:
    """A mistake in a mapping: where (a path such as `columns[2].from`) and what."""

    path: str
    code: str
    params: AnyMapping[str, str | int] = field(default_factory=dict)

    def __str__(self) -> str:
        said = str(MAPPING_PROBLEMS[self.code]) % self.params
        return f"{self.path}: {said}" if self.path else said


class MappingError(Exception):
    """The mapping cannot be used. `problems` holds all mistakes; `str()` one a line."""

    def __init__(self, problems: Sequence[MappingProblem]) -> None:
        super().__init__(problems)
        self.problems = list(problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class Otherwise(StrEnum):
    """What becomes of a value that the table of values does not name."""

    KEEP = "keep"
    BLANK = "blank"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """How one field gets its value.

    Either `sources` (names of columns; several are joined by `join`, blank ones left out) or `constant`. `values`
    replaces whole values before they are read, `""` standing for blank; `otherwise` says what happens to others.
    `default` stands in for blank. `date`: `dmy` or `mdy`, None = decided from the whole column. `decimal`: the
    decimal sign, `.` or `,` or `auto`.
    """

    field: str
    sources: tuple[str, ...] = ()
    join: str = " "
    constant: str | None = None
    default: str | None = None
    values: AnyMapping[str, str] | None = None
    otherwise: Otherwise = Otherwise.KEEP
    date: DateOrder | None = None
    decimal: str = "auto"
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Mapping:
    """A complete mapping of one file to one target."""

    target: str
    columns: tuple[ColumnRule, ...]
    options: Options = field(default_factory=Options)
    file: ReadOptions = field(default_factory=ReadOptions)

    @staticmethod
    def parse(data: Any, target: ImportTarget) -> "Mapping":
        """Read a mapping from JSON data (or JSON text). Raises `MappingError` with every mistake found."""
        return _Parser(target).parse(data)

    def to_json(self) -> dict[str, Any]:
        """The JSON form; what is default is left out."""
        columns = []
        for rule in self.columns:
            entry: dict[str, Any] = {"field": rule.field}
            if rule.constant is not None:
                entry["constant"] = rule.constant
            else:
                entry["from"] = rule.sources[0] if len(rule.sources) == 1 else list(rule.sources)
            for key in ("join", "default", "otherwise", "date", "decimal", "optional", "values"):
                value = getattr(rule, key)
                if value != _DEFAULT_RULE[key]:
                    entry[key] = dict(value) if key == "values" else value
            columns.append(entry)
        file = {key: value for key, value in asdict(self.file).items() if value is not None}
        return {
            "version": VERSION,
            "target": self.target,
            "options": asdict(self.options),
            **({"file": file} if file else {}),
            "columns": columns,
        }

    def check_columns(self, columns: Sequence[Column]) -> list[MappingProblem]:
        """Columns that the mapping names and the file does not have."""
        known = {column_key(column.name) for column in columns}
        shown = ", ".join(column.name for column in columns[:30])
        return [
            MappingProblem(f"columns[{place}].from", "unknown_column", {"column": source, "columns": shown})
            for place, rule in enumerate(self.columns)
            if not rule.optional
            for source in rule.sources
            if column_key(source) not in known
        ]

    def fields(self, columns: Iterable[str]) -> frozenset[str]:
        """The fields that get a value from a file with these columns."""
        known = {column_key(name) for name in columns}
        return frozenset(
            rule.field
            for rule in self.columns
            if rule.constant is not None or any(column_key(source) in known for source in rule.sources)
        )

    def open_dates(self, target: ImportTarget) -> list[ColumnRule]:
        """The date columns whose order of day and month nobody has given."""
        kinds = {known.key: known.kind for known in target.fields}
        return [
            rule
            for rule in self.columns
            if kinds.get(rule.field) is Kind.DATE and rule.sources and rule.date is None
        ]

    def with_dates(self, orders: AnyMapping[str, DateOrder]) -> "Mapping":
        """The same mapping with the orders decided, by field."""
        columns = tuple(replace(rule, date=orders.get(rule.field, rule.date)) for rule in self.columns)
        return replace(self, columns=columns)


_DEFAULT_RULE: Final = asdict(ColumnRule(""))


def mapped_target(text: str) -> str | None:
    """The target that the text of a mapping file names, None where it names none (or is no mapping)."""
    try:
        data = json.loads(text)
    except ValueError:
        return None
    found = data.get("target") if isinstance(data, dict) else None
    return found if isinstance(found, str) else None


def signature(columns: Iterable[str]) -> str:
    """What a file's header has in common with the next file of the same kind: its names, in whatever order."""
    names = sorted(column_key(name) for name in columns)
    return hashlib.sha256("\x1f".join(names).encode()).hexdigest()


def column_key(name: str) -> str:
    """What the spellings of one column's name have in common."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


class _Parser:
    """Walks the JSON and gathers mistakes instead of stopping at the first."""

    def __init__(self, target: ImportTarget) -> None:
        self._target = target
        self._fields = {known.key: known for known in target.fields}
        self._problems: list[MappingProblem] = []

    def parse(self, data: Any) -> Mapping:
        if isinstance(data, str | bytes):
            try:
                data = json.loads(data)
            except ValueError as error:
                raise MappingError([MappingProblem("", "not_json", {"detail": str(error)[:100]})]) from None
        if not isinstance(data, dict):
            raise MappingError([MappingProblem("", "not_an_object")])
        self._keys("", data, {"version", "target", "options", "file", "columns", "$schema"})
        if data.get("version") != VERSION:
            self._say("version", "version", version=VERSION)
        if data.get("target") not in (None, self._target.code):
            self._say("target", "other_target", target=str(data["target"])[:60])
        options = self._options(data.get("options", {}))
        file = self._file(data.get("file", {}))
        columns = self._columns(data.get("columns"))
        if not self._problems:
            self._check_sense(columns, options)
        if self._problems:
            raise MappingError(self._problems)
        return Mapping(self._target.code, tuple(columns), options, file)

    def _say(self, path: str, code: str, **params: str | int) -> None:
        self._problems.append(MappingProblem(path, code, params))

    def _keys(self, path: str, data: dict[str, Any], possible: set[str]) -> None:
        for key in data:
            if key not in possible:
                self._say(path, "unknown_key", key=str(key)[:60], possible=", ".join(sorted(possible)))

    def _one_of[E: StrEnum](self, path: str, value: Any, enum: type[E], default: E) -> E:
        if value is None:
            return default
        try:
            return enum(value)
        except ValueError:
            self._say(path, "not_one_of", possible=", ".join(enum))
            return default

    def _options(self, data: Any) -> Options:
        if not isinstance(data, dict):
            self._say("options", "not_an_object")
            return Options()
        self._keys(
            "options", data, {"mode", "match_on", "create_unknown_owners", "source_system", "on_bad_value"}
        )
        create = data.get("create_unknown_owners", False)
        if not isinstance(create, bool):
            self._say("options.create_unknown_owners", "wrong_type", expected="true / false")
        source = data.get("source_system", "")
        if not isinstance(source, str) or len(source) > 40:
            self._say("options.source_system", "wrong_type", expected="text")
            source = ""
        return Options(
            mode=self._one_of("options.mode", data.get("mode"), Mode, Mode.FRESH),
            match_on=self._one_of("options.match_on", data.get("match_on"), MatchOn, MatchOn.IDENTITY),
            create_unknown_owners=create is True,
            source_system=source.strip(),
            on_bad_value=self._one_of(
                "options.on_bad_value", data.get("on_bad_value"), OnBadValue, OnBadValue.REJECT
            ),
        )

    def _file(self, data: Any) -> ReadOptions:
        if not isinstance(data, dict):
            self._say("file", "not_an_object")
            return ReadOptions()
        self._keys("file", data, {"encoding", "delimiter", "sheet", "header_row"})
        texts: dict[str, str | None] = {}
        for key in ("encoding", "delimiter", "sheet"):
            value = data.get(key)
            if value is not None and (not isinstance(value, str) or (key == "delimiter" and len(value) != 1)):
                self._say(
                    f"file.{key}", "wrong_type", expected="text" if key != "delimiter" else "one character"
                )
                value = None
            texts[key] = value
        row = data.get("header_row")
        if row is not None and (not isinstance(row, int) or isinstance(row, bool) or not 0 <= row <= 100):
            self._say("file.header_row", "wrong_type", expected="0 … 100")
            row = None
        return ReadOptions(texts["encoding"], texts["delimiter"], texts["sheet"], row)

    def _columns(self, data: Any) -> list[ColumnRule]:
        if not isinstance(data, list):
            self._say("columns", "wrong_type", expected="[…]")
            return []
        rules = []
        seen: set[str] = set()
        for place, entry in enumerate(data):
            path = f"columns[{place}]"
            if not isinstance(entry, dict):
                self._say(path, "not_an_object")
                continue
            rule = self._rule(path, entry)
            if rule.field in seen:
                self._say(path, "field_twice", field=rule.field)
            seen.add(rule.field)
            rules.append(rule)
        return rules

    def _rule(self, path: str, entry: dict[str, Any]) -> ColumnRule:
        self._keys(path, entry, {"field", "from", *_DEFAULT_RULE} - {"sources"})
        key = entry.get("field")
        if not isinstance(key, str):
            self._say(path, "missing_key", key="field")
            key = ""
        elif key not in self._fields:
            guess = difflib.get_close_matches(key, self._fields, 1, 0.3) or list(self._fields)[:1]
            self._say(f"{path}.field", "unknown_field", field=key[:60], guess=guess[0] if guess else "")
        sources = entry.get("from")
        if isinstance(sources, str):
            sources = [sources]
        if sources is not None and not (
            isinstance(sources, list) and sources and all(isinstance(name, str) and name for name in sources)
        ):
            self._say(f"{path}.from", "wrong_type", expected="text, […]")
            sources = []
        if (sources is None) == (entry.get("constant") is None):
            self._say(path, "from_or_constant")
        for name in ("join", "constant", "default", "decimal"):
            if entry.get(name) is not None and not isinstance(entry[name], str):
                self._say(f"{path}.{name}", "wrong_type", expected="text")
        values = entry.get("values")
        if values is not None and not (
            isinstance(values, dict) and all(isinstance(value, str) for value in values.values())
        ):
            self._say(f"{path}.values", "wrong_type", expected='{"…": "…"}')
            values = None
        decimal = entry.get("decimal", "auto")
        if decimal not in (".", ",", "auto"):
            self._say(f"{path}.decimal", "not_one_of", possible=". , auto")
        date: DateOrder | None = None
        if entry.get("date") not in (None, "auto", "ymd"):
            date = self._one_of(f"{path}.date", entry["date"], DateOrder, DateOrder.DAY_FIRST)
        return ColumnRule(
            field=key,
            sources=tuple(sources or ()),
            join=entry.get("join", " "),
            constant=entry.get("constant"),
            default=entry.get("default"),
            values=values,
            otherwise=self._one_of(f"{path}.otherwise", entry.get("otherwise"), Otherwise, Otherwise.KEEP),
            date=date,
            decimal=decimal,
            optional=entry.get("optional") is True,
        )

    def _check_sense(self, rules: Sequence[ColumnRule], options: Options) -> None:
        mapped = {rule.field for rule in rules}
        if not rules:
            self._say("columns", "no_columns")
        for known in self._fields.values():
            if known.required and known.key not in mapped:
                self._say("columns", "needs_field", field=str(known.label))
        if options.match_on is MatchOn.EXTERNAL_ID:
            if not options.source_system:
                self._say("options.source_system", "needs_source_system")
            ids = [known for known in self._fields.values() if known.kind is Kind.EXTERNAL_ID]
            if ids and not any(known.key in mapped for known in ids):
                self._say("columns", "needs_field", field=str(ids[0].label))
