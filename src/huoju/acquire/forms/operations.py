"""Writes of forms and submissions."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from huoju.core.facts.operations import NewFact, append

from .facts import FormSubmitted
from .models import Form, FormVersion, Submission
from .policy.answers import contact_key
from .policy.definition import Definition, origin_of, parse
from .queries import latest_version


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubmission:
    """A submission that was checked. `key` makes it count once; `occurred_at` is when the person acted."""

    via: str
    key: str
    data: Mapping[str, str]
    source: Mapping[str, str] = field(default_factory=dict)
    consent: Mapping[str, bool] = field(default_factory=dict)
    consent_text: str = ""
    form: Form | None = None
    version: FormVersion | None = None
    purpose: str = Form.Purpose.CONTACT
    product: str = ""
    campaign_id: int | None = None
    api_key_id: int | None = None
    ip: str = ""
    user_agent: str = ""
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Submitted:
    """The submission under a key, and whether this call stored it (else an earlier one did)."""

    submission_id: int
    created: bool
    same: bool = True  # False: the earlier submission under this key said something else


def submit_batch(new: Sequence[NewSubmission], *, actor: str, source: str, now: datetime) -> list[Submitted]:
    """Store submissions with their facts, in one transaction; returns their ids in order.

    When this returns outside a transaction, they are committed: what is answered with thanks is never lost. A key that
    is known already stores nothing and gives the first submission's id; of two at the same time one waits.
    """
    rows = {each.key: each for each in reversed(new)}  # of doubles within the batch the first one counts
    with transaction.atomic():
        created = _insert([rows[key] for key in sorted(rows)], now)
        facts = [_fact(rows[key], pk, now) for key, pk in created.items()]
        append(facts, actor=actor, source=source, now=now)
    earlier = {
        submission.idempotency_key: submission
        for submission in Submission.objects.filter(idempotency_key__in=[key for key in rows if key not in created])
    } if len(created) < len(rows) else {}  # fmt: skip
    results: list[Submitted] = []
    told: set[str] = set()
    for each in new:
        if each.key in created:
            first = rows[each.key]
            results.append(Submitted(created[each.key], each.key not in told, _says(each) == _says(first)))
            told.add(each.key)
        else:
            there = earlier[each.key]
            said = (there.data, {**there.source}, {**there.consent})
            results.append(Submitted(there.pk, False, _says(each) == said))
    return results


def _says(each: NewSubmission) -> tuple[dict[str, str], dict[str, str], dict[str, bool]]:
    return dict(each.data), dict(each.source), dict(each.consent)


def submit(new: NewSubmission, *, actor: str, source: str, now: datetime) -> Submitted:
    """`submit_batch` for one."""
    return submit_batch([new], actor=actor, source=source, now=now)[0]


def _insert(new: Sequence[NewSubmission], now: datetime) -> dict[str, int]:
    """Insert what is not there, in the order given (sorted: two batches with common keys must not deadlock)."""
    rows = [
        {
            "via": each.via,
            "form_id": each.form.pk if each.form else None,
            "version_id": each.version.pk if each.version else None,
            "api_key_id": each.api_key_id,
            "idempotency_key": each.key,
            "data": dict(each.data),
            "source": dict(each.source),
            "consent": dict(each.consent),
            "ip": each.ip or None,
            "user_agent": each.user_agent,
        }
        for each in new
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO webforms_submission (via, form_id, version_id, api_key_id, idempotency_key, received_at,
                                                data, source, consent, ip, user_agent)
               SELECT via, form_id, version_id, api_key_id, idempotency_key, %s, data, source, consent, ip, user_agent
               FROM jsonb_to_recordset(%s::jsonb) AS r(via text, form_id bigint, version_id bigint, api_key_id bigint,
                    idempotency_key text, data jsonb, source jsonb, consent jsonb, ip inet, user_agent text)
               ON CONFLICT (idempotency_key) DO NOTHING RETURNING idempotency_key, id""",
            [now, json.dumps(rows)],
        )
        return dict(cursor.fetchall())


def _fact(each: NewSubmission, submission_id: int, now: datetime) -> NewFact:
    payload = FormSubmitted(
        submission_id=submission_id,
        via=each.via,
        form_id=each.form.pk if each.form else None,
        form_version=each.version.number if each.version else None,
        purpose=each.purpose,
        product=each.product,
        campaign_id=each.campaign_id,
        data=dict(each.data),
        source=dict(each.source),
        consent=dict(each.consent),
        consent_text=each.consent_text,
        ip=each.ip,
    )
    return NewFact(
        payload=payload,
        occurred_at=each.occurred_at or now,
        # Not the visitor id, which stays in the source: two submissions of one mobile must keep their order.
        shard_key=contact_key(each.data) or each.key,
    )


# --- Forms --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSettings:
    """What a form is, apart from what it shows."""

    name: str
    slug: str
    purpose: str = Form.Purpose.CONTACT
    campaign_id: int | None = None
    product: str = ""
    published: bool = True
    allowed_origins: Sequence[str] = ()


@transaction.atomic
def create_form(
    *, settings: FormSettings, definition: Definition, created_by_id: int | None, now: datetime
) -> Form:
    """Make a form with its first version."""
    form = Form(created_at=now, created_by_id=created_by_id)
    _apply(form, settings)
    _add_version(form, 1, definition, created_by_id, now)
    return form


class VersionConflictError(Exception):
    """Somebody else saved a newer version than the one that was edited."""


@transaction.atomic
def save_form(
    *,
    form: Form,
    settings: FormSettings,
    definition: Definition,
    based_on: int,
    saved_by_id: int | None,
    now: datetime,
) -> FormVersion:
    """Keep the settings and, if the definition changed, publish it as the next version.

    `based_on` is the version that was edited; raises `VersionConflictError` if there is a newer one by now. Versions
    never change: a submission keeps the one that was shown.
    """
    Form.objects.select_for_update().get(pk=form.pk)
    latest = latest_version(form)
    if latest.number != based_on:
        raise VersionConflictError
    _apply(form, settings)
    if latest.definition == definition.as_json():
        return latest
    return _add_version(form, latest.number + 1, definition, saved_by_id, now)


@transaction.atomic
def restore_version(
    *, form: Form, version: FormVersion, saved_by_id: int | None, now: datetime
) -> FormVersion:
    """Show what an old version showed, as the next version; the one that shows it already stays."""
    Form.objects.select_for_update().get(pk=form.pk)
    latest = latest_version(form)
    if latest.definition == version.definition:
        return latest
    return _add_version(form, latest.number + 1, parse(version.definition), saved_by_id, now)


def _apply(form: Form, settings: FormSettings) -> None:
    form.name, form.slug, form.purpose = settings.name, settings.slug, settings.purpose
    form.campaign_id, form.product, form.published = (
        settings.campaign_id,
        settings.product,
        settings.published,
    )
    origins = {text.strip(): origin_of(text) for text in settings.allowed_origins if text.strip()}
    if wrong := [text for text, origin in origins.items() if origin is None]:
        raise ValidationError({"allowed_origins": _("Not an origin: %s") % ", ".join(wrong)})
    form.allowed_origins = sorted({origin for origin in origins.values() if origin})
    form.full_clean(exclude=["created_by"])
    form.save()


def _add_version(
    form: Form, number: int, definition: Definition, created_by_id: int | None, now: datetime
) -> FormVersion:
    return FormVersion.objects.create(
        form=form,
        number=number,
        definition=definition.as_json(),
        created_at=now,
        created_by_id=created_by_id,
    )
