"""Taking interest in, letting it through after review, and taking an import back."""

from .review import AlreadyDecidedError, confirm, release
from .take_in import Taken, prepare, take_in_batch
from .undo import undo_batch

__all__ = [
    "AlreadyDecidedError",
    "Taken",
    "confirm",
    "prepare",
    "release",
    "take_in_batch",
    "undo_batch",
]
