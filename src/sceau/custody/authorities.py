"""The certificates of the authorities themselves: roots and issuing CAs, as the real hierarchy has them.

Layout of IGC-SANTE §1.1: names in UTF8String (the country printable), anyPolicy with the policy's
address, path length 0 under the roots, an 18-octet serial beginning 11:20, midnight dates. Made in a
ceremony only, by whoever holds the parent's key; never through the signer's door.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
from cryptography.x509.oid import NameOID

from sceau.catalogue import Environment, Issuer
from sceau.certification import ml_dsa_kind
from sceau.custody.keys import (
    ECDSA_SHA384,
    RSA_SHA256,
    PublicKey,
    SigningKey,
    classical_algorithm_of,
    make_private_key,
)
from sceau.status import signed_der

_ANY_POLICY = x509.ObjectIdentifier("2.5.29.32.0")


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority as made: its catalogue row, its generation, its certificate (DER) and its key."""

    issuer: Issuer
    generation: int
    certificate: bytes
    key: SigningKey


@dataclass(frozen=True, slots=True)
class Era:
    """The life of an authority's certificate, both ends included as X.509 counts them."""

    begins: datetime
    ends: datetime


def life_of(issuer: Issuer, *, at: datetime, parent: Era | None) -> Era:
    """From midnight (UTC) of the day of the ceremony, for the catalogue's years, and not beyond the
    parent's end.
    """
    begins = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    day = 28 if (begins.month, begins.day) == (2, 29) else begins.day
    ends = begins.replace(year=begins.year + issuer.years, day=day)
    if parent is None:
        return Era(begins, ends)
    last = parent.ends - timedelta(days=issuer.days_before_parent)
    return Era(max(begins, parent.begins), min(ends, last))


def authority_name(issuer: Issuer, environment: Environment) -> x509.Name:
    """C, O, OU…, CN of an authority [IGC-SANTE 1.1]."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, environment.organisation),
            *(
                x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit)
                for unit in environment.organisational_units
            ),
            x509.NameAttribute(NameOID.COMMON_NAME, environment.common_name(issuer)),
        ]
    )


def make_authority(
    issuer: Issuer,
    key: SigningKey,
    *,
    parent: Authority | None,
    environment: Environment,
    at: datetime,
    generation: int = 1,
) -> Authority:
    """Certify `key` as a generation of `issuer`, under `parent` (a root when None)."""
    above = None if parent is None else x509.load_der_x509_certificate(parent.certificate)
    life = life_of(issuer, at=at, parent=None if above is None else _life(above))
    public = _public(key)
    builder = (
        x509.CertificateBuilder()
        .subject_name(authority_name(issuer, environment))
        .issuer_name(authority_name(issuer, environment) if above is None else above.subject)
        .serial_number(int.from_bytes(b"\x11\x20" + secrets.token_bytes(16)))
        .not_valid_before(life.begins)
        .not_valid_after(life.ends)
        .public_key(public)
        .add_extension(x509.BasicConstraints(ca=True, path_length=issuer.path_length), critical=True)
        .add_extension(_certifies(), critical=True)
        .add_extension(
            x509.CertificatePolicies([x509.PolicyInformation(_ANY_POLICY, [environment.policy_uri])]),
            critical=False,
        )
    )
    if parent is not None:
        points = crl_points(parent.issuer.of_generation(parent.generation), environment)
        builder = builder.add_extension(x509.CRLDistributionPoints(points), critical=False)
    identifier = x509.SubjectKeyIdentifier.from_public_key(public)
    above_identifier = identifier.digest if above is None else identifier_of(above)
    builder = builder.add_extension(identifier, critical=False).add_extension(
        x509.AuthorityKeyIdentifier(above_identifier, None, None), critical=False
    )
    certificate = sign_with(builder, key if parent is None else parent.key)
    check_made(certificate, certificate if parent is None else parent.certificate)
    return Authority(issuer, generation, certificate, key)


def sign_with(builder: x509.CertificateBuilder, key: SigningKey) -> bytes:
    """Have `key` sign what `builder` describes; the library only ever sees a throw-away key of the same
    kind.
    """
    kind = ml_dsa_kind(load_der_public_key(key.public_key))
    if kind is not None:
        like_it = make_private_key(kind)
        tbs = builder.sign(like_it, None).tbs_certificate_bytes
        return signed_der(tbs, key.sign(tbs))
    throw_away: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    if key.algorithm == RSA_SHA256:
        throw_away = rsa.generate_private_key(65537, 2048)
    else:
        throw_away = ec.generate_private_key(
            ec.SECP384R1() if key.algorithm == ECDSA_SHA384 else ec.SECP256R1()
        )
    _, digest = classical_algorithm_of(throw_away.public_key())
    tbs = builder.sign(throw_away, digest).tbs_certificate_bytes
    return signed_der(tbs, key.sign(tbs))


def check_made(certificate: bytes, above: bytes) -> None:
    """Read back what was signed under the parent's public key. An exception here is a defect, never a
    refusal.
    """
    x509.load_der_x509_certificate(certificate).verify_directly_issued_by(
        x509.load_der_x509_certificate(above)
    )


def crl_points(issuer: Issuer, environment: Environment) -> list[x509.DistributionPoint]:
    """Where an authority's own certificates say that `issuer`'s list is: by HTTP, then by LDAP where
    there is one.
    """
    addresses = [environment.crl_uri(issuer)]
    if environment.ldap_base:
        path = quote(authority_name(issuer, environment).rfc4514_string(), safe="=,")
        query = "certificaterevocationlist;binary?base?objectclass=pkiCa"
        addresses.append(f"{environment.ldap_base}/{path}?{query}")
    return [
        x509.DistributionPoint([x509.UniformResourceIdentifier(address)], None, None, None)
        for address in addresses
    ]


def identifier_of(certificate: x509.Certificate) -> bytes:
    """A certificate's subject key identifier."""
    return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def certificate_pem(certificate: bytes) -> bytes:
    """PEM of a certificate given in DER."""
    return x509.load_der_x509_certificate(certificate).public_bytes(Encoding.PEM)


def fingerprint(certificate: bytes) -> str:
    """SHA-256 of a certificate in pairs, as people compare it: ``2D:9E:22…``."""
    return hashlib.sha256(certificate).digest().hex(":").upper()


def _public(key: SigningKey) -> PublicKey:
    public = load_der_public_key(key.public_key)
    if not isinstance(public, PublicKey):
        raise TypeError(f"an authority's key is RSA, EC or ML-DSA, not {type(public).__name__}")
    return public


def _life(certificate: x509.Certificate) -> Era:
    return Era(certificate.not_valid_before_utc, certificate.not_valid_after_utc)


def _certifies() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
