"""What `huoju up --demo` asks about the sample company. Plain SQL: it must not wait for Django."""

from collections.abc import Iterator
from pathlib import Path

import psycopg

from .words import MAIL_DOMAIN, STAFF


class Presence:
    """Whether the sample company is in the database at `url`, and whether it got there completely.

    Loading takes a while and many transactions. A file in the data folder stands for as long as it takes, so that a
    load that was interrupted is noticed.
    """

    def __init__(self, url: str, data_dir: Path) -> None:
        """`data_dir` is where the file stands."""
        self.url = url
        self.unfinished = data_dir / "sample.unfinished"

    def is_empty(self) -> bool:
        """Whether nobody works here yet: no tables, or no users."""
        return self._users("") == 0

    def is_interrupted(self) -> bool:
        """Whether an earlier load stopped half way, and nobody but the sample's people is here."""
        return self.unfinished.exists() and self._users(f"WHERE email NOT LIKE '%@{MAIL_DOMAIN}'") == 0

    def logins(self) -> Iterator[tuple[str, str]]:
        """A username for each role, if the sample company is here."""
        if self._users(f"WHERE email LIKE '%@{MAIL_DOMAIN}'"):
            roles = set()
            for username, _name, role, *_rest in STAFF:
                if role not in roles:
                    roles.add(role)
                    yield role, username

    def _users(self, condition: str) -> int:
        with psycopg.connect(self.url) as connection:
            row = connection.execute("SELECT to_regclass('access_user') IS NULL").fetchone()
            if row == (True,):
                return 0
            row = connection.execute(f"SELECT count(*) FROM access_user {condition}").fetchone()
            return int(row[0]) if row else 0
