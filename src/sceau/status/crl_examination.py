"""A CRL read again by code that did not build it: before the CA key signs it, and when somebody asks what
is in it.

The reader is cryptography's, strict and fast; the builder (`crl`) is our own. What the two disagree on is
not signed. A list is mostly the one before: entries that this reader read before, and whose octets did not
change, are not read again (`EntriesMemory`); they are left out of what it is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from sceau.certification import MlDsaPublicKey, encode
from sceau.status import der
from sceau.status.crl import CrlFacts
from sceau.status.crl_shape import read_shape
from sceau.status.issuing import IssuerIdentity
from sceau.status.signed import signed_der
from sceau.vocabulary import Finding, Reading, Refused, read_ok, read_refused

_SIGNING = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | MlDsaPublicKey
_SLACK = timedelta(minutes=5)
_OLDEST = timedelta(hours=1)
_LONGEST_LIFE = timedelta(days=40)
_LARGEST_NUMBER = (1 << 159) - 1
_ALWAYS = {x509.AuthorityKeyIdentifier.oid: False, x509.CRLNumber.oid: False}
_COMPLETE = {x509.FreshestCRL.oid: False, x509.IssuingDistributionPoint.oid: True}
_DELTA = {x509.DeltaCRLIndicator.oid: True, x509.IssuingDistributionPoint.oid: True}
_SHORTEST_REMEMBERED = 1 << 16


class EntriesMemory(Protocol):
    """Remembers which runs of entries were read and found good, by nothing but a keyed digest of them."""

    def known(self, entries: memoryview) -> int:
        """How many of the first octets of `entries` were kept before, to the octet; 0 when none were."""
        ...

    def keep(self, entries: memoryview) -> None:
        """Remember these, which were read whole."""
        ...


@dataclass(frozen=True, slots=True)
class CrlSummary:
    """What a CRL says: the issuer (RFC 4514 text), its facts, how many it lists; `base` is the number of the
    complete list that a delta adds to, `partition` the address of the part of the issuer's list that it is.
    """

    issuer: str
    facts: CrlFacts
    count: int
    signature_algorithm: str
    base: int | None = None
    partition: str = ""


def read_crl(data: bytes) -> Reading[CrlSummary]:
    """What the CRL in `data` (DER or PEM) says, or `crl.malformed`. Its signature is not checked."""
    try:
        crl = _load(data)
        facts = _facts(crl)
        base, partition = _base(crl), _partition(crl)
    except (ValueError, TypeError, x509.ExtensionNotFound, x509.DuplicateExtension) as error:
        return read_refused(Finding.error("crl.malformed", "crl", why=error))
    algorithm = crl.signature_algorithm_oid.dotted_string
    return read_ok(CrlSummary(crl.issuer.rfc4514_string(), facts, len(crl), algorithm, base, partition))


def check_crl_signature(data: bytes, authority: bytes) -> tuple[Finding, ...]:
    """What is wrong between a CRL and the authority's certificate (each DER or PEM): `crl.malformed`,
    `crl.signature` (not by this authority's key).
    """
    try:
        crl, above = _load(data), _load_certificate(authority)
    except (ValueError, TypeError) as error:
        return (Finding.error("crl.malformed", "crl", why=error),)
    key = above.public_key()
    if not isinstance(key, _SIGNING) or not crl.is_signature_valid(key):
        return (Finding.error("crl.signature", above.subject.rfc4514_string()),)
    return ()


def examine_crl(
    tbs: bytes,
    *,
    issuer: IssuerIdentity,
    at: datetime,
    delta: bool = False,
    memory: EntriesMemory | None = None,
) -> CrlFacts:
    """Refuse a TBSCertList that the signer must not sign; give its facts otherwise.

    A complete list is no delta, and a `delta` nothing else. Raises `Refused`: `crl.malformed`, `crl.issuer`
    (name or key of somebody else), `crl.extension` (one too many or too few, or not as ours), `crl.base` (a
    delta to no list before it), `crl.dates` (not begun around `at`, or good for too long), `crl.number`.
    """
    try:
        crl = _read(tbs, memory)
        facts, base = _facts(crl), _base(crl)
        problems = _unlike_ours(crl, issuer, delta=delta)
    except (ValueError, TypeError, x509.ExtensionNotFound, x509.DuplicateExtension) as error:
        raise Refused([Finding.error("crl.malformed", "crl", why=error)]) from error
    if base is not None and not 0 < base < facts.number:
        problems.append(Finding.error("crl.base", issuer.code, base=base, number=facts.number))
    if _has_odd_dates(facts, at):
        problems.append(
            Finding.error("crl.dates", issuer.code, begins=facts.this_update, ends=facts.next_update)
        )
    if not 0 < facts.number <= _LARGEST_NUMBER:
        problems.append(Finding.error("crl.number", issuer.code, number=facts.number))
    if problems:
        raise Refused(problems)
    return facts


def _read(tbs: bytes, memory: EntriesMemory | None) -> x509.CertificateRevocationList:
    """Read it whole but for the entries that were read before."""
    if memory is None:
        return x509.load_der_x509_crl(signed_der(tbs, b""))
    shape = read_shape(tbs, is_signed=False)
    if shape.ends - shape.begins < _SHORTEST_REMEMBERED:
        return x509.load_der_x509_crl(signed_der(tbs, b""))
    with memoryview(tbs) as view, view[shape.begins : shape.ends] as entries:
        known = memory.known(entries)
        left = bytes(entries[known:]) if known else b""
        rest = tbs
        if known:
            rest = encode.sequence(
                tbs[shape.front : shape.header],
                encode.element(der.SEQUENCE, left) if left else b"",
                tbs[shape.ends : shape.foot],
            )
        crl = x509.load_der_x509_crl(signed_der(rest, b""))
        if known < len(entries):
            memory.keep(entries)
    return crl


def _load(data: bytes) -> x509.CertificateRevocationList:
    return x509.load_pem_x509_crl(data) if _is_pem(data) else x509.load_der_x509_crl(data)


def _load_certificate(data: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificate(data) if _is_pem(data) else x509.load_der_x509_certificate(data)


def _is_pem(data: bytes) -> bool:
    return data[:64].lstrip().startswith(b"-----BEGIN")


def _facts(crl: x509.CertificateRevocationList) -> CrlFacts:
    if crl.next_update_utc is None:
        raise ValueError("no nextUpdate")
    number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    return CrlFacts(number, crl.last_update_utc, crl.next_update_utc)


def _base(crl: x509.CertificateRevocationList) -> int | None:
    for one in crl.extensions:
        if isinstance(one.value, x509.DeltaCRLIndicator):
            return one.value.crl_number
    return None


def _partition(crl: x509.CertificateRevocationList) -> str:
    for one in crl.extensions:
        if isinstance(one.value, x509.IssuingDistributionPoint):
            return _one_address(one.value.full_name) or "?"
    return ""


def _unlike_ours(
    crl: x509.CertificateRevocationList, issuer: IssuerIdentity, *, delta: bool
) -> list[Finding]:
    problems = []
    key = crl.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    if crl.issuer.public_bytes() != issuer.name or key.key_identifier != issuer.key_identifier:
        problems.append(Finding.error("crl.issuer", issuer.code))
    seen = {one.oid: one.critical for one in crl.extensions}
    allowed = _ALWAYS | (_DELTA if delta else _COMPLETE)
    needed = set(_ALWAYS) | ({x509.DeltaCRLIndicator.oid} if delta else set())
    is_ours = needed <= set(seen) and seen.items() <= allowed.items()
    if not is_ours or not all(_is_plain(one.value) for one in crl.extensions):
        problems.append(Finding.error("crl.extension", issuer.code))
    return problems


def _is_plain(value: x509.ExtensionType) -> bool:
    """Whether a pointer of a list says one address and nothing that would narrow the list further."""
    if isinstance(value, x509.FreshestCRL):
        points = list(value)
        return len(points) == 1 and _one_address(points[0].full_name) != "" and points[0].reasons is None
    if not isinstance(value, x509.IssuingDistributionPoint):
        return True
    narrows = (value.only_contains_ca_certs, value.only_contains_attribute_certs, value.indirect_crl)
    is_whole = value.only_some_reasons is None and value.relative_name is None and not any(narrows)
    return is_whole and value.only_contains_user_certs and _one_address(value.full_name) != ""


def _one_address(names: list[x509.GeneralName] | None) -> str:
    if names is None or len(names) != 1 or not isinstance(names[0], x509.UniformResourceIdentifier):
        return ""
    return names[0].value


def _has_odd_dates(facts: CrlFacts, at: datetime) -> bool:
    begins_now = at - _OLDEST <= facts.this_update <= at + _SLACK
    return not begins_now or not timedelta(0) < facts.next_update - facts.this_update <= _LONGEST_LIFE
