"""References: how people and the journal name an order, a right, a certificate. Drawn, never counted.

Ten characters of Crockford's alphabet (no I, L, O, U), so 50 random bits: nobody finds another's by trying,
and a telephone line can carry one. Uniqueness is the database's.
"""

from __future__ import annotations

from collections.abc import Callable

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 10

ORDER, HABILITATION, CERTIFICATE, TOKEN = "CMD", "HAB", "CRT", "JET"


def draw_reference(prefix: str, random: Callable[[int], bytes]) -> str:
    """A new reference, e.g. ``CMD-7K3QZ-9F2M4``."""
    number = int.from_bytes(random(7), "big") >> 6
    letters = "".join(_ALPHABET[number >> 5 * at & 31] for at in range(_LENGTH))
    return f"{prefix}-{letters[:5]}-{letters[5:]}"
