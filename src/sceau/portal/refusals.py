"""Pages that say no, each with the reason and the way on. None of them tells an outsider what exists."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from sceau.operations import machine
from sceau.portal.door import doorkeeper
from sceau.portal.hats import Page
from sceau.portal.language import page_catalogue
from sceau.portal.psc_door import psc_door
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import NOBODY, PortalRequest, facts_of
from sceau.vocabulary import Fault, Refused


def _visitor_at_least_nobody(request: HttpRequest) -> None:
    if not hasattr(request, "visitor"):
        request.visitor = NOBODY  # type: ignore[attr-defined]


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: what does not exist and what is not yours look alike [ASSURANCE T18]."""
    del exception  # Django's signature; what it says is not for the visitor
    _visitor_at_least_nobody(request)
    return page(request, "refusals/not_found.html", {"title": _("Page introuvable")}, status=404)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: the request was not well formed, or too large."""
    del exception  # Django's signature; what it says is not for the visitor
    _visitor_at_least_nobody(request)
    return page(
        request, "refusals/bad_request.html", {"title": _("Demande incomplète ou trop grande")}, status=400
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403 without more to say."""
    del exception  # Django's signature; what it says is not for the visitor
    _visitor_at_least_nobody(request)
    return page(request, "refusals/forbidden.html", {"title": _("Accès refusé")}, status=403)


def broken(request: HttpRequest) -> HttpResponse:
    """500: a defect of ours. Says so, and what was not done."""
    _visitor_at_least_nobody(request)
    return page(request, "refusals/broken.html", {"title": _("Le service a rencontré un défaut")}, status=500)


def csrf_failure(request: HttpRequest, **_why: object) -> HttpResponse:
    """403: the act did not come from one of our pages, or the page was open for too long [ASSURANCE T35]."""
    _visitor_at_least_nobody(request)
    return page(request, "refusals/csrf.html", {"title": _("Page périmée")}, status=403)


def show_your_card(request: PortalRequest, *, kept: str = "") -> HttpResponse:
    """403: the page needs a card. If a session has just ended, says why; `kept` takes up what it sent."""
    context: dict[str, Any] = {"title": _("Cette page demande votre carte")}
    if kept:
        context = {
            "title": _("Votre session était terminée"),
            "ticket": kept,
            "minutes": int(machine().catalogue.entrance.session.kept.total_seconds() // 60),
            "drawer": doorkeeper().drawer if settings.SCEAU_TEST_CARDS else (),
            "at_door": facts_of(request).asks_for_cards,
            "psc": psc_door() is not None,
        }
    if request.visitor.finding is not None:
        context.update(summary([request.visitor.finding], heading=_("Votre session est terminée")))
    shown = "refusals/session_over.html" if kept else "refusals/card_needed.html"
    response = page(request, shown, context, status=403)
    if kept:
        response["Connection"] = "close"  # the next one shows the card again
    return response


def not_yours(request: PortalRequest) -> HttpResponse:
    """403: a known visitor without the hat for this page."""
    return page(
        request, "refusals/not_yours.html", {"title": _("Cette page n’est pas pour vous")}, status=403
    )


def other_hat(request: PortalRequest, wanted: Page) -> HttpResponse:
    """403: the page is for another hat that this visitor has: they choose it, and it opens."""
    context = {
        "title": _("Cette page demande un autre de vos rôles"),
        "offered": [one for one in request.visitor.choices if one in wanted.hats],
        "way_on": request.get_full_path() if "GET" in wanted.methods else "",
        "ticket": request.POST.get("gardee", "")[:64],
    }
    return page(request, "refusals/other_hat.html", context, status=403)


def not_this_way(request: HttpRequest, wanted: Page) -> HttpResponse:
    """405: an address that only takes what a page sends, typed or opened anew (or the other way round)."""
    response = page(request, "refusals/not_this_way.html", {"title": _("Rien à lire ici")}, status=405)
    response["Allow"] = ", ".join(wanted.methods)
    return response


def refused(request: HttpRequest, refusal: Refused, *, title: str, status: int = 422) -> HttpResponse:
    """A refusal on an act that has no form to go back to."""
    context = {"title": title, **summary(refusal.findings, heading=_("Cela n’a pas été fait"))}
    return page(request, "refusals/refused.html", context, status=status)


def faulty(request: HttpRequest, fault: Fault) -> HttpResponse:
    """503: a machine failed. Nobody did anything wrong; says whether to try again."""
    context = {
        "title": _("Le service ne peut pas répondre"),
        "retryable": fault.retryable,
        "sentence": page_catalogue().say_fault(fault),
    }
    response = page(request, "refusals/faulty.html", context, status=503)
    if fault.retryable:
        response["Retry-After"] = "30"
    return response
