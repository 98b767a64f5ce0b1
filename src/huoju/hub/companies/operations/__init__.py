"""Writing companies."""

from .editing import add_domain, remove_domain, update_company
from .merging import merge, unmerge
from .resolve import CompanyHint, ResolvedCompany, forget_batch, hold, hold_made, resolve_batch
from .study import study_all, study_batch
from .suggestions import decide, suggest_batch

__all__ = [
    "CompanyHint",
    "ResolvedCompany",
    "add_domain",
    "decide",
    "forget_batch",
    "hold",
    "hold_made",
    "merge",
    "remove_domain",
    "resolve_batch",
    "study_all",
    "study_batch",
    "suggest_batch",
    "unmerge",
    "update_company",
]
