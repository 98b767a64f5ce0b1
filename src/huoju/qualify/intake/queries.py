"""Reading what waits for a decision, and what would become of something before it is written."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from huoju.acquire.forms import queries as forms
from huoju.hub.identity.queries import find_identifiers
from huoju.qualify.cleaning.policy import (
    Backtest,
    HistoricLead,
    RuleSet,
    StepResult,
    Submission,
    Verdict,
    backtest,
)
from huoju.qualify.leads.policy import CLOSED, place_history
from huoju.qualify.leads.queries import (
    iter_history,
    list_known_leads,
    list_open_lead_ids,
    list_taken_origins,
)

from .models import Quarantined
from .policy import Outcome, Prepared


def list_undecided() -> QuerySet[Quarantined]:
    """What waits for a decision, the oldest first. (What was dropped waits too: nothing is lost.)"""
    return Quarantined.objects.filter(decided_at=None).order_by("received_at", "id")


def count_undecided() -> int:
    """How much waits for a decision."""
    return Quarantined.objects.filter(decided_at=None, verdict=Verdict.QUARANTINE.value).count()


def get_quarantined(quarantined_id: int) -> Quarantined:
    """One row. Raises `Quarantined.DoesNotExist`."""
    return Quarantined.objects.select_related("decided_by", "lead").get(pk=quarantined_id)


def outcomes_of_submissions(submission_ids: Sequence[int]) -> dict[int, forms.Outcome]:
    """What became of each submission of a form or the API; those not taken in yet are absent. Two queries."""
    origins = {f"submission:{pk}": pk for pk in submission_ids}
    found: dict[int, forms.Outcome] = {}
    held = Quarantined.objects.filter(origin__in=origins)
    for origin, verdict, reasons in held.values_list("origin", "verdict", "reasons"):
        state = "dropped" if verdict == Verdict.DROP.value else "quarantined"
        found[origins[origin]] = forms.Outcome(state, None, tuple(reason["code"] for reason in reasons))
    for origin, lead_id in list_taken_origins(list(origins)).items():
        found[origins[origin]] = forms.Outcome("lead", lead_id)  # also where somebody released it
    return found


# --- Before anything is written -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Preview:
    """What would become of one row; `lead_id` is the lead that it would join or update, if there is one already."""

    origin: str
    outcome: Outcome
    lead_id: int | None = None
    remarks: tuple[StepResult, ...] = ()


def preview_batch(prepared: Sequence[Prepared]) -> list[Preview]:
    """What `operations.take_in_batch` would do, without writing: four queries at most.

    Rows of the batch see each other, as they do when they are taken in.
    """
    passed = [row for row in prepared if row.passed]
    taken = list_taken_origins([row.incoming.origin for row in prepared])
    known = list_known_leads([row.incoming.external_id for row in passed if row.incoming.external_id])
    keys = {(each.kind.value, each.value) for row in passed for each in row.identifiers}
    owners = {key: found.person_id for key, found in find_identifiers(keys).items()}
    open_leads = list_open_lead_ids(list(set(owners.values())))
    seen: dict[tuple[str, str], object] = {}
    opened: set[object] = set()
    previews: list[Preview] = []
    for row in prepared:
        come = row.incoming
        if come.origin in taken:
            previews.append(Preview(come.origin, Outcome.UNCHANGED, taken[come.origin], row.remarks))
            continue
        if not row.passed:
            held = Outcome.QUARANTINED if row.verdict is Verdict.QUARANTINE else Outcome.REJECTED
            previews.append(Preview(come.origin, held, None, row.remarks))
            continue
        mine = [(each.kind.value, each.value) for each in row.identifiers]
        someone: object = next(
            (found for key in mine if (found := owners.get(key) or seen.get(key)) is not None), None
        )
        if come.external_id and (come.external_id in known or ("lead", come.external_id) in seen):
            updated = known[come.external_id].lead_id if come.external_id in known else None
            previews.append(Preview(come.origin, Outcome.UPDATES, updated, row.remarks))
            continue
        someone = someone or object()
        for key in mine:
            seen.setdefault(key, someone)
        if come.external_id:
            seen["lead", come.external_id] = someone
        lead_id = open_leads.get(someone) if isinstance(someone, int) else None
        finished = bool(come.reached or come.outcome) and (
            place_history(come.at, come.reached, outcome=come.outcome).stage in CLOSED
        )
        if (lead_id is not None or someone in opened) and not finished:
            previews.append(Preview(come.origin, Outcome.JOINS, lead_id, row.remarks))
            continue
        if not finished:
            opened.add(someone)
        previews.append(Preview(come.origin, Outcome.NEW, None, row.remarks))
    return previews


# --- Rules tried on history ---------------------------------------------------------------------------------


def try_rules(rules: RuleSet, *, limit: int = 20_000) -> Backtest:
    """What `rules` would have done to the latest `limit` leads: how many they would have blocked, how many of
    those were won.

    A lead is judged by what is known of it today, which is what came in, tidied up and completed.
    """
    history = [
        HistoricLead(
            row.lead_id,
            Submission(
                name=row.name,
                phone=row.mobile,
                email=row.email,
                company=row.company or "",
                title=row.title,
                company_size=row.size,
                industry=row.industry,
                region=row.region,
                country=row.country,
                message=row.message or "",
                external_ids=(("lead", str(row.lead_id)),),
            ),
            row.won,
        )
        for row in iter_history(limit)
    ]
    return backtest(rules, history)
