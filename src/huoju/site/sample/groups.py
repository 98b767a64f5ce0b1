"""Segments of the sample company: the groups that a marketing team asks for first."""

from datetime import datetime
from typing import Any

from huoju.core.access.models import User
from huoju.hub.segments import operations as segments
from huoju.hub.segments.membership import build

_OPEN = {"type": "trait", "trait": "lead.stage", "op": "one_of", "value": ["mql", "sql", "opportunity"]}
_CALLED = {"type": "fact", "fact": "activity.logged", "at_least": 0, "at_most": 0, "days": 14}

GROUPS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (
        "高意向但沉默",
        "评分 B 级以上、在跟进阶段，近 14 天没有任何联系",
        {
            "type": "all",
            "of": [
                _OPEN,
                {"type": "trait", "trait": "lead.band", "op": "one_of", "value": ["A", "B"]},
                _CALLED,
            ],
        },
    ),
    (
        "近 30 天新增 MQL",
        "刚成为市场认可线索的人",
        {"type": "trait", "trait": "lead.mql_at", "op": "within_last", "value": 30},
    ),
    (
        "多次表达意向",
        "成为线索之后 180 天内又来过至少一次",
        {
            "type": "sequence",
            "steps": [{"fact": "lead.captured"}, {"fact": "lead.touched", "within_days": 180}],
        },
    ),
    (
        "已签单客户",
        "可做转介绍与增购",
        {"type": "trait", "trait": "lead.stage", "op": "is", "value": "won"},
    ),
)
"""Name, what it is for, definition."""


def describe_groups(people: dict[str, User], now: datetime) -> None:
    """Define and build them."""
    for name, description, where in GROUPS:
        made = segments.create_segment(
            name=name,
            description=description,
            definition={"where": where},
            user_id=people["marketing"].pk,
            now=now,
        )
        build(segment_id=made.pk, now=now)
