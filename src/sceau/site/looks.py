"""How the pages look (`SCEAU_THEME`), as Django's settings have it: templates, where files are found, what
the content policy lets the style sheet draw.

`neutral` is ours and the default: the terms of the State's design system keep it to the administration.
`dsfr` is that system, for an instance of the French administration (docs/themes.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

THEMES = ("neutral", "dsfr")
_FRAMES = Path(__file__).parents[1] / "portal" / "themes"
_CONTEXT = [
    "django.template.context_processors.request",
    "django.template.context_processors.i18n",
    "django.contrib.messages.context_processors.messages",
    "sceau.portal.context.page",
]
_OURS = "django.contrib.staticfiles.finders.AppDirectoriesFinder"


def theme_of(environ: Mapping[str, str]) -> str:
    """The theme asked for; ours, unless told. Raises ValueError for one that does not exist."""
    theme = environ.get("SCEAU_THEME") or THEMES[0]
    if theme not in THEMES:
        raise ValueError(f"SCEAU_THEME is {theme!r}: one of {', '.join(THEMES)} is expected")
    return theme


def templates_of(theme: str) -> list[dict[str, Any]]:
    """Django's `TEMPLATES`: a theme's own frame comes before our templates, read through its map."""
    options: dict[str, Any] = {"context_processors": list(_CONTEXT)}
    settings: dict[str, Any] = {"BACKEND": "django.template.backends.django.DjangoTemplates"}
    if theme == "dsfr":
        loaders = ["django.template.loaders.filesystem.Loader", "sceau.portal.themes.DressingLoader"]
        options["loaders"] = [("django.template.loaders.cached.Loader", loaders)]
        return [{**settings, "DIRS": [_FRAMES / theme], "OPTIONS": options}]
    return [{**settings, "APP_DIRS": True, "OPTIONS": options}]


def finders_of(theme: str) -> list[str]:
    """Where the files of the pages are found."""
    return [_OURS, "sceau.portal.themes.files.DsfrFinder"] if theme == "dsfr" else [_OURS]


def drawing_of(theme: str) -> dict[str, list[str]]:
    """What the content policy lets be drawn: our own, and the pictures inside the State's style sheet."""
    if theme == "dsfr":
        return {"img-src": ["'self'", "data:"], "font-src": ["'self'"]}
    return {"img-src": ["'self'"]}
