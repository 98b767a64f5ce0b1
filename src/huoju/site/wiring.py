"""Where the wings meet: what a lower wing offers as a registry is filled here, in the order of a lead's life."""

from django.utils.translation import gettext_lazy as _

from huoju.core.access.liststore import DatabaseListStore
from huoju.core.access.policy import Action
from huoju.core.ui import navigation
from huoju.core.ui.liststore import set_list_store
from huoju.core.ui.navigation import Page, Section


def wire() -> None:
    """Fill all registries. Called once, when every app is loaded; calling it again changes nothing."""
    set_list_store(DatabaseListStore())
    wire_navigation()


def wire_navigation() -> None:
    """The sidebar. One section a wing, its pages in the order in which people need them."""
    navigation.register(
        Section(code="home", label="", order=0, pages=(Page(label=_("Home"), url_name="home", icon="home"),))
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
