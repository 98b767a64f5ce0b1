"""Writing leads. `lifecycle` is the only writer of a stage."""

from .capture import Captured, NewInterest, Worth, alone_in_batch, capture_batch
from .changes import Assignment, LeadChange, assign_batch, update_batch
from .lifecycle import Move, Moved, Refused, advance_batch, hold
from .undo import Undo, withdraw_batch

__all__ = [
    "Assignment",
    "Captured",
    "LeadChange",
    "Move",
    "Moved",
    "NewInterest",
    "Refused",
    "Undo",
    "Worth",
    "advance_batch",
    "alone_in_batch",
    "assign_batch",
    "capture_batch",
    "hold",
    "update_batch",
    "withdraw_batch",
]
