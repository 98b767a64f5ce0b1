"""`huoju admin NAME`: the first administrator, or a new password for one."""

import argparse

from django.core.exceptions import ValidationError
from django.utils import timezone

from huoju.core.access.models import User
from huoju.core.access.operations import create_user, reset_password
from huoju.core.access.policy import Role
from huoju.site.console import CommandError, say


def run(options: argparse.Namespace) -> None:
    """Create or reset the account and print its password, which is shown nowhere else."""
    name = options.username
    user = User.objects.filter(username=name).first()
    if user is None:
        try:
            user, password = create_user(
                username=name, name=name, role=Role.ADMIN, actor=None, now=timezone.now()
            )
        except ValidationError as error:
            raise CommandError(f"{name!r} cannot be a login: {' '.join(error.messages)}") from error
        say(f"admin: created {name} with the password {password}")
        return
    if user.role != Role.ADMIN:
        raise CommandError(f"{name} is no administrator; another administrator can change that")
    say(f"admin: the new password of {name} is {reset_password(user=user, actor=user)}")
