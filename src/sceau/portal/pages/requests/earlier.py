"""Names one need not type: those of the certificate renewed, those this right gave before. Reads only."""

from __future__ import annotations

from sceau.catalogue import NameNeed, Product
from sceau.operations import machine
from sceau.portal.visitor import PortalRequest
from sceau.records import certificate_for, names_given_under

_MOST_SHOWN = 12
_LONGEST = 2_000


def names_to_take(request: PortalRequest, product: Product) -> str:
    """What the name field holds when the page opens: the names picked, else those of the certificate that
    `remplace` names when it is the visitor's, else nothing.
    """
    if product.name_need is NameNeed.NONE:
        return ""
    picked = request.GET.get("nom", "")[:_LONGEST].strip()
    reference = request.GET.get("remplace", "")[:80]
    if picked or not reference:
        return picked
    file = certificate_for(reference, viewer=request.visitor.person_id, at=machine().clock())
    if file is None or file.line.product != product.code:
        return ""
    return "\n".join(file.line.names)


def names_of_earlier(product: Product, habilitation: str | None) -> tuple[str, ...]:
    """Names that certificates of this right carry, the latest first."""
    if habilitation is None or product.name_need is NameNeed.NONE:
        return ()
    return names_given_under(habilitation, limit=_MOST_SHOWN)
