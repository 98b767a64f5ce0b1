"""Month partitions of the log."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import connection, transaction

MONTHS_AHEAD = 3


def _month(year: int, month: int) -> datetime:
    return datetime(year + (month - 1) // 12, (month - 1) % 12 + 1, 1, tzinfo=ZoneInfo("UTC"))


def ensure(now: datetime) -> list[str]:
    """Make the partitions of this month and the next three, and keep positions growing; returns those made.

    Rows that fell into the default partition meanwhile move into theirs. Safe to call at any time, from any number of
    processes.
    """
    made: list[str] = []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('facts partitions'))")
        cursor.execute(
            # A restored dump may carry positions above this cluster's transaction ids; lift them over.
            """UPDATE facts_lift SET lift = last.tx + 1 - pg_current_xact_id()::text::bigint
               FROM (SELECT max(tx) AS tx FROM facts_fact) last
               WHERE last.tx > lift + pg_current_xact_id()::text::bigint"""
        )
        for ahead in range(MONTHS_AHEAD + 1):
            start, end = _month(now.year, now.month + ahead), _month(now.year, now.month + ahead + 1)
            name = f"facts_fact_{start:%Y%m}"
            cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name])
            if cursor.fetchone()[0]:
                continue
            bounds = f"'{start.isoformat()}'", f"'{end.isoformat()}'"
            cursor.execute(f"CREATE TABLE {name} (LIKE facts_fact INCLUDING DEFAULTS)")
            cursor.execute("SET LOCAL huoju.erasing = 'on'")
            cursor.execute(
                f"""WITH moved AS (DELETE FROM facts_fact_default
                                   WHERE recorded_at >= {bounds[0]} AND recorded_at < {bounds[1]} RETURNING *)
                    INSERT INTO {name} SELECT * FROM moved"""
            )
            cursor.execute("SET LOCAL huoju.erasing = 'off'")
            cursor.execute(
                f"ALTER TABLE facts_fact ATTACH PARTITION {name} FOR VALUES FROM ({bounds[0]}) TO ({bounds[1]})"
            )
            cursor.execute(
                f"CREATE TRIGGER facts_no_truncate BEFORE TRUNCATE ON {name} "
                "FOR EACH STATEMENT EXECUTE FUNCTION facts_refuse_change()"
            )
            made.append(name)
    return made
