"""What the signer remembers of the lists it read: keyed digests of their entries, so that a list which begins
with entries already read costs their digest and not a second reading.

The digest is GMAC [NIST SP 800-38D] under a key that never leaves this process: whoever asks can neither see
it nor make other octets give it. Forgotten at each start; a list then is read whole again.
"""

from __future__ import annotations

import secrets
import threading
from collections import deque
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM

_KEPT = 128  # a hundred partitions, and the whole
_PIECE = 1 << 28


@dataclass(frozen=True, slots=True)
class _Run:
    """Entries that were read: how many octets, and their digest under a nonce of their own."""

    octets: int
    nonce: bytes
    tag: bytes


class ListMemory:
    """The runs of entries read last, under one key of an issuer. Used by many threads."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(16)
        self._runs: deque[_Run] = deque(maxlen=_KEPT)
        self._lock = threading.Lock()

    def known(self, entries: memoryview) -> int:
        """How many of the first octets were read before: the longest run that they begin with."""
        with self._lock:
            runs = sorted(self._runs, key=lambda run: -run.octets)
        for run in runs:
            if run.octets <= len(entries):
                tag = self._tag(entries[: run.octets], run.nonce)
                if secrets.compare_digest(tag, run.tag):
                    return run.octets
        return 0

    def keep(self, entries: memoryview) -> None:
        """Remember entries that were read whole."""
        nonce = secrets.token_bytes(12)
        run = _Run(len(entries), nonce, self._tag(entries, nonce))
        with self._lock:
            self._runs.append(run)

    def _tag(self, entries: memoryview, nonce: bytes) -> bytes:
        sealing = Cipher(AES(self._key), GCM(nonce)).encryptor()
        for at in range(0, len(entries), _PIECE):
            sealing.authenticate_additional_data(entries[at : at + _PIECE])
        sealing.finalize()
        return sealing.tag
