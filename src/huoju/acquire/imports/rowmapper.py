"""A mapping applied to the rows of a file."""

from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo
from operator import itemgetter

from .dates import DateOrder, OrderEvidence
from .files import Column
from .mapping import ColumnRule, Mapping, MappingError, MappingProblem, Otherwise, column_key
from .registry import Field, MappedRow, OnBadValue, Preparing, Reason, Value
from .values import BadValueError, Reader, clean_text, reader_for

type _Cell = str | tuple[str, ...]  # of one column; of several that make one field

_REMEMBERED, _SHORT = 5_000, 100


class _Values(dict[_Cell, Value]):
    """What the cells of one field say. Whatever comes often is read once, and equal cells give one object, which also
    crosses to another process once: the first so many, unless they are long."""

    def __init__(self, rule: ColumnRule, read: Reader) -> None:
        super().__init__()
        self._read = read
        plain = len(rule.sources) == 1 and rule.values is None and rule.default is None
        self._rule = None if plain else rule

    def text(self, cell: _Cell) -> str:
        """What there is to be read. Raises `BadValueError` for a value that the rule refuses."""
        parts = (cell,) if isinstance(cell, str) else cell
        if self._rule is None:
            return clean_text(parts[0])
        return _composed(self._rule, [clean_text(part) for part in parts])

    def __missing__(self, cell: _Cell) -> Value:
        text = self.text(cell)
        value = self._read(text) if text else None
        if len(self) < _REMEMBERED and len(cell if isinstance(cell, str) else "".join(cell)) <= _SHORT:
            self[cell] = value
        return value


class RowMapper:
    """A mapping made ready for the columns of one file."""

    def __init__(self, mapping: Mapping, columns: Sequence[Column], target: Preparing, zone: tzinfo) -> None:
        if problems := mapping.check_columns(columns):
            raise MappingError(problems)
        places = {column_key(column.name): column.index for column in columns}
        fields = {known.key: known for known in target.fields}
        self._reject = mapping.options.on_bad_value is OnBadValue.REJECT
        self._required = [known.key for known in target.fields if known.required]
        self._constants: dict[str, Value] = {}
        self._plan: list[tuple[str, Callable[[Sequence[str]], _Cell], _Values]] = []
        problems = []
        for place, rule in enumerate(mapping.columns):
            known = fields[rule.field]
            reader = self._reader(known, rule, zone)
            if rule.constant is not None:
                try:
                    self._constants[rule.field] = (
                        reader(clean_text(rule.constant)) if rule.constant.strip() else None
                    )
                except BadValueError:
                    shown = {"value": rule.constant[:60]}
                    problems.append(MappingProblem(f"columns[{place}].constant", "bad_constant", shown))
                continue
            indices = tuple(
                places[column_key(source)] for source in rule.sources if column_key(source) in places
            )
            if not indices:
                continue
            self._plan.append((rule.field, itemgetter(*indices), _Values(rule, reader)))
        if problems:
            raise MappingError(problems)

    @staticmethod
    def _reader(known: Field, rule: ColumnRule, zone: tzinfo) -> Reader:
        order = rule.date or DateOrder.DAY_FIRST
        return reader_for(known.kind, zone=zone, order=order, decimal=rule.decimal, choices=known.choices)

    def map(self, row_no: int, cells: Sequence[str]) -> tuple[MappedRow, list[Reason]]:
        """The row as fields, and the reasons for rejecting it (none: it may go on)."""
        values = dict(self._constants)
        bad: list[Reason] = []
        filled = False
        for key, cell_of, known in self._plan:
            try:
                value = known[cell_of(cells)]
            except BadValueError as error:
                bad.append(error.reason(key))
                value = None
            if value is not None:
                filled = True
            values[key] = value
        row = MappedRow(row_no, values)
        if not self._reject:
            row.warnings, bad = bad, []
        filled = filled or bool(bad or row.warnings)
        if not filled and not any(known.text(cell_of(cells)) for _, cell_of, known in self._plan):
            return row, [Reason("blank_row")]
        bad.extend(
            Reason("missing", key)
            for key in self._required
            if values.get(key) is None and not any(reason.field == key for reason in bad)
        )
        return row, bad


def _composed(rule: ColumnRule, texts: list[str]) -> str:
    """The text of a field that several columns, a table of values or a default make."""
    text = rule.join.join(part for part in texts if part) if len(texts) > 1 else texts[0]
    if rule.values is not None:
        found = rule.values.get(text)
        if found is None:
            folded = text.casefold()
            found = next((new for old, new in rule.values.items() if old.casefold() == folded), None)
        if found is not None:
            text = found
        elif text and rule.otherwise is Otherwise.BLANK:
            text = ""
        elif text and rule.otherwise is Otherwise.REJECT:
            raise BadValueError("value_not_mapped", value=text[:60])
    return text or rule.default or ""


def decide_dates(
    rules: Sequence[ColumnRule], columns: Sequence[Column], rows: Iterable[Sequence[str]]
) -> dict[str, OrderEvidence]:
    """What all values of the given date columns say about the order of day and month, by field."""
    places = {column_key(column.name): column.index for column in columns}
    wanted = [
        (rule.field, places[column_key(rule.sources[0])])
        for rule in rules
        if column_key(rule.sources[0]) in places
    ]
    evidence = {key: OrderEvidence() for key, _place in wanted}
    for cells in rows:
        for key, place in wanted:
            text = cells[place]
            # Written with the year first, as nearly all are: nothing to learn.
            if text and not text[:4].isdecimal():
                evidence[key].look((text,))
    return evidence
