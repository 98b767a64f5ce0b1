"""Text as people type it: width, spaces, invisible characters, traditional forms; and the terms of the search
index.

Pure. Folding is per character, so folding a part of a text gives a part of the folded text; search relies on
it.
"""

import re
import unicodedata
from functools import cache, lru_cache

import opencc
from pypinyin import lazy_pinyin


def msgid(text: str) -> str:
    """Mark `text` for the translators and return it as it is: code without Django keeps English messages, and whoever
    shows them translates."""
    return text


# --- Folding ------------------------------------------------------------------------------------------------

# NUL and lone surrogates cannot be stored; zero-width, bidirectional and other format marks cannot be seen.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff0-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e0fff]"
)
_SPACES = re.compile(r"\s+")
# Nothing but printable ASCII and common Han characters with single spaces between them: nothing to do.
_UNUSUAL = re.compile(r"[^\x20-\x7e一-鿿]|  ")


def fold_width(text: str) -> str:
    """Full-width forms as ordinary ones (Ａ１＠ → A1@), by Unicode NFKC."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def clean(text: str) -> str:
    """One line of readable text: width folded, invisible and control characters gone, runs of space made
    one."""
    if _UNUSUAL.search(text) is None:
        return text.strip(" ")
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    return _SPACES.sub(" ", text).strip()


def clean_lines(text: str) -> str:
    """`clean` for text of several lines: line ends are kept (as \\n), each line is cleaned."""
    if "\n" not in text and "\r" not in text:
        return clean(text)
    return "\n".join(clean(line) for line in text.splitlines()).strip()


@cache
def _simplified_forms() -> dict[str, str]:
    """Traditional character → simplified one, from OpenCC, for each character on its own."""
    chars = [
        chr(code) for first, last in ((0x3400, 0x9FFF), (0x20000, 0x2A6DF)) for code in range(first, last + 1)
    ]
    converted = opencc.OpenCC("t2s").convert("\n".join(chars)).split("\n")
    return {old: new for old, new in zip(chars, converted, strict=True) if old != new and len(new) == 1}


@cache
def _simplifier() -> tuple[frozenset[str], dict[int, str]]:
    forms = _simplified_forms()
    return frozenset(forms), str.maketrans(forms)


def simplify(text: str) -> str:
    """Traditional characters as simplified ones, character by character (keys and search terms, not display:
    a few characters, such as 乾, are right in both scripts)."""
    if text.isascii():
        return text
    traditional, table = _simplifier()
    return text if traditional.isdisjoint(text) else text.translate(table)


def has_han(text: str) -> bool:
    """Whether `text` contains a Han character."""
    return _HAN.search(text) is not None


_HAN = re.compile("[㐀-鿿豈-﫿\U00020000-\U0003ffff〇々]")

# --- Pinyin -------------------------------------------------------------------------------------------------

# Characters with two readings that are both frequent in names of people, places and firms, and surnames that
# are read unlike the ordinary word.
_POLYPHONES = frozenset("重长行乐朝厦会藏盛省都传调参")
_SURNAMES = {
    "单": "shan", "曾": "zeng", "仇": "qiu", "解": "xie", "查": "zha", "翟": "zhai", "区": "ou", "朴": "piao",
    "盖": "ge", "乐": "yue", "任": "ren", "尉": "wei", "缪": "miao", "宁": "ning", "华": "hua", "覃": "qin",
}  # fmt: skip


@lru_cache(maxsize=32768)
def _syllable(char: str) -> str:
    return str(lazy_pinyin(char, errors="ignore")[0]) if lazy_pinyin(char, errors="ignore") else ""


@lru_cache(maxsize=16384)
def _pair(pair: str) -> tuple[str, ...]:
    return tuple(lazy_pinyin(pair, errors="ignore"))


def pinyin(text: str) -> list[str]:
    """The toneless syllables of the Han characters of `text`, one each (empty for one without a reading)."""
    syllables = [_syllable(char) for char in text]
    if not _POLYPHONES.isdisjoint(text):
        for at, char in enumerate(text):
            if char in _POLYPHONES:
                syllables[at] = _in_context(text, at, syllables[at])
    return syllables


def surname_pinyin(surname: str) -> str:
    """How a Chinese surname is read: 单 is shan, though the ordinary word is dan."""
    return _SURNAMES.get(surname) or "".join(pinyin(surname))


def _in_context(text: str, at: int, usual: str) -> str:
    for pair, place in ((text[at : at + 2], 0), (text[max(at - 1, 0) : at + 1], 1)):
        if len(pair) == 2:
            readings = _pair(pair)
            if len(readings) == 2 and readings[place] != usual:
                return readings[place]
    return usual


# --- Search terms -------------------------------------------------------------------------------------------

MAX_TERMS = 160
"""No document gets more terms than this."""

_LONGEST_PREFIX = 10
_GRAM = 4  # digits
_NAME_LENGTH = 4  # a Han run of up to so many characters may be a person's name
_PINYIN_STARTS = 8
_LONGEST_RUN = 32
_CHINA_NUMBER = re.compile(r"\+86[\s-]*(?=1[3-9])|\b86(?=1[3-9]\d{9}\b)")
_TOKEN = re.compile(
    r"[㐀-鿿豈-﫿\U00020000-\U0003ffff〇々぀-ヿ가-힣]+|[^\W_㐀-鿿豈-﫿\U00020000-\U0003ffff〇々぀-ヿ가-힣]+"
)
_STOP = frozenset({"com", "cn", "net", "org", "www", "http", "https"})


def _tokens(text: str) -> list[str]:
    text = simplify(clean(text)).casefold()
    if "86" in text:
        text = _CHINA_NUMBER.sub("", text)
    return _TOKEN.findall(text)


def _is_cjk(token: str) -> bool:
    return token[0] >= "぀"


def search_terms(text: str) -> list[str]:
    """The terms under which `text` is found, for a `text[]` column with a GIN index.

    Han: every character and every pair; words: prefixes of 2 to 10; numbers: every 4 digits in a row; Han
    also by pinyin (zhangsan, huoju) and initials (zs). At most `MAX_TERMS`. A document is found by
    `query_terms(q)` when it has all of them.
    """
    terms: dict[str, None] = {}
    for token in _tokens(text):
        if _is_cjk(token):
            terms.update(_han_terms(token))
        elif token not in _STOP:
            terms.update(dict.fromkeys(_word_terms(token)))
    found = list(terms)
    return found if len(found) <= MAX_TERMS else found[:MAX_TERMS]


def query_terms(query: str) -> list[str]:
    """The terms that a document must all have to contain `query` by part: a piece of a Chinese name, the
    beginning of a word, four or more digits in a row of a number (or its first two or three), pinyin or
    initials."""
    terms: dict[str, None] = {}
    for token in _tokens(query):
        if _is_cjk(token):
            token = token[:_LONGEST_RUN]
            terms.update(dict.fromkeys(_pairs(token) if len(token) > 1 else [token]))
        elif token.isdecimal() and len(token) >= _GRAM:
            terms.update(dict.fromkeys(_grams(token[:_LONGEST_RUN])))
        elif token not in _STOP:
            terms[token[:_LONGEST_PREFIX]] = None
    return list(terms)


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)]


def _grams(digits: str) -> list[str]:
    return [digits[at : at + _GRAM] for at in range(len(digits) - _GRAM + 1)]


def _prefixes(word: str) -> list[str]:
    longest = min(len(word), _LONGEST_PREFIX)
    return [word[:length] for length in range(2, longest + 1)] or [word]


def _word_terms(word: str) -> list[str]:
    if word.isdecimal() and len(word) >= _GRAM:
        word = word[:_LONGEST_RUN]
        return [*_grams(word), word[:2], word[:3]]
    return _prefixes(word)


@lru_cache(maxsize=4096)
def _han_terms(run: str) -> dict[str, None]:
    run = run[:_LONGEST_RUN]
    terms = dict.fromkeys(run)
    terms.update(dict.fromkeys(_pairs(run)))
    syllables = pinyin(run)
    _add_pinyin(terms, syllables, is_name=len(run) <= _NAME_LENGTH)
    surname = _SURNAMES.get(run[0])
    if surname and surname != syllables[0] and len(run) <= _NAME_LENGTH:
        _add_pinyin(terms, [surname, *syllables[1:]], is_name=True)
    return terms


def _add_pinyin(terms: dict[str, None], syllables: list[str], *, is_name: bool) -> None:
    syllables = [syllable for syllable in syllables if syllable]
    if not syllables:
        return
    initials = "".join([syllable[0] for syllable in syllables])
    if is_name:
        terms.update(dict.fromkeys(_prefixes("".join(syllables))))
        if len(syllables) > 1:  # the surname in full, the rest by initials: wangxm
            terms[(syllables[0] + initials[1:])[:_LONGEST_PREFIX]] = None
        if len(syllables) > 2:
            terms["".join(syllables[1:])[:_LONGEST_PREFIX]] = None
    else:
        for at in range(min(len(syllables), _PINYIN_STARTS)):
            two = "".join(syllables[at : at + 2])
            terms[two[:_LONGEST_PREFIX]] = None
            if at % 2 == 0:  # most Chinese words have two characters: 北京|火炬|科技
                terms["".join(syllables[at : at + 4])[:_LONGEST_PREFIX]] = None
    if len(initials) > 1:
        terms.update(dict.fromkeys(_prefixes(initials[:6])))
