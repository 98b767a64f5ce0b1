"""The sidebar: one section a wing, its pages in the order in which people need them."""

from django.utils.translation import gettext_lazy as _

from huoju.core.access.policy import Action
from huoju.core.ui.navigation import Page, Section

SECTIONS = (
    Section(
        code="home",
        label="",
        order=0,
        pages=(Page(label=_("Home"), url_name="home", icon="home"),),
    ),
    Section(
        code="hub",
        label=_("People and companies"),
        order=10,
        pages=(
            Page(label=_("People"), url_name="profile:people", icon="users", action=Action.SEE_LEADS),
            Page(
                label=_("Companies"), url_name="companies:companies", icon="building", action=Action.SEE_LEADS
            ),
            Page(
                label=_("Segments"),
                url_name="segments:segments",
                icon="users-group",
                action=Action.MANAGE_SEGMENTS,
            ),
            Page(
                label=_("Lists"), url_name="segments:lists", icon="list-check", action=Action.MANAGE_SEGMENTS
            ),
            Page(label=_("Tags"), url_name="profile:tags", icon="tags", action=Action.SEE_LEADS),
            Page(
                label=_("Merge review"),
                url_name="identity:inbox",
                icon="arrows-join",
                action=Action.MERGE_PEOPLE,
            ),
            Page(
                label=_("Suppression lists"),
                url_name="consent:lists",
                icon="ban",
                action=Action.MANAGE_SUPPRESSION,
            ),
            Page(
                label=_("What the law allows"),
                url_name="consent:policy",
                icon="scale",
                action=Action.MANAGE_SUPPRESSION,
            ),
            Page(
                label=_("Requests about data"),
                url_name="privacy:requests",
                icon="shield-lock",
                action=Action.MANAGE_PRIVACY,
            ),
            Page(
                label=_("Survivorship rules"),
                url_name="profile:rules",
                icon="git-merge",
                action=Action.SET_RULES,
            ),
            Page(
                label=_("Same-person search"),
                url_name="matching:matching",
                icon="user-search",
                action=Action.MERGE_PEOPLE,
            ),
        ),
    ),
    Section(
        code="acquire",
        label=_("Marketing"),
        order=20,
        pages=(
            Page(
                label=_("Campaigns"),
                url_name="campaigns:campaigns",
                icon="speakerphone",
                action=Action.RUN_CAMPAIGNS,
            ),
            Page(label=_("Forms"), url_name="webforms:forms", icon="forms", action=Action.RUN_CAMPAIGNS),
            Page(
                label=_("Submissions"),
                url_name="webforms:submissions",
                icon="inbox",
                action=Action.RUN_CAMPAIGNS,
            ),
            Page(
                label=_("Channels"), url_name="campaigns:channels", icon="route", action=Action.RUN_CAMPAIGNS
            ),
            Page(label=_("Imports"), url_name="imports:imports", icon="file-import", action=Action.IMPORT),
        ),
    ),
    Section(
        code="qualify",
        label=_("Leads"),
        order=30,
        pages=(
            Page(label=_("Leads"), url_name="leads:leads", icon="flame", action=Action.SEE_LEADS),
            Page(
                label=_("Quarantine"),
                url_name="intake:quarantine",
                icon="shield-question",
                action=Action.REVIEW_QUARANTINE,
            ),
            Page(label=_("Cleaning rules"), url_name="cleaning:rules", icon="wash", action=Action.SET_RULES),
            Page(label=_("Scoring rules"), url_name="scoring:rules", icon="gauge", action=Action.SET_RULES),
            Page(
                label=_("MQL criteria"), url_name="recognition:rules", icon="rosette", action=Action.SET_RULES
            ),
        ),
    ),
    Section(
        code="convert",
        label=_("Sales"),
        order=50,
        pages=(
            Page(label=_("My day"), url_name="workbench:my_day", icon="sun", action=Action.SELL),
            Page(label=_("Inbox"), url_name="workbench:inbox", icon="inbox", action=Action.SELL),
            Page(label=_("Deals"), url_name="deals:board", icon="layout-kanban", action=Action.SELL),
            Page(label=_("Sales seats"), url_name="routing:seats", icon="armchair", action=Action.ASSIGN),
            Page(label=_("Routing rules"), url_name="routing:rules", icon="route", action=Action.SET_RULES),
        ),
    ),
    Section(
        code="measure",
        label=_("Measure"),
        order=70,
        pages=(
            Page(label=_("Funnel"), url_name="funnel:funnel", icon="filter", action=Action.SEE_REPORTS),
            Page(
                label=_("Simulator"),
                url_name="funnel:simulator",
                icon="adjustments-alt",
                action=Action.SEE_REPORTS,
            ),
        ),
    ),
    Section(
        code="settings",
        label=_("Settings"),
        order=90,
        pages=(
            Page(label=_("Users"), url_name="access:users", icon="users", action=Action.MANAGE_USERS),
            Page(label=_("Teams"), url_name="access:teams", icon="users-group", action=Action.MANAGE_USERS),
            Page(label=_("Operations"), url_name="facts:operations", icon="activity", action=Action.OPERATE),
            Page(label=_("API keys"), url_name="access:api_keys", icon="key", action=Action.MANAGE_USERS),
            Page(label=_("API reference"), url_name="api_reference", icon="api", action=Action.MANAGE_USERS),
        ),
    ),
)
