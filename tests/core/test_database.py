"""Where the database is, and the embedded server's life."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from huoju.core import database
from huoju.core.database import DatabaseUnavailableError, EmbeddedServer, database_settings, ensure_running


def test_without_an_address_the_embedded_server_is_used(tmp_path: Path) -> None:
    settings = database_settings(tmp_path, {})["default"]
    assert (settings["HOST"], settings["PORT"]) == (str(EmbeddedServer(tmp_path).socket_dir), "5432")
    assert (settings["NAME"], settings["USER"], settings["PASSWORD"]) == ("huoju", "huoju", "")
    assert settings["CONN_MAX_AGE"] == 600
    assert not (tmp_path / "pg").exists()


def test_any_server_by_its_address(tmp_path: Path) -> None:
    url = "postgresql://me:p%40ss@db.example:6432/sales?sslmode=verify-full&application_name=x"
    assert database_settings(tmp_path, {"HUOJU_DATABASE_URL": url})["default"] == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "sales",
        "USER": "me",
        "PASSWORD": "p@ss",
        "HOST": "db.example",
        "PORT": "6432",
        "CONN_HEALTH_CHECKS": True,
        "CONN_MAX_AGE": 600,
        "OPTIONS": {"sslmode": "verify-full", "application_name": "x", "options": "-c jit=off"},
    }


def test_a_pool_takes_over_from_persistent_connections(tmp_path: Path) -> None:
    settings = database_settings(tmp_path, {"HUOJU_DATABASE_POOL": "8"})["default"]
    assert settings["CONN_MAX_AGE"] == 0
    assert settings["OPTIONS"]["pool"] == {"min_size": 2, "max_size": 8, "timeout": 10}


def test_nothing_is_started_for_another_server(tmp_path: Path) -> None:
    assert not ensure_running(tmp_path, {"HUOJU_DATABASE_URL": "postgresql://db.example/x"})
    assert list(tmp_path.iterdir()) == []


def test_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / ("x" * 100))
    assert len(os.fsencode(server.socket_dir / ".s.PGSQL.5432")) <= 107
    assert server.socket_dir != EmbeddedServer(tmp_path / ("x" * 101)).socket_dir


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(tmp_path, durable=False)
    yield server
    server.stop()


def _postmaster(server: EmbeddedServer) -> int:
    return int((server.cluster / "postmaster.pid").read_text().split("\n", 1)[0])


@pytest.mark.kill
def test_the_life_of_the_embedded_server(server: EmbeddedServer) -> None:
    assert not server.is_running()
    assert server.start()
    assert not server.start(), "started twice"
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT lower('ÀÉ火炬') AS word")
        row = connection.execute("SELECT word, current_setting('fsync') FROM kept").fetchone()
        assert row == ("àé火炬", "off")
    server.stop()
    assert not server.is_running()
    server.stop()

    assert server.start()
    pid = _postmaster(server)
    os.kill(pid, signal.SIGKILL)
    assert server.start(), "a killed server is started again"
    with psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT word FROM kept").fetchone() == ("àé火炬",)


@pytest.mark.kill
def test_a_pid_file_whose_pid_somebody_else_has_by_now(server: EmbeddedServer) -> None:
    server.start()
    lines = (server.cluster / "postmaster.pid").read_text().split("\n")
    server.stop()
    (server.cluster / "postmaster.pid").write_text("\n".join([str(os.getppid()), *lines[1:]]))
    assert server.start()


def test_a_cluster_of_another_version_is_refused(server: EmbeddedServer) -> None:
    server.cluster.mkdir(parents=True)
    (server.cluster / "PG_VERSION").write_text("15\n")
    with pytest.raises(DatabaseUnavailableError, match="made by PostgreSQL 15"):
        server.start()


def test_a_folder_that_belongs_to_somebody_else_is_refused(
    server: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pg").symlink_to(tmp_path)
    monkeypatch.setattr(EmbeddedServer, "socket_dir", tmp_path / "pg")
    with pytest.raises(DatabaseUnavailableError, match="belongs to somebody else"):
        server.start()


def test_a_missing_wheel_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(DatabaseUnavailableError, match="HUOJU_DATABASE_URL"):
        database.binary("psql")
