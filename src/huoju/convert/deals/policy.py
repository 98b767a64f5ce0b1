"""Reasons for lost deals. Pure."""

from enum import StrEnum


class LostReason(StrEnum):
    """Why a sale is lost (输单原因)."""

    PRICE = "price"
    COMPETITOR = "competitor"
    NO_BUDGET = "no_budget"
    NO_DECISION = "no_decision"
    PRODUCT_GAP = "product_gap"
    POC_FAILED = "poc_failed"
    PROJECT_CANCELLED = "project_cancelled"
    NO_CONTACT = "no_contact"
    OTHER = "other"
