"""Whom we believe about cards: the pinned card authorities, and nobody who merely bears their name.

Decides which issuing authority signed a certificate, and whether that authority stands. A distinguished
name is never enough: the signature is checked under the pinned key, up to a pinned root [IGC-SANTE 3.1,
ASSURANCE T05]. Fetches nothing: authorities are given as DER, an address inside a certificate is never
followed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import NameOID

from sceau.identity.pinning import check_pinned
from sceau.vocabulary import Finding

SUBJECT = "carte"
IGC_SANTE_ARC = "1.2.250.1.213.1.7"
"""The arc of every policy of the IGC-Santé, production (.1) and test (.2) [IGC-SANTE 2.2]."""


@lru_cache(maxsize=64)
def load_authority(der: bytes) -> x509.Certificate:
    """The parsed authority certificate. Raises ValueError when the bytes are no certificate."""
    return x509.load_der_x509_certificate(der)


@dataclass(frozen=True, slots=True)
class CardTrust:
    """The card authorities: ranges FORT and STANDARD, domain persons, as DER certificates.

    `roots` are the anchors; each of `issuers` must be signed by one of them. `test_allowed` lets cards with
    the test marker in. `policy_arcs` are the OID arcs under which the card's policy must lie. Raises
    ValueError when an issuer hangs on no root, is no authority, says something that is not applied here
    (`pinning`), or is of the ELEMENTAIRE range, whose PS_AUTH look like cards [IGC-SANTE 3.1].
    """

    roots: tuple[bytes, ...]
    issuers: tuple[bytes, ...]
    test_allowed: bool
    policy_arcs: tuple[str, ...] = (IGC_SANTE_ARC,)

    def __post_init__(self) -> None:
        if not self.roots or not self.issuers or not self.policy_arcs:
            raise ValueError("card trust needs at least one root, one issuer and one policy arc")
        for der in self.issuers:
            issuer = load_authority(der)
            if "ELEMENTAIRE" in _common_name(issuer).upper():
                raise ValueError(f"{_common_name(issuer)} issues software certificates, not cards")
            root = self.root_of(issuer)
            if root is None:
                raise ValueError(f"{_common_name(issuer)} is signed by none of the given roots")
            check_pinned(issuer, root)

    def issuer_of(self, card: x509.Certificate) -> x509.Certificate | None:
        """The pinned issuing authority whose key signed `card`, or None."""
        return next((ca for ca in map(load_authority, self.issuers) if _signed(card, ca)), None)

    def root_of(self, issuer: x509.Certificate) -> x509.Certificate | None:
        """The pinned root whose key signed `issuer`, or None."""
        return next((root for root in map(load_authority, self.roots) if _signed(issuer, root)), None)

    def bears_the_name_of_an_issuer(self, card: x509.Certificate) -> bool:
        """Whether `card` names one of the pinned authorities as its issuer (which proves nothing)."""
        return any(load_authority(der).subject == card.issuer for der in self.issuers)


def check_chain(card: x509.Certificate, trust: CardTrust, at: datetime) -> tuple[Finding, ...]:
    """Everything wrong with the way from `card` up to a pinned root at `at` (timezone-aware)."""
    issuer = trust.issuer_of(card)
    if issuer is None:
        if trust.bears_the_name_of_an_issuer(card):
            return (Finding.error("card.look-alike-issuer", SUBJECT, issuer=_common_name_of(card.issuer)),)
        return (Finding.error("card.unknown-issuer", SUBJECT, issuer=_common_name_of(card.issuer)),)
    chain = [issuer]
    root = trust.root_of(issuer)
    if root is not None:
        chain.append(root)
    return tuple(
        Finding.error("card.issuer-out-of-dates", SUBJECT, issuer=_common_name(authority))
        for authority in chain
        if not authority.not_valid_before_utc <= at <= authority.not_valid_after_utc
    )


def _signed(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    """Whether `authority` may sign certificates and signed this one. A true signature under a wrong role is
    a no.
    """
    try:
        basic = authority.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = authority.extensions.get_extension_for_class(x509.KeyUsage).value
        certificate.verify_directly_issued_by(authority)
    except (
        x509.DuplicateExtension,
        x509.ExtensionNotFound,
        InvalidSignature,
        UnsupportedAlgorithm,
        ValueError,
        TypeError,
    ):
        return False
    return basic.ca and usage.key_cert_sign


def _common_name(certificate: x509.Certificate) -> str:
    return _common_name_of(certificate.subject)


def _common_name_of(name: x509.Name) -> str:
    values = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(values[0].value) if values else name.rfc4514_string()
