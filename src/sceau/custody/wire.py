"""The one message of the signer: *sign this examined draft*, and its three answers.

A frame is ``SCE1``, the length of a JSON header (2 octets), the length of a body (4 octets), then both. A
request's header holds kind, issuer and generation, its body the to-be-signed DER; an answer's header says
signed, refused (with findings) or fault, its body is the signed DER. Lengths are bounded before anything is
read.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sceau.custody.ledger_lines import SignatureKind
from sceau.vocabulary import Fault, Finding, Refused, Severity

_MAGIC = b"SCE1"
_PREFIX = struct.Struct(">4sHI")
_LARGEST_HEADER = 32 * 1024
_LARGEST = {
    SignatureKind.CERTIFICATE: 64 * 1024,
    SignatureKind.OCSP_RESPONDER: 64 * 1024,
    SignatureKind.CRL: 512 * 1024 * 1024,
}
LARGEST_ANSWER = max(_LARGEST.values()) + 64 * 1024

Receive = Callable[[int], bytes]
"""Gives exactly that many octets, or raises."""

# A code that crossed the wire was a literal where the signer said it; here it is only put back together.
_finding_said: Callable[..., Finding] = Finding
_fault_said: Callable[..., Fault] = Fault


class BadFrameError(Exception):
    """What came is no frame of ours: the connection is closed without an answer."""


@dataclass(frozen=True, slots=True)
class SignatureRequest:
    """What the signer is asked: sign exactly `tbs`, as this kind of object, with that generation of that
    issuer.
    """

    kind: SignatureKind
    issuer: str
    generation: int
    tbs: bytes


def write_request(request: SignatureRequest) -> bytes:
    """The frame of a request."""
    header = {"kind": request.kind.value, "issuer": request.issuer, "generation": request.generation}
    return _frame(header, request.tbs)


def read_request(receive: Receive) -> SignatureRequest:
    """Read one request. Raises `BadFrameError`, or `Refused` (``signer.kind``) for a kind outside the
    closed set.
    """
    header, size = _read_header(receive)
    named = header.get("kind")
    if named not in {kind.value for kind in SignatureKind}:
        if size > _LARGEST[SignatureKind.CERTIFICATE]:
            raise BadFrameError("size")
        receive(size)
        raise Refused([Finding.error("signer.kind", str(named)[:40])])
    kind = SignatureKind(named)
    issuer, generation = header.get("issuer"), header.get("generation")
    if not isinstance(issuer, str) or type(generation) is not int or size > _LARGEST[kind]:
        raise BadFrameError("issuer, generation or size")
    return SignatureRequest(kind, issuer, generation, receive(size))


def write_signed(der: bytes) -> bytes:
    """The frame of an answer that signs."""
    return _frame({"answer": "signed"}, der)


def write_trouble(trouble: Refused | Fault) -> bytes:
    """The frame of an answer that refuses, or says which machine failed."""
    if isinstance(trouble, Fault):
        fault = {"code": trouble.code, "retryable": trouble.retryable, "detail": trouble.detail[:500]}
        return _frame({"answer": "fault"} | fault, b"")
    findings = [
        [one.code, one.subject[:500], one.severity.value, [[key, text[:500]] for key, text in one.details]]
        for one in trouble.findings[:20]
    ]
    return _frame({"answer": "refused", "findings": findings}, b"")


def read_answer(receive: Receive) -> bytes:
    """The signed DER. Raises what the signer said: `Refused`, `Fault`; or `BadFrameError`."""
    header, size = _read_header(receive)
    if size > LARGEST_ANSWER:
        raise BadFrameError("size")
    body = receive(size)
    try:
        if header["answer"] == "signed":
            return body
        if header["answer"] == "fault":
            raise _fault_said(header["code"], retryable=header["retryable"] is True, detail=header["detail"])
        raise Refused([_finding(*said) for said in header["findings"]])
    except (KeyError, TypeError, ValueError) as error:
        raise BadFrameError("answer") from error


def _finding(code: str, subject: str, severity: str, details: list[list[str]]) -> Finding:
    return _finding_said(code, subject, Severity(severity), tuple((key, text) for key, text in details))


def _frame(header: dict[str, Any], body: bytes) -> bytes:
    head = json.dumps(header, separators=(",", ":")).encode("ascii")
    return _PREFIX.pack(_MAGIC, len(head), len(body)) + head + body


def _read_header(receive: Receive) -> tuple[dict[str, Any], int]:
    magic, head_size, body_size = _PREFIX.unpack(receive(_PREFIX.size))
    if magic != _MAGIC or not 2 <= head_size <= _LARGEST_HEADER:
        raise BadFrameError("prefix")
    try:
        header = json.loads(receive(head_size))
    except (ValueError, RecursionError) as error:
        raise BadFrameError("header") from error
    if not isinstance(header, dict):
        raise BadFrameError("header")
    return header, body_size
