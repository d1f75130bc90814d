"""Before any view: who visits, is the page for them, may this method be used. What is not in the table is
refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from sceau.portal.hats import Page
from sceau.portal.proofs import hindrance, keep_after_the_end, taken_up
from sceau.portal.refusals import (
    faulty,
    not_found,
    not_this_way,
    not_yours,
    other_hat,
    refused,
    show_your_card,
)
from sceau.portal.visitor import NOBODY, PortalRequest, visitor_of
from sceau.vocabulary import Fault, Refused

_PRIVATE = "private, no-store"


class VisitorMiddleware:
    """Sets `request.visitor` and holds the table of pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and let nothing that a card opened be kept by a cache."""
        asked = cast(PortalRequest, request)
        asked.visitor = NOBODY
        response = self.get_response(request)
        if "Cache-Control" not in response:
            response["Cache-Control"] = _PRIVATE
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """Refuse what the table does not open to this visitor."""
        from sceau.portal.urls import page_named  # the table imports the views, and they import this room

        asked = cast(PortalRequest, request)
        match = request.resolver_match
        page: Page | None = page_named(match.url_name or "") if match else None
        if page is None:
            return not_found(request)
        asked.visitor = visitor_of(request)
        if request.method not in page.methods:
            return not_this_way(request, page)
        if page.hats & asked.visitor.hats:
            stopped = hindrance(asked, page) or taken_up(asked, page)
            if stopped is None or isinstance(stopped, HttpResponseBase):
                return stopped
            return self._answer(stopped, view, args, kwargs)
        return _not_open(asked, page)

    def _answer(
        self, taken: PortalRequest, view: Callable[..., HttpResponse], args: Any, kwargs: dict[str, Any]
    ) -> HttpResponse:
        """The view's answer to a form that was taken up."""
        try:
            return view(taken, *args, **kwargs)
        except (Refused, Fault) as exception:
            answer = self.process_exception(taken, exception)
            if answer is None:
                raise
            return answer

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A refusal or a fault that a page did not expect is said as one; a defect stays a defect."""
        if isinstance(exception, Refused):
            return refused(request, exception, title=_("Ce n’est pas possible"))
        if isinstance(exception, Fault):
            return faulty(request, exception)
        return None


def _not_open(asked: PortalRequest, page: Page) -> HttpResponse:
    """The page is not this visitor's, or not now: which, and what to do."""
    if page.hats & set(asked.visitor.choices):
        return other_hat(asked, page)
    if asked.visitor.known:
        return not_yours(asked)
    return show_your_card(asked, kept=keep_after_the_end(asked, page))
