"""Traits: registered once, readable where they stand."""

from dataclasses import replace

import pytest
from django.db import connection

from huoju.core.lake.tables import LakeTable, all_tables
from huoju.hub.profile import registry
from huoju.hub.profile.registry import Trait, TraitSource, ValueType
from huoju.site.wiring import wire_traits

TABLE = LakeTable(
    name="weather", relation="weather", columns={"id": "int64", "person_id": "int64", "sun": "boolean"}
)


def _source(code: str, *traits: str) -> TraitSource:
    return TraitSource(
        code=code,
        label=code,
        table=TABLE,
        changed_by=(),
        traits=tuple(Trait(code=each, label=each, type=ValueType.BOOLEAN, column="sun") for each in traits),
    )


@pytest.fixture
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_sources", {})


@pytest.mark.usefixtures("empty")
def test_a_trait_is_found_with_its_source() -> None:
    source = _source("weather", "weather.sun")
    registry.register_traits(source)
    assert registry.trait_named("weather.sun") == (source, source.traits[0])
    assert registry.all_sources() == [source]
    with pytest.raises(KeyError):
        registry.trait_named("weather.rain")


@pytest.mark.usefixtures("empty")
def test_a_code_belongs_to_one_source_and_one_trait() -> None:
    registry.register_traits(_source("weather", "weather.sun"))
    registry.register_traits(_source("weather", "weather.sun"))  # the same again changes nothing
    with pytest.raises(ValueError, match=r"weather\.sun"):
        registry.register_traits(_source("sky", "weather.sun"))
    with pytest.raises(ValueError, match="'weather' is registered twice"):
        registry.register_traits(_source("weather", "weather.wind"))


@pytest.mark.usefixtures("empty")
def test_a_total_stands_beside_totals_only() -> None:
    count = Trait(code="sky.days", label="Days", type=ValueType.NUMBER, column="id", total="count")
    with pytest.raises(ValueError, match="'sky' mixes totals"):
        registry.register_traits(
            replace(_source("sky", "sky.sun"), traits=(count, *_source("sky", "sky.sun").traits))
        )


def test_wiring_twice_changes_nothing() -> None:
    before = registry.all_sources()
    wire_traits()
    assert registry.all_sources() == before


def test_every_trait_names_a_column_of_its_table() -> None:
    for source in registry.all_sources():
        columns = source.table.columns
        named = {source.owner, *source.latest, *source.only, *(trait.column for trait in source.traits)}
        assert named <= set(columns), source.code


@pytest.mark.django_db
def test_every_lake_table_can_be_read() -> None:
    with connection.cursor() as cursor:
        for table in all_tables():
            cursor.execute(f"{table.select()} LIMIT 0")
            assert [column.name for column in cursor.description or ()] == list(table.columns), table.name


@pytest.mark.django_db
def test_every_choice_has_a_label() -> None:
    traits = [trait for source in registry.all_sources() for trait in source.traits]
    assert {
        trait.code for trait in traits if trait.type is ValueType.CHOICE and trait.choices is None
    } == set()
    for trait in traits:
        if trait.choices is not None:
            assert all(str(label) for _value, label in trait.choices()), trait.code
