"""Codes that people choose or receive: kept only as salted scrypt hashes, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Callable

from sceau.vocabulary import Finding, Refused

SHORTEST = 8
LONGEST = 128
_COST, _BLOCK, _PARALLEL = 2**14, 8, 1  # about 50 ms and 16 MiB: felt by who guesses, not by who knows
_MEMORY = 64 * 1024 * 1024
_SALT = 16
_DIFFERENT = 4


def hash_code(code: str, random: Callable[[int], bytes]) -> str:
    """The hash to keep, with its salt and its cost."""
    salt = random(_SALT)
    return f"scrypt${_COST}${salt.hex()}${_scrypt(code, salt, _COST).hex()}"


def is_code(code: str, kept: str) -> bool:
    """Whether `code` is the one kept. Takes the time of a hash even when there is none."""
    parts = kept.split("$")
    if len(parts) != 4:
        _scrypt(code, b"\0" * _SALT, _COST)
        return False
    return hmac.compare_digest(_scrypt(code, bytes.fromhex(parts[2]), int(parts[1])).hex(), parts[3])


def read_chosen_code(code: str, again: str) -> str:
    """The revocation code somebody chose, typed twice. Refused: different, too short, too easy."""
    findings = []
    if code != again:
        findings.append(Finding.error("collection.codes-differ", "code"))
    if not SHORTEST <= len(code) <= LONGEST:
        findings.append(Finding.error("collection.code-length", "code", shortest=SHORTEST, longest=LONGEST))
    elif len(set(code)) < _DIFFERENT:
        findings.append(Finding.error("collection.code-easy", "code"))
    if findings:
        raise Refused(findings)
    return code


def draw_digits(random: Callable[[int], bytes], count: int = 8) -> str:
    """A code to be copied from a mail: decimal digits, each equally likely."""
    return f"{int.from_bytes(random(16), 'big') % 10**count:0{count}d}"


def _scrypt(code: str, salt: bytes, cost: int) -> bytes:
    text = unicodedata.normalize("NFC", code).encode("utf-8", "surrogatepass")
    return hashlib.scrypt(
        text[:1024], salt=salt, n=cost, r=_BLOCK, p=_PARALLEL, maxmem=64 * 1024 * 1024, dklen=32
    )
