"""Writes of users, teams, keys and preferences. Row history (pghistory) keeps who changed what."""

import hashlib
import secrets
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from .models import ApiKey, SavedView, Team, User
from .policy import Action, ApiScope, Role
from .queries import hash_key

KEY_MARK = "hj_"
MAX_VIEWS = 50  # of one list and user; more is an accident or an attack


def create_user(
    *,
    username: str,
    name: str,
    role: Role | str,
    email: str = "",
    team: Team | None = None,
    password: str | None = None,
    external_ref: str | None = None,
    language: str = "",
    active: bool = True,
    actor: User | None,
    now: datetime,
) -> tuple[User, str]:
    """Make an account; without `password` one is drawn. Returns the user and the password to hand over.

    `actor` None is the command line or an import, which has its own guard.
    """
    _check(actor, Action.MANAGE_USERS)
    password = password or draw_password()
    user = User(
        username=username,
        name=name,
        email=email,
        role=Role(role),
        team=team,
        language=language,
        external_ref=external_ref or None,
        is_active=active,
        date_joined=now,
    )
    user.set_password(password)
    user.full_clean(exclude=["password"])
    user.save()
    return user, password


def ensure_placeholders(*, names: Collection[str], now: datetime) -> dict[str, int]:
    """Inactive users for people whom an imported history names, by that name; made once, found again later.

    They cannot sign in. An administrator may turn one into a real user, who then owns that history.
    """
    rows = [
        User(
            username=f"imported-{hashlib.sha256(name.encode()).hexdigest()[:16]}", name=name[:80], role=Role.SALES,
            external_ref=name[:120], is_active=False, password=make_password(None), date_joined=now,
        )
        for name in sorted(names)
    ]  # fmt: skip
    User.objects.bulk_create(rows, ignore_conflicts=True)
    refs = User.objects.filter(external_ref__in=[name[:120] for name in names]).values_list(
        "external_ref", "pk"
    )
    by_ref = dict(refs)
    return {name: by_ref[name[:120]] for name in names}


def update_user(
    *, user: User, name: str, email: str, role: Role | str, team: Team | None, actor: User
) -> User:
    """Change an account. Nobody takes the administrator's role from themselves: the house would lock itself out."""
    with transaction.atomic():
        _hold([user.pk], actor)
        if user.pk == actor.pk and Role(role) != user.role:
            raise ValidationError({"role": _("You cannot change your own role.")})
        user.name, user.email, user.role, user.team = name, email, Role(role), team
        user.full_clean(exclude=["password"])
        user.save(update_fields=["name", "email", "role", "team"])
    return user


def set_active(*, users: Iterable[User], active: bool, actor: User) -> list[int]:
    """Let people in or keep them out; returns the ids of those for whom that is new.

    Open sessions end with the next click; what somebody owns stays theirs. The actor's own account is left alone:
    nobody locks themselves out, not even in a batch.
    """
    wanted = {user.pk for user in users} - {actor.pk}
    with transaction.atomic():
        _hold(wanted, actor)
        rows = User.objects.filter(pk__in=wanted).exclude(is_active=active).order_by("pk")
        changed = list(rows.values_list("pk", flat=True))
        User.objects.filter(pk__in=changed).update(is_active=active)
    return changed


def reset_password(*, user: User, actor: User) -> str:
    """Draw a new password, end all sessions of the user (the session hash changes) and return it once."""
    _check(actor, Action.MANAGE_USERS)
    password = draw_password()
    user.set_password(password)
    user.save(update_fields=["password"])
    return password


def save_preferences(*, user: User, name: str, language: str, theme: str, time_zone: str) -> User:
    """A user's own settings."""
    user.name, user.language, user.theme, user.time_zone = name, language, theme, time_zone
    user.full_clean(exclude=["password"])
    user.save(update_fields=["name", "language", "theme", "time_zone"])
    return user


def create_team(*, name: str, actor: User | None) -> Team:
    """Add a sales team."""
    _check(actor, Action.MANAGE_USERS)
    team = Team(name=name)
    team.full_clean()
    team.save()
    return team


def rename_team(*, team: Team, name: str, actor: User) -> Team:
    """Give a team another name."""
    _check(actor, Action.MANAGE_USERS)
    team.name = name
    team.full_clean()
    team.save()
    return team


def delete_team(*, team: Team, actor: User) -> None:
    """Dissolve a team; its members stay, without one."""
    _check(actor, Action.MANAGE_USERS)
    team.delete()


@transaction.atomic
def create_api_key(
    *, name: str, scopes: Iterable[ApiScope], actor: User, now: datetime
) -> tuple[ApiKey, str]:
    """Make a key. The secret comes back this once; only its hash is kept."""
    _check(actor, Action.MANAGE_USERS)
    wanted = sorted({ApiScope(scope).value for scope in scopes})
    if not wanted:
        raise ValidationError({"scopes": _("Choose at least one scope.")})
    secret = KEY_MARK + secrets.token_urlsafe(32)
    key = ApiKey(
        name=name,
        prefix=secret[: len(KEY_MARK) + 8],
        key_hash=hash_key(secret),
        scopes=wanted,
        created_by=actor,
        created_at=now,
    )
    key.full_clean()
    key.save()
    return key, secret


def revoke_api_key(*, key: ApiKey, actor: User, now: datetime) -> bool:
    """End a key for good. False when it was revoked before (the first moment stays)."""
    _check(actor, Action.MANAGE_USERS)
    return bool(ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now))


def note_key_used(*, key: ApiKey, now: datetime) -> None:
    """Remember when a key was last used, at most once a minute: a busy key must not turn into a hot row."""
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - timedelta(minutes=1))
    ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)


def save_view(*, user_id: int, list_code: str, name: str, query: str, columns: Sequence[str]) -> SavedView:
    """Keep a list's filters, sorting and columns under a name; the same name again replaces it."""
    existing = SavedView.objects.filter(user_id=user_id, list_code=list_code)
    if existing.count() >= MAX_VIEWS and not existing.filter(name=name).exists():
        raise ValidationError(_("That is enough views for one list. Delete one first."))
    view = SavedView(user_id=user_id, list_code=list_code, name=name, query=query, columns=list(columns))
    view.full_clean(validate_unique=False, validate_constraints=False)
    view, _created = SavedView.objects.update_or_create(
        user_id=user_id, list_code=list_code, name=name, defaults={"query": query, "columns": list(columns)}
    )
    return view


def delete_view(*, user_id: int, list_code: str, name: str) -> None:
    """Forget a saved view."""
    SavedView.objects.filter(user_id=user_id, list_code=list_code, name=name).delete()


def draw_password() -> str:
    """A password that can be read out over the phone: four groups of letters and digits without look-alikes."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _n in range(4)) for _g in range(4))


def _hold(user_ids: Collection[int], actor: User) -> None:
    """Lock accounts, the actor's too: of two administrators who shut each other out at one instant, one remains."""
    held = User.objects.select_for_update(no_key=True).filter(pk__in=[*user_ids, actor.pk]).order_by("pk")
    now = {user.pk: user for user in held}.get(actor.pk)
    if now is None:
        raise PermissionDenied
    _check(now, Action.MANAGE_USERS)


def _check(actor: User | None, action: Action) -> None:
    if actor is not None and not actor.may(action):
        raise PermissionDenied
