"""OCSP answers [RFC 6960 §4.2.1], made in DER over the very CertID bytes that were asked.

Signed by a delegated key that can sign nothing else. Which serial has which standing was decided before
(`answers`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Protocol

from sceau.certification import encode
from sceau.status import der
from sceau.status.answers import SerialStatus, Standing
from sceau.status.ocsp_question import CertId

_BASIC = encode.oid("1.3.6.1.5.5.7.48.1.1")
_NONCE = "1.3.6.1.5.5.7.48.1.2"
_GENERALIZED_TIME = 0x18
_GOOD, _UNKNOWN = b"\x80\x00", b"\x82\x00"


class OcspTrouble(IntEnum):
    """Answers that say nothing of a certificate and are not signed [RFC 6960 §4.2.1]."""

    MALFORMED = 1
    INTERNAL_ERROR = 2
    TRY_LATER = 3
    UNAUTHORIZED = 6


class OcspSigner(Protocol):
    """A delegated responder of one issuer's key. Holds its private key; can't be asked for it.

    `certificate` is its DER, sent with each answer; `key_hash` the SHA-1 of its public key bits, by which
    answers name it; `algorithm` the DER AlgorithmIdentifier of what `sign` gives.
    """

    @property
    def certificate(self) -> bytes: ...
    @property
    def key_hash(self) -> bytes: ...
    @property
    def algorithm(self) -> bytes: ...
    def sign(self, data: bytes) -> bytes:
        """Signature over `data`. Keeps nothing."""
        ...


@dataclass(frozen=True, slots=True)
class AnswerWindow:
    """When an answer was made and until when it holds (UTC)."""

    this_update: datetime
    next_update: datetime

    def __post_init__(self) -> None:
        if self.next_update <= self.this_update:
            raise ValueError("an answer ends after it begins")


def build_ocsp_answer(
    said: Sequence[tuple[CertId, SerialStatus]],
    *,
    signer: OcspSigner,
    window: AnswerWindow,
    nonce: bytes | None,
) -> bytes:
    """The signed OCSPResponse saying `said`, in the order asked; `nonce` is the extension's value to give
    back.
    """
    if not said:
        raise ValueError("an answer says something")
    singles = [_single(asked, status, window) for asked, status in said]
    extensions = (
        b"" if nonce is None else encode.explicit(1, encode.sequence(encode.extension(_NONCE, nonce)))
    )
    data = encode.sequence(
        encode.explicit(2, encode.octets(signer.key_hash)),
        encode.generalized_time(window.this_update),
        encode.sequence(*singles),
        extensions,
    )
    basic = encode.sequence(
        data,
        signer.algorithm,
        encode.bits(signer.sign(data)),
        encode.explicit(0, encode.sequence(signer.certificate)),
    )
    return _response(0, encode.explicit(0, encode.sequence(_BASIC, encode.octets(basic))))


def build_ocsp_trouble(trouble: OcspTrouble) -> bytes:
    """The unsigned answer for a question that gets none."""
    return _response(trouble, b"")


def read_own_answer(answer: bytes) -> tuple[bytes, AnswerWindow] | None:
    """The CertID (DER) that one of our own prepared answers is about, and its window; None for anything that
    is not whole, or not ours. Its signature is not checked: that is the asker's to do.
    """
    try:
        return _read_own(answer)
    except ValueError:
        return None


def _read_own(answer: bytes) -> tuple[bytes, AnswerWindow]:
    outer = der.Reader(answer)
    response = outer.enter(der.SEQUENCE)
    outer.close()
    if response.take(der.ENUMERATED) != b"\0":
        raise der.NotDerError("an answer that says nothing")
    kind = response.enter(0xA0).enter(der.SEQUENCE)
    if kind.take_whole(der.OID) != _BASIC:
        raise der.NotDerError("no basic answer")
    data = der.Reader(kind.take(der.OCTET_STRING)).enter(der.SEQUENCE).enter(der.SEQUENCE)
    data.take(0xA2)
    data.take(_GENERALIZED_TIME)
    single = data.enter(der.SEQUENCE).enter(der.SEQUENCE)
    asked = single.take_whole(der.SEQUENCE)
    single.take(single.next_tag() or 0)
    begins, ends = single.take(_GENERALIZED_TIME), single.enter(0xA0).take(_GENERALIZED_TIME)
    return asked, AnswerWindow(_instant(begins), _instant(ends))


def _instant(text: bytes) -> datetime:
    return datetime.strptime(text.decode("ascii"), "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _response(status: int, body: bytes) -> bytes:
    return encode.sequence(encode.element(der.ENUMERATED, bytes((status,))), body)


def _single(asked: CertId, status: SerialStatus, window: AnswerWindow) -> bytes:
    return encode.sequence(
        asked.raw,
        _standing(status),
        encode.generalized_time(window.this_update),
        encode.explicit(0, encode.generalized_time(window.next_update)),
    )


def _standing(status: SerialStatus) -> bytes:
    if status.standing is Standing.GOOD:
        return _GOOD
    if status.revoked_at is None:
        return _UNKNOWN
    reason = b""
    if status.reason:  # unspecified is said by saying nothing [RFC 5280 §5.3.1]
        reason = encode.explicit(0, encode.element(der.ENUMERATED, bytes((status.reason,))))
    return encode.element(0xA1, encode.generalized_time(status.revoked_at), reason)
