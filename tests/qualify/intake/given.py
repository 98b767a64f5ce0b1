"""Interests as they come in, for the tests of intake."""

from datetime import UTC, datetime
from typing import Any

from huoju.qualify.cleaning.policy import Mode, Submission
from huoju.qualify.intake.operations import Taken, prepare, take_in_batch
from huoju.qualify.intake.policy import Incoming

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)

_SUBMISSION = frozenset(Submission.__dataclass_fields__)


def incoming(origin: str, **fields: Any) -> Incoming:
    """An interest; fields of a submission and of what stands beside it are told apart by name."""
    typed = {name: fields.pop(name) for name in list(fields) if name in _SUBMISSION - {"product"}}
    return Incoming(origin=origin, **{"via": "form", "at": NOW, **fields}, submission=Submission(**typed))


def li_na(origin: str, **fields: Any) -> Incoming:
    """An ordinary interest of an ordinary person."""
    usual = {
        "name": "李娜",
        "phone": "136 5108 7243",
        "email": "li.na@yuntu-data.cn",
        "company": "北京云图数据科技有限公司",
        "title": "市场总监",
    }
    return incoming(origin, **{**usual, **fields})


def take(
    *rows: Incoming, import_id: int | None = None, mode: Mode = Mode.ENFORCE, now: datetime = NOW
) -> list[Taken]:
    """Clean and take in, in the caller's transaction."""
    prepared = prepare(rows, mode=mode)
    return take_in_batch(prepared, actor="test", source="test", now=now, import_id=import_id)
