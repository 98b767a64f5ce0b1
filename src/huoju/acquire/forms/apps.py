"""The app's label: `forms` is taken by Django's own."""

from django.apps import AppConfig


class FormsConfig(AppConfig):
    """Forms of the acquire wing."""

    name = "huoju.acquire.forms"
    label = "webforms"
