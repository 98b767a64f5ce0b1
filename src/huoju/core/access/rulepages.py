"""The pages of a room's rules: its versions, an editor with a preview on history, one version, activation."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from huoju.core.rules import InvalidRulesError, RuleBook, RuleVersion, translated
from huoju.core.ui.parts import Label
from huoju.core.ui.respond import redirect_to, respond
from huoju.core.ui.ruleform import Shape, change, read, show

from .gate import current_user, requires
from .policy import Action


class Save(Protocol):
    """A room's operation that keeps rules as the next version."""

    def __call__(self, *, rules: Any, note: str, user_id: int | None, now: datetime) -> RuleVersion:
        """Raises `InvalidRulesError`."""
        ...


class Activate(Protocol):
    """A room's operation that lets a version decide."""

    def __call__(self, *, version: int, actor: str, now: datetime) -> bool:
        """False if it decides already."""
        ...


class _NotJsonError(ValueError):
    """What an expert typed cannot be read as rules at all."""


@dataclass(frozen=True, kw_only=True)
class RulePages:
    """The pages of one kind of rules.

    `namespace` and `prefix` name the addresses (`scoring:rules`, `scoring:rule`, …: prefix "rule"). `shape()` is what
    the editor shows. `preview(rules, now)` tries rules on history and gives the context of `preview_template`. `root`
    names the content where it is a bare list. Rules whose rows are no form by themselves say how they become one:
    `spread(rules)` is what the form shows, `gather(content)` the rules again.
    """

    namespace: str
    title: Label
    text: Label
    book: RuleBook[Any, Any]
    shape: Callable[[], Shape]
    save: Save
    activate: Activate
    preview: Callable[[Any, datetime], Mapping[str, Any]]
    preview_template: str
    root: str = ""
    spread: Callable[[Any], dict[str, Any]] | None = None
    gather: Callable[[dict[str, Any]], Any] | None = None
    versions_template: str = "ui/rule_versions.html"
    more: Callable[[HttpRequest], Mapping[str, Any]] | None = None

    def urls(self) -> list[URLPattern]:
        """For the room's `urls.py`."""
        guard = requires(Action.SET_RULES)
        return [
            path("", guard(self.list_versions), name="rules"),
            path("edit/", guard(require_http_methods(["GET", "POST"])(self.edit)), name="rule_edit"),
            path("<int:version>/", guard(self.version), name="rule"),
            path("<int:version>/preview/", guard(self.try_version), name="rule_preview"),
            path("<int:version>/activate/", guard(require_POST(self.make_active)), name="rule_activate"),
        ]

    def _url(self, name: str, *args: object) -> str:
        return reverse(f"{self.namespace}:{name}", args=args)

    def _crumbs(self) -> list[tuple[Label, str]]:
        return [(self.title, self._url("rules"))]

    def list_versions(self, request: HttpRequest) -> HttpResponse:
        """All versions, newest first."""
        versions = [{"version": row, "url": self._url("rule", row.version)} for row in self.book.versions()]
        context = {
            "title": self.title, "subtitle": self.text, "versions": versions, "edit_url": self._url("rule_edit"),
            **(self.more(request) if self.more else {}),
        }  # fmt: skip
        return respond(request, self.versions_template, context)

    # --- the editor -------------------------------------------------------------------------------------------

    def edit(self, request: HttpRequest) -> HttpResponse:
        """Make a new version out of an old one (`?from=3`; the active one without)."""
        shape = self.shape()
        if request.method != "POST":
            return self._editor(request, shape, self._start(request), note="", expert=False)
        do, note = request.POST.get("do", ""), request.POST.get("note", "").strip()
        expert, errors = bool(request.POST.get("expert")), list[str]()
        try:
            if expert:
                rules = self._typed(request)
                if do == "form":
                    self.book.check(rules)
            else:
                posted = read(shape, request.POST)
                if ":" in do:
                    change(shape, posted.content, do)
                rules, errors = self._gathered(posted.content), posted.errors
            if do not in ("save", "preview"):
                return self._editor(request, shape, rules, note=note, expert=do == "json")
            if errors:
                raise InvalidRulesError(errors)
            now = timezone.now()
            if do == "preview":
                tried = self.preview(self.book.check(rules), now)
                return self._editor(request, shape, rules, note=note, expert=expert, preview=tried)
            row = self.save(rules=rules, note=note, user_id=current_user(request).pk, now=now)
        except _NotJsonError as error:
            typed = request.POST.get("json", "")
            return self._editor(
                request, shape, None, note=note, expert=True, typed=typed, errors=[str(error)]
            )
        except InvalidRulesError as error:
            problems = [translated(each) for each in error.errors]
            return self._editor(request, shape, rules, note=note, expert=expert, errors=problems)
        messages.success(
            request,
            _("Version %(version)s is saved. It decides once you activate it.") % {"version": row.version},
        )
        return redirect_to(request, self._url("rule", row.version))

    def _start(self, request: HttpRequest) -> Any:
        wanted = request.GET.get("from", "")
        rows = {row.version: row for row in self.book.versions()}
        active = next((row for row in rows.values() if row.active), None)
        row = rows.get(int(wanted)) if wanted.isdigit() else active
        if row is None:
            raise Http404
        return row.rules

    def _spread(self, rules: Any) -> dict[str, Any]:
        """What the form shows of the rules."""
        # Through JSON: the editor changes what it is given, and defaults belong to everybody.
        copy = json.loads(json.dumps(rules))
        if self.spread is not None:
            return self.spread(copy)
        content: dict[str, Any] = {self.root: copy} if self.root else copy
        return content

    def _gathered(self, content: dict[str, Any]) -> Any:
        """The rules that a form's content stands for."""
        if self.gather is not None:
            return self.gather(content)
        return content[self.root] if self.root else content

    def _typed(self, request: HttpRequest) -> Any:
        try:
            rules = json.loads(request.POST.get("json", ""))
        except (ValueError, RecursionError) as error:
            raise _NotJsonError(_("This is not JSON: %(problem)s") % {"problem": error}) from error
        if not isinstance(rules, list if self.root else dict):
            raise _NotJsonError(_("This is JSON, but not of the form that these rules have."))
        return rules

    def _editor(
        self,
        request: HttpRequest,
        shape: Shape,
        rules: Any,
        *,
        note: str,
        expert: bool,
        typed: str = "",
        errors: list[str] | None = None,
        preview: Mapping[str, Any] | None = None,
    ) -> HttpResponse:
        context = {
            "title": _("New version"), "crumbs": [*self._crumbs(), (_("New version"), "")],
            "form_url": self._url("rule_edit"), "cancel_url": self._url("rules"), "note": note, "errors": errors,
            "expert": expert, "preview": preview, "preview_template": self.preview_template, **(preview or {}),
        }  # fmt: skip
        if expert:
            context["json_text"] = typed or json.dumps(rules, ensure_ascii=False, indent=2)
        else:
            context["view"] = show(shape, self._spread(rules))
        status = 422 if errors else 200
        return respond(request, "ui/rule_form.html", context, fragment="ui/_rule_form.html", status=status)

    # --- one version ------------------------------------------------------------------------------------------

    def _row(self, version: int) -> RuleVersion:
        found: RuleVersion | None = next(
            (row for row in self.book.versions() if row.version == version), None
        )
        if found is None:
            raise Http404
        return found

    def version(self, request: HttpRequest, version: int) -> HttpResponse:
        """One version as it was saved; one that does not decide yet is tried on history."""
        row = self._row(version)
        name = _("Version %(version)s") % {"version": version}
        context = {
            "title": name, "subtitle": row.note, "crumbs": [*self._crumbs(), (name, "")], "row": row,
            "view": show(self.shape(), self._spread(row.rules)),
            "json_text": json.dumps(row.rules, ensure_ascii=False, indent=2),
            "edit_url": f"{self._url('rule_edit')}?from={version}", "activate_url": self._url("rule_activate", version),
            "preview_url": self._url("rule_preview", version),
            "question": _("Let version %(version)s decide from now on?") % {"version": version},
        }  # fmt: skip
        return respond(request, "ui/rule_version.html", context)

    def try_version(self, request: HttpRequest, version: int) -> HttpResponse:
        """What this version would have changed: a fragment."""
        row = self._row(version)
        try:
            rules = self.book.check(row.rules, version)
        except InvalidRulesError as error:
            errors = [translated(each) for each in error.errors]
            return respond(request, "ui/_rule_errors.html", {"errors": errors})
        return respond(request, self.preview_template, self.preview(rules, timezone.now()))

    def make_active(self, request: HttpRequest, version: int) -> HttpResponse:
        """Let it decide."""
        self._row(version)
        try:
            self.activate(version=version, actor=f"user:{current_user(request).pk}", now=timezone.now())
        except InvalidRulesError as error:
            messages.error(request, "; ".join(translated(each) for each in error.errors))
        else:
            messages.success(request, _("Version %(version)s decides from now on.") % {"version": version})
        return redirect_to(request, self._url("rule", version))
