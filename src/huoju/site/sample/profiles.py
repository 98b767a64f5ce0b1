"""Tags and profiles of the sample company: what a team would have noted by hand, and a few people known twice."""

from datetime import datetime, timedelta

from django.db import transaction

from huoju.core.access.models import User
from huoju.hub.identity import operations as identity
from huoju.hub.identity.policy import Identifier, IdentifierKind
from huoju.hub.profile import operations as profile
from huoju.hub.profile.policy import HAND, Field
from huoju.qualify.leads.models import Lead

TAGS = (
    ("标杆客户", "客户", "green", "愿意出面讲案例的客户", 0, ()),
    ("内部支持者", "客户", "teal", "在客户内部替我们说话的人", 0, ()),
    ("渠道推荐", "来源", "purple", "由合作伙伴介绍", 0, ()),
    ("近期要报价", "跟进", "orange", "两周内会问价格，过期自动消失", 14, ()),
    (
        "高分未分配",
        "规则",
        "red",
        "得分 60 以上而无人跟进",
        0,
        (
            {"field": "lead.score", "op": "at_least", "value": 60},
            {"field": "lead.owner", "op": "unknown", "value": None},
        ),
    ),
    (
        "技术负责人",
        "规则",
        "blue",
        "职位含 CTO",
        0,
        ({"field": "person.title", "op": "contains", "value": "CTO"},),
    ),
)
"""Name, group, colour, note, days until it expires (0: never), rule."""


def enliven(people: dict[str, User], now: datetime) -> None:
    """Set tags, correct some fields by hand, and merge a few people who were known twice."""
    actor = f"user:{people['marketing'].pk}"
    tags = {
        name: profile.save_tag(
            tag_id=None,
            values={
                "name": name, "group": group, "color": color, "note": note, "days": days or None,
                "conditions": list(conditions),
            },
            actor=actor,
            now=now,
        ).pk
        for name, group, color, note, days, conditions in TAGS
    }  # fmt: skip
    won = list(Lead.objects.filter(stage="won").order_by("-won_at").values_list("person_id", flat=True)[:24])
    selling = Lead.objects.filter(stage__in=("opportunity", "poc")).order_by("-stage_at")
    open_ = list(selling.values_list("person_id", flat=True)[:20])
    for name, ids in (
        ("标杆客户", won[::3]),
        ("内部支持者", [*won[::5], *open_[::4]]),
        ("渠道推荐", open_[::5]),
        ("近期要报价", open_[::2]),
    ):
        profile.tag_batch(ids, tag_id=tags[name], source=HAND, actor=actor, now=now - timedelta(days=1))
    for number, person_id in enumerate(dict.fromkeys([*open_[:2], *won[:2]])):
        _known_twice(person_id, number, people, now)


def _known_twice(person_id: int, number: int, people: dict[str, User], now: datetime) -> None:
    """The card of a fair made somebody a second time; sales noticed, merged them, and corrected the title."""
    person = Lead.objects.filter(person_id=person_id).select_related("person")[0].person
    address = f"{1000 + number}{person_id}@qq.com"
    actor = f"user:{people['manager'].pk}" if "manager" in people else f"user:{people['admin'].pk}"
    with transaction.atomic():
        hint = identity.PersonHint(
            identifiers=(Identifier(IdentifierKind.EMAIL, address),),
            name=person.name, title="技术总监", email=address, company_id=person.company_id, region=person.region,
        )  # fmt: skip
        (second,) = identity.resolve_batch([hint], actor=actor, source="card", now=now - timedelta(days=20))
    identity.merge(
        person_id=second.person_id,
        into_id=person_id,
        actor=actor,
        now=now - timedelta(days=2),
        reason="同一个人",
    )
    values = {Field.TITLE: "技术副总裁"}
    profile.set_fields(person_id=person_id, values=values, actor=actor, now=now - timedelta(hours=5))
