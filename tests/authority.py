"""A certification authority in memory, for tests: hierarchy, warrants for all products, requests, signer.

Real code throughout: only the CA keys are made here and held in a dictionary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from sceau.catalogue import Catalogue, Environment, load_catalogue
from sceau.certification import (
    CertificationRequest,
    Draft,
    IssuerFacts,
    SignatureAsk,
    compose_serial,
    prepare,
    read_csr,
)
from sceau.registration import (
    Channel,
    EmployeeSubject,
    ProfessionalSubject,
    StructureSubject,
    Subject,
    Warrant,
)
from sceau.registration.naming import Name
from sceau.vocabulary import (
    ApplicationName,
    CardNumber,
    Fault,
    HostName,
    IdentifierMode,
    Mailbox,
    PersonId,
    Refused,
    StructureId,
    read_card_number,
    read_person_id,
    read_structure_id,
)

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

AT = datetime(2026, 11, 24, 9, 30, 15, tzinfo=UTC)
RANDOM_BITS = 0x2A5F_19C3_7B04_E68D_5A91_3CF2_06D7_B84E
CATALOGUE = load_catalogue()
PRODUCTS = tuple(sorted(CATALOGUE.products))


@lru_cache(maxsize=512)
def private_key(kind: str, which: str = "") -> PrivateKey:
    """A key of `kind` (``rsa:2048``, ``ec:P-256``…), the same one for the same `which` in one run."""
    del which
    family, _, size = kind.partition(":")
    if family == "rsa":
        return rsa.generate_private_key(65537, int(size))
    return ec.generate_private_key(ec.SECP256R1() if size == "P-256" else ec.SECP384R1())


def spki_of(key: PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _name(environment: Environment, common_name: str) -> x509.Name:
    units = [
        x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit)
        for unit in environment.organisational_units
    ]
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, environment.organisation),
            *units,
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


@dataclass(frozen=True)
class TestAuthority:
    """A root and an issuing authority of one environment, with their keys."""

    __test__ = False

    facts: IssuerFacts
    key: PrivateKey
    root: x509.Certificate
    certificate: x509.Certificate


@lru_cache(maxsize=512)
def authority(
    code: str = "el-org",
    environment: str = "development",
    *,
    kind: str = "rsa:2048",
    begins: datetime = AT - timedelta(days=30),
    ends: datetime = AT + timedelta(days=3652),
    generation: int = 1,
) -> TestAuthority:
    """An issuing authority named as the catalogue names it, under a root of the same kind of key."""
    known = CATALOGUE.issuers[code]
    where = CATALOGUE.environments[environment]
    root_key, key = private_key(kind, f"root {code}"), private_key(kind, f"{code} {environment} {generation}")
    root_name = _name(where, where.common_name(CATALOGUE.issuers[known.parent or code]))
    digest = hashes.SHA384() if kind == "ec:P-384" else hashes.SHA256()
    root = _certify(
        root_name, root_name, (root_key, root_key), (begins, ends + timedelta(days=1)), None, digest
    )
    issuing = _certify(
        _name(where, where.common_name(known)), root_name, (key, root_key), (begins, ends), 0, digest
    )
    facts = IssuerFacts(code, generation, environment, issuing.public_bytes(Encoding.DER))
    return TestAuthority(facts, key, root, issuing)


def _certify(
    name: x509.Name,
    issuer: x509.Name,
    keys: tuple[PrivateKey, PrivateKey],
    dates: tuple[datetime, datetime],
    path_length: int | None,
    digest: hashes.HashAlgorithm,
) -> x509.Certificate:
    key, signing = keys
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(dates[0])
        .not_valid_after(dates[1])
        .add_extension(x509.BasicConstraints(True, path_length), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False
        )
    )
    return builder.sign(signing, digest)  # type: ignore[arg-type]


class OneByOne:
    """The half of `certification.Signer` that asks for many, in a signer that makes them one by one."""

    def sign(self, *, kind: str, issuer: str, generation: int, tbs: bytes) -> bytes:
        raise NotImplementedError

    def sign_all(self, asks: Sequence[SignatureAsk]) -> list[bytes | Refused | Fault]:
        answers: list[bytes | Refused | Fault] = []
        for ask in asks:
            try:
                answers.append(
                    self.sign(kind=ask.kind, issuer=ask.issuer, generation=ask.generation, tbs=ask.tbs)
                )
            except (Refused, Fault) as problem:
                answers.append(problem)
        return answers


@dataclass
class MemorySigner(OneByOne):
    """A signer in memory: one key an issuer. `spoil` changes what it answers, as a broken one would."""

    authorities: Sequence[TestAuthority]
    signed: list[bytes] = field(default_factory=list)

    def sign(self, *, kind: str, issuer: str, generation: int, tbs: bytes) -> bytes:
        assert kind == "certificate"
        found = [
            one for one in self.authorities if (one.facts.code, one.facts.generation) == (issuer, generation)
        ]
        self.signed.append(tbs)
        return signed(tbs, found[0].key)


def signed(tbs: bytes, key: PrivateKey) -> bytes:
    """`tbs` under a signature of `key`, put together here rather than by the code under test."""
    if isinstance(key, rsa.RSAPrivateKey):
        algorithm = bytes.fromhex("300d06092a864886f70d01010b0500")
        signature = key.sign(tbs, padding.PKCS1v15(), hashes.SHA256())
    elif key.curve.name == "secp384r1":
        algorithm = bytes.fromhex("300a06082a8648ce3d040303")
        signature = key.sign(tbs, ec.ECDSA(hashes.SHA384()))
    else:
        algorithm = bytes.fromhex("300a06082a8648ce3d040302")
        signature = key.sign(tbs, ec.ECDSA(hashes.SHA256()))
    return tlv(0x30, tbs + algorithm + tlv(0x03, b"\x00" + signature))


def tlv(tag: int, content: bytes) -> bytes:
    """One DER element, written without the code under test."""
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def structure_id(text: str = "318751275100020") -> StructureId:
    return read_structure_id(text, mode=IdentifierMode.TEST).require()


def person_id(text: str = "899700041983") -> PersonId:
    return read_person_id(text, mode=IdentifierMode.TEST).require()


def card_number(text: str = "2500634598") -> CardNumber:
    return read_card_number(text).require()


def names_for(product: str) -> tuple[Name, ...]:
    """Names of the kind that the product asks for."""
    need = CATALOGUE.products[product].name_need
    if need == "host":
        return (HostName("tops.demo.asipsante.fr"), HostName("topspsc.demo.asipsante.fr"))
    if need == "application":
        return (ApplicationName("apibi.gateway_ANS"),)
    return (Mailbox("contact", HostName("hopital-exemple.fr")),)


def subject_for(product: str, names: Sequence[Name]) -> Subject:
    layout = CATALOGUE.profiles[CATALOGUE.products[product].profile].subject
    if layout == "structure":
        return StructureSubject(
            department="Paris (75)",
            organisation="AGENCE DU NUMERIQUE EN SANTE",
            structure_id=structure_id(),
            common_name=names[0].text,
        )
    if layout == "professional":
        return ProfessionalSubject(
            national_id=person_id(),
            surname="DENTISTE RPPS",
            given_names="GERALDINE",
            title="Chirurgien-Dentiste",
            profession_code=40,
            specialities=("SM26",) if product == "PS_AUTH" else (),
        )
    return EmployeeSubject(
        department="Rhône (69)",
        organisation="CENTRE DE SANTE RPPS15287",
        structure_id=structure_id("10B0152872"),
        national_id=person_id("30B0057881/CPET0002"),
        surname="EMPLOYE",
        given_names="Éric",
        title="Personnel santé ou social",
    )


def warrant(
    product: str, *, names: Sequence[Name] | None = None, subject: Subject | None = None, at: datetime = AT
) -> Warrant:
    """A warrant as registration would give it. (Made directly: what is tested here begins after it.)"""
    chosen = tuple(names_for(product) if names is None else names)
    own_card = product.startswith("PS_")
    return Warrant(
        product=product,
        channel=Channel.PS_DIRECT if own_card else Channel.FORM_413,
        asked_by=person_id(),
        card=card_number(),
        habilitation=None if own_card else ("H-0001", 1),
        subject=subject or subject_for(product, chosen),
        names=chosen,
        at=at,
    )


def request(key: PrivateKey | None = None) -> CertificationRequest:
    """A plain request: a key, and the proof."""
    return read_csr(request_der(key)).require()


def request_der(key: PrivateKey | None = None) -> bytes:
    holder = key or private_key("ec:P-256", "subscriber")
    csr = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(holder, hashes.SHA256())
    return csr.public_bytes(Encoding.DER)


def draft_for(
    product: str,
    *,
    environment: str = "development",
    key: PrivateKey | None = None,
    kind: str = "rsa:2048",
    at: datetime = AT,
    warrant_given: Warrant | None = None,
    catalogue: Catalogue = CATALOGUE,
) -> tuple[Draft, TestAuthority]:
    """The draft of a product under a memory authority."""
    issuer = authority(CATALOGUE.products[product].issuer, environment, kind=kind)
    draft = prepare(
        warrant_given or warrant(product, at=at),
        request(key),
        issuer.facts,
        catalogue=catalogue,
        serial=compose_serial(at, RANDOM_BITS),
        at=at,
        lint_key=private_key(kind, "lint"),
    )
    return draft, issuer
