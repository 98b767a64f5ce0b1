"""Addresses under `/settings/`."""

from django.urls import path

from . import pages, preferences

app_name = "access"

urlpatterns = [
    path("profile/", preferences.profile, name="profile"),
    path("language/", preferences.set_language, name="set_language"),
    path("theme/", preferences.set_theme, name="set_theme"),
    path("users/", pages.UserList.as_view(), name="users"),
    path("users/new/", pages.user_new, name="user_new"),
    path("users/active/", pages.users_activate, name="users_activate"),
    path("users/<int:pk>/", pages.user_edit, name="user"),
    path("users/<int:pk>/active/", pages.user_activate, name="user_activate"),
    path("users/<int:pk>/password/", pages.user_password, name="user_password"),
    path("teams/", pages.TeamList.as_view(), name="teams"),
    path("teams/new/", pages.team_new, name="team_new"),
    path("teams/<int:pk>/", pages.team_edit, name="team"),
    path("teams/<int:pk>/delete/", pages.team_delete, name="team_delete"),
    path("api-keys/", pages.ApiKeyList.as_view(), name="api_keys"),
    path("api-keys/new/", pages.api_key_new, name="api_key_new"),
    path("api-keys/<int:pk>/revoke/", pages.api_key_revoke, name="revoke_api_key"),
]
