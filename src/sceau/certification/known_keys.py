"""What is known of keys beyond the key in hand: blocked ones, those in use, shared factors, published weak
lists.

Facts given to `keys` by whoever keeps the records; nothing here reads a database or a file.

Format of a weak key list (Debian's, bug of 2008): text, one entry a line, 20 hexadecimal digits: the last 80
bits of SHA-1 over ``Modulus=<upper-case hexadecimal modulus>`` and a line feed, as the openssl-blacklist
package has them. Empty lines and lines beginning with ``#`` are skipped; anything else is an error, since a
list half read protects by half.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Container, Iterable
from dataclasses import dataclass, field

_ENTRY = re.compile(r"[0-9a-f]{20}")
_CHUNK = 64


@dataclass(frozen=True, slots=True)
class WeakKeyList:
    """Fingerprints of published weak RSA moduli."""

    entries: frozenset[str]

    @classmethod
    def of_text(cls, text: str) -> WeakKeyList:
        """Read a list in the format above. Raises ValueError naming the first line that is no entry."""
        entries = set()
        for number, line in enumerate(text.splitlines(), start=1):
            entry = line.strip().lower()
            if not entry or entry.startswith("#"):
                continue
            if not _ENTRY.fullmatch(entry):
                raise ValueError(f"line {number} of the weak key list is no fingerprint: {line[:40]!r}")
            entries.add(entry)
        return cls(frozenset(entries))

    @staticmethod
    def fingerprint(modulus: int) -> str:
        """The entry of one modulus."""
        return hashlib.sha1(f"Modulus={modulus:X}\n".encode("ascii"), usedforsecurity=False).hexdigest()[20:]

    def lists(self, modulus: int) -> bool:
        """Whether the modulus is on the list."""
        return self.fingerprint(modulus) in self.entries


@dataclass(frozen=True, slots=True)
class KnownModuli:
    """Moduli already seen, multiplied in groups so that one division by group finds a factor in common."""

    groups: tuple[tuple[frozenset[int], int], ...]

    @classmethod
    def of(cls, moduli: Iterable[int]) -> KnownModuli:
        """Group `moduli` (each counted once)."""
        distinct = sorted(set(moduli))
        groups = (distinct[at : at + _CHUNK] for at in range(0, len(distinct), _CHUNK))
        return cls(tuple((frozenset(group), math.prod(group)) for group in groups))

    def share_a_factor_with(self, modulus: int) -> bool:
        """Whether some *other* known modulus has a prime in common with this one. Itself is no news."""
        for group, product in self.groups:
            others = product // modulus if modulus in group else product
            if math.gcd(modulus, others % modulus) > 1:
                return True
        return False


@dataclass(frozen=True, slots=True)
class KeyUse:
    """A certificate that was made on the same key: its product, its holder (`holder_of`), its reference."""

    product: str
    holder: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What the records know of a key. `blocked` holds SHA-256 digests of SubjectPublicKeyInfo, in
    hexadecimal.

    `uses` are the certificates on this very key, past ones too; `renewable` says that policy lets the same
    holder renew the same product on the same key [décision 9].
    """

    blocked: Container[str] = field(default_factory=frozenset)
    uses: tuple[KeyUse, ...] = ()
    moduli: KnownModuli | None = None
    weak: WeakKeyList | None = None
    renewable: bool = False


NOTHING_KNOWN = KeyFacts()
