"""The normal form of an identifier of any kind, from whatever somebody typed or a program sent."""

import re

from .kinds import Identifier, IdentifierKind, strength_of
from .mails import Email, normalise_email
from .phones import Phone, PhoneKind, normalise_phone

# Opaque ids: case matters, their maker decides what they look like.
_OPAQUE = {
    IdentifierKind.WECHAT_UNIONID: re.compile(r"[A-Za-z0-9_-]{6,64}", re.ASCII),
    IdentifierKind.WECHAT_OPENID: re.compile(r"[A-Za-z0-9_-]{6,64}", re.ASCII),
    IdentifierKind.WECOM_EXTERNAL_USERID: re.compile(r"[A-Za-z0-9_.@-]{4,64}", re.ASCII),
    # Shorter ones ("1", "null", "test") are a broken script, and everybody would have them.
    IdentifierKind.VISITOR: re.compile(r"(?!undefined$)[A-Za-z0-9_.-]{8,64}", re.ASCII | re.IGNORECASE),
}
_EXTERNAL = re.compile(r"([A-Za-z0-9_.-]{1,40})\s*:\s*(\S(?:.{0,198}\S)?)", re.ASCII)


def normalise_identifier(kind: IdentifierKind, raw: str) -> Identifier | None:
    """`raw` as an identifier of that kind, None where it is none. A fixed telephone line is none."""
    text = raw.strip()
    if kind is IdentifierKind.MOBILE:
        phone = normalise_phone(text)
        mobile = isinstance(phone, Phone) and phone.kind is PhoneKind.MOBILE
        return Identifier(kind, phone.e164) if mobile and isinstance(phone, Phone) else None
    if kind is IdentifierKind.EMAIL:
        email = normalise_email(text)
        if not isinstance(email, Email):
            return None
        return Identifier(kind, email.key, strength_of(kind, email.email_class))
    if kind is IdentifierKind.EXTERNAL:
        found = _EXTERNAL.fullmatch(text)
        return Identifier(kind, f"{found[1].lower()}:{found[2]}") if found else None
    return Identifier(kind, text, strength_of(kind)) if _OPAQUE[kind].fullmatch(text) else None


def identifiers_in(raw: str) -> list[Identifier]:
    """Everything that a search text may be, in the order of belief: a mobile, a mail address, an id of some kind."""
    order = sorted(IdentifierKind, key=lambda kind: kind not in (IdentifierKind.MOBILE, IdentifierKind.EMAIL))
    return [found for kind in order if (found := normalise_identifier(kind, raw)) is not None]
