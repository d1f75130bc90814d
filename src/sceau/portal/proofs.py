"""Before an act: was who acts recognised recently enough, and by what may open it.

An act is a POST of somebody known. All of them ask for a recent proof, but those named here as deciding,
issuing and revoking nothing; and whoever came without the card may do only what decision 16 leaves them.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from sceau.operations import machine
from sceau.portal.hats import Hat, Page
from sceau.portal.rendering import page as rendered
from sceau.portal.saying import summary
from sceau.portal.visitor import Means, PortalRequest, facts_of, prove_again
from sceau.vocabulary import Finding

CONFIRMS = "preuve"
"""The field by which a person confirms, on the page that asks for a recent proof."""
_MOST_CARRIED = 64 * 1024

NO_RECENT_PROOF = frozenset(
    {
        *("new-order", "amend-order", "answer-order"),  # what is typed there, the desk decides upon
        *("draft-step", "draft-verdict", "entrust-draft", "take-draft-back"),  # nothing is sent yet
        *("give-draft-back", "delete-draft"),
        *("verdict-own", "verdict-pair", "verdict"),  # asked as one types; says yes or no, does nothing
        *("renewed-files", "desk-piece-file", "desk-piece-read"),  # reading
        *("desk-take", "desk-note", "desk-ask", "desk-edit", "desk-task-done"),  # before a decision
        *("desk-contract-piece", "desk-order-piece"),  # filing a piece
        *("end-session", "end-sessions"),  # whoever sees a stranger's session ends it at once
    }
)
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
    visitor = request.visitor
    if request.method != "POST" or not visitor.known or Hat.ANYBODY in page.hats:
        return None
    if visitor.means is Means.PSC and page.name not in WITHOUT_CARD:
        context = {"title": _("Cet acte demande votre carte")}
        return rendered(request, "refusals/card_for_this.html", context, status=403)
    if page.name in NO_RECENT_PROOF or is_fresh(request):
        return None
    confirms = CONFIRMS in request.POST
    if confirms and visitor.means is not Means.PSC and not _handshake_is_old(request):
        prove_again(request)
        return None
    return _ask_for_proof(request, "session.handshake-old" if confirms else "session.proof-old")


def is_fresh(request: PortalRequest) -> bool:
    """Whether who visits was recognised recently enough to decide something."""
    proven = request.visitor.proven_at
    now = machine().clock()
    return proven is not None and now - machine().catalogue.entrance.session.fresh <= proven <= now


def _handshake_is_old(request: HttpRequest) -> bool:
    """Whether the card signed this connection too long ago. A front does not say: then the click counts."""
    since = facts_of(request).proven_at
    return since is not None and machine().clock() - since > machine().catalogue.entrance.session.fresh


def _ask_for_proof(request: PortalRequest, code: str) -> HttpResponse:
    """The page that asks for a proof; what was typed goes along. The connection is closed: the next one
    shows the card again, for no session of TLS is resumed [ASSURANCE T07].
    """
    minutes = int(machine().catalogue.entrance.session.fresh.total_seconds() // 60)
    finding = (
        Finding.error("session.handshake-old", "session", minutes=minutes)
        if code == "session.handshake-old"
        else Finding.error("session.proof-old", "session", minutes=minutes)
    )
    context = {
        "title": _("Confirmez que c’est vous"),
        "carried": _carried(request),
        "files_lost": bool(request.FILES),
        "confirms": CONFIRMS,
        **summary([finding], heading=_("Une preuve récente est demandée")),
    }
    response = rendered(request, "refusals/proof_needed.html", context, status=403)
    response["Connection"] = "close"
    return response


def _carried(request: HttpRequest) -> list[tuple[str, str]]:
    """What was typed, to be sent again with the confirmation; nothing of a form too large to carry."""
    ours = ("csrfmiddlewaretoken", CONFIRMS)
    typed = [(name, value) for name, values in request.POST.lists() if name not in ours for value in values]
    return typed if sum(len(name) + len(value) for name, value in typed) <= _MOST_CARRIED else []
