"""Writing persons."""

from .resolve import PersonHint, Resolved, hold, resolve_batch
from .undo import forget_batch

__all__ = ["PersonHint", "Resolved", "forget_batch", "hold", "resolve_batch"]
