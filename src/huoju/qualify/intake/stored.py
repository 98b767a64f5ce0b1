"""How a held-back interest is kept until somebody decides: all of it, as JSON. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from huoju.hub.identity.policy import IdentifierKind
from huoju.qualify.cleaning.policy import submission_as_json, submission_from_json
from huoju.qualify.leads.policy import Stage

from .policy import Given, Incoming, Prepared

_TEXTS = (
    *("origin", "via", "channel", "campaign", "page", "referrer", "keyword", "product", "segment"),
    *("purpose", "uscc", "external_id", "reason", "visitor_id"),
)
_NUMBERS = ("campaign_id", "owner_id", "sdr_id", "submission_id")


def candidate_as_json(incoming: Incoming) -> dict[str, Any]:
    """`incoming` in the form in which a row keeps it; what is empty is left out."""
    row: dict[str, Any] = {
        "at": incoming.at.isoformat(),
        "submission": submission_as_json(incoming.submission),
    }
    for name in (*_TEXTS, *_NUMBERS):
        if value := getattr(incoming, name):
            row[name] = value
    for name in ("utm", "extra"):
        if value := getattr(incoming, name):
            row[name] = dict(value)
    if incoming.verified:
        row["verified"] = sorted(kind.value for kind in incoming.verified)
    if incoming.reached:
        row["reached"] = {stage.value: at.isoformat() for stage, at in incoming.reached.items()}
    if incoming.outcome is not None:
        row["outcome"] = incoming.outcome.value
    if incoming.consents:
        row["consents"] = [
            {"purpose": given.purpose, "granted": given.granted, "proof": dict(given.proof)}
            for given in incoming.consents
        ]
    return row


def candidate_from_json(row: Mapping[str, Any]) -> Incoming:
    """The incoming interest that a row keeps."""
    outcome = row.get("outcome")
    plain: dict[str, Any] = {name: row.get(name, "") for name in _TEXTS}
    plain |= {name: row.get(name) for name in _NUMBERS}
    return Incoming(
        **plain,
        at=datetime.fromisoformat(row["at"]),
        submission=submission_from_json(row["submission"]),
        utm=row.get("utm", {}),
        extra=row.get("extra", {}),
        verified=frozenset(IdentifierKind(kind) for kind in row.get("verified", ())),
        reached={Stage(stage): datetime.fromisoformat(at) for stage, at in row.get("reached", {}).items()},
        outcome=None if outcome is None else Stage(outcome),
        consents=tuple(Given(**given) for given in row.get("consents", ())),
    )


def reasons_as_json(prepared: Prepared) -> list[dict[str, str]]:
    """Why it was held back: one entry for each remark, as codes that are translated on display."""
    return [
        {
            "step": remark.step.value,
            "code": remark.code.value,
            "verdict": remark.verdict.value,
            "field": remark.field,
            "detail": remark.detail,
        }
        for remark in prepared.remarks
    ]
