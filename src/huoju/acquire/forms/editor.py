"""The editor: a form's settings, fields and texts, with a live preview and every version that was ever shown."""

import json
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from huoju.core.access.gate import current_user, requires
from huoju.core.access.policy import Action
from huoju.core.ui.formpage import show_form
from huoju.core.ui.respond import redirect_to, respond

from . import operations, queries
from .drawing import draw
from .forms import NewForm, SettingsForm
from .models import Form, FormVersion
from .policy.definition import (
    CUSTOM,
    LISTED,
    ConsentPurpose,
    Definition,
    DefinitionError,
    Fault,
    FieldKind,
    parse,
)
from .starters import starter
from .tables import form_url
from .wording import CONSENT_LABELS, DEFAULT_CONSENTS, FIELD_ICONS, FIELD_LABELS, PROBLEM_TEXTS


@requires(Action.RUN_CAMPAIGNS)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Begin a form: name and purpose; the editor opens with the fields that such a form asks for."""
    form = NewForm(
        request.POST or None,
        initial={"purpose": Form.Purpose.CONTACT, "campaign": request.GET.get("campaign")},
    )
    if form.is_valid():
        made = operations.create_form(
            settings=form.settings(),
            definition=starter(form.cleaned_data["purpose"]),
            created_by_id=current_user(request).pk,
            now=timezone.now(),
        )
        return redirect_to(request, reverse("webforms:edit", args=[made.pk]))
    crumbs = [(_("Forms"), reverse("webforms:forms"))]
    return show_form(request, form, title=_("New form"), submit=_("Create and edit"), crumbs=crumbs)


@requires(Action.RUN_CAMPAIGNS)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Edit a form. Saving publishes; a changed definition becomes the next version."""
    form = get_object_or_404(Form, pk=pk)
    latest = queries.latest_version(form)
    if request.method != "POST":
        return _editor(request, form, SettingsForm(instance=form), latest.definition, latest.number)
    raw = _definition_in(request)
    settings = SettingsForm(request.POST, instance=Form.objects.get(pk=pk))
    based_on = int(request.POST.get("based_on", "0")) if request.POST.get("based_on", "").isdigit() else 0
    try:
        definition = parse(raw)
    except DefinitionError as error:
        settings.is_valid()
        return _editor(request, form, settings, raw, based_on, faults=[_say(fault) for fault in error.faults])
    if settings.is_valid():
        try:
            saved = operations.save_form(
                form=form,
                settings=settings.settings(),
                definition=definition,
                based_on=based_on,
                saved_by_id=current_user(request).pk,
                now=timezone.now(),
            )
        except operations.VersionConflictError:
            message = _(
                "Somebody else saved this form while you were editing it. Open it again to see their version."
            )
            return _editor(request, form, settings, raw, based_on, faults=[message])
        except ValidationError as error:
            for name, texts in error.message_dict.items():
                settings.add_error("origins" if name == "allowed_origins" else name, texts)
        else:
            messages.success(request, _("Saved. Visitors see version %(n)d now.") % {"n": saved.number})
            return redirect_to(request, reverse("webforms:edit", args=[pk]))
    return _editor(request, form, settings, raw, based_on, faults=[_("Please look at the settings.")])


@requires(Action.RUN_CAMPAIGNS)
@require_POST
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """The fields as a visitor would see them, or what is wrong with the definition."""
    form = get_object_or_404(Form, pk=pk)
    form.purpose = (
        request.POST.get("purpose", "")
        if request.POST.get("purpose") in Form.Purpose.values
        else form.purpose
    )
    try:
        definition = parse(_definition_in(request))
    except DefinitionError as error:
        return respond(request, "webforms/_faults.html", {"faults": [_say(fault) for fault in error.faults]})
    return _preview(request, form, definition, request.POST.get("preview_language", ""))


@requires(Action.RUN_CAMPAIGNS)
@require_safe
def version(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """What a version showed."""
    form = get_object_or_404(Form, pk=pk)
    shown = _version(form, number)
    drawn = draw(form, queries.definition_of(shown))
    context = {
        "title": _("Version %(n)d") % {"n": number},
        "crumbs": [(_("Forms"), reverse("webforms:forms")), (form.name, form_url(form))],
        "form": form,
        "version": shown,
        "latest": queries.latest_version(form).number == number,
        "drawn": drawn,
    }
    return respond(request, "webforms/version.html", context)


@requires(Action.RUN_CAMPAIGNS)
@require_POST
def restore(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Show an old version again: it becomes the newest one, under a new number."""
    form = get_object_or_404(Form, pk=pk)
    old = _version(form, number)
    saved = operations.restore_version(
        form=form, version=old, saved_by_id=current_user(request).pk, now=timezone.now()
    )
    messages.success(request, _("Saved. Visitors see version %(n)d now.") % {"n": saved.number})
    return redirect_to(request, form_url(form))


def _version(form: Form, number: int) -> FormVersion:
    found = queries.shown_version(form, number)
    if found is None:
        raise Http404
    return found


def _preview(request: HttpRequest, form: Form, definition: Definition, language: str) -> HttpResponse:
    language = language if language in {"zh-hans", "en"} else translation.get_language() or "zh-hans"
    with translation.override(language):
        return respond(
            request, "webforms/_preview.html", {"drawn": draw(form, definition), "preview_language": language}
        )


def _definition_in(request: HttpRequest) -> Any:
    try:
        return json.loads(request.POST.get("definition", ""))
    except ValueError:
        return None


def _say(fault: Fault) -> str:
    """A fault in words: where it is and what is wrong."""
    part, _dot, rest = fault.where.partition(".")
    number = rest.partition(".")[0]
    text = str(PROBLEM_TEXTS[fault.problem])
    match part:
        case "fields" if number.isdigit():
            return _("Field %(n)d: %(problem)s") % {"n": int(number) + 1, "problem": text}
        case "consents" if number.isdigit():
            return _("Consent %(n)d: %(problem)s") % {"n": int(number) + 1, "problem": text}
        case "redirect":
            return _("Where to go afterwards: %(problem)s") % {"problem": text}
    return text


def _editor(
    request: HttpRequest,
    form: Form,
    settings: SettingsForm,
    raw: Any,
    based_on: int,
    *,
    faults: list[str] | None = None,
) -> HttpResponse:
    raw = raw if isinstance(raw, dict) else queries.latest_version(form).definition
    context = {
        "title": form.name,
        "crumbs": [(_("Forms"), reverse("webforms:forms")), (form.name, form_url(form))],
        "form": form,
        "settings": settings,
        "definition": json.dumps(raw, ensure_ascii=False),
        "based_on": based_on,
        "faults": faults or [],
        "rows": [_row(each) for each in raw.get("fields", []) if isinstance(each, dict)],
        "kinds": [_row({"kind": kind.value}) for kind in FieldKind],
        "boxes": _boxes(raw.get("consents", [])),
        "texts": {name: _both(raw.get(name)) for name in ("title", "intro", "button", "success")},
        "redirect": raw.get("redirect", ""),
    }
    return respond(
        request,
        "webforms/editor.html",
        context,
        fragment="webforms/_editor.html",
        status=422 if faults else 200,
    )


def _both(raw: Any) -> dict[str, str]:
    """A text in both languages, whatever was posted."""
    if not isinstance(raw, dict):
        return {"zh": str(raw or ""), "en": str(raw or "")}
    return {"zh": str(raw.get("zh", "")), "en": str(raw.get("en", ""))}


def _row(raw: dict[str, Any]) -> dict[str, Any]:
    """A field as the editor draws it; tolerant, because it also redraws what was refused."""
    kind = next((kind for kind in FieldKind if kind.value == raw.get("kind")), FieldKind.TEXT)
    options = raw.get("options") if isinstance(raw.get("options"), list) else []
    lines = []
    for option in options or []:
        label = _both(option.get("label")) if isinstance(option, dict) else {"zh": "", "en": ""}
        value = str(option.get("value", "")) if isinstance(option, dict) else ""
        lines.append(" | ".join([label["zh"], label["en"], value]))
    return {
        "kind": kind.value,
        "key": str(raw.get("key", "")) if kind in CUSTOM else kind.value,
        "name": FIELD_LABELS[kind],
        "icon": FIELD_ICONS[kind],
        "custom": kind in CUSTOM,
        "listed": kind in LISTED,
        "required": raw.get("required") is True,
        "label": _both(raw.get("label")),
        "placeholder": _both(raw.get("placeholder")),
        "options": "\n".join(lines),
        "has_options": kind is FieldKind.SELECT,
        "has_placeholder": kind is not FieldKind.CHECKBOX,
    }


def _boxes(raw: Any) -> list[dict[str, Any]]:
    given = (
        {each.get("purpose"): each for each in raw if isinstance(each, dict)} if isinstance(raw, list) else {}
    )
    boxes = []
    for purpose in ConsentPurpose:
        box = given.get(purpose.value)
        zh, en = DEFAULT_CONSENTS[purpose]
        boxes.append(
            {
                "purpose": purpose.value,
                "name": CONSENT_LABELS[purpose],
                "asked": box is not None,
                "required": bool(box and box.get("required")),
                "text": _both(box.get("text")) if box else {"zh": zh, "en": en},
            }
        )
    return boxes
