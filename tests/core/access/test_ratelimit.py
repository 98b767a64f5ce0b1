"""The rate limit, alone and under fire."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection

from huoju.core.access.models import RateAllowance
from huoju.core.access.ratelimit import Verdict, allow, give_back, purge

from .conftest import NOW

MINUTE = timedelta(minutes=1)


def ask(at: datetime = NOW, caller: str = "192.0.2.1", limit: int = 5) -> Verdict:
    """One call."""
    return allow(name="forms", caller=caller, limit=limit, per=MINUTE, now=at)


@pytest.mark.django_db
def test_a_burst_then_one_each_step() -> None:
    assert [ask().allowed for _ in range(6)] == [True] * 5 + [False]
    assert ask(NOW + timedelta(seconds=11)) == Verdict(False, 1)
    assert ask(NOW + timedelta(seconds=12)).allowed
    assert not ask(NOW + timedelta(seconds=13)).allowed


@pytest.mark.django_db
def test_refused_calls_do_not_lengthen_the_wait() -> None:
    for _ in range(50):
        verdict = ask()
    assert verdict == Verdict(False, 12)
    assert ask(NOW + timedelta(seconds=12)).allowed


@pytest.mark.django_db
def test_no_double_burst_around_a_boundary() -> None:
    allowed = [ask(NOW + timedelta(seconds=second)).allowed for second in (*([59] * 5), *([61] * 5))]
    assert sum(allowed) == 5


@pytest.mark.django_db
def test_callers_do_not_disturb_each_other() -> None:
    assert not [ask() for _ in range(6)][-1].allowed
    assert ask(caller="192.0.2.2").allowed


@pytest.mark.django_db
def test_addresses_are_not_stored() -> None:
    ask()
    assert "192.0.2.1" not in RateAllowance.objects.get().key


@pytest.mark.django_db
def test_a_call_given_back_counts_no_more() -> None:
    for _ in range(20):
        assert ask().allowed
        give_back(name="forms", caller="192.0.2.1", limit=5, per=MINUTE)
    give_back(name="forms", caller="nobody", limit=5, per=MINUTE)
    assert RateAllowance.objects.count() == 1


@pytest.mark.django_db
def test_purge_forgets_the_rested() -> None:
    ask()
    ask(caller="192.0.2.2", at=NOW + MINUTE)
    assert purge(now=NOW + timedelta(seconds=30)) == 1


@pytest.mark.django_db
def test_the_table_is_unlogged() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'access_rateallowance'")
        assert cursor.fetchone() == ("u",)


@pytest.mark.django_db(transaction=True)
def test_eight_connections_get_exactly_the_limit() -> None:
    def hammer(_number: int) -> int:
        try:
            return sum(ask(limit=20).allowed for _ in range(25))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(hammer, range(8))) == 20
