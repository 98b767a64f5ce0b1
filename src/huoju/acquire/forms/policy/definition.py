"""What a form consists of: the typed definition, read from JSON that nobody is trusted to have written well."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from .texts import line, lines

LANGUAGES = ("zh", "en")
MAX_FIELDS = 30
MAX_OPTIONS = 60
MAX_CONSENTS = 5
MAX_LABEL = 120
MAX_TEXT = 2000
MAX_URL = 500


class FieldKind(StrEnum):
    """What a field asks for. The first nine are known to the rest of the house; the others are the form's own."""

    NAME = "name"
    EMAIL = "email"
    MOBILE = "mobile"
    COMPANY = "company"
    TITLE = "title"
    COMPANY_SIZE = "company_size"
    INDUSTRY = "industry"
    REGION = "region"
    MESSAGE = "message"
    TEXT = "text"
    SELECT = "select"
    CHECKBOX = "checkbox"


CUSTOM = frozenset({FieldKind.TEXT, FieldKind.SELECT, FieldKind.CHECKBOX})
"""Kinds that may occur more than once; their keys and labels are the form's own."""
LISTED = frozenset({FieldKind.COMPANY_SIZE, FieldKind.INDUSTRY, FieldKind.REGION})
"""Kinds whose choices are the house's own."""
CONTACT = frozenset({FieldKind.EMAIL, FieldKind.MOBILE})
"""At least one of these is needed: a lead is somebody who can be reached."""


class ConsentPurpose(StrEnum):
    """What a visitor agrees to."""

    PRIVACY = "privacy"  # that we use the data to answer this request
    MARKETING = "marketing"  # that we write about products and events later


class Problem(StrEnum):
    """What is wrong with a definition."""

    NOT_A_FORM = "not_a_form"
    UNKNOWN_PART = "unknown_part"
    NO_FIELDS = "no_fields"
    TOO_MANY = "too_many"
    UNKNOWN_KIND = "unknown_kind"
    TWICE = "twice"
    BAD_KEY = "bad_key"
    NO_LABEL = "no_label"
    TOO_LONG = "too_long"
    NO_OPTIONS = "no_options"
    OPTIONS_NOT_ALLOWED = "options_not_allowed"
    NO_CONTACT = "no_contact"
    UNKNOWN_PURPOSE = "unknown_purpose"
    NO_CONSENT_TEXT = "no_consent_text"
    BAD_ADDRESS = "bad_address"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong: `where` is a path such as `fields.2.options`."""

    where: str
    problem: Problem


class DefinitionError(ValueError):
    """A definition that cannot be used; `faults` says why, in the order of the definition."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{fault.where}: {fault.problem}" for fault in faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Text:
    """A text in each language; a language without one falls back to the other."""

    zh: str = ""
    en: str = ""

    def get(self, language: str) -> str:
        """The text for `language` (`zh-hans`, `en`, …)."""
        return (self.zh or self.en) if language.startswith("zh") else (self.en or self.zh)

    def __bool__(self) -> bool:
        return bool(self.zh or self.en)


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a select; `value` is what is stored."""

    value: str
    label: Text


@dataclass(frozen=True, slots=True)
class Field:
    """One field, in the place where it stands."""

    key: str
    kind: FieldKind
    required: bool = False
    label: Text = Text()
    placeholder: Text = Text()
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class ConsentBox:
    """A box that a visitor ticks. It never starts ticked; that is not a setting."""

    purpose: ConsentPurpose
    text: Text
    required: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """Everything that a form shows. Empty texts mean the house's own wording."""

    fields: tuple[Field, ...]
    consents: tuple[ConsentBox, ...] = ()
    title: Text = Text()
    intro: Text = Text()
    button: Text = Text()
    success: Text = Text()
    redirect: str = ""

    def as_json(self) -> dict[str, Any]:
        """The definition as it is stored; `parse` gives it back unchanged."""
        return {
            "fields": [
                {
                    "key": each.key,
                    "kind": each.kind.value,
                    "required": each.required,
                    "label": _text_json(each.label),
                    "placeholder": _text_json(each.placeholder),
                    "options": [
                        {"value": option.value, "label": _text_json(option.label)} for option in each.options
                    ],
                }
                for each in self.fields
            ],
            "consents": [
                {"purpose": box.purpose.value, "text": _text_json(box.text), "required": box.required}
                for box in self.consents
            ],
            "title": _text_json(self.title),
            "intro": _text_json(self.intro),
            "button": _text_json(self.button),
            "success": _text_json(self.success),
            "redirect": self.redirect,
        }


_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_FIELD_PARTS = {"key", "kind", "required", "label", "placeholder", "options"}
_CONSENT_PARTS = {"purpose", "text", "required"}
_PARTS = {"fields", "consents", "title", "intro", "button", "success", "redirect"}


def parse(raw: object) -> Definition:
    """The definition in `raw`. Raises `DefinitionError` with everything that is wrong with it."""
    if not isinstance(raw, Mapping):
        raise DefinitionError([Fault("", Problem.NOT_A_FORM)])
    reader = _Reader()
    definition = reader.definition(raw)
    if reader.faults:
        raise DefinitionError(reader.faults)
    return definition


def _text_json(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


@dataclass(slots=True)
class _Reader:
    """Reads parts and notes what is wrong with them; goes on to the end so that an editor can show all of it."""

    faults: list[Fault] = field(default_factory=list)

    def fault(self, where: str, problem: Problem) -> None:
        self.faults.append(Fault(where, problem))

    def definition(self, raw: Mapping[Any, Any]) -> Definition:
        self._only(raw, _PARTS, "")
        fields = [
            read
            for where, item in self._items(raw.get("fields"), "fields", MAX_FIELDS)
            if (read := self._field(item, where))
        ]
        if not fields:
            self.fault("fields", Problem.NO_FIELDS)
        elif not any(each.kind in CONTACT for each in fields):
            self.fault("fields", Problem.NO_CONTACT)
        seen: set[str] = set()
        for index, each in enumerate(fields):
            if each.key in seen:
                self.fault(f"fields.{index}.key", Problem.TWICE)
            seen.add(each.key)
        consents = [
            box
            for where, item in self._items(raw.get("consents", []), "consents", MAX_CONSENTS)
            if (box := self._consent(item, where))
        ]
        if len({box.purpose for box in consents}) < len(consents):
            self.fault("consents", Problem.TWICE)
        texts = {
            name: self._text(raw.get(name), name, MAX_TEXT, several=name in {"intro", "success"})
            for name in ("title", "intro", "button", "success")
        }
        return Definition(
            tuple(fields),
            tuple(consents),
            **texts,
            redirect=self._address(raw.get("redirect", ""), "redirect"),
        )

    def _field(self, raw: Mapping[Any, Any], where: str) -> Field | None:
        self._only(raw, _FIELD_PARTS, where)
        try:
            kind = FieldKind(str(raw.get("kind")))
        except ValueError:
            self.fault(f"{where}.kind", Problem.UNKNOWN_KIND)
            return None
        key = raw.get("key", "") if kind in CUSTOM else kind.value
        names_of_others = {each.value for each in FieldKind}
        if not isinstance(key, str) or not _KEY.fullmatch(key) or (kind in CUSTOM and key in names_of_others):
            self.fault(f"{where}.key", Problem.BAD_KEY)
            key = ""
        label = self._text(raw.get("label"), f"{where}.label", MAX_LABEL)
        if kind in CUSTOM and not label:
            self.fault(f"{where}.label", Problem.NO_LABEL)
        options = [
            read
            for place, item in self._items(raw.get("options", []), f"{where}.options", MAX_OPTIONS)
            if (read := self._option(item, place))
        ]
        if kind is FieldKind.SELECT and not options:
            self.fault(f"{where}.options", Problem.NO_OPTIONS)
        if kind is not FieldKind.SELECT and options:
            self.fault(f"{where}.options", Problem.OPTIONS_NOT_ALLOWED)
        if len({option.value for option in options}) < len(options):
            self.fault(f"{where}.options", Problem.TWICE)
        return Field(
            key=key,
            kind=kind,
            required=raw.get("required") is True,
            label=label,
            placeholder=self._text(raw.get("placeholder"), f"{where}.placeholder", MAX_LABEL),
            options=tuple(options),
        )

    def _option(self, raw: Mapping[Any, Any], where: str) -> Option | None:
        label = self._text(raw.get("label"), f"{where}.label", MAX_LABEL)
        value = raw.get("value", "")
        value = line(value) if isinstance(value, str) else ""
        value = value or label.zh or label.en
        if not value:
            self.fault(where, Problem.NO_LABEL)
            return None
        if len(value) > MAX_LABEL:
            self.fault(where, Problem.TOO_LONG)
        return Option(value, label or Text(value, value))

    def _consent(self, raw: Mapping[Any, Any], where: str) -> ConsentBox | None:
        self._only(raw, _CONSENT_PARTS, where)
        try:
            purpose = ConsentPurpose(str(raw.get("purpose")))
        except ValueError:
            self.fault(f"{where}.purpose", Problem.UNKNOWN_PURPOSE)
            return None
        text = self._text(raw.get("text"), f"{where}.text", MAX_TEXT, several=True)
        if not text:
            self.fault(f"{where}.text", Problem.NO_CONSENT_TEXT)
        return ConsentBox(purpose, text, raw.get("required") is True)

    def _text(self, raw: object, where: str, limit: int, *, several: bool = False) -> Text:
        """A text: a mapping by language, or one string for both."""
        if raw is None:
            return Text()
        given = {"zh": raw, "en": raw} if isinstance(raw, str) else raw
        if not isinstance(given, Mapping) or not all(
            isinstance(given.get(code, ""), str) for code in LANGUAGES
        ):
            self.fault(where, Problem.UNKNOWN_PART)
            return Text()
        tidy = lines if several else line
        texts = {code: tidy(given.get(code, "")) for code in LANGUAGES}
        if any(len(text) > limit for text in texts.values()):
            self.fault(where, Problem.TOO_LONG)
        return Text(**texts)

    def _address(self, raw: object, where: str) -> str:
        if raw is None or raw == "":
            return ""
        if not isinstance(raw, str) or len(raw) > MAX_URL or not is_web_address(line(raw)):
            self.fault(where, Problem.BAD_ADDRESS)
            return ""
        return line(raw)

    def _items(self, raw: object, where: str, limit: int) -> Iterator[tuple[str, Mapping[Any, Any]]]:
        if raw is None:
            return
        if not isinstance(raw, list | tuple):
            self.fault(where, Problem.UNKNOWN_PART)
            return
        if len(raw) > limit:
            self.fault(where, Problem.TOO_MANY)
            return
        for index, item in enumerate(raw):
            if isinstance(item, Mapping):
                yield f"{where}.{index}", item
            else:
                self.fault(f"{where}.{index}", Problem.UNKNOWN_PART)

    def _only(self, raw: Mapping[Any, Any], known: set[str], where: str) -> None:
        for name in sorted(str(name) for name in set(raw) - known):
            self.fault(f"{where}.{name}".strip("."), Problem.UNKNOWN_PART)


def is_web_address(text: str) -> bool:
    """Whether `text` is an http(s) address with a host."""
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"\s", text)
    except ValueError:
        return False


def origin_of(text: str) -> str | None:
    """The origin (`https://www.example.com`, with its port if it names one) that `text` means, None if it is none.

    What may embed a form goes into a response header: nothing but scheme, host and port may get there.
    """
    text = line(text).lower().rstrip("/")
    if not re.fullmatch(r"https?://(\*\.)?[a-z0-9.-]+(:\d{1,5})?", text):
        return None
    return text
