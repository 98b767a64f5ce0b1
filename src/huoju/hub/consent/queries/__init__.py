"""Reading consent: what people said, which lists there are, whom we may contact."""

from .answers import answers_of, has_consent, list_consents, list_letters
from .contact import POLICY, may_contact, may_contact_batch, needs_confirmation, peppers, registers
from .lists import (
    count_entries,
    get_list,
    get_upload,
    list_entries,
    list_faults,
    list_lists,
    list_uploads,
    listed_among,
)

__all__ = [
    "POLICY",
    "answers_of",
    "count_entries",
    "get_list",
    "get_upload",
    "has_consent",
    "list_consents",
    "list_entries",
    "list_faults",
    "list_letters",
    "list_lists",
    "list_uploads",
    "listed_among",
    "may_contact",
    "may_contact_batch",
    "needs_confirmation",
    "peppers",
    "registers",
]
