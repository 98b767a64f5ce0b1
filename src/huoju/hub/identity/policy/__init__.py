"""Identifiers of a person (One ID 同人体系): kinds and limits, normal forms, and which rows of a batch are
one person.

Pure. Ordinary Chinese mobiles and names and plain mail addresses are decided by one compiled expression each;
the slow libraries see only the rest.
"""

from huoju.core.mail import EmailClass

from .grouping import BLOCK_LABELS, Block, Blocked, Group, Grouping, connected_groups
from .ids import identifiers_in, normalise_identifier
from .kinds import KIND_LABELS, KIND_RULES, Identifier, IdentifierKind, KindRule, Strength, strength_of
from .mails import Email, EmailProblem, is_plain_mail, normalise_email
from .merging import (
    AGREEMENT_LABELS,
    MAX_MEMBERS,
    METHOD_LABELS,
    Agreement,
    Decision,
    Evidence,
    Known,
    Method,
    Obstacle,
    Suggestion,
    obstacles,
    profiles,
)
from .names import Name, normalise_name
from .phones import Phone, PhoneKind, PhoneProblem, normalise_phone

__all__ = [
    "AGREEMENT_LABELS",
    "BLOCK_LABELS",
    "KIND_LABELS",
    "KIND_RULES",
    "MAX_MEMBERS",
    "METHOD_LABELS",
    "Agreement",
    "Block",
    "Blocked",
    "Decision",
    "Email",
    "EmailClass",
    "EmailProblem",
    "Evidence",
    "Group",
    "Grouping",
    "Identifier",
    "IdentifierKind",
    "KindRule",
    "Known",
    "Method",
    "Name",
    "Obstacle",
    "Phone",
    "PhoneKind",
    "PhoneProblem",
    "Strength",
    "Suggestion",
    "connected_groups",
    "identifiers_in",
    "is_plain_mail",
    "normalise_email",
    "normalise_identifier",
    "normalise_name",
    "normalise_phone",
    "obstacles",
    "profiles",
    "strength_of",
]
