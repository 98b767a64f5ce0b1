"""Writing persons."""

from .proposals import propose_batch
from .resolve import PersonHint, Resolved, hold, resolve_batch
from .undo import forget_batch

__all__ = ["PersonHint", "Resolved", "forget_batch", "hold", "propose_batch", "resolve_batch"]
