"""Where the wings meet: what a lower wing offers as a registry is filled here, in the order of a lead's life."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from huoju.acquire.campaigns import queries as campaign_queries
from huoju.acquire.campaigns.models import Campaign
from huoju.convert.deals import telling as deals_telling
from huoju.convert.workbench import telling as workbench_telling
from huoju.core.access.liststore import DatabaseListStore
from huoju.core.access.models import User
from huoju.core.access.policy import Action
from huoju.core.facts.telling import register_names
from huoju.core.ui import navigation
from huoju.core.ui.liststore import set_list_store
from huoju.core.ui.navigation import Page, Section
from huoju.hub.consent import telling as consent_telling
from huoju.qualify.leads import telling as leads_telling
from huoju.qualify.scoring import telling as scoring_telling


def wire() -> None:
    """Fill all registries. Called once, when every app is loaded; calling it again changes nothing."""
    set_list_store(DatabaseListStore())
    wire_navigation()
    wire_tellers()


def wire_tellers() -> None:
    """How facts read on timelines, and what the ids in them are called."""
    register_names("user", _user_names)
    register_names("channel", lambda _ids: campaign_queries.channel_labels())
    register_names("campaign", _campaign_names)
    for room in (consent_telling, leads_telling, scoring_telling, workbench_telling, deals_telling):
        room.register()


def _user_names(ids: Sequence[int]) -> dict[int, str]:
    users = User.objects.filter(pk__in=ids).values_list("pk", "name", "username")
    return {pk: name or username for pk, name, username in users}


def _campaign_names(ids: Sequence[int]) -> dict[int, str]:
    return dict(Campaign.objects.filter(pk__in=ids).values_list("pk", "name"))


def wire_navigation() -> None:
    """The sidebar. One section a wing, its pages in the order in which people need them."""
    navigation.register(
        Section(code="home", label="", order=0, pages=(Page(label=_("Home"), url_name="home", icon="home"),))
    )
    navigation.register(
        Section(
            code="qualify",
            label=_("Leads"),
            order=30,
            pages=(Page(label=_("Leads"), url_name="leads:leads", icon="flame", action=Action.SEE_LEADS),),
        )
    )
    navigation.register(
        Section(
            code="settings",
            label=_("Settings"),
            order=90,
            pages=(
                Page(label=_("Users"), url_name="access:users", icon="users", action=Action.MANAGE_USERS),
                Page(
                    label=_("Teams"), url_name="access:teams", icon="users-group", action=Action.MANAGE_USERS
                ),
                Page(
                    label=_("Operations"), url_name="facts:operations", icon="activity", action=Action.OPERATE
                ),
                Page(label=_("API keys"), url_name="access:api_keys", icon="key", action=Action.MANAGE_USERS),
                Page(
                    label=_("API reference"), url_name="api_reference", icon="api", action=Action.MANAGE_USERS
                ),
            ),
        )
    )
