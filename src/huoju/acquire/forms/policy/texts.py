"""Texts as they are kept: as typed, without what cannot be stored.

Unlike `core.text.clean` nothing is folded: Chinese punctuation stays full-width, an emoji keeps its joiners. Cleaning
normalises a copy later (see qualify/cleaning); what somebody sent stays what they sent.
"""

import re

_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\ud800-\udfff]")
_SPACES = re.compile(r"\s+")
_LINE_ENDS = re.compile("\r\n?|\u2028|\u2029")


def line(text: str) -> str:
    """One line: runs of space made one, none at the ends."""
    return _SPACES.sub(" ", _UNSTORABLE.sub("", text)).strip()


def lines(text: str) -> str:
    """Several lines, with their ends as \\n; none are blank at the beginning or the end."""
    return _UNSTORABLE.sub("", _LINE_ENDS.sub("\n", text)).strip()
