"""Serial numbers: 20 octets, a time prefix so that growth stays flat, then 127 random bits [F01, F03].

Pure: the instant and the chance are given. Uniqueness per issuer is the records' constraint; here only the
form is decided, and chance that is no chance is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sceau.vocabulary import Fault

RANDOM_BITS = 127
_ORIGIN = datetime(2020, 1, 1, tzinfo=UTC)
_PREFIX_BITS = 32
_SHORTEST_PREFIX = 1 << 25  # from 2021 on the prefix is long enough for the number to fill 20 octets
_FEWEST_ONES, _MOST_ONES = 30, 97  # a fair draw is outside once in two hundred million
_DRAWS = 4


def compose_serial(at: datetime, random_bits: int) -> int:
    """Seconds since 2020 (32 bits), then `random_bits` (127 bits): positive, 20 octets exactly [RFC 5280
    §4.1.2.2].

    Raises ValueError for an instant that is not UTC or not between 2021 and 2156, and for bits that are out
    of range or so uneven that no fair generator gave them.
    """
    if at.utcoffset() != timedelta(0):
        raise ValueError("a serial's instant is UTC")
    prefix = int((at - _ORIGIN).total_seconds())
    if not _SHORTEST_PREFIX <= prefix < 1 << _PREFIX_BITS:
        raise ValueError(f"no serial is made at {at:%Y-%m-%d}")
    if not 0 <= random_bits < 1 << RANDOM_BITS:
        raise ValueError("a serial takes exactly 127 random bits")
    if not _FEWEST_ONES <= random_bits.bit_count() <= _MOST_ONES:
        raise ValueError("these bits are not random")
    return prefix << RANDOM_BITS | random_bits


def draw_serial(at: datetime, random: Callable[[int], bytes]) -> int:
    """A serial for `at`, from `random(n)`, n fresh octets of the system's generator; draws again after a weak
    draw.

    Raises `Fault` (``draft.no-randomness``) when the generator keeps giving what is no chance.
    """
    for _ in range(_DRAWS):
        drawn = random(16)
        if len(drawn) == 16:
            try:
                return compose_serial(at, int.from_bytes(drawn, "big") >> 1)
            except ValueError:
                continue
    raise Fault("draft.no-randomness", retryable=False)


def is_serial(number: int) -> bool:
    """Whether `number` can be a serial of ours: 20 octets, positive, a plausible prefix."""
    return _SHORTEST_PREFIX << RANDOM_BITS <= number < 1 << (_PREFIX_BITS + RANDOM_BITS)
