"""Writing persons."""

from .resolve import PersonHint, Resolved, resolve_batch
from .undo import forget_batch

__all__ = ["PersonHint", "Resolved", "forget_batch", "resolve_batch"]
