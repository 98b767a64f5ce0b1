"""A rate limit that all processes share: one row a caller in PostgreSQL, one statement a question.

The generic cell rate algorithm: `limit` calls may come at once, then one every `per / limit`. Unlike a fixed window it
never lets twice the limit through around a boundary, and a refused call does not lengthen the wait.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from django.db import connection
from django.db.models import F

from .models import RateAllowance

# The row lock makes two simultaneous calls count one after the other. No row comes back when the caller is too far
# ahead: the WHERE of the conflict branch refuses the update.
_TAKE = """
INSERT INTO access_rateallowance (key, taken_until) VALUES (%(key)s, %(now)s + %(step)s)
ON CONFLICT (key) DO UPDATE
   SET taken_until = GREATEST(access_rateallowance.taken_until, %(now)s) + %(step)s
 WHERE GREATEST(access_rateallowance.taken_until, %(now)s) + %(step)s <= %(now)s + %(per)s
RETURNING taken_until
"""


@dataclass(frozen=True)
class Verdict:
    """Whether the call may go on, and if not, in how many seconds the next may come."""

    allowed: bool
    retry_after: int = 0


def allow(*, name: str, caller: str, limit: int, per: timedelta, now: datetime) -> Verdict:
    """Count one call of `caller` (an address, a key) against the limit `name`.

    Ask before opening a transaction: inside one the row stays locked until its end and callers queue up.
    """
    key = _key(name, caller)
    step = per / limit
    with connection.cursor() as cursor:
        # psycopg sends intervals; the stubs do not know that.
        cursor.execute(_TAKE, {"key": key, "now": now, "step": cast(Any, step), "per": cast(Any, per)})
        if cursor.fetchone():
            return Verdict(True)
        cursor.execute("SELECT taken_until FROM access_rateallowance WHERE key = %s", [key])
        row = cursor.fetchone()
    wait = row[0] + step - per - now if row else step
    return Verdict(False, max(1, -(-int(wait.total_seconds() * 1000) // 1000)))


def give_back(*, name: str, caller: str, limit: int, per: timedelta) -> None:
    """Take one counted call back: it turned out to be a good one (a sign-in that succeeded)."""
    RateAllowance.objects.filter(key=_key(name, caller)).update(taken_until=F("taken_until") - per / limit)


def _key(name: str, caller: str) -> str:
    """Addresses are personal data; their hash is enough to count."""
    return hashlib.sha256(f"{name}\0{caller}".encode()).hexdigest()


def purge(*, now: datetime) -> int:
    """Forget callers whose allowance is whole again. Returns how many."""
    deleted, _ = RateAllowance.objects.filter(taken_until__lt=now).delete()
    return deleted
