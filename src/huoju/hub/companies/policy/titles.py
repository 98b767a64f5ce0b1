"""Job titles: what somebody does (function) and how far up (seniority)."""

import csv
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from huoju.core.text import clean, msgid, simplify


class Function(StrEnum):
    """What somebody works on (职能)."""

    EXECUTIVE = "executive"
    IT = "it"
    DATA = "data"
    RESEARCH = "research"
    PRODUCT = "product"
    MARKETING = "marketing"
    SALES = "sales"
    OPERATIONS = "operations"
    FINANCE = "finance"
    HR = "hr"
    PROCUREMENT = "procurement"
    LEGAL = "legal"
    PRODUCTION = "production"
    SUPPORT = "support"
    ADMINISTRATION = "administration"
    EDUCATION = "education"


class Seniority(StrEnum):
    """How far up somebody is (级别)."""

    OWNER = "owner"
    C_LEVEL = "c_level"
    VP = "vp"
    DIRECTOR = "director"
    MANAGER = "manager"
    STAFF = "staff"
    STUDENT = "student"


FUNCTION_LABELS: dict[Function, str] = {
    Function.EXECUTIVE: msgid("General management"),
    Function.IT: msgid("IT"),
    Function.DATA: msgid("Data"),
    Function.RESEARCH: msgid("Research and development"),
    Function.PRODUCT: msgid("Product"),
    Function.MARKETING: msgid("Marketing"),
    Function.SALES: msgid("Sales"),
    Function.OPERATIONS: msgid("Operations"),
    Function.FINANCE: msgid("Finance"),
    Function.HR: msgid("Human resources"),
    Function.PROCUREMENT: msgid("Procurement"),
    Function.LEGAL: msgid("Legal"),
    Function.PRODUCTION: msgid("Production"),
    Function.SUPPORT: msgid("Customer service"),
    Function.ADMINISTRATION: msgid("Administration"),
    Function.EDUCATION: msgid("Teaching"),
}
SENIORITY_LABELS: dict[Seniority, str] = {
    Seniority.OWNER: msgid("Owner or founder"),
    Seniority.C_LEVEL: msgid("Top management"),
    Seniority.VP: msgid("Vice president"),
    Seniority.DIRECTOR: msgid("Director"),
    Seniority.MANAGER: msgid("Manager"),
    Seniority.STAFF: msgid("Specialist"),
    Seniority.STUDENT: msgid("Student or job seeker"),
}
"""English msgids, translated where they are shown."""


@dataclass(frozen=True, slots=True)
class Title:
    """A job title as written, with the function and seniority it tells (None: it does not)."""

    text: str
    function: Function | None = None
    seniority: Seniority | None = None


_LONGEST_INPUT = 200
_DATA = Path(__file__).parent.parent / "data"


def _patterns(kind: str) -> list[tuple[str, re.Pattern[str]]]:
    """The words of the table in order: the first row found decides. English words (which are expressions)
    need borders, Chinese ones do not."""
    with (_DATA / "titles.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == kind]
    return [(row["code"], re.compile(_pattern(row["chinese"], row["english"]))) for row in rows]


def _pattern(chinese: str, english: str) -> str:
    bordered = f"(?<![a-z])(?:{english})(?![a-z])" if english else ""
    return "|".join(filter(None, [chinese, bordered]))


_SENIORITIES = [(Seniority(code), pattern) for code, pattern in _patterns("seniority")]
_FUNCTIONS = [(Function(code), pattern) for code, pattern in _patterns("function")]
_TECHNICAL_CHIEF = re.compile(r"首席技术|首席信息|技术总监|(?<![a-z])(?:cto|cio|ciso)(?![a-z])")
_EDGES = " -_.,;:/\\|*#'\"“”、，。；：（）()"


def title_of(raw: str) -> Title | None:
    """The title in `raw`, or None if there is none ("CTO", "技术总监", "Head of Data", "学生")."""
    return _title(raw[:_LONGEST_INPUT])


@lru_cache(maxsize=16384)
def _title(raw: str) -> Title | None:
    text = clean(raw).strip(_EDGES)[:80]
    if not text or text in ("无", "没有", "/", "N/A", "n/a"):
        return None
    folded = simplify(text).lower()
    seniority = next((level for level, pattern in _SENIORITIES if pattern.search(folded) is not None), None)
    if _TECHNICAL_CHIEF.search(folded) is not None:
        function: Function | None = Function.IT
    else:
        function = next((job for job, pattern in _FUNCTIONS if pattern.search(folded) is not None), None)
    if function is Function.ADMINISTRATION and seniority in (
        Seniority.OWNER,
        Seniority.C_LEVEL,
        Seniority.VP,
    ):
        function = Function.EXECUTIVE
    return Title(text, function, seniority)
