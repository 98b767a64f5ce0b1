"""What operators see and do: the command, the doctor, the operations page, the jobs."""

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from croniter import croniter_range  # type: ignore[import-untyped]
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django import app

from huoju.core.access.models import User
from huoju.core.facts.operations import NewFact
from huoju.core.lake import jobs, manifest
from huoju.core.lake.models import File
from huoju.core.lake.queries import list_missing_files, list_states
from huoju.core.lake.tables import LakeTable
from huoju.site.commands import doctor, lake
from huoju.site.console import CommandError

from .conftest import NOW, Put
from .kinds import Seen


def _run(action: str, *names: str) -> int:
    return lake.run(argparse.Namespace(action=action, names=list(names)))


def test_the_command(put: Put, thing: LakeTable, capsys: pytest.CaptureFixture[str]) -> None:
    """Status before and after a flow; a rebuild of what there is and of what there is not."""
    put(NewFact(payload=Seen(page="/a"), occurred_at=NOW, person_id=1))
    assert _run("status") == 0
    assert "never flowed, 1 facts behind" in capsys.readouterr().out
    assert _run("flow") == 0
    assert "lake: 1 facts, 0 rows of 1 tables" in capsys.readouterr().out
    assert _run("rebuild", "facts") == 0
    assert "lake: 1 facts" in capsys.readouterr().out
    assert _run("compact") == 0
    assert File.objects.count() == 1
    with pytest.raises(CommandError, match="no sales in the lake; there are: facts, lake_test_thing"):
        _run("rebuild", "sales")


def test_the_jobs_do_as_the_command(put: Put, thing: LakeTable) -> None:
    """A flow and housekeeping; beside another writer they leave it for the next time."""
    put(NewFact(payload=Seen(page="/a"), occurred_at=NOW, person_id=1))
    jobs.flow()
    jobs.keep()
    (facts, table) = list_states()
    assert (facts.name, facts.rows, facts.files, facts.behind, facts.error) == ("facts", 1, 1, 0, "")
    assert (table.name, table.rows, table.files) == ("lake_test_thing", 0, 0)


def test_housekeeping_never_begins_together_with_a_flow() -> None:
    """At the same second the flow would have the lake first each time, and small files would never be merged."""
    periodic = app.periodic_registry.periodic_tasks.values()
    tasks = {task.task.name.removeprefix("huoju.core.lake.jobs."): task.cron for task in periodic}
    noon = datetime(2026, 5, 1, 12, tzinfo=UTC)
    kept, flowed = (
        set(croniter_range(noon, noon + timedelta(hours=1), tasks[name])) for name in ("keep", "flow")
    )
    assert (len(kept), len(flowed)) == (6, 61)
    assert not kept & flowed


def test_the_doctor_sees_a_broken_lake(put: Put, thing: LakeTable, place: Path, settings: Any) -> None:
    """A file that is gone, and a place that cannot be written."""
    put(NewFact(payload=Seen(page="/a"), occurred_at=NOW, person_id=1))
    jobs.flow()
    assert [finding.ok for finding in doctor.check_lake(timezone.now())] == [True]
    (file,) = place.rglob("*.parquet")
    file.unlink()
    assert list_missing_files() == [str(file.relative_to(place))]
    (finding,) = doctor.check_lake(timezone.now())
    assert finding.ok is False
    assert "run huoju lake rebuild" in finding.text
    (place.parent / "file").write_text("no folder")
    settings.LAKE_URL = str(place.parent / "file" / "lake")
    (finding,) = doctor.check_lake(timezone.now())
    assert finding.ok is False
    assert "cannot be used" in finding.text


def test_the_operations_page_shows_the_lake(put: Put, thing: LakeTable) -> None:
    """Its tables, how far behind it is, and what failed."""
    put(NewFact(payload=Seen(page="/a"), occurred_at=NOW, person_id=1))
    client = Client()
    client.force_login(User.objects.create_user(username="admin", role="admin", language="en"))
    page = client.get(reverse("facts:operations")).content.decode()
    assert "The lake" in page
    assert "lake_test_thing" in page
    assert "Not started" in page
    with manifest.only_writer():
        pass
    jobs.flow()
    assert "Not yet flowed" in client.get(reverse("facts:operations")).content.decode()
