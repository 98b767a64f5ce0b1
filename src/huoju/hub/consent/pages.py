"""What marketing sees of consent: the lists with their entries and uploads, what the law of each place asks for."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from huoju.core.access.gate import current_user, requires
from huoju.core.access.policy import Action
from huoju.core.places import country_name, list_countries
from huoju.core.ui.download import download
from huoju.core.ui.formpage import show_form
from huoju.core.ui.parts import Progress
from huoju.core.ui.respond import redirect_to, respond

from . import jobs, operations, queries
from .models import Suppression, SuppressionList, SuppressionUpload
from .policy import (
    BASIS_LABELS,
    CHANNEL_LABELS,
    DOUBLE_OPT_IN_LABELS,
    ENTRY_LABELS,
    EVERYWHERE,
    FOOTER_LABELS,
    LIST_LABELS,
    LIST_MEANINGS,
    PROBLEM_LABELS,
    PURPOSE_LABELS,
    REASON_LABELS,
    Channel,
    EntryKind,
    EntryProblem,
    ListKind,
    PolicyTable,
    Purpose,
    Reason,
    Rule,
    read_entry,
)
from .rulepages import editable_places, place_name

MAX_TYPED = 1_000
SHOWN = 200
EXAMPLES = "li@firm.cn\n13800138000\nrival.cn\n+8617*"
_TONES = {
    ListKind.WHITE: "success",
    ListKind.BLACK: "danger",
    ListKind.ERASED: "secondary",
    ListKind.UNSUBSCRIBED: "warning",
    ListKind.REGISTER: "info",
}


class ListForm(forms.Form):
    """A list of one's own."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    kind = forms.ChoiceField(
        label=gettext_lazy("What it means"),
        choices=lambda: [
            (kind.value, _(LIST_LABELS[kind])) for kind in (ListKind.BLACK, ListKind.WHITE, ListKind.REGISTER)
        ],
    )
    country = forms.ChoiceField(
        label=gettext_lazy("Country of the register"),
        choices=lambda: [("", "–"), *list_countries()],
        required=False,
    )
    channels = forms.MultipleChoiceField(
        label=gettext_lazy("Only for these channels"),
        choices=lambda: [(each.value, _(label)) for each, label in CHANNEL_LABELS.items()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )


class UploadForm(forms.Form):
    """A file for a list."""

    file = forms.FileField(label=gettext_lazy("CSV or text in UTF-8, an address a line"))
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200, required=False)
    country = forms.ChoiceField(
        label=gettext_lazy("Numbers without a plus are of"), choices=list_countries, initial="CN"
    )


@requires(Action.MANAGE_SUPPRESSION)
@require_http_methods(["GET", "POST"])
def lists_page(request: HttpRequest) -> HttpResponse:
    """All lists; below, a new one."""
    now = timezone.now()
    for kind in operations.OWN_LISTS:
        operations.own_list(kind, now=now)
    form = ListForm(request.POST or None)
    if form.is_valid():
        values = form.cleaned_data
        made = operations.create_list(
            name=values["name"],
            kind=ListKind(values["kind"]),
            channels=values["channels"],
            country=values["country"],
            user_id=current_user(request).pk,
            now=now,
        )
        return redirect_to(request, reverse("consent:list", args=[made.pk]))
    counts = queries.count_entries()
    rows = [
        {"row": row, "name": name_of(row), "label": _(LIST_LABELS[ListKind(row.kind)]), "count": counts.get(row.pk, 0),
         "tone": _TONES[ListKind(row.kind)], "meaning": _(LIST_MEANINGS[ListKind(row.kind)]),
         "country": country_name(row.country)}
        for row in queries.list_lists()
    ]  # fmt: skip
    title, submit = _("Suppression lists"), _("Create the list")
    return show_form(request, form, "consent/lists.html", title=title, submit=submit, rows=rows)


def _shown(entry: Suppression) -> str:
    if entry.value.startswith("#"):
        return _("erased")
    return f"{entry.value}*" if entry.kind == EntryKind.PREFIX else entry.value


def name_of(row: SuppressionList) -> str:
    """A list's name; those that come with Huoju are named in the reader's language."""
    return _(LIST_LABELS[ListKind(row.kind)]) if row.code else row.name


@requires(Action.MANAGE_SUPPRESSION)
@require_safe
def list_page(request: HttpRequest, pk: int) -> HttpResponse:
    """A list: its newest entries (or those that are looked for), typing in, uploads."""
    row = _list(pk)
    wanted = request.GET.get("q", "").strip()
    entries = [
        {"value": _shown(each),
         "label": _(ENTRY_LABELS[EntryKind(each.kind)]), "raw": each}
        for each in queries.list_entries(row.pk, wanted=wanted, limit=SHOWN)
    ]  # fmt: skip
    context = {
        "title": name_of(row),
        "crumbs": _crumbs(),
        "row": row,
        "q": wanted,
        "entries": entries,
        "uploads": queries.list_uploads(row.pk),
        "form": UploadForm(initial={"country": row.country or "CN"}),
        "examples": EXAMPLES,
        "open": row.kind != ListKind.ERASED.value,
    }
    return respond(request, "consent/list.html", context)


@requires(Action.MANAGE_SUPPRESSION)
@require_POST
def change_entries(request: HttpRequest, pk: int) -> HttpResponse:
    """Put typed addresses on a list, or take them off it (`do` is "add" or "remove")."""
    row = _list(pk)
    read = [
        read_entry(line) for line in request.POST.get("entries", "").splitlines()[:MAX_TYPED] if line.strip()
    ]
    good = [each for each in read if not isinstance(each, EntryProblem)]
    user = current_user(request)
    told = {"actor": f"user:{user.pk}", "source": f"user:{user.pk}", "now": timezone.now()}
    reason = request.POST.get("reason", "").strip()
    if request.POST.get("do") == "remove":
        count = operations.remove_entries(good, of=row, reason=reason, **told)  # type: ignore[arg-type]
        messages.success(request, _("%(count)s taken off the list.") % {"count": count})
    else:
        count = operations.add_entries(good, to=row, reason=reason, **told)  # type: ignore[arg-type]
        messages.success(request, _("%(count)s put on the list.") % {"count": count})
    if bad := len(read) - len(good):
        messages.warning(request, _("%(count)s could not be read.") % {"count": bad})
    return redirect_to(request, reverse("consent:list", args=[pk]))


@requires(Action.MANAGE_SUPPRESSION)
@require_POST
def upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a file and put it on the list in the background."""
    row = _list(pk)
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, _("Choose a file first."))
        return redirect_to(request, reverse("consent:list", args=[pk]))
    values = form.cleaned_data
    made = operations.start_upload(
        to=row,
        file=values["file"],
        reason=values["reason"],
        country=values["country"],
        user_id=current_user(request).pk,
        now=timezone.now(),
    )
    jobs.read_upload.using(key=f"suppression-upload-{made.pk}").defer(upload_id=made.pk)
    return redirect_to(request, reverse("consent:upload", args=[made.pk]))


@requires(Action.MANAGE_SUPPRESSION)
@require_safe
def upload_page(request: HttpRequest, pk: int) -> HttpResponse:
    """How far an upload is; what it added, knew already, and could not read."""
    row = queries.get_upload(pk)
    if row is None:
        raise Http404
    finished = row.state in (SuppressionUpload.State.FINISHED, SuppressionUpload.State.FAILED)
    progress = Progress(
        url=reverse("consent:upload", args=[pk]),
        done=row.done_bytes,
        total=row.file_size,
        label=row.get_state_display(),
        counts=[(_("Added"), row.added), (_("Known already"), row.known), (_("Not readable"), row.bad)],
        finished=finished,
    )
    crumbs = [*_crumbs(), (name_of(row.list), reverse("consent:list", args=[row.list_id]))]
    context = {"title": row.file_name, "crumbs": crumbs, "row": row, "progress": progress}
    return respond(request, "consent/upload.html", context, fragment="ui/_progress.html")


@requires(Action.MANAGE_SUPPRESSION)
@require_safe
def faults(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The lines that could not be read, as CSV with the reason."""
    header = (_("Line"), _("Text"), _("Problem"))
    labels = {
        each.value: _(label) for each, label in PROBLEM_LABELS.items()
    }  # the rows are sent after the view
    rows = ((each.line, each.text, labels[each.problem]) for each in queries.iter_faults(pk))
    return download(f"not-readable-{pk}", "csv", header, rows)


@requires(Action.MANAGE_SUPPRESSION)
@require_safe
def policy_page(request: HttpRequest) -> HttpResponse:
    """What is allowed where, in words, with the source."""
    wanted = request.GET.get("from", "")
    try:
        table = queries.POLICY.get(int(wanted)) if wanted.isdecimal() else queries.POLICY.active()
    except LookupError as error:
        raise Http404 from error
    places = editable_places()
    chosen = request.GET.get("country", "CN")
    if chosen not in places:
        chosen = EVERYWHERE
    own = {EVERYWHERE, *table.countries()}
    version = {"from": table.version} if wanted else {}
    context = {
        "title": _("What the law allows"),
        "groups": [
            (_("With rows of their own"), [(code, place_name(code)) for code in places if code in own]),
            (_("By the strict default"), [(code, place_name(code)) for code in places if code not in own]),
        ],
        "from": wanted,
        "edit_url": f"{reverse('consent:rule_edit')}?{urlencode({'country': chosen, **version})}",
        "can_edit": current_user(request).may(Action.SET_RULES),
        "chosen": chosen,
        "name": place_name(chosen),
        "rows": [_in_words(table, chosen, channel) for channel in Channel],
        "common": [
            (_(PURPOSE_LABELS[purpose]), _(BASIS_LABELS[rule.basis]), _(rule.source))
            for purpose in (Purpose.INQUIRY, Purpose.SERVICE)
            for _place, rule in [table.rule_for(chosen, Channel.EMAIL, purpose)]
        ],
        "version": table.version,
    }
    return respond(request, "consent/policy.html", context)


def _in_words(table: PolicyTable, country: str, channel: Channel) -> dict[str, Any]:
    place, rule = table.rule_for(country, channel, Purpose.MARKETING)
    return {
        "channel": _(CHANNEL_LABELS[channel]),
        "basis": _(BASIS_LABELS[rule.basis]),
        "more": list(_exceptions(rule)),
        "double": _(DOUBLE_OPT_IN_LABELS[rule.double_opt_in])
        if rule.double_opt_in and channel is Channel.EMAIL
        else "",
        "footer": _(", ").join(_(FOOTER_LABELS[each]) for each in rule.footer),
        "source": _(rule.source),
        "rule": rule,
        "default": place == EVERYWHERE and country != EVERYWHERE,
    }


def _exceptions(rule: Rule) -> list[str]:
    found = []
    if rule.customers is not None:
        days = rule.customers
        found.append(
            _("Customers without it, for %(days)s days after they bought") % {"days": days}
            if days
            else _("Customers without it, for similar products")
        )
    if rule.inquirers is not None:
        found.append(_("Who asked us without it, for %(days)s days") % {"days": rule.inquirers})
    if rule.business:
        found.append(_("Work addresses without it"))
    if rule.register:
        found.append(
            _("Only with a copy of the register “%(name)s” that is not older than %(days)s days")
            % {"name": rule.register, "days": rule.register_days}
        )
    return found


def consent_panel(_request: HttpRequest, person_id: int) -> dict[str, Any]:
    """For pages about somebody: may we write or call, by channel, and why. To answer what they asked is one thing, to
    offer them something else another. A channel without an address says so once; WeChat is left out then."""
    asked = [(channel, purpose) for channel in Channel for purpose in (Purpose.INQUIRY, Purpose.MARKETING)]
    verdicts = queries.may_contact_how(person_id, asked, timezone.now())
    rows: dict[Channel, list[dict[str, Any]]] = {}
    for (channel, purpose), verdict in verdicts.items():
        lines = rows.setdefault(channel, [])
        if verdict.reason is not Reason.NO_ADDRESS:
            lines.append(
                {"purpose": _(PURPOSE_LABELS[purpose]), "allowed": verdict.allowed,
                 "reason": _(REASON_LABELS[verdict.reason])}
            )  # fmt: skip
    return {
        "rows": [
            (_(CHANNEL_LABELS[channel]), lines)
            for channel, lines in rows.items()
            if lines or channel is not Channel.WECHAT
        ],
        "no_address": _(REASON_LABELS[Reason.NO_ADDRESS]),
    }


def _list(pk: int) -> SuppressionList:
    row = queries.get_list(pk)
    if row is None:
        raise Http404
    return row


def _crumbs() -> list[tuple[Any, str]]:
    return [(_("Suppression lists"), reverse("consent:lists"))]
