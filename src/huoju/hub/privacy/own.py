"""The holders of the hub and of the core: identity, companies' people, consent, the log, the search, the lake."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from huoju.core.facts.kinds import all_kinds
from huoju.core.lake import operations as lake
from huoju.core.text import msgid

from .models import DataRequest
from .registry import BLANK, Erased, Holder, Table, mentions, register_holder, unnamed

_OF = "t.person_id = ANY(%(persons)s)"
_PAIR = "(t.person_id = ANY(%(persons)s) OR t.into_id = ANY(%(persons)s))"
_SIDES = "(t.left_id = ANY(%(persons)s) OR t.right_id = ANY(%(persons)s))"

CONSENTS = Table(
    name="consent_consent",
    where=_OF,
    columns={
        name: f"t.{name}" for name in ("channel", "purpose", "state", "at", "address", "source", "proof")
    },
).holder(code="consents", label=_("What they said about being contacted"), order=60)
LETTERS = Table(
    name="consent_letter",
    where=_OF,
    columns={name: f"t.{name}" for name in ("kind", "address", "created_at", "sent_at", "answered_at")},
).holder(code="letters", label=_("Mails that asked to confirm"), order=61)
LISTED = Table(
    name="consent_suppression",
    where="t.kind = 'person' AND t.value = ANY(%(persons)s::text[])",
    columns={name: f"t.{name}" for name in ("reason", "source", "added_at")},
    blank={"reason": "''"},
).holder(code="listed", label=_("Entries of lists that name them"), order=62)
VALUES = Table(
    name="profile_fieldvalue",
    where=_OF,
    columns={name: f"t.{name}" for name in ("field", "value", "source")},
).holder(code="values", label=_("Values of the profile and where they came from"), order=70)
TAGS = Table(
    name="profile_tagassignment",
    where=_OF,
    columns={"tag": "(SELECT g.name FROM profile_tag g WHERE g.id = t.tag_id)", "source": "t.source"},
).holder(code="tags", label=_("Tags"), order=71)
COMBINED = Table(
    name="profile_combined",
    where="t.profile_id = ANY(%(persons)s)",
    columns={name: f"t.{name}" for name in ("title", "region", "country", "language", "source")},
).holder(code="combined", label=_("What is shown of records that are one person"), order=72)
PROPOSALS = Table(
    name="identity_mergeproposal",
    where=_SIDES,
    columns={name: f"t.{name}" for name in ("proposed_at", "decision", "evidence")},
    blank={"evidence": "'[]'"},
).holder(code="proposals", label=_("Suggested merges"), order=80)
MERGES = Table(
    name="identity_merge",
    where=_PAIR,
    columns={name: f"t.{name}" for name in ("at", "reason", "evidence", "undone_at")},
    blank={"evidence": "'[]'", "reason": "''", "undone_reason": "''"},
).holder(code="merges", label=_("Merges"), order=81)
FOUND = Table(
    name="search_document",
    where="t.kind = 'person' AND t.object_id = ANY(%(persons)s)",
    columns={"title": "t.title", "subtitle": "t.subtitle"},
).holder(code="found", label=_("Search index, without a lead"), order=73)
IDENTIFIERS = Table(
    name="identity_identifier",
    where=_OF,
    columns={
        name: f"t.{name}" for name in ("kind", "value", "verified", "source", "first_seen", "last_seen")
    },
).holder(code="identifiers", label=_("Addresses, numbers, accounts"), order=90)
PERSON = Table(
    name="identity_person",
    where="t.id = ANY(%(persons)s)",
    columns={
        name: f"t.{name}"
        for name in (
            "name",
            "title",
            "mobile",
            "email",
            "region",
            "country",
            "language",
            "source",
            "created_at",
        )
    },
    blank=dict.fromkeys(("name", "title", "mobile", "email", "region", "country", "language", "source"), "''")
    | {"company_id": "NULL"},
).holder(code="person", label=_("The person"), order=99)


_REQUESTS = Table(
    name="privacy_datarequest",
    where="t.person_id = ANY(%(persons)s)",
    columns={
        name: f"t.{name}" for name in ("kind", "state", "source", "note", "requested_at", "finished_at")
    },
    blank={"note": unnamed("t.note"), "address": "''"},
    keep=msgid("That there was a request, and what was done"),
).holder(code="requests", label=_("Requests about data"), order=61)


def _erase_requests(persons: Sequence[int]) -> Erased:
    """Copies that were made for them go; that they asked stays, without their words where these name them."""
    for request in DataRequest.objects.filter(person_id__in=persons).exclude(file=""):
        request.file.delete(save=False)
        DataRequest.objects.filter(pk=request.pk).update(file="")
    return _REQUESTS.erase(persons)


REQUESTS = replace(_REQUESTS, erase=_erase_requests)


def _count_facts(persons: Sequence[int]) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM facts_fact WHERE person_id = ANY(%s)", [list(persons)])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _export_facts(persons: Sequence[int]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT jsonb_build_object('kind', kind, 'at', occurred_at, 'source', source, 'data', payload)::text
                 FROM facts_fact WHERE person_id = ANY(%s) ORDER BY occurred_at, id""",
            [list(persons)],
        )
        return [json.loads(text) for (text,) in cursor.fetchall()]


# Other texts of a fact (the name of a deal, a reason) go where they name the person.
_WITHOUT_NAMES = f"""
UPDATE facts_fact f SET payload = (
    SELECT jsonb_object_agg(e.key, CASE WHEN jsonb_typeof(e.value) = 'string' AND {mentions("(e.value #>> '{}')")}
                                        THEN '""'::jsonb ELSE e.value END)
      FROM jsonb_each(f.payload) AS e)
 WHERE f.person_id = ANY(%(persons)s) AND {mentions("f.payload::text")}"""


def _erase_facts(persons: Sequence[int]) -> Erased:
    """Blank what kinds declare as personal, and forget which browser it was. The log opens for that alone."""
    count = 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('huoju.erasing', 'on', true)")
        for kind in all_kinds():
            if not kind.personal:
                continue
            cursor.execute(
                f"UPDATE facts_fact SET payload = {BLANK} WHERE person_id = ANY(%(persons)s) AND kind = %(kind)s",
                {"fields": sorted(kind.personal), "persons": list(persons), "kind": kind.name},
            )
            count += cursor.rowcount
        cursor.execute(_WITHOUT_NAMES, {"persons": list(persons)})
        count += cursor.rowcount
        cursor.execute(
            "UPDATE facts_fact SET visitor_id = NULL WHERE person_id = ANY(%s) AND visitor_id IS NOT NULL",
            [list(persons)],
        )
        cursor.execute("SELECT set_config('huoju.erasing', 'off', true)")
    left = _count_facts(persons)
    return Erased(
        erased=count,
        kept=left,
        ground=msgid("Facts without personal fields, for counts only") if left else "",
    )


FACTS = Holder(
    code="facts",
    label=_("The log of what happened"),
    order=50,
    tables=("facts_fact",),
    find=_count_facts,
    export=_export_facts,
    erase=_erase_facts,
)


def _erase_lake(persons: Sequence[int]) -> Erased:
    return Erased(erased=lake.erase_persons(person_ids=list(persons)))


LAKE = Holder(
    code="lake",
    label=_("Files for analysis"),
    order=100,  # after everything: the lake is taken anew from the log and the tables
    tables=(),
    find=lambda _persons: 0,
    export=lambda _persons: [],
    erase=_erase_lake,
)


def register() -> None:
    """Called once by the wiring."""
    register_holder(
        CONSENTS,
        LETTERS,
        LISTED,
        VALUES,
        TAGS,
        COMBINED,
        FOUND,
        PROPOSALS,
        MERGES,
        IDENTIFIERS,
        PERSON,
        FACTS,
        LAKE,
        REQUESTS,
    )
