"""Rule rows: what they may say, whether they make sense, and the compiled form that meets a batch."""

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from huoju.core.geo import COUNTRIES
from huoju.core.problems import Problem, within
from huoju.core.text import clean, msgid, simplify
from huoju.hub.companies.policy import CompanyName, normalise_company
from huoju.hub.identity.policy import Email, Phone, normalise_email, normalise_name, normalise_phone

from .model import CODES, STEP_LABELS, Code, Rule, RuleSet, Step, Verdict

PARAMETERS: dict[Step, dict[str, str]] = {
    Step.NORMALISE: {"default_country": msgid("Country of numbers without a calling code")},
    Step.TEST: {"words": msgid("Further test words"), "phones": msgid("Further test numbers")},
    Step.EMAIL: {
        "disposable_domains": msgid("Further disposable domains"),
        "trusted_domains": msgid("Domains that are never disposable"),
    },
    Step.NAME: {"spam_words": msgid("Further words of advertising")},
    Step.MESSAGE: {"spam_words": msgid("Further words of advertising")},
    Step.COMPETITORS: {
        "domains": msgid("Competitors' mail domains"),
        "companies": msgid("Competitors' names"),
        "staff_domains": msgid("Our own mail domains"),
        "staff_companies": msgid("Our own company names"),
    },
    Step.BLACKLIST: {
        "names": msgid("Names of persons"),
        "phones": msgid("Telephone numbers"),
        "emails": msgid("E-mail addresses"),
        "domains": msgid("Mail domains"),
        "companies": msgid("Companies"),
        "ips": msgid("Network addresses"),
    },
    Step.MARKET: {
        "countries": msgid("Countries of our market (empty: all)"),
        "other_countries": msgid("Countries outside our market"),
    },
}
"""The parameters of each step: name → English msgid of its label."""

_DATA = Path(__file__).parent.parent / "data"


def _lines(name: str) -> frozenset[str]:
    return frozenset((_DATA / name).read_text(encoding="utf-8").splitlines())


TEST_WORDS = _lines("test_words.txt")  # whole names
TEST_BOXES = _lines("test_boxes.txt")  # local parts
TEST_DOMAINS = _lines("test_domains.txt")
TEST_PHONES = _lines("test_phones.txt")  # numbers that everybody types
SPAM_WORDS = _lines("spam_words.txt")


@dataclass(frozen=True, slots=True)
class Compiled:
    """A rule set ready for use: what follows from each code (None: switched off), and the parameters as
    sets."""

    version: int
    off: frozenset[Step]
    verdicts: Mapping[Code, Verdict | None]
    forced: frozenset[Code]  # a rule sets their verdict, so nothing softens it
    default_country: str
    test_words: frozenset[str]
    test_phones: frozenset[str]
    disposable: frozenset[str]
    trusted: frozenset[str]
    name_spam: re.Pattern[str]
    message_spam: re.Pattern[str]
    competitor_domains: frozenset[str]
    competitor_companies: frozenset[str]
    staff_domains: frozenset[str]
    staff_companies: frozenset[str]
    black_names: frozenset[str]
    black_phones: frozenset[str]
    black_emails: frozenset[str]
    black_domains: frozenset[str]
    black_companies: frozenset[str]
    black_networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]
    countries: frozenset[str]
    other_countries: frozenset[str]

    def has_nothing_for(self, step: Step) -> bool:
        """Whether a step that looks for what the rules name finds nothing named, and so nothing at all."""
        match step:
            case Step.COMPETITORS:
                return not (
                    self.competitor_domains
                    or self.competitor_companies
                    or self.staff_domains
                    or self.staff_companies
                )
            case Step.BLACKLIST:
                return not (
                    self.black_names
                    or self.black_phones
                    or self.black_emails
                    or self.black_domains
                    or self.black_companies
                    or self.black_networks
                )
            case Step.MARKET:
                return not (self.countries or self.other_countries)
        return False


@lru_cache(maxsize=16)
def compile_rules(rules: RuleSet) -> Compiled:
    """`rules` ready for use. Entries that `validate` would refuse are left out."""
    off = {rule.step for rule in rules.rules if not rule.enabled and rule.code is None}
    verdicts: dict[Code, Verdict | None] = {code: info.verdict for code, info in CODES.items()}
    forced: set[Code] = set()
    for rule in rules.rules:
        for code in (
            [rule.code]
            if rule.code is not None
            else [c for c, info in CODES.items() if info.step is rule.step]
        ):
            if not rule.enabled:
                verdicts[code] = None
            elif rule.verdict is not None:
                verdicts[code] = rule.verdict
                forced.add(code)

    def given(step: Step, name: str) -> list[str]:
        return [
            value
            for rule in rules.rules
            if rule.step is step and rule.enabled
            for item in rule.params.get(name, ())
            if (value := clean(item))
        ]

    def domains(step: Step, name: str) -> frozenset[str]:
        return frozenset(value.lower().removeprefix("@") for value in given(step, name))

    return Compiled(
        version=rules.version,
        off=frozenset(off),
        verdicts=verdicts,
        forced=frozenset(forced),
        default_country=next(iter(given(Step.NORMALISE, "default_country")), "CN").upper(),
        test_words=TEST_WORDS | {fold(value) for value in given(Step.TEST, "words")},
        test_phones=TEST_PHONES | _phones(given(Step.TEST, "phones")),
        disposable=domains(Step.EMAIL, "disposable_domains"),
        trusted=domains(Step.EMAIL, "trusted_domains"),
        name_spam=_any_of(SPAM_WORDS | {fold(value) for value in given(Step.NAME, "spam_words")}),
        message_spam=_any_of(SPAM_WORDS | {fold(value) for value in given(Step.MESSAGE, "spam_words")}),
        competitor_domains=domains(Step.COMPETITORS, "domains"),
        competitor_companies=_companies(given(Step.COMPETITORS, "companies")),
        staff_domains=domains(Step.COMPETITORS, "staff_domains"),
        staff_companies=_companies(given(Step.COMPETITORS, "staff_companies")),
        black_names=_names(given(Step.BLACKLIST, "names")),
        black_phones=_phones(given(Step.BLACKLIST, "phones")),
        black_emails=_emails(given(Step.BLACKLIST, "emails")),
        black_domains=domains(Step.BLACKLIST, "domains"),
        black_companies=_companies(given(Step.BLACKLIST, "companies")),
        black_networks=_networks(given(Step.BLACKLIST, "ips")),
        countries=frozenset(value.upper() for value in given(Step.MARKET, "countries")),
        other_countries=frozenset(value.upper() for value in given(Step.MARKET, "other_countries")),
    )


def fold(text: str) -> str:
    """The form in which words are compared: cleaned, simplified, lower case."""
    return simplify(clean(text)).lower()


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile(
        "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)) if word)
    )


def _phones(values: Iterable[str]) -> frozenset[str]:
    found = [normalise_phone(value) for value in values]
    return frozenset(phone.e164 for phone in found if isinstance(phone, Phone))


def _emails(values: Iterable[str]) -> frozenset[str]:
    found = [normalise_email(value) for value in values]
    return frozenset(email.key for email in found if isinstance(email, Email))


def _names(values: Iterable[str]) -> frozenset[str]:
    found = [normalise_name(value) for value in values]
    return frozenset(fold(name.full) for name in found if name is not None)


def _companies(values: Iterable[str]) -> frozenset[str]:
    found = [normalise_company(value) for value in values]
    return frozenset(company.key for company in found if isinstance(company, CompanyName))


def _networks(values: Iterable[str]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(network for value in values if (network := _network(value)) is not None)


def _network(value: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(value, strict=False)
    except ValueError:
        return None


# --- Validation ---------------------------------------------------------------------------------------------

_DOMAIN = re.compile(r"@?(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]", re.IGNORECASE)
_DOMAIN_PARAMETERS = frozenset({"domains", "staff_domains", "disposable_domains", "trusted_domains"})


def validate(rules: RuleSet) -> list[str]:
    """What is wrong with `rules`, one English sentence each; empty when they may be activated."""
    return [
        within(Problem(STEP_LABELS[rule.step]), problem)
        for rule in rules.rules
        for problem in _problems(rule)
    ]


def _problems(rule: Rule) -> Iterator[Problem]:
    """What is wrong with one rule."""
    if rule.code is not None and CODES[rule.code].step is not rule.step:
        yield Problem(msgid("“%(code)s” is no reason of this step"), code=_label(rule.code))
    if rule.step is Step.NORMALISE and not rule.enabled and rule.code is None:
        yield Problem(msgid("this step cannot be switched off"))
    if rule.verdict is Verdict.PASS:
        yield Problem(msgid("to let everything pass, switch the step off"))
    for name, values in rule.params.items():
        if name not in PARAMETERS.get(rule.step, {}):
            yield Problem(msgid("unknown parameter “%(name)s”"), name=name)
        elif rule.code is not None:
            yield Problem(msgid("parameters belong to the step, not to “%(code)s”"), code=_label(rule.code))
        else:
            label = Problem(PARAMETERS[rule.step][name])
            yield from (
                within(label, found) for value in values if (found := _check(name, value)) is not None
            )


def _label(code: Code) -> Problem:
    return Problem(CODES[code].label)


def _check(name: str, value: str) -> Problem | None:
    """What is wrong with one value of a parameter; None when it is right."""
    text, template = clean(value), ""
    if not text:
        template = msgid("empty entry")
    elif name in _DOMAIN_PARAMETERS and _DOMAIN.fullmatch(text) is None:
        template = msgid("“%(value)s” is no domain")
    elif name == "phones" and not isinstance(normalise_phone(value), Phone):
        template = msgid("“%(value)s” is no telephone number")
    elif name == "emails" and not isinstance(normalise_email(value), Email):
        template = msgid("“%(value)s” is no e-mail address")
    elif name in ("companies", "staff_companies") and not isinstance(normalise_company(value), CompanyName):
        template = msgid("“%(value)s” is no company name")
    elif name in ("countries", "other_countries", "default_country") and text.upper() not in COUNTRIES:
        template = msgid("“%(value)s” is no country code")
    elif name == "ips" and _network(text) is None:
        template = msgid("“%(value)s” is no network address")
    elif name in ("words", "spam_words") and len(text) < 2:
        template = msgid("“%(value)s” is too short: it would stand in ordinary text")
    return Problem(template, value=value) if template else None


# --- Rules as rows ------------------------------------------------------------------------------------------


def rules_as_json(rules: RuleSet) -> list[dict[str, object]]:
    """`rules` (without the version, which is the row's own column) in the form in which a row keeps them."""
    return [
        {
            "step": rule.step.value,
            "code": rule.code.value if rule.code is not None else None,
            "enabled": rule.enabled,
            "verdict": rule.verdict.value if rule.verdict is not None else None,
            "params": {name: list(values) for name, values in rule.params.items()},
        }
        for rule in rules.rules
    ]


def rules_from_json(version: int, data: Iterable[Mapping[str, object]]) -> RuleSet:
    """The rules kept as `data`. Raises ValueError if a row is malformed (`validate` judges its sense)."""
    rows = list(data)
    if not all(isinstance(row, Mapping) for row in rows):
        raise ValueError(Problem(msgid("each rule must be an object")))
    return RuleSet(version, tuple(_rule_from_json(row) for row in rows))


def _rule_from_json(row: Mapping[str, object]) -> Rule:
    params = row.get("params", {})
    if not isinstance(params, Mapping):
        raise ValueError(Problem(msgid("params must be an object")))
    for values in params.values():
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise ValueError(Problem(msgid("each parameter must be a list of texts")))
    enabled, verdict, code = row.get("enabled", True), row.get("verdict"), row.get("code")
    if not isinstance(enabled, bool):
        raise ValueError(Problem(msgid("enabled must be true or false")))
    return Rule(
        _one_of(Step, row.get("step")),
        {str(name): tuple(values) for name, values in params.items()},
        _one_of(Verdict, verdict) if verdict is not None else None,
        enabled,
        _one_of(Code, code) if code is not None else None,
    )


def _one_of[E: StrEnum](kind: type[E], value: object) -> E:
    try:
        return kind(str(value))
    except ValueError:
        raise ValueError(Problem(msgid("nobody knows “%(value)s”"), value=str(value))) from None


DEFAULT_RULES = RuleSet(version=1, rules=())
"""All steps on, each with its customary verdicts; no competitors, blacklist or market limits yet."""
