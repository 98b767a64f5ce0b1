"""Tags: the list, the editor, and setting them on one person or on many."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from huoju.core.access.gate import current_user, requires
from huoju.core.access.policy import Action
from huoju.core.conditions import condition_from_json, validate
from huoju.core.errors import UserError
from huoju.core.rules import translated
from huoju.core.ui.listing import list_changed
from huoju.core.ui.respond import redirect_to, respond, toast
from huoju.core.ui.ruleform import Conditions, Field, Known, Shape, change, read, show

from . import operations, queries
from .pages import PeopleList
from .policy import HAND
from .registry import ValueType, all_sources

AT_ONCE = 5000
"""People who are tagged in one go: all can be untagged again."""
COLORS = ("blue", "green", "orange", "red", "purple", "teal", "pink", "grey")


def color_options() -> list[tuple[str, str]]:
    """The colours of tags."""
    names = (_("Blue"), _("Green"), _("Orange"), _("Red"), _("Purple"), _("Teal"), _("Pink"), _("Grey"))
    return list(zip(COLORS, names, strict=True))


def known_traits() -> list[Known]:
    """The traits that the rule of a tag may ask for. Times are a matter for segments."""
    kinds: dict[ValueType, Any] = {
        ValueType.TEXT: "text",
        ValueType.NUMBER: "number",
        ValueType.BOOLEAN: "flag",
        ValueType.CHOICE: "choice",
    }
    return [
        Known(
            name=trait.code,
            label=f"{source.label} · {trait.label}",
            kind=kinds[trait.type],
            options=list(trait.choices()) if trait.choices else [],
        )
        for source in all_sources()
        for trait in source.traits
        if trait.type in kinds
    ]


def shape() -> Shape:
    """What the editor of a tag shows."""
    return Shape(
        fields=[
            Field(name="name", label=_("Name"), size="lg"),
            Field(name="group", label=_("Group")),
            Field(name="color", label=_("Colour"), kind="choice", options=color_options(), default="blue"),
            Field(name="days", label=_("Expires after days (empty: never)"), size="sm"),
            Field(name="note", label=_("What it is for"), size="lg"),
        ],
        conditions=[
            Conditions(
                name="conditions",
                label=_("Set by rule to everybody of whom all of this holds"),
                known=known_traits(),
                none=_("No rule: set by hand, in bulk, by a segment or by a program."),
            )
        ],
    )  # fmt: skip


@requires(Action.SEE_LEADS)
def tags(request: HttpRequest) -> HttpResponse:
    """All tags, with how many people have each."""
    context = {
        "title": _("Tags"),
        "subtitle": _("What a name alone does not say: set by hand or by rule, for a while or for good."),
        "tags": queries.list_tags(now=timezone.now()),
        "may_edit": current_user(request).may(Action.RUN_CAMPAIGNS),
    }
    return respond(request, "profile/tags.html", context)


@requires(Action.RUN_CAMPAIGNS)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Make a tag or change one."""
    form = shape()
    content: dict[str, Any] = {
        "name": "",
        "group": "",
        "color": "blue",
        "days": "",
        "note": "",
        "conditions": [],
    }
    if pk is not None:
        try:
            tag = queries.get_tag(pk)
        except ObjectDoesNotExist:
            raise Http404 from None
        content = {name: getattr(tag, name) for name in content}
        content["days"] = str(tag.days or "")
    errors: list[str] = []
    if request.method == "POST":
        posted = read(form, request.POST)
        content, errors, do = posted.content, posted.errors, request.POST.get("do", "save")
        if ":" in do:
            change(form, content, do)
        elif not (errors := [*errors, *_problems(content)]):
            return _keep(request, pk, content, archive=do == "archive")
    title = content["name"] if pk is not None and not errors else _("New tag") if pk is None else _("Tag")
    context = {
        "title": title,
        "crumbs": [(_("Tags"), reverse("profile:tags")), (title, "")],
        "view": show(form, content),
        "errors": errors,
        "pk": pk,
        "form_url": request.path,
    }
    status = 422 if errors else 200
    return respond(request, "profile/tag.html", context, fragment="profile/_tag_form.html", status=status)


def _problems(content: dict[str, Any]) -> list[str]:
    found = []
    if not content["name"].strip():
        found.append(_("A tag needs a name."))
    if len(content["name"]) > 40 or len(content["group"]) > 40:
        found.append(_("At most 40 characters."))
    if content["days"] and not (
        content["days"].isascii() and content["days"].isdigit() and 0 < int(content["days"]) < 10_000
    ):
        found.append(_("The number of days is a whole number, from 1 to 9,999."))
    if content["color"] not in COLORS:
        found.append(_("Choose a colour."))
    try:
        conditions = [condition_from_json(each) for each in content["conditions"]]
    except ValueError as error:
        return [*found, translated(error.args[0])]
    known = frozenset(each.name for each in known_traits())
    return [*found, *(translated(each) for each in validate(conditions, known))]


def _keep(request: HttpRequest, pk: int | None, content: dict[str, Any], *, archive: bool) -> HttpResponse:
    values = {
        **content,
        "name": content["name"].strip(),
        "group": content["group"].strip(),
        "archived": archive,
    }
    actor = f"user:{current_user(request).pk}"
    operations.save_tag(tag_id=pk, values=values, actor=actor, now=timezone.now())
    return redirect_to(request, reverse("profile:tags"))


# --- on people ----------------------------------------------------------------------------------------------


def chosen_tag(text: str) -> int:
    """The tag that a form names. Raises `UserError`."""
    if not text.isdigit() or text not in dict(queries.tag_options()):
        raise UserError(_("Choose a tag."))
    return int(text)


def give(request: HttpRequest, person_ids: Sequence[int], tag_id: int) -> HttpResponse:
    """Tag many; the toast can undo it."""
    if len(person_ids) > AT_ONCE:
        raise UserError(_("At most %(count)s people at once.") % {"count": AT_ONCE})
    actor = f"user:{current_user(request).pk}"
    added = operations.tag_batch(person_ids, tag_id=tag_id, source=HAND, actor=actor, now=timezone.now())
    return _done(request, _("%(count)s people tagged.") % {"count": len(added)}, "untag", tag_id, added)


@requires(Action.EDIT_LEADS)
@require_POST
def tag_people(request: HttpRequest) -> HttpResponse:
    """Give the ticked people a tag."""
    tag_id = chosen_tag(request.POST.get("tag", ""))
    rows = PeopleList.selection(request).order_by("pk").values_list("pk", flat=True)
    return give(request, list(rows[: AT_ONCE + 1]), tag_id)


@requires(Action.EDIT_LEADS)
@require_POST
def untag_people(request: HttpRequest) -> HttpResponse:
    """Take a tag from the ticked people."""
    tag_id = chosen_tag(request.POST.get("untag", ""))
    ids = list(PeopleList.selection(request).order_by("pk").values_list("pk", flat=True)[: AT_ONCE + 1])
    if len(ids) > AT_ONCE:
        raise UserError(_("At most %(count)s people at once.") % {"count": AT_ONCE})
    actor = f"user:{current_user(request).pk}"
    gone = operations.untag_batch(ids, tag_id=tag_id, source=HAND, actor=actor, now=timezone.now())
    return _done(request, _("Tag removed from %(count)s people.") % {"count": len(gone)}, "tag", tag_id, gone)


def _done(request: HttpRequest, text: str, undo: str, tag_id: int, ids: list[int]) -> HttpResponse:
    request.session["undo_tag"] = {"do": undo, "tag": tag_id, "people": ids}
    undo_url = reverse("profile:undo_tag") if ids else None
    return list_changed(toast(HttpResponse(status=204), text, undo_url=undo_url))


@requires(Action.EDIT_LEADS)
@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """Take the last tagging back."""
    last = request.session.pop("undo_tag", None)
    if last:
        step = operations.untag_batch if last["do"] == "untag" else operations.tag_batch
        actor = f"user:{current_user(request).pk}"
        step(last["people"], tag_id=last["tag"], source=HAND, actor=actor, now=timezone.now())
    return list_changed(toast(HttpResponse(status=204), _("Undone.")))


@requires(Action.SEE_LEADS)
@require_POST
def tag_person(request: HttpRequest, pk: int) -> HttpResponse:
    """Set a tag on one person, or take it away."""
    user = current_user(request)
    if not (user.may(Action.EDIT_LEADS) or user.may(Action.SELL)):
        raise UserError(_("Your role may not take this step."))
    queries.get_visible(user, pk)
    do = operations.untag_batch if "untag" in request.POST else operations.tag_batch
    tag_id = chosen_tag(request.POST.get("untag") or request.POST.get("tag", ""))
    do([pk], tag_id=tag_id, source=HAND, actor=f"user:{user.pk}", now=timezone.now())
    return redirect_to(request, reverse("profile:person", args=[pk]))
