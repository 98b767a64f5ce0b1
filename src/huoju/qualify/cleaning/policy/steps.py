"""The steps that look at one candidate each: `(candidate, rules) → StepResult`, or None for "nothing to
remark"."""

import ipaddress
import re
from collections.abc import Callable

from huoju.hub.companies.policy import Unusable, company_domain
from huoju.hub.identity.policy import EmailClass, PhoneKind, PhoneProblem

from .model import CODES, Candidate, Code, Step, StepResult, Verdict
from .normal import email_was_mended, phone_was_mended
from .rules import TEST_BOXES, TEST_DOMAINS, Compiled, fold

type StepFunction = Callable[[Candidate, Compiled], StepResult | None]


def _remark(
    candidate: Candidate, rules: Compiled, code: Code, field: str = "", detail: str = ""
) -> StepResult | None:
    """The result of finding `code`: its verdict under `rules`, softened if the person can be reached
    otherwise."""
    verdict = rules.verdicts[code]
    if verdict is None:
        return None
    info = CODES[code]
    if info.softens and code not in rules.forced and _reachable_without(candidate, field):
        verdict = Verdict.REPAIR
    return StepResult(info.step, verdict, code, field, detail)


def _reachable_without(candidate: Candidate, field: str) -> bool:
    if field == "phone":
        return candidate.email is not None and candidate.email.email_class is not EmailClass.DISPOSABLE
    return candidate.phone is not None and _odd_digits(candidate.phone.national) is None


def check_normal(candidate: Candidate, rules: Compiled) -> StepResult | None:
    """Remark what had to be tidied up."""
    phone, email, raw = candidate.phone, candidate.email, candidate.raw
    if phone is not None and phone_was_mended(raw.phone, phone):
        return _remark(candidate, rules, Code.PHONE_MENDED, "phone", raw.phone[:80])
    if email is not None and email_was_mended(raw.email, email):
        return _remark(candidate, rules, Code.EMAIL_MENDED, "email", raw.email[:80])
    return None


# --- Test submissions ---------------------------------------------------------------------------------------

_TEST_NAME = re.compile(
    r"^(?:test|测试|ceshi)[\d_\- ]*\w?$|^\w{0,2}测试\d*$|测试(?:用户|账号|帐号|数据|一下|人员)|勿(?:动|删|理)"
)


def check_test(candidate: Candidate, rules: Compiled) -> StepResult | None:
    """测试, test, asdf, 123 …: in the name, the mail address, the number or the company."""
    name, email, phone = candidate.name, candidate.email, candidate.phone
    if name is not None:
        folded = fold(name.full)
        if folded in rules.test_words or _TEST_NAME.search(folded) is not None:
            return _remark(candidate, rules, Code.TEST_SUBMISSION, "name", name.full)
    if email is not None:
        local = email.address.partition("@")[0]
        if email.domain in TEST_DOMAINS or (local in TEST_BOXES and name is None):
            return _remark(candidate, rules, Code.TEST_SUBMISSION, "email", email.address)
        if local.rstrip("0123456789") in ("test", "ceshi"):
            return _remark(candidate, rules, Code.TEST_SUBMISSION, "email", email.address)
    if phone is not None and phone.e164 in rules.test_phones:
        return _remark(candidate, rules, Code.TEST_SUBMISSION, "phone", phone.e164)
    if candidate.company_problem is Unusable.TEST:
        return _remark(candidate, rules, Code.TEST_COMPANY, "company", candidate.raw.company[:80])
    return None


# --- Telephone numbers --------------------------------------------------------------------------------------

_PHONE_CODES = {
    PhoneProblem.NOT_A_NUMBER: Code.PHONE_NOT_A_NUMBER,
    PhoneProblem.WRONG_LENGTH: Code.PHONE_WRONG_LENGTH,
    PhoneProblem.IMPOSSIBLE_PREFIX: Code.PHONE_IMPOSSIBLE_PREFIX,
    PhoneProblem.LOST_DIGITS: Code.PHONE_LOST_DIGITS,
    PhoneProblem.INVALID: Code.PHONE_INVALID,
}
_RUN = 7
_REPEATED = re.compile(rf"(\d)\1{{{_RUN - 1},}}")
_UP = "01234567890123456789"
_DOWN = _UP[::-1]


def _odd_digits(national: str) -> Code | None:
    """Whether a number looks made up: seven times one digit, two digits in all, or seven that count up or
    down."""
    tail = national[-_RUN:]
    if tail in _UP or tail in _DOWN:
        return Code.PHONE_SEQUENTIAL_DIGITS
    different = len(set(national))
    if different <= 2 or (different <= 5 and _REPEATED.search(national) is not None):
        return Code.PHONE_REPEATED_DIGITS
    return None


def check_phone(candidate: Candidate, rules: Compiled) -> StepResult | None:
    """A number that is none, or looks made up."""
    given = candidate.phone
    if given is not None:
        code = _odd_digits(given.national) if given.kind is PhoneKind.MOBILE else None
        return None if code is None else _remark(candidate, rules, code, "phone", given.e164)
    problem = candidate.phone_problem
    if problem is None or problem is PhoneProblem.EMPTY:
        return None
    return _remark(candidate, rules, _PHONE_CODES[problem], "phone", candidate.raw.phone[:80])


# --- Mail ---------------------------------------------------------------------------------------------------


def check_email(candidate: Candidate, rules: Compiled) -> StepResult | None:
    """An address that is none, is thrown away after use, or is shared."""
    given = candidate.email
    if given is None:
        if candidate.email_problem is None or not candidate.raw.email.strip():
            return None
        return _remark(candidate, rules, Code.EMAIL_INVALID, "email", candidate.raw.email[:80])
    if given.email_class is EmailClass.ROLE:
        return _remark(candidate, rules, Code.EMAIL_ROLE, "email", given.address)
    domain = given.domain
    disposable = given.email_class is EmailClass.DISPOSABLE and domain not in rules.trusted
    if disposable or domain in rules.disposable:
        return _remark(candidate, rules, Code.EMAIL_DISPOSABLE, "email", given.address)
    return None


# --- Names and messages -------------------------------------------------------------------------------------

_ORDINARY = re.compile(r"[一-鿿]{2,4}|[A-Za-z][a-z]{1,11}(?: [A-Z][a-z]{1,11})+")
_URL = re.compile(
    r"https?:|www\.|\b[a-z0-9-]+\.(?:com|cn|net|org|ru|xyz|top|info|biz|io|vip|club|shop)\b|//", re.IGNORECASE
)
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "qazwsxedcrfvtgbyhnujmikolp", "abcdefghijklmnopqrstuvwxyz")
_RUNS = frozenset(
    row[at : at + 4] for keys in _ROWS for row in (keys, keys[::-1]) for at in range(len(row) - 3)
) - {"wert", "uiop", "rewq", "rstu"}
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{5,}")
_LONGEST_NAME = 50


def check_name(candidate: Candidate, rules: Compiled) -> StepResult | None:
    """Keyboard runs, one character repeated, numbers, web addresses, advertising."""
    given = candidate.name
    if given is None:
        if not candidate.raw.name.strip():
            return None
        return _remark(candidate, rules, Code.NAME_UNREADABLE, "name", candidate.raw.name[:80])
    full = given.full
    letters = set(full)
    if len(letters) > 1 and _ORDINARY.fullmatch(full) is not None and rules.name_spam.search(full) is None:
        return None
    code = _nonsense(candidate.raw.name, full.lower().replace(" ", ""), letters)
    if code is None and (
        len(full) > _LONGEST_NAME or rules.name_spam.search(fold(candidate.raw.name)) is not None
    ):
        code = Code.NAME_SPAM
    return None if code is None else _remark(candidate, rules, code, "name", candidate.raw.name[:80])


def _nonsense(raw: str, folded: str, letters: set[str]) -> Code | None:
    if _URL.search(raw) is not None:
        return Code.NAME_URL
    if not any(char.isalpha() for char in folded):
        return Code.NAME_DIGITS
    if len(letters) == 1 and len(folded) > 2:
        return Code.NAME_REPEATED
    if folded.isascii() and _is_keyboard_run(folded):
        return Code.NAME_KEYBOARD_RUN
    return None


def _is_keyboard_run(folded: str) -> bool:
    if _CONSONANTS.fullmatch(folded) is not None:
        return True
    if not 4 <= len(folded) <= 16:
        return False
    runs = sum(1 for at in range(len(folded) - 3) if folded[at : at + 4] in _RUNS)
    # A run of four keys covers four letters, each further one another: at least two thirds must be covered.
    return runs > 0 and (runs + 3) * 3 >= len(folded) * 2


_LINK = re.compile(r"https?://|www\.|\[url", re.IGNORECASE)


def check_message(candidate: Candidate, rules: Compiled) -> StepResult | None:
    """Advertising, or three links and more."""
    text = candidate.message
    if not text:
        return None
    found = rules.message_spam.search(text.lower())
    if found is not None:
        return _remark(candidate, rules, Code.MESSAGE_SPAM, "message", found[0])
    if "/" in text and len(_LINK.findall(text)) > 2:
        return _remark(candidate, rules, Code.MESSAGE_LINKS, "message")
    return None


# --- Who they are -------------------------------------------------------------------------------------------


def check_reachable(candidate: Candidate, rules: Compiled) -> StepResult | None:
    """Neither number nor address nor an id elsewhere."""
    if candidate.phone is not None or candidate.email is not None or candidate.raw.external_ids:
        return None
    return _remark(candidate, rules, Code.NO_IDENTIFIER)


def check_competitors(candidate: Candidate, rules: Compiled) -> StepResult | None:
    """Competitors and own staff, by mail domain or company."""
    email, company = candidate.email, candidate.company
    if email is not None and (rules.competitor_domains or rules.staff_domains):
        domains = {email.domain, company_domain(email.domain)}
        if found := domains & rules.staff_domains:
            return _remark(candidate, rules, Code.OWN_STAFF, "email", min(found))
        if found := domains & rules.competitor_domains:
            return _remark(candidate, rules, Code.COMPETITOR, "email", min(found))
    if company is not None:
        if company.key in rules.staff_companies:
            return _remark(candidate, rules, Code.OWN_STAFF, "company", company.display)
        if company.key in rules.competitor_companies:
            return _remark(candidate, rules, Code.COMPETITOR, "company", company.display)
    return None


def check_blacklist(candidate: Candidate, rules: Compiled) -> StepResult | None:
    """Persons, numbers, addresses, domains, companies and networks that nobody here wants to hear of."""
    phone, email, company, person = candidate.phone, candidate.email, candidate.company, candidate.name
    if (
        phone is not None
        and rules.black_phones
        and not rules.black_phones.isdisjoint((phone.e164, *phone.others))
    ):
        return _remark(candidate, rules, Code.BLACKLISTED_PHONE, "phone", phone.e164)
    if email is not None:
        if email.key in rules.black_emails:
            return _remark(candidate, rules, Code.BLACKLISTED_EMAIL, "email", email.address)
        if rules.black_domains and not rules.black_domains.isdisjoint(
            (email.domain, company_domain(email.domain))
        ):
            return _remark(candidate, rules, Code.BLACKLISTED_DOMAIN, "email", email.domain)
    if company is not None and company.key in rules.black_companies:
        return _remark(candidate, rules, Code.BLACKLISTED_COMPANY, "company", company.display)
    if person is not None and rules.black_names and fold(person.full) in rules.black_names:
        return _remark(candidate, rules, Code.BLACKLISTED_PERSON, "name", person.full)
    if rules.black_networks and candidate.raw.ip and _in_networks(candidate.raw.ip, rules):
        return _remark(candidate, rules, Code.BLACKLISTED_IP, "ip", candidate.raw.ip)
    return None


def _in_networks(address: str, rules: Compiled) -> bool:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(ip in network for network in rules.black_networks)


def check_market(candidate: Candidate, rules: Compiled) -> StepResult | None:
    """A country that is not ours; an unknown one passes."""
    country = candidate.country
    if not country or not (rules.countries or rules.other_countries):
        return None
    if country in rules.other_countries or (rules.countries and country not in rules.countries):
        return _remark(candidate, rules, Code.OUT_OF_MARKET, "country", country)
    return None


STEPS: dict[Step, StepFunction] = {
    Step.NORMALISE: check_normal,
    Step.TEST: check_test,
    Step.PHONE: check_phone,
    Step.EMAIL: check_email,
    Step.NAME: check_name,
    Step.MESSAGE: check_message,
    Step.REACHABLE: check_reachable,
    Step.COMPETITORS: check_competitors,
    Step.BLACKLIST: check_blacklist,
    Step.MARKET: check_market,
}
"""The steps that judge one candidate at a time; REPLAY and DUPLICATES look at the batch (see `pipeline`)."""
