"""A real worker process beside a committed change: memberships follow by themselves."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from huoju.hub.identity.models import Person
from huoju.hub.profile.operations import set_fields
from huoju.hub.profile.policy import Field
from huoju.hub.segments.models import Membership, Segment
from huoju.hub.segments.operations import create_segment

HUOJU = Path(sys.executable).with_name("huoju")


@pytest.fixture
def worker(transactional_db: Any, tmp_path: Path) -> Iterator[None]:
    """`huoju worker` on the test's database, as in production."""
    settings = connection.settings_dict
    address = psycopg.conninfo.make_conninfo(
        host=settings["HOST"], port=settings["PORT"], user=settings["USER"], dbname=settings["NAME"]
    )
    told = {"HUOJU_DATABASE_URL": address, "HUOJU_DATA_DIR": str(tmp_path), "HUOJU_LOG_LEVEL": "ERROR"}
    process = subprocess.Popen([HUOJU, "worker"], env={**os.environ, **told}, stdout=subprocess.DEVNULL)
    yield
    process.terminate()
    process.wait(30)


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.kill
def test_a_change_is_seen_by_itself(worker: None) -> None:
    """Nobody calls a reader or a job here: the segment is built, and follows what is changed afterwards."""
    person = Person.objects.create(name="Grace Hopper", title="Captain", created_at=timezone.now())
    where = {"type": "trait", "trait": "person.title", "op": "is", "value": "Admiral"}
    made = create_segment(name="S", definition={"where": where}, user_id=None, now=timezone.now())
    _until(lambda: Segment.objects.get(pk=made.pk).state == Segment.State.LIVE)
    for title, members in (("Admiral", 1), ("Captain", 0)):
        set_fields(person_id=person.pk, values={Field.TITLE: title}, actor="test", now=timezone.now())
        _until(lambda: Membership.objects.filter(segment=made, left_at=None).count() == members)  # noqa: B023
