"""Rules for tables."""

from collections.abc import Iterator

from django.apps import apps
from django.db.models import Field, ForeignKey, ManyToManyField, Model

from huoju.site.settings import WINGS
from tests.architecture.tree import room_of

# From the top of the house to its ground: a relation points to the right.
ORDER = [(wing, room) for wing, rooms in WINGS.items() for room in rooms]


def _relations() -> Iterator[tuple[type[Model], Field[object, object], type[Model]]]:
    """Every relation between the tables of different rooms."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.get_fields():
            if isinstance(field, ForeignKey | ManyToManyField):
                target = field.related_model
                assert isinstance(target, type)
                here, there = room_of(model.__module__), room_of(target.__module__)
                if here and there and here != there:
                    yield model, field, target


def test_relations_between_rooms_point_down() -> None:
    found = [
        f"{model._meta.label}.{field.name} points up to {target._meta.label}"
        for model, field, target in _relations()
        if ORDER.index(room_of(model.__module__) or ("", ""))
        > ORDER.index(room_of(target.__module__) or ("", ""))
    ]
    assert found == []


def test_relations_between_rooms_leave_no_trace_on_their_target() -> None:
    found = [
        f'{model._meta.label}.{field.name} needs related_name="+"'
        for model, field, _ in _relations()
        if field.remote_field is not None and not field.remote_field.hidden
    ]
    assert found == []


def test_every_table_says_what_a_row_is() -> None:
    found = [
        model._meta.label
        for model in apps.get_models()
        if room_of(model.__module__)
        and not hasattr(model, "pgh_tracked_model")
        and model.__str__ is Model.__str__
    ]
    assert found == []


def test_ids_are_big() -> None:
    found = [
        model._meta.label
        for model in apps.get_models()
        if room_of(model.__module__)
        and not hasattr(model, "pgh_tracked_model")
        and model._meta.pk.get_internal_type() == "AutoField"
    ]
    assert found == []
