"""What can be said of a form before it is sent, wherever it is filled in."""

from __future__ import annotations

from sceau.operations import machine
from sceau.portal.language import page_catalogue
from sceau.portal.limits import too_often
from sceau.portal.pages.orders.from_registers import filled
from sceau.portal.pages.orders.raw import NO_PRODUCT, Raw
from sceau.portal.visitor import PortalRequest
from sceau.registration import read_form
from sceau.vocabulary import Finding, IdentifierMode


def check_products(raw: Raw) -> tuple[Finding, ...]:
    """An offer of which every product was unticked."""
    return tuple(
        Finding.error("portal.no-product", f"offers.{index}.products")
        for index, offer in enumerate(raw["offers"])
        if NO_PRODUCT in offer["products"]
    )


def check_all(raw: Raw) -> tuple[Finding, ...]:
    """Everything that can be said of the form before it is sent."""
    catalogue = page_catalogue()
    mode = IdentifierMode(catalogue.environments[machine().environment].identifier_mode)
    read = read_form(raw, catalogue=catalogue, mode=mode)
    return tuple(dict.fromkeys((*check_products(raw), *read.findings)))


def from_registers(
    request: PortalRequest, raw: Raw, *, desk: bool = False
) -> tuple[Raw, tuple[Finding, ...]]:
    """The form filled from the registers, so many times a minute."""
    if too_often(request, "registre", per_minute=30):
        return raw, (Finding.error("portal.too-often", "registre"),)
    return filled(raw, desk=desk)


def theirs_to_mend(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Without the visa's questions: on line the card signs, and paper is for the desk to see."""
    return tuple(finding for finding in findings if not finding.subject.startswith("visa."))
