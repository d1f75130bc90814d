"""The cabinet: the bytes of the pieces of legal files, on the disk before anybody relies on them.

Plain pieces lie under their SHA-256, each content once. Sealed ones (copies of identity documents) lie under
their reference, each encrypted under a key of its own (AES-256-GCM), which is wrapped by the cabinet's key:
a file alone, or a key alone, shows nothing. The cabinet's keys are in a folder of their own (0600), numbered;
`rotate` makes the next one, wraps every data key anew and destroys the older ones. What may be kept, seen or
erased is decided elsewhere.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import secrets
import stat
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sceau.custody.folders import make_private_folder, replace_file, sync_folder, write_new_file
from sceau.vocabulary import Fault

_MAGIC = b"SCEAU-PIECE-1\n"
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_REFERENCE = re.compile(r"[A-Z]{3}-[0-9A-Z]{5}-[0-9A-Z]{5}", re.ASCII)
_KEY_NAME = re.compile(r"[0-9]{4}\.key", re.ASCII)
_KEY_BYTES, _NONCE_BYTES = 32, 12


class PieceCabinet:
    """The cabinet in `folder`, with its keys in `keys`. Both are made, for their owner only, at first use.

    Faults: ``piece.missing`` (no such bytes), ``piece.altered`` (not the bytes that were kept),
    ``piece.key`` (the cabinet's key is missing, open to others, or not the one that sealed).
    """

    def __init__(self, folder: Path, keys: Path) -> None:
        self._folder, self._keys = folder, keys

    def keep(self, data: bytes) -> str:
        """Keep plain bytes; their hex SHA-256. On the disk, name included, when this returns."""
        digest = hashlib.sha256(data).hexdigest()
        path = self._plain(digest)
        if path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == digest:
            return digest
        self._put(path, data)
        return digest

    def seal(self, reference: str, data: bytes) -> str:
        """Keep bytes encrypted under `reference`; the hex SHA-256 of the plain bytes."""
        digest = hashlib.sha256(data).hexdigest()
        data_key, nonce = secrets.token_bytes(_KEY_BYTES), secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(data_key).encrypt(nonce, data, _bound(reference, digest))
        with self._keys_held(fcntl.LOCK_SH):  # no key goes while something is being wrapped under it
            header = self._wrap(reference, digest, data_key) | {"nonce": _text(nonce), "sha256": digest}
            self._put(self._sealed(reference), _joined(header, sealed))
        return digest

    def read(self, digest: str) -> bytes:
        """The plain bytes kept under `digest`."""
        data = _read(self._plain(digest))
        if hashlib.sha256(data).hexdigest() != digest:
            raise Fault("piece.altered", retryable=False, detail=digest)
        return data

    def unseal(self, reference: str, digest: str) -> bytes:
        """The plain bytes sealed under `reference`, which must be those of `digest`."""
        header, sealed = _parted(_read(self._sealed(reference)), reference)
        if header.get("sha256") != digest:
            raise Fault("piece.altered", retryable=False, detail=reference)
        data_key = self._unwrap(reference, digest, header)
        try:
            return AESGCM(data_key).decrypt(_bytes(header["nonce"]), sealed, _bound(reference, digest))
        except (InvalidTag, KeyError, ValueError) as error:
            raise Fault("piece.altered", retryable=False, detail=reference) from error

    def discard(self, digest: str) -> None:
        """Remove plain bytes. Nothing happens when they are gone already."""
        self._remove(self._plain(digest))

    def shred(self, reference: str) -> None:
        """Remove sealed bytes with the only copy of their key. Nothing happens when they are gone already."""
        self._remove(self._sealed(reference))

    def leftovers(self, *, known: Callable[[str], bool], older_than: float) -> tuple[str, ...]:
        """Names (digests and references) that `known` knows nothing of, last written before `older_than`
        (seconds since 1970): what a crash left between the file and its row.
        """
        if not self._folder.exists():
            return ()
        return tuple(
            path.name
            for path in sorted(self._folder.glob("*/*"))
            if path.is_file() and path.stat().st_mtime < older_than and not known(path.name)
        )

    def throw_away(self, names: Iterable[str]) -> None:
        """Remove what `leftovers` named."""
        for name in names:
            if _DIGEST.fullmatch(name):
                self.discard(name)
            elif _REFERENCE.fullmatch(name):
                self.shred(name)
            else:  # the unfinished file of a write that a crash cut short
                for path in self._folder.glob(f"*/{name}"):
                    self._remove(path)

    def rotate(self) -> int:
        """Make the next key of the cabinet, wrap every data key under it, destroy the older keys; how many
        pieces were wrapped anew. Cut short, it is done again from the start, and nothing is lost.
        """
        with self._keys_held(fcntl.LOCK_EX):
            return self._rotate()

    def _rotate(self) -> int:
        self._next_key()
        sealed = sorted((self._folder / "sealed").glob("*")) if self._folder.exists() else []
        done = 0
        for path in sealed:
            if not _REFERENCE.fullmatch(path.name):
                continue
            header, body = _parted(_read(path), path.name)
            digest = str(header["sha256"])
            data_key = self._unwrap(path.name, digest, header)
            fresh = header | self._wrap(path.name, digest, data_key)
            replace_file(path, _joined(fresh, body), mode=0o600)
            done += 1
        *older, _current = self._key_files()
        for path in older:
            self._remove(path)
        return done

    # -- keys

    @contextmanager
    def _keys_held(self, how: int) -> Iterator[None]:
        make_private_folder(self._keys)
        with os.fdopen(os.open(self._keys / ".lock", os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
            fcntl.flock(file, how)
            yield

    def _wrap(self, reference: str, digest: str, data_key: bytes) -> dict[str, str]:
        name, key = self._current_key()
        nonce = secrets.token_bytes(_NONCE_BYTES)
        wrapped = AESGCM(key).encrypt(nonce, data_key, _bound(reference, digest))
        return {"key": name, "wrap_nonce": _text(nonce), "wrapped": _text(wrapped)}

    def _unwrap(self, reference: str, digest: str, header: dict[str, str]) -> bytes:
        name = str(header.get("key", ""))
        key = self._read_key(self._keys / name) if _KEY_NAME.fullmatch(name) else b""
        try:
            return AESGCM(key).decrypt(
                _bytes(header["wrap_nonce"]), _bytes(header["wrapped"]), _bound(reference, digest)
            )
        except (InvalidTag, KeyError, ValueError) as error:
            raise Fault("piece.altered", retryable=False, detail=reference) from error

    def _current_key(self) -> tuple[str, bytes]:
        files = self._key_files()
        path = files[-1] if files else self._next_key()
        return path.name, self._read_key(path)

    def _key_files(self) -> list[Path]:
        if not self._keys.exists():
            return []
        return sorted(path for path in self._keys.iterdir() if _KEY_NAME.fullmatch(path.name))

    def _next_key(self) -> Path:
        make_private_folder(self._keys)
        files = self._key_files()
        number = int(files[-1].stem) + 1 if files else 1
        path = self._keys / f"{number:04}.key"
        write_new_file(path, secrets.token_bytes(_KEY_BYTES), mode=0o600)
        return path

    def _read_key(self, path: Path) -> bytes:
        try:
            seen = path.stat()
            key = path.read_bytes()
        except OSError as error:
            raise Fault("piece.key", retryable=False, detail=path.name) from error
        if seen.st_mode & 0o077 or not stat.S_ISREG(seen.st_mode) or len(key) != _KEY_BYTES:
            raise Fault("piece.key", retryable=False, detail=path.name)
        return key

    # -- files

    def _plain(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise Fault("piece.missing", retryable=False, detail=digest[:64])
        return self._folder / digest[:2] / digest

    def _sealed(self, reference: str) -> Path:
        if not _REFERENCE.fullmatch(reference):
            raise Fault("piece.missing", retryable=False, detail=reference[:64])
        return self._folder / "sealed" / reference

    def _put(self, path: Path, data: bytes) -> None:
        try:
            make_private_folder(self._folder)
            make_private_folder(path.parent)
            sync_folder(self._folder)
            replace_file(path, data, mode=0o600)
        except OSError as error:
            raise Fault("piece.disk", retryable=True, detail=os.strerror(error.errno or 0)) from error

    def _remove(self, path: Path) -> None:
        if path.exists():
            path.unlink(missing_ok=True)
            sync_folder(path.parent)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise Fault("piece.missing", retryable=False, detail=path.name) from error
    except OSError as error:
        raise Fault("piece.disk", retryable=True, detail=os.strerror(error.errno or 0)) from error


def _bound(reference: str, digest: str) -> bytes:
    """What a sealed piece is tied to: it opens under no other name."""
    return f"{reference}:{digest}".encode("ascii")


def _joined(header: dict[str, str], sealed: bytes) -> bytes:
    return _MAGIC + json.dumps(header, sort_keys=True).encode("ascii") + b"\n" + sealed


def _parted(data: bytes, reference: str) -> tuple[dict[str, str], bytes]:
    if data.startswith(_MAGIC):
        line, newline, sealed = data[len(_MAGIC) :].partition(b"\n")
        try:
            header = json.loads(line)
        except ValueError:
            header = None
        if newline and isinstance(header, dict):
            return header, sealed
    raise Fault("piece.altered", retryable=False, detail=reference)


def _text(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def _bytes(text: str) -> bytes:
    return b64decode(text, validate=True)
