"""Writing deals: `selling` one step at a time by a person, `history` in batches from files."""

from .history import (
    NewPayment,
    Outcome,
    Recorded,
    find_payments,
    find_won_deals,
    record_outcomes_batch,
    record_payments_batch,
    undo_outcomes_batch,
    withdraw_imported_payments,
)
from .selling import (
    end_poc,
    lose,
    open_opportunity,
    record_payment,
    start_poc,
    win,
    withdraw_payment,
)

__all__ = [
    "NewPayment",
    "Outcome",
    "Recorded",
    "end_poc",
    "find_payments",
    "find_won_deals",
    "lose",
    "open_opportunity",
    "record_outcomes_batch",
    "record_payment",
    "record_payments_batch",
    "start_poc",
    "undo_outcomes_batch",
    "win",
    "withdraw_imported_payments",
    "withdraw_payment",
]
