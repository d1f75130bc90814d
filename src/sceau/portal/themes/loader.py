"""Reads our templates through a theme's map, once, when they are compiled."""

from __future__ import annotations

from django.template import Origin
from django.template.loaders.app_directories import Loader

from sceau.portal.themes.classes import dressed


class DressingLoader(Loader):
    """The applications' templates, dressed for the French State's design system."""

    def get_contents(self, origin: Origin) -> str:
        """The template's source with the theme's classes; a text file as it is."""
        source = str(super().get_contents(origin))
        return dressed(source) if str(origin.template_name).endswith(".html") else source
