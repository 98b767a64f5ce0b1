"""Taking back what an import took in."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from huoju.hub.companies import operations as companies
from huoju.hub.consent import operations as consent
from huoju.hub.identity import operations as identity
from huoju.hub.profile import operations as profile
from huoju.qualify.leads import operations as leads


def undo_batch(
    taken: Sequence[tuple[str, Mapping[str, Any]]], *, import_id: int, actor: str, now: datetime
) -> list[str]:
    """Take back what an import took in: pairs of origin and `Taken.undo`, last row first. Needs a transaction.

    Leads, persons and companies that the import made are gone afterwards, values that it changed are as they were,
    unless something else stands on them by now; returns the origins whose leads had to stay.
    """
    rows = [
        leads.Undo(
            lead_id=undo["lead"],
            origin=origin,
            created=undo.get("created", False),
            before=undo.get("before"),
        )
        for origin, undo in taken
        if "lead" in undo
    ]
    source = f"import:{import_id}"
    # In the order in which a batch that comes in takes them.
    companies.hold_made([undo["company"][0] for _, undo in taken if "company" in undo], source=source)
    identity.hold({undo["person"] for _, undo in taken if "person" in undo})
    stayed = set(leads.withdraw_batch(rows, import_id=import_id, actor=actor, now=now, source=source))
    consent.forget_batch([id_ for _, undo in taken for id_ in undo.get("consents", ())])
    profile.forget_batch([undo["person"] for _, undo in taken if "person" in undo], source=source, now=now)
    used = identity.forget_batch(
        [
            identity.Resolved(
                undo["person"],
                undo.get("person_created", False),
                tuple(undo.get("proposals", ())),
                tuple((kind, value) for kind, value in undo.get("added", ())),
                undo.get("filled", {}),
            )
            for _, undo in taken
            if "person" in undo
        ],
        actor=actor,
        now=now,
    )
    companies.forget_batch(
        [companies.ResolvedCompany(*undo["company"]) for _, undo in taken if "company" in undo],
        source=source,
        used=used,
    )
    quarantined = [undo["quarantine"] for _, undo in taken if "quarantine" in undo]
    if quarantined:
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM intake_quarantined WHERE id = ANY(%s) AND decided_at IS NULL", [quarantined]
            )
    return [origin for origin, undo in taken if undo.get("created") and undo["lead"] in stayed]
