"""Writing persons."""

from .bulk import Reresolved, reresolve, resolve_edges
from .deciding import decide, merge, postpone, reopen, unmerge
from .employers import join_company, leave_company
from .golden import rewrite_batch
from .merging import Merged, NewMerge, merge_batch, separate, unmerge_batch
from .proposals import propose_batch
from .resolve import PersonHint, Resolved, hold, resolve_batch
from .undo import forget_batch
from .verifying import verify

__all__ = [
    "Merged",
    "NewMerge",
    "PersonHint",
    "Reresolved",
    "Resolved",
    "decide",
    "forget_batch",
    "hold",
    "join_company",
    "leave_company",
    "merge",
    "merge_batch",
    "postpone",
    "propose_batch",
    "reopen",
    "reresolve",
    "resolve_batch",
    "resolve_edges",
    "rewrite_batch",
    "separate",
    "unmerge",
    "unmerge_batch",
    "verify",
]
