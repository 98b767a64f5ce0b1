"""A forgotten password: a link by mail, good for one change within an hour.

Nobody learns whether an address has an account.
"""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth import views
from django.contrib.auth.forms import PasswordResetForm
from django.urls import reverse_lazy
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import ratelimit
from .address import client_address
from .jobs import mail_new_password_link

# Links asked for: per caller (an office shares an address), and per mail box, which nobody shall flood.
PER_CALLER = ("forgotten.caller", 20, timedelta(hours=1))
PER_BOX = ("forgotten.box", 3, timedelta(hours=1))


class ForgottenForm(PasswordResetForm):
    """Whose password; the mail is left to a job, so that the answer takes as long for an unknown address."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "email"}),
    )

    def __init__(self, *args: Any, caller: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.caller = caller

    def clean(self) -> dict[str, Any]:
        """Count the question, whether or not there is such an account."""
        given = super().clean() or self.cleaned_data
        if "email" in given:
            for (name, limit, per), caller in (
                (PER_CALLER, self.caller),
                (PER_BOX, given["email"].lower()),
            ):
                if not ratelimit.allow(
                    name=name, caller=caller, limit=limit, per=per, now=timezone.now()
                ).allowed:
                    raise forms.ValidationError(_("That was asked for too often. Try again in an hour."))
        return given

    def save(self, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002  Django's view hands over much that is ours
        """One mail for each account of this address: it says for which."""
        for user in self.get_users(self.cleaned_data["email"]):
            mail_new_password_link.defer(user_id=user.pk, language=translation.get_language() or "")


class ForgottenPage(views.PasswordResetView):
    """Ask for the link."""

    form_class = ForgottenForm
    template_name = "account/password_forgotten.html"
    success_url = reverse_lazy("account_forgotten_sent")

    def get_form_kwargs(self) -> dict[str, Any]:
        """With the caller's address."""
        return {**super().get_form_kwargs(), "caller": client_address(self.request)}


class NewPasswordPage(views.PasswordResetConfirmView):
    """Behind the link: choose a new password. All sessions of the user end with the old one."""

    template_name = "account/password_new.html"
    success_url = reverse_lazy("account_new_password_done")
