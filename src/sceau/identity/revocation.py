"""Whether a card, or the authority behind it, was revoked: the answer of signed lists, and the policy when
there is none.

Decides on lists that are given; fetching and caching them is the business of whoever calls. A list that is
not signed by the authority itself, is not yet valid or is past its next update says nothing, and nothing is
not "good" [IGC-SANTE 7].
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from sceau.identity.trust import SUBJECT, CardTrust, load_authority
from sceau.vocabulary import Finding


class CardRevocation(StrEnum):
    """What the lists say of one serial number of one authority."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


class RevocationPolicy(StrEnum):
    """What to do when the status cannot be had. `REQUIRED` refuses; `TOLERANT` warns, for a development
    instance.
    """

    REQUIRED = "required"
    TOLERANT = "tolerant"


RevocationLookup = Callable[[bytes, int], CardRevocation]
"""(issuer certificate as DER, serial number) → status. Must not raise: doubt is `UNKNOWN`."""


def lookup_from_lists(crls: Iterable[bytes], *, trust: CardTrust, at: datetime) -> RevocationLookup:
    """A lookup over `crls` (DER), keeping for each pinned authority its newest list that is in force at
    `at`.
    """
    newest: dict[bytes, x509.CertificateRevocationList] = {}
    for der in crls:
        found = _in_force(der, trust, at)
        if found is None:
            continue
        authority, crl = found
        known = newest.get(authority)
        if known is None or known.last_update_utc < crl.last_update_utc:
            newest[authority] = crl

    def lookup(issuer: bytes, serial: int) -> CardRevocation:
        crl = newest.get(issuer)
        if crl is None:
            return CardRevocation.UNKNOWN
        listed = crl.get_revoked_certificate_by_serial_number(serial)
        return CardRevocation.GOOD if listed is None else CardRevocation.REVOKED

    return lookup


def _in_force(
    der: bytes, trust: CardTrust, at: datetime
) -> tuple[bytes, x509.CertificateRevocationList] | None:
    try:
        crl = x509.load_der_x509_crl(der)
    except ValueError:
        return None
    if crl.next_update_utc is None or not crl.last_update_utc <= at < crl.next_update_utc:
        return None
    for authority_der in (*trust.issuers, *trust.roots):
        authority = load_authority(authority_der)
        if authority.subject == crl.issuer and _signature_holds(crl, authority):
            return authority_der, crl
    return None


def _signature_holds(crl: x509.CertificateRevocationList, authority: x509.Certificate) -> bool:
    try:
        return crl.is_signature_valid(authority.public_key())  # type: ignore[arg-type]  # raises for other key types
    except (TypeError, ValueError):
        return False


def check_revocation(
    card: x509.Certificate, *, trust: CardTrust, revoked: RevocationLookup | None, policy: RevocationPolicy
) -> tuple[Finding, ...]:
    """What the lookup says of the card and of its issuing authority, as findings under `policy`.

    Without a pinned issuer there is nothing to ask: the chain's own finding already refuses.
    """
    issuer = trust.issuer_of(card)
    root = trust.root_of(issuer) if issuer is not None else None
    if issuer is None or root is None:
        return ()
    of_card = _ask(revoked, authority=issuer, serial=card.serial_number)
    of_issuer = _ask(revoked, authority=root, serial=issuer.serial_number)
    findings: list[Finding] = []
    if of_card is CardRevocation.REVOKED:
        findings.append(Finding.error("card.revoked", SUBJECT))
    if of_issuer is CardRevocation.REVOKED:
        findings.append(Finding.error("card.issuer-revoked", SUBJECT))
    if CardRevocation.UNKNOWN in {of_card, of_issuer}:
        findings.append(_doubt(policy))
    return tuple(findings)


def _ask(revoked: RevocationLookup | None, *, authority: x509.Certificate, serial: int) -> CardRevocation:
    if revoked is None:
        return CardRevocation.UNKNOWN
    return revoked(authority.public_bytes(Encoding.DER), serial)


def _doubt(policy: RevocationPolicy) -> Finding:
    if policy is RevocationPolicy.TOLERANT:
        return Finding.warning("card.status-not-checked", SUBJECT)
    return Finding.error("card.status-unknown", SUBJECT)
