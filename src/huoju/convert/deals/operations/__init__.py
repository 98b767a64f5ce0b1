"""Writing deals: `selling` one step at a time by a person, `history` in batches from files."""

from .history import (
    NewPayment,
    Outcome,
    record_outcomes_batch,
    record_payments_batch,
    withdraw_imported_outcomes,
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
    "end_poc",
    "lose",
    "open_opportunity",
    "record_outcomes_batch",
    "record_payment",
    "record_payments_batch",
    "start_poc",
    "win",
    "withdraw_imported_outcomes",
    "withdraw_imported_payments",
    "withdraw_payment",
]
