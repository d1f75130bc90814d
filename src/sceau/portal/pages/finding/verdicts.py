"""What is said of a certificate that somebody was given: whose, by whom, for what, and whether it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sceau.catalogue import Product
from sceau.certification import Presented, Provenance, provenance_of
from sceau.operations import machine
from sceau.portal.language import page_catalogue
from sceau.portal.pages.certificates.chains import chain_presented
from sceau.portal.pictures import Chain
from sceau.portal.typography import typeset
from sceau.records import RecordedCertificate, recorded_certificate
from sceau.status import REASONS_SAID, spell_serial

_TONES = {"valid": "good", "revoked": "bad", "borrowed": "bad", "unrecorded": "bad"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One certificate of a file, said. `issuer` is the common name of the authority of ours that signed it;
    `reason` why it is revoked, empty where that is not public.
    """

    code: str
    tone: str
    text: str
    advice: str
    certificate: Presented
    serial: str
    issuer: str
    product: Product | None
    revoked_at: datetime | None
    reason: str
    chain: Chain | None


def verdict_on(one: Presented, *, at: datetime, number: int = 1) -> Verdict:
    """The verdict at `at` on certificate `number` of the file. What the records say is told of the very
    octets shown, and of no others.
    """
    issuers = machine().issuers
    found = provenance_of(one, (facts for generations in issuers.values() for facts in generations))
    record = recorded_certificate(one.der, issuer=found.issuer, serial=one.serial) if found.issuer else None
    code = _code(one, found, record, at)
    catalogue = page_catalogue()
    return Verdict(
        code=code,
        tone=_TONES.get(code, "warn"),
        text=typeset(catalogue.texts[f"given.{code}"]),
        advice=typeset(catalogue.texts[f"given-do.{code}"]),
        certificate=one,
        serial=spell_serial(one.serial),
        issuer=catalogue.issuers[found.issuer].common_name if found.issuer else "",
        product=catalogue.products.get(record.product) if record else None,
        revoked_at=record.revoked_at if record else None,
        reason=_reason(record),
        chain=chain_presented(one, found, standing=code, number=number),
    )


def _code(one: Presented, found: Provenance, record: RecordedCertificate | None, at: datetime) -> str:
    if found.authority:
        return "authority"
    if not found.issuer:
        return "borrowed" if found.borrowed else "foreign"
    if record is None:
        return "unrecorded"
    if record.revoked_at is not None:
        return "revoked"
    return _by_date(one, at) or ("valid" if record.collected else "waiting")


def _by_date(one: Presented, at: datetime) -> str:
    if at > one.not_after:
        return "expired"
    return "early" if at < one.not_before else ""


def _reason(record: RecordedCertificate | None) -> str:
    """The reason, where the public lists tell it too; why somebody left a structure is nobody's business."""
    reason = page_catalogue().reasons.get(record.reason) if record else None
    return reason.label if reason and reason.rfc5280 in REASONS_SAID else ""
