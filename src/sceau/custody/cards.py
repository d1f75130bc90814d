"""Test cards of a development instance: real TLS client certificates with the exact layout of the real cards.

[IGC-SANTE 2.4, 2.5, 3.1]: a multi-valued RDN of given name, number and surname, the marker extension
saying *test card*, card type, card number, profession; the mailbox-like UPN. They are pressed by this
module with the card authorities' keys, never through the signer's door, and only where the environment
has test people.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from sceau.catalogue import Catalogue, Environment
from sceau.custody.authorities import certificate_pem, crl_points, identifier_of, sign_with
from sceau.custody.folders import make_private_folder, replace_file
from sceau.custody.holdings import SignerFolder
from sceau.custody.keys import SigningKey, key_name
from sceau.custody.software import SoftwareKeyStore
from sceau.vocabulary import Fault

_ISSUER_OF_TOKENS = "8025000001"
_CATEGORY, _CARD_TYPE = (
    x509.ObjectIdentifier("1.2.250.1.71.1.2.5"),
    x509.ObjectIdentifier("1.2.250.1.71.1.2.2"),
)
_TOKEN, _PROFESSION = x509.ObjectIdentifier("1.2.250.1.71.1.2.3"), x509.ObjectIdentifier("1.2.250.1.71.1.2.7")
_SPECIALITIES = x509.ObjectIdentifier("1.2.250.1.71.4.2.5")
_UPN = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")
_CARD, _SOFTWARE = 0x00, 0x03


@dataclass(frozen=True, slots=True)
class Employer:
    """The structure printed on an employee's card: ``Paris (75)``, its name, its national identifier."""

    department: str
    name: str
    structure_id: str


@dataclass(frozen=True, slots=True)
class CardOrder:
    """A test card to press. `type` is a code of the catalogue's cards, `number` its ten digits.

    A service card has a `pseudonym` and nobody's names; a professional's has a `profession_code` and no
    employer.
    """

    type: str
    number: str
    national_id: str
    title: str
    surname: str = ""
    given_names: str = ""
    profession_code: int | None = None
    specialities: tuple[str, ...] = ()
    employer: Employer | None = None
    pseudonym: str = ""


@dataclass(frozen=True, slots=True)
class TestCard:
    """A pressed card: certificate and issuer (DER), and its key."""

    __test__ = False  # pytest: this is no test

    order: CardOrder
    certificate: bytes
    issuer: bytes
    key: rsa.RSAPrivateKey

    def pem(self) -> bytes:
        """Key, certificate and issuer's certificate, unencrypted: for curl and for test code."""
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return key + certificate_pem(self.certificate) + certificate_pem(self.issuer)

    def p12(self, password: bytes) -> bytes:
        """PKCS#12 for a browser."""
        name = f"{self.order.given_names} {self.order.surname} {self.order.number}".strip().encode()
        own = x509.load_der_x509_certificate(self.certificate)
        above = [x509.load_der_x509_certificate(self.issuer)]
        sealed = BestAvailableEncryption(password)
        return pkcs12.serialize_key_and_certificates(name, self.key, own, above, sealed)


class CardPress:
    """Presses test cards with the card authorities of the instance under `data`.

    Raises `Fault` (``cards.not-here``) where the environment has no test people: nowhere but in development.
    """

    def __init__(
        self, data: Path, passphrase: bytes, *, catalogue: Catalogue, environment: Environment
    ) -> None:
        folder = SignerFolder(data / "signer")
        if not environment.test_people or folder.environment(catalogue).code != environment.code:
            raise Fault("cards.not-here", retryable=False, detail=environment.code)
        self._catalogue = catalogue
        self._environment = environment
        self._store = SoftwareKeyStore(folder.keys, passphrase, random_passphrase=True)
        self._held = {one.code: one for one in folder.held()}
        self._cards = data / "cards"

    def press(self, order: CardOrder, *, at: datetime, days: int = 1095) -> TestCard:
        """A card good for `days` from `at` on."""
        issuer = self._catalogue.cards[order.type].issuer
        return self._make(order, issuer, _Dates.of(at, days), as_card=True)

    def press_look_alike(self, order: CardOrder, *, at: datetime, days: int = 1095) -> TestCard:
        """A PS_AUTH software certificate: same subject, same uses, no card behind it. It must not open
        a door.
        """
        return self._make(order, "el-pp", _Dates.of(at, days), as_card=False)

    def write(self, card: TestCard, stem: str, *, password: bytes = b"carte") -> tuple[Path, Path]:
        """Write `card` under ``cards/`` as PEM and PKCS#12, for its owner only; returns both paths."""
        make_private_folder(self._cards)
        paths = self._cards / f"{stem}.pem", self._cards / f"{stem}.p12"
        for path, content in zip(paths, (card.pem(), card.p12(password)), strict=True):
            replace_file(path, content, mode=0o600)
        return paths

    def _make(self, order: CardOrder, issuer: str, dates: _Dates, *, as_card: bool) -> TestCard:
        held = self._held[issuer]
        above = x509.load_der_x509_certificate(held.certificate)
        private = rsa.generate_private_key(65537, 2048)
        builder = (
            x509.CertificateBuilder()
            .subject_name(_subject(order))
            .issuer_name(above.subject)
            .serial_number(secrets.randbits(127) | 1 << 126)
            .not_valid_before(dates.begins)
            .not_valid_after(dates.ends)
            .public_key(private.public_key())
        )
        extensions = [
            *self._extensions(order, issuer, private.public_key(), above),
            *self._private_extensions(order, as_card=as_card),
        ]
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        key: SigningKey = self._store.open(key_name(issuer, held.generation))
        return TestCard(order, sign_with(builder, key), held.certificate, private)

    def _extensions(
        self, order: CardOrder, issuer: str, public: rsa.RSAPublicKey, above: x509.Certificate
    ) -> list[tuple[x509.ExtensionType, bool]]:
        environment, row = self._environment, self._catalogue.issuers[issuer]
        policy = x509.ObjectIdentifier(environment.single_policy_oid or "1.2.250.1.213.1.7.2.1.1.1.1")
        upn = f"{order.national_id}@carte-cps.fr".encode()
        uses = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SMARTCARD_LOGON]
        access = [
            (AuthorityInformationAccessOID.OCSP, environment.ocsp),
            (AuthorityInformationAccessOID.CA_ISSUERS, environment.ca_issuers_uri(row)),
        ]
        return [
            (x509.BasicConstraints(ca=False, path_length=None), False),
            (x509.SubjectKeyIdentifier.from_public_key(public), False),
            (x509.AuthorityKeyIdentifier(identifier_of(above), None, None), False),
            (_signs_only(), True),
            (x509.CertificatePolicies([x509.PolicyInformation(policy, [environment.policy_uri])]), False),
            (x509.ExtendedKeyUsage(uses), False),
            (x509.SubjectAlternativeName([x509.OtherName(_UPN, bytes((0x0C, len(upn))) + upn)]), False),
            (x509.CRLDistributionPoints(crl_points(row, environment)), False),
            (
                x509.AuthorityInformationAccess(
                    [x509.AccessDescription(how, x509.UniformResourceIdentifier(uri)) for how, uri in access]
                ),
                False,
            ),
        ]

    def _private_extensions(
        self, order: CardOrder, *, as_card: bool
    ) -> list[tuple[x509.UnrecognizedExtension, bool]]:
        """The extensions of [IGC-SANTE 2.5]: what tells a card from a software certificate."""
        category = (_CARD if as_card else _SOFTWARE) + self._environment.category_offset
        values = [(_CATEGORY, bytes((0x04, 1, category)))]
        card = self._catalogue.cards[order.type]
        if as_card and card.ias_type is not None:
            token = f"{_ISSUER_OF_TOKENS}/{order.number}".encode("ascii")
            values.append((_CARD_TYPE, bytes((0x02, 1, card.ias_type))))
            values.append((_TOKEN, bytes((0x13, len(token))) + token))
        if order.profession_code is not None:
            values.append((_PROFESSION, bytes((0x02, 1, order.profession_code))))
        if order.specialities:
            texts = b"".join(bytes((0x0C, len(one))) + one.encode("ascii") for one in order.specialities)
            values.append((_SPECIALITIES, bytes((0x30, len(texts))) + texts))
        return [(x509.UnrecognizedExtension(oid, value), False) for oid, value in values]


@dataclass(frozen=True, slots=True)
class _Dates:
    """From when to when a card is good."""

    begins: datetime
    ends: datetime

    @classmethod
    def of(cls, at: datetime, days: int) -> _Dates:
        begins = at.replace(microsecond=0)
        return cls(begins, begins + timedelta(days=days))


def _subject(order: CardOrder) -> x509.Name:
    """C, [ST, O, OU,] title, then the holder in one multi-valued RDN; a service card has a pseudonym
    there.
    """
    rdns = [_rdn((NameOID.COUNTRY_NAME, "FR"))]
    if order.employer is not None:
        rdns.append(_rdn((NameOID.STATE_OR_PROVINCE_NAME, order.employer.department)))
        rdns.append(_rdn((NameOID.ORGANIZATION_NAME, order.employer.name)))
        rdns.append(_rdn((NameOID.ORGANIZATIONAL_UNIT_NAME, order.employer.structure_id)))
    rdns.append(_rdn((NameOID.TITLE, order.title)))
    if order.pseudonym:
        rdns.append(_rdn((NameOID.PSEUDONYM, order.pseudonym)))
        rdns.append(_rdn((NameOID.COMMON_NAME, order.national_id)))
    else:
        rdns.append(
            _rdn(
                (NameOID.GIVEN_NAME, order.given_names),
                (NameOID.COMMON_NAME, order.national_id),
                (NameOID.SURNAME, order.surname),
            )
        )
    return x509.Name(rdns)


def _rdn(*values: tuple[x509.ObjectIdentifier, str]) -> x509.RelativeDistinguishedName:
    return x509.RelativeDistinguishedName([x509.NameAttribute(oid, text) for oid, text in values])


def _signs_only() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
