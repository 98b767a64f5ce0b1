"""Writing consent: answers, lists, uploads, letters, the policy table."""

from ..signing import (
    Link,
    LinkError,
    Token,
    preferences_url,
    seal,
    unseal,
    unsubscribe_headers,
    unsubscribe_url,
)
from .answers import ConsentAnswer, answer_profile, forget_batch, record_batch
from .confirming import ask_to_confirm, confirm, find_letter, send_waiting, write_letter
from .lists import OWN_LISTS, add_entries, create_list, own_list, remove_entries, suppress
from .preferences import set_preferences, unsubscribe
from .table import activate, save_version
from .uploads import read_upload, start_upload

__all__ = [
    "OWN_LISTS",
    "ConsentAnswer",
    "Link",
    "LinkError",
    "Token",
    "activate",
    "add_entries",
    "answer_profile",
    "ask_to_confirm",
    "confirm",
    "create_list",
    "find_letter",
    "forget_batch",
    "own_list",
    "preferences_url",
    "read_upload",
    "record_batch",
    "remove_entries",
    "save_version",
    "seal",
    "send_waiting",
    "set_preferences",
    "start_upload",
    "suppress",
    "unseal",
    "unsubscribe",
    "unsubscribe_headers",
    "unsubscribe_url",
    "write_letter",
]
