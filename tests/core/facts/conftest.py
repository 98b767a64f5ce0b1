"""A log that is empty before each test and can be read by readers of the test's own."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from huoju.core.facts import partitions
from huoju.core.facts.operations import NewFact, append

from .kinds import Counted

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)

type Put = Callable[..., None]


@pytest.fixture
def clean_log(transactional_db: None) -> Iterator[None]:
    """The log and its readers' state, emptied before and after: these tests commit."""
    partitions.ensure(NOW)
    _empty()
    yield
    _empty()


def _empty() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL huoju.erasing = 'on'")
        cursor.execute("TRUNCATE facts_fact, facts_key, facts_cursor, facts_deadletter")
        cursor.execute("UPDATE facts_lift SET lift = 0")
        cursor.execute("DROP TABLE IF EXISTS test_effect")
        cursor.execute("CREATE TABLE test_effect (id bigserial, reader text, n int, person bigint)")


@pytest.fixture
def put(clean_log: None) -> Put:
    """Append `Counted` facts in a transaction of their own."""

    def put(numbers: Sequence[int], *, person: int | None = None, keys: Sequence[str] = ()) -> None:
        facts = [
            NewFact(
                payload=Counted(n=n),
                occurred_at=NOW,
                person_id=person if person is not None else n,
                dedup_key=keys[index] if keys else None,
            )
            for index, n in enumerate(numbers)
        ]
        with transaction.atomic():
            append(facts, actor="system", source="test", now=NOW)

    return put
