"""What was sent and what was held back, for requests about data: submissions, their facts, the quarantine.

They came before anybody knew whose they were, so they are found by the contacts that they became.
"""

import json
from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from huoju.acquire.forms.facts import FormSubmitted
from huoju.core.facts.kinds import kind_of
from huoju.core.lake import operations as lake
from huoju.hub.privacy.registry import BLANK, Erased, Holder, Table, register_holder

_SENT = """SELECT substring(c.origin FROM 12)::bigint FROM leads_touch c JOIN leads_lead l ON l.id = c.lead_id
            WHERE l.person_id = ANY(%(persons)s) AND c.origin LIKE 'submission:%%'"""

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
    where="""(t.lead_id IN (SELECT id FROM leads_lead WHERE person_id = ANY(%(persons)s))
              OR EXISTS (SELECT FROM identity_identifier i
                          WHERE i.person_id = ANY(%(persons)s) AND i.kind IN ('email', 'mobile')
                            AND position(ltrim(i.value, '+') IN t.candidate::text) > 0))""",
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
            {"persons": list(persons), **(more or {})},
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


def register() -> None:
    """Called once by the wiring."""
    register_holder(SUBMISSIONS, QUARANTINED, SENT_FACTS)
