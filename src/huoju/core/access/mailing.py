"""The mail with which somebody who forgot the password chooses a new one."""

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _

from .models import User


def send_link(*, user_id: int, language: str) -> None:
    """Mail the link to its user, unless deactivated since. Made here, not when asked for: the queue keeps no secret."""
    user = User.objects.filter(pk=user_id, is_active=True).exclude(email="").first()
    if user is None:
        return
    place = [urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)]
    with translation.override(user.language or language or settings.LANGUAGE_CODE):
        # The address of the house, never the host that a request names.
        url = settings.PUBLIC_URL + reverse("account_new_password", args=place)
        body = render_to_string("account/mail_password.txt", {"person": user, "url": url})
        subject = _("A new password for Huoju")
        headers = {"Auto-Submitted": "auto-generated"}
        EmailMessage(subject, body, None, [user.email], headers=headers).send()
