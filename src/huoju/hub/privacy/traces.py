"""What texts of any kind name persons by beyond doubt: mail addresses, numbers, ids. Names are shared by many.

One pattern serves PostgreSQL and Python: numbers are found however they are grouped, an address only as a whole
("na@firm.cn" is not in "lina@firm.cn").
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from huoju.hub.identity.queries import get_persons, list_identifiers

_SHORTEST, _LONG = 6, 16
"""An id of fewer characters stands in too many texts by accident; one of so many in none."""
_NUMBER = 10
"""Digits at the end of a number that tell it from all others, whatever is written of country and area before them."""
_BETWEEN = "[ ()-]*"


@dataclass(frozen=True)
class Traces:
    """The traces of some persons: `words` are addresses and ids, `numbers` the last digits of their numbers."""

    words: tuple[str, ...]
    numbers: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.words or self.numbers)

    @cached_property
    def pattern(self) -> str:
        """A regular expression, to be matched whatever the case. Without traces it matches nothing."""
        words = [
            rf"(?<![a-z0-9._%+-]){re.escape(word).replace('@', '(?:@|%40)')}(?![a-z0-9_-]|\.[a-z0-9])"
            for word in self.words
        ]
        numbers = [
            rf"(?<![0-9])[+]?(?:[0-9]{_BETWEEN}){{0,5}}{_BETWEEN.join(number)}(?![0-9])"
            for number in self.numbers
        ]
        return "|".join((*words, *numbers)) or "x^"

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        return re.compile(self.pattern, re.IGNORECASE)

    def stand_in(self, text: str) -> bool:
        """Whether `text` names one of the persons."""
        return self._expression.search(text) is not None

    @cached_property
    def params(self) -> dict[str, Any]:
        """The parameters of `identifies`."""
        escaped = [re.sub(r"([\\%_])", r"\\\1", word).replace("@", "%") for word in self.words]
        endings = [number[-3:] for number in self.numbers]
        return {"likes": [f"%{each}%" for each in (*escaped, *endings)], "pattern": self.pattern}


def traces_of(persons: Sequence[int]) -> Traces:
    """The traces of persons, as long as identity knows them. Two queries."""
    words: set[str] = set()
    numbers: set[str] = set()
    known = [(each.kind, each.value) for each in list_identifiers(*persons)]
    for person in get_persons(persons).values():
        known += [("email", person.email), ("mobile", person.mobile)]
    for kind, value in known:
        if kind == "mobile":
            digits = "".join(filter(str.isdigit, value))
            if len(digits) >= _NUMBER:
                numbers.add(digits[-_NUMBER:])
        elif kind != "visitor":
            word = value.partition(":")[2] if kind == "external" else value
            if _is_telling(word):
                words.add(word.lower())
            elif kind == "external":
                words.add(value.lower())
    return Traces(tuple(sorted(words)), tuple(sorted(numbers)))


def _is_telling(word: str) -> bool:
    """Whether an id means its owner wherever it stands: `100001` is an amount as well, and `python` a word."""
    mixed = any(map(str.isdigit, word)) and any(map(str.isalpha, word))
    return "@" in word or len(word) >= _LONG or (mixed and len(word) >= _SHORTEST)


def identifies(text: str) -> str:
    """SQL: whether `text` holds a trace, by the parameters of `Traces.params`. The cheap question comes first."""
    return f"({text} ILIKE ANY(%(likes)s::text[]) AND {text} ~* %(pattern)s)"
