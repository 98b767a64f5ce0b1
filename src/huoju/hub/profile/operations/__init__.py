"""Writing values and tags."""

from .combining import combine_batch
from .rules import activate, save_version
from .tags import apply_rules, save_tag, sweep_expired, tag_batch, untag_batch
from .values import Said, decide_again, forget_batch, hear_batch, set_fields

__all__ = [
    "Said",
    "activate",
    "apply_rules",
    "combine_batch",
    "decide_again",
    "forget_batch",
    "hear_batch",
    "save_tag",
    "save_version",
    "set_fields",
    "sweep_expired",
    "tag_batch",
    "untag_batch",
]
