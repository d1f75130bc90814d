"""My habilitations: what each covers and does not, since when, by whose decision. Reads only."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _

from sceau.operations import machine, right_acts
from sceau.portal.hats import ENDERS
from sceau.portal.language import page_catalogue
from sceau.portal.pictures import ScopeTree, scope_tree
from sceau.portal.rendering import page
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import (
    ApprovalLine,
    HabilitationFile,
    HabilitationLine,
    habilitation_file,
    habilitation_for,
    habilitations_of,
    latest_under,
    order_file,
)
from sceau.registration import Scope, ScopeKind
from sceau.vocabulary import HostName


def habilitations(request: PortalRequest) -> HttpResponse:
    """Every right of the visitor, by structure, those that no longer serve included."""
    lines = habilitations_of(request.visitor.person_id, at=machine().clock())
    context = {
        "title": _("Mes habilitations"),
        "structures": by_structure(lines),
        "own": _own_products(request),
    }
    return page(request, "habilitations/list.html", context)


def habilitation(request: PortalRequest, reference: str) -> HttpResponse:
    """One right: its scope, its origin, the certificates it gave."""
    file = habilitation_for(reference, viewer=request.visitor.person_id, at=machine().clock())
    return _page(request, file)


def desk_habilitation(request: PortalRequest, reference: str) -> HttpResponse:
    """The same, for whoever keeps rights: any of them."""
    return _page(request, habilitation_file(reference, at=machine().clock()), desk=True)


def _page(request: PortalRequest, file: HabilitationFile | None, *, desk: bool = False) -> HttpResponse:
    if file is None:
        raise Http404
    viewer = None if desk else request.visitor.person_id
    found = latest_under(file.line.reference, viewer=viewer, at=machine().clock())
    context = {
        "title": _("Habilitation {product}").format(product=file.line.product),
        "file": file,
        "line": file.line,
        "desk": desk,
        "certificate_page": "desk-certificate" if desk else "certificate",
        "mine": file.line.person_id == request.visitor.person_id,
        "product": page_catalogue().products[file.line.product],
        "tree": tree_of(file.line, request.GET.get("nom", "")),
        "approvals": granted_by(file.line),
        "certificates": found,
        "acts": right_acts(actor_of(request), reference=file.line.reference),
    }
    return page(request, "habilitations/habilitation.html", context)


def tree_of(line: HabilitationLine, tried: str) -> ScopeTree | None:
    """What the right covers as a tree, with the name tried; None for the products that need no name."""
    if not line.scope_name:
        return None
    name = HostName(line.scope_name.removeprefix("@"))
    scope = Scope(ScopeKind(line.scope_kind), name, restricted=line.scope_restricted)
    return scope_tree(scope, tried.strip()[:255])


def seen_right(request: PortalRequest, reference: str) -> tuple[HabilitationFile, str] | None:
    """The right and the name of its page for this visitor: its holder, whom its contract names, an officer;
    None for others.
    """
    now = machine().clock()
    own = habilitation_for(reference, viewer=request.visitor.person_id, at=now)
    if own is not None:
        return own, "habilitation"
    file = habilitation_file(reference, at=now) if request.visitor.hats & ENDERS else None
    return None if file is None else (file, "desk-habilitation")


def by_structure(lines: tuple[HabilitationLine, ...]) -> list[tuple[str, str, list[HabilitationLine]]]:
    """(structure's name, its identifier, its rights), in the order of the names."""
    grouped: dict[tuple[str, str], list[HabilitationLine]] = {}
    for line in lines:
        grouped.setdefault((line.structure.name, line.structure.national_id), []).append(line)
    return [(name, number, rights) for (name, number), rights in sorted(grouped.items())]


def granted_by(line: HabilitationLine) -> list[ApprovalLine]:
    """The two yeses to the very version of the order that this right comes from."""
    order = order_file(line.order_reference)
    return [given for given in order.approvals if given.version == line.order_version] if order else []


def _own_products(request: PortalRequest) -> list[str]:
    catalogue = page_catalogue()
    card = catalogue.cards.get(request.visitor.card_type)
    return list(catalogue.offers["ps"].products) if card is not None and card.own_card else []
