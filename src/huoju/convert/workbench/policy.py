"""What follows from a sales person's answer to a lead. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from huoju.qualify.leads.policy import Stage


class RejectReason(StrEnum):
    """Why a sales person gives a lead back."""

    WRONG_CONTACT = "wrong_contact"
    NO_NEED = "no_need"
    NO_BUDGET = "no_budget"
    NOT_MINE = "not_mine"
    DUPLICATE = "duplicate"
    COMPETITOR = "competitor"


@dataclass(frozen=True, slots=True)
class Consequence:
    """Where a rejected lead goes: to a stage, or (None) back to be routed to somebody else."""

    stage: Stage | None


CONSEQUENCES: dict[RejectReason, Consequence] = {
    RejectReason.WRONG_CONTACT: Consequence(Stage.DISQUALIFIED),
    RejectReason.NO_NEED: Consequence(Stage.NURTURING),
    RejectReason.NO_BUDGET: Consequence(Stage.NURTURING),
    RejectReason.NOT_MINE: Consequence(None),
    RejectReason.DUPLICATE: Consequence(Stage.DISQUALIFIED),
    RejectReason.COMPETITOR: Consequence(Stage.DISQUALIFIED),
}
