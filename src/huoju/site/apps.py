"""The composition root as a Django app: wires the wings together once all are loaded."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Templates of the shell, the commands, the wiring."""

    name = "huoju.site"
    label = "site"

    def ready(self) -> None:
        """Fill the registries that lower wings offer."""
        from .wiring import wire  # noqa: PLC0415  models must be loaded first

        wire()
