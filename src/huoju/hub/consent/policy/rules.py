"""The policy table: what the law of each place asks for, one row for channels and a purpose."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from huoju.core.geo import COUNTRIES
from huoju.core.problems import Problem
from huoju.core.text import msgid

from .words import CHANNEL_LABELS, PURPOSE_LABELS, Basis, Channel, DoubleOptIn, Footer, Purpose

EVERYWHERE = "*"
"""The strict default: for places without a row of their own, and for people whose place nobody knows."""

_ALIASES = {"EL": "GR", "UK": "GB"}  # the European Union's own codes
_PART_OF = {
    # Where the law of another country holds.
    **dict.fromkeys(("GP", "GF", "MQ", "RE", "YT", "MF"), "FR"),
    **dict.fromkeys(("AS", "GU", "MP", "PR", "VI"), "US"),
    "AX": "FI",
    "SJ": "NO",
}
_CHINA = {"71": "TW", "81": "HK", "82": "MO"}
# Calling codes of one country that small neighbours share; +1 and +7 are left out: they decide nothing.
_MAIN = {
    "39": "IT",
    "44": "GB",
    "47": "NO",
    "61": "AU",
    "358": "FI",
    "212": "MA",
    "599": "CW",
    "262": "FR",
    "590": "FR",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row. A yes always opens; a no always closes. Beside a yes these exceptions open as well:

    `customers`: so many days after they bought (0: for ever), for similar products. `inquirers`: so many days after
    they asked us. `business`: work addresses. `register`: the name of the do-not-call register that must have been
    checked within `register_days` unless there is a yes. `source` is the statute, `note` what its reviewer says of it.
    """

    countries: tuple[str, ...]
    channels: tuple[Channel, ...]
    purpose: Purpose
    basis: Basis
    customers: int | None = None
    inquirers: int | None = None
    business: bool = False
    double_opt_in: DoubleOptIn = DoubleOptIn.NO
    register: str = ""
    register_days: int = 31
    footer: tuple[Footer, ...] = ()
    source: str
    reviewed: date
    note: str = ""


@dataclass(frozen=True, slots=True)
class PolicyTable:
    """All rows of one version, found by place, channel and purpose."""

    version: int
    rules: tuple[Rule, ...]
    _by_key: dict[tuple[str, Channel, Purpose], Rule] = field(repr=False, compare=False)

    def rule_for(self, country: str, channel: Channel, purpose: Purpose) -> tuple[str, Rule]:
        """The row that decides and whose it is: the country's, or `EVERYWHERE`."""
        rule = self._by_key.get((country, channel, purpose))
        if rule is not None:
            return country, rule
        return EVERYWHERE, self._by_key[EVERYWHERE, channel, purpose]

    def countries(self) -> list[str]:
        """Every country with a row of its own, sorted."""
        return sorted({country for country, _, _ in self._by_key} - {EVERYWHERE})


def country_of(country: str, region: str, company_country: str, company_region: str, calling: str) -> str:
    """The place whose law protects somebody, empty if nothing tells.

    In this order: the person's own country, their region in China, the company's country and region, the calling code
    of their mobile (`calling` starts with a plus and may run on; +1 and +7 belong to several countries, so they tell
    nothing).
    """
    for code, division in ((country, region), (company_country, company_region)):
        if found := normalise_country(code):
            if found == "CN" and division[:2] in _CHINA:
                return _CHINA[division[:2]]
            return found
        if division:
            return _CHINA.get(division[:2], "CN")
    return _BY_CALLING.get(calling[1:4]) or _BY_CALLING.get(calling[1:3]) or ""


def normalise_country(code: str) -> str:
    """An ISO code whose law is asked for: Greece is GR though Brussels writes EL; overseas departments are France's."""
    code = code.strip().upper()
    code = _ALIASES.get(code, code)
    return _PART_OF.get(code, code) if code in COUNTRIES else ""


def _calling_codes() -> dict[str, str]:
    owners: dict[str, list[str]] = {}
    for country in COUNTRIES.values():
        owners.setdefault(country.calling, []).append(country.code)
    return {
        calling: _MAIN.get(calling) or codes[0]
        for calling, codes in owners.items()
        if calling in _MAIN or len(codes) == 1
    }


_BY_CALLING = _calling_codes()


def parse(version: int, content: Any) -> PolicyTable:
    """The table in `content`, a list of rows. Raises `ValueError` or `KeyError` where it is malformed."""
    if not isinstance(content, list) or not all(isinstance(row, Mapping) for row in content):
        raise ValueError(msgid("The policy table is a list of rows."))
    rules = tuple(_rule(row) for row in content)
    by_key: dict[tuple[str, Channel, Purpose], Rule] = {}
    for rule in rules:
        for country in rule.countries:
            for channel in rule.channels:
                if (country, channel, rule.purpose) in by_key:
                    raise ValueError(
                        Problem(
                            msgid("%(country)s has two rows for %(channel)s and %(purpose)s."),
                            country=country,
                            channel=Problem(CHANNEL_LABELS[channel]),
                            purpose=Problem(PURPOSE_LABELS[rule.purpose]),
                        )
                    )  # fmt: skip
                by_key[country, channel, rule.purpose] = rule
    return PolicyTable(version, rules, by_key)


_NEEDED = ("countries", "channels", "purpose", "basis", "source", "reviewed")


def _rule(row: Mapping[str, Any]) -> Rule:
    if lacking := [name for name in _NEEDED if name not in row]:
        raise ValueError(Problem(msgid("A row lacks: %(names)s."), names=", ".join(lacking)))
    return Rule(
        countries=tuple(_words(row["countries"])),
        channels=tuple(_code(Channel, each) for each in _words(row["channels"])),
        purpose=_code(Purpose, row["purpose"]),
        basis=_code(Basis, row["basis"]),
        customers=_days(row.get("customers")),
        inquirers=_days(row.get("inquirers")),
        business=bool(row.get("business")),
        double_opt_in=_code(DoubleOptIn, row.get("double_opt_in") or ""),
        register=str(row.get("register") or ""),
        register_days=_days(row.get("register_days")) or 31,
        footer=tuple(_code(Footer, each) for each in _words(row.get("footer", ()))),
        source=str(row["source"]),
        reviewed=_day(row["reviewed"]),
        note=str(row.get("note") or ""),
    )


def _words(value: str | Iterable[object]) -> list[str]:
    """A list, or one text with spaces or commas between."""
    return value.replace(",", " ").split() if isinstance(value, str) else [str(each) for each in value]


def _days(value: Any) -> int | None:
    if value is None or value == "":
        return None
    text = str(value)
    if not text.isascii() or not text.isdigit() or len(text) > 5:
        raise ValueError(Problem(msgid("“%(text)s” is no number of days."), text=text))
    return int(text)


def _day(value: Any) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ValueError(
            Problem(msgid("“%(text)s” is no day: write it as 2026-11-21."), text=str(value))
        ) from None


def _code[C: StrEnum](kind: type[C], value: Any) -> C:
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(each.value for each in kind if each.value)
        raise ValueError(
            Problem(msgid("“%(text)s” is none of: %(known)s."), text=str(value), known=known)
        ) from None


def validate(table: PolicyTable) -> list[str]:
    """What is wrong with the sense of a table: a gap in the default, a country that does not exist, no source."""
    errors: list[str] = []
    known = {
        (channel, rule.purpose)
        for rule in table.rules
        if EVERYWHERE in rule.countries
        for channel in rule.channels
    }
    errors += [
        Problem(
            msgid("The row for everywhere (*) lacks %(channel)s and %(purpose)s."),
            channel=Problem(CHANNEL_LABELS[channel]),
            purpose=Problem(PURPOSE_LABELS[purpose]),
        )
        for channel in Channel
        for purpose in Purpose
        if (channel, purpose) not in known
    ]
    for rule in table.rules:
        errors += [
            Problem(msgid("There is no country “%(code)s”."), code=code)
            for code in rule.countries
            if code != EVERYWHERE and code not in COUNTRIES
        ]
        errors += [
            Problem(
                msgid("In “%(code)s” the law of “%(place)s” holds: change that place."),
                code=code,
                place=normalise_country(code),
            )
            for code in rule.countries
            if code in COUNTRIES and normalise_country(code) != code
        ]
        if not rule.channels:
            errors.append(
                Problem(
                    msgid("A row of %(countries)s names no channel."), countries=", ".join(rule.countries)
                )
            )
        if not rule.source.strip():
            errors.append(
                Problem(msgid("A row of %(countries)s has no source."), countries=", ".join(rule.countries))
            )
    return errors


def rows_at(rows: Sequence[Mapping[str, Any]], place: str) -> list[dict[str, Any]]:
    """The stored rows of one place, without its name."""
    return [
        {name: value for name, value in row.items() if name != "countries"}
        for row in rows
        if place in _words(row["countries"])
    ]


def replaced(
    rows: Sequence[Mapping[str, Any]], place: str, instead: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Stored rows where those of one place are others; rows that several places share stay with the others.

    Raises `ValueError` where `instead` are no rows.
    """
    if not all(isinstance(row, Mapping) for row in instead):
        raise ValueError(msgid("The policy table is a list of rows."))
    kept = [
        {**row, "countries": [each for each in _words(row["countries"]) if each != place]} for row in rows
    ]
    return [*({**row, "countries": [place]} for row in instead), *(row for row in kept if row["countries"])]


def rows_of(rules: Sequence[Rule]) -> list[dict[str, Any]]:
    """Rules as they are stored."""
    return [
        {
            "countries": list(rule.countries),
            "channels": [each.value for each in rule.channels],
            "purpose": rule.purpose.value,
            "basis": rule.basis.value,
            "customers": rule.customers,
            "inquirers": rule.inquirers,
            "business": rule.business,
            "double_opt_in": rule.double_opt_in.value,
            "register": rule.register,
            "register_days": rule.register_days,
            "footer": [each.value for each in rule.footer],
            "source": rule.source,
            "reviewed": rule.reviewed.isoformat(),
            "note": rule.note,
        }
        for rule in rules
    ]
