"""The command line: what it offers, what its commands do to the database."""

import argparse
import os
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth import authenticate
from django.db import connection
from django.utils import timezone

from huoju.core.access.models import User
from huoju.core.access.policy import Role
from huoju.core.database import binary
from huoju.site.cli import main, parser
from huoju.site.commands import admin, backup, doctor, migrate, replay
from huoju.site.console import CommandError
from huoju.site.environment import mistakes


def test_every_command_is_described(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["--help"])
    help_text = capsys.readouterr().out
    for name in (
        "up",
        "web",
        "worker",
        "migrate",
        "import",
        "lake",
        "replay",
        "resolve",
        "doctor",
        "backup",
        "restore",
        "admin",
        "manage",
    ):
        assert f"\n    {name} " in help_text


def test_arguments_of_django_pass_through() -> None:
    options = parser().parse_args(["manage", "showmigrations", "--plan"])
    assert options.arguments == ["showmigrations", "--plan"]


def test_an_error_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["restore", str(tmp_path / "nothing")]) == 1
    assert capsys.readouterr().err == f"huoju: {tmp_path / 'nothing'} does not exist\n"


@pytest.mark.parametrize("port", ["0", "65536", "99999", "-1", "http"])
def test_a_port_that_is_none(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["up", f"--port={port}"])
    assert "a port is a number from 1 to 65535" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["up", "--web", "-3"],
        ["up", "--workers", "-1"],
        ["up", "--demo", "-5"],
        ["web", "--web", "0"],
        ["web", "--threads", "0"],
        ["worker", "--jobs", "0"],
        ["sample", "--leads", "many"],
    ],
)
def test_a_number_of_none(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Zero processes would start, serve nobody and say nothing."""
    with pytest.raises(SystemExit):
        parser().parse_args(arguments)
    assert f"{arguments[-1]!r} is no whole number from 1" in capsys.readouterr().err


def test_settings_that_cannot_be_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything starts, all at once, one line each; the address' password is not repeated."""
    for name, value in {
        "DATABASE_URL": "mysql://huoju:secret@db/huoju",
        "PUBLIC_URL": "huoju.example.com",
        "TIME_ZONE": "Asia/Shanghai'; --",
        "COUNTRY": "China",
        "CURRENCY": "ZZZ",
        "LOG_LEVEL": "loud",
        "ENGINE": "oracle",
        "LAKE_URL": "s4://bucket",
        "SMTP_PORT": "smtp",
        "DATABASE_POOL": "-1",
    }.items():
        monkeypatch.setenv(f"HUOJU_{name}", value)
    assert main(["doctor"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == (
        "huoju: HUOJU_DATABASE_URL is no PostgreSQL address such as postgresql://user:password@host:5432/database"
    )
    assert [line.split()[1] for line in lines] == [
        "HUOJU_DATABASE_URL",
        "HUOJU_PUBLIC_URL",
        "HUOJU_TIME_ZONE",
        "HUOJU_COUNTRY",
        "HUOJU_CURRENCY",
        "HUOJU_LOG_LEVEL",
        "HUOJU_ENGINE",
        "HUOJU_LAKE_URL",
        "HUOJU_SMTP_PORT",
        "HUOJU_DATABASE_POOL",
    ]


def test_a_data_folder_that_cannot_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HUOJU_DATA_DIR", "")  # restored at the end: --data sets it
    (tmp_path / "file").touch()
    assert main(["--data", str(tmp_path / "file" / "var"), "doctor"]) == 1
    assert capsys.readouterr().err == (
        f"huoju: the data folder {tmp_path / 'file' / 'var'} cannot be made (Not a directory): use --data\n"
    )
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    assert main(["--data", str(tmp_path), "doctor"]) == 1
    assert "cannot be written to" in capsys.readouterr().err


def test_settings_that_can_be() -> None:
    assert (
        mistakes(
            {
                "HUOJU_DATABASE_URL": "postgresql://huoju@db:5432/huoju?sslmode=verify-full",
                "HUOJU_PUBLIC_URL": "https://huoju.example.com",
                "HUOJU_TIME_ZONE": "Europe/Berlin",
                "HUOJU_COUNTRY": "DE",
                "HUOJU_CURRENCY": "EUR",
                "HUOJU_LOG_LEVEL": "DEBUG",
                "HUOJU_ENGINE": "spark://10.0.0.7:7077",
                "HUOJU_LAKE_URL": "s3://bucket/path?region=cn-north-1",
                "HUOJU_SMTP_PORT": "25",
                "HUOJU_DATABASE_POOL": "0",
                "HUOJU_SMTP_HOST": "",
            }
        )
        == []
    )
    assert mistakes({"HUOJU_DATABASE_URL": "host=db dbname=huoju", "HUOJU_TIME_ZONE": ""}) == []
    assert mistakes({"HUOJU_LAKE_URL": "/srv/lake"}) == []


@pytest.mark.django_db
def test_the_first_administrator(capsys: pytest.CaptureFixture[str]) -> None:
    admin.run(argparse.Namespace(username="li.na"))
    password = capsys.readouterr().out.split()[-1]
    user = authenticate(username="li.na", password=password)
    assert isinstance(user, User)
    assert user.role == Role.ADMIN

    admin.run(argparse.Namespace(username="li.na"))
    assert authenticate(username="li.na", password=password) is None
    assert authenticate(username="li.na", password=capsys.readouterr().out.split()[-1]) == user


@pytest.mark.django_db
def test_a_name_that_is_none() -> None:
    with pytest.raises(CommandError, match="'' cannot be a login: "):
        admin.run(argparse.Namespace(username=""))


@pytest.mark.django_db
def test_nobody_becomes_an_administrator_by_the_way() -> None:
    User.objects.create(username="wang.wei", name="王伟", role=Role.SALES)
    with pytest.raises(CommandError, match="no administrator"):
        admin.run(argparse.Namespace(username="wang.wei"))


@pytest.mark.django_db
def test_migrate_is_safe_to_repeat(capsys: pytest.CaptureFixture[str]) -> None:
    migrate.run(argparse.Namespace())
    capsys.readouterr()
    migrate.run(argparse.Namespace())
    assert capsys.readouterr().out == ""


@pytest.mark.django_db
def test_replay_names_what_there_is() -> None:
    with pytest.raises(CommandError, match="no reader 'nonsense' that can be replayed"):
        replay.run(argparse.Namespace(reader="nonsense"))


@pytest.mark.django_db
def test_a_sound_system_has_no_problems() -> None:
    migrate.run(argparse.Namespace())
    found = {finding.subject: finding for finding in doctor.examine(timezone.now())}
    for subject in ("python", "disk", "database", "clock", "migrations", "partitions", "assets"):
        assert found[subject].ok, found[subject]


@pytest.mark.django_db
def test_the_doctor_sees_a_wrong_clock() -> None:
    (clock,) = [
        finding
        for finding in doctor.check_server(timezone.now() + timedelta(minutes=5))
        if finding.subject == "clock"
    ]
    assert clock.ok is False


@pytest.mark.django_db
def test_the_doctor_sees_a_missing_partition() -> None:
    far = timezone.now() + timedelta(days=3650)
    assert [finding.ok for finding in doctor.check_partitions(far)] == [False, False]


@pytest.mark.django_db
def test_the_doctor_sees_a_row_that_names_nothing() -> None:
    """Some columns have no foreign key in the database: whoever writes them holds what they name."""
    assert [finding.ok for finding in doctor.check_references(timezone.now())] == [True]
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO identity_person (name, title, company_id, mobile, email, region, country, language, source,
                                            created_at)
               VALUES ('', '', 4711, '', '', '', '', '', '', now())"""
        )
    (finding,) = doctor.check_references(timezone.now())
    assert finding.ok is False
    assert finding.text.startswith(
        '1 rows of "identity_person" name a "company_id" that is not in "companies_company"'
    )


@pytest.mark.django_db(transaction=True)
def test_a_backup_restores_into_an_empty_database_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int")
        if cursor.fetchone()[0] < backup.OLDEST_TARGET:
            pytest.skip("restores with its own tools")
    User.objects.create(username="li.na", name="李娜")
    name = connection.settings_dict["NAME"]
    base = str(settings.DATABASES["default"]["HOST"])
    url = f"postgresql://huoju@/{name}?host={base}"
    monkeypatch.setenv("HUOJU_DATABASE_URL", url)
    file = tmp_path / "huoju.dump"
    backup.run(argparse.Namespace(file=file))
    assert file.read_bytes()[:5] == b"PGDMP"
    with pytest.raises(CommandError, match="empty database only"):
        backup.run(argparse.Namespace(file=file, restore=True))

    copy = f"{name}_copy"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {copy}")
        cursor.execute(f"CREATE DATABASE {copy}")
    try:
        monkeypatch.setenv("HUOJU_DATABASE_URL", url.replace(f"/{name}?", f"/{copy}?"))
        backup.run(argparse.Namespace(file=file, restore=True))
        query = "SELECT name FROM access_user"
        answer = subprocess.run(
            [binary("psql"), "-tA", "-c", query, url.replace(f"/{name}?", f"/{copy}?")],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert answer.stdout == "李娜\n"
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {copy}")
