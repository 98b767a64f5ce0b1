"""Writing segments: definitions and lists. Memberships follow (see `membership`)."""

from .define import (
    archive_segment,
    check_definition,
    create_segment,
    delete_segment,
    describe_faults,
    update_segment,
)
from .lists import create_list, delete_list, find_people, list_of_segment

__all__ = [
    "archive_segment",
    "check_definition",
    "create_list",
    "create_segment",
    "delete_list",
    "delete_segment",
    "describe_faults",
    "find_people",
    "list_of_segment",
    "update_segment",
]
