"""What is said of a serial number: good, revoked, or unknown; never good for what was not issued.

The records know a certificate's life; this module turns it into the three words of OCSP. `StatusSource` is
what the public server asks: the records implement it, in one short read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

# CRLReason numbers that lists and answers say: keyCompromise, cACompromise, aACompromise. They change what
# a relying party must conclude about the past; the others would only tell why a person left a structure,
# which is nobody's business, and the real lists say none at all [IGC-SANTE 1.4].
REASONS_SAID: frozenset[int] = frozenset({1, 2, 10})


def reason_said(reason: int, said: frozenset[int] = REASONS_SAID) -> int:
    """The CRLReason number to publish for `reason`: itself if policy has it said, else 0, which is never
    written.
    """
    return reason if reason in said else 0


class Standing(StrEnum):
    """The three answers of OCSP [RFC 6960 §2.2]."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


class Signed(StrEnum):
    """How far a serial's signature got: meant (`INTENDED`), done, failed without one, or nobody knows."""

    INTENDED = "intended"
    SIGNED = "signed"
    FAILED = "failed"
    PRESUMED = "presumed"


@dataclass(frozen=True, slots=True)
class SerialStatus:
    """The answer for one serial. `revoked_at` (UTC) and `reason` (CRLReason number) only when revoked."""

    standing: Standing
    revoked_at: datetime | None = None
    reason: int = 0

    def __post_init__(self) -> None:
        if (self.standing is Standing.REVOKED) != (self.revoked_at is not None):
            raise ValueError("a revocation has a date, and nothing else has one")


GOOD = SerialStatus(Standing.GOOD)
UNKNOWN = SerialStatus(Standing.UNKNOWN)


def status_of(
    signed: Signed | None, *, known_at: datetime, revoked_at: datetime | None, reason: int = 0
) -> SerialStatus:
    """What is said of a serial.

    `signed` is None for a serial never given. Not signed yet, or given up without a signature: unknown, so
    that a status is never *good* before the certificate exists [F06]. Presumed signed: revoked even before
    the records have its revocation, since `known_at` when the serial was burnt [F07, décision 10]. `reason`
    is the CRLReason number in the records; the answer says it only if the lists do, so that both agree
    [F13].
    """
    if signed is None:
        return UNKNOWN
    if revoked_at is not None:
        return SerialStatus(Standing.REVOKED, revoked_at, reason_said(reason))
    if signed is Signed.PRESUMED:
        return SerialStatus(Standing.REVOKED, known_at, reason_said(reason))
    return GOOD if signed is Signed.SIGNED else UNKNOWN


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since a mark: serials that were revoked, and the mark to ask from next time.

    `other`: these are not the records that the mark came from (an older copy was put in their place), and
    anything may have changed.
    """

    mark: int
    revoked: Sequence[tuple[str, int]]
    other: bool = False


@dataclass(frozen=True, slots=True)
class GivenStatus:
    """A serial that was given, until when its certificate holds (UTC), and what is said of it now."""

    issuer: str
    generation: int
    serial: int
    not_after: datetime
    status: SerialStatus


class StatusSource(Protocol):
    """Where the public server reads status: read-only, each call one short query on its own connection.

    Raises anything when the database is away: answers already signed are then served until they would be
    stale.
    """

    def status(self, issuer: str, generation: int, serial: int) -> SerialStatus:
        """What is said of `serial` under that key of `issuer` (a code of the catalogue), as committed now.

        `status_of` makes the answer from the row; no row, or another generation's, is `UNKNOWN`.
        """
        ...

    def changes(self, mark: int) -> Changes:
        """The (issuer, serial) revoked after `mark`; with a negative mark nothing but the present mark.

        Asked several times a second: must not cost more than the changes. May repeat what it told before;
        may never leave one out, even one whose transaction began before the last call and committed after
        it.
        """
        ...

    def release(self) -> None:
        """This thread asks nothing more: give back what was held for it."""
        ...


class GivenSource(StatusSource, Protocol):
    """A source that can also be read from one end to the other, to prepare answers ahead."""

    def given(self, after: int, upto: int) -> Sequence[GivenStatus]:
        """The serials numbered above `after` up to `upto` in the source's own order, for as much work."""
        ...

    def last_given(self) -> int:
        """The number of the newest, 0 without any."""
        ...
