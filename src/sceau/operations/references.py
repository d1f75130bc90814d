"""References: how people and the journal name an order, a right, a certificate. Drawn, never counted.

Ten characters of Crockford's alphabet (no I, L, O, U), so 50 random bits: nobody finds another's by trying,
and a telephone line can carry one. Of a certificate's, the first six tell the two seconds in which it was
asked for, and 20 bits are random: certificates are many, and an index in which the new ones stand together
costs a batch few pages and does not slow down as it grows. Two certificates meet no more often than if the
time were told coarsely and more bits were random. What a reference names is never given for knowing it.
Uniqueness is the database's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 10

ORDER, HABILITATION, CERTIFICATE, TOKEN = "CMD", "HAB", "CRT", "JET"
CONTRACT_ACT, PIECE, LEAVE = "ACT", "PIE", "ACC"
REGISTER, TASK = "REG", "TCH"
STRUCTURE_CHANGE, GRACE = "CHG", "SUR"
THIRD_PARTY, MEMBER, DESIGNATION = "TIE", "EQU", "DES"
DEPARTURE, DRAFT = "DEP", "BRO"
ROLE_PROPOSAL, INVITATION, PASSKEY = "ROL", "INV", "PK"


def draw_reference(prefix: str, random: Callable[[int], bytes]) -> str:
    """A new reference, e.g. ``CMD-7K3QZ-9F2M4``."""
    return _spelt(prefix, int.from_bytes(random(7), "big") >> 6)


def draw_short_reference(prefix: str, random: Callable[[int], bytes]) -> str:
    """A new reference of seven letters, e.g. ``PK-7K3QZ9F``: as long as a card's number."""
    return f"{prefix}-{_letters(int.from_bytes(random(5), 'big') >> 5, 7)}"


def draw_dated_reference(prefix: str, at: datetime, random: Callable[[int], bytes]) -> str:
    """A new reference that follows those drawn earlier than two seconds before `at` (until 2088)."""
    chance = int.from_bytes(random(3), "big") >> 4
    return f"{_begun(prefix, at)}{_PAIRS[chance >> 10]}{_PAIRS[chance & 1023]}"


_ORIGIN, _PERIOD = datetime(2020, 1, 1, tzinfo=UTC), 2  # seconds


@lru_cache(maxsize=64)
def _begun(prefix: str, at: datetime) -> str:
    """What the references drawn at `at` begin with."""
    period = int((at - _ORIGIN).total_seconds()) // _PERIOD
    letters = _letters(period % (1 << 30), 6)
    return f"{prefix}-{letters[:5]}-{letters[5:]}"


def _spelt(prefix: str, number: int) -> str:
    letters = _letters(number, _LENGTH)
    return f"{prefix}-{letters[:5]}-{letters[5:]}"


def _letters(number: int, length: int) -> str:
    return "".join(_ALPHABET[number >> 5 * at & 31] for at in reversed(range(length)))


_PAIRS = tuple(_letters(number, 2) for number in range(1 << 10))
