"""Lines of a file as entries: the plain shapes by one pattern each, at a million lines a second, the rest by
`read_entry`. Pure.

A test holds both to the same answers, so a shape may be left out here but never read differently.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from huoju.hub.identity.policy import is_plain_mail

from .addresses import EntryKind, EntryProblem, read_entry

_CELLS = re.compile(r"[,;\t]")
_HEADINGS = frozenset(
    {"phone", "mobile", "number", "email", "e-mail", "domain", "手机", "手机号", "电话", "邮箱"}
)
_LINE = r'[ ]*"?{}"?[ ]*(?:[,;\t].*)?\r?'
_CHINESE = re.compile(_LINE.format(r"(?:\+?86)?(1[3-9]\d{9})"), re.ASCII)
_AMERICAN = re.compile(
    _LINE.format(r"(?:\+?1[ .-]?)?\(?([2-9]\d\d)\)?[ .-]?([2-9]\d\d)[ .-]?(\d{4})"), re.ASCII
)
_MAIL = re.compile(_LINE.format(r"([a-z0-9_.%+-]+@[a-z0-9.-]+)"), re.ASCII)


@dataclass(slots=True)
class Lines:
    """What lines name: values in normal form by kind, as often as they stand there; and lines that name nothing,
    each with its number, its start and why."""

    values: dict[EntryKind, list[str]] = field(default_factory=dict)
    faults: list[tuple[int, str, EntryProblem]] = field(default_factory=list)

    def _add(self, kind: EntryKind, value: str) -> None:
        self.values.setdefault(kind, []).append(value)


def read_lines(lines: Sequence[str], country: str, first: int) -> Lines:
    """Read lines of which the first has the number `first`; headings and empty lines are left out."""
    found = Lines()
    rest: Sequence[tuple[int, str]]
    if country == "CN":
        plain = list(map(_CHINESE.fullmatch, lines))
        found.values[EntryKind.MOBILE] = ["+86" + match[1] for match in plain if match]
    elif country in ("US", "CA"):
        plain = list(map(_AMERICAN.fullmatch, lines))
        found.values[EntryKind.MOBILE] = ["+1" + "".join(match.groups()) for match in plain if match]
    else:
        plain = [None] * len(lines)
    rest = [(at, line) for at, (line, match) in enumerate(zip(lines, plain, strict=True), first) if not match]
    for number, line in rest:
        mail = _MAIL.fullmatch(line)
        if mail is not None and is_plain_mail(mail[1]):
            found._add(EntryKind.EMAIL, mail[1])
            continue
        text = line.strip()
        cell = _CELLS.split(text, maxsplit=1)[0].strip().strip('"')
        if not cell or (number == 1 and cell.lower() in _HEADINGS):
            continue
        entry = read_entry(cell, country)
        if isinstance(entry, EntryProblem):
            found.faults.append((number, text[:200], entry))
        else:
            found._add(entry.kind, entry.value)
    return found
