"""Signed tree heads: what the log's key vouches for, as C2SP checkpoints that any transparency tool can read.

A head says «the journal of this origin had so many entries, and this root». It is a signed note
(c2sp.org/signed-note, c2sp.org/tlog-checkpoint) with one Ed25519 signature of ours; further signature lines,
of witnesses, are left in place and ignored. Keys are made and kept in `custody`; here they only sign and
verify.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sceau.journal.tree import HASH_BYTES
from sceau.vocabulary import Finding, Reading, read_ok, read_refused

_ED25519 = b"\x01"  # the algorithm byte of signed-note
_ORIGIN = re.compile(r"[^\s+]+")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_MARK = "— "


class HeadKey(Protocol):
    """A key that signs heads (cryptography's `Ed25519PrivateKey` is one, so is a key in another process)."""

    def sign(self, data: bytes, /) -> bytes:
        """The 64-byte Ed25519 signature of `data`. Raises `Fault` when the key cannot be reached."""
        ...

    def public_key(self) -> Ed25519PublicKey:
        """The public half."""
        ...


@dataclass(frozen=True, slots=True)
class TreeHead:
    """The journal named `origin` has `size` entries, and `root` (32 bytes) over them."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not _ORIGIN.fullmatch(self.origin) or self.size < 0 or len(self.root) != HASH_BYTES:
            raise ValueError("no tree head has this origin, size or root")

    @property
    def text(self) -> str:
        """The signed text: origin, size, root in base64, each ended by a newline."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class HeadVerifier:
    """The public key that heads are checked with, and the name it signs under (the journal's origin)."""

    name: str
    public: bytes

    @classmethod
    def of(cls, name: str, key: HeadKey) -> HeadVerifier:
        """The verifier of a key's own signatures."""
        return cls(name, key.public_key().public_bytes_raw())

    @property
    def key_id(self) -> bytes:
        """First 4 bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ key) [C2SP signed-note]."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    @property
    def text(self) -> str:
        """As published: ``name+keyid+base64(0x01 ‖ key)``."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(_ED25519 + self.public).decode()}"


def read_verifier(text: str) -> Reading[HeadVerifier]:
    """The verifier in one line of ``key.pub``."""
    parts = text.strip().split("+", 2)
    if len(parts) == 3 and _ORIGIN.fullmatch(parts[0]):
        key = _base64(parts[2])
        if key is not None and len(key) == 33 and key[:1] == _ED25519:
            verifier = HeadVerifier(parts[0], key[1:])
            if verifier.key_id.hex() == parts[1]:
                return read_ok(verifier)
    return read_refused(Finding.error("journal.key-unreadable", text.strip()[:80]))


def sign_head(head: TreeHead, key: HeadKey) -> str:
    """The head as a signed note, under the head's own origin as key name."""
    return sign_note(head.text, head.origin, key)


def sign_note(text: str, name: str, key: HeadKey) -> str:
    """`text` (lines, each ended) as a signed note, under the key name `name` [C2SP signed-note]."""
    verifier = HeadVerifier.of(name, key)
    signature = base64.b64encode(verifier.key_id + key.sign(text.encode())).decode()
    return f"{text}\n{_MARK}{name} {signature}\n"


def read_note(note: str, name: str, verifiers: Iterable[HeadVerifier]) -> str | None:
    """The text of a note of exactly one signature, that one of `verifiers` under `name` made; None
    otherwise. Written any other way, it is another note.
    """
    text, blank, signatures = note.partition("\n\n")
    if not blank or signatures.count("\n") != 1 or not signatures.endswith("\n"):
        return None
    encoded = signatures.rstrip("\n").rpartition(" ")[2]
    blob = _base64(encoded)
    if blob is None or base64.b64encode(blob).decode() != encoded:
        return None
    ours = [verifier for verifier in verifiers if verifier.name == name]
    return text + "\n" if any(_signed(text + "\n", signatures, one) for one in ours) else None


def read_head(note: str, verifiers: Iterable[HeadVerifier]) -> Reading[TreeHead]:
    """The head in a signed note, vouched for by one of `verifiers`; refused when none of them signed it."""
    text, blank, signatures = note.partition("\n\n")
    head = _parse(text)
    if head is None or not blank:
        return read_refused(Finding.error("journal.head-unreadable", note[:60]))
    ours = [verifier for verifier in verifiers if verifier.name == head.origin]
    if any(_signed(text + "\n", signatures, verifier) for verifier in ours):
        return read_ok(head)
    return read_refused(Finding.error("journal.head-signature", str(head.size), origin=head.origin))


def split_notes(text: str) -> Iterator[str]:
    """The notes of a ``heads.txt``: text, blank line, signature lines, and a blank line before the next
    one.
    """
    lines: list[str] = []
    for line in text.split("\n"):
        if lines and lines[-1].startswith(_MARK) and not line.startswith(_MARK):
            yield "\n".join(lines) + "\n"
            lines = []
        if line or lines:
            lines.append(line)
    if any(lines):
        yield "\n".join(lines)


def _parse(text: str) -> TreeHead | None:
    lines = text.split("\n")
    if len(lines) < 3 or not _ORIGIN.fullmatch(lines[0]) or not _SIZE.fullmatch(lines[1]):
        return None
    root = _base64(lines[2])
    if root is None or len(root) != HASH_BYTES:
        return None
    return TreeHead(lines[0], int(lines[1]), root)


def _signed(text: str, signatures: str, verifier: HeadVerifier) -> bool:
    for line in signatures.split("\n"):
        mark, _, encoded = line.removeprefix(_MARK).partition(" ")
        blob = _base64(encoded)
        if not line.startswith(_MARK) or mark != verifier.name or blob is None or blob[:4] != verifier.key_id:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(verifier.public).verify(blob[4:], text.encode())
        except (InvalidSignature, ValueError):
            continue
        return True
    return False


def _base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
