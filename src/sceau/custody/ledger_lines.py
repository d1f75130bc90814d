"""What stands in the signer's ledger, line by line: an intent before a signature, an outcome after it.

A line is one JSON object, its keys in a fixed order, ended by a newline:
`{"n":7,"prev":"<sha256 of line 6>","at":"2026-11-24T08:00:00.123456Z","step":"intent","kind":"certificate",
"issuer":"el-org","generation":1,"serial":"1d5d…","until":"2029-11-24T07:59:59Z","tbs":"<sha256>"}` and
`{"n":8,"prev":…,"at":…,"step":"signed"|"failed"|"unsent"|"unknown","of":7,"der":"<sha256 of what was
signed>"}`.
No name of a person or structure is written here: what a serial was for is in the records.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

GENESIS = "0" * 64


class SignatureKind(StrEnum):
    """The closed set of what the CA keys may sign."""

    CERTIFICATE = "certificate"
    OCSP_RESPONDER = "ocsp-responder"
    CRL = "crl"
    DELTA_CRL = "delta-crl"


LIST_KINDS = frozenset({SignatureKind.CRL, SignatureKind.DELTA_CRL})
"""Numbered together: a delta's number and a complete list's never meet [RFC 5280 §5.2.3]."""


class OutcomeKind(StrEnum):
    """What came of an intent. `UNSENT`: the key's store was out of reach and got nothing, so the number is
    free again. `UNKNOWN`: the signer died in between; presumed signed.
    """

    SIGNED = "signed"
    FAILED = "failed"
    UNSENT = "unsent"
    UNKNOWN = "unknown"


class Intent(NamedTuple):
    """What is about to be signed. `serial` is the CRL's number for a CRL; `until` the certificate's
    notAfter.
    """

    at: datetime
    kind: SignatureKind
    issuer: str
    generation: int
    serial: int
    tbs_sha256: str
    until: datetime | None = None

    @property
    def is_crl(self) -> bool:
        """Whether `serial` is a CRL number."""
        return self.kind in LIST_KINDS


class Outcome(NamedTuple):
    """What came of the intent on line `of`. `der_sha256` only when it was signed."""

    of: int
    at: datetime
    kind: OutcomeKind
    der_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line, with its place in the chain: `previous` is the SHA-256 of the whole line before it."""

    index: int
    previous: str
    what: Intent | Outcome


@dataclass(frozen=True, slots=True)
class Signature:
    """An intent with what came of it; `outcome` None while the signer is at work."""

    index: int
    intent: Intent
    outcome: Outcome | None


def signatures(lines: Iterable[Line]) -> Iterator[Signature]:
    """Each intent with its outcome, in the order of the intents: the independent truth of what was signed."""
    intents: dict[int, Intent] = {}
    outcomes: dict[int, Outcome] = {}
    for line in lines:
        if isinstance(line.what, Intent):
            intents[line.index] = line.what
        else:
            outcomes[line.what.of] = line.what
    return (Signature(index, intent, outcomes.get(index)) for index, intent in intents.items())


def digest_of(raw: bytes) -> str:
    """Hex SHA-256 of a line, its newline included."""
    return hashlib.sha256(raw).hexdigest()


def write_line(line: Line) -> bytes:
    """The line's bytes, newline included."""
    return _written(line.index, line.previous, line.what)


def write_lines(
    lines: Sequence[Intent | Outcome], *, index: int, previous: str
) -> tuple[list[bytes], list[str]]:
    """The bytes of lines that follow one another, from line `index` on after one of digest `previous`; and
    the digest of each.
    """
    raws: list[bytes] = []
    digests: list[str] = []
    for place, what in enumerate(lines, index):
        raw = _written(place, previous, what)
        previous = digest_of(raw)
        raws.append(raw)
        digests.append(previous)
    return raws, digests


def _written(index: int, previous: str, what: Intent | Outcome) -> bytes:
    if isinstance(what, Intent):
        at, kind, issuer, generation, serial, tbs, until = what
        ends = "null" if until is None else f'"{time_text(until)}"'
        text = (
            f'{{"n":{index},"prev":"{previous}","at":"{time_text(at)}","step":"intent","kind":"{kind}",'
            f'"issuer":{_quoted(issuer)},"generation":{generation},"serial":"{serial:x}","until":{ends},'
            f'"tbs":"{tbs}"}}\n'
        )
    else:
        of, at, step, sha256 = what
        der = "null" if sha256 is None else f'"{sha256}"'
        text = (
            f'{{"n":{index},"prev":"{previous}","at":"{time_text(at)}",'
            f'"step":"{step}","of":{of},"der":{der}}}\n'
        )
    return text.encode("ascii")


def read_line(raw: bytes, *, index: int, previous: str) -> Line | None:
    """The line, or None when these bytes are not line `index` after a line of digest `previous`."""
    try:
        line = _parse(json.loads(raw))
        # Written again it must give the same bytes: one spelling, so that nothing hides in a line.
        is_itself = write_line(line) == raw
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return line if is_itself and line.index == index and line.previous == previous else None


def intent_data(intent: Intent) -> dict[str, Any]:
    """An intent on its own, as JSON would have it: for the border between two segments."""
    data: dict[str, Any] = json.loads(write_line(Line(0, "", intent)))
    return {name: data[name] for name in data if name not in ("n", "prev", "step")}


def read_intent(data: dict[str, Any]) -> Intent:
    """The intent of `intent_data`. Raises ValueError, KeyError or TypeError."""
    return Intent(
        at=read_time(data["at"]),
        kind=SignatureKind(data["kind"]),
        issuer=data["issuer"],
        generation=data["generation"],
        serial=int(data["serial"], 16),
        tbs_sha256=data["tbs"],
        until=None if data["until"] is None else read_time(data["until"]),
    )


def _parse(data: dict[str, Any]) -> Line:
    if data["step"] == "intent":
        return Line(data["n"], data["prev"], read_intent(data))
    outcome = Outcome(int(data["of"]), read_time(data["at"]), OutcomeKind(data["step"]), data["der"])
    return Line(data["n"], data["prev"], outcome)


@lru_cache(maxsize=512)
def time_text(at: datetime) -> str:
    """A time as the lines spell it: UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


@lru_cache(maxsize=512)
def _quoted(text: str) -> str:
    return json.dumps(text)


@lru_cache(maxsize=512)
def read_time(text: str) -> datetime:
    """A time as the lines spell it. Raises ValueError."""
    return datetime.fromisoformat(text.removesuffix("Z") + "+00:00")
