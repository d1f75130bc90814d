"""A certificate, or a file of certificates, that somebody was given and asks about: what it says, and
whether one of our authorities signed it.

Decides what the file holds, by our strict reader, and whose signature stands under each certificate. Whether
it still holds is the records' to say. Nothing of it is trusted: no key of the file is ever used, only those
of our authorities.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from sceau.certification.armour import is_private_key
from sceau.certification.der import BIT_STRING, SEQUENCE, Node, NotStrictError, parse
from sceau.certification.draft import IssuerFacts
from sceau.certification.issuer import read_issuer
from sceau.vocabulary import Fault, Finding, Reading, displayed, read_ok, read_refused

_MARK = re.compile(r"-----(BEGIN|END) ([ -~]{0,60}?)-----")
_CERTIFICATES = frozenset({"CERTIFICATE", "X509 CERTIFICATE"})
_BUNDLES = frozenset({"PKCS7", "CMS", "PKCS #7 SIGNED DATA"})
_SIGNED_DATA = "1.2.840.113549.1.7.2"
_ATTRIBUTES = {  # those of a person, which RFC 4514 leaves as numbers
    x509.NameOID.TITLE: "title",
    x509.NameOID.GIVEN_NAME: "GN",
    x509.NameOID.SURNAME: "SN",
    x509.NameOID.PSEUDONYM: "pseudonym",
    x509.NameOID.SERIAL_NUMBER: "serialNumber",
    x509.NameOID.ORGANIZATION_IDENTIFIER: "organizationIdentifier",
    x509.NameOID.EMAIL_ADDRESS: "emailAddress",
}
_FIRST, _UPN = 0xA0, "1.3.6.1.4.1.311.20.2.3"
_ABOUT = "given"
_LIBRARY_REFUSALS = (
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    UnsupportedAlgorithm,
)
_MOST_SAID = 5
_SLICE, _LONGEST_SHOWN = 100, 1000


@dataclass(frozen=True, slots=True)
class Presented:
    """What one certificate of the file says of itself; times are UTC, texts are fit to be shown.

    `issuer_name` and `subject_name` are the octets of both names, `signed` and `signature` what was signed
    and with what.
    """

    der: bytes
    subject: str
    issuer: str
    names: tuple[str, ...]
    serial: int
    not_before: datetime
    not_after: datetime
    subject_name: bytes
    issuer_name: bytes
    signed: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who issued it. `issuer` is the code of the authority whose signature holds, empty: none of ours;
    `borrowed` whether it bears the name of one that did not sign it; `authority` the code of the authority it
    is itself.
    """

    issuer: str = ""
    generation: int = 0
    borrowed: bool = False
    authority: str = ""


def read_presented(data: bytes, *, octets: int, certificates: int) -> Reading[tuple[Presented, ...]]:
    """The certificates in `data`: PEM, DER, base64 or P7B, of `octets` at most, with so many at most.

    What cannot be read is said; what can, is read all the same.
    """
    if not data.strip():
        return read_refused(Finding.error("presented.empty", _ABOUT))
    if len(data) > octets:
        return read_refused(Finding.error("presented.too-long", _ABOUT, most=octets // 1024))
    found, findings = _elements(data)
    if len(found) > certificates:
        return read_refused(Finding.error("presented.too-many", _ABOUT, most=certificates))
    read: dict[bytes, Presented] = {}
    for der in found:
        try:
            read[der] = _read(der)
        except ValueError:
            findings.append(Finding.error("presented.unreadable", _ABOUT))
    if not read:
        return read_refused(
            *(list(dict.fromkeys(findings))[:_MOST_SAID] or [Finding.error("presented.none", _ABOUT)])
        )
    return read_ok(tuple(read.values()), *dict.fromkeys(_remark(one) for one in findings))


def provenance_of(one: Presented, issuers: Iterable[IssuerFacts]) -> Provenance:
    """Which of `issuers` signed it, every generation tried; or whose name it bears without."""
    known = tuple(issuers)
    itself = next((facts for facts in known if facts.certificate == one.der), None)
    authority = itself.code if itself else ""
    borrowed = False
    for facts in known:
        try:
            issuer = read_issuer(facts.certificate)
        except Fault:
            continue  # an authority of ours that cannot be read vouches for nothing
        if issuer.name != one.issuer_name:
            continue
        try:
            issuer.verify(one.signature, one.signed)
        except (InvalidSignature, ValueError):
            borrowed = True
        else:
            return Provenance(facts.code, facts.generation, authority=authority)
    return Provenance(borrowed=borrowed, authority=authority)


def _remark(finding: Finding) -> Finding:
    """Something else in the file is no reason not to say what was read of it."""
    if finding.code == "presented.private-key":
        return Finding.warning("presented.private-key", finding.subject)
    return Finding.warning("presented.rest", finding.subject)


def _elements(data: bytes) -> tuple[list[bytes], list[Finding]]:
    """The certificates as octets, and what is wrong with the rest."""
    text = data.decode("latin-1").replace("\r\n", "\n").replace("\r", "\n")
    marks = list(_MARK.finditer(text))
    if not marks:
        return _of_element(data if data[0] == SEQUENCE and not _is_text(data) else _decoded(text))
    found: list[bytes] = []
    findings: list[Finding] = []
    for begin, end in zip_longest(marks[::2], marks[1::2]):
        if end is None or (begin[1], end[1], begin[2]) != ("BEGIN", "END", end[2]):
            findings.append(_about_key(marks) or Finding.error("presented.broken", _ABOUT))
            break
        more, wrong = _of_block(begin[2], text[begin.end() : end.start()])
        found += more
        findings += wrong
    return found, findings


def _about_key(marks: list[re.Match[str]]) -> Finding | None:
    """What is said of a private key, whole or not."""
    if any(mark[2].endswith("PRIVATE KEY") for mark in marks):
        return Finding.error("presented.private-key", _ABOUT)
    return None


def _of_block(label: str, body: str) -> tuple[list[bytes], list[Finding]]:
    if label in _CERTIFICATES | _BUNDLES:
        return _of_element(_decoded(body))
    if label.endswith("PRIVATE KEY"):
        return [], [Finding.error("presented.private-key", _ABOUT)]
    return [], [Finding.error("presented.other", _ABOUT, label=displayed(label))]


def _of_element(der: bytes) -> tuple[list[bytes], list[Finding]]:
    """The certificates in one element: itself, or those of a PKCS#7."""
    try:
        node = parse(der)
        if is_private_key(node):
            return [], [Finding.error("presented.private-key", _ABOUT)]
        bundle = _bundled(node)
    except (NotStrictError, ValueError, IndexError):
        return [], [Finding.error("presented.broken", _ABOUT)]
    return ([der] if bundle is None else bundle), []


def _bundled(node: Node) -> list[bytes] | None:
    """The certificates of a PKCS#7 SignedData [RFC 2315 §9.1]; None when it is none."""
    parts = node.children
    if len(parts) != 2 or parts[0].tag != 0x06 or parts[0].oid() != _SIGNED_DATA:
        return None
    inside = parts[1].children[0].children
    return [one.raw for part in inside if part.tag == _FIRST for one in part.children if one.tag == SEQUENCE]


def _is_text(data: bytes) -> bool:
    return all(octet in b"\t\r\n" or 0x20 <= octet < 0x7F for octet in data[:64])


def _decoded(text: str) -> bytes:
    """Base64 with whatever spaces; empty for anything else."""
    try:
        return base64.b64decode("".join(text.split()).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return b""


def _read(der: bytes) -> Presented:
    """Take one certificate apart. Raises ValueError when it is none in strict DER."""
    signed, _algorithm, seal = parse(der).sequence(3)
    parts = signed.sequence(6, 10)
    first = 1 if parts[0].tag == _FIRST else 0  # version 1 says no version
    serial, issuer, subject = parts[first], parts[first + 2], parts[first + 4]
    if seal.tag != BIT_STRING or seal.content[:1] != b"\x00" or serial.integer() <= 0:
        raise ValueError("a signature is whole octets, a serial is positive")
    try:
        library = x509.load_der_x509_certificate(der)
        return Presented(
            der=der,
            subject=_shown(library.subject.rfc4514_string(_ATTRIBUTES)),
            issuer=_shown(library.issuer.rfc4514_string(_ATTRIBUTES)),
            names=_names(library),
            serial=library.serial_number,
            not_before=library.not_valid_before_utc,
            not_after=library.not_valid_after_utc,
            subject_name=subject.raw,
            issuer_name=issuer.raw,
            signed=signed.raw,
            signature=seal.content[1:],
        )
    except _LIBRARY_REFUSALS as problem:
        raise ValueError(str(problem)) from problem


def _shown(text: str) -> str:
    """A name as it can safely be shown, whole as far as honest names go."""
    parts = range(0, min(len(text), _LONGEST_SHOWN), _SLICE)
    return "".join(displayed(text[at : at + _SLICE]) for at in parts) or displayed("")


def _names(read: x509.Certificate) -> tuple[str, ...]:
    try:
        names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(_shown(text) for text in (_name(one) for one in names) if text)[:20]


def _name(one: x509.GeneralName) -> str:
    if isinstance(one, x509.DNSName | x509.RFC822Name):
        return one.value
    if isinstance(one, x509.OtherName) and one.type_id.dotted_string == _UPN:
        return parse(one.value).text()
    return ""
