"""The key that signs the journal's tree heads: Ed25519, in a file of its own, apart from every CA key."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from sceau.custody.folders import write_new_file
from sceau.vocabulary import Fault


def create_head_key(path: Path) -> Ed25519PrivateKey:
    """Make the key of a new journal. Raises `Fault` (``folder.file-exists``): a journal has one key,
    for good.
    """
    key = Ed25519PrivateKey.generate()
    write_new_file(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), mode=0o600)
    return key


def open_head_key(path: Path) -> Ed25519PrivateKey:
    """The journal's key. Raises `Fault` (``keys.missing``, ``keys.kind``)."""
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise Fault("keys.missing", retryable=False, detail=str(path)) from error
    except (ValueError, TypeError) as error:
        raise Fault("keys.kind", retryable=False, detail=str(path)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise Fault("keys.kind", retryable=False, detail=str(path))
    return key
