"""The gate: who may open a page and which program may call the API."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from ninja.security import HttpBearer

from huoju.core.api import Refused

from . import ratelimit
from .models import ApiKey, User
from .operations import note_key_used
from .policy import Action, ApiScope
from .queries import find_api_key

PER_KEY = 1200  # requests in a minute

type Page = Callable[..., HttpResponseBase]


def current_user(request: HttpRequest) -> User:
    """The signed-in user, typed. Pages behind the login always have one."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def requires[P: Callable[..., Any]](*actions: Action) -> Callable[[P], P]:
    """Open a page only to users who may do all `actions`; others get the 403 page.

    Works on a function page and on a class: `@requires(Action.IMPORT)`.
    """

    def guard(page: Page) -> Page:
        @wraps(page)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            user = current_user(request)
            if not all(user.may(action) for action in actions):
                raise PermissionDenied
            return page(request, *args, **kwargs)

        return guarded

    def decorate(page: P) -> P:
        if isinstance(page, type) and issubclass(page, View):
            return cast(P, method_decorator(guard, name="dispatch")(page))
        return cast(P, guard(cast(Page, page)))

    return decorate


class ApiKeyAuth(HttpBearer):
    """`auth=ApiKeyAuth(ApiScope.LEADS_WRITE)` on an API route: `Authorization: Bearer hj_…` with that scope.

    The key is then `request.auth`. A missing, wrong or revoked key is 401, a key without the scope 403, one that asks
    more than `PER_KEY` times a minute 429.
    """

    def __init__(self, scope: ApiScope) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:  # noqa: ARG002
        """The key behind `token`, None to refuse."""
        key = find_api_key(token)
        if key is None:
            return None
        if self.scope not in key.scopes:
            message = _("This API key lacks the scope “%(scope)s”.") % {"scope": self.scope.value}
            raise Refused(403, "forbidden", message)
        now = timezone.now()
        verdict = ratelimit.allow(
            name="api", caller=str(key.pk), limit=PER_KEY, per=timedelta(minutes=1), now=now
        )
        if not verdict.allowed:
            wait = verdict.retry_after
            message = _("Too many requests. Try again in %(n)d seconds.") % {"n": wait}
            raise Refused(429, "too_many_requests", message, retry_after=wait)
        note_key_used(key=key, now=now)
        return key
