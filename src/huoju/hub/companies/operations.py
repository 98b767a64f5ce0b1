"""Writing companies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyHint:
    """What one row says about a company; everything may be empty.

    `key` is the normalised name (`policy`), `domain` a domain that may identify a company: the caller leaves out
    free and disposable mail. `uscc` is a valid 统一社会信用代码. The others are codes and fill only what is empty.
    """

    name: str = ""
    key: str = ""
    domain: str = ""
    uscc: str = ""
    industry: str = ""
    region: str = ""
    size: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class ResolvedCompany:
    """The company of a row; `created` if nobody knew it before."""

    company_id: int
    created: bool = False


def resolve_batch(rows: Sequence[CompanyHint], *, source: str, now: datetime) -> list[ResolvedCompany | None]:
    """The company of each row, made where none is known yet; None where the row names none. Needs a transaction."""
    raise NotImplementedError
