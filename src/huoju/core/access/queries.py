"""Reads of users, teams, keys and saved views."""

import hashlib
from collections import Counter
from collections.abc import Collection

from django.db.models import Count, OuterRef, Q, QuerySet, StringAgg, Subquery, Value
from django.db.models.functions import Coalesce

from .models import ApiKey, SavedView, Team, User
from .policy import Role


def list_users() -> QuerySet[User]:
    """Everybody, with the team."""
    return User.objects.select_related("team")


def list_sellers() -> QuerySet[User]:
    """Active sales people and sales managers: those to whom a lead may be handed."""
    return User.objects.filter(is_active=True, role__in=[Role.SALES, Role.SALES_MANAGER])


def list_left() -> list[int]:
    """Those who cannot sign in: people who have left, and those whom an imported history names."""
    return list(User.objects.filter(is_active=False).values_list("pk", flat=True))


def list_owner_names() -> list[tuple[int, str]]:
    """Everybody who may own a lead or once did (an imported history's people too), for filters."""
    roles = (Role.SALES, Role.SALES_MANAGER, Role.TELEMARKETING)
    users = User.objects.filter(role__in=roles).order_by("-is_active", "name", "username")
    return [(pk, name or username) for pk, name, username in users.values_list("pk", "name", "username")]


def find_people(names: Collection[str]) -> dict[str, int]:
    """Users by what a file calls them: external reference, username or name (where only one is called so)."""
    found: dict[str, int] = {}
    rows = User.objects.filter(
        Q(external_ref__in=names) | Q(username__in=names) | Q(name__in=names)
    ).order_by("pk")
    people = list(rows.values_list("pk", "external_ref", "username", "name"))
    called = Counter(name for _pk, _ref, _username, name in people)
    for pk, _ref, _username, name in people:
        if called[name] == 1 and name in names:
            found.setdefault(name, pk)
    for pk, ref, username, _name in people:
        for key in (username, ref):  # the reference wins: it is what the other system said
            if key is not None and key in names:
                found[key] = pk
    return found


def list_teams_with_people() -> QuerySet[Team]:
    """Teams with `members` (how many are active) and `managers` (their names)."""
    members = User.objects.filter(team=OuterRef("pk"), is_active=True).order_by().values("team")
    managers = members.filter(role=Role.SALES_MANAGER)
    return Team.objects.annotate(
        members=Coalesce(Subquery(members.annotate(n=Count("pk")).values("n")), 0),
        managers=Subquery(managers.annotate(names=StringAgg("name", Value(", "))).values("names")),
    )


def list_api_keys() -> QuerySet[ApiKey]:
    """All keys, newest first, revoked ones too."""
    return ApiKey.objects.select_related("created_by")


def hash_key(secret: str) -> str:
    """What is kept of an API key. Keys are 256 random bits, so a plain SHA-256 cannot be guessed back."""
    return hashlib.sha256(secret.encode()).hexdigest()


def find_api_key(secret: str) -> ApiKey | None:
    """The living key with this secret, None when there is none. A key of somebody who may not sign in is at rest."""
    living = ApiKey.objects.filter(revoked_at=None, created_by__is_active=True)
    return living.filter(key_hash=hash_key(secret)).first()


def list_views(user_id: int, list_code: str) -> list[SavedView]:
    """A user's saved views of one list, and (name "") the list as the user last arranged it."""
    return list(SavedView.objects.filter(user_id=user_id, list_code=list_code).order_by("name"))
