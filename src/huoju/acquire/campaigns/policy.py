"""Where somebody came from. Pure: UTM values, codes, and the classification of referrers.

The table of search engines, social networks and AI assistants is packaged with Huoju (`data/referrers.json`; see
NOTICE).
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit, urlunsplit

UTM_KEYS = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
CHANNEL_CODE_LENGTH = 60
CAMPAIGN_CODE_LENGTH = 80
KEYWORD_LENGTH = 200
PAGE_LENGTH = 500
# Ad platforms mark their clicks themselves: Google, Microsoft, Baidu, 360.
CLICK_IDS = {"gclid": "google", "msclkid": "bing", "bd_vid": "baidu", "qhclickid": "360"}

_NOT_IN_CODE = re.compile(r"[^\w-]+")
_DASHES = re.compile(r"-{2,}")
_SPACE = re.compile(r"\s+")
_UNSTORABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")  # NUL, controls, lone surrogates


class Medium(StrEnum):
    """What kind of place a visit came from."""

    SEARCH = "search"
    SOCIAL = "social"
    AI = "ai"
    LINK = "link"  # any other website
    DIRECT = "direct"  # the address typed, a bookmark, an app that does not tell


CHANNEL_OF_MEDIUM = {
    Medium.SEARCH: "seo",
    Medium.SOCIAL: "social",
    Medium.AI: "ai",
    Medium.LINK: "links",
    Medium.DIRECT: "website",
}
"""The seeded channel that a classified referrer counts for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHint:
    """All that is known of where an interest came from; everything may be missing.

    `channel` and `campaign` are codes or names that somebody wrote down (an import's columns, an API call, a form's own
    campaign). `page` is where the interest was expressed, `referrer` the page before it.
    """

    utm: Mapping[str, str] = field(default_factory=dict)
    channel: str = ""
    campaign: str = ""
    campaign_id: int | None = None
    referrer: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A resolved source. `channel_id` None means that nothing is known: a blank is not the channel "unknown"."""

    channel_id: int | None
    campaign_id: int | None
    keyword: str
    landing_page: str


def hint_from(source: Mapping[str, str], *, campaign_id: int | None = None) -> SourceHint:
    """The hint in a submission's `source` (`utm_…`, `page`, `referrer`, `channel`, `campaign`).

    `campaign_id` is the form's own campaign: it counts where the visitor's link named none.
    """
    return SourceHint(
        utm={key: source[key] for key in UTM_KEYS if source.get(key)},
        channel=source.get("channel", ""),
        campaign=source.get("campaign", ""),
        campaign_id=campaign_id,
        referrer=source.get("referrer", ""),
        page=source.get("page", ""),
    )


# --- Codes and names ----------------------------------------------------------------------------------------


def tidy(text: str) -> str:
    """A name as it is kept: single spaces, without the characters that cannot be stored."""
    return _SPACE.sub(" ", _UNSTORABLE.sub("", text)).strip()


def fold(text: str) -> str:
    """The form in which names and UTM values are compared: width folded, lower case, single spaces."""
    return tidy(unicodedata.normalize("NFKC", text)).casefold()


def code_for(name: str, length: int) -> str:
    """A safe code for `name`, at most `length` characters; letters of every script stay.

    The same name gives the same code in every process, and names that differ give codes that differ: where making the
    code loses something, a short digest of the name is added.

    >>> code_for("Baidu 推广", 60), code_for("organic_search", 60), code_for("R&D", 60)
    ('baidu-推广', 'organic_search', 'r-d-dacc7c')
    """
    folded = fold(name)
    code = _DASHES.sub("-", _NOT_IN_CODE.sub("-", folded)).strip("-")
    if code == folded.replace(" ", "-") and 0 < len(code) <= length:
        return code
    digest = hashlib.sha256(folded.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return f"{code[: length - 7].strip('-')}-{digest}".strip("-")


def alias_keys(source: str, medium: str) -> list[str]:
    """The aliases under which a channel may be listed for these UTM values, the most telling first."""
    source, medium = fold(source), fold(medium)
    keys = [f"{source}/{medium}"] if source and medium else []
    keys += [f"*/{medium}"] if medium else []
    return keys + ([source] if source else [])


# --- Pages and links ----------------------------------------------------------------------------------------


def utm_of_page(page: str) -> dict[str, str]:
    """The UTM values in a page's address, and those that the click id of an ad platform stands for."""
    query = dict(parse_qsl(_split(page)[1]))
    found = {key: query[key].strip() for key in UTM_KEYS if query.get(key, "").strip()}
    if "utm_source" not in found:
        for name, platform in CLICK_IDS.items():
            if query.get(name):
                return found | {"utm_source": platform, "utm_medium": "cpc"}
    return found


def landing_page(page: str) -> str:
    """A page without query and fragment, so that reports can group by it; what is not a web address stays as it is."""
    page = page.strip()
    if page[:8].lower().startswith(("http://", "https://")):
        page = page.partition("#")[0].partition("?")[0]
    return page[:PAGE_LENGTH]


def build_link(base: str, utm: Mapping[str, str]) -> str:
    """`base` with the UTM values added to its query; blank ones are left out, those already there replaced.

    Raises `ValueError` for an address that is not http or https.
    """
    parts = urlsplit(base.strip())
    if (
        parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0
    ):  # .port checks the port
        raise ValueError("not a web address")
    query = [
        (key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if key not in UTM_KEYS
    ]
    query += [(key, utm[key].strip()) for key in UTM_KEYS if utm.get(key, "").strip()]
    return urlunsplit(parts._replace(query=urlencode(query)))


def _split(url: str) -> tuple[str, str, str]:
    """Host (lower case, without `www.` and `m.`), query and path of an address; empty strings for anything odd."""
    try:
        parts = urlsplit(url.strip() if "//" in url else "//" + url.strip())
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return "", "", ""
    return host.removeprefix("www."), parts.query, parts.path


# --- Referrers ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Referrers:
    search: Mapping[str, tuple[str, ...]]  # host pattern → query parameters that hold the keyword
    social: frozenset[str]
    ai: frozenset[str]


@cache
def _referrers() -> _Referrers:
    raw = json.loads((Path(__file__).parent / "data" / "referrers.json").read_text(encoding="utf-8"))
    search = {
        host: tuple(filter(None, params.split("|")))
        for params, hosts in raw["search"].items()
        for host in hosts
    }
    return _Referrers(search, frozenset(raw["social"]), frozenset(raw["ai"]))


def classify(referrer: str, page: str = "") -> tuple[Medium, str]:
    """What kind of place `referrer` is, and the keyword searched for where it still tells.

    A referrer on the host of `page` says nothing of where the visit came from; it counts as direct.
    """
    host, query, path = _split(referrer)
    if not host or (page and host == _split(page)[0]):
        return Medium.DIRECT, ""
    medium, params = _classify_host(host, path if path.strip("/") else "")
    if not params:
        return medium, ""
    asked = parse_qs(query)
    keyword = next((asked[name][0].strip() for name in params if asked.get(name)), "")
    return medium, keyword[:KEYWORD_LENGTH]


@lru_cache(maxsize=4096)
def _classify_host(host: str, path: str) -> tuple[Medium, tuple[str, ...]]:
    known = _referrers()
    if _listed(host, path, known.ai):
        return Medium.AI, ()
    for pattern in _patterns(host):
        if pattern in known.search:
            return Medium.SEARCH, known.search[pattern]
    return (Medium.SOCIAL if _listed(host, path, known.social) else Medium.LINK), ()


def _listed(host: str, path: str, hosts: frozenset[str]) -> bool:
    """Whether the host or a domain above it is listed, alone or with the beginning of the path."""
    labels = host.split(".")
    for start in range(max(1, len(labels) - 1)):
        domain = ".".join(labels[start:])
        if domain in hosts:
            return True
        steps = [step for step in path.split("/")[:4] if step]
        if any(f"{domain}/{'/'.join(steps[:depth])}" in hosts for depth in range(1, len(steps) + 1)):
            return True
    return False


def _patterns(host: str) -> list[str]:
    """The search engines' patterns that a host may match: itself, any country's domain, any first label."""
    found: list[str] = []
    for name in dict.fromkeys((host, host.removeprefix("m."))):
        labels = name.split(".")
        found.append(name)
        found += [".".join(labels[:-cut]) + ".*" for cut in (1, 2) if len(labels) > cut]
        found += ["*." + ".".join(labels[1:])] if len(labels) > 2 else []
    return found
