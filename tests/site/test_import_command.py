"""`huoju import`: a file in, what became of its rows, and back."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from huoju.acquire.imports.models import Import
from huoju.acquire.imports.registry import register_target
from huoju.core.access.models import User
from huoju.core.access.policy import Role
from huoju.site.cli import parser
from huoju.site.commands import imports
from huoju.site.console import CommandError
from tests.acquire.imports.target import TABLES, ThingTarget

MAPPING = {
    "version": 1,
    "columns": [
        {"field": "external_id", "from": "id"},
        {"field": "name", "from": "name"},
        {"field": "amount", "from": "amount"},
    ],
}
TEXT = "id,name,amount\nx1,张三,1.50\nx2,李四,abc\nx3,王五,=3\n"

type Run = Callable[..., int]


@pytest.fixture
def run(
    transactional_db: None, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Run]:
    """Runs the command with these arguments."""
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    # Handlers of signals belong to the test runner here.
    monkeypatch.setattr("huoju.site.commands.imports.stop_on_signals", threading.Event)
    register_target(ThingTarget())
    with connection.cursor() as cursor:
        cursor.execute(TABLES)

    def command(*arguments: str) -> int:
        return imports.run(parser().parse_args(["import", *arguments]))

    yield command
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE import_test_thing, import_test_log")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "things.csv"
    path.write_text(TEXT, encoding="utf-8")
    (tmp_path / "mapping.json").write_text(json.dumps(MAPPING), encoding="utf-8")
    return path


def _names() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM import_test_thing ORDER BY external_id")
        return [name for (name,) in cursor.fetchall()]


def _said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


TARGET = ("--target", ThingTarget().code)


def test_in_and_back(run: Run, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rejected = tmp_path / "rejected.csv"
    mapping = str(tmp_path / "mapping.json")
    assert run(str(file), *TARGET, "--mapping", mapping, "--rejected", str(rejected)) == 0
    said = _said(capsys)
    assert "import: 1 new, 2 rejected" in said
    assert _names() == ["张三"]
    lines = rejected.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "id,name,amount,Row,Outcome,Reason"
    assert lines[1].startswith("x2,李四,abc,3,Rejected,")
    assert lines[2].startswith("x3,王五,'=3,4,Rejected,"), "a formula is defused"

    record = Import.objects.get()
    assert record.actor == "system"
    assert run("--list") == 0
    assert f"{record.pk}" in _said(capsys)

    assert run("--rollback", str(record.pk)) == 0
    assert _names() == []


def test_a_check_leaves_nothing(
    run: Run, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(str(file), *TARGET, "--mapping", str(tmp_path / "mapping.json"), "--check") == 0
    assert "1 new, 2 rejected" in _said(capsys)
    assert not Import.objects.exists()
    assert _names() == []


def test_without_a_mapping_one_is_guessed(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    User.objects.create(username="li.na", name="李娜", role=Role.MARKETING)
    path = tmp_path / "客户.csv"
    path.write_bytes("编号,姓名,金额\nx1,张三,1.50\n".encode("gb18030"))
    assert run(str(path), *TARGET, "--user", "li.na") == 0
    assert "    姓名 → name\n" in _said(capsys)
    assert _names() == ["张三"]
    assert Import.objects.get().actor == f"user:{User.objects.get(username='li.na').pk}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "say which file"),
        (("nowhere.csv", *TARGET), "nowhere.csv: No such file or directory"),
        (("nowhere.csv", "--target", "nonsense"), "nonsense cannot be imported; there are: "),
        (("nowhere.csv", *TARGET, "--user", "nobody"), "there is no user nobody"),
        (("--rollback", "99"), "there is no such import"),
        (("--resume", "99"), "there is no such import"),
    ],
)
def test_mistakes_are_explained(run: Run, arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run(*arguments)


def test_an_unreadable_file_leaves_nothing(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_bytes(b"")
    with pytest.raises(CommandError, match="The file is empty"):
        run(str(path), *TARGET)
    assert not Import.objects.exists()


def test_a_mapping_with_a_mistake_leaves_nothing(run: Run, file: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text(
        json.dumps({"version": 1, "columns": [{"field": "name", "from": "nme"}]}), encoding="utf-8"
    )
    with pytest.raises(CommandError, match="The file has no column “nme”"):
        run(str(file), *TARGET, "--mapping", str(wrong))
    assert not Import.objects.exists()


def test_mapping_files_that_are_none(run: Run, file: Path) -> None:
    """One line each, which names the file."""
    mapping = file.with_name("bad.json")
    mapping.write_bytes(b"\xff\xfe\x00bad")
    with pytest.raises(CommandError, match=r"bad\.json is no text in UTF-8$"):
        run(str(file), "--target", "things", "--mapping", str(mapping))
    mapping.write_text("{bad")
    with pytest.raises(CommandError, match=r"bad\.json: is not valid JSON: "):
        run(str(file), "--target", "things", "--mapping", str(mapping))


def test_a_place_for_rejected_rows_is_looked_at_first(run: Run, file: Path) -> None:
    with pytest.raises(CommandError, match="there is no folder"):
        run(str(file), "--target", "things", "--rejected", str(file.parent / "none" / "bad.csv"))
    assert not Import.objects.exists()
