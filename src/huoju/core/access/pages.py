"""Settings: users, teams, API keys."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from huoju.core.ui.formpage import show_form
from huoju.core.ui.listing import BulkAction, Empty, ListPage, Sort, list_changed
from huoju.core.ui.respond import redirect_to, respond, toast

from . import operations, queries
from .filters import ApiKeyFilter, UserFilter
from .forms import ApiKeyForm, TeamForm, UserForm
from .gate import current_user, requires
from .models import ApiKey, Team, User
from .policy import Action
from .tables import ApiKeyTable, TeamTable, UserTable, team_url, user_url


@requires(Action.MANAGE_USERS)
class UserList(ListPage[User]):
    """Everybody who works here, and those whom an imported history names."""

    code = "access.users"
    title = gettext_lazy("Users")
    subtitle = gettext_lazy("Who works here, in which role and team.")
    template = "access/users.html"
    table_class = UserTable
    filter_class = UserFilter
    sorts = {
        "name": Sort("name"),
        "username": Sort("username"),
        "role": Sort("role"),
        "last_login": Sort("last_login", nullable=True),
        "date_joined": Sort("date_joined"),
    }
    default_sort = "name"
    default_columns = ("name", "username", "email", "role", "team", "is_active", "last_login")

    bulk_actions = (
        BulkAction(
            label=gettext_lazy("Let in again"), url="/settings/users/active/?active=1", icon="user-check"
        ),
        BulkAction(label=gettext_lazy("Deactivate"), url="/settings/users/active/?active=0", icon="user-off"),
    )

    def rows(self) -> QuerySet[User]:
        """All users."""
        return queries.list_users()

    def row_url(self, row: User) -> str:
        """To the user's page."""
        return user_url(row)


@requires(Action.MANAGE_USERS)
@require_http_methods(["GET", "POST"])
def user_new(request: HttpRequest) -> HttpResponse:
    """Add somebody; the password is drawn and shown once."""
    form = UserForm(request.POST or None)
    if form.is_valid():
        try:
            user, password = operations.create_user(
                **form.cleaned_data, actor=current_user(request), now=timezone.now()
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _show_password(request, user, password)
    return show_form(
        request, form, title=_("Add a user"), crumbs=_crumbs("access:users", _("Users")), submit=_("Add")
    )


@requires(Action.MANAGE_USERS)
@require_http_methods(["GET", "POST"])
def user_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change somebody's name, role, team; deactivate; draw a new password."""
    user = get_object_or_404(User, pk=pk)
    form = UserForm(request.POST or None, instance=get_object_or_404(User, pk=pk))
    if form.is_valid():
        try:
            operations.update_user(user=user, **form.cleaned_data, actor=current_user(request))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved."))
            return redirect_to(request, reverse("access:users"))
    crumbs = _crumbs("access:users", _("Users"))
    return show_form(request, form, "access/user.html", title=str(user), person=user, crumbs=crumbs)


@requires(Action.MANAGE_USERS)
@require_POST
def user_activate(request: HttpRequest, pk: int) -> HttpResponse:
    """Let somebody in, or keep them out."""
    user = get_object_or_404(User, pk=pk)
    active = request.POST.get("active") == "1"
    if operations.set_active(users=[user], active=active, actor=current_user(request)):
        text = _("%(name)s may sign in again.") if active else _("%(name)s can no longer sign in.")
        messages.success(request, text % {"name": user})
    elif user.pk == request.user.pk:
        messages.error(request, _("You cannot deactivate yourself."))
    return redirect_to(request, reverse("access:user", args=[pk]))


@requires(Action.MANAGE_USERS)
@require_POST
def users_activate(request: HttpRequest) -> HttpResponse:
    """The same for all ticked users; the toast takes it back."""
    active = request.GET.get("active") == "1"
    if undo := request.GET.get("undo"):
        users = User.objects.filter(
            pk__in=[int(pk) for pk in undo.split(",") if pk.isascii() and pk.isdigit()]
        )
    else:
        users = UserList.selection(request)
    changed = operations.set_active(users=users, active=active, actor=current_user(request))
    if active:
        text = ngettext("%(n)d user may sign in again.", "%(n)d users may sign in again.", len(changed))
    else:
        text = ngettext(
            "%(n)d user can no longer sign in.", "%(n)d users can no longer sign in.", len(changed)
        )
    back = f"{reverse('access:users_activate')}?active={int(not active)}&undo={','.join(map(str, changed))}"
    # A longer list does not fit into an address; it is taken back from the list, by its filter.
    undo_url = back if 0 < len(changed) <= 200 else None
    return list_changed(toast(HttpResponse(status=204), text % {"n": len(changed)}, undo_url=undo_url))


@requires(Action.MANAGE_USERS)
@require_POST
def user_password(request: HttpRequest, pk: int) -> HttpResponse:
    """Draw a new password and show it once."""
    user = get_object_or_404(User, pk=pk)
    return _show_password(request, user, operations.reset_password(user=user, actor=current_user(request)))


@requires(Action.MANAGE_USERS)
class TeamList(ListPage[Team]):
    """Sales teams."""

    code = "access.teams"
    title = gettext_lazy("Teams")
    subtitle = gettext_lazy("A sales manager sees the leads of the own team.")
    template = "access/teams.html"
    table_class = TeamTable
    sorts = {"name": Sort("name"), "members": Sort("members")}
    default_sort = "name"
    empty = Empty(
        title=gettext_lazy("No teams yet"),
        text=gettext_lazy("Put sales people into teams, and their managers see what they work on."),
        icon="users-group",
    )

    def rows(self) -> QuerySet[Team]:
        """Teams with their managers and the number of active members."""
        return queries.list_teams_with_people()

    def row_url(self, row: Team) -> str:
        """To the team."""
        return team_url(row)


@requires(Action.MANAGE_USERS)
@require_http_methods(["GET", "POST"])
def team_new(request: HttpRequest) -> HttpResponse:
    """Add a team."""
    form = TeamForm(request.POST or None)
    if form.is_valid():
        operations.create_team(name=form.cleaned_data["name"], actor=current_user(request))
        messages.success(request, _("Team added."))
        return redirect_to(request, reverse("access:teams"))
    return show_form(
        request, form, title=_("Add a team"), crumbs=_crumbs("access:teams", _("Teams")), submit=_("Add")
    )


@requires(Action.MANAGE_USERS)
@require_http_methods(["GET", "POST"])
def team_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename a team."""
    team = get_object_or_404(Team, pk=pk)
    form = TeamForm(request.POST or None, instance=get_object_or_404(Team, pk=pk))
    if form.is_valid():
        operations.rename_team(team=team, name=form.cleaned_data["name"], actor=current_user(request))
        messages.success(request, _("Saved."))
        return redirect_to(request, reverse("access:teams"))
    crumbs = _crumbs("access:teams", _("Teams"))
    return show_form(request, form, "access/team.html", title=team.name, team=team, crumbs=crumbs)


@requires(Action.MANAGE_USERS)
@require_POST
def team_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Dissolve a team."""
    operations.delete_team(team=get_object_or_404(Team, pk=pk), actor=current_user(request))
    messages.success(request, _("Team dissolved. Its members stay, without a team."))
    return redirect_to(request, reverse("access:teams"))


@requires(Action.MANAGE_USERS)
class ApiKeyList(ListPage[ApiKey]):
    """Programs that may call the API."""

    code = "access.api_keys"
    title = gettext_lazy("API keys")
    subtitle = gettext_lazy(
        "Secrets with which programs reach the API. A key is shown once, when it is made."
    )
    template = "access/api_keys.html"
    table_class = ApiKeyTable
    filter_class = ApiKeyFilter
    sorts = {
        "name": Sort("name"),
        "created_at": Sort("created_at"),
        "last_used_at": Sort("last_used_at", nullable=True),
    }
    default_sort = "-created_at"
    empty = Empty(
        title=gettext_lazy("No API keys yet"),
        text=gettext_lazy("Make one for each program: your website's form, an import job, a report."),
        icon="key",
    )

    def rows(self) -> QuerySet[ApiKey]:
        """All keys."""
        return queries.list_api_keys()


@requires(Action.MANAGE_USERS)
@require_http_methods(["GET", "POST"])
def api_key_new(request: HttpRequest) -> HttpResponse:
    """Make a key and show it once."""
    form = ApiKeyForm(request.POST or None)
    if form.is_valid():
        key, secret = operations.create_api_key(
            **form.cleaned_data, actor=current_user(request), now=timezone.now()
        )
        return respond(
            request,
            "access/secret.html",
            {
                "title": _("Your new API key"),
                "secret": secret,
                "back_url": reverse("access:api_keys"),
                "text": _("Copy “%(name)s” now: it is not shown again.") % {"name": key.name},
                "hint": f"Authorization: Bearer {secret}",
                "crumbs": _crumbs("access:api_keys", _("API keys")),
            },
            fragment="access/_secret.html",
        )
    return show_form(
        request,
        form,
        title=_("Make an API key"),
        crumbs=_crumbs("access:api_keys", _("API keys")),
        submit=_("Make the key"),
    )


@requires(Action.MANAGE_USERS)
@require_POST
def api_key_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End a key."""
    key = get_object_or_404(ApiKey, pk=pk)
    operations.revoke_api_key(key=key, actor=current_user(request), now=timezone.now())
    return list_changed(toast(HttpResponse(status=204), _("“%(name)s” is revoked.") % {"name": key.name}))


def _show_password(request: HttpRequest, user: User, password: str) -> HttpResponse:
    return respond(
        request,
        "access/secret.html",
        {
            "title": _("The password of %(name)s") % {"name": user},
            "secret": password,
            "back_url": reverse("access:users"),
            "text": _("Hand it over now: it is not shown again. Username: %(username)s")
            % {"username": user.username},
            "crumbs": _crumbs("access:users", _("Users")),
        },
        fragment="access/_secret.html",
    )


def _crumbs(name: str, label: str) -> list[tuple[str, str]]:
    return [(label, reverse(name))]
