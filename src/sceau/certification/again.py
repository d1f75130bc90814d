"""A certificate that was issued, looked at again: its stored bytes, its signature, what it should say.

Used by the nightly re-reading, long after the gate. It builds nothing: the bytes are taken apart by the
strict reader, the signature is verified by the library (the gate used our own code), the content is the
examiner's matter. Whether there was a right to it is decided elsewhere; here the warrant is an argument.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from sceau.catalogue import Catalogue
from sceau.certification.der import parse
from sceau.certification.draft import IssuerFacts
from sceau.certification.examine import Expected, examine
from sceau.certification.issuer import read_issuer
from sceau.certification.lint import LintKey, lint
from sceau.certification.preview import preview_subject
from sceau.certification.reading import ReadCertificate, read_tbs
from sceau.registration import Warrant
from sceau.vocabulary import Finding, Refused

_read = lru_cache(maxsize=2)(read_tbs)  # a draft is looked at twice in a row


@dataclass(frozen=True, slots=True)
class Kept:
    """What the records keep of one certificate. `der` is None where nothing came back from the signer.

    Times are timezone-aware UTC, `spki_sha256` is hex, `subject` the RFC 4514 text shown to people.
    """

    reference: str
    draft: bytes
    der: bytes | None
    serial: int
    spki_sha256: str
    subject: str
    not_before: datetime
    not_after: datetime


def recheck_bytes(kept: Kept, issuer: IssuerFacts) -> tuple[Finding, ...]:
    """Whether draft, certificate and row are one and the same thing, signed by `issuer` [F02, F22]."""
    found = list(_check_draft(kept))
    if kept.der is None:
        return tuple(found)
    try:
        body, _, _ = parse(kept.der).sequence(3)
        read = x509.load_der_x509_certificate(kept.der)
        if body.raw != kept.draft:
            found.append(Finding.error("recheck.other-bytes", kept.reference))
        read.verify_directly_issued_by(x509.load_der_x509_certificate(issuer.certificate))
    except (InvalidSignature, TypeError) as problem:
        found.append(Finding.error("recheck.signature", kept.reference, issuer=issuer.code, why=problem))
    except ValueError as problem:  # no certificate, or another issuer's name
        found.append(Finding.error("recheck.unreadable", kept.reference, why=problem))
    return tuple(found)


def recheck_content(
    kept: Kept, warrant: Warrant, issuer: IssuerFacts, *, catalogue: Catalogue
) -> tuple[Finding, ...]:
    """Every difference between the draft and what `warrant` asks for, by the examiner's own rules [F35]."""
    try:
        spki = _read(kept.draft).spki
    except ValueError:
        return ()  # told by `recheck_bytes`
    expected = Expected(warrant, spki, kept.serial, kept.not_before, issuer, catalogue)
    found = [
        Finding.error("recheck.not-as-expected", kept.reference, part=one.subject, **dict(one.details))
        for one in examine(kept.draft, expected)
    ]
    if preview_subject(warrant, catalogue=catalogue).rfc4514 != kept.subject:
        found.append(_row_differs(kept, "subject"))
    return tuple(found)


def recheck_lint(kept: Kept, issuer: IssuerFacts, *, key: LintKey) -> tuple[Finding, ...]:
    """What pkilint, as it is now, says of the draft. Raises `Fault` when the linter itself fails."""
    try:
        _read(kept.draft)
    except ValueError:
        return ()  # told by `recheck_bytes`
    try:
        lint(kept.draft, issuer=read_issuer(issuer.certificate), key=key, environment=issuer.environment)
    except Refused as refused:
        return tuple(
            Finding.error("recheck.lint", kept.reference, rule=one.subject, **dict(one.details))
            for one in refused.findings
        )
    return ()


def _check_draft(kept: Kept) -> list[Finding]:
    """The columns of the row against the bytes they were taken from."""
    try:
        read = _read(kept.draft)
    except ValueError as problem:
        return [Finding.error("recheck.unreadable", kept.reference, why=problem)]
    return [_row_differs(kept, part) for part, holds in _columns(kept, read) if not holds]


def _columns(kept: Kept, read: ReadCertificate) -> tuple[tuple[str, bool], ...]:
    dates = (read.library.not_valid_before_utc, read.library.not_valid_after_utc)
    return (
        ("serial", read.parts[1].integer() == kept.serial),
        ("key", hashlib.sha256(read.spki).hexdigest() == kept.spki_sha256),
        ("not_before", dates[0] == kept.not_before),
        ("not_after", dates[1] == kept.not_after),
    )


def _row_differs(kept: Kept, part: str) -> Finding:
    return Finding.error("recheck.row-differs", kept.reference, part=part)
