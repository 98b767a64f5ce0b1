"""Delivery: in order, exactly once, never past a slow transaction, past poison."""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import connection, transaction

from huoju.core.facts import delivery, partitions
from huoju.core.facts.models import Cursor, DeadLetter, Fact
from huoju.core.facts.operations import SHARDS, NewFact, append
from huoju.core.facts.queries import list_facts_of_persons, list_reader_states
from huoju.core.facts.readers import Reader, StoredFact, register
from huoju.core.facts.replay import NotReplayableError, replay

from .conftest import NOW, Put
from .kinds import Counted, Other

pytestmark = pytest.mark.usefixtures("clean_log")


def writes(name: str, batch: int = 100) -> Reader:
    """A reader whose effect is a row a fact."""

    def handle(facts: Sequence[StoredFact], now: datetime) -> None:
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO test_effect (reader, n, person) VALUES (%s, %s, %s)",
                [(name, fact.data().n, fact.person_id) for fact in facts],
            )

    def reset() -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM test_effect WHERE reader = %s", [name])

    return Reader(name, (Counted,), handle, batch=batch, reset=reset)


def effects(name: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT n FROM test_effect WHERE reader = %s ORDER BY id", [name])
        return [n for (n,) in cursor.fetchall()]


def test_every_fact_is_handled_once_and_a_persons_in_order(put: Put) -> None:
    reader = writes("r", batch=7)
    put(range(100), person=5)
    put(range(100, 150))
    assert delivery.drain([reader]) == 150
    done = effects("r")
    assert sorted(done) == list(range(150))
    assert [n for n in done if n < 100] == list(range(100))
    assert delivery.drain([reader]) == 0


def test_a_transaction_that_began_earlier_and_commits_later_is_not_skipped(put: Put) -> None:
    reader = writes("r")
    began, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                fact = NewFact(payload=Counted(n=1), occurred_at=NOW, person_id=5)
                append([fact], actor="s", source="t", now=NOW)
                began.set()
                assert may_commit.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    try:
        assert began.wait(20)
        put([2], person=5)  # begins later, commits first
        assert Fact.objects.count() == 1
        delivery.drain([reader])
        assert effects("r") == []  # 2 is committed, but 1 may still appear below it
    finally:
        may_commit.set()
        thread.join()
    delivery.drain([reader])
    assert effects("r") == [1, 2]


def test_facts_of_other_kinds_are_stepped_over(put: Put) -> None:
    reader = writes("r", batch=3)
    with transaction.atomic():
        facts = [NewFact(payload=Other(n=n), occurred_at=NOW, person_id=1) for n in range(50)]
        append(facts, actor="s", source="t", now=NOW)
    assert delivery.drain([reader]) == 0
    assert delivery.waiting([reader]) == []
    put([9], person=1)
    delivery.drain([reader])
    assert effects("r") == [9]


def test_a_poison_fact_becomes_a_dead_letter_and_stops_nobody(put: Put) -> None:
    tried: list[int] = []
    broken = True
    good = writes("poisoned")

    def handle(facts: Sequence[StoredFact], now: datetime) -> None:
        for fact in facts:
            if fact.data().n == 3:
                tried.append(3)
                if broken:
                    raise ValueError("三 is unlucky here")
        good.handle(facts, now)

    reader = Reader("poisoned", (Counted,), handle)
    register(reader)
    put(range(6), person=8)
    delivery.drain([reader])
    assert effects("poisoned") == [0, 1, 2, 4, 5]
    assert len(tried) == 1 + delivery.TRIES
    letter = DeadLetter.objects.get()
    assert "三 is unlucky here" in letter.traceback
    assert (letter.reader, letter.kind, letter.tries) == ("poisoned", "test.counted", delivery.TRIES)
    (state,) = [state for state in list_reader_states() if state.name == "poisoned"]
    assert (state.handled, state.behind, state.open_letters) == (6, 0, 1)

    assert delivery.retry_dead_letter(letter_id=letter.pk, now=NOW) is False
    letter.refresh_from_db()
    assert (letter.tries, letter.resolved_at) == (delivery.TRIES + 1, None)
    broken = False
    assert delivery.retry_dead_letter(letter_id=letter.pk, now=NOW) is True
    assert effects("poisoned") == [0, 1, 2, 4, 5, 3]
    letter.refresh_from_db()
    assert letter.resolution == "retried"


def test_a_dead_letter_can_be_dismissed(put: Put) -> None:
    def handle(facts: Sequence[StoredFact], now: datetime) -> None:
        raise ValueError

    put([1])
    delivery.drain([Reader("hopeless", (Counted,), handle)])
    letter = DeadLetter.objects.get()
    delivery.dismiss_dead_letter(letter_id=letter.pk, now=NOW)
    letter.refresh_from_db()
    assert (letter.resolved_at, letter.resolution) == (NOW, "dismissed")


def test_a_failed_batch_leaves_nothing_behind(put: Put) -> None:
    """The half-done batch is rolled back before its facts are handled alone."""
    good = writes("half")

    def handle(facts: Sequence[StoredFact], now: datetime) -> None:
        good.handle(facts, now)
        if len(facts) > 1:
            raise ValueError("after the effect")

    put([1, 2, 3], person=4)
    delivery.drain([Reader("half", (Counted,), handle)])
    assert effects("half") == [1, 2, 3]
    assert DeadLetter.objects.count() == 0


def test_a_shard_that_another_worker_holds_is_left_alone(put: Put) -> None:
    reader = writes("r")
    put([1], person=3)
    delivery.ensure_cursors([reader])
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                Cursor.objects.select_for_update().get(reader="r", shard=3 % SHARDS)
                held.set()
                assert release.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert held.wait(20)
        assert delivery.run_shards(reader, [3 % SHARDS]) == 0
    finally:
        release.set()
        thread.join()
    assert delivery.run_shards(reader, [3 % SHARDS]) == 1


def test_shards_are_read_together_and_each_goes_on_where_it_was(put: Put) -> None:
    reader = writes("r", batch=8)  # four shards, two facts of each at a time
    delivery.ensure_cursors([reader])
    put(range(12), person=1)
    put(range(12, 15), person=2)
    put([15], person=SHARDS - 1)  # of a shard that nobody asks for
    shards = [0, 1, 2, 3]
    assert delivery.run_shards(reader, shards) == 4
    assert effects("r") == [0, 1, 12, 13]
    assert delivery.run_shards(reader, shards) == 3
    while delivery.run_shards(reader, shards):
        pass
    done = effects("r")
    assert sorted(done) == list(range(15))
    assert [n for n in done if n < 12] == list(range(12))
    assert [shard for _, shard in delivery.waiting([reader])] == [SHARDS - 1]


def test_replay_rebuilds_the_same_and_reading_goes_on_from_there(put: Put) -> None:
    reader = writes("r", batch=4)
    put(range(20))
    delivery.drain([reader])
    before = sorted(effects("r"))
    assert replay(reader) == 20
    assert sorted(effects("r")) == before
    put([99])
    assert delivery.drain([reader]) == 1


def test_a_replay_that_fails_keeps_the_old_state(put: Put) -> None:
    reader = writes("r")
    put(range(5))
    delivery.drain([reader])

    def handle(facts: Sequence[StoredFact], now: datetime) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        replay(Reader("r", (Counted,), handle, reset=reader.reset))
    assert sorted(effects("r")) == list(range(5))


def test_a_replay_only_derives_where_a_reader_also_acts(put: Put) -> None:
    derives = writes("r")
    acted: list[int] = []

    def handle(facts: Sequence[StoredFact], now: datetime) -> None:
        derives.handle(facts, now)
        acted.extend(fact.data().n for fact in facts)

    reader = Reader("r", (Counted,), handle, reset=derives.reset, rebuild=derives.handle)
    put(range(5))
    delivery.drain([reader])
    assert replay(reader) == 5
    assert sorted(effects("r")) == sorted(acted) == list(range(5))


def test_a_reader_with_real_effects_cannot_be_replayed() -> None:
    with pytest.raises(NotReplayableError):
        replay(Reader("r", (Counted,), lambda facts, now: None))


def test_a_month_without_a_partition_loses_nothing(put: Put) -> None:
    later = datetime(2031, 5, 3, tzinfo=UTC)
    with transaction.atomic():
        append([NewFact(payload=Counted(n=1), occurred_at=later)], actor="s", source="t", now=later)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM facts_fact_default")
        assert cursor.fetchone() == (1,)
        made = partitions.ensure(later)
        assert made == ["facts_fact_203105", "facts_fact_203106", "facts_fact_203107", "facts_fact_203108"]
        assert partitions.ensure(later) == []
        cursor.execute("SELECT count(*) FROM facts_fact_default")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM facts_fact_203105")
        assert cursor.fetchone() == (1,)
        for name in made:
            cursor.execute(f"DROP TABLE {name}")


def test_positions_go_on_growing_in_a_restored_cluster(put: Put) -> None:
    """A dump carries positions of its old cluster, which may be far above the new one's transaction ids."""
    reader = writes("r")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE facts_lift SET lift = 5000000")
    put([1], person=2)
    delivery.drain([reader])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE facts_lift SET lift = 0")  # what the restored cluster would start with
    partitions.ensure(NOW)
    put([2], person=2)
    delivery.drain([reader])
    assert effects("r") == [1, 2]


def test_a_timeline_pages_backwards(put: Put) -> None:
    put(range(5), person=11)
    put([7], person=12)
    first = list_facts_of_persons([11, 12], limit=4)
    rest = list_facts_of_persons([11, 12], before=(first[-1].occurred_at, first[-1].id), limit=10)
    assert len(first) == 4
    assert sorted(fact.payload["n"] for fact in [*first, *rest]) == [0, 1, 2, 3, 4, 7]
    assert list_facts_of_persons([11], kinds=["test.other"]) == []


def test_an_unknown_fact_is_an_error() -> None:
    with pytest.raises(LookupError):
        delivery.get_fact(uuid4())
