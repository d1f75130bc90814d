"""A CRL read again by code that did not build it: before the CA key signs it, and when somebody asks what
is in it.

The reader is cryptography's, strict and fast; the builder (`crl`) is our own. What the two disagree on is
not signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from sceau.status.crl import CrlFacts
from sceau.status.issuing import IssuerIdentity
from sceau.status.signed import signed_der
from sceau.vocabulary import Finding, Reading, Refused, read_ok, read_refused

_SLACK = timedelta(minutes=5)
_OLDEST = timedelta(hours=1)
_LONGEST_LIFE = timedelta(days=40)
_LARGEST_NUMBER = (1 << 159) - 1
_ALLOWED = frozenset({x509.AuthorityKeyIdentifier.oid, x509.CRLNumber.oid})


@dataclass(frozen=True, slots=True)
class CrlSummary:
    """What a CRL says: the issuer (RFC 4514 text), its facts, how many it lists."""

    issuer: str
    facts: CrlFacts
    count: int
    signature_algorithm: str


def read_crl(data: bytes) -> Reading[CrlSummary]:
    """What the CRL in `data` (DER or PEM) says, or `crl.malformed`. Its signature is not checked."""
    try:
        crl = _load(data)
        facts = _facts(crl)
    except (ValueError, TypeError, x509.ExtensionNotFound, x509.DuplicateExtension) as error:
        return read_refused(Finding.error("crl.malformed", "crl", why=error))
    algorithm = crl.signature_algorithm_oid.dotted_string
    return read_ok(CrlSummary(crl.issuer.rfc4514_string(), facts, len(crl), algorithm))


def check_crl_signature(data: bytes, authority: bytes) -> tuple[Finding, ...]:
    """What is wrong between a CRL and the authority's certificate (each DER or PEM): `crl.malformed`,
    `crl.signature` (not by this authority's key).
    """
    try:
        crl, above = _load(data), _load_certificate(authority)
    except (ValueError, TypeError) as error:
        return (Finding.error("crl.malformed", "crl", why=error),)
    key = above.public_key()
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey) or not crl.is_signature_valid(key):
        return (Finding.error("crl.signature", above.subject.rfc4514_string()),)
    return ()


def examine_crl(tbs: bytes, *, issuer: IssuerIdentity, at: datetime) -> CrlFacts:
    """Refuse a TBSCertList that the signer must not sign; give its facts otherwise.

    Raises `Refused`: `crl.malformed`, `crl.issuer` (name or key of somebody else), `crl.extension` (one too
    many or too few), `crl.dates` (not begun around `at`, or good for too long), `crl.number`.
    """
    try:
        crl = x509.load_der_x509_crl(signed_der(tbs, b""))
        facts = _facts(crl)
    except (ValueError, TypeError, x509.ExtensionNotFound, x509.DuplicateExtension) as error:
        raise Refused([Finding.error("crl.malformed", "crl", why=error)]) from error
    problems: list[Finding] = []
    if _is_of_another(crl, issuer):
        problems.append(Finding.error("crl.issuer", issuer.code))
    if _has_other_extensions(crl):
        problems.append(Finding.error("crl.extension", issuer.code))
    if _has_odd_dates(facts, at):
        problems.append(
            Finding.error("crl.dates", issuer.code, begins=facts.this_update, ends=facts.next_update)
        )
    if not 0 < facts.number <= _LARGEST_NUMBER:
        problems.append(Finding.error("crl.number", issuer.code, number=facts.number))
    if problems:
        raise Refused(problems)
    return facts


def _load(data: bytes) -> x509.CertificateRevocationList:
    return x509.load_pem_x509_crl(data) if _is_pem(data) else x509.load_der_x509_crl(data)


def _load_certificate(data: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificate(data) if _is_pem(data) else x509.load_der_x509_certificate(data)


def _is_pem(data: bytes) -> bool:
    return data.lstrip().startswith(b"-----BEGIN")


def _facts(crl: x509.CertificateRevocationList) -> CrlFacts:
    if crl.next_update_utc is None:
        raise ValueError("no nextUpdate")
    number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    return CrlFacts(number, crl.last_update_utc, crl.next_update_utc)


def _is_of_another(crl: x509.CertificateRevocationList, issuer: IssuerIdentity) -> bool:
    key = crl.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    return crl.issuer.public_bytes() != issuer.name or key.key_identifier != issuer.key_identifier


def _has_other_extensions(crl: x509.CertificateRevocationList) -> bool:
    return {one.oid for one in crl.extensions} != _ALLOWED or any(one.critical for one in crl.extensions)


def _has_odd_dates(facts: CrlFacts, at: datetime) -> bool:
    begins_now = at - _OLDEST <= facts.this_update <= at + _SLACK
    return not begins_now or not timedelta(0) < facts.next_update - facts.this_update <= _LONGEST_LIFE
