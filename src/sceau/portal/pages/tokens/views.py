"""Tokens of one habilitation: what they may do, the list, making one, its secret shown once, ending one.

The secret is in the answer to the very act that made the token, and nowhere else: no redirect carries it,
no session keeps it. A page sent twice makes one token; the second answer has no secret to show.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.utils.timezone import make_aware
from django.utils.translation import gettext as _

from sceau.operations import NewToken, TokenLimits, create_token, machine, revoke_token
from sceau.portal.fields import Field, Sheet
from sceau.portal.language import page_catalogue
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import HabilitationLine, TokenLine, habilitation_for, list_tokens, token_line
from sceau.vocabulary import Finding, Refused

_PAGE = 50
_MADE = "tokens-made"
_REMEMBERED = 50
_YEARS = range(2000, 2200)


def tokens(request: PortalRequest, reference: str) -> HttpResponse:
    """The tokens of a right, for its holder and for whom its contract names; the holder may make one."""
    line = _right(request, reference)
    if request.method != "POST":
        return _page(request, line)
    if not _is_mine(request, line):
        raise Http404
    once = request.POST.get("once", "")[:40]
    if once in request.session.get(_MADE, ()):
        messages.info(request, _("Ce jeton était déjà créé. Son secret n’est montré qu’une fois."))
        return HttpResponseRedirect(reverse("tokens", args=[reference]))
    try:
        made = _make(request, reference)
    except Refused as refusal:
        return _page(request, line, refusal.findings)
    if once:
        request.session[_MADE] = [*request.session.get(_MADE, ()), once][-_REMEMBERED:]
    return _made(request, line, made)


def revoke(request: PortalRequest, reference: str) -> HttpResponse:
    """End a token, once confirmed."""
    token = token_line(reference, at=machine().clock())
    if token is None:
        raise Http404
    line = _right(request, token.habilitation)
    if request.method != "POST":
        return _revoke_page(request, line, token)
    if request.POST.get("sure") != "oui":
        return _revoke_page(request, line, token, (Finding.error("portal.confirm-token", "sure"),))
    revoke_token(actor_of(request), reference=reference)
    messages.success(request, _("Le jeton est révoqué : le programme qui s’en sert n’obtient plus rien."))
    return HttpResponseRedirect(reverse("tokens", args=[line.reference]))


def _right(request: PortalRequest, reference: str) -> HabilitationLine:
    """The right if the visitor may see it; else 404, as for one that does not exist [ASSURANCE T18]."""
    file = habilitation_for(reference, viewer=request.visitor.person_id, at=machine().clock())
    if file is None:
        raise Http404
    return file.line


def _is_mine(request: PortalRequest, line: HabilitationLine) -> bool:
    return line.person_id == request.visitor.person_id


def _make(request: PortalRequest, reference: str) -> NewToken:
    """Make it as typed. What cannot be read becomes what the verb refuses, so that all is said at once."""
    return create_token(
        actor_of(request),
        habilitation=reference,
        label=request.POST.get("label", "")[:200],
        valid_until=_start_of(request.POST.get("valid_until", "")) or machine().clock(),
        terms_accepted=request.POST.get("terms") == "oui",
        limits=TokenLimits(_number(request.POST.get("per_day", ""))),
    )


def _start_of(text: str) -> datetime | None:
    """The first instant of a day typed as ``2027-11-24``, in the time of the pages."""
    try:
        day = date.fromisoformat(text.strip()) if len(text) < 20 else None
    except ValueError:
        return None
    return make_aware(datetime.combine(day, time())) if day is not None and day.year in _YEARS else None


def _number(text: str) -> int:
    digits = text.strip()
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 10 else 0


def _made(request: PortalRequest, line: HabilitationLine, made: NewToken) -> HttpResponse:
    context = {"title": _("Le jeton est créé"), "line": line, "token": made.line, "secret": made.secret}
    response = page(request, "tokens/made.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


def _page(request: PortalRequest, line: HabilitationLine, findings: tuple[Finding, ...] = ()) -> HttpResponse:
    after = request.GET.get("apres", "")[:80]
    found = list_tokens(at=machine().clock(), habilitation=line.reference, after=after, limit=_PAGE + 1)
    shown = found[:_PAGE]
    sheet = Sheet(_typed(request), findings)
    context = {
        "title": _("Jetons pour programmes"),
        "line": line,
        "product": page_catalogue().products[line.product],
        "mine": _is_mine(request, line),
        "tokens": shown,
        "after": shown[-1].reference if len(found) > _PAGE else "",
        "fields": _fields(sheet),
        "once": get_random_string(22),
        **summary(findings, heading=_("Le jeton n’est pas créé"), fields=sheet.paths),
    }
    return page(request, "tokens/list.html", context, status=422 if findings else 200)


def _fields(sheet: Sheet) -> list[Field]:
    return [
        sheet.field(
            "label",
            label=_("Nom du jeton"),
            help=_("Où il servira : c’est à ce nom que vous le reconnaîtrez."),
            example=_("serveur de messagerie"),
            required=True,
            autocomplete="off",
        ),
        sheet.field(
            "valid_until",
            kind="date",
            label=_("Prend fin le"),
            help=_("À 0 h ce jour-là, heure de Paris. Un an au plus, et jamais après la fin de votre carte."),
            required=True,
            width="w20",
        ),
        sheet.field(
            "per_day",
            label=_("Certificats par 24 heures, au plus"),
            help=_("Au-delà, il attend. Prenez le plus petit nombre qui suffit."),
            required=True,
            width="w20",
            inputmode="numeric",
        ),
        sheet.field(
            "terms",
            kind="checkbox",
            label=_("J’accepte les conditions générales d’utilisation et la politique de certification"),
            help=_("Pour chaque certificat que ce jeton obtiendra."),
            required=True,
        ),
    ]


def _typed(request: PortalRequest) -> dict[str, Any]:
    if request.method != "POST":
        return {"per_day": str(TokenLimits().per_day)}
    typed = {key: request.POST.get(key, "")[:200] for key in ("label", "valid_until", "per_day")}
    return {**typed, "terms": request.POST.get("terms") == "oui"}


def _revoke_page(
    request: PortalRequest, line: HabilitationLine, token: TokenLine, findings: tuple[Finding, ...] = ()
) -> HttpResponse:
    if token.revoked_at is not None:
        return HttpResponseRedirect(reverse("tokens", args=[line.reference]))
    sheet = Sheet({}, findings)
    label = _("J’ai compris que c’est définitif")
    context = {
        "title": _("Révoquer ce jeton"),
        "line": line,
        "token": token,
        "sure": sheet.field("sure", kind="checkbox", label=label, required=True, value=False),
        **summary(findings, heading=_("Le jeton n’est pas révoqué"), fields=sheet.paths),
    }
    return page(request, "tokens/revoke.html", context, status=422 if findings else 200)
