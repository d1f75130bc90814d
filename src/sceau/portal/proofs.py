"""Before an act: was who acts recognised recently enough, and by what may open it.

An act is a POST of somebody known. All of them ask for a recent proof, but those named here as deciding,
issuing and revoking nothing; whoever came by Pro Santé Connect may do only what decision 16 leaves them, and
who wears the auditor's hat changes nothing. What was sent too early is kept meanwhile, files included.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from sceau.certification import holds_private_key
from sceau.operations import machine, welcome_by_passkey
from sceau.portal.hats import Hat, Page
from sceau.portal.kept import KEPT, keep, keep_for_later, names_of_files, take_up
from sceau.portal.limits import too_often
from sceau.portal.passkey_asking import digest_of_session, options_to_enter, used_passkey
from sceau.portal.rendering import page as rendered
from sceau.portal.saying import summary
from sceau.portal.visitor import Means, PortalRequest, facts_of, prove_again
from sceau.vocabulary import Finding, Refused

CONFIRMS = "preuve"
"""The field by which a person confirms, on the page that asks for a recent proof."""
_KEY = Finding.error("csr.private-key", "csr")
_LOOKED_AT = 64 * 1024

NO_RECENT_PROOF = frozenset(
    {
        *("new-order", "amend-order", "answer-order"),  # what is typed there, the desk decides upon
        *("entrust-order", "modify-order"),  # a draft begins
        *("draft-step", "draft-verdict", "entrust-draft", "take-draft-back"),  # nothing is sent yet
        *("give-draft-back", "delete-draft"),
        *("verdict-own", "verdict-pair", "verdict"),  # asked as one types; says yes or no, does nothing
        *("renewed-files", "desk-piece-file", "desk-piece-read"),  # reading
        *("desk-take", "desk-note", "desk-ask", "desk-edit", "desk-task-done"),  # before a decision
        *("desk-contract-piece", "desk-order-piece"),  # filing a piece
        *("end-session", "end-sessions"),  # whoever sees a stranger's session ends it at once
        *("own-passkey-end", "wear-hat"),  # so with a key that is lost; a hat decides nothing
    }
)
_CARRIES = frozenset({"wear-hat"})
"""What passes a kept form on and does not take it up."""
_NOT_KEPT = frozenset(
    {
        *("verdict-own", "verdict-pair", "verdict", "draft-verdict"),  # asked by a script as one types
        *("end-session", "end-sessions", "own-passkey-end", "wear-hat"),  # the session is over
        *("renewed-files", "evidence", "desk-piece-file", "desk-piece-read"),  # reading
    }
)
"""What is not worth keeping when the session has ended."""
READ_BY_POST = frozenset(
    {
        *("evidence", "desk-piece-file"),  # a copy, that the journal tells of
        *("end-session", "end-sessions", "own-passkey-end", "wear-hat"),  # their own door
    }
)
"""What the auditor's hat may post: nothing that changes anything but how they themselves come in."""
WITHOUT_CARD = frozenset(
    {
        *("request", "verdict", "request-pair", "verdict-pair", "renew-many", "renewed-files"),
        *("collect", "revoke", "revoke-token"),
        *("end-session", "end-sessions"),
    }
)
"""What Pro Santé Connect may do: use an existing habilitation and what came of it, and stop things. Whether
its recorded card is valid and it was used before, the verbs ask [decision 16]."""


def hindrance(request: PortalRequest, page: Page) -> HttpResponse | None:
    """Why this act is not done yet, as a page; None: nothing stands against it here."""
    if request.method != "POST" or not request.visitor.known or Hat.ANYBODY in page.hats:
        return None
    return _not_by_such(request, page) or (None if page.name in NO_RECENT_PROOF else _not_proven(request))


def taken_up(request: PortalRequest, page: Page) -> PortalRequest | HttpResponse | None:
    """The request with the form that was kept for it, or a page that says that it is not kept any more; None
    where it names none.
    """
    ticket = request.POST.get(KEPT, "") if request.method == "POST" else ""
    if not ticket or Hat.ANYBODY in page.hats or page.name in _CARRIES:
        return None
    return take_up(request, ticket) or _gone(request)


def keep_after_the_end(request: PortalRequest, page: Page) -> str:
    """What a session that had ended sent to a page: kept for when its owner comes in anew (its ticket), if
    there is something to take up. A private key is kept nowhere.
    """
    if request.method != "POST" or request.visitor.elsewhere or page.name in _NOT_KEPT:
        return ""
    if too_often(request, "garder", per_minute=10) or _brings_a_key(request):
        return ""
    return keep_for_later(request)


def _not_by_such(request: PortalRequest, page: Page) -> HttpResponse | None:
    """Why whoever came so, or wears such a hat, does not do this at all."""
    if request.visitor.hat is Hat.AUDITOR and page.name not in READ_BY_POST:
        context = {"title": _("L’audit voit tout et ne change rien")}
        return rendered(request, "refusals/auditor.html", context, status=403)
    if request.visitor.means is Means.PSC and page.name not in WITHOUT_CARD:
        context = {"title": _("Cet acte demande votre carte")}
        return rendered(request, "refusals/card_for_this.html", context, status=403)
    return None


def _not_proven(request: PortalRequest) -> HttpResponse | None:
    """What stands against it: no recent proof, or a form that was kept and is not any more."""
    findings = () if is_fresh(request) else _proven_now(request)
    if findings and _brings_a_key(request):  # what was sent is kept for after the proof: this is kept nowhere
        told = summary([_KEY], heading=_("Rien n’est fait"))
        context = {"title": _("Une clé privée ne s’envoie pas"), **told}
        return rendered(request, "refusals/refused.html", context, status=422)
    if findings:
        return _ask_for_proof(request, findings)
    return None


def _proven_now(request: PortalRequest) -> tuple[Finding, ...]:
    """Whether this very request proves who sends it; empty when it does, and then it is noted."""
    minutes = int(machine().catalogue.entrance.session.fresh.total_seconds() // 60)
    if CONFIRMS not in request.POST or request.visitor.means is Means.PSC:
        return (Finding.error("session.proof-old", "session", minutes=minutes),)
    if request.visitor.means is Means.PASSKEY:
        findings = _proven_by_passkey(request)
    elif _handshake_is_old(request):
        findings = (Finding.error("session.handshake-old", "session", minutes=minutes),)
    else:
        findings = ()
    if not findings:
        prove_again(request)
    return findings


def _proven_by_passkey(request: PortalRequest) -> tuple[Finding, ...]:
    reading, known, challenge = used_passkey(
        request, purpose=_purpose(request), person_id=request.visitor.person_id
    )
    if reading.value is None or known is None:
        return reading.findings
    try:
        welcome_by_passkey(
            reference=known.reference, sign_count=reading.value.sign_count, challenge=challenge
        )
    except Refused as refusal:
        return refusal.findings
    return ()


def _purpose(request: PortalRequest) -> str:
    return f"prove:{digest_of_session(request)}"


def _brings_a_key(request: HttpRequest) -> bool:
    """Whether a private key is among what was typed, or at the beginning of a file."""
    if any(holds_private_key(value.encode()) for _, values in request.POST.lists() for value in values):
        return True
    for name in request.FILES:
        file: Any = request.FILES[name]
        head = file.read(_LOOKED_AT)
        file.seek(0)
        if holds_private_key(head):
            return True
    return False


def is_fresh(request: PortalRequest) -> bool:
    """Whether who visits was recognised recently enough to decide something."""
    proven = request.visitor.proven_at
    now = machine().clock()
    return proven is not None and now - machine().catalogue.entrance.session.fresh <= proven <= now


def _handshake_is_old(request: HttpRequest) -> bool:
    """Whether the card signed this connection too long ago. A front does not say: then the click counts."""
    since = facts_of(request).proven_at
    return since is not None and machine().clock() - since > machine().catalogue.entrance.session.fresh


def _ask_for_proof(request: PortalRequest, findings: tuple[Finding, ...]) -> HttpResponse:
    """The page that asks for a proof, and keeps what was sent. The connection is closed: the next one shows
    the card again, for no session of TLS is resumed [ASSURANCE T07].
    """
    ticket = request.POST.get(KEPT, "")
    context = {
        "title": _("Confirmez que c’est vous"),
        "ticket": ticket or keep(request),
        "files": [] if ticket else names_of_files(request),
        "minutes": int(machine().catalogue.entrance.session.kept.total_seconds() // 60),
        "confirms": CONFIRMS,
        **summary(findings, heading=_("Une preuve récente est demandée")),
    }
    if request.visitor.means is Means.PASSKEY:
        context["options"] = options_to_enter(request, purpose=_purpose(request))
    response = rendered(request, "refusals/proof_needed.html", context, status=403)
    response["Connection"] = "close"
    return response


def _gone(request: PortalRequest) -> HttpResponse:
    """What was kept is not there any more: nothing was done, and the page is filled in anew."""
    context = {
        "title": _("Ce qui était gardé ne l’est plus"),
        **summary([Finding.error("session.form-gone", "session")], heading=_("Rien n’a été fait")),
    }
    return rendered(request, "refusals/form_gone.html", context, status=410)
