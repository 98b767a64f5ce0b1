"""Kinds of identifiers: how strong each is, and how many a person or an identifier may have."""

from dataclasses import dataclass
from enum import StrEnum

from huoju.core.mail import EmailClass
from huoju.core.pickling import packed
from huoju.core.text import msgid


class IdentifierKind(StrEnum):
    """What points to a person."""

    MOBILE = "mobile"  # E.164
    EMAIL = "email"
    WECHAT_UNIONID = "wechat_unionid"
    WECHAT_OPENID = "wechat_openid"
    WECOM_EXTERNAL_USERID = "wecom_external_userid"
    VISITOR = "visitor"  # first-party cookie
    EXTERNAL = "external"  # "system:id" in another system, for example an old CRM


KIND_LABELS: dict[IdentifierKind, str] = {
    IdentifierKind.MOBILE: msgid("Mobile"),
    IdentifierKind.EMAIL: msgid("E-mail"),
    IdentifierKind.WECHAT_UNIONID: msgid("WeChat UnionID"),
    IdentifierKind.WECHAT_OPENID: msgid("WeChat OpenID"),
    IdentifierKind.WECOM_EXTERNAL_USERID: msgid("WeCom customer ID"),
    IdentifierKind.VISITOR: msgid("Website visitor"),
    IdentifierKind.EXTERNAL: msgid("External ID"),
}
"""English msgids, translated where they are shown."""


class Strength(StrEnum):
    """STRONG identifiers join rows to a person; WEAK ones are only kept with the person whom others name."""

    STRONG = "strong"
    WEAK = "weak"


@dataclass(frozen=True, slots=True)
class KindRule:
    """What one kind can do.

    `single`: a person has one value at most (for EXTERNAL: one in each system), so two different values prove
    two persons and block a merge. `max_per_person` values: guards against a shared box that
    swallows everyone.
    """

    strength: Strength
    single: bool
    max_per_person: int
    priority: int  # the lower, the more it is believed


KIND_RULES: dict[IdentifierKind, KindRule] = {
    IdentifierKind.EXTERNAL: KindRule(Strength.STRONG, True, 20, 0),
    IdentifierKind.WECHAT_UNIONID: KindRule(Strength.STRONG, True, 1, 1),
    IdentifierKind.WECOM_EXTERNAL_USERID: KindRule(Strength.STRONG, True, 1, 2),
    IdentifierKind.MOBILE: KindRule(Strength.STRONG, False, 3, 3),
    IdentifierKind.EMAIL: KindRule(Strength.STRONG, False, 5, 4),
    IdentifierKind.WECHAT_OPENID: KindRule(Strength.STRONG, False, 10, 5),
    IdentifierKind.VISITOR: KindRule(Strength.WEAK, False, 50, 6),
}


def strength_of(kind: IdentifierKind, email_class: EmailClass | None = None) -> Strength:
    """The strength of one identifier. Role and disposable boxes are shared, so they point to nobody for
    sure."""
    if kind is IdentifierKind.EMAIL and email_class in (EmailClass.ROLE, EmailClass.DISPOSABLE):
        return Strength.WEAK
    return KIND_RULES[kind].strength


@packed
@dataclass(frozen=True, slots=True)
class Identifier:
    """One identifier in normal form: E.164 for MOBILE, `Email.key` for EMAIL, "system:id" for EXTERNAL."""

    kind: IdentifierKind
    value: str
    strength: Strength = Strength.STRONG


def slot_of(kind: IdentifierKind, value: str) -> str:
    """Where a single value sits: a person has one external id in each system; of other single kinds, one at all."""
    if kind is IdentifierKind.EXTERNAL:
        return "external:" + value.partition(":")[0]
    return kind.value
