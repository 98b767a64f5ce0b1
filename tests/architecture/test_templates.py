"""Rules for templates: what the content security policy would refuse, and what nobody could translate."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from tests.architecture.tree import PACKAGE, templates

# Words that are the same in every language.
NAMES = {
    "Huoju",
    "CSV",
    "XLSX",
    "UTM",
    "API",
    "JSON",
    "URL",
    "OpenAPI",
    "ID",
    "SQL",
    "MQL",
    "POC",
    "KB",
    "MB",
    "GB",
}
NAMES |= {
    "UTC",
    "HTTP",
    "POST",
    "GET",
    "curl",
    "QR",
    "SDR",
    "English",
    "中文",
    "简体中文",
    "https",
    "Ctrl",
    "Esc",
    "Enter",
    "Shift",
}
TRANSLATED_ATTRIBUTES = {"title", "placeholder", "alt", "aria-label", "aria-description", "content"}
NO_TEXT = {"script", "style", "code", "pre", "kbd", "samp"}

_NOT_TEXT = re.compile(
    r"{#.*?#}"
    r"|{%\s*comment\b.*?%}.*?{%\s*endcomment\s*%}"
    r"|{%\s*blocktranslate\b.*?%}.*?{%\s*endblocktranslate\s*%}"
    r"|{%.*?%}|{{.*?}}",
    re.DOTALL,
)
_WORD = re.compile(r"[A-Za-z][A-Za-z'’]+|[\u4e00-\u9fff]+")


class _Reader(HTMLParser):
    """Collects what breaks a rule."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.forbidden: list[str] = []
        self.untranslated: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "style" or (
            tag == "script" and "src" not in given and given.get("type") != "application/json"
        ):
            self.forbidden.append(f"line {self.getpos()[0]}: inline <{tag}>")
        for name, value in given.items():
            if name == "style" or re.fullmatch(r"on[a-z]+", name) or value.lstrip().startswith("javascript:"):
                self.forbidden.append(f"line {self.getpos()[0]}: {name}=")
            if name in TRANSLATED_ATTRIBUTES and tag != "meta":
                self._look_at(value)
        if tag in NO_TEXT:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if not self.open:
            self._look_at(data)

    def _look_at(self, text: str) -> None:
        # A block may fill the attributes of its parent template; "中文 | English" is an example for both.
        words = [
            word for word in _WORD.findall(re.sub(r"\b(?:hj|data)-[\w-]+", "", text)) if word not in NAMES
        ]
        if words and " | " not in text:
            self.untranslated.append(f"line {self.getpos()[0]}: {' '.join(words)[:60]}")


def _read(path: Path) -> _Reader:
    reader = _Reader()
    # Lines stay where they are.
    source = _NOT_TEXT.sub(lambda match: "\n" * match[0].count("\n"), path.read_text(encoding="utf-8"))
    reader.feed(source)
    reader.close()
    return reader


def _name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def test_nothing_that_the_content_security_policy_refuses() -> None:
    assert [f"{_name(path)} {each}" for path in templates() for each in _read(path).forbidden] == []


def test_every_text_is_marked_for_translation() -> None:
    assert list(_untranslated()) == []


def _untranslated() -> Iterator[str]:
    for path in templates():
        if path.name == "_language.html":  # speaks to those who do not read the page's language
            continue
        for each in _read(path).untranslated:
            yield f"{_name(path)} {each}"


def test_nothing_is_declared_safe_in_a_template() -> None:
    """Text is escaped; what is HTML says so in Python, where it is made."""
    found = [
        f"{_name(path)} line {number}"
        for path in templates()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"\|\s*safe\b|{%\s*autoescape\s+off", line)
    ]
    assert found == []
