"""The operations page."""

import re
from collections.abc import Sequence
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from huoju.core.access.models import User
from huoju.core.facts import delivery
from huoju.core.facts.models import DeadLetter
from huoju.core.facts.queries import list_reader_states
from huoju.core.facts.readers import Reader, StoredFact, register

from .conftest import Put
from .kinds import Counted

pytestmark = pytest.mark.usefixtures("clean_log")
broken = True


def fails(facts: Sequence[StoredFact], now: datetime) -> None:
    if broken:
        raise ValueError("cannot read <this>")


@pytest.fixture
def letter(put: Put) -> DeadLetter:
    reader = Reader(f"fails-{id(put)}", (Counted,), fails)
    register(reader)
    put([1])
    delivery.drain([reader])
    return DeadLetter.objects.get()


def signed_in(role: str) -> Client:
    client = Client()
    client.force_login(User.objects.create_user(username=role, role=role, language="en"))
    return client


def test_an_administrator_sees_and_retries_a_dead_letter(
    letter: DeadLetter, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in("admin")
    page = client.get(reverse("facts:operations")).text
    assert letter.reader in page
    assert "test.counted" in page
    shown = client.get(reverse("facts:letter", args=[letter.pk])).text
    assert "cannot read &lt;this&gt;" in shown
    answer = client.post(reverse("facts:retry", args=[letter.pk]))
    assert "failed again" in answer.headers["HX-Trigger"]
    monkeypatch.setattr(f"{__name__}.broken", False)
    answer = client.post(reverse("facts:retry", args=[letter.pk]))
    assert "Handled" in answer.headers["HX-Trigger"]
    letter.refresh_from_db()
    assert letter.resolution == "retried"


def test_letters_are_filtered_by_reader_and_retried_together(
    letter: DeadLetter, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Reader(f"also-{id(put)}", (Counted,), fails, label="The other reader", does="Fails as well.")
    register(other)
    delivery.drain([other])
    client = signed_in("admin")
    page = client.get(reverse("facts:operations")).text
    assert page.count("ValueError: cannot read &lt;this&gt;") == 2
    assert "The other reader" in page
    assert "Fails as well." in page
    ours = {"reader": other.name}
    page = client.get(reverse("facts:operations"), query_params=ours).text
    assert page.count("ValueError: cannot read &lt;this&gt;") == 1
    assert f"{reverse('facts:retry_all')}?reader={other.name}" in page
    answer = client.post(reverse("facts:retry_all"), query_params=ours)
    assert "0 handled, 1 failed again." in answer.headers["HX-Trigger"]
    monkeypatch.setattr(f"{__name__}.broken", False)
    answer = client.post(reverse("facts:retry_all"), query_params=ours)
    assert "1 handled, 0 failed again." in answer.headers["HX-Trigger"]
    assert [each.reader for each in DeadLetter.objects.filter(resolved_at=None)] == [letter.reader]


def test_how_long_a_reader_lets_facts_wait(put: Put) -> None:
    patient = Reader(f"patient-{id(put)}", (Counted,), fails, patience=10**9)
    register(patient, Reader(f"late-{id(put)}", (Counted,), fails))
    delivery.ensure_cursors([patient])
    put([1])
    (first, second) = list_reader_states()[-2:]
    assert (first.behind, first.waiting_since is None, second.behind) == (1, False, 0)
    page = signed_in("admin").get(reverse("facts:operations")).text
    assert page.count("Lets others go first") == 1
    assert re.search(r"since \d+ (second|minute|hour)s?<", page)


def test_a_letter_can_be_dismissed(letter: DeadLetter) -> None:
    signed_in("admin").post(reverse("facts:dismiss", args=[letter.pk]))
    letter.refresh_from_db()
    assert letter.resolution == "dismissed"


@pytest.mark.parametrize("role", ["marketing", "sales", "executive"])
def test_others_may_not_look(role: str) -> None:
    assert signed_in(role).get(reverse("facts:operations")).status_code == 403
