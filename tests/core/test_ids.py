"""UUIDs of facts."""

from uuid import UUID

from huoju.core.ids import uuid7, uuid7s


def test_an_id_is_a_standard_uuid_of_version_7() -> None:
    made = uuid7()
    assert type(made) is UUID
    assert made.version == 7


def test_later_ids_sort_after_earlier_ones() -> None:
    made = [*uuid7s(5000), uuid7(), *uuid7s(5000)]
    assert made == sorted(made)
    assert len(set(made)) == 10_001


def test_a_batch_of_none_is_empty() -> None:
    assert uuid7s(0) == []
