"""Which card authorities may be pinned, and what a list that is not whole may say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from sceau.identity import CardRevocation, CardTrust, lookup_from_lists
from tests.cardmaker import ANY_POLICY, NOW, YEAR, Authority, authority, key

ROOT = authority("TEST AC RACINE IGC-SANTE FORT")
ISSUER = authority("TEST AC IGC-SANTE FORT PERSONNES", ROOT)
TRUST = CardTrust(roots=(ROOT.der,), issuers=(ISSUER.der,), test_allowed=True)
SERIAL = 0x1234
Extra = tuple[x509.ExtensionType, bool]


def issuer_with(*extra: Extra, public: object = None, path_length: int | None = 0) -> bytes:
    """An issuing authority under ROOT with these extensions (value, critical) beside the usual ones."""
    own = key("unusual")
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "TEST AC INHABITUELLE")]))
        .issuer_name(ROOT.certificate.subject)
        .public_key(public or own.public_key())  # type: ignore[arg-type]
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - YEAR)
        .not_valid_after(NOW + YEAR)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(
            x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True
        )
    )
    for value, critical in extra:
        builder = builder.add_extension(value, critical=critical)
    return builder.sign(ROOT.key, hashes.SHA256()).public_bytes(Encoding.DER)


def pin(issuer: bytes, root: bytes = ROOT.der) -> CardTrust:
    return CardTrust(roots=(root,), issuers=(issuer,), test_allowed=True)


POLICY = x509.CertificatePolicies([x509.PolicyInformation(ANY_POLICY, None)])


def test_an_authority_that_says_nothing_unusual_is_pinned() -> None:
    pin(issuer_with((POLICY, False)))
    pin(issuer_with((POLICY, True), (x509.InhibitAnyPolicy(0), True)))
    pin(issuer_with((x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)))


@pytest.mark.parametrize(
    ("value", "critical", "why"),
    [
        (x509.NameConstraints([x509.DNSName("exemple.fr")], None), True, "constrains names"),
        (x509.NameConstraints([x509.DNSName("exemple.fr")], None), False, "constrains names"),
        (x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.33"), b"\x30\x00"), False, "maps policies"),
        (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True, "not applied"),
        (x509.PolicyConstraints(0, None), False, "non-critically"),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False, "not for authentication"),
        (x509.SubjectKeyIdentifier(b"x" * 20), True, "not applied"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, x509.ExtensionType) else str(value),
)
def test_an_authority_that_says_what_is_not_applied_is_not_pinned(
    value: x509.ExtensionType, critical: bool, why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        pin(issuer_with((POLICY, False), (value, critical)))


@pytest.mark.parametrize(
    "make",
    [lambda: rsa.generate_private_key(65537, 1024), ed25519.Ed25519PrivateKey.generate],
    ids=["RSA-1024", "Ed25519"],
)
def test_an_authority_with_a_weak_or_unread_key_is_not_pinned(
    make: Callable[[], rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey],
) -> None:
    with pytest.raises(ValueError, match="weak key"):
        pin(issuer_with(public=make().public_key()))


def test_a_root_that_lets_no_authority_under_it_has_none() -> None:
    """Same key and name as ROOT, but with a path length of zero."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(ROOT.certificate.subject)
        .issuer_name(ROOT.certificate.subject)
        .public_key(ROOT.certificate.public_key())
        .serial_number(7)
        .not_valid_before(NOW - YEAR)
        .not_valid_after(NOW + YEAR)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True
        )
    )
    closed = builder.sign(ROOT.key, hashes.SHA256()).public_bytes(Encoding.DER)
    with pytest.raises(ValueError, match="no authority under it"):
        pin(ISSUER.der, closed)


def crl(
    *extra: Extra,
    listed: bool = True,
    entry_extension: x509.ExtensionType | None = None,
    critical: bool = True,
    numbered: bool = True,
    by: Authority = ISSUER,
) -> bytes:
    builder = x509.CertificateRevocationListBuilder().issuer_name(by.certificate.subject)
    builder = builder.last_update(NOW - timedelta(hours=1)).next_update(NOW + timedelta(days=6))
    if numbered:
        builder = builder.add_extension(x509.CRLNumber(7), critical=False)
    for value, is_critical in extra:
        builder = builder.add_extension(value, critical=is_critical)
    if listed:
        entry = x509.RevokedCertificateBuilder().serial_number(SERIAL).revocation_date(NOW)
        if entry_extension is not None:
            entry = entry.add_extension(entry_extension, critical=critical)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(by.key, hashes.SHA256()).public_bytes(Encoding.DER)


def says(*lists: bytes, trust: CardTrust = TRUST, issuer: bytes = ISSUER.der) -> CardRevocation:
    return lookup_from_lists(lists, trust=trust, at=NOW)(issuer, SERIAL)


WHOLE = crl(listed=False)
DELTA = (x509.DeltaCRLIndicator(7), True)
ONE_POINT = (
    x509.IssuingDistributionPoint(
        [x509.UniformResourceIdentifier("http://exemple.fr/1.crl")], None, False, False, None, False, False
    ),
    True,
)


def test_a_whole_list_says_good_or_revoked() -> None:
    assert says(WHOLE) is CardRevocation.GOOD
    assert says(crl()) is CardRevocation.REVOKED


@pytest.mark.parametrize("partial", [DELTA, ONE_POINT], ids=["delta", "one point"])
def test_a_list_that_is_not_whole_can_revoke_and_never_clear(partial: Extra) -> None:
    assert says(crl(partial, listed=False)) is CardRevocation.UNKNOWN
    assert says(crl(partial)) is CardRevocation.REVOKED
    assert says(WHOLE, crl(partial)) is CardRevocation.REVOKED
    assert says(crl(), crl(partial, listed=False)) is CardRevocation.REVOKED


def test_what_a_delta_takes_off_waits_for_the_next_whole_list() -> None:
    removed = crl(DELTA, entry_extension=x509.CRLReason(x509.ReasonFlags.remove_from_crl), critical=False)
    assert says(WHOLE, removed) is CardRevocation.GOOD
    assert says(crl(), removed) is CardRevocation.REVOKED


@pytest.mark.parametrize(
    "make",
    [
        lambda: crl((x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)),
        lambda: crl(
            entry_extension=x509.CertificateIssuer([x509.DirectoryName(ROOT.certificate.subject)]),
            critical=True,
        ),
        lambda: crl(numbered=False),
    ],
    ids=["critical extension", "entry of another issuer", "no number"],
)
def test_a_list_that_is_not_understood_says_nothing(make: Callable[[], bytes]) -> None:
    assert says(make()) is CardRevocation.UNKNOWN
    assert says(WHOLE, make()) is CardRevocation.GOOD


def test_a_key_that_may_not_sign_lists_says_nothing() -> None:
    own = key("no lists")
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "TEST AC SANS LISTES")]))
        .issuer_name(ROOT.certificate.subject)
        .public_key(own.public_key())
        .serial_number(9)
        .not_valid_before(NOW - YEAR)
        .not_valid_after(NOW + YEAR)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(False, False, False, False, False, True, False, False, False), critical=True
        )
    )
    silent = Authority(builder.sign(ROOT.key, hashes.SHA256()), own)
    trust = pin(silent.der)
    assert says(crl(by=silent), trust=trust, issuer=silent.der) is CardRevocation.UNKNOWN
