"""How a form looks to a visitor: the typed definition as what the templates draw."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import get_language

from .models import Form
from .policy.answers import AnswerProblem, choices
from .policy.definition import CONTACT, ConsentBox, Definition, Field, FieldKind
from .wording import ANSWER_TEXTS, BUTTONS, CONSENT_REQUIRED, FIELD_LABELS, SUCCESS, TITLES, Words

# What lets a phone offer the right keyboard and the visitor's own data (HTML autofill detail tokens).
_INPUT = {
    FieldKind.NAME: ("text", "name", "text"),
    FieldKind.EMAIL: ("email", "email", "email"),
    FieldKind.MOBILE: ("tel", "tel", "tel"),
    FieldKind.COMPANY: ("text", "organization", "text"),
    FieldKind.TITLE: ("text", "organization-title", "text"),
}
# Side by side from 640 px on; what needs room takes the whole row.
_WIDE = {FieldKind.MESSAGE, FieldKind.CHECKBOX, FieldKind.TEXT}


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a select."""

    value: str
    label: str
    selected: bool


@dataclass(frozen=True, slots=True)
class Widget:
    """One field on the page. `tag` is `input`, `textarea`, `select` or `checkbox`."""

    name: str
    tag: str
    label: Words
    value: str
    required: bool
    placeholder: str
    error: Words
    kind: str = "text"
    autocomplete: str = "off"
    inputmode: str = "text"
    wide: bool = False
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Box:
    """One consent box. It comes back ticked only because the visitor ticked it before an error elsewhere."""

    name: str
    text: str
    required: bool
    ticked: bool
    error: Words


@dataclass(frozen=True, slots=True)
class Drawn:
    """A form ready for the template."""

    title: Words
    intro: str
    button: Words
    success: Words
    redirect: str
    widgets: list[Widget]
    boxes: list[Box]
    one_of: bool = False
    """Neither the mail address nor the mobile is required on its own, but one of them is."""
    hidden: Mapping[str, str] = field(default_factory=dict)


def draw(
    form: Form,
    definition: Definition,
    *,
    posted: Mapping[str, str] | None = None,
    problems: Mapping[str, AnswerProblem] | None = None,
    hidden: Mapping[str, str] | None = None,
) -> Drawn:
    """The form in the active language, with what was typed and what is wrong with it."""
    language = get_language() or "zh-hans"
    posted, problems = posted or {}, problems or {}
    contact = [each for each in definition.fields if each.kind in CONTACT]
    return Drawn(
        title=definition.title.get(language) or TITLES[form.purpose],
        intro=definition.intro.get(language),
        button=definition.button.get(language) or BUTTONS[form.purpose],
        success=definition.success.get(language) or SUCCESS,
        redirect=definition.redirect,
        widgets=[
            _widget(each, language, posted.get(field_name(each.key), ""), problems.get(each.key))
            for each in definition.fields
        ],
        boxes=[_box(box, language, posted, problems) for box in definition.consents],
        one_of=len(contact) > 1 and not any(each.required for each in contact),
        hidden=hidden or {},
    )


def field_name(key: str) -> str:
    """The name of a field's input: apart from our own hidden ones."""
    return f"f_{key}"


def consent_name(purpose: str) -> str:
    """The name of a consent's box."""
    return f"c_{purpose}"


def consent_text(definition: Definition, language: str) -> str:
    """What the visitor read beside the boxes: kept with the submission as proof."""
    return "\n".join(f"[{box.purpose}] {box.text.get(language)}" for box in definition.consents)


def _widget(each: Field, language: str, value: str, problem: AnswerProblem | None) -> Widget:
    kind, autocomplete, inputmode = _INPUT.get(each.kind, ("text", "off", "text"))
    listed = choices(each)
    tag = "select" if listed else {"message": "textarea", "checkbox": "checkbox"}.get(each.kind, "input")
    return Widget(
        name=field_name(each.key),
        tag=tag,
        label=each.label.get(language) or FIELD_LABELS[each.kind],
        value=value,
        required=each.required,
        placeholder=each.placeholder.get(language),
        error=ANSWER_TEXTS[problem] if problem else "",
        kind=kind,
        autocomplete=autocomplete,
        inputmode=inputmode,
        wide=each.kind in _WIDE,
        choices=tuple(
            Choice(option.value, option.label.get(language), option.value == value) for option in listed
        ),
    )


def _box(
    box: ConsentBox, language: str, posted: Mapping[str, str], problems: Mapping[str, AnswerProblem]
) -> Box:
    name = consent_name(box.purpose)
    return Box(
        name=name,
        text=box.text.get(language),
        required=box.required,
        ticked=bool(posted.get(name)),
        error=CONSENT_REQUIRED if f"consent.{box.purpose}" in problems else "",
    )
