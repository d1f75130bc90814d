"""Which part of an issuer's list a certificate belongs to: decided by the day it is made, for good.

Certificates of one season share a partition and end within one season, so that old partitions fade out by
themselves, and what is revoked soon after it was made changes one list. When a partition's turn comes round
again, everything of its turn before has ended (docs/adr: lists at scale).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

LONGEST_LIFE = timedelta(days=1096)
_ROOM = timedelta(days=31)  # until everything that ended stood on one more list [RFC 5280 §3.3]
_FROM = datetime(2020, 1, 1, tzinfo=UTC)
MOST_PARTITIONS = 99


def partition_at(at: datetime, *, partitions: int) -> int | None:
    """The partition, 1 to `partitions`, of a certificate made at `at` (UTC); None under an issuer whose list
    is whole (one partition).
    """
    if not 1 <= partitions <= MOST_PARTITIONS:
        raise ValueError(f"1 to {MOST_PARTITIONS} partitions, not {partitions}")
    if partitions == 1:
        return None
    return (at - _FROM) // season(partitions) % partitions + 1


def season(partitions: int) -> timedelta:
    """For how long new certificates go to the same partition: whole days, so many that the seasons of the
    others together are longer than any certificate's life.
    """
    return timedelta(days=-(-(LONGEST_LIFE + _ROOM) // timedelta(days=partitions - 1)))
