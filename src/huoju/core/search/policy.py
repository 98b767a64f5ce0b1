"""What a document is found by, and what a query looks for. Pure."""

import re
from collections.abc import Iterable

from huoju.core.text import clean, has_han, query_terms, search_terms, simplify

AUDIENCE = "@"
"""Terms that begin so say who may see a document; no text makes such a term."""
EXACT = "="
"""A term that begins so is a whole title, so that an exact hit stands first however common its parts are."""

# Every Chinese company is a 有限公司: as terms these characters would stand in half of all documents. They are taken
# off names, and off queries with whatever part of them has been typed so far.
_SUFFIX = re.compile(r"(?:股份|责任)?有限(?:责任)?公司(?=\s|$|[（(])")
_TYPED_SUFFIX = re.compile(r"(?<=[\u3400-\u9fff]{2})(?:(?:股份|责任)?有限?(?:责任?)?(?:公司?)?|股份?|责任?)$")


def whole(text: str) -> str:
    """The term of a whole title: case, width, spaces and traditional forms do not matter."""
    return EXACT + simplify(clean(text)).casefold().replace(" ", "")


def document_terms(title: str, texts: Iterable[str], audience: Iterable[str]) -> list[str]:
    """All terms of a document: those of its title and its texts, its whole title, and its audience.

    One character of a title finds it; of the other texts it takes two: single characters of companies would stand in
    every second document and find nothing that anybody looks for.
    """
    terms = dict.fromkeys(search_terms(without_suffix(title)))
    others = search_terms(" ".join(without_suffix(text) for text in texts if text))
    terms.update(dict.fromkeys(term for term in others if len(term) > 1 or term.isascii()))
    return list(dict.fromkeys([*terms, whole(title), *(AUDIENCE + each for each in audience)]))


def wanted_terms(query: str) -> list[str]:
    """The terms that a document must all have. None of them: the query says nothing that can be looked for."""
    query = clean(query)
    shorter = without_suffix(query)
    if has_han(query) and shorter == query:
        shorter = _TYPED_SUFFIX.sub("", query)
    return query_terms(shorter) or query_terms(query)


def without_suffix(text: str) -> str:
    """A company's name without its legal form; other texts as they are."""
    return _SUFFIX.sub("", text) or text
