"""Three pages, each with its own address: what one wants to do, few questions, the answer. No login."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.catalogue import Lane, NameNeed, Per
from sceau.portal.language import page_catalogue
from sceau.portal.pages.needs.asking import carried, chosen_from, needs_from
from sceau.portal.rendering import page
from sceau.portal.visitor import PortalRequest
from sceau.registration import MOST_OF_A_USE, NeededCertificates, UseChosen, questions_for


def needs(request: PortalRequest) -> HttpResponse:
    """What do you want to do? Several at once, in plain words."""
    rules = page_catalogue().needs
    ticked = {one.use.code for one in chosen_from(request.GET)}
    groups = [
        {"code": code, "label": label, "uses": [use for use in rules.uses.values() if use.group == code]}
        for code, label in rules.groups.items()
    ]
    context = {
        "title": _("De quoi ai-je besoin ?"),
        "groups": groups,
        "ticked": ticked,
        "nothing": "rien" in request.GET,
    }
    return page(request, "needs/uses.html", context)


def questions(request: PortalRequest) -> HttpResponse:
    """What each use asks, and what every order asks."""
    chosen = chosen_from(request.GET)
    if not chosen:
        return HttpResponseRedirect(f"{reverse('needs')}?rien=1")
    given = dict(carried(request.GET))
    common = [
        {
            "question": one,
            "answers": [(code, label, given.get(one.code) == code) for code, label in one.answers.items()],
        }
        for one in questions_for(chosen, catalogue=page_catalogue())
    ]
    context = {
        "title": _("Quelques questions"),
        "chosen": [_asked(one) for one in chosen],
        "common": common,
        "most": MOST_OF_A_USE,
        "back": _address("needs", request),
    }
    return page(request, "needs/questions.html", context)


def answer(request: PortalRequest) -> HttpResponse:
    """Which certificates, how many, under which names; who does what; what to have at hand; how long."""
    found = needs_from(request.GET)
    if not found.chosen:
        return HttpResponseRedirect(f"{reverse('needs')}?rien=1")
    catalogue = page_catalogue()
    here = _address("needs-answer", request)
    presets = [catalogue.presets[one.answer.preset] for one in found.chosen if one.answer.preset]
    context = {
        "title": _("Ce qu’il vous faut"),
        "found": found,
        "lines": [_line(one) for one in found.certificates],
        "total": sum(one.count for one in found.certificates),
        "advice": list(dict.fromkeys(presets)),
        "by_form": "form" in found.flags,
        "by_card": "own" in found.flags,
        "days": catalogue.desk.stays[Lane.TODO].days,
        "carried": carried(request.GET),
        "change": _address("needs-questions", request),
        "here": here,
    }
    return page(request, "needs/answer.html", context)


def _asked(one: UseChosen) -> dict[str, Any]:
    answers = [(code, each, each == one.answer) for code, each in one.use.answers.items()]
    per = {each.per for answer in one.use.answers.values() for each in answer.certificates}
    per.discard(Per.STRUCTURE)
    return {"use": one.use, "answers": answers, "count": one.count, "per": _how_many(per)}


def _how_many(per: set[Per]) -> str:
    """The key of the sentence that asks how many; empty when it makes no difference."""
    if not per:
        return ""
    return next(iter(per)).value if len(per) == 1 else "several"


def _line(one: NeededCertificates) -> dict[str, Any]:
    catalogue = page_catalogue()
    product = catalogue.products[one.product]
    need = NameNeed.NONE if one.per is Per.PERSON else product.name_need
    return {
        "product": product,
        "offer": catalogue.offers[product.offer],
        "count": one.count,
        "per": one.per.value,
        "name": one.name,
        "named": catalogue.needs.names[need],
        "uses": one.uses,
    }


def _address(name: str, request: PortalRequest) -> str:
    return f"{reverse(name)}?{urlencode(carried(request.GET))}"
