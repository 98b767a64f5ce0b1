"""The mirror misses nothing, whoever commits when."""

from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from huoju.core.access.models import User
from huoju.core.facts.queries import position_now, snapshot_now
from huoju.measure.funnel.models import FunnelRow
from huoju.measure.warehouse import mirror as mirrors
from huoju.measure.warehouse.models import Epoch
from huoju.measure.warehouse.operations import LoadingError, forget, start_anew, warm_up
from huoju.measure.warehouse.queries import session
from tests.measure.funnel.rows import Case, store
from tests.races import race

from django.utils import timezone  # isort: skip


def ids() -> set[int]:
    with session() as asked:
        return {lead_id for (lead_id,) in asked.ask("SELECT lead_id FROM leads")}


@pytest.fixture
def committed(transactional_db: None) -> Iterator[None]:
    """Rows that these tests commit, gone behind them."""
    yield
    FunnelRow.objects.all().delete()
    Epoch.objects.all().delete()
    User.objects.all().delete()


def put(*numbers: int) -> None:
    store([Case(lead_id=number, times={"lead": timezone.now()}) for number in numbers])


def test_a_transaction_that_began_earlier_and_commits_later_is_not_missed(committed: None) -> None:
    began, looked = Event(), Event()

    def slow() -> None:
        with transaction.atomic():
            put(1)
            began.set()
            assert looked.wait(30)

    def fast() -> list[set[int]]:
        assert began.wait(30)
        with transaction.atomic():
            put(2)
        first = ids()
        assert snapshot_now().running
        looked.set()
        return [first]

    _, (first,) = race(slow, fast)
    assert first == {2}
    assert ids() == {1, 2}


def test_only_what_changed_is_fetched(committed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction.atomic():
        put(*range(1, 50))
    assert len(ids()) == 49
    fetched: list[int] = []
    copied = mirrors._copied

    def counting(*args: Any) -> Iterator[int]:
        yield from copied(*args)
        fetched.append(args[2].stat().st_size)

    monkeypatch.setattr(mirrors, "_copied", counting)
    ids()
    assert sum(fetched) == 0
    with transaction.atomic():
        FunnelRow.objects.filter(lead_id=7).update(withdrawn=True, changed_tx=position_now())
    assert 7 not in ids()
    assert 0 < sum(fetched) < 500


def test_a_rebuild_is_loaded_anew(committed: None) -> None:
    with transaction.atomic():
        put(1, 2, 3)
    assert ids() == {1, 2, 3}
    with transaction.atomic():
        FunnelRow.objects.filter(lead_id=2).delete()
        start_anew("leads")
    assert ids() == {1, 3}


def test_rewritten_rows_do_not_pile_up(committed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirrors, "COMPACT_AFTER", 10)
    with transaction.atomic():
        put(*range(1, 9))
    for _ in range(5):
        ids()
        with transaction.atomic():
            FunnelRow.objects.update(changed_tx=position_now())
    assert ids() == set(range(1, 9))
    assert mirrors.mirror._rewritten["leads"] <= 16


@pytest.mark.django_db
def test_texts_come_through_unharmed() -> None:
    strange = ['a"b,c', "line\nbreak", "", " ", "NULL", "\\N", "数据😀", "'", "\t"]
    store([Case(lead_id=n, times={"lead": timezone.now()}, keyword=text) for n, text in enumerate(strange)])
    with session() as asked:
        rows = asked.ask("SELECT keyword FROM leads ORDER BY lead_id")
    assert [text for (text,) in rows] == strange


def test_who_asks_while_another_thread_loads_is_told_so(
    committed: None, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    """And sees how far it has come: pages draw a bar that asks again, and then the report."""
    with transaction.atomic():
        put(1, 2, 3)
        admin = User.objects.create(username="boss", role="admin", language="en")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE funnel_funnelrow")
    client.force_login(admin)
    monkeypatch.setattr(mirrors, "PATIENCE", 0.01)
    forget()
    under_way, asked = Event(), Event()
    copied = mirrors._copied

    def slow(*args: Any) -> Iterator[int]:
        yield from copied(*args)
        under_way.set()
        assert asked.wait(30)

    monkeypatch.setattr(mirrors, "_copied", slow)
    again = {"HX-Request": "true", "HX-Target": "div#progress"}

    def ask() -> list[Any]:
        assert under_way.wait(30)
        try:
            with pytest.raises(LoadingError) as told, session():
                pass
            page, home, bar = (
                client.get("/funnel/?view=period"),
                client.get("/"),
                client.get("/funnel/", headers=again),
            )
        finally:
            asked.set()
        return [told.value, page.content.decode(), home.content.decode(), bar.content.decode()]

    _, (told, page, home, bar) = race(warm_up, ask)
    assert (told.done, told.total) == (3, 3)
    assert 'hx-get="/funnel/?view=period"' in page
    assert 'aria-valuenow="100"' in bar
    assert "<html" in page
    assert "<html" not in bar
    assert "The figures are being gathered" in home
    assert client.get("/funnel/?view=period", headers=again).headers["HX-Redirect"] == "/funnel/?view=period"
    assert 'id="report"' in client.get("/funnel/?view=period").content.decode()


def test_warming_up_gives_its_connection_back(committed: None) -> None:
    with transaction.atomic():
        put(1)
    race(warm_up)
    assert ids() == {1}
    assert connection.connection is not None
