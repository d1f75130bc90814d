"""The desk's queue and the file of an order: each check with its evidence, and the acts that its life
allows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _

from sceau.operations import examination_of, machine
from sceau.portal.fields import Sheet
from sceau.portal.hats import Hat
from sceau.portal.language import page_catalogue
from sceau.portal.pages.entrance.waiting import alarms, untold
from sceau.portal.pages.pieces.handing_in import piece_fields
from sceau.portal.rendering import page
from sceau.portal.saying import say, summary
from sceau.portal.visitor import PortalRequest
from sceau.records import (
    OrderFile,
    QueueOf,
    attestations_of,
    desk_page,
    entrusted_of,
    habilitation_file,
    officers,
    order_file,
    pieces_of_order,
)
from sceau.registration import Examination, Light
from sceau.vocabulary import Finding

_PAGE = 25
POINTS = 4
"""Places for points in the form that asks for more."""
TYPED = ("text", "reason", "note", "comment", "why", "code")


def desk(request: PortalRequest) -> HttpResponse:
    """What needs a human and nothing else, what has waited longest first; and what waits for others."""
    which = request.GET.get("file", "")
    which = which if which in set(QueueOf) else QueueOf.TODO
    found = desk_page(
        which=which,
        officer=request.visitor.person_id,
        at=machine().clock(),
        after=request.GET.get("apres", "")[:80],
        limit=_PAGE,
    )
    context = {
        "title": _("Guichet"),
        "lines": found.lines,
        "after": found.after,
        "queues": [str(one) for one in QueueOf],
        "which": str(which),
        "acts": Hat.DESK in request.visitor.hats,
        "untold": untold(),
        "alarms": alarms(),
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
        "title": _("Commande {reference}").format(reference=file.line.reference),
        "file": file,
        "checks": checks_of(examination),
        **_sharing(request, file),
        "reds": len(examination.reds),
        "ambers": len(examination.ambers),
        "scopes": _open_scopes(file),
        "granted": _granted(file),
        "entrusted": entrusted_of(order=file.line.reference),
        **_pieces(file),
        "mine": _is_part(request, file),
        "approved": _approved_by(request, file),
        "events": file.events if Hat.DESK in request.visitor.hats else (),
        "typed": typed or {},
        **summary(findings, heading=_("Cela n’a pas été fait"), fields=[*TYPED, "until", "due"]),
    }
    return page(request, "desk/order.html", context, status=status)


def checks_of(examination: Examination) -> dict[str, list[dict[str, Any]]]:
    """The checks by light: what refuses with its clause, the questions, and what is proved with its
    evidence.
    """
    lights: dict[str, list[dict[str, Any]]] = {str(light): [] for light in Light}
    for check in examination.checks:
        lights[check.light].append({"kind": check.kind, "light": check.light, "said": say(check.findings)})
    return lights


def _sharing(request: PortalRequest, file: OrderFile) -> dict[str, Any]:
    """What the forms of sharing and asking offer: the other officers, the reasons, the form's places."""
    catalogue = page_catalogue()
    me, given = request.visitor.person_id, file.case.assigned_id if file.case else ""
    desk_people = [one for one in officers() if Hat.DESK in one.roles]
    return {
        "officers": [one for one in desk_people if one.national_id not in {me, given}],
        "last_yes": file.case is not None and file.line.approvals + 1 >= file.case.needed,
        "reasons": catalogue.desk.refusals.values(),
        "places": [(path, catalogue.label_of(path)) for path in _places(file.raw, tuple(catalogue.help))],
        "point_numbers": range(1, POINTS + 1),
    }


def _places(raw: Mapping[str, Any], paths: Iterable[str]) -> list[str]:
    """The places of the form that a point may be about: a list's once for each of its lines."""
    found = []
    for path in paths:
        head, _, tail = path.partition(".")
        lines = raw.get(head)
        if isinstance(lines, list) and tail:
            found += [f"{head}.{at}.{tail}" for at in range(min(len(lines), 20))]
        else:
            found.append(path)
    return found


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
