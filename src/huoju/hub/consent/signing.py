"""Signed links: who holds one may answer for the person in it, for one thing only.

The salt names the thing, so a link of one kind is none of another. Links to unsubscribe never expire: a mail may lie in
a box for years. The others do. Nothing in a link can be guessed or counted through: the signature covers it.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.conf import settings
from django.core import signing
from django.urls import reverse


class Link(StrEnum):
    """What a link is good for; also its salt."""

    UNSUBSCRIBE = "unsubscribe"
    PREFERENCES = "preferences"
    CONFIRM = "confirm"
    REQUEST = "request"


LIFE: dict[Link, timedelta | None] = {
    Link.UNSUBSCRIBE: None,
    Link.PREFERENCES: timedelta(days=90),
    Link.CONFIRM: timedelta(days=7),
    Link.REQUEST: timedelta(days=2),
}


@dataclass(frozen=True, slots=True)
class Token:
    """What a link carries: a person or a row, the channel, purpose and address it is about."""

    id: int
    channel: str = ""
    purpose: str = ""
    address: str = ""


class LinkError(Exception):
    """A link that was tampered with, cut off, or is too old (`expired`)."""

    def __init__(self, *, expired: bool) -> None:
        super().__init__("expired" if expired else "forged")
        self.expired = expired


def seal(link: Link, token: Token) -> str:
    """The text that goes into a link's address."""
    parts = [token.id, token.channel, token.purpose, token.address]
    return signing.dumps(parts, salt=f"huoju.consent.{link.value}", compress=True)


def unseal(link: Link, text: str) -> Token:
    """What a link carries. Raises `LinkError`."""
    life = LIFE[link]
    try:
        id_, channel, purpose, address = signing.loads(text, salt=f"huoju.consent.{link.value}", max_age=life)
    except signing.SignatureExpired as error:
        raise LinkError(expired=True) from error
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise LinkError(expired=False) from error
    return Token(id_, channel, purpose, address)


def unsubscribe_url(*, person_id: int, channel: str, purpose: str, address: str) -> str:
    """The address behind a message's unsubscribe link and its `List-Unsubscribe` header (RFC 8058)."""
    token = seal(Link.UNSUBSCRIBE, Token(person_id, channel, purpose, address))
    return settings.PUBLIC_URL + reverse("consent_public:unsubscribe", args=[token])


def unsubscribe_headers(*, person_id: int, channel: str, purpose: str, address: str) -> dict[str, str]:
    """The headers that give a mail its one-click unsubscribe button."""
    url = unsubscribe_url(person_id=person_id, channel=channel, purpose=purpose, address=address)
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def preferences_url(person_id: int) -> str:
    """The address of somebody's own preference page."""
    return settings.PUBLIC_URL + reverse(
        "consent_public:preferences", args=[seal(Link.PREFERENCES, Token(person_id))]
    )


def confirm_url(letter_id: int) -> str:
    """The address that confirms a subscription."""
    return settings.PUBLIC_URL + reverse(
        "consent_public:confirm", args=[seal(Link.CONFIRM, Token(letter_id))]
    )
