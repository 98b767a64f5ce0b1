"""Roles and what each may do. Pure: the one table that every page, operation and API route asks."""

from enum import StrEnum


class Role(StrEnum):
    """What a person does at the company; one role a user."""

    ADMIN = "admin"
    MARKETING = "marketing"
    TELEMARKETING = "telemarketing"
    SALES = "sales"
    SALES_MANAGER = "sales_manager"
    EXECUTIVE = "executive"


class Action(StrEnum):
    """Something that a role may be allowed to do. Row visibility is separate: see `Scope`."""

    SEE_LEADS = "see_leads"
    EDIT_LEADS = "edit_leads"  # mark MQL by hand, disqualify, change details
    SELL = "sell"  # accept, reject, log calls, run deals
    ASSIGN = "assign"  # hand a lead to somebody else
    MANAGE_SEGMENTS = "manage_segments"  # segments and lists
    RUN_CAMPAIGNS = "run_campaigns"  # campaigns, forms
    IMPORT = "import"
    EXPORT = "export"
    REVIEW_QUARANTINE = "review_quarantine"
    SET_RULES = "set_rules"  # cleaning, scoring, MQL, routing rules
    MERGE_PEOPLE = "merge_people"  # decide who is one person, undo it
    SEE_REPORTS = "see_reports"
    SEE_CONTACTS = "see_contacts"  # phones and mails unmasked
    OPERATE = "operate"  # operations page, retries
    MANAGE_USERS = "manage_users"  # users, API keys
    MANAGE_SUPPRESSION = "manage_suppression"  # lists of addresses, what people said
    MANAGE_PRIVACY = "manage_privacy"  # requests for access, export and erasure


class Scope(StrEnum):
    """Which leads a role sees."""

    ALL = "all"
    TEAM = "team"  # own team's leads and the unassigned
    OWN = "own"  # own leads and the public pool


class ApiScope(StrEnum):
    """What a program may do with an API key."""

    LEADS_READ = "leads:read"
    LEADS_WRITE = "leads:write"  # submit leads and forms
    PEOPLE_READ = "people:read"  # profiles, traits, tags, timelines
    PEOPLE_WRITE = "people:write"  # set fields and tags
    DEALS_WRITE = "deals:write"  # deals and payments
    REPORTS_READ = "reports:read"
    SEGMENTS = "segments"  # read and define segments
    CONSENT_READ = "consent:read"  # may we contact them
    CONSENT_WRITE = "consent:write"  # answers and lists


_A = Action
ALLOWED: dict[Role, frozenset[Action]] = {
    Role.ADMIN: frozenset(Action),
    Role.MARKETING: frozenset(
        {_A.SEE_LEADS, _A.EDIT_LEADS, _A.RUN_CAMPAIGNS, _A.IMPORT, _A.EXPORT, _A.REVIEW_QUARANTINE}
        | {
            _A.SET_RULES,
            _A.SEE_REPORTS,
            _A.SEE_CONTACTS,
            _A.MERGE_PEOPLE,
            _A.MANAGE_SEGMENTS,
            _A.MANAGE_SUPPRESSION,
        }
    ),
    Role.TELEMARKETING: frozenset({_A.SEE_LEADS, _A.EDIT_LEADS, _A.REVIEW_QUARANTINE, _A.SEE_CONTACTS}),
    Role.SALES: frozenset({_A.SEE_LEADS, _A.SELL, _A.SEE_CONTACTS}),
    Role.SALES_MANAGER: frozenset(
        {_A.SEE_LEADS, _A.SELL, _A.ASSIGN, _A.EXPORT, _A.SEE_REPORTS, _A.SEE_CONTACTS, _A.EDIT_LEADS}
    ),
    Role.EXECUTIVE: frozenset({_A.SEE_LEADS, _A.SEE_REPORTS, _A.EXPORT}),
}

SCOPE: dict[Role, Scope] = {
    Role.ADMIN: Scope.ALL,
    Role.MARKETING: Scope.ALL,
    Role.TELEMARKETING: Scope.ALL,
    Role.SALES: Scope.OWN,
    Role.SALES_MANAGER: Scope.TEAM,
    Role.EXECUTIVE: Scope.ALL,
}


def may(role: Role | str, action: Action) -> bool:
    """Whether `role` may do `action`."""
    return action in ALLOWED[Role(role)]


def scope_of(role: Role | str) -> Scope:
    """Which leads `role` sees."""
    return SCOPE[Role(role)]
