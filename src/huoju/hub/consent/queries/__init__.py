"""Reading consent: what people said, which lists there are, whom we may contact."""

from .answers import answers_of, has_consent
from .contact import (
    POLICY,
    may_contact,
    may_contact_batch,
    may_contact_how,
    needs_confirmation,
    peppers,
    registers,
)
from .lists import (
    count_entries,
    get_list,
    get_upload,
    iter_faults,
    list_entries,
    list_lists,
    list_uploads,
)

__all__ = [
    "POLICY",
    "answers_of",
    "count_entries",
    "get_list",
    "get_upload",
    "has_consent",
    "iter_faults",
    "list_entries",
    "list_lists",
    "list_uploads",
    "may_contact",
    "may_contact_batch",
    "may_contact_how",
    "needs_confirmation",
    "peppers",
    "registers",
]
