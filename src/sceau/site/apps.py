"""The fittings as a Django application: it only brings its checks."""

from __future__ import annotations

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Label ``site``."""

    name = "sceau.site"
    label = "sceau_site"

    def ready(self) -> None:
        """Register the checks."""
        from sceau.site import checks  # noqa: F401 - importing it registers
