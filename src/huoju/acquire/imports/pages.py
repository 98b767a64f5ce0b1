"""The wizard: upload, mapping, preview, run, result; and the list of imports."""

import json
import tempfile
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from huoju.core.access.gate import current_user, requires
from huoju.core.access.policy import Action
from huoju.core.errors import UserError
from huoju.core.export import CSV_TYPE, XLSX_TYPE, attachment, iter_csv, write_xlsx
from huoju.core.ui.formats import number
from huoju.core.ui.listing import Empty, ListPage, Sort
from huoju.core.ui.parts import Figure, Progress, Step, Steps
from huoju.core.ui.respond import redirect_to, respond

from . import operations, queries, surveying
from .forms import MappingForm, ReadingForm, UploadForm
from .mapping import Mapping, MappingError
from .models import Import, OutcomeChoice, State
from .problems import FileProblem, problem_text
from .reasons import reason_text
from .registry import ImportTarget, Outcome, Reason, get_target
from .tables import ImportTable, import_url

PREVIEW_SHOWN = 100
REJECTED_SHOWN = 50
# A run commits every few seconds; longer silence means that no worker is at it.
STALE = timedelta(seconds=60)
_STILL = gettext_lazy("Nothing has moved for a minute. Is a worker running?")

TONES = {
    Outcome.NEW: "success",
    Outcome.JOINS: "info",
    Outcome.UPDATES: "info",
    Outcome.QUARANTINED: "warning",
    Outcome.REJECTED: "danger",
}


@requires(Action.IMPORT)
class ImportList(ListPage[Import]):
    """Every file that came in."""

    code = "imports.imports"
    title = gettext_lazy("Imports")
    subtitle = gettext_lazy(
        "Files of leads and payments: looked at first, imported once, taken back if need be."
    )
    template = "imports/list.html"
    table_class = ImportTable
    sorts = {"file_name": Sort("file_name"), "state": Sort("state"), "created_at": Sort("created_at")}
    default_sort = "-created_at"

    empty = Empty(
        title=gettext_lazy("Bring your leads in"),
        text=gettext_lazy(
            "A CSV or Excel file in any order of columns. Nothing is written before you have seen what happens."
        ),
        icon="file-import",
        action_label=gettext_lazy("Import a file"),
        action_url="/imports/new/",
    )

    def rows(self) -> QuerySet[Import]:
        """All imports."""
        return queries.list_imports()

    def row_url(self, row: Import) -> str:
        """To the step where it stands."""
        return import_url(row)


def _steps(current: str) -> Steps:
    return Steps(
        [
            Step(code="upload", label=_("File")),
            Step(code="mapping", label=_("Columns")),
            Step(code="preview", label=_("Preview")),
            Step(code="run", label=_("Import")),
            Step(code="result", label=_("Result")),
        ],
        current,
    )


def _wizard(
    request: HttpRequest,
    current: str,
    context: dict[str, Any],
    *,
    record: Import | None = None,
    status: int = 200,
) -> HttpResponse:
    title = record.file_name if record else _("Import a file")
    return respond(
        request,
        "ui/wizard.html",
        {
            "title": title,
            "crumbs": [(_("Imports"), reverse("imports:imports"))],
            "steps": _steps(current),
            "step_template": f"imports/_{current}.html",
            "record": record,
            **context,
        },
        status=status,
    )


def _target(record: Import) -> ImportTarget:
    try:
        return get_target(record.target)
    except KeyError:
        raise Http404 from None


@requires(Action.IMPORT)
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """The first step: a file, looked into at once."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        user, file = current_user(request), form.cleaned_data["file"]
        try:
            record = operations.create_import(
                target=get_target(form.cleaned_data["target"]),
                file_name=file.name,
                content=file.chunks(),
                user_id=user.pk,
                actor=f"user:{user.pk}",
                now=timezone.now(),
            )
        except FileProblem as problem:
            form.add_error("file", str(problem))
        else:
            return redirect_to(request, reverse("imports:mapping", args=[record.pk]))
    return _wizard(request, "upload", {"form": form}, status=422 if form.is_bound else 200)


@requires(Action.IMPORT)
@require_GET
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """The step where the import stands."""
    record = get_object_or_404(queries.list_imports(), pk=pk)
    match record.state:
        case State.UPLOADED:
            return redirect_to(request, reverse("imports:mapping", args=[pk]))
        case State.MAPPED:
            return redirect_to(request, reverse("imports:preview", args=[pk]))
        case State.RUNNING | State.ROLLING_BACK:
            return _wizard(request, "run", _running(record), record=record)
        case _:
            return _wizard(request, "result", _result(record), record=record)


@requires(Action.IMPORT)
@require_http_methods(["GET", "POST"])
def mapping(request: HttpRequest, pk: int) -> HttpResponse:
    """The second step: which column is what."""
    record = get_object_or_404(queries.list_imports(), pk=pk)
    if record.state not in (State.UPLOADED, State.MAPPED):
        return redirect_to(request, import_url(record))
    user = current_user(request)
    target = _target(record)
    with queries.open_file(record) as table:
        columns, sample, sheets = table.columns, table.sample(), table.sheets
    begin, suggestions, remembered = operations.suggest_mapping(import_id=pk, user_id=user.pk)
    if record.mapping is not None:
        begin, remembered = Mapping.parse(record.mapping, target), False
    form = MappingForm(
        request.POST or None,
        target=target,
        columns=columns,
        sample=sample,
        mapping=begin,
        suggestions=suggestions,
    )
    problems: list[str] = []
    if form.is_valid():
        try:
            # Through the same checks as a mapping file.
            operations.set_mapping(
                import_id=pk, mapping=form.mapping().to_json(), user_id=user.pk, now=timezone.now()
            )
        except MappingError as error:
            problems = [str(problem) for problem in error.problems]
        else:
            return redirect_to(request, reverse("imports:preview", args=[pk]))
    context = {
        "form": form,
        "reading_form": ReadingForm(record=record, sheets=sheets),
        "remembered": remembered,
        "problems": problems,
        "same": queries.list_same_file(record),
    }
    return _wizard(request, "mapping", context, record=record, status=422 if form.is_bound else 200)


@requires(Action.IMPORT)
@require_POST
def reading(request: HttpRequest, pk: int) -> HttpResponse:
    """Read the file another way."""
    record = get_object_or_404(queries.list_imports(), pk=pk)
    with queries.open_file(record) as table:
        form = ReadingForm(request.POST, record=record, sheets=table.sheets)
    if form.is_valid():
        try:
            operations.set_reading(import_id=pk, reading=form.reading())
        except UserError as error:
            messages.error(request, str(error))
    else:
        messages.error(request, _("The file cannot be read like that."))
    return redirect_to(request, reverse("imports:mapping", args=[pk]))


@requires(Action.IMPORT)
@require_GET
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """The third step: what would happen, row by row."""
    record = get_object_or_404(queries.list_imports(), pk=pk)
    if record.state != State.MAPPED:
        return redirect_to(request, import_url(record))
    try:
        found = surveying.preview_import(import_id=pk)
    except (FileProblem, MappingError) as error:
        messages.error(request, str(error))
        return redirect_to(request, reverse("imports:mapping", args=[pk]))
    target = _target(record)
    rows = [
        {
            "row_no": row.row_no,
            "cells": row.cells,
            "label": OutcomeChoice(row.outcome.value).label,
            "tone": TONES.get(row.outcome, "secondary"),
            "reasons": [reason_text(reason, target) for reason in row.reasons],
        }
        for row in found.rows[:PREVIEW_SHOWN]
    ]
    context = {
        "rows": rows,
        "columns": record.columns,
        "figures": _figures(found.counts),
        "looked_at": len(found.rows),
        "complete": found.complete,
        "dates": _dates(found.dates, target),
        "survey": _survey(record),
        "same": queries.list_same_file(record),
        "nothing": not any(row.outcome is not Outcome.REJECTED for row in found.rows),
    }
    return _wizard(request, "preview", context, record=record)


@requires(Action.IMPORT)
@require_http_methods(["GET", "POST"])
def survey(request: HttpRequest, pk: int) -> HttpResponse:
    """Count the whole file in the background; the fragment shows how far it is."""
    record = get_object_or_404(queries.list_imports(), pk=pk)
    if request.method == "POST":
        record = operations.start_survey(import_id=pk, now=timezone.now())
    shown = _survey(record)
    if shown is None:
        return HttpResponse(status=204)
    return respond(request, "ui/_progress.html", {"progress": shown})


@requires(Action.IMPORT)
@require_POST
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """Start, or go on."""
    user = current_user(request)
    operations.start_import(import_id=pk, actor=f"user:{user.pk}", now=timezone.now())
    return redirect_to(request, reverse("imports:import", args=[pk]))


@requires(Action.IMPORT)
@require_GET
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The bar, asked for every second."""
    record = get_object_or_404(queries.list_imports(), pk=pk)
    if not record.under_way:
        return redirect_to(request, import_url(record))
    return respond(request, "ui/_progress.html", _running(record))


@requires(Action.IMPORT)
@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop before the next batch."""
    record = operations.cancel_import(import_id=pk, now=timezone.now())
    return redirect_to(request, import_url(record))


@requires(Action.IMPORT)
@require_POST
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Queue an import again that does not move."""
    record = operations.resume_import(import_id=pk)
    return redirect_to(request, import_url(record))


@requires(Action.IMPORT)
@require_POST
def rollback(request: HttpRequest, pk: int) -> HttpResponse:
    """Take everything back."""
    user = current_user(request)
    record = operations.start_rollback(import_id=pk, actor=f"user:{user.pk}", now=timezone.now())
    return redirect_to(request, import_url(record))


@requires(Action.IMPORT)
@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget an import without effect."""
    operations.delete_import(import_id=pk)
    messages.success(request, _("The file is deleted."))
    return redirect_to(request, reverse("imports:imports"))


@requires(Action.IMPORT)
@require_GET
def rejected(request: HttpRequest, pk: int, kind: str) -> HttpResponseBase:
    """The rejected rows in the columns of the file, each with its reasons."""
    record = get_object_or_404(queries.list_imports(), pk=pk)
    header, rows = queries.open_rejected(record)
    name = attachment(f"{record.file_name.rpartition('.')[0] or record.file_name}-{_('rejected')}", kind)
    match kind:
        case "csv":
            headers = {"Content-Disposition": name}
            return StreamingHttpResponse(iter_csv(header, rows), content_type=CSV_TYPE, headers=headers)
        case "xlsx":
            file = tempfile.TemporaryFile()  # noqa: SIM115 -- closed by the response
            write_xlsx(file, header, rows, sheet=_("Rejected"))
            file.seek(0)
            return FileResponse(file, content_type=XLSX_TYPE, headers={"Content-Disposition": name})
        case _:
            raise Http404


@requires(Action.IMPORT)
@require_GET
def mapping_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The mapping, for `huoju import --mapping` and the API."""
    record = get_object_or_404(queries.list_imports(), pk=pk)
    if record.mapping is None:
        raise Http404
    body = json.dumps(record.mapping, ensure_ascii=False, indent=2) + "\n"
    headers = {"Content-Disposition": attachment(f"mapping-{record.pk}", "json")}
    return HttpResponse(body, content_type="application/json", headers=headers)


# --- what the templates draw ------------------------------------------------------------------------------------


def _figures(counts: dict[str, int]) -> list[Figure]:
    return [
        Figure(label=label, value=number(counts[code]))
        for code, label in OutcomeChoice.choices
        if counts.get(code)
    ]


def _counts(counts: dict[str, int]) -> list[tuple[Any, int]]:
    return [(label, counts[code]) for code, label in OutcomeChoice.choices if counts.get(code)]


def _counted(reasons: list[tuple[Reason, int]], target: ImportTarget) -> list[tuple[str, int]]:
    return [(reason_text(reason, target), count) for reason, count in reasons]


def _dates(dates: dict[str, Any], target: ImportTarget) -> list[dict[str, Any]]:
    """What was assumed about day and month, where the values did not settle it."""
    labels = {field.key: field.label for field in target.fields}
    return [
        {"label": labels.get(key, key), "day_first": found["order"] == "dmy", **found}
        for key, found in dates.items()
        if found["ambiguous"] or found["contradictory"]
    ]


def _survey(record: Import) -> Progress | None:
    if record.survey is None:
        return None
    counts, done = record.survey["counts"], record.survey["done"]
    return Progress(
        url=reverse("imports:survey", args=[record.pk]),
        done=sum(counts.values()),
        total=sum(counts.values()) if done else record.row_estimate,
        label=_("The whole file") if done else _("Looking at the whole file"),
        note=_("Rows that repeat within the file count as new here and join when they are imported.")
        if done
        else "",
        finished=done,
        counts=_counts(counts),
    )


def _running(record: Import) -> dict[str, Any]:
    stale = record.moved_at is not None and timezone.now() - record.moved_at > STALE
    rate = record.rows_per_second
    if record.state == State.ROLLING_BACK:
        done = record.undo_counts.get("undone", 0) + record.undo_counts.get("kept", 0)
        bar = Progress(
            url=reverse("imports:progress", args=[record.pk]),
            done=done,
            total=record.rows_done - record.counts.get("rejected", 0),
            label=_("Taking everything back"),
            note=_STILL if stale else "",
        )
    else:
        bar = Progress(
            url=reverse("imports:progress", args=[record.pk]),
            done=record.rows_done,
            total=record.row_estimate,
            label=_("Importing"),
            note=_STILL
            if stale
            else _("%(rate)s rows a second") % {"rate": number(round(rate))}
            if rate
            else "",
            counts=_counts(record.counts),
        )
    return {"progress": bar, "stale": stale}


def _result(record: Import) -> dict[str, Any]:
    target = _target(record)
    rows = queries.list_rows(record, queries.BAD, limit=REJECTED_SHOWN)
    bad = sum(record.counts.get(outcome, 0) for outcome in queries.BAD)
    return {
        "error": problem_text(record.error) if record.error else "",
        "figures": _figures(record.counts),
        "reasons": _counted(queries.count_reasons(record), target),
        "notes": _counted(queries.count_reasons(record, queries.GOOD), target),
        "steps_taken": sorted(
            ((name, int(count), seconds) for name, (count, seconds) in record.steps.items()),
            key=lambda item: -item[2],
        ),
        "bad_rows": [
            {
                "row_no": row.row_no,
                "label": row.get_outcome_display(),
                "tone": TONES.get(Outcome(row.outcome), "secondary"),
                "reasons": [reason_text(reason, target) for reason in queries.reasons_of(row)],
            }
            for row in rows
        ],
        "bad_count": bad,
        "good_count": record.rows_done - bad,
        "dates": _dates(record.dates or {}, target),
        "kept": record.undo_counts.get("kept", 0),
        "undone": record.undo_counts.get("undone", 0),
    }
