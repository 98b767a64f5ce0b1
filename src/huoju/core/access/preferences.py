"""Pages of one's own: profile, language, theme. Visitors may switch language and theme too, by cookie."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_http_methods, require_POST

from huoju.core.ui.context import THEME_COOKIE, THEMES
from huoju.core.ui.respond import redirect_to, respond

from .forms import ProfileForm
from .gate import current_user
from .models import User
from .operations import save_preferences

YEAR = 365 * 24 * 3600


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Name, language, theme, time zone."""
    user = current_user(request)
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=user.pk))
    if form.is_valid():
        save_preferences(user=user, **form.cleaned_data)
        with override(user.language or None):
            messages.success(request, _("Saved."))
        response = redirect_to(request, reverse("access:profile"))
        _remember(response, settings.LANGUAGE_COOKIE_NAME, user.language)
        return response
    return respond(
        request,
        "access/profile.html",
        {"title": _("Profile and preferences"), "form": form},
        fragment="access/_profile.html",
        status=422 if form.is_bound else 200,
    )


@login_not_required
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Switch the language here and now: for the user for good, for a visitor by cookie."""
    language = request.POST.get("language", "")
    response = _back(request)
    if language in dict(settings.LANGUAGES):
        _remember(response, settings.LANGUAGE_COOKIE_NAME, language)
        if isinstance(request.user, User):
            request.user.language = language
            request.user.save(update_fields=["language"])
    return response


@login_not_required
@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Switch the theme, likewise."""
    theme = request.POST.get("theme", "")
    response = _back(request)
    if theme in THEMES:
        _remember(response, THEME_COOKIE, theme)
        if isinstance(request.user, User):
            request.user.theme = theme
            request.user.save(update_fields=["theme"])
    return response


def _back(request: HttpRequest) -> HttpResponse:
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return HttpResponseRedirect(target if safe else "/", status=303)


def _remember(response: HttpResponse, cookie: str, value: str) -> None:
    if value:
        response.set_cookie(
            cookie, value, max_age=YEAR, samesite="Lax", httponly=True, secure=settings.SESSION_COOKIE_SECURE
        )
    else:
        response.delete_cookie(cookie)
