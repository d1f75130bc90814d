"""What is written in a card certificate: marker, card type, number, identity, profession, employer.

Reads [IGC-SANTE 2.4, 2.5, 3.1] and says what is missing or unfit. It does not decide whom to believe
(`trust`), nor what the holder may do. The UPN of the alternative name is never parsed: some real cards
carry a dot in it; the common name of the multi-valued RDN and the token extension are what counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TypeVar

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from sceau.identity.trust import SUBJECT
from sceau.vocabulary import Finding

E = TypeVar("E", bound=x509.ExtensionType)

PRODUCT_CATEGORY = ObjectIdentifier("1.2.250.1.71.1.2.5")
CARD_TYPE = ObjectIdentifier("1.2.250.1.71.1.2.2")
TOKEN_ID = ObjectIdentifier("1.2.250.1.71.1.2.3")
PROFESSION = ObjectIdentifier("1.2.250.1.71.1.2.7")
SPECIALITIES = ObjectIdentifier("1.2.250.1.71.4.2.5")

TEST_OFFSET = 0x80
_CARD, _SECURITY_MODULE, _SOFTWARE = 0x00, 0x02, 0x03
_TOKEN = re.compile(r"8025000001/([0-9]{10})", re.ASCII)
_UNDERSTOOD = frozenset(
    ObjectIdentifier(dotted) for dotted in ("2.5.29.15", "2.5.29.19", "2.5.29.37", "2.5.29.17", "2.5.29.32")
)


class CardFamily(IntEnum):
    """The card type written in the certificate [IGC-SANTE 2.5]. Two of them cover two cards each, which
    only the register of contracts tells apart [IGC-SANTE 3.1]."""

    CPS = 0
    CPF = 1
    CDE_CPE = 2
    CDA_CPA = 3

    @property
    def types(self) -> tuple[str, ...]:
        """The catalogue's card codes that this may be."""
        return _TYPES[self]


_TYPES: dict[CardFamily, tuple[str, ...]] = {
    CardFamily.CPS: ("CPS",),
    CardFamily.CPF: ("CPF",),
    CardFamily.CDE_CPE: ("CDE", "CPE_NOMINATIVE"),
    CardFamily.CDA_CPA: ("CDA", "CPA"),
}


@dataclass(frozen=True, slots=True)
class CardContent:
    """The texts of a card certificate, as written, none of them believed yet. None where the certificate
    has none.
    """

    common_name: str | None
    surname: str | None
    given_names: str | None
    title: str
    family: CardFamily | None
    number: str | None
    test: bool
    profession_code: int | None
    specialities: tuple[str, ...]
    department: str | None
    organisation: str | None
    structure_id: str | None


def read_content(card: x509.Certificate) -> tuple[CardContent, tuple[Finding, ...]]:
    """What the certificate says, and everything that makes it no card to enter with."""
    extensions = {extension.oid: extension for extension in card.extensions}
    marker = _octet(_private(extensions, PRODUCT_CATEGORY))
    family, family_findings = _family(_private(extensions, CARD_TYPE))
    number = _token(_private(extensions, TOKEN_ID))
    person, person_findings = _person(card.subject)
    content = CardContent(
        common_name=person.get(NameOID.COMMON_NAME),
        surname=person.get(NameOID.SURNAME),
        given_names=person.get(NameOID.GIVEN_NAME),
        title=_text(card.subject, NameOID.TITLE) or "",
        family=family,
        number=number,
        test=marker is not None and marker >= TEST_OFFSET,
        profession_code=_integer(_private(extensions, PROFESSION)),
        specialities=_texts(_private(extensions, SPECIALITIES)),
        department=_text(card.subject, NameOID.STATE_OR_PROVINCE_NAME),
        organisation=_text(card.subject, NameOID.ORGANIZATION_NAME),
        structure_id=_text(card.subject, NameOID.ORGANIZATIONAL_UNIT_NAME),
    )
    findings = [*_marker_findings(marker), *person_findings]
    if not findings:  # what is no card, or nobody's, lacks a type and a number as a matter of course
        findings.extend(family_findings)
        findings.extend(() if number else (Finding.error("card.number-missing", SUBJECT),))
    elif family is CardFamily.CPF:
        findings.extend(family_findings)
    return content, tuple(findings)


class CardUse(StrEnum):
    """Which of a card's two keys is meant: the one that enters, or the one that signs [IGC-SANTE 2.2]."""

    ENTER = "enter"
    SIGN = "sign"


def check_usage(card: x509.Certificate, use: CardUse = CardUse.ENTER) -> tuple[Finding, ...]:
    """Whether the certificate is made for that use: key usage, extended usage, no authority [IGC-SANTE 2.2].

    A key that answers challenges at doors signs no document: whoever owns a door could have it sign one.
    """
    findings: list[Finding] = []
    extensions = card.extensions
    usage = _value(extensions, x509.KeyUsage)
    usages = _value(extensions, x509.ExtendedKeyUsage)
    if use is CardUse.SIGN:
        enters = usages is not None and ExtendedKeyUsageOID.CLIENT_AUTH in usages
        if usage is None or not usage.content_commitment or enters:
            findings.append(Finding.error("card.not-for-signing", SUBJECT))
    else:
        if usage is None or not usage.digital_signature:
            findings.append(Finding.error("card.key-usage", SUBJECT))
        if usages is None or ExtendedKeyUsageOID.CLIENT_AUTH not in usages:
            findings.append(Finding.error("card.extended-key-usage", SUBJECT))
    basic = _value(extensions, x509.BasicConstraints)
    certifies = (basic is not None and basic.ca) or (usage is not None and usage.key_cert_sign)
    if certifies or _value(extensions, x509.NameConstraints) is not None:
        findings.append(Finding.error("card.is-authority", SUBJECT))
    unknown = [e.oid.dotted_string for e in extensions if e.critical and e.oid not in _UNDERSTOOD]
    if unknown:
        findings.append(Finding.error("card.critical-extension", SUBJECT, oids=", ".join(unknown)))
    return tuple(findings)


def _value(extensions: x509.Extensions, kind: type[E]) -> E | None:
    try:
        return extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def policies_of(card: x509.Certificate) -> tuple[str, ...]:
    """The policy OIDs of the certificate, dotted; empty when it has none."""
    try:
        policies = card.extensions.get_extension_for_class(x509.CertificatePolicies).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(policy.policy_identifier.dotted_string for policy in policies)


def _marker_findings(marker: int | None) -> tuple[Finding, ...]:
    if marker is None:
        return (Finding.error("card.no-marker", SUBJECT),)
    match marker & ~TEST_OFFSET:
        case 0x00:
            return ()
        case 0x02:
            return (Finding.error("card.security-module", SUBJECT),)
        case 0x03:
            return (Finding.error("card.software-certificate", SUBJECT),)
        case _:
            return (Finding.error("card.no-marker", SUBJECT),)


def _family(value: bytes | None) -> tuple[CardFamily | None, tuple[Finding, ...]]:
    code = _integer(value)
    if code is None:
        return None, (Finding.error("card.type-missing", SUBJECT),)
    try:
        family = CardFamily(code)
    except ValueError:
        return None, (Finding.error("card.type-unknown", SUBJECT, type=code),)
    if family is CardFamily.CPF:
        return family, (Finding.error("card.cpf", SUBJECT),)
    return family, ()


def _person(subject: x509.Name) -> tuple[dict[ObjectIdentifier, str], tuple[Finding, ...]]:
    """Given name, common name and surname, which stand together in one RDN on a nominative card."""
    if _text(subject, NameOID.PSEUDONYM) is not None:
        return {}, (Finding.error("card.service-card", SUBJECT),)
    if not subject.get_attributes_for_oid(NameOID.SURNAME):
        return {}, (Finding.error("card.not-nominative", SUBJECT),)
    if len(subject.get_attributes_for_oid(NameOID.COMMON_NAME)) != 1:
        return {}, (Finding.error("card.identity-unreadable", SUBJECT),)
    for rdn in subject.rdns:
        values = {attribute.oid: str(attribute.value) for attribute in rdn}
        if set(values) == {NameOID.COMMON_NAME, NameOID.SURNAME, NameOID.GIVEN_NAME}:
            return values, ()
    return {}, (Finding.error("card.identity-unreadable", SUBJECT),)


def _text(subject: x509.Name, oid: ObjectIdentifier) -> str | None:
    """The only value of `oid`, decoded; None when there is none or more than one."""
    values = subject.get_attributes_for_oid(oid)
    return str(values[0].value) if len(values) == 1 else None


def _private(
    extensions: dict[ObjectIdentifier, x509.Extension[x509.ExtensionType]], oid: ObjectIdentifier
) -> bytes | None:
    extension = extensions.get(oid)
    if extension is None or not isinstance(extension.value, x509.UnrecognizedExtension):
        return None
    return extension.value.value


def _octet(der: bytes | None) -> int | None:
    """OCTET STRING of exactly one byte [IGC-SANTE 2.5]."""
    return der[2] if der is not None and len(der) == 3 and der[:2] == b"\x04\x01" else None


def _integer(der: bytes | None) -> int | None:
    """INTEGER of one byte, not negative."""
    if der is None or len(der) != 3 or der[:2] != b"\x02\x01" or der[2] > 0x7F:
        return None
    return der[2]


def _token(der: bytes | None) -> str | None:
    """The card number: what follows the issuer's identifier in the token id, a PrintableString."""
    if der is None or len(der) < 2 or der[0] != 0x13 or der[1] != len(der) - 2:
        return None
    match = _TOKEN.fullmatch(der[2:].decode("ascii", "replace"))
    return match.group(1) if match else None


def _texts(der: bytes | None) -> tuple[str, ...]:
    """SEQUENCE OF UTF8String with short lengths; anything else reads as none (nothing is decided on
    specialities).
    """
    if der is None or len(der) < 2 or der[0] != 0x30 or der[1] != len(der) - 2:
        return ()
    texts: list[str] = []
    rest = der[2:]
    while len(rest) >= 2 and rest[0] == 0x0C and rest[1] < 0x80 and len(rest) >= 2 + rest[1]:
        texts.append(rest[2 : 2 + rest[1]].decode("utf-8", "replace"))
        rest = rest[2 + rest[1] :]
    return tuple(texts) if not rest else ()
