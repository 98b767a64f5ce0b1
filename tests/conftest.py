"""Fixtures for every test."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import override_settings

from tests.browsing import browser, visit

__all__ = ["browser", "visit"]


@pytest.fixture(scope="session", autouse=True)
def quick_settings() -> Iterator[None]:
    """Static files under their plain names (tests do not run `collectstatic`), passwords hashed cheaply."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    hasher = "django.contrib.auth.hashers.MD5PasswordHasher"
    with override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain}, PASSWORD_HASHERS=[hasher]):
        yield
