"""Where the passphrase of the keys (or the PIN of their token) comes from: a prompt, an open descriptor, a
file. Never an argument, never the environment: those are seen by other processes [ASSURANCE T49].
"""

from __future__ import annotations

import getpass
import os
import secrets
import stat
import sys
from pathlib import Path

from sceau.custody.folders import write_new_file
from sceau.vocabulary import Fault

_LONGEST = 1024
_SHORTEST_TYPED = 12


def passphrase_from_prompt(*, twice: bool = False) -> bytes:
    """Ask a person at the terminal; `twice` for one that is being set, which then has a least length."""
    if not sys.stdin.isatty():
        raise Fault("keys.no-terminal", retryable=False)
    first = getpass.getpass("Phrase secrète des clés (ou code PIN) : ")
    if twice:
        if len(first) < _SHORTEST_TYPED:
            raise Fault("keys.short-passphrase", retryable=False, detail=str(_SHORTEST_TYPED))
        if getpass.getpass("La même, une seconde fois : ") != first:
            raise Fault("keys.passphrases-differ", retryable=False)
    return _checked(first.encode())


def passphrase_from_descriptor(descriptor: int) -> bytes:
    """Read to the end of an open file descriptor, which is closed; one final newline is dropped."""
    try:
        with os.fdopen(descriptor, "rb") as file:
            return _checked(file.read(_LONGEST + 2))
    except OSError as error:
        raise Fault("keys.no-passphrase", retryable=False, detail=f"descriptor {descriptor}") from error


def passphrase_from_file(path: Path) -> bytes:
    """Read a credential file, which must be ours and closed to others (``keys.open-passphrase``)."""
    try:
        with path.open("rb") as file:
            seen = os.fstat(file.fileno())
            if not stat.S_ISREG(seen.st_mode) or seen.st_mode & 0o077 or seen.st_uid not in (os.geteuid(), 0):
                raise Fault("keys.open-passphrase", retryable=False, detail=str(path))
            return _checked(file.read(_LONGEST + 2))
    except OSError as error:
        raise Fault("keys.no-passphrase", retryable=False, detail=str(path)) from error


def make_passphrase_file(path: Path) -> bytes:
    """Draw a passphrase at random and write it to a file for its owner only: for a development instance."""
    drawn = secrets.token_urlsafe(32).encode()
    write_new_file(path, drawn + b"\n", mode=0o600)
    return drawn


def _checked(raw: bytes) -> bytes:
    value = raw.removesuffix(b"\n").removesuffix(b"\r")
    if not value or len(value) > _LONGEST:
        raise Fault("keys.no-passphrase", retryable=False)
    return value
