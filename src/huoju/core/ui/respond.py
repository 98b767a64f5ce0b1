"""Answers of a page: one address serves the whole page and its fragments; toasts travel in a header."""

import json
from collections.abc import Mapping
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

type Level = Literal["success", "info", "warning", "danger"]


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of the page. Walking back through the history wants the whole page."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-Request-Type") != "full"
        and headers.get("HX-History-Restore-Request") != "true"
    )


def respond(
    request: HttpRequest,
    page: str,
    context: Mapping[str, Any],
    *,
    fragment: str | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render template `page`, or only `fragment` when htmx asked for a part."""
    template = fragment if fragment and is_fragment(request) else page
    response = render(request, template, dict(context), status=status)
    # The same address answers in two shapes; a cache (the browser's too) must not mix them up.
    patch_vary_headers(response, ["HX-Request", "HX-Request-Type"])
    response.headers.setdefault("Cache-Control", "no-store, private")
    return response


def trigger(response: HttpResponse, **events: object) -> HttpResponse:
    """Add events to `HX-Trigger`; the browser fires them on the element that asked. Underscores become dashes."""
    current: dict[str, object] = json.loads(response.headers.get("HX-Trigger", "{}"))
    current.update({name.replace("_", "-"): detail for name, detail in events.items()})
    # ASCII: header values are Latin-1, Chinese texts travel as \u escapes.
    response.headers["HX-Trigger"] = json.dumps(current, ensure_ascii=True)
    return response


def toast(
    response: HttpResponse, text: object, level: Level = "success", *, undo_url: str | None = None
) -> HttpResponse:
    """Show `text` in the corner. With `undo_url` the toast carries an undo button that posts there."""
    return trigger(response, toast={"text": str(text), "level": level, "undo": undo_url})


def redirect_to(request: HttpRequest, url: str) -> HttpResponse:
    """Go to `url`: a plain redirect for a browser, `HX-Redirect` for htmx (which would follow a 302 by itself)."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponse(status=303, headers={"Location": url})
