"""What `huoju up --demo` finds out before Django runs."""

import os
from pathlib import Path

import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo

from huoju.core.access.models import User
from huoju.core.access.policy import Role
from huoju.site.sample.presence import Presence


@pytest.fixture
def presence(transactional_db: None, tmp_path: Path) -> Presence:
    url = make_conninfo(os.environ["HUOJU_DATABASE_URL"], dbname=connection.settings_dict["NAME"])
    return Presence(url, tmp_path)


def _employ(username: str, domain: str) -> None:
    User.objects.create(username=username, name=username, role=Role.SALES, email=f"{username}@{domain}")


def test_an_empty_installation(presence: Presence) -> None:
    assert presence.is_empty()
    assert not presence.is_interrupted()
    assert list(presence.logins()) == []


def test_a_database_without_tables(tmp_path: Path, presence: Presence) -> None:
    bare = Presence(make_conninfo(presence.url, dbname="postgres"), tmp_path)
    assert bare.is_empty()


def test_somebodys_company(presence: Presence) -> None:
    _employ("li.na", "example.cn")
    assert not presence.is_empty()
    assert list(presence.logins()) == []
    presence.unfinished.touch()
    assert not presence.is_interrupted(), "nothing of somebody else's is thrown away"


def test_the_sample_company(presence: Presence) -> None:
    _employ("sales", "liaoyuan.example")
    assert not presence.is_empty()
    assert not presence.is_interrupted()
    assert dict(presence.logins()) == {
        "admin": "admin",
        "marketing": "marketing",
        "telemarketing": "telemarketing",
        "sales": "sales",
        "sales_manager": "manager",
        "executive": "executive",
    }
    presence.unfinished.touch()
    assert presence.is_interrupted()
