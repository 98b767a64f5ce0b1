"""The engine: every row has one outcome and one effect, whatever happens on the way."""

from typing import Any

import psycopg
import pytest
from django.core.files.storage import default_storage
from django.db import OperationalError, connection
from django.utils import translation

from huoju.acquire.imports import operations, queries, running, surveying, undoing
from huoju.acquire.imports.files import ReadOptions
from huoju.acquire.imports.mapping import MappingError
from huoju.acquire.imports.models import Import, ImportRow, State
from huoju.acquire.imports.problems import FileProblem
from huoju.acquire.imports.registry import Reason, register_target
from huoju.acquire.imports.running import RunResult
from huoju.core.errors import UserError
from huoju.core.facts.models import Fact
from huoju.core.jobs import run_waiting

from .conftest import MAPPING, NOW, MakeImport, clock, rows_text
from .target import ThingTarget, contents

pytestmark = pytest.mark.django_db


def run(record: Import) -> RunResult:
    operations.start_import(import_id=record.pk, actor="user:1", now=NOW)
    return running.run_import(import_id=record.pk, clock=clock)


def fresh(record: Import) -> Import:
    return queries.get_import(record.pk)


def applied() -> list[tuple[int, int]]:
    """(row, how often it was applied) of every row that took effect."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_no, count(*) FROM import_test_log GROUP BY row_no ORDER BY row_no")
        return [(row, count) for row, count in cursor.fetchall()]


# -- upload and mapping


def test_upload(make_import: MakeImport) -> None:
    record = make_import(rows_text(3), name="C:\\x\\线索\r\n.csv")
    assert (record.file_name, record.state, record.row_estimate) == ("线索.csv", State.MAPPED, 3)
    assert [column["name"] for column in record.columns] == ["id", "name", "amount"]
    assert record.reading == {"encoding": "utf-8", "delimiter": ",", "sheet": None, "header_row": 1}
    assert record.path.read_text() == rows_text(3)


def test_bad_upload_leaves_nothing(things: None) -> None:
    with pytest.raises(FileProblem):
        operations.create_import(
            target=ThingTarget(), file_name="x", content=[b"%PDF-"], actor="user:1", now=NOW
        )
    assert not Import.objects.exists()
    assert not default_storage.exists("imports") or default_storage.listdir("imports") == ([], [])


def test_reading_may_be_changed_before_the_run(make_import: MakeImport) -> None:
    record = make_import(rows_text(3))
    record = operations.set_reading(import_id=record.pk, reading=ReadOptions(delimiter=";"))
    assert (record.state, record.mapping, len(record.columns)) == (State.UPLOADED, None, 1)
    with pytest.raises(FileProblem):
        operations.set_reading(import_id=record.pk, reading=ReadOptions(encoding="utf-16"))
    assert len(fresh(record).columns) == 1


def test_mapping_is_checked_against_the_file(make_import: MakeImport) -> None:
    with pytest.raises(MappingError, match="no column “nom”"):
        make_import(rows_text(1), {"version": 1, "columns": [{"field": "name", "from": "nom"}]})


def test_mapping_is_suggested_and_remembered(make_import: MakeImport) -> None:
    record = make_import(rows_text(2))
    again = operations.create_import(
        target=ThingTarget(), file_name="b.csv", content=[b"amount,name,id\n1,a,x\n"], actor="user:1", now=NOW
    )
    mapping, suggestions, remembered = operations.suggest_mapping(import_id=again.pk)
    assert remembered
    assert mapping == queries.mapping_of(record)
    assert {found.field for found in suggestions} == {"external_id", "name", "amount"}
    other = operations.create_import(
        target=ThingTarget(),
        file_name="c.csv",
        content=["姓名,手机\n王小明,13812345678\n".encode()],
        actor="user:1",
        now=NOW,
    )
    mapping, _suggestions, remembered = operations.suggest_mapping(import_id=other.pk)
    assert not remembered
    assert [(rule.field, rule.sources) for rule in mapping.columns] == [
        ("name", ("姓名",)),
        ("mobile", ("手机",)),
    ]


def test_mapping_brings_its_reading(make_import: MakeImport) -> None:
    mapping = {"version": 1, "columns": [{"field": "name", "from": "name,x"}], "file": {"delimiter": ";"}}
    record = make_import("id;name,x;amount\n1;a;2\n", mapping)
    assert record.reading["delimiter"] == ";"


def test_same_file_is_noticed_once_it_took_effect(make_import: MakeImport) -> None:
    first = make_import(rows_text(2))
    assert queries.list_same_file(make_import(rows_text(2))) == []
    run(first)
    assert queries.list_same_file(make_import(rows_text(2))) == [first]


# -- runs


def test_run(make_import: MakeImport) -> None:
    record = make_import(rows_text(3) + "x4,bad apple,1\nx5,fine,about 5\nx6,,1\nx7\n\nx8,last,\n")
    assert run(record) is RunResult.DONE
    record = fresh(record)
    assert record.state == State.DONE
    assert record.counts == {"new": 4, "rejected": 4}
    assert (record.done_row, record.rows_done, record.progress) == (10, 8, 1.0)
    assert contents() == [
        ("x1", "thing 1", '"1.50"'),
        ("x2", "thing 2", '"2.50"'),
        ("x3", "thing 3", '"3.50"'),
        ("x8", "last", "null"),
    ]
    rows = queries.list_rows(record, ["rejected"])
    assert [(row.row_no, queries.reasons_of(row)) for row in rows] == [
        (5, [Reason("bad_name", "name", {"name": "bad apple"})]),
        (6, [Reason("not_an_amount", "amount", {"value": "about 5"})]),
        (7, [Reason("missing", "name", {})]),
        (8, [Reason("field_count", "", {"count": 1, "expected": 3})]),
    ]
    assert [(reason.code, count) for reason, count in queries.count_reasons(record)] == [
        ("bad_name", 1), ("field_count", 1), ("missing", 1), ("not_an_amount", 1),
    ]  # fmt: skip
    assert set(record.steps) == {"read", "prepare", "apply", "record", "test step"}
    assert record.steps["read"][0] == 8
    assert record.steps["apply"][0] == record.steps["test step"][0] == 5


def test_every_row_has_one_outcome(make_import: MakeImport) -> None:
    record = make_import(rows_text(50))
    run(record)
    assert list(
        ImportRow.objects.filter(batch=record).order_by("row_no").values_list("row_no", "outcome")
    ) == [(number, "new") for number in range(2, 52)]


def test_finished_import_is_a_fact(make_import: MakeImport) -> None:
    record = make_import(rows_text(2))
    run(record)
    fact = Fact.objects.get(kind="import.finished")
    assert fact.payload == {
        "import_id": record.pk,
        "target": "things",
        "file_name": "things.csv",
        "counts": {"new": 2},
    }
    assert fact.actor == "user:1"


def test_rejected_rows_come_back_with_their_reasons(make_import: MakeImport) -> None:
    record = make_import("id,name,amount\nx1,bad apple,1\nx2,ok,2\nx3,b,c,d\nx4,,9\n")
    run(record)
    header, found = queries.open_rejected(record)
    assert header == ["id", "name", "amount", "Row", "Outcome", "Reason"]
    rows = list(found)
    assert [row[:4] for row in rows] == [
        ["x1", "bad apple", "1", "2"],
        ["x3", "b", "c", "4"],
        ["x4", "", "9", "5"],
    ]
    assert rows[0][-1] == "Name: The name bad apple is bad"


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_corrected_rows_go_in_again(make_import: MakeImport, language: str) -> None:
    """The columns behind the rows are never fields, and the mapping is the one of the first file."""
    record = make_import("id,name,amount\nx1,a,abc\n")
    run(record)
    with translation.override(language):
        header, rows = queries.open_rejected(fresh(record))
        corrected = [",".join(header), *(",".join(row).replace("abc", "1.50") for row in rows)]
    again = operations.create_import(
        target=ThingTarget(),
        file_name="b.csv",
        content=["\n".join(corrected).encode()],
        actor="user:1",
        now=NOW,
    )
    mapping, _found, remembered = operations.suggest_mapping(import_id=again.pk)
    assert remembered
    assert [source for rule in mapping.columns for source in rule.sources] == ["id", "name", "amount"]


def test_second_file_updates(make_import: MakeImport) -> None:
    run(make_import(rows_text(3)))
    second = make_import("id,name,amount\nx2,renamed,\nx9,other,1\n")
    run(second)
    assert fresh(second).counts == {"updates": 1, "new": 1}
    assert ("x2", "renamed", "null") in contents()


def test_dates_are_decided_by_the_whole_file(make_import: MakeImport) -> None:
    mapping = {
        "version": 1,
        "columns": [{"field": "name", "from": "name"}, {"field": "created", "from": "on"}],
    }
    record = make_import("name,on\na,01/02/2018\nb,02/13/2018\n", mapping)
    assert run(record) is RunResult.DONE
    assert fresh(record).dates == {"created": {"order": "mdy", "ambiguous": False, "contradictory": False}}


def test_poison_row_costs_itself_only(make_import: MakeImport) -> None:
    record = make_import(rows_text(120).replace("thing 77,", "boom,"))
    operations.start_import(import_id=record.pk, actor="user:1", now=NOW)

    class Choking(ThingTarget):
        def apply(self, prepared: Any, context: Any, *, actor: str, now: Any) -> Any:
            if any(row.values["name"] == "boom" for row in prepared.rows):
                raise ValueError("boom")
            return super().apply(prepared, context, actor=actor, now=now)

    register_target(Choking())
    assert running.run_import(import_id=record.pk, clock=clock) is RunResult.DONE
    assert fresh(record).counts == {"new": 119, "rejected": 1}
    row = queries.list_rows(record, ["rejected"])[0]
    assert (row.row_no, queries.reasons_of(row)) == (
        78,
        [Reason("failed_alone", "", {"detail": "ValueError"})],
    )
    assert [count for _row, count in applied()] == [1] * 119


def test_broken_target_fails_the_import(make_import: MakeImport) -> None:
    record = make_import(rows_text(3).replace("thing 2", "boom"))
    assert run(record) is RunResult.STOPPED
    record = fresh(record)
    assert (record.state, record.error) == (
        State.FAILED,
        {"code": "internal", "params": {"detail": "RuntimeError"}},
    )
    assert contents() == []
    assert (record.done_row, record.counts) == (0, {})
    assert record.may_start


def test_lost_database_is_tried_again(make_import: MakeImport, monkeypatch: pytest.MonkeyPatch) -> None:
    record = make_import(rows_text(3))

    def away(*_arguments: Any, **_named: Any) -> None:
        raise OperationalError("away")

    with monkeypatch.context() as patch:
        patch.setattr(ThingTarget, "apply", away)
        with pytest.raises(OperationalError):
            run(record)
    assert fresh(record).state == State.RUNNING
    assert running.run_import(import_id=record.pk, clock=clock) is RunResult.DONE
    assert len(contents()) == 3


def test_file_that_vanished(make_import: MakeImport) -> None:
    record = make_import(rows_text(3))
    record.path.write_bytes(b"%PDF-")
    run(record)
    assert fresh(record).error == {"code": "binary", "params": {}}


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BATCH_ROWS", 10)
    monkeypatch.setattr(undoing, "BATCH_ROWS", 10)


def test_stopped_by_the_worker_and_continued(make_import: MakeImport, small_batches: None) -> None:
    record = make_import(rows_text(35))
    operations.start_import(import_id=record.pk, actor="user:1", now=NOW)
    results = []
    for _time in range(5):
        results.append(running.run_import(import_id=record.pk, clock=clock, stopping=lambda: True))
        if results[-1] is RunResult.DONE:
            break
    assert results == [*([RunResult.AGAIN] * 4), RunResult.DONE]
    assert applied() == [(number, 1) for number in range(2, 37)]
    assert fresh(record).counts == {"new": 35}


def test_cancelled_continued_and_rolled_back(make_import: MakeImport, small_batches: None) -> None:
    record = make_import(rows_text(35))
    operations.start_import(import_id=record.pk, actor="user:1", now=NOW)

    def cancel() -> bool:
        if fresh(record).done_row >= 21 and fresh(record).state == State.RUNNING:
            operations.cancel_import(import_id=record.pk, now=NOW)
        return False

    assert running.run_import(import_id=record.pk, clock=clock, stopping=cancel) is RunResult.STOPPED
    assert (fresh(record).state, len(contents())) == (State.CANCELLED, 20)
    assert run(record) is RunResult.DONE
    assert applied() == [(number, 1) for number in range(2, 37)]


def test_states_guard_the_verbs(make_import: MakeImport) -> None:
    record = make_import(rows_text(2))
    with pytest.raises(UserError):
        operations.cancel_import(import_id=record.pk, now=NOW)
    with pytest.raises(UserError):
        operations.start_rollback(import_id=record.pk, actor="user:1", now=NOW)
    run(record)
    with pytest.raises(UserError):
        operations.start_import(import_id=record.pk, actor="user:1", now=NOW)
    with pytest.raises(UserError):
        operations.set_mapping(import_id=record.pk, mapping=MAPPING, now=NOW)
    with pytest.raises(UserError):
        operations.delete_import(import_id=record.pk)


def test_jobs(make_import: MakeImport) -> None:
    record = make_import(rows_text(4))
    operations.start_import(import_id=record.pk, actor="user:1", now=NOW)
    assert run_waiting() == 1
    assert fresh(record).state == State.DONE
    operations.start_rollback(import_id=record.pk, actor="user:1", now=NOW)
    assert run_waiting() == 1
    assert fresh(record).state == State.ROLLED_BACK
    assert contents() == []


def test_work_that_finds_the_import_held_is_not_forgotten(make_import: MakeImport) -> None:
    """*Import* pressed while the file is still being counted, or *Take it back* during the last batch."""
    record = make_import(rows_text(4))
    with psycopg.connect(**psycopg_address()) as other:
        other.execute("SELECT pg_advisory_lock(%s, %s)", [running._LOCK_SPACE, record.pk])
        operations.start_import(import_id=record.pk, actor="user:1", now=NOW)
        assert run_waiting() == 1
        assert fresh(record).state == State.RUNNING
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE queue_name = 'imports'")
    assert run_waiting() == 1
    assert fresh(record).state == State.DONE


def psycopg_address() -> dict[str, Any]:
    given = connection.settings_dict
    return {"host": given["HOST"], "port": given["PORT"], "user": given["USER"], "dbname": given["NAME"]}


# -- looking ahead


def test_preview(make_import: MakeImport) -> None:
    run(make_import(rows_text(1)))
    before = contents()
    record = make_import("id,name,amount\nx1,again,1\nx2,new,2\nx3,bad,3\nx4,oops,abc\n")
    preview = operations_preview(record)
    assert [
        (row.row_no, row.outcome.value, [reason.code for reason in row.reasons]) for row in preview.rows
    ] == [
        (2, "updates", []),
        (3, "new", []),
        (4, "rejected", ["bad_name"]),
        (5, "rejected", ["not_an_amount"]),
    ]
    assert preview.counts == {"updates": 1, "new": 1, "rejected": 2}
    assert preview.complete
    assert preview.rows[0].cells == ["x1", "again", "1"]
    assert contents() == before
    assert not ImportRow.objects.filter(batch=record).exists()


def operations_preview(record: Import, rows: int = 200) -> surveying.Preview:
    return surveying.preview_import(import_id=record.pk, rows=rows)


def test_preview_of_a_part(make_import: MakeImport) -> None:
    preview = operations_preview(make_import(rows_text(30)), rows=10)
    assert (len(preview.rows), preview.complete) == (10, False)


def test_survey_counts_the_whole_file(make_import: MakeImport, small_batches: None) -> None:
    run(make_import(rows_text(15)))
    record = make_import(rows_text(40, start=6))
    operations.start_survey(import_id=record.pk, now=NOW)
    run_waiting()
    survey = fresh(record).survey
    assert survey is not None
    assert (survey["counts"], survey["done"]) == ({"updates": 10, "new": 30}, True)
    assert len(contents()) == 15


# -- the way back


def test_rollback_restores_exactly(make_import: MakeImport, small_batches: None) -> None:
    run(make_import(rows_text(20)))
    before = contents()
    second = make_import(rows_text(40, start=11).replace("thing", "changed").replace(".50", ".99"))
    run(second)
    assert contents() != before
    operations.start_rollback(import_id=second.pk, actor="user:1", now=NOW)
    assert (
        undoing.roll_back_import(import_id=second.pk, clock=clock, stopping=lambda: True) is RunResult.AGAIN
    )
    assert undoing.roll_back_import(import_id=second.pk, clock=clock) is RunResult.DONE
    assert contents() == before
    record = fresh(second)
    assert (record.state, record.undo_counts) == (State.ROLLED_BACK, {"undone": 40, "kept": 0})
    fact = Fact.objects.get(kind="import.rolled_back")
    assert fact.payload == {"import_id": second.pk, "target": "things", "undone": 40, "kept": 0}
    operations.delete_import(import_id=second.pk)
    assert not ImportRow.objects.filter(batch_id=second.pk).exists()


def test_rollback_twice_is_refused(make_import: MakeImport) -> None:
    record = make_import(rows_text(2))
    run(record)
    operations.start_rollback(import_id=record.pk, actor="user:1", now=NOW)
    undoing.roll_back_import(import_id=record.pk, clock=clock)
    with pytest.raises(UserError):
        operations.start_rollback(import_id=record.pk, actor="user:1", now=NOW)
