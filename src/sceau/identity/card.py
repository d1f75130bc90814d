"""Who is at the door: from a card certificate to its holder, or every reason why not [IGC-SANTE 3.1].

The certificate has been presented in a TLS handshake, which proves possession of its key and nothing more.
This module decides whether it is a nominative card of the health domain, valid now, and whose. It does not
know what the holder may do, nor whether a CPE is in truth a CDE: the register tells.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes

from sceau.identity.content import CardContent, CardFamily, CardUse, check_usage, policies_of, read_content
from sceau.identity.pinning import has_strong_key, states_policy
from sceau.identity.revocation import RevocationLookup, RevocationPolicy, check_revocation
from sceau.identity.trust import SUBJECT, CardTrust, check_chain
from sceau.vocabulary import (
    CardNumber,
    Finding,
    IdentifierMode,
    PersonId,
    Reading,
    StructureId,
    errors,
    read_card_number,
    read_ok,
    read_person_id,
    read_refused,
    read_structure_id,
)

T = TypeVar("T")

CERTIFICATE_LIMIT = 16 * 1024
"""A card certificate is under 3 KiB; anything larger is not parsed."""

LARGEST_SERIAL = (1 << 159) - 1
"""Twenty octets with the sign [RFC 5280 §4.1.2.2]."""


@dataclass(frozen=True, slots=True)
class CardHolder:
    """A person with a card, as the card authorities say it.

    `card_types` are the catalogue's codes this card may be (two for employees' cards: the register tells
    which). `structure_*` and `department` are the employer's as printed on an employee's card, None on a
    CPS. `certificate_sha256` (hex) binds a session to this very certificate [ASSURANCE T07]; `not_after` is
    UTC.
    """

    national_id: PersonId
    surname: str
    given_names: str
    title: str
    profession_code: int | None
    specialities: tuple[str, ...]
    card_number: CardNumber
    family: CardFamily
    structure_id: StructureId | None
    structure_name: str | None
    department: str | None
    test: bool
    not_after: datetime
    certificate_sha256: str

    @property
    def card_types(self) -> tuple[str, ...]:
        """The catalogue's card codes that this card may be."""
        return self.family.types


def read_card(
    certificate_der: bytes,
    *,
    trust: CardTrust,
    at: datetime,
    revoked: RevocationLookup | None = None,
    policy: RevocationPolicy = RevocationPolicy.REQUIRED,
    use: CardUse = CardUse.ENTER,
) -> Reading[CardHolder]:
    """The holder of the card whose certificate this is, or every finding at once.

    `at` is timezone-aware. Without `revoked`, or when it does not know, `policy` says: refuse (the default)
    or warn. `use` says which of the card's keys the certificate has to be of.
    """
    card = _parse(certificate_der)
    if card is None:
        return read_refused(Finding.error("card.unreadable", SUBJECT))
    try:
        content, content_findings = read_content(card)
        findings = [
            *check_chain(card, trust, at),
            *content_findings,
            *check_usage(card, use),
            *_check_policy(card, trust),
            *_check_dates(card, at),
            *_check_strength(card),
            *check_revocation(card, trust=trust, revoked=revoked, policy=policy),
        ]
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return read_refused(Finding.error("card.unreadable", SUBJECT))
    if content.test and not trust.test_allowed:
        findings.append(Finding.error("card.test-card", SUBJECT))
    return _holder(card, certificate_der, content, findings)


def _parse(der: bytes) -> x509.Certificate | None:
    if not der or len(der) > CERTIFICATE_LIMIT:
        return None
    try:
        card = x509.load_der_x509_certificate(der)
    except (ValueError, x509.InvalidVersion):
        return None
    return card if 0 < card.serial_number <= LARGEST_SERIAL else None


def _holder(
    card: x509.Certificate, der: bytes, content: CardContent, findings: list[Finding]
) -> Reading[CardHolder]:
    mode = IdentifierMode.TEST if content.test else IdentifierMode.REAL
    number = person = None
    if content.number is not None:
        number = _kept(read_card_number(content.number, subject=SUBJECT, mode=mode), findings)
    if content.common_name is not None:
        person = _kept(read_person_id(content.common_name, subject=SUBJECT, mode=mode), findings)
    if not (content.given_names or "").strip() or not (content.surname or "").strip():
        findings.extend(() if errors(findings) else (Finding.error("card.identity-unreadable", SUBJECT),))
    if errors(findings):
        return read_refused(*findings)
    if number is None or person is None or content.family is None:
        return read_refused(Finding.error("card.identity-unreadable", SUBJECT))
    holder = CardHolder(
        national_id=person,
        surname=content.surname or "",
        given_names=content.given_names or "",
        title=content.title,
        profession_code=content.profession_code,
        specialities=content.specialities,
        card_number=number,
        family=content.family,
        structure_id=_employer(content, mode),
        structure_name=content.organisation,
        department=content.department,
        test=content.test,
        not_after=card.not_valid_after_utc,
        certificate_sha256=hashlib.sha256(der).hexdigest(),
    )
    return read_ok(holder, *findings)


def _kept(reading: Reading[T], findings: list[Finding]) -> T | None:
    findings.extend(reading.findings)
    return reading.value


def _employer(content: CardContent, mode: IdentifierMode) -> StructureId | None:
    """The employer's identifier when the card has one we can read. The register, not the card, gives rights
    on it.
    """
    if content.structure_id is None:
        return None
    return read_structure_id(content.structure_id, subject=SUBJECT, mode=mode).value


def _check_dates(card: x509.Certificate, at: datetime) -> tuple[Finding, ...]:
    if at < card.not_valid_before_utc:
        return (Finding.error("card.not-yet-valid", SUBJECT, date=_day(card.not_valid_before_utc)),)
    if at > card.not_valid_after_utc:
        return (Finding.error("card.expired", SUBJECT, date=_day(card.not_valid_after_utc)),)
    return ()


def _check_policy(card: x509.Certificate, trust: CardTrust) -> tuple[Finding, ...]:
    """A policy of the IGC-Santé must be there, and its issuer's to give: the pinned name and key are not the
    only guard [ASSURANCE T05].
    """
    issuer = trust.issuer_of(card)
    for policy in policies_of(card):
        is_ours = any(policy == arc or policy.startswith(arc + ".") for arc in trust.policy_arcs)
        if is_ours and (issuer is None or states_policy(issuer, policy)):
            return ()
    return (Finding.error("card.policy", SUBJECT),)


def _check_strength(card: x509.Certificate) -> tuple[Finding, ...]:
    """SHA-1 and MD5 never [ASSURANCE F37]; the key as an authority's must be."""
    weak = isinstance(card.signature_hash_algorithm, hashes.SHA1 | hashes.MD5) or not has_strong_key(card)
    return (Finding.error("card.weak", SUBJECT),) if weak else ()


def _day(moment: datetime) -> str:
    return moment.strftime("%d/%m/%Y")
