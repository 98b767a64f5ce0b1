"""A formula as an Ibis expression: a table of profile ids. One expression, whichever engine it is bound to.

Everything reads through `identity_alias` and `companies_alias`: a fact or a row of any person of a profile counts for
the profile, and a merged company is the one that it is read as.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import reduce

import ibis
from ibis.expr.types import BooleanValue, Scalar, Table, TimestampValue, Value

from huoju.core.lake.tables import table_named
from huoju.hub.profile.registry import Trait, TraitSource

from .laketables import ENTRIES
from .policy.formula import (
    Contains,
    CountLeaf,
    Equals,
    Every,
    Formula,
    IsSet,
    Leaf,
    ListLeaf,
    Literal,
    NumberRange,
    Predicate,
    Relative,
    SequenceLeaf,
    Some,
    StepLeaf,
    TagLeaf,
    TimeRange,
    TraitLeaf,
    Where,
    is_timed,
    literals,
)
from .policy.vocabulary import ValueType

AMONG = "segment_among"
"""The table of persons that a question is restricted to, where it is: `person_id`, `profile_id`."""

type Sources = Mapping[str, TraitSource]
type FactTable = Callable[[str], Table]
"""The unbound table of a kind of facts: `person_id`, `occurred_at`, and the fields of the payload."""


@dataclass(frozen=True, slots=True)
class Compiler:
    """What expressions are made of. `now` is a moment or an expression for one; `offset` is what the company's zone is
    ahead of UTC by; `restricted`: only the persons in `AMONG` are looked at."""

    sources: Sources
    facts: FactTable
    now: TimestampValue
    offset: timedelta
    restricted: bool = False

    # --- people ---------------------------------------------------------------------------------------------------

    def everybody(self) -> Table:
        """All profiles."""
        if self.restricted:
            return _among().select("profile_id").distinct()
        persons = _persons().select(profile_id="id")
        aliases = _aliases()
        return persons.anti_join(aliases, [("profile_id", "person_id")])

    def by_profile(self, table: Table, owner: str) -> Table:
        """`table` with `profile_id` in place of the person's id in `owner`."""
        if self.restricted:
            among = _among()
            joined = table.join(among, [(owner, "person_id")], rname="{name}_among")
            drop = {owner, "person_id_among", "person_id"} & set(joined.columns)
            return joined.drop(*drop)
        aliases = _aliases().select(alias_of="person_id", alias_profile="profile_id")
        joined = table.left_join(aliases, [(owner, "alias_of")])
        mapped = joined.mutate(profile_id=ibis.coalesce(joined.alias_profile, joined[owner]))
        return mapped.drop("alias_of", "alias_profile", owner)

    def people(self) -> Table:
        """Every person with their profile: `person_id`, `profile_id`, `company_id`."""
        persons = _persons().select("company_id", person_id="id", owner="id")
        return self.by_profile(persons, "owner") if not self.restricted else self._restricted_people()

    def _restricted_people(self) -> Table:
        persons, among = _persons(), _among()
        return persons.join(among, [("id", "person_id")]).select("company_id", "person_id", "profile_id")

    def companies(self) -> Table:
        """The company of each profile that has one, as it is read: its own, else that of its newest person."""
        people = self.people().filter(lambda t: t.company_id.notnull())
        order = ibis.window(
            group_by="profile_id",
            order_by=[ibis.desc(people.person_id == people.profile_id), ibis.desc(people.person_id)],
        )
        ranked = people.mutate(place=ibis.row_number().over(order))
        own = ranked.filter(ranked.place == 0).select("profile_id", written="company_id")
        aliases = _company_aliases().rename(alias_of="company_id")
        read = own.left_join(aliases, [("written", "alias_of")])
        read = read.mutate(company_id=ibis.coalesce(read.main_id, read.written))
        return read.select("profile_id", "company_id")

    # --- formulas ---------------------------------------------------------------------------------------------------

    def members(self, formula: Formula) -> Table:
        """The profiles of whom `formula` holds: one column, `profile_id`, each once."""
        found = self._set(formula)
        if self.restricted or (isinstance(formula, Every | Literal) and not _positives(formula)):
            return found
        # A fact may outlive its person (erased, or an import taken back).
        return self.everybody().semi_join(found, "profile_id")

    def _set(self, formula: Formula) -> Table:
        match formula:
            case Literal():
                found = self._leaf(formula.leaf)
                return found if formula.positive else self.everybody().anti_join(found, "profile_id")
            case Some():
                return reduce(lambda left, right: left.union(right), map(self._set, formula.parts)).distinct()
            case Every():
                return self._every(formula.parts)

    def _every(self, parts: Sequence[Formula]) -> Table:
        """Start from the conditions that must hold and take away: conditions on one source read it once."""
        together: dict[str, list[Literal]] = {}
        others: list[Formula] = []
        for part in parts:
            if isinstance(part, Literal) and isinstance(part.leaf, TraitLeaf):
                together.setdefault(part.leaf.source, []).append(part)
            else:
                others.append(part)
        kept, taken = [], []
        for group in together.values():
            if any(part.positive for part in group):
                kept.append(self._traits(group))
            else:
                taken += [self._leaf(part.leaf) for part in group]
        for part in others:
            if isinstance(part, Literal) and not part.positive:
                taken.append(self._leaf(part.leaf))
            else:
                kept.append(self._set(part))
        found = kept[0] if kept else self.everybody()
        for other in kept[1:]:
            found = found.semi_join(other, "profile_id")
        for other in taken:
            found = found.anti_join(other, "profile_id")
        return found

    def _leaf(self, leaf: Leaf) -> Table:
        """The profiles of which a leaf is true, each once."""
        match leaf:
            case TraitLeaf():
                return self._traits([Literal(leaf)])
            case CountLeaf():
                return self._counted(leaf)
            case SequenceLeaf():
                return self._chain(leaf)
            case ListLeaf():
                entries = ENTRIES.unbound()
                entries = entries.filter(entries.list_id == leaf.list).select("person_id")
                return self.by_profile(entries, "person_id").select("profile_id").distinct()
            case TagLeaf():
                tags = self._tagged(leaf)
                return (
                    tags.filter(tags.until.isnull() | (tags.until > self.now)).select("profile_id").distinct()
                )

    def _tagged(self, leaf: TagLeaf) -> Table:
        """Who ever had the tag, and `until` when: NULL is for ever."""
        tags = table_named("tag_assignments").unbound()
        tags = tags.filter(tags.tag_id == leaf.tag).select("person_id", until="expires_at")
        return self.by_profile(tags, "person_id").select("profile_id", "until")

    # --- traits -----------------------------------------------------------------------------------------------------

    def values(self, source: TraitSource, traits: Sequence[Trait]) -> Table:
        """The values that count: `profile_id` (once) and a column for each trait's `name`."""
        table = source.table.unbound()
        for column, value in source.only.items():
            table = table.filter(table[column] == value)
        wanted = sorted({trait.column for trait in traits} | set(source.latest))
        table = table.select(*wanted, owner_id=source.owner).filter(lambda t: t.owner_id.notnull())
        if source.totals and source.about == "company":
            return self._company_totals(table, traits)
        if source.totals:
            rows = self.by_profile(table, "owner_id")
            return rows.group_by("profile_id").agg(**_totals(rows, traits))
        columns = sorted({trait.column for trait in traits})
        if source.about == "company":
            companies = self.companies()
            return companies.join(table, [("company_id", "owner_id")]).select("profile_id", *columns)
        if source.combined is None:
            mapped = self.by_profile(table, "owner_id")
            return _latest(mapped, "profile_id", source.latest).select("profile_id", *columns)
        # One row a person: that of the profile's own, unless there is one for several.
        several = source.combined.unbound().select("profile_id", *columns)
        if self.restricted:
            profiles = self.everybody()
            several, own = (
                several.semi_join(profiles, "profile_id"),
                table.semi_join(profiles, [("owner_id", "profile_id")]),
            )
        else:
            own = table.anti_join(_aliases(), [("owner_id", "person_id")])
        own = own.rename(profile_id="owner_id").select("profile_id", *columns)
        return own.anti_join(several, "profile_id").union(several)

    def _company_totals(self, table: Table, traits: Sequence[Trait]) -> Table:
        """Totals over the rows of all companies that are read as the profile's."""
        companies, aliases = self.companies(), _company_aliases().rename(alias_of="company_id")
        rows = table.left_join(aliases, [("owner_id", "alias_of")])
        rows = rows.mutate(read_as=ibis.coalesce(rows.main_id, rows.owner_id))
        if self.restricted:
            rows = rows.semi_join(companies, [("read_as", "company_id")])
        totals = rows.group_by("read_as").agg(**_totals(rows, traits))
        found = companies.join(totals, [("company_id", "read_as")])
        return found.select("profile_id", *sorted({trait.name for trait in traits}))

    def _traits(self, group: Sequence[Literal]) -> Table:
        leaves = [(part.leaf, part.positive) for part in group if isinstance(part.leaf, TraitLeaf)]
        source = self.sources[leaves[0][0].source]
        by_code = {trait.code: trait for trait in source.traits}
        rows = self.values(source, [by_code[leaf.trait] for leaf, _ in leaves])
        tests = []
        for leaf, positive in leaves:
            held = self.test(leaf.predicate, rows[by_code[leaf.trait].name], leaf.type)
            held = ibis.coalesce(held, ibis.literal(False))
            tests.append(held if positive else ~held)
        return rows.filter(tests).select("profile_id")

    def test(self, predicate: Predicate, column: Value, type_: ValueType) -> BooleanValue:
        """The predicate over a column; NULL counts as no."""
        match predicate:
            case IsSet():
                if type_ in (ValueType.TEXT, ValueType.CHOICE) and column.type().is_string():
                    return column.notnull() & (column != "")
                if type_ is ValueType.LIST:
                    return column.notnull() & (column.length() > 0)
                return column.notnull()
            case Equals(values=values):
                if type_ is ValueType.LIST:
                    return reduce(lambda left, right: left | right, [column.contains(v) for v in values])
                return column == values[0] if len(values) == 1 else column.isin(values)
            case Contains(text=text, start=start):
                folded = column.lower()
                return folded.startswith(text.lower()) if start else folded.contains(text.lower())
            case NumberRange(low=low, high=high):
                return _between(column.cast("float64"), low, high)
            case TimeRange(low=begin, high=end):
                moment = self._moment(column)
                if column.type().is_date():
                    moment = moment + ibis.interval(hours=12)
                held = ibis.literal(True) if begin is None else moment >= begin
                return held if end is None else held & (moment < end)
            case Relative(after=after, upto=upto):
                moment = self._moment(column)
                held = moment.notnull()
                if after is not None:
                    held &= moment > self.now + _days(after)
                return held if upto is None else held & (moment <= self.now + _days(upto))

    def _moment(self, column: Value) -> TimestampValue:
        if not column.type().is_date():
            return column
        seconds = ibis.interval(seconds=int(self.offset.total_seconds()))
        return column.cast("timestamp").cast("timestamp('UTC')") - seconds

    # --- facts ------------------------------------------------------------------------------------------------------

    def _happened(self, kind: str, where: Where) -> Table:
        """The facts that meet `where`: `person_id`, `occurred_at`."""
        facts = self.facts(kind)
        tests = [(column_of(facts.columns, name), name, type_, predicate) for name, type_, predicate in where]
        facts = facts.select("person_id", "occurred_at", *sorted({column for column, *_ in tests}))
        facts = facts.filter(facts.person_id.notnull())
        if self.restricted:
            facts = facts.semi_join(_among(), "person_id")
        for column, name, type_, predicate in tests:
            held = self.test(predicate, facts[column], type_)
            held = ibis.coalesce(held, ibis.literal(False))
            facts = facts.filter(~held if name.startswith("!") else held)
        return facts.select("person_id", "occurred_at")

    def _within(self, leaf: CountLeaf) -> Table:
        facts = self._happened(leaf.kind, leaf.where)
        if leaf.days is not None:
            facts = facts.filter(facts.occurred_at > self.now - _days(leaf.days))
        if leaf.low is not None:
            facts = facts.filter(facts.occurred_at >= leaf.low)
        if leaf.high is not None:
            facts = facts.filter(facts.occurred_at < leaf.high)
        return facts

    def _counted(self, leaf: CountLeaf) -> Table:
        facts = self._within(leaf)
        if leaf.count == 1:
            return (
                self.by_profile(facts.select("person_id").distinct(), "person_id")
                .select("profile_id")
                .distinct()
            )
        # Counted by person first: the mapping is then read once a person, not once a fact.
        counts = facts.group_by("person_id").agg(happened=facts.count())
        mapped = self.by_profile(counts, "person_id")
        sums = mapped.group_by("profile_id").agg(happened=mapped.happened.sum())
        return sums.filter(sums.happened >= leaf.count).select("profile_id")

    def _chain(self, leaf: SequenceLeaf) -> Table:
        first, *others = leaf.steps
        facts = self._happened(first.kind, first.where)
        if leaf.days is not None:
            facts = facts.filter(facts.occurred_at > self.now - _days(leaf.days))
        reached = self.by_profile(facts, "person_id").select("profile_id", "occurred_at")
        for step in others:
            reached = self._next(reached, step)
        return reached.select("profile_id").distinct()

    def _next(self, reached: Table, step: StepLeaf) -> Table:
        """The facts of `step` that follow a fact in `reached` in time: decided by the latest one before each, found in
        one pass over both in the order of time (at the same moment the step stands first: it must be later)."""
        after = self.by_profile(self._happened(step.kind, step.where), "person_id")
        both = (
            after.select("profile_id", "occurred_at", before=ibis.literal(0, "int8"))
            .union(reached.select("profile_id", "occurred_at", before=ibis.literal(1, "int8")))
            .mutate(came=lambda t: ibis.ifelse(t.before == 1, t.occurred_at, ibis.null("timestamp('UTC')")))
        )
        order = ibis.window(
            group_by="profile_id", order_by=["occurred_at", "before"], preceding=None, following=0
        )
        both = both.mutate(last=both.came.max().over(order))
        held = (both.before == 0) & both["last"].notnull()
        if step.within is not None:
            held &= both.occurred_at <= both["last"] + _days(step.within)
        return both.filter(held).select("profile_id", "occurred_at")

    # --- time -------------------------------------------------------------------------------------------------------

    def changes(self, formula: Formula, *, inside: bool) -> Table | None:
        """When time alone may put out those who are in (or bring in those who are not): `profile_id`, `due_at`, the
        first moment after now for each; None where time changes nothing."""
        events = [
            event
            for literal in literals(formula)
            if is_timed(literal.leaf)
            for event, turns_true in self._turns(literal.leaf)
            if (turns_true is literal.positive) is not inside
        ]
        if not events:
            return None
        every = reduce(lambda left, right: left.union(right), events)
        every = every.filter(every.due_at > self.now)
        return every.group_by("profile_id").agg(due_at=every.due_at.min())

    def _turns(self, leaf: Leaf) -> list[tuple[Table, bool]]:
        match leaf:
            case TraitLeaf(predicate=Relative(after=after, upto=upto)):
                source = self.sources[leaf.source]
                (trait,) = [trait for trait in source.traits if trait.code == leaf.trait]
                rows = self.values(source, [trait])
                moment = self._moment(rows[trait.name])
                found = []
                for days, turns_true in ((after, False), (upto, True)):
                    if days is not None:
                        event = rows.select("profile_id", due_at=moment - _days(days))
                        found.append((event.filter(event.due_at.notnull()), turns_true))
                return found
            case CountLeaf(days=int(days)):
                return [(self._nth_newest(leaf, days), False)]
            case SequenceLeaf(days=int(days)):
                facts = self._happened(leaf.steps[0].kind, leaf.steps[0].where)
                mapped = self.by_profile(facts, "person_id")
                event = mapped.select("profile_id", due_at=mapped.occurred_at + _days(days))
                return [(event, False)]
            case TagLeaf():
                tags = self._tagged(leaf).rename(due_at="until")
                return [(tags.filter(tags.due_at.notnull()), False)]
            case _:
                return []

    def _nth_newest(self, leaf: CountLeaf, days: int) -> Table:
        """When the fact leaves the window with which too few remain."""
        facts = self.by_profile(self._within(leaf), "person_id")
        if leaf.count == 1:
            last = facts.group_by("profile_id").agg(last=facts.occurred_at.max())
        else:
            order = ibis.window(group_by="profile_id", order_by=ibis.desc("occurred_at"))
            ranked = facts.mutate(place=ibis.row_number().over(order))
            last = ranked.filter(ranked.place == leaf.count - 1).select("profile_id", last="occurred_at")
        return last.select("profile_id", due_at=last["last"] + _days(days))

    def state(self, formula: Formula) -> Table:
        """For each profile: `profile_id`, `member`, `due_at` (when time alone may change it; NULL: never)."""
        everybody, members = self.everybody(), self.members(formula).mutate(member=ibis.literal(True))
        found = everybody.left_join(members, "profile_id")
        found = found.select("profile_id", member=ibis.coalesce(found.member, ibis.literal(False)))
        never = ibis.null("timestamp('UTC')")
        due: dict[bool, Value] = {True: never, False: never}
        for inside, name in ((True, "leaves_at"), (False, "enters_at")):
            moments = self.changes(formula, inside=inside)
            if moments is None:
                found = found.mutate(**{name: never})
                continue
            moments = moments.rename({name: "due_at"})
            found = found.left_join(moments, "profile_id").drop("profile_id_right")
            due[inside] = found[name]
        return found.select(
            "profile_id", "member", due_at=ibis.ifelse(found.member, found.leaves_at, found.enters_at)
        )


def _among() -> Table:
    return ibis.table({"person_id": "int64", "profile_id": "int64"}, name=AMONG)


def _persons() -> Table:
    return table_named("persons").unbound().select("id", "company_id")


def _aliases() -> Table:
    return table_named("identity_alias").unbound()


def column_of(columns: Collection[str], name: str) -> str:
    """The column of a table of facts in which the field of a condition stands."""
    plain = name.removeprefix("!")
    return f"payload_{plain}" if f"payload_{plain}" in columns else plain


def _company_aliases() -> Table:
    return table_named("companies_alias").unbound()


def _latest(table: Table, key: str, latest: Sequence[str]) -> Table:
    """The greatest row by `latest` (NULLs last) of each `key`."""
    order = ibis.window(group_by=key, order_by=[table[column].desc(nulls_first=False) for column in latest])
    ranked = table.mutate(place=ibis.row_number().over(order))
    return ranked.filter(ranked.place == 0).drop("place")


def _totals(rows: Table, traits: Sequence[Trait]) -> dict[str, Value]:
    """What the traits make of all rows, by `name`."""
    return {trait.name: getattr(rows[trait.column], trait.total)() for trait in traits if trait.total}


def _between(column: Value, low: float | None, high: float | None) -> BooleanValue:
    held = ibis.literal(True) if low is None else column >= low
    return held if high is None else held & (column <= high)


def _days(number: int) -> Scalar:
    return ibis.interval(seconds=number * 86_400)


def _positives(formula: Formula) -> bool:
    match formula:
        case Literal():
            return formula.positive
        case Every():
            return any(not isinstance(part, Literal) or part.positive for part in formula.parts)
        case Some():
            return True
