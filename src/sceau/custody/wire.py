"""The one message of the signer: *sign this examined draft*, and its three answers.

A frame is ``SCE2``, what it is (1 octet), the length of an issuer's code (1 octet), a generation (2 octets),
the length of a body (4 octets), then code and body. What a request is says what kind of object is to be
signed; its body is the to-be-signed DER. An answer is *signed* (its body is the signed DER), *refused* or
*fault* (its body is JSON: the findings, the code). Lengths are bounded before anything is kept. Requests may
follow one another without waiting; answers come in the same order.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sceau.custody.ledger_lines import SignatureKind
from sceau.vocabulary import Fault, Finding, Refused, Severity

_MAGIC = b"SCE2"
_PREFIX = struct.Struct(">4sBBHI")
_KINDS = {
    1: SignatureKind.CERTIFICATE,
    2: SignatureKind.OCSP_RESPONDER,
    3: SignatureKind.CRL,
    4: SignatureKind.DELTA_CRL,
}
_NUMBERS = {kind: number for number, kind in _KINDS.items()}
_LARGEST_CERTIFICATE = 64 * 1024
_LARGEST_LIST = 512 * 1024 * 1024
_LARGEST_REQUEST = {number: _LARGEST_CERTIFICATE for number in _KINDS} | {3: _LARGEST_LIST, 4: _LARGEST_LIST}
_SIGNED, _REFUSED, _FAULT = 0x10, 0x11, 0x12
_LARGEST_ANSWER = {_SIGNED: _LARGEST_LIST + 64 * 1024, _REFUSED: 512 * 1024, _FAULT: 64 * 1024}
_COMPACT = 1 << 20

Frame = tuple[int, bytes, int, bytes]
"""What it is, an issuer's code, a generation, the body."""

Answer = bytes | Refused | Fault
"""What the signer says to one request: the signed DER, no, or which machine failed."""

# A code that crossed the wire was a literal where the signer said it; here it is only put back together.
_finding_said: Callable[..., Finding] = Finding
_fault_said: Callable[..., Fault] = Fault


class BadFrameError(Exception):
    """What came is no frame of ours: the connection is closed without an answer."""


class SignatureRequest(NamedTuple):
    """What the signer is asked: sign exactly `tbs`, as this kind of object, with that generation of that
    issuer.
    """

    kind: SignatureKind
    issuer: str
    generation: int
    tbs: bytes


class Inbox:
    """Whole frames out of the pieces of a stream. What a frame announces is checked before it is waited
    for.
    """

    def __init__(self, largest: Mapping[int, int], *, otherwise: int) -> None:
        self._largest = largest
        self._otherwise = otherwise
        self._kept = bytearray()
        self._at = 0

    def add(self, piece: bytes) -> None:
        """What the socket gave."""
        if self._at == len(self._kept) or self._at > _COMPACT:
            del self._kept[: self._at]
            self._at = 0
        self._kept += piece

    @property
    def is_empty(self) -> bool:
        """Whether everything that came was taken."""
        return self._at == len(self._kept)

    def take(self, most: int) -> list[Frame]:
        """The next frames, `most` of them or as many as are all there. Raises `BadFrameError` for the first;
        what is whole before a bad one is given first.
        """
        found: list[Frame] = []
        start, last = self._at, len(self._kept)
        with memoryview(self._kept) as view:
            while len(found) < most and (body := start + _PREFIX.size) <= last:
                magic, what, named, number, size = _PREFIX.unpack_from(view, start)
                if magic != _MAGIC or size > self._largest.get(what, self._otherwise):
                    if found:
                        break
                    raise BadFrameError("prefix")
                middle = body + named
                end = middle + size
                if end > last:
                    break
                found.append((what, bytes(view[body:middle]), number, bytes(view[middle:end])))
                start = end
        self._at = start
        return found


def requests_inbox() -> Inbox:
    """Where requests arrive."""
    return Inbox(_LARGEST_REQUEST, otherwise=_LARGEST_CERTIFICATE)


def answers_inbox() -> Inbox:
    """Where answers arrive."""
    return Inbox(_LARGEST_ANSWER, otherwise=0)


def write_request(request: SignatureRequest) -> bytes:
    """The frame of a request. Raises ValueError for what does not fit in one."""
    code = request.issuer.encode("ascii")
    try:
        prefix = _PREFIX.pack(_MAGIC, _NUMBERS[request.kind], len(code), request.generation, len(request.tbs))
    except struct.error as error:
        raise ValueError(str(error)) from error
    return prefix + code + request.tbs


def write_knock() -> bytes:
    """The frame of a request of no kind: whoever listens refuses it at once, and so shows that it listens."""
    return _PREFIX.pack(_MAGIC, 0, 0, 0, 0)


def take_requests(inbox: Inbox, *, most: int) -> list[SignatureRequest | Refused]:
    """The next requests that are all there, `most` at most; `Refused` (``signer.kind``) stands for one whose
    kind is outside the closed set. Raises `BadFrameError`.
    """
    return [_request(*frame) for frame in inbox.take(most)]


def _request(what: int, code: bytes, generation: int, tbs: bytes) -> SignatureRequest | Refused:
    kind = _KINDS.get(what)
    if kind is None:
        return Refused([Finding.error("signer.kind", str(what))])
    try:
        return SignatureRequest(kind, code.decode("ascii"), generation, tbs)
    except UnicodeDecodeError as error:
        raise BadFrameError("issuer") from error


def write_answer(answer: Answer) -> bytes:
    """The frame of an answer."""
    if isinstance(answer, bytes):
        return _PREFIX.pack(_MAGIC, _SIGNED, 0, 0, len(answer)) + answer
    if isinstance(answer, Fault):
        fault = {"code": answer.code, "retryable": answer.retryable, "detail": answer.detail[:500]}
        return _told(_FAULT, fault)
    findings = [
        [one.code, one.subject[:500], one.severity.value, [[key, text[:500]] for key, text in one.details]]
        for one in answer.findings[:20]
    ]
    return _told(_REFUSED, findings)


def read_answer(frame: Frame) -> Answer:
    """The answer that a frame is. Raises `BadFrameError`."""
    what, _, _, body = frame
    if what == _SIGNED:
        return body
    try:
        said = json.loads(body)
        if what == _FAULT:
            return _fault_said(said["code"], retryable=said["retryable"] is True, detail=said["detail"])
        return Refused([_finding(*one) for one in said])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise BadFrameError("answer") from error


def _told(what: int, said: Any) -> bytes:
    body = json.dumps(said, separators=(",", ":")).encode("ascii")
    return _PREFIX.pack(_MAGIC, what, 0, 0, len(body)) + body


def _finding(code: str, subject: str, severity: str, details: list[list[str]]) -> Finding:
    return _finding_said(code, subject, Severity(severity), tuple((key, text) for key, text in details))
