"""Makes card authorities and card certificates for tests, good ones and each kind of bad one.

Keys are EC P-256, made once a run: what is tested is what the certificates say, not the keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
YEAR = timedelta(days=365)
ARC = "1.2.250.1.71.1.2."
POLICY = "1.2.250.1.213.1.7.2.1.1.1.1"
ANY_POLICY = ObjectIdentifier("2.5.29.32.0")


@lru_cache
def key(name: str) -> ec.EllipticCurvePrivateKey:
    """One key for each name, for the run."""
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Authority:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    def crl(
        self,
        *serials: int,
        start: datetime = NOW - timedelta(hours=1),
        end: datetime = NOW + timedelta(days=6),
    ) -> bytes:
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.certificate.subject)
        builder = builder.last_update(start).next_update(end)
        builder = builder.add_extension(x509.CRLNumber(int(start.timestamp())), critical=False)
        for serial in serials:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(start).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)


def authority(
    common_name: str,
    parent: Authority | None = None,
    *,
    key_name: str | None = None,
    start: datetime = NOW - 5 * YEAR,
    end: datetime = NOW + 5 * YEAR,
    ca: bool = True,
) -> Authority:
    own = key(key_name or common_name)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "ASIP-SANTE"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
    issuer, signer = (parent.certificate.subject, parent.key) if parent else (name, own)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(_usage(sign=False, certificates=ca), critical=True)
        .add_extension(x509.CertificatePolicies([x509.PolicyInformation(ANY_POLICY, None)]), critical=False)
    )
    return Authority(builder.sign(signer, hashes.SHA256()), own)


def _usage(*, sign: bool, certificates: bool, repudiation: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=sign,
        content_commitment=repudiation,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )


def octet(value: int) -> bytes:
    return bytes((4, 1, value))


def integer(value: int) -> bytes:
    return bytes((2, 1, value))


def printable(text: str) -> bytes:
    return bytes((0x13, len(text))) + text.encode()


@dataclass(frozen=True)
class CardPlan:
    """What to write on a card. None leaves a thing out."""

    common_name: str | None = "899700041983"
    surname: str | None = "DENTISTE"
    given_names: str | None = "GERALDINE"
    pseudonym: str | None = None
    title: str | None = "Chirurgien-Dentiste"
    organisation: tuple[str, str, str] | None = None  # ST, O, OU
    marker: bytes | None = octet(0x80)
    card_type: bytes | None = integer(0)
    token: bytes | None = printable("8025000001/2500634598")
    profession: bytes | None = integer(40)
    digital_signature: bool = True
    usages: tuple[ObjectIdentifier, ...] | None = (
        ExtendedKeyUsageOID.CLIENT_AUTH,
        ExtendedKeyUsageOID.SMARTCARD_LOGON,
    )
    policy: str | None = POLICY
    ca: bool = False
    critical: str | None = None
    start: datetime = NOW - YEAR
    end: datetime = NOW + 2 * YEAR
    one_rdn: bool = True
    key_name: str = "card"


def card(plan: CardPlan, issuer: Authority) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(_subject(plan))
        .issuer_name(issuer.certificate.subject)
        .public_key(key(plan.key_name).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(plan.start)
        .not_valid_after(plan.end)
        .add_extension(x509.BasicConstraints(ca=plan.ca, path_length=None), critical=False)
        .add_extension(
            _usage(sign=plan.digital_signature, certificates=plan.ca, repudiation=True), critical=True
        )
    )
    if plan.usages is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(plan.usages), critical=False)
    if plan.policy is not None:
        policy = x509.PolicyInformation(ObjectIdentifier(plan.policy), None)
        builder = builder.add_extension(x509.CertificatePolicies([policy]), critical=False)
    private = {"5": plan.marker, "2": plan.card_type, "3": plan.token, "7": plan.profession}
    for last, value in private.items():
        if value is not None:
            extension = x509.UnrecognizedExtension(ObjectIdentifier(ARC + last), value)
            builder = builder.add_extension(extension, critical=False)
    if plan.critical is not None:
        unknown = x509.UnrecognizedExtension(ObjectIdentifier(plan.critical), b"\x05\x00")
        builder = builder.add_extension(unknown, critical=True)
    return builder.sign(issuer.key, hashes.SHA256())


def card_der(plan: CardPlan, issuer: Authority) -> bytes:
    return card(plan, issuer).public_bytes(Encoding.DER)


def _subject(plan: CardPlan) -> x509.Name:
    def attribute(oid: ObjectIdentifier, text: str) -> x509.NameAttribute[str]:
        return x509.NameAttribute(oid, text)

    rdns = [x509.RelativeDistinguishedName([attribute(NameOID.COUNTRY_NAME, "FR")])]
    if plan.organisation:
        oids = (NameOID.STATE_OR_PROVINCE_NAME, NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME)
        for oid, text in zip(oids, plan.organisation, strict=True):
            rdns.append(x509.RelativeDistinguishedName([attribute(oid, text)]))
    if plan.title:
        rdns.append(x509.RelativeDistinguishedName([attribute(NameOID.TITLE, plan.title)]))
    if plan.pseudonym:
        rdns.append(x509.RelativeDistinguishedName([attribute(NameOID.PSEUDONYM, plan.pseudonym)]))
    person = [
        attribute(oid, text)
        for oid, text in (
            (NameOID.GIVEN_NAME, plan.given_names),
            (NameOID.COMMON_NAME, plan.common_name),
            (NameOID.SURNAME, plan.surname),
        )
        if text
    ]
    if plan.one_rdn and person:
        rdns.append(x509.RelativeDistinguishedName(person))
    else:
        rdns.extend(x509.RelativeDistinguishedName([one]) for one in person)
    return x509.Name(rdns)
