"""The language of a page: French, or English for whoever asked for it with the switch.

What is recorded, signed or mailed is French whatever the page was read in; a page only shows. The choice is
one word in a cookie of this site: it says nothing of who reads, no other site gets it, and forgetting it
brings the French pages back. A browser's own preference decides nothing: the law's language comes first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import Resolver404, resolve, reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme

from sceau.catalogue import Catalogue, Language, load_catalogue

_KEPT = 365 * 24 * 3600  # seconds


def page_language() -> Language:
    """The language this page is written in."""
    return Language.ENGLISH if (translation.get_language() or "") == Language.ENGLISH else Language.FRENCH


def page_catalogue() -> Catalogue:
    """The catalogue in the language of this page: the same rules, other words."""
    return load_catalogue(language=page_language())


class LanguageMiddleware:
    """Writes the whole answer in the language of the cookie, and says which it is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer in the visitor's language; what is not one of ours is French."""
        with translation.override(_known(request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""))):
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", page_language().value)
            return response


def _known(code: str) -> str:
    return code if code in set(Language) else Language.FRENCH.value


def choose(request: HttpRequest, code: str) -> HttpResponse:
    """Keep the language that was chosen, and go back to the page it was chosen on."""
    response = HttpResponseRedirect(_page_before(request))
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        _known(code),
        max_age=_KEPT,
        secure=True,
        httponly=True,
        samesite="Lax",
    )
    return response


def _page_before(request: HttpRequest) -> str:
    """The page the visitor comes from: one of ours that can be read, else the first page."""
    from sceau.portal.urls import page_named  # the table imports the views

    before = request.META.get("HTTP_REFERER", "")
    if not url_has_allowed_host_and_scheme(before, {request.get_host()}, require_https=True):
        return reverse("home")
    parts = urlsplit(before)
    try:
        page = page_named(resolve(parts.path).url_name or "")
    except Resolver404:
        return reverse("home")
    if page is None or "GET" not in page.methods:
        return reverse("home")
    return cast(str, parts.path) + (f"?{parts.query}" if parts.query else "")
