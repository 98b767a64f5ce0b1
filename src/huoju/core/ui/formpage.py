"""A form on a page of its own: shown, checked, carried out."""

from collections.abc import Callable, Mapping
from typing import Any

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_noop

from huoju.core.errors import UserError

from .parts import Label
from .respond import redirect_to, respond

gettext_noop("- Select an option -")  # Django's own, which its Chinese catalogue lacks


def form_page[F: BaseForm](
    request: HttpRequest,
    form: F,
    do: Callable[[F], str],
    *,
    title: Label,
    submit: Label,
    extra: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """Show `form`; once it is valid, `do(form)` carries it out and returns where to go.

    A `UserError` from `do` comes back as an error of the form, with everything that was typed.
    """
    if request.method == "POST" and form.is_valid():
        try:
            return redirect_to(request, do(form))
        except UserError as error:
            form.add_error(None, str(error))
    return show_form(request, form, title=title, submit=submit, **(extra or {}))


def show_form(
    request: HttpRequest, form: BaseForm, template: str = "ui/form.html", **context: Any
) -> HttpResponse:
    """`form` on a page that draws it by `ui/_form.html`; with errors only the form is drawn again."""
    status = 422 if form.is_bound else 200
    return respond(request, template, {"form": form, **context}, fragment="ui/_form.html", status=status)
