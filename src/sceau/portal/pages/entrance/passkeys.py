"""Coming in with a passkey, registering the one that two colleagues vouch for, and one's own passkeys."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.identity import read_new_passkey
from sceau.operations import (
    Invited,
    look_at_invitation,
    machine,
    register_passkey,
    revoke_passkey,
    welcome_by_passkey,
)
from sceau.portal.fields import Sheet
from sceau.portal.kept import KEPT
from sceau.portal.limits import too_often
from sceau.portal.pages.entrance.views import go_on, way_on
from sceau.portal.passkey_asking import (
    ANSWER,
    options_to_enter,
    options_to_register,
    question_of,
    used_passkey,
)
from sceau.portal.refusals import not_found
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, actor_of, facts_of, let_in_by_passkey
from sceau.records import passkeys_of
from sceau.vocabulary import Finding, Refused

_TOO_OFTEN = (Finding.error("portal.too-often", "passkey"),)


def enter(request: PortalRequest) -> HttpResponse:
    """The entrance of officers who have no card."""
    if facts_of(request).asks_for_cards:
        return page(request, "passkeys/elsewhere.html", {"title": _("Entrer avec ma clé d’accès")})
    if request.method != "POST" or ANSWER not in request.POST:
        return _entrance(request)
    if too_often(request, "passkey", per_minute=20):
        return _entrance(request, _TOO_OFTEN, status=429)
    reading, known, challenge = used_passkey(request)
    if reading.value is None or known is None:
        return _entrance(request, reading.findings, status=403)
    try:
        actor = welcome_by_passkey(
            reference=known.reference, sign_count=reading.value.sign_count, challenge=challenge
        )
    except Refused as refusal:
        return _entrance(request, refusal.findings, status=403)
    let_in_by_passkey(request, actor=actor)
    return go_on(request, actor.person_id)


def _entrance(
    request: PortalRequest, findings: tuple[Finding, ...] = (), *, status: int = 200
) -> HttpResponse:
    context = {
        "title": _("Entrer avec ma clé d’accès"),
        "options": options_to_enter(request),
        "suite": way_on(request),
        "ticket": request.POST.get(KEPT, "")[:64],
        **summary(findings, heading=_("Votre clé d’accès n’a pas ouvert le service")),
    }
    return page(request, "passkeys/enter.html", context, status=status)


def register(request: PortalRequest, link: str) -> HttpResponse:
    """Who holds the link types the code that goes with it, then makes the passkey. Says nothing of the
    invitation before both are right.
    """
    if facts_of(request).asks_for_cards:
        return page(request, "passkeys/elsewhere.html", {"title": _("Enregistrer ma clé d’accès")})
    if request.method != "POST":
        return _code_page(request)
    if too_often(request, "passkey-register", per_minute=10):
        return _code_page(request, _TOO_OFTEN, status=429)
    try:
        return _registering(request, link, request.POST.get("code", "")[:64])
    except Refused as refusal:
        return _code_page(request, refusal.findings, status=422)


def _registering(request: PortalRequest, link: str, code: str) -> HttpResponse:
    invited = look_at_invitation(link=link, code=code)
    if ANSWER not in request.POST:
        return _making_page(request, invited, code)
    question = question_of(request, f"register:{invited.reference}")
    reading = read_new_passkey(request.POST[ANSWER], question)
    if reading.value is None:
        return _making_page(request, invited, code, findings=reading.findings)
    name = request.POST.get("name", "")[:200]
    reference = register_passkey(link=link, code=code, made=reading.value, name=name)
    context = {
        "title": _("Votre clé d’accès est enregistrée"),
        "reference": reference,
        "name": invited.display,
    }
    return page(request, "passkeys/registered.html", context)


def _code_page(
    request: PortalRequest, findings: tuple[Finding, ...] = (), *, status: int = 200
) -> HttpResponse:
    sheet = Sheet({"code": ""}, findings)
    code = sheet.field(
        "code",
        label=_("Code de l’invitation"),
        help=_("Dix lettres et chiffres, que vous dit le collègue qui a demandé votre invitation."),
        example="K7PQ2-9XHDM",
        required=True,
        width="w20",
        autocomplete="off",
    )
    context = {
        "title": _("Enregistrer ma clé d’accès"),
        "code": code,
        **summary(findings, heading=_("La clé d’accès n’est pas enregistrée"), fields=sheet.paths),
    }
    return page(request, "passkeys/code.html", context, status=status)


def _making_page(
    request: PortalRequest, invited: Invited, code: str, *, findings: tuple[Finding, ...] = ()
) -> HttpResponse:
    name = Sheet({"name": request.POST.get("name", "")[:60]}).field(
        "name",
        label=_("Nom de cette clé"),
        help=_("Pour la reconnaître parmi les vôtres."),
        example=_("Clé USB bleue, téléphone du bureau"),
        autocomplete="off",
    )
    context = {
        "title": _("Créer ma clé d’accès"),
        "who": invited.display,
        "code": code,
        "name": name,
        "options": options_to_register(request, invited),
        **summary(findings, heading=_("La clé d’accès n’est pas enregistrée")),
    }
    return page(request, "passkeys/make.html", context, status=422 if findings else 200)


def own(request: PortalRequest) -> HttpResponse:
    """The visitor's own passkeys."""
    context = {
        "title": _("Mes clés d’accès"),
        "keys": passkeys_of(request.visitor.person_id),
        "rules": machine().catalogue.entrance.passkey,
    }
    return page(request, "passkeys/own.html", context)


def end_own(request: PortalRequest, reference: str) -> HttpResponse:
    """Revoke one of one's own. Somebody else's does not exist here."""
    own_ones = {one.reference for one in passkeys_of(request.visitor.person_id)}
    if reference not in own_ones:
        return not_found(request)
    revoke_passkey(actor_of(request), reference=reference, reason="par son titulaire")
    messages.success(request, _("La clé d’accès est révoquée."))
    return HttpResponseRedirect(reverse("own-passkeys"))
