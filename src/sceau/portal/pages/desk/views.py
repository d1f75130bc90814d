"""The desk's queue and the file of an order: each check with its evidence, and the acts that its life
allows.
"""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse

from sceau.operations import examination_of, machine
from sceau.portal.fields import Sheet
from sceau.portal.hats import Hat
from sceau.portal.pages.pieces.handing_in import piece_fields
from sceau.portal.rendering import page
from sceau.portal.saying import say, summary
from sceau.portal.visitor import PortalRequest
from sceau.records import (
    OrderFile,
    attestations_of,
    desk_queue,
    habilitation_file,
    order_file,
    pieces_of_order,
)
from sceau.registration import Examination
from sceau.vocabulary import Finding

_PAGE = 25
_STATES = ("received", "under-review", "incomplete", "accepted", "refused", "abandoned")


def desk(request: PortalRequest) -> HttpResponse:
    """Orders that wait, the one untouched for longest first."""
    state, text = request.GET.get("etat", ""), request.GET.get("texte", "")[:100].strip()
    state = state if state in _STATES else ""
    found = desk_queue(
        states=[state] if state else [],
        text=text,
        after=request.GET.get("apres", "")[:80],
        limit=_PAGE + 1,
    )
    context = {
        "title": "Guichet",
        "orders": found[:_PAGE],
        "after": found[_PAGE - 1].reference if len(found) > _PAGE else "",
        "states": _STATES,
        "state": state,
        "text": text,
    }
    return page(request, "desk/queue.html", context)


def desk_order(request: PortalRequest, reference: str) -> HttpResponse:
    """The whole file of an order."""
    return file_page(request, required_file(reference))


def required_file(reference: str) -> OrderFile:
    """The file, or 404."""
    file = order_file(reference)
    if file is None:
        raise Http404
    return file


def file_page(
    request: PortalRequest,
    file: OrderFile,
    findings: tuple[Finding, ...] = (),
    *,
    status: int = 200,
    typed: dict[str, str] | None = None,
) -> HttpResponse:
    """The page of a file; with `findings`, those of an act that was refused."""
    examination = examination_of(file.line.reference)
    context = {
        "title": f"Commande {file.line.reference}",
        "file": file,
        "checks": _checks(examination),
        "reds": len(examination.reds),
        "ambers": len(examination.ambers),
        "scopes": _open_scopes(file),
        "granted": _granted(file),
        **_pieces(file),
        "mine": _is_part(request, file),
        "approved": _approved_by(request, file),
        "events": file.events if Hat.DESK in request.visitor.hats else (),
        "typed": typed or {},
        **summary(findings, heading="Cela n’a pas été fait", fields=["text", "reason", "note"]),
    }
    return page(request, "desk/order.html", context, status=status)


def _checks(examination: Examination) -> list[dict[str, Any]]:
    return [
        {"kind": check.kind, "light": check.light, "said": say(check.findings)}
        for check in examination.checks
    ]


def _open_scopes(file: OrderFile) -> list[dict[str, Any]]:
    """The offers whose scope the form did not settle: the kind of a host name, the restriction of a mail
    domain.
    """
    found = []
    for index, offer in enumerate(file.raw.get("offers") or []):
        host = offer.get("offer") == "serv-ssl"
        mail = offer.get("offer") in {"serv-mail", "pro"}
        if host or mail:
            settled = bool(offer.get("kind")) if host else offer.get("restricted") is not None
            found.append({"index": index, "offer": offer, "host": host, "settled": settled})
    return found


def _pieces(file: OrderFile) -> dict[str, Any]:
    """What is on the order's own file, the scans whose visa may be attested, and what was attested."""
    found = pieces_of_order(file.line.reference, at=machine().clock())
    return {
        "pieces": found,
        "scans": [one for one in found if one.kind in {"form-scan", "form-pdf"} and not one.erased_at],
        "attestations": attestations_of(file.line.reference),
        "piece_fields": piece_fields(Sheet({}), for_desk=True),
        "lent": any(offer.get("owner") == "holder" for offer in file.raw.get("offers") or []),
    }


def _granted(file: OrderFile) -> list[Any]:
    now = machine().clock()
    files = (habilitation_file(reference, at=now) for reference in file.habilitations[:100])
    return [one.line for one in files if one is not None]


def _is_part(request: PortalRequest, file: OrderFile) -> bool:
    """Whether the file names the visitor, or the card they hold. A warning only: the verbs decide."""
    if request.visitor.person_id in file.parties:
        return True
    named = [file.raw.get("signatory") or {}, *(file.raw.get("administrators") or [])]
    numbers = {"".join(str(one.get("card_number") or "").split()) for one in named}
    return request.visitor.card_number in numbers


def _approved_by(request: PortalRequest, file: OrderFile) -> bool:
    return any(given.counts and given.officer_id == request.visitor.person_id for given in file.approvals)
