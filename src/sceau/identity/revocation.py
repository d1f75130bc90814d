"""Whether a card, or the authority behind it, was revoked: the answer of signed lists, and the policy when
there is none.

Decides on lists that are given; fetching and caching them is the business of whoever calls. A list that is
not signed by the authority itself (which must be allowed to sign lists), is not yet valid, is past its next
update or says something critical that is not read here, says nothing, and nothing is not "good" [IGC-SANTE
7]. That "good" comes from a complete list only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID

from sceau.identity.trust import SUBJECT, CardTrust, load_authority
from sceau.vocabulary import Finding

_PARTIAL = frozenset({ExtensionOID.ISSUING_DISTRIBUTION_POINT, ExtensionOID.DELTA_CRL_INDICATOR})
_TRUE = b"\x01\x01\xff"  # DER of a BOOLEAN that is true, which « critical » is


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
    """A lookup over `crls` (DER): for each pinned authority its newest complete list that is in force at
    `at`. A partial one in force (delta, or of one distribution point) adds who is revoked, never who is not.
    """
    newest: dict[bytes, x509.CertificateRevocationList] = {}
    partial: dict[bytes, list[x509.CertificateRevocationList]] = {}
    for der in crls:
        found = _in_force(der, trust, at)
        if found is None:
            continue
        authority, crl = found
        if _is_partial(crl):
            partial.setdefault(authority, []).append(crl)
            continue
        known = newest.get(authority)
        if known is None or known.last_update_utc < crl.last_update_utc:
            newest[authority] = crl

    def lookup(issuer: bytes, serial: int) -> CardRevocation:
        if any(_revokes(crl, serial) for crl in partial.get(issuer, ())):
            return CardRevocation.REVOKED
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
        is_understood = _is_understood(crl)
    except (ValueError, x509.DuplicateExtension):
        return None
    if crl.next_update_utc is None or not crl.last_update_utc <= at < crl.next_update_utc:
        return None
    for authority_der in (*trust.issuers, *trust.roots):
        authority = load_authority(authority_der)
        if authority.subject == crl.issuer and _signature_holds(crl, authority):
            return (authority_der, crl) if is_understood and _may_sign_lists(authority) else None
    return None


def _is_understood(crl: x509.CertificateRevocationList) -> bool:
    """Whether it has a number, and nothing critical in it or its entries escapes us [RFC 5280 §5.2, §5.3].

    A list of another authority's certificates has its entries say whose, critically: it is none of ours.
    """
    if any(one.critical and one.oid not in _PARTIAL for one in crl.extensions):
        return False
    if not any(one.oid == ExtensionOID.CRL_NUMBER for one in crl.extensions):
        return False
    if _TRUE not in crl.tbs_certlist_bytes:  # a million entries are not walked for nothing
        return True
    return not any(extension.critical for entry in crl for extension in entry.extensions)


def _is_partial(crl: x509.CertificateRevocationList) -> bool:
    return any(one.oid in _PARTIAL for one in crl.extensions)


def _revokes(crl: x509.CertificateRevocationList, serial: int) -> bool:
    """Whether a partial list revokes. To be taken off a list by a delta is left to the next complete list."""
    entry = crl.get_revoked_certificate_by_serial_number(serial)
    if entry is None:
        return False
    try:
        reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        return True
    return reason is not x509.ReasonFlags.remove_from_crl


def _may_sign_lists(authority: x509.Certificate) -> bool:
    try:
        return authority.extensions.get_extension_for_class(x509.KeyUsage).value.crl_sign
    except x509.ExtensionNotFound:
        return False


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
