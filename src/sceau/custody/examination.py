"""What the signer looks at before it lets a key near: each kind of object, read again, by code that did not
build it.

The signer doesn't trust who asks. Whoever may speak to it can have signed what a habilitation could have
given, never a CA certificate, a validity beyond the issuer's, another issuer's name, or a list that goes
back. Whether *this* name was allowed to *this* structure is beyond it: that was the warrant's matter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from sceau.certification import is_what_it_seems, read_time, take_apart
from sceau.custody.body import Body, read_body
from sceau.custody.keys import SigningKey
from sceau.custody.ledger_lines import LIST_KINDS, SignatureKind
from sceau.custody.list_memory import ListMemory
from sceau.custody.wire import SignatureRequest
from sceau.status import IssuerIdentity, examine_crl, issuer_identity, signature_algorithm, signed_der
from sceau.vocabulary import Finding, Refused

_BACKDATED = timedelta(hours=1)
_AHEAD = timedelta(minutes=5)
_LONGEST_RESPONDER = timedelta(days=45)
_MOST_LAYOUTS = 256
_LARGEST_SERIAL = (1 << 159) - 1
_RESPONDER_EXTENSIONS = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.OCSP_NO_CHECK,
    }
)


@dataclass(frozen=True, slots=True)
class SigningIssuer:
    """One generation of an issuer as the signer holds it: its certificate (DER), what it says, and its
    key; and what of its lists and certificates was read whole before.
    """

    identity: IssuerIdentity
    certificate: bytes
    not_before: datetime
    not_after: datetime
    key: SigningKey
    lists: ListMemory = field(default_factory=ListMemory)
    layouts: set[tuple[bytes, ...]] = field(default_factory=set)

    @property
    def name(self) -> tuple[str, int]:
        """Code and generation."""
        return self.identity.code, self.identity.generation


class Admitted(NamedTuple):
    """A request that may be signed: the number it takes in the ledger, and until when it will matter."""

    request: SignatureRequest
    issuer: SigningIssuer
    serial: int
    until: datetime | None


CertificateExaminer = Callable[[bytes, SigningIssuer, datetime], None]
"""Raises `Refused` for a to-be-signed subscriber certificate that no profile could have given."""


def signing_issuer(code: str, generation: int, certificate: bytes, key: SigningKey) -> SigningIssuer:
    """An issuer ready to sign. Raises `Refused` (``signer.key-mismatch``) when the key isn't the
    certificate's.
    """
    read = x509.load_der_x509_certificate(certificate)
    if _key_info(read) != key.public_key:
        raise Refused([Finding.error("signer.key-mismatch", code)])
    identity = issuer_identity(code, generation, certificate)
    return SigningIssuer(identity, certificate, read.not_valid_before_utc, read.not_valid_after_utc, key)


def examine_request(
    request: SignatureRequest, issuer: SigningIssuer, *, at: datetime, certificate: CertificateExaminer
) -> Admitted:
    """Admit a request, or raise `Refused` with every finding. `certificate` looks at subscriber
    certificates.
    """
    if request.kind is SignatureKind.CERTIFICATE:
        admitted = _of_a_known_layout(request, issuer, at)
        if admitted is not None:
            certificate(request.tbs, issuer, at)
            return admitted
    admitted = _read_whole(request, issuer, at)
    if request.kind is SignatureKind.CERTIFICATE:
        certificate(request.tbs, issuer, at)
        _remember_layout(request.tbs, issuer)
    return admitted


def _of_a_known_layout(request: SignatureRequest, issuer: SigningIssuer, at: datetime) -> Admitted | None:
    """A certificate that is, but for what is its own, octet for octet one that was read whole and found
    right: then its own is what is left to look at. None for what may be wrong: it is read whole.
    """
    taken = take_apart(request.tbs)
    if taken is None or not taken.is_plain or taken.skeleton not in issuer.layouts:
        return None
    holes = taken.holes
    begins, ends = read_time(holes.not_before), read_time(holes.not_after)
    is_right = (
        issuer.not_before <= at <= issuer.not_after
        and begins is not None
        and ends is not None
        and at - _BACKDATED <= begins <= at + _AHEAD
        and begins < ends <= issuer.not_after
        and holes.key != issuer.key.public_key
    )
    return Admitted(request, issuer, int.from_bytes(holes.serial, "big"), ends) if is_right else None


def _remember_layout(tbs: bytes, issuer: SigningIssuer) -> None:
    """What stands around the serial, dates, subject's values, key and names of a certificate in which nothing
    was found wrong.
    """
    taken = take_apart(tbs)
    if taken is None or not taken.is_plain or not is_what_it_seems(tbs, taken):
        return
    if len(issuer.layouts) >= _MOST_LAYOUTS:
        issuer.layouts.clear()
    issuer.layouts.add(taken.skeleton)


def _read_whole(request: SignatureRequest, issuer: SigningIssuer, at: datetime) -> Admitted:
    problems = _outside_its_life(issuer, at)
    body = None if request.kind in LIST_KINDS else _read_if_one(request.tbs)
    if _algorithm_of(request.tbs, body) != issuer.key.algorithm:
        problems.append(Finding.error("signer.algorithm", issuer.identity.code))
    if problems:
        raise Refused(problems)
    if request.kind in LIST_KINDS:
        is_delta = request.kind is SignatureKind.DELTA_CRL
        facts = examine_crl(request.tbs, issuer=issuer.identity, at=at, delta=is_delta, memory=issuer.lists)
        return Admitted(request, issuer, facts.number, None)
    body = body or _read(request.tbs)
    problems = _wrong_with_any(body, issuer, at)
    if request.kind is SignatureKind.OCSP_RESPONDER:
        problems += _wrong_with_responder(_read_certificate(request.tbs))
    if problems:
        raise Refused(problems)
    return Admitted(request, issuer, body.serial, body.ends)


def _outside_its_life(issuer: SigningIssuer, at: datetime) -> list[Finding]:
    if issuer.not_before <= at <= issuer.not_after:
        return []
    end = f"{issuer.not_after:%d/%m/%Y}"
    return [Finding.error("signer.issuer-out-of-dates", issuer.identity.code, end=end)]


def _read_if_one(tbs: bytes) -> Body | None:
    """The body of a certificate; None for what is none, which is said later than what it is for."""
    try:
        return read_body(tbs)
    except (ValueError, IndexError):
        return None


def _algorithm_of(tbs: bytes, body: Body | None) -> bytes | None:
    """The AlgorithmIdentifier inside, of a list too; None when there is none."""
    if body is not None:
        return body.algorithm
    try:
        return signature_algorithm(tbs)
    except ValueError:
        return None


def _read(tbs: bytes) -> Body:
    try:
        return read_body(tbs)
    except (ValueError, IndexError) as error:
        raise _malformed(error) from error


def _read_certificate(tbs: bytes) -> x509.Certificate:
    try:
        read = x509.load_der_x509_certificate(signed_der(tbs, b""))
        _ = read.extensions, read.serial_number, read.version, read.subject, read.public_key()
    except (ValueError, TypeError, x509.DuplicateExtension, x509.InvalidVersion) as error:
        raise _malformed(error) from error
    return read


def _malformed(error: Exception) -> Refused:
    return Refused([Finding.error("signer.malformed", "tbs", why=error)])


def _wrong_with_any(body: Body, issuer: SigningIssuer, at: datetime) -> list[Finding]:
    """What no certificate under an issuing CA of ours may show."""
    identity = issuer.identity
    code = identity.code
    problems: list[Finding] = []
    if not 0 < body.serial <= _LARGEST_SERIAL:
        problems.append(Finding.error("signer.serial", code))
    if body.issuer != identity.name or body.key_identifier != identity.key_identifier:
        problems.append(Finding.error("signer.other-issuer", code))
    begins, ends = body.begins, body.ends
    if not at - _BACKDATED <= begins <= at + _AHEAD or not begins < ends <= issuer.not_after:
        problems.append(Finding.error("signer.validity", code, begins=begins, ends=ends))
    if body.may_certify:
        problems.append(Finding.error("signer.authority", code))
    if body.spki == issuer.key.public_key:
        problems.append(Finding.error("signer.own-key", code))
    return problems


def _wrong_with_responder(read: x509.Certificate) -> list[Finding]:
    """A delegated responder's certificate: for answers only, short, and nothing else in it [F09, RFC 6960
    §4.2.2.2].
    """
    present = {one.oid for one in read.extensions}
    uses = read.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value if _has_uses(read) else ()
    critical = {one.oid for one in read.extensions if one.critical}
    allowed_critical = {ExtensionOID.KEY_USAGE, ExtensionOID.BASIC_CONSTRAINTS}
    is_right = (
        list(uses) == [ExtendedKeyUsageOID.OCSP_SIGNING]
        and ExtensionOID.OCSP_NO_CHECK in present
        and present <= _RESPONDER_EXTENSIONS
        and critical <= allowed_critical
        and read.not_valid_after_utc - read.not_valid_before_utc <= _LONGEST_RESPONDER
        and _is_responder_key(read)
    )
    return [] if is_right else [Finding.error("signer.responder", f"{read.serial_number:X}")]


def _has_uses(read: x509.Certificate) -> bool:
    return any(one.oid == ExtensionOID.EXTENDED_KEY_USAGE for one in read.extensions)


def _is_responder_key(read: x509.Certificate) -> bool:
    usage = read.extensions.get_extension_for_class(x509.KeyUsage).value
    only_signs = usage.digital_signature and not (usage.content_commitment or usage.key_encipherment)
    key = read.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return only_signs and key.key_size >= 2048
    return (
        only_signs
        and isinstance(key, ec.EllipticCurvePublicKey)
        and key.curve.name in ("secp256r1", "secp384r1")
    )


def _key_info(read: x509.Certificate) -> bytes:
    return read.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
