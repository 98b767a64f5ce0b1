"""The JSON API of leads and forms: what a program may send on somebody's behalf, and what became of it."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from django.core.exceptions import ValidationError
from django.db.models import F
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Field, Header, Router, Schema, Status
from pydantic import AwareDatetime, BeforeValidator, ConfigDict, ValidatorFunctionWrapHandler, WrapValidator
from pydantic import ValidationError as SchemaError

from huoju.acquire.campaigns.queries import list_campaigns
from huoju.core.access.gate import ApiKeyAuth
from huoju.core.access.models import ApiKey
from huoju.core.access.policy import ApiScope
from huoju.core.api import FieldProblem, Refused
from huoju.core.errors import schema_message

from . import operations, queries
from .models import Form, Submission
from .policy.answers import CLOCKS_SINCE, AnswerProblem, check, check_lead, source_of
from .policy.definition import ConsentPurpose
from .wording import ANSWER_TEXTS, CONSENT_REQUIRED

MAX_ROWS = 1000
MAX_KEY = 120

router = Router(auth=ApiKeyAuth(ApiScope.LEADS_WRITE))


def _scalar(value: object) -> object:
    """Numbers count as text: a JSON made from a spreadsheet has phone numbers without quotes."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


type Loose = Annotated[str, BeforeValidator(_scalar)]


class LeadIn(Schema):
    """Somebody who left contact data. A mobile number or an e-mail address is needed; everything else helps."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "name": "李娜",
                "mobile": "13827196054",
                "email": "li.na@example.cn",
                "company": "上海示例科技有限公司",
                "title": "数据总监",
                "message": "想了解实时数仓方案",
                "source": {
                    "utm_source": "baidu",
                    "utm_medium": "cpc",
                    "page": "https://www.example.com/demo",
                },
                "consent": {"privacy": True, "marketing": False},
                "consent_text": "我同意贵公司为答复本次咨询处理我提交的个人信息。",
            }
        },
    )

    name: Loose = ""
    email: Loose = ""
    mobile: Loose = Field("", description="In any customary shape; +86 is assumed where no country is given.")
    company: Loose = ""
    title: Loose = ""
    company_size: Loose = Field("", description="A number or a band such as “100-499”.")
    industry: Loose = ""
    region: Loose = Field("", description="A province or city in Chinese or English, or its GB/T 2260 code.")
    message: Loose = ""
    fields: dict[str, Loose] = Field(
        default_factory=dict, description="Fields of your own; kept with the lead."
    )
    form: str = Field(
        "", description="Slug of a form: its fields are checked, its campaign and product count."
    )
    purpose: str = Field(
        "", description="contact, trial, download, webinar or subscribe. Default: the form's, else contact."
    )
    product: Loose = Field("", description="Product line. Default: the form's.")
    source: dict[str, Loose] = Field(
        default_factory=dict,
        description="utm_source, utm_medium, utm_campaign, utm_term, utm_content, page, referrer, visitor_id, "
        "language; channel and campaign (code or name) where you know them.",
    )
    consent: dict[str, bool] = Field(default_factory=dict, description="By purpose: privacy, marketing.")
    consent_text: str = Field("", max_length=4000, description="What the person read when agreeing.")
    occurred_at: AwareDatetime | None = Field(
        None, description="When the person acted; default now, never later."
    )


class Accepted(Schema):
    """Stored. Whether it becomes a lead is decided within a second; ask for the submission to know."""

    submission_id: int
    status: str = Field("accepted", description="`accepted`, or `known` if this Idempotency-Key came before.")


class RowResult(Schema):
    """What became of one row of a batch."""

    index: int = Field(description="The row's place, from 0.")
    status: str = Field(description="`accepted`, `known` or `invalid`.")
    submission_id: int | None = None
    problems: list[FieldProblem] = []


def _any_list(value: object, validate: ValidatorFunctionWrapHandler) -> object:
    return value if isinstance(value, list) else validate(value)


class BatchIn(Schema):
    """Up to 1,000 leads."""

    # Described as leads, taken as they come: rows are read one by one, so that a bad one does not refuse the others.
    leads: Annotated[list[LeadIn], WrapValidator(_any_list)] = Field(json_schema_extra={"maxItems": MAX_ROWS})


class BatchOut(Schema):
    """One result a row, in their order."""

    accepted: int
    known: int
    invalid: int
    results: list[RowResult]


class SubmissionOut(Schema):
    """A submission and what became of it."""

    id: int
    received_at: datetime
    state: str = Field(description="`pending`, `lead`, `quarantined` or `dropped`.")
    lead_id: int | None = None
    reasons: list[str] = Field([], description="Why cleaning held it back; codes.")


class FormOut(Schema):
    """A form."""

    slug: str
    name: str
    purpose: str
    product: str
    published: bool
    campaign: str | None = Field(None, description="Code of its campaign.")


class CampaignOut(Schema):
    """A campaign."""

    code: str
    name: str
    channel: str = Field(description="Code of its channel.")
    state: str
    utm_source: str
    utm_medium: str
    starts_on: str | None = None
    ends_on: str | None = None


IdempotencyKey = Annotated[
    str,
    Header(
        "",
        alias="Idempotency-Key",
        description="Your own unique key (up to 120 characters). The same key again stores nothing more and gives "
        "the same answer.",
    ),
]


@router.post("/leads", response={202: Accepted}, summary="Submit a lead")
def submit_lead(request: HttpRequest, lead: LeadIn, key: IdempotencyKey = "") -> Status[Accepted]:
    """Store one expression of interest. 202 means committed; it is a lead (or waits in quarantine) within a second."""
    now = timezone.now()
    api_key = _key_of(request)
    prefix = _prefix(api_key, key)
    checked = _check_all([lead], api_key, [prefix], now)[0]
    if not isinstance(checked, operations.NewSubmission):
        raise Refused(422, "invalid", _("Some fields are missing or wrong."), checked)
    stored = operations.submit(checked, actor=f"api_key:{api_key.pk}", source="api", now=now)
    if not stored.same:
        raise Refused(409, "conflict", _("This Idempotency-Key was used for other data."))
    status = "accepted" if stored.created else "known"
    return Status(202, Accepted(submission_id=stored.submission_id, status=status))


@router.post("/leads/batch", response=BatchOut, summary="Submit up to 1,000 leads")
def submit_leads(request: HttpRequest, batch: BatchIn, key: IdempotencyKey = "") -> BatchOut:
    """Store many at once, each by itself: the answer says for every row whether it was accepted, and why not.

    With an Idempotency-Key, each row counts once under that key and its place.
    """
    now = timezone.now()
    api_key = _key_of(request)
    if len(batch.leads) > MAX_ROWS:
        raise Refused(413, "too_large", _("Send at most %(n)d leads at once.") % {"n": MAX_ROWS})
    prefix = _prefix(api_key, key)
    keys = [f"{prefix}/{index}" for index in range(len(batch.leads))]
    checked = _check_all([_read(row) for row in batch.leads], api_key, keys, now)
    good = [each for each in checked if isinstance(each, operations.NewSubmission)]
    stored = dict(
        zip(
            [each.key for each in good],
            operations.submit_batch(good, actor=f"api_key:{api_key.pk}", source="api", now=now),
            strict=True,
        )
    )
    results = [_row_result(index, each, stored) for index, each in enumerate(checked)]
    count = [result.status for result in results].count
    return BatchOut(
        accepted=count("accepted"), known=count("known"), invalid=count("invalid"), results=results
    )


@router.get(
    "/submissions/{submission_id}",
    response=SubmissionOut,
    summary="What became of a submission",
)
def get_submission(request: HttpRequest, submission_id: int) -> SubmissionOut:
    """A submission that was made with the same API key."""
    api_key = _key_of(request)
    submission = Submission.objects.filter(pk=submission_id, api_key=api_key).first()
    if submission is None:
        raise Http404
    outcome = queries.outcomes([submission.pk])[submission.pk]
    return SubmissionOut(
        id=submission.pk,
        received_at=submission.received_at,
        state=outcome.state,
        lead_id=outcome.lead_id,
        reasons=list(outcome.reasons),
    )


@router.get("/forms", response=list[FormOut], tags=["Forms"], summary="Forms")
def get_forms(request: HttpRequest) -> list[dict[str, Any]]:
    """Every form, by name. Send a lead with `form` to have it checked and counted as that form's."""
    rows = Form.objects.values(
        "slug", "name", "purpose", "product", "published", campaign_code=F("campaign__code")
    )
    return [{**row, "campaign": row["campaign_code"]} for row in rows]


@router.get("/campaigns", response=list[CampaignOut], tags=["Campaigns"], summary="Campaigns")
def get_campaigns(request: HttpRequest) -> list[CampaignOut]:
    """Every campaign that is not archived, newest first, up to 1,000."""
    return [
        CampaignOut(
            code=each.code,
            name=each.name,
            channel=each.channel.code,
            state=each.state,
            utm_source=each.utm_source,
            utm_medium=each.utm_medium,
            starts_on=each.starts_on.isoformat() if each.starts_on else None,
            ends_on=each.ends_on.isoformat() if each.ends_on else None,
        )
        for each in list_campaigns()[:1000]
    ]


# --- Reading rows -------------------------------------------------------------------------------------------


def _key_of(request: HttpRequest) -> ApiKey:
    """The key that the request came with."""
    api_key: ApiKey = request.auth  # type: ignore[attr-defined]  # set by ApiKeyAuth
    return api_key


def _prefix(api_key: ApiKey, key: str) -> str:
    if len(key) > MAX_KEY or not key.isprintable() or not key.isascii():
        raise ValidationError({"Idempotency-Key": _("Up to 120 printable ASCII characters, please.")})
    return f"api:{api_key.pk}:{key or uuid.uuid4()}"


def _read(row: object) -> LeadIn | list[FieldProblem]:
    try:
        return LeadIn.model_validate(row)
    except SchemaError as error:
        return [
            FieldProblem(
                field=".".join(str(part) for part in item["loc"]),
                message=schema_message(item["type"]),
                code=item["type"],
            )
            for item in error.errors()
        ]


type Checked = operations.NewSubmission | list[FieldProblem]


def _check_all(
    rows: Sequence[LeadIn | list[FieldProblem]], api_key: ApiKey, keys: Sequence[str], now: datetime
) -> list[Checked]:
    """Each row as a submission, or what is wrong with it. Forms are looked up once for all rows."""
    slugs = {row.form for row in rows if isinstance(row, LeadIn) and row.form}
    forms = queries.forms_with_versions(slugs) if slugs else {}
    return [
        _check(row, api_key, key, forms, now) if isinstance(row, LeadIn) else row
        for row, key in zip(rows, keys, strict=True)
    ]


def _check(row: LeadIn, api_key: ApiKey, key: str, forms: queries.FormsBySlug, now: datetime) -> Checked:
    found: list[FieldProblem] = []
    known = row.model_dump(include=_KNOWN_FIELDS, exclude_defaults=True)
    form, version = forms.get(row.form, (None, None)) if row.form else (None, None)
    if row.form and form is None:
        found.append(_problem("form", _("There is no such form."), "unknown_form"))
    purpose = row.purpose or (form.purpose if form else Form.Purpose.CONTACT)
    if purpose not in Form.Purpose.values:
        found.append(_problem("purpose", ANSWER_TEXTS[AnswerProblem.NOT_A_CHOICE], "not_a_choice"))
    found += [
        _problem(f"consent.{unknown}", ANSWER_TEXTS[AnswerProblem.UNKNOWN_FIELD], "unknown_field")
        for unknown in sorted(set(row.consent) - {each.value for each in ConsentPurpose})
    ]
    if row.occurred_at and row.occurred_at > now + timedelta(minutes=5):
        found.append(_problem("occurred_at", _("This lies in the future."), "future"))
    if row.occurred_at and row.occurred_at < datetime(CLOCKS_SINCE, 1, 1, tzinfo=UTC):
        text = _("This lies before %(year)d.") % {"year": CLOCKS_SINCE}
        found.append(_problem("occurred_at", text, "too_early"))
    if form and version:
        ticked = [purpose for purpose, given in row.consent.items() if given]
        answers = check(queries.definition_of(version), {**known, **row.fields}, ticked)
    else:
        answers = check_lead(known, row.fields)
    for name, problem in answers.problems.items():
        consent = name.startswith("consent.")
        found.append(_problem(name, CONSENT_REQUIRED if consent else ANSWER_TEXTS[problem], problem.value))
    if len(row.product) > 60:
        found.append(_problem("product", ANSWER_TEXTS[AnswerProblem.TOO_LONG], "too_long"))
    if found:
        return found
    return operations.NewSubmission(
        via=Submission.Via.API,
        key=key,
        data=answers.data,
        source=source_of(row.source),
        consent=row.consent,
        consent_text=row.consent_text,
        form=form,
        version=version,
        purpose=purpose,
        product=row.product or (form.product if form else ""),
        campaign_id=form.campaign_id if form else None,
        api_key_id=api_key.pk,
        occurred_at=row.occurred_at,
    )


_KNOWN_FIELDS = {
    *("name", "email", "mobile", "company", "title", "company_size", "industry", "region", "message"),
}


def _problem(field: str, message: object, code: str) -> FieldProblem:
    return FieldProblem(field=field, message=str(message), code=code)


def _row_result(index: int, checked: Checked, stored: dict[str, operations.Submitted]) -> RowResult:
    if not isinstance(checked, operations.NewSubmission):
        return RowResult(index=index, status="invalid", problems=checked)
    submitted = stored[checked.key]
    if not submitted.same:
        message = _("This Idempotency-Key was used for other data.")
        return RowResult(index=index, status="invalid", problems=[_problem("", message, "conflict")])
    return RowResult(
        index=index,
        status="accepted" if submitted.created else "known",
        submission_id=submitted.submission_id,
    )
