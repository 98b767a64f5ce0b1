"""Writing persons."""

from .deciding import decide, merge, postpone, reopen, unmerge
from .golden import rewrite_batch
from .merging import Merged, NewMerge, merge_batch, separate, unmerge_batch
from .proposals import propose_batch
from .resolve import PersonHint, Resolved, hold, resolve_batch
from .undo import forget_batch

__all__ = [
    "Merged",
    "NewMerge",
    "PersonHint",
    "Resolved",
    "decide",
    "forget_batch",
    "hold",
    "merge",
    "merge_batch",
    "postpone",
    "propose_batch",
    "reopen",
    "resolve_batch",
    "rewrite_batch",
    "separate",
    "unmerge",
    "unmerge_batch",
]
