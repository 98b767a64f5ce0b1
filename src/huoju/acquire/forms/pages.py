"""Pages of forms and submissions, for marketing."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from huoju.core.access.gate import current_user, requires
from huoju.core.access.policy import Action
from huoju.core.export import Cell
from huoju.core.ui.download import download
from huoju.core.ui.formats import mask
from huoju.core.ui.listing import Empty, ListPage, Sort
from huoju.core.ui.qr import qr_response
from huoju.core.ui.respond import respond

from . import queries
from .filters import FormFilter, SubmissionFilter
from .models import Form, Submission
from .policy.answers import choices
from .policy.definition import CONTACT, CUSTOM, Field, FieldKind
from .tables import OUTCOME_LOOKS, FormTable, SubmissionTable, form_url, outcome_badge, submission_url
from .wording import CONSENT_LABELS, FIELD_LABELS, SOURCE_LABELS


@requires(Action.RUN_CAMPAIGNS)
class FormList(ListPage[Form]):
    """Every form, with how many answers it got."""

    code = "webforms.forms"
    title = gettext_lazy("Forms")
    subtitle = gettext_lazy(
        "Where visitors leave their contact data: on a page of its own or on your website."
    )
    template = "webforms/forms.html"
    table_class = FormTable
    filter_class = FormFilter
    inline_filters = ("purpose",)
    sorts = {
        "name": Sort("name"),
        "purpose": Sort("purpose"),
        "submissions": Sort("submissions"),
        "last_at": Sort("last_at", nullable=True),
    }
    default_sort = "name"
    default_columns = ("name", "purpose", "campaign", "submissions", "last_at", "published")
    empty = Empty(
        title=gettext_lazy("No forms yet"),
        text=gettext_lazy(
            "Make one, share its link or paste its snippet into your website: each answer becomes a lead."
        ),
        icon="forms",
        action_label=gettext_lazy("Create a form"),
        action_url="/forms/new/",
    )

    def rows(self) -> QuerySet[Form]:
        """All forms."""
        return queries.list_forms()

    def row_url(self, row: Form) -> str:
        """To the form."""
        return form_url(row)


@requires(Action.RUN_CAMPAIGNS)
@require_safe
def form_page(request: HttpRequest, pk: int) -> HttpResponse:
    """A form: how to share it, its latest answers, its versions."""
    form = get_object_or_404(queries.list_forms(), pk=pk)
    table = SubmissionTable(
        list(queries.list_submissions(form)[:10]),
        exclude=("form", "page", "via"),
        orderable=False,
        request=request,
    )
    table.rows_with_urls = [(row, submission_url(row.record)) for row in table.rows]
    context = {
        "title": form.name,
        "crumbs": [(_("Forms"), reverse("webforms:forms"))],
        "form": form,
        "public_url": public_url(form),
        "snippet": snippet(form),
        "submissions": table,
        "versions": queries.list_versions(form)[:8],
    }
    return respond(request, "webforms/form.html", context)


def public_url(form: Form) -> str:
    """The form's own page, as it stands in links."""
    return settings.PUBLIC_URL.rstrip("/") + reverse("public_forms:hosted", args=[form.slug])


def snippet(form: Form) -> str:
    """What goes into the HTML of another page."""
    address = settings.PUBLIC_URL.rstrip("/") + reverse("public_forms:embed_script", args=[form.slug])
    return f'<script async src="{address}"></script>'


@requires(Action.RUN_CAMPAIGNS)
@require_safe
def form_qr(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """The QR code of the form's page."""
    form = get_object_or_404(Form, pk=pk)
    return qr_response(public_url(form), kind, name=form.slug)


# --- Submissions --------------------------------------------------------------------------------------------

_EXPORTED = [kind for kind in FieldKind if kind not in CUSTOM]
_SOURCES = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "page", "referrer")


@requires(Action.RUN_CAMPAIGNS)
class SubmissionList(ListPage[Submission]):
    """Everything that came in by form or API, as it was sent."""

    code = "webforms.submissions"
    title = gettext_lazy("Submissions")
    subtitle = gettext_lazy("Everything that came in by form or API, as it was sent, and what became of it.")
    table_class = SubmissionTable
    filter_class = SubmissionFilter
    inline_filters = ("form",)
    sorts = {"received_at": Sort("received_at")}
    default_sort = "-received_at"
    default_columns = ("received_at", "who", "company", "contact", "form", "outcome", "utm")
    exports = ("csv", "xlsx")
    empty = Empty(
        title=gettext_lazy("Nothing came in yet"),
        text=gettext_lazy("Answers to your forms and leads sent by API appear here within a second."),
        icon="inbox",
    )

    def rows(self) -> QuerySet[Submission]:
        """All submissions."""
        return queries.list_submissions()

    def row_url(self, row: Submission) -> str:
        """To the submission."""
        return submission_url(row)

    def export(self, kind: str, rows: QuerySet[Submission], columns: Sequence[str]) -> HttpResponseBase:
        """All of the filter, with every answer."""
        header = [
            *(str(_("Number")), str(_("Received")), str(_("Form")), str(_("What became of it"))),
            *(str(FIELD_LABELS[each]) for each in _EXPORTED),
            *(str(_("Other answers")), str(_("Consent")), *_SOURCES),
        ]
        open_contacts = current_user(self.request).may(Action.SEE_CONTACTS)
        return download("submissions", kind, header, _export_rows(rows, open_contacts=open_contacts))


def _export_rows(rows: QuerySet[Submission], *, open_contacts: bool) -> Iterator[list[Cell]]:
    batch: list[Submission] = []
    for submission in rows.iterator(chunk_size=500):
        batch.append(submission)
        if len(batch) == 500:
            yield from _exported(batch, open_contacts=open_contacts)
            batch = []
    yield from _exported(batch, open_contacts=open_contacts)


def _exported(batch: Sequence[Submission], *, open_contacts: bool) -> Iterator[list[Cell]]:
    found = queries.outcomes([submission.pk for submission in batch])
    known = {kind.value for kind in _EXPORTED}
    for submission in batch:
        data = dict(submission.data)
        if not open_contacts:
            data |= {key: mask(data[key]) for key in ("mobile", "email") if key in data}
        yield [
            submission.pk,
            submission.received_at,
            submission.form.name if submission.form else "",
            str(OUTCOME_LOOKS[found[submission.pk].state][0]),
            *(data.get(kind.value, "") for kind in _EXPORTED),
            "; ".join(f"{key}: {value}" for key, value in data.items() if key not in known),
            "; ".join(f"{purpose}: {'✓' if given else '–'}" for purpose, given in submission.consent.items()),
            *(submission.source.get(key, "") for key in _SOURCES),
        ]


@requires(Action.RUN_CAMPAIGNS)
@require_safe
def submission_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One submission as it was sent: answers, source, consent and its proof."""
    submission = get_object_or_404(Submission.objects.select_related("form", "version", "api_key"), pk=pk)
    outcome = queries.outcomes([pk])[pk]
    context = {
        "title": _("Submission %(n)d") % {"n": pk},
        "crumbs": [(_("Submissions"), reverse("webforms:submissions"))],
        "submission": submission,
        "outcome": outcome_badge(outcome),
        "answers": _answers(submission, open_contacts=current_user(request).may(Action.SEE_CONTACTS)),
        "consents": _consents(submission),
        "source": [
            (label, submission.source[key])
            for key, label in SOURCE_LABELS.items()
            if key in submission.source
        ],
    }
    return respond(request, "webforms/submission.html", context)


def _answers(submission: Submission, *, open_contacts: bool) -> list[tuple[Any, str]]:
    """Label and answer in the words and the order of the form that was shown; then what it did not ask for."""
    language = get_language() or "zh-hans"
    definition = queries.definition_of(submission.version) if submission.version else None
    known = {kind.value: Field(kind.value, kind) for kind in FieldKind if kind not in CUSTOM}
    fields = {field.key: field for field in definition.fields} if definition else {}
    fields |= {key: field for key, field in known.items() if key not in fields}
    data = submission.data
    rows: list[tuple[Any, str]] = []
    for field in (field for key, field in fields.items() if key in data):
        value = data[field.key]
        shown = next((each.label.get(language) for each in choices(field) if each.value == value), value)
        if field.kind in CONTACT and not open_contacts:
            shown = mask(value)
        rows.append((field.label.get(language) or FIELD_LABELS[field.kind], shown))
    return [*rows, *((key, value) for key, value in data.items() if key not in fields)]


def _consents(submission: Submission) -> list[tuple[Any, bool, str]]:
    """Purpose, answer and the text that was shown."""
    language = str(submission.source.get("language", "zh-hans"))
    definition = queries.definition_of(submission.version) if submission.version else None
    texts = {box.purpose.value: box.text.get(language) for box in definition.consents} if definition else {}
    names = {purpose.value: label for purpose, label in CONSENT_LABELS.items()}
    return [
        (names.get(purpose, purpose), bool(given), texts.get(purpose, ""))
        for purpose, given in submission.consent.items()
    ]
