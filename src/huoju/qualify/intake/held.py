"""What was sent and what was held back, for requests about data: submissions, their facts, the quarantine.

They came before anybody knew whose they were, so they are found by the contacts that they became, and where they became
nobody's, by the addresses and numbers in them.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db import connection
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from huoju.acquire.forms.facts import FormSubmitted
from huoju.core.facts.kinds import kind_of
from huoju.core.lake import operations as lake
from huoju.core.ui.parts import Label
from huoju.hub.privacy.registry import (
    BLANK,
    Alike,
    Erased,
    Holder,
    Table,
    alike,
    identifies,
    register_holder,
    traces_of,
)

# Of what became a lead's, their own; of what became nobody's, what names an address or a number of theirs.
_SENT = f"""SELECT substring(c.origin FROM 12)::bigint FROM leads_touch c JOIN leads_lead l ON l.id = c.lead_id
            WHERE l.person_id = ANY(%(persons)s) AND c.origin LIKE 'submission:%%'
            UNION SELECT s.id FROM webforms_submission s WHERE {identifies("s.data::text")}
              AND NOT EXISTS (SELECT FROM leads_touch c WHERE c.origin = 'submission:' || s.id)"""

SUBMISSIONS = Table(
    name="webforms_submission",
    where=f"t.id IN ({_SENT})",
    columns={
        name: f"t.{name}" for name in ("received_at", "via", "data", "source", "consent", "ip", "user_agent")
    },
    blank={"data": "'{}'", "source": "'{}'", "ip": "NULL", "user_agent": "''"},
).holder(code="submissions", label=_("Forms they sent"), order=21)
# A lead's row in the quarantine, and what was never let through but names an address of theirs.
QUARANTINED = Table(
    name="intake_quarantined",
    where=f"""(t.lead_id IN (SELECT id FROM leads_lead WHERE person_id = ANY(%(persons)s))
               OR {identifies("t.candidate::text")} OR {identifies("t.reasons::text")})""",
    columns={name: f"t.{name}" for name in ("received_at", "verdict", "candidate")},
).holder(code="quarantine", label=_("Held back by cleaning"), order=22)


def _form_facts(
    persons: Sequence[int], select: str, more: dict[str, Any] | None = None, *, returning: str = ""
) -> list[tuple[Any, ...]]:
    # A fact of a form is recorded at the moment at which its submission was received: only those months are looked at.
    with connection.cursor() as cursor:
        cursor.execute(
            f"""{select} WHERE kind = 'form.submitted' AND (payload ->> 'submission_id')::bigint IN ({_SENT})
                 AND recorded_at >= (SELECT min(received_at) FROM webforms_submission WHERE id IN ({_SENT}))
                 AND recorded_at <= (SELECT max(received_at) FROM webforms_submission WHERE id IN ({_SENT}))
                 {returning}""",
            {"persons": list(persons), **traces_of(persons).params, **(more or {})},
        )
        return list(cursor.fetchall())


def _export_facts(persons: Sequence[int]) -> list[dict[str, Any]]:
    rows = _form_facts(
        persons, "SELECT jsonb_build_object('at', occurred_at, 'data', payload)::text FROM facts_fact"
    )
    return [json.loads(text) for (text,) in rows]


def _erase_facts(persons: Sequence[int]) -> Erased:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('huoju.erasing', 'on', true)")
    fields = sorted(kind_of(FormSubmitted).personal)
    update = f"UPDATE facts_fact SET visitor_id = NULL, payload = {BLANK}"
    blanked = [id_ for (id_,) in _form_facts(persons, update, {"fields": fields}, returning="RETURNING id")]
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('huoju.erasing', 'off', true)")
    # These facts are nobody's in the log: the lake cannot find them by person.
    lake.erase_persons(person_ids=[], fact_ids=blanked)
    return Erased(erased=len(blanked))


SENT_FACTS = Holder(
    code="form_facts",
    label=_("The log of forms they sent"),
    order=20,
    tables=("facts_fact",),
    find=lambda persons: len(_export_facts(persons)),
    export=_export_facts,
    erase=_erase_facts,
)


ALIKE = 50
"""So many uncertain ones of a kind are shown."""


def _alike(persons: Sequence[int], what: Label, url: str, select: str) -> list[Alike]:
    with connection.cursor() as cursor:
        params = {"persons": list(persons), **traces_of(persons).params}
        cursor.execute(f"{select} ORDER BY t.received_at DESC LIMIT {ALIKE}", params)
        return [Alike(what=what, at=at, url=reverse(url, args=[pk])) for pk, at in cursor.fetchall()]


def _alike_submissions(persons: Sequence[int]) -> list[Alike]:
    select = f"""SELECT t.id, t.received_at FROM webforms_submission t
        WHERE {alike("t.data::text")} AND NOT {identifies("t.data::text")}
          AND NOT EXISTS (SELECT FROM leads_touch c WHERE c.origin = 'submission:' || t.id)"""
    return _alike(persons, _("Submission"), "webforms:submission", select)


def _alike_quarantined(persons: Sequence[int]) -> list[Alike]:
    select = f"""SELECT t.id, t.received_at FROM intake_quarantined t
        WHERE {alike("t.candidate::text")} AND NOT {identifies("t.candidate::text")} AND t.lead_id IS NULL"""
    return _alike(persons, _("Held back by cleaning"), "intake:case", select)


def register() -> None:
    """Called once by the wiring."""
    register_holder(
        replace(SUBMISSIONS, alike=_alike_submissions),
        replace(QUARANTINED, alike=_alike_quarantined),
        SENT_FACTS,
    )
