"""How allauth behaves here: accounts are made by an administrator, nobody signs up, guessing passwords is slow."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from . import ratelimit

# Failures allowed: per address (an office shares one), and per account (from wherever).
PER_ADDRESS = ("sign_in.address", 20, timedelta(minutes=1))
PER_ACCOUNT = ("sign_in.account", 5, timedelta(minutes=5))


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Sign-up is closed; failed sign-ins are counted across all processes."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Never: see `operations.create_user`."""
        return False

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:  # noqa: ARG002
        """Back to one's profile."""
        return reverse("access:profile")

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the attempt before looking at it: attempts at the same instant cannot slip through together."""
        super().pre_authenticate(request, **credentials)
        for name, caller, limit, per in self._limits(request, credentials):
            if not ratelimit.allow(
                name=name, caller=caller, limit=limit, per=per, now=timezone.now()
            ).allowed:
                raise self.validation_error("too_many_login_attempts")

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """Sign in; a success is not held against anybody."""
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if user is not None:
            for name, caller, limit, per in self._limits(request, credentials):
                ratelimit.give_back(name=name, caller=caller, limit=limit, per=per)
        return user

    def _limits(
        self, request: HttpRequest, credentials: dict[str, Any]
    ) -> Iterator[tuple[str, str, int, timedelta]]:
        account = str(credentials.get("email") or credentials.get("username") or "").lower()
        for (name, limit, per), caller in (
            (PER_ADDRESS, self.get_client_ip(request)),
            (PER_ACCOUNT, account),
        ):
            yield name, caller, limit, per
