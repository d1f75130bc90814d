"""Small authorities, sources and clocks for the tests of custody, status and publication."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sceau.catalogue import load_catalogue
from sceau.custody.authorities import Authority, make_authority, sign_with
from sceau.custody.examination import SigningIssuer, signing_issuer
from sceau.custody.keys import make_private_key
from sceau.custody.software import SoftwareKey
from sceau.status import (
    UNKNOWN,
    Changes,
    IssuerIdentity,
    ResponderOrder,
    SerialStatus,
    build_responder_tbs,
    issuer_identity,
    signed_der,
)

_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)
NOW = datetime(2026, 11, 24, 8, 0, 0, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that is set by hand; `steady` follows unless it is told not to."""

    now: datetime = NOW
    seconds: float = 1000.0

    def __call__(self) -> datetime:
        return self.now

    def steady(self) -> float:
        return self.seconds

    def pass_by(self, length: timedelta) -> None:
        self.now += length
        self.seconds += length.total_seconds()


@dataclass(frozen=True)
class Pki:
    """A root and an issuing authority of the development environment, on EC or RSA keys."""

    root: Authority
    issuing: Authority

    @property
    def identity(self) -> IssuerIdentity:
        return issuer_identity(self.issuing.issuer.code, 1, self.issuing.certificate)

    @property
    def certificate(self) -> x509.Certificate:
        return x509.load_der_x509_certificate(self.issuing.certificate)

    @property
    def signing(self) -> SigningIssuer:
        return signing_issuer(self.issuing.issuer.code, 1, self.issuing.certificate, self.issuing.key)

    def sign(self, tbs: bytes) -> bytes:
        return signed_der(tbs, self.issuing.key.sign(tbs))


def make_pki(
    code: str = "el-org", *, kind: str = "ec:P-256", at: datetime = NOW, where: str = "development"
) -> Pki:
    catalogue = load_catalogue()
    environment = catalogue.environments[where]
    row = catalogue.issuers[code]
    root_row = catalogue.issuers[row.parent or code]
    root = make_authority(root_row, software_key(kind), parent=None, environment=environment, at=at)
    issuing = make_authority(row, software_key(kind), parent=root, environment=environment, at=at)
    return Pki(root, issuing)


def software_key(kind: str = "ec:P-256") -> SoftwareKey:
    return SoftwareKey(make_private_key(kind))


def leaf(pki: Pki, serial: int, *, at: datetime = NOW, days: int = 365) -> bytes:
    """DER of some end-entity certificate under `pki`: enough for a status client, not one of our profiles."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"titulaire {serial:X}")]))
        .issuer_name(pki.certificate.subject)
        .serial_number(serial)
        .not_valid_before(at)
        .not_valid_after(at + timedelta(days=days))
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=False)
        .add_extension(usage(digital_signature=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier(pki.identity.key_identifier, None, None), critical=False)
    )
    return sign_with(builder, pki.issuing.key)


def usage(**true: bool) -> x509.KeyUsage:
    return x509.KeyUsage(**{name: true.get(name, False) for name in _USAGES})


@dataclass(frozen=True)
class TestResponder:
    """A delegated responder in memory, as `status.OcspSigner`."""

    __test__ = False

    certificate: bytes
    key: SoftwareKey

    @property
    def key_hash(self) -> bytes:
        public = x509.load_der_x509_certificate(self.certificate).public_key()
        return x509.SubjectKeyIdentifier.from_public_key(public).digest

    @property
    def algorithm(self) -> bytes:
        return self.key.algorithm

    def sign(self, data: bytes) -> bytes:
        return self.key.sign(data)


def make_responder(
    pki: Pki, *, at: datetime = NOW, kind: str = "ec:P-256", serial: int = 0x1234
) -> TestResponder:
    key = software_key(kind)
    order = ResponderOrder(key.public_key, serial, at, 30, pki.certificate.not_valid_after_utc)
    return TestResponder(pki.sign(build_responder_tbs(order, issuer=pki.identity)), key)


def spki_of(certificate: bytes) -> bytes:
    read = x509.load_der_x509_certificate(certificate)
    return read.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@dataclass
class MemorySource:
    """`status.StatusSource` in memory; `away` makes it fail as a database that is down does."""

    statuses: dict[tuple[str, int, int], SerialStatus] = field(default_factory=dict)
    log: list[tuple[str, int]] = field(default_factory=list)
    away: bool = False
    asked: int = 0

    def status(self, issuer: str, generation: int, serial: int) -> SerialStatus:
        self._fail_if_away()
        self.asked += 1
        return self.statuses.get((issuer, generation, serial), UNKNOWN)

    def changes(self, mark: int) -> Changes:
        self._fail_if_away()
        revoked: Iterable[tuple[str, int]] = () if mark < 0 else self.log[mark:]
        return Changes(len(self.log), tuple(revoked))

    def release(self) -> None:
        pass

    def revoke(self, issuer: str, serial: int, status: SerialStatus, *, generation: int = 1) -> None:
        self.statuses[issuer, generation, serial] = status
        self.log.append((issuer, serial))

    def _fail_if_away(self) -> None:
        if self.away:
            raise ConnectionError("no database")
