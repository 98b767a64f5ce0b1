"""A small target to try the engine with: things with a name, found again by an external id.

It lives in one table that the tests make (`TABLES`), and marks in `import_test_log` how often each row was applied.
"""

import json
import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from huoju.acquire.imports.registry import (
    AppliedRow,
    Choice,
    Context,
    Field,
    Kind,
    MappedRow,
    Outcome,
    Reason,
    RowOutcome,
)

FIELDS = (
    Field("name", "Name", synonyms=("姓名", "联系人", "contact"), required=True),
    Field("mobile", "Mobile", Kind.PHONE, ("手机", "手机号码", "电话", "phone", "tel")),
    Field("email", "E-mail", Kind.EMAIL, ("邮箱", "电子邮件", "mail")),
    Field("company_name", "Company", synonyms=("公司", "公司名称", "企业名称", "单位", "company")),
    Field("external_id", "Id", Kind.EXTERNAL_ID, ("编号", "客户编号")),
    Field("created", "Created on", Kind.DATE, ("创建时间", "登记日期", "date")),
    Field("amount", "Amount", Kind.MONEY, ("金额", "合同金额")),
    Field(
        "size",
        "Size",
        Kind.CHOICE,
        ("规模",),
        choices=(Choice("s", "Small", ("小",)), Choice("l", "Large", ("大",))),
    ),
)

TABLES = """
CREATE TABLE IF NOT EXISTS import_test_thing (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, external_id text UNIQUE, name text NOT NULL, amount numeric,
    import_id bigint
);
CREATE TABLE IF NOT EXISTS import_test_log (import_id bigint, row_no bigint, pid int);
TRUNCATE import_test_thing, import_test_log
"""


@dataclass
class Prepared:
    """What goes from the preparing process to the writing one."""

    rows: list[MappedRow]
    pid: int


class ThingTarget:
    """Names starting with `bad` are rejected, `slow` ones take a while, `die` ones kill the writing process."""

    code = "things"
    label = "Things"
    fields: Sequence[Field] = FIELDS
    reasons: Mapping[str, str] = {"bad_name": "The name %(name)s is bad"}

    @property
    def preparing(self) -> "ThingTarget":
        return self

    def load(self, context: Context) -> dict[str, str]:
        return {"prefix": "bad"}

    def prepare(self, rows: Sequence[MappedRow], context: Context) -> Prepared:
        context.steps.add("test step", len(rows), 0.0)
        return Prepared(list(rows), os.getpid())

    def preview(self, prepared: Prepared, context: Context) -> list[RowOutcome]:
        ids = [row.values.get("external_id") for row in prepared.rows]
        with connection.cursor() as cursor:
            cursor.execute("SELECT external_id FROM import_test_thing WHERE external_id = ANY(%s)", [ids])
            known = {external for (external,) in cursor.fetchall()}
        return [self._judge(row, context, known) for row in prepared.rows]

    def _judge(self, row: MappedRow, context: Context, known: set[str]) -> RowOutcome:
        name = str(row.values["name"])
        if name.startswith(context.loaded["prefix"]):
            return RowOutcome(row.row_no, Outcome.REJECTED, [Reason("bad_name", "name", {"name": name})])
        outcome = Outcome.UPDATES if row.values.get("external_id") in known else Outcome.NEW
        return RowOutcome(row.row_no, outcome, row.warnings)

    def apply(self, prepared: Prepared, context: Context, *, actor: str, now: datetime) -> list[RowOutcome]:
        if any(str(row.values["name"]).startswith("slow") for row in prepared.rows):
            time.sleep(0.05)
        outcomes = []
        with connection.cursor() as cursor:
            for row in prepared.rows:
                if str(row.values["name"]).startswith("bad"):
                    outcomes.append(self._judge(row, context, set()))
                    continue
                outcomes.append(self._write(cursor, row, context))
                cursor.execute(
                    "INSERT INTO import_test_log VALUES (%s, %s, %s)",
                    [context.import_id, row.row_no, prepared.pid],
                )
        if any(str(row.values["name"]).startswith("boom") for row in prepared.rows):
            raise RuntimeError("boom")
        if any(str(row.values["name"]).startswith("die") for row in prepared.rows) and os.environ.get(
            "IMPORT_TEST_DIE"
        ):
            os.kill(os.getpid(), signal.SIGKILL)
        return outcomes

    def _write(self, cursor: Any, row: MappedRow, context: Context) -> RowOutcome:
        external, name, amount = (row.values.get(key) for key in ("external_id", "name", "amount"))
        cursor.execute(
            "SELECT id, name, amount FROM import_test_thing WHERE external_id = %s FOR UPDATE", [external]
        )
        if found := cursor.fetchone():
            cursor.execute(
                "UPDATE import_test_thing SET name = %s, amount = %s WHERE id = %s", [name, amount, found[0]]
            )
            before = {"name": found[1], "amount": None if found[2] is None else str(found[2])}
            return RowOutcome(row.row_no, Outcome.UPDATES, row.warnings, {"thing": found[0]}, before)
        cursor.execute(
            "INSERT INTO import_test_thing (external_id, name, amount, import_id) VALUES (%s, %s, %s, %s) RETURNING id",
            [external, name, amount, context.import_id],
        )
        return RowOutcome(row.row_no, Outcome.NEW, row.warnings, {"thing": cursor.fetchone()[0]})

    def rollback(
        self, rows: Sequence[AppliedRow], context: Context, *, actor: str, now: datetime
    ) -> list[RowOutcome]:
        with connection.cursor() as cursor:
            for row in rows:
                if row.before is not None:
                    cursor.execute(
                        "UPDATE import_test_thing SET name = %s, amount = %s WHERE id = %s",
                        [row.before["name"], row.before["amount"], row.refs["thing"]],
                    )
                elif row.refs:
                    cursor.execute("DELETE FROM import_test_thing WHERE id = %s", [row.refs["thing"]])
        return []


def contents() -> list[tuple[str | None, str, str]]:
    """Everything in the table, without the ids."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT external_id, name, amount FROM import_test_thing ORDER BY external_id, name")
        return [
            (external, name, json.dumps(amount, default=str)) for external, name, amount in cursor.fetchall()
        ]
