"""The signed time token of a public form: it says that a page was made by us, for which form, and when.

It stands in for a CSRF cookie, which browsers refuse to third-party frames, and for the idempotency key: one page, one
submission. See docs/decisions on public forms.
"""

import base64
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

MIN_FILL = timedelta(seconds=2)
"""A person needs longer; a program that posts at once is asked to send again."""
MAX_AGE = timedelta(hours=24)
"""A page left open over night still works; an old one is drawn anew, with what was typed."""
_SKEW = timedelta(minutes=1)  # clocks of two web processes
_SIGNATURE_BYTES = 16


class TokenState(StrEnum):
    """What a token tells."""

    FINE = "fine"
    FORGED = "forged"
    EXPIRED = "expired"
    TOO_FAST = "too_fast"


@dataclass(frozen=True, slots=True)
class Token:
    """What a page carries: the form and version shown, when, and a random part that makes the page unique."""

    form_id: int
    version: int
    issued_at: datetime
    nonce: str

    @property
    def idempotency_key(self) -> str:
        """The key under which what this page sends counts once."""
        return f"page:{self.form_id}:{self.nonce}"


def seal(token: Token, key: bytes) -> str:
    """The token as text, signed with `key`."""
    issued = int(token.issued_at.timestamp() * 1000)
    body = _encode(json.dumps([token.form_id, token.version, issued, token.nonce]).encode())
    return f"{body}.{_encode(_sign(body, key))}"


def unseal(text: str, key: bytes) -> Token | None:
    """The token in `text`, None if it was not made with `key`."""
    body, _, signature = text.partition(".")
    if len(text) > 400 or not text.isascii() or not hmac.compare_digest(_encode(_sign(body, key)), signature):
        return None
    form_id, version, issued, nonce = json.loads(_decode(body))
    return Token(form_id, version, datetime.fromtimestamp(issued / 1000, tz=UTC), nonce)


def judge(token: Token | None, *, form_id: int, now: datetime) -> TokenState:
    """Whether a submission with this token may be taken for the form at `now`."""
    if token is None or token.form_id != form_id or token.issued_at > now + _SKEW:
        return TokenState.FORGED
    if now - token.issued_at > MAX_AGE:
        return TokenState.EXPIRED
    if now - token.issued_at < MIN_FILL:
        return TokenState.TOO_FAST
    return TokenState.FINE


def _sign(body: str, key: bytes) -> bytes:
    return hmac.digest(key, b"huoju.webforms.token." + body.encode(), "sha256")[:_SIGNATURE_BYTES]


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
