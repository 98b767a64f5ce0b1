"""Fixtures for every test."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import override_settings
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from tests.browsing import browser, visit
from tests.spark import spark_engine

__all__ = ["browser", "spark_engine", "visit"]

# A property holds or not; how fast a busy machine draws examples is no property.
hypothesis_settings.register_profile("huoju", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("huoju")


@pytest.fixture(scope="session", autouse=True)
def quick_settings() -> Iterator[None]:
    """Static files under their plain names (tests do not run `collectstatic`), passwords hashed cheaply."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    hasher = "django.contrib.auth.hashers.MD5PasswordHasher"
    with override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain}, PASSWORD_HASHERS=[hasher]):
        yield
