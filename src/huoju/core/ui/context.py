"""What every page gets: the sidebar, the theme, the settings that the scripts need."""

from functools import partial
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from .formats import SYMBOLS, is_chinese
from .navigation import Viewer, menu

THEMES = ("auto", "light", "dark")
THEME_COOKIE = "huoju_theme"


def theme_of(request: HttpRequest) -> str:
    """The theme to render: the user's choice, else the browser's cookie, else automatic."""
    chosen = getattr(request.user, "theme", None) if hasattr(request, "user") else None
    chosen = chosen or request.COOKIES.get(THEME_COOKIE, "auto")
    return chosen if chosen in THEMES else "auto"


def shell(request: HttpRequest) -> dict[str, Any]:
    """The context processor behind `ui/base.html`."""
    language = get_language() or settings.LANGUAGE_CODE
    user = getattr(request, "user", None)
    context: dict[str, Any] = {
        "theme": theme_of(request),
        "language": language,
        "currency": settings.CURRENCY,
        "currency_symbol": SYMBOLS.get(settings.CURRENCY, settings.CURRENCY),
        "counts_by_wan": is_chinese(language),
    }
    if user is not None and user.is_authenticated:
        # Lazy: fragments never draw the sidebar and must not pay for its badges.
        context["navigation"] = SimpleLazyObject(partial(menu, cast(Viewer, user), request.path))
    return context
