"""A secret in the hands of n custodians, any k of whom can put it together again.

Shamir's scheme over GF(2^128), from a kept library, in the variant of Debian's `ssss`: without this software,
`ssss-combine -t K -x -D` gives the secret back from the same shares. The secret is 128 random bits; the
keys' passphrase is its 32 hexadecimal digits. A share says which secret it is part of, and whether it was
copied rightly.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sceau.custody.folders import make_private_folder, write_new_file
from sceau.vocabulary import Finding, Refused

_BYTES = 16
_MOST = 16
_LINE = re.compile(r"SCEAU-PART (\d+)/(\d+) SEUIL (\d+) ([0-9a-f]{8}) \d+-([0-9a-f]{32}) ([0-9a-f]{8})")


@dataclass(frozen=True, slots=True)
class Share:
    """One custodian's part. `about` tells secrets apart; `value` is 16 octets."""

    number: int
    of: int
    threshold: int
    about: str
    value: bytes

    @property
    def line(self) -> str:
        """The one line to keep; what follows its third word is what `ssss-combine` reads."""
        return f"{self._body()} {_sum(self._body())}"

    def _body(self) -> str:
        head = f"SCEAU-PART {self.number}/{self.of} SEUIL {self.threshold} {self.about}"
        return f"{head} {self.number}-{self.value.hex()}"


def draw_secret() -> bytes:
    """A new secret, from the system's generator."""
    return secrets.token_bytes(_BYTES)


def passphrase_of(secret: bytes) -> bytes:
    """The passphrase of the keys that a secret opens."""
    return secret.hex().encode("ascii")


def split(secret: bytes, *, threshold: int, of: int) -> tuple[Share, ...]:
    """`of` shares, any `threshold` of which give `secret` back; fewer say nothing of it. `ValueError`
    outside 2 ≤ threshold ≤ of ≤ 16.
    """
    from Crypto.Protocol.SecretSharing import Shamir

    if not 2 <= threshold <= of <= _MOST or len(secret) != _BYTES:
        raise ValueError(f"{threshold} of {of} shares of {len(secret)} octets")
    about = _about(secret)
    made = Shamir.split(threshold, of, secret, ssss=True)
    return tuple(Share(number, of, threshold, about, value) for number, value in made)


def write_share(path: Path, text: str) -> None:
    """Write a custodian's text to a file of their own, closed to others. `Fault` ``folder.file-exists``."""
    make_private_folder(path.parent)
    write_new_file(path, text.encode(), mode=0o600)


def read_share(text: str) -> Share:
    """The share in a file's text, however it was wrapped. `Refused` (``ceremony.share-unreadable``)."""
    found = _LINE.search(" ".join(text.split()))
    if found is None or _sum(found[0].rsplit(" ", 1)[0]) != found[6]:
        raise Refused([Finding.error("ceremony.share-unreadable", text.strip()[:24])])
    number, of, threshold, about, value, _ = found.groups()
    return Share(int(number), int(of), int(threshold), about, bytes.fromhex(value))


def join(shares: Sequence[Share]) -> bytes:
    """The secret. Raises `Refused`: ``ceremony.share-other`` (not of one secret), ``ceremony.share-few``."""
    from Crypto.Protocol.SecretSharing import Shamir

    given = {share.number: share for share in shares}
    first = shares[0] if shares else None
    if first is None or len(given) < first.threshold:
        threshold = "?" if first is None else first.threshold
        raise Refused([Finding.error("ceremony.share-few", str(len(given)), threshold=threshold)])
    used = list(given.values())[: first.threshold]
    joined = Shamir.combine([(share.number, share.value) for share in used], ssss=True)
    if any(share.about != first.about for share in shares) or _about(joined) != first.about:
        raise Refused([Finding.error("ceremony.share-other", first.about)])
    return joined


def _about(secret: bytes) -> str:
    """Eight digits that 128 random bits can't be guessed from."""
    return hashlib.sha256(b"sceau share of " + secret).hexdigest()[:8]


def _sum(body: str) -> str:
    return hashlib.sha256(body.encode("ascii")).hexdigest()[:8]
