"""An OCSP request [RFC 6960 §4.1.1], read strictly and bounded: which certificates are asked about, and the
nonce.

Nothing in it is trusted or followed: no signature is checked (none is required), no service locator is
used, names of requesters are ignored. The CertID's own bytes are kept, for the answer must repeat exactly
what was asked [F08].
"""

from __future__ import annotations

from dataclasses import dataclass

from sceau.certification import encode
from sceau.status import der
from sceau.vocabulary import Finding, Reading, read_ok, read_refused

LARGEST_QUESTION = 16 * 1024
MOST_ASKED = 20
_SHA1, _SHA256 = encode.oid("1.3.14.3.2.26"), encode.oid("2.16.840.1.101.3.4.2.1")
_HASHES = {_SHA1: ("sha1", 20), _SHA256: ("sha256", 32)}
_NONCE = encode.oid("1.3.6.1.5.5.7.48.1.2")
_LONGEST_NONCE = 128
_LONGEST_SERIAL = 21


@dataclass(frozen=True, slots=True)
class CertId:
    """One certificate asked about. `raw` is the CertID's DER as it came; `hash_name` is ``sha1`` or
    ``sha256``.
    """

    raw: bytes
    hash_name: str
    name_hash: bytes
    key_hash: bytes
    serial: int


@dataclass(frozen=True, slots=True)
class OcspQuestion:
    """What is asked. `nonce` is the DER of the extension's value, to be given back as it is [RFC 9654]."""

    asked: tuple[CertId, ...]
    nonce: bytes | None


def write_cert_id(hash_name: str, *, name_hash: bytes, key_hash: bytes, serial: int) -> bytes:
    """DER of a CertID as relying parties write it: the hash's parameters are NULL [RFC 5754 §2]."""
    algorithm = encode.sequence(_SHA1 if hash_name == "sha1" else _SHA256, encode.NULL)
    return encode.sequence(
        algorithm, encode.octets(name_hash), encode.octets(key_hash), encode.integer(serial)
    )


def write_ocsp_question(asked: bytes) -> bytes:
    """DER of the one request about one CertID that may be asked by GET: nothing optional in it [RFC 5019
    §2.1.1].
    """
    return encode.sequence(encode.sequence(encode.sequence(encode.sequence(asked))))


def read_ocsp_question(data: bytes) -> Reading[OcspQuestion]:
    """The request in `data`, or `ocsp.malformed` / `ocsp.too-large` / `ocsp.too-many` / `ocsp.hash` /
    `ocsp.critical`.
    """
    if len(data) > LARGEST_QUESTION:
        return read_refused(
            Finding.error("ocsp.too-large", "request", size=len(data), limit=LARGEST_QUESTION)
        )
    try:
        return _read(data)
    except der.NotDerError as error:
        return read_refused(Finding.error("ocsp.malformed", "request", why=error))


def _read(data: bytes) -> Reading[OcspQuestion]:
    outer = der.Reader(data)
    request = outer.enter(der.SEQUENCE)
    outer.close()
    body = request.enter(der.SEQUENCE)
    if not request.done:
        request.take(0xA0)  # optionalSignature: allowed, not looked at
    request.close()
    if body.next_tag() == 0xA0:  # an explicit version is v1, written or not
        _read_version(body.enter(0xA0))
    if body.next_tag() == 0xA1:
        body.take(0xA1)  # requestorName: ignored
    entries = list(der.elements(body.take(der.SEQUENCE), der.SEQUENCE))
    problems, nonce = _read_extensions(body)
    body.close()
    if not entries:
        problems.append(Finding.error("ocsp.malformed", "request", why="no certificate asked about"))
    if len(entries) > MOST_ASKED:
        problems.append(Finding.error("ocsp.too-many", "request", count=len(entries), limit=MOST_ASKED))
    if problems:
        return read_refused(*problems)
    asked = [_read_entry(entry) for entry in entries]
    known = tuple(one for one in asked if one is not None)
    if len(known) != len(asked):
        return read_refused(Finding.error("ocsp.hash", "request"))
    return read_ok(OcspQuestion(known, nonce))


def _read_version(field: der.Reader) -> None:
    if der.read_integer(field.take(der.INTEGER)) != 0:
        raise der.NotDerError("a version other than v1")
    field.close()


def _read_entry(entry: bytes) -> CertId | None:
    """One Request; None when its hash is neither SHA-1 nor SHA-256."""
    request = der.Reader(entry).enter(der.SEQUENCE)
    raw = request.take_whole(der.SEQUENCE)
    if not request.done:
        request.take(0xA0)  # singleRequestExtensions: a service locator is never followed
    request.close()
    fields = der.Reader(raw).enter(der.SEQUENCE)
    algorithm = fields.enter(der.SEQUENCE)
    hash_oid = algorithm.take_whole(der.OID)
    if not algorithm.done and algorithm.take(der.NULL):
        raise der.NotDerError("parameters of a hash are NULL or absent")
    algorithm.close()
    name_hash, key_hash = fields.take(der.OCTET_STRING), fields.take(der.OCTET_STRING)
    number = fields.take(der.INTEGER)
    fields.close()
    if len(number) > _LONGEST_SERIAL:
        raise der.NotDerError("serial longer than 20 octets")
    if hash_oid not in _HASHES:
        return None
    name, size = _HASHES[hash_oid]
    if len(name_hash) != size or len(key_hash) != size:
        raise der.NotDerError("a hash of the wrong length")
    return CertId(raw, name, name_hash, key_hash, der.read_integer(number))


def _read_extensions(body: der.Reader) -> tuple[list[Finding], bytes | None]:
    """Problems, and the nonce if one was sent with a length that may be sent back."""
    if body.next_tag() != 0xA2:
        return [], None
    field = body.enter(0xA2)
    listed = field.take(der.SEQUENCE)
    field.close()
    problems: list[Finding] = []
    nonce: bytes | None = None
    for one in der.elements(listed, der.SEQUENCE):
        inner = der.Reader(one).enter(der.SEQUENCE)
        name = inner.take_whole(der.OID)
        is_critical = inner.next_tag() == der.BOOLEAN and inner.take(der.BOOLEAN) == b"\xff"
        value = inner.take(der.OCTET_STRING)
        inner.close()
        if name == _NONCE:
            if nonce is not None:
                raise der.NotDerError("two nonces")
            nonce = _checked_nonce(value)
        elif is_critical:
            problems.append(Finding.error("ocsp.critical", "request"))
    return problems, nonce


def _checked_nonce(value: bytes) -> bytes:
    """A nonce is an OCTET STRING of 1 to 128 octets [RFC 9654 §2.1]; old clients send the octets bare."""
    inner = value
    if len(value) >= 2 and value[0] == der.OCTET_STRING and value[1] == len(value) - 2 < 0x80:
        inner = value[2:]
    elif value[:2] == b"\x04\x81" and len(value) > 2 and value[2] == len(value) - 3 >= 0x80:
        inner = value[3:]
    if not 1 <= len(inner) <= _LONGEST_NONCE:
        raise der.NotDerError("a nonce of 1 to 128 octets")
    return value
