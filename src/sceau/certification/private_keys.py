"""Whether something sent holds a private key: asked before anything is done with it, so that it is neither
kept, nor shown again, nor handed on. Its owner has to throw it away [décision 9].

A heuristic in one direction: what it says yes to is refused whole; what it says no to is read as what it
claims to be, by the strict readers, which refuse a key for themselves.
"""

from __future__ import annotations

import base64
import binascii
import re

from sceau.certification.armour import is_private_key
from sceau.certification.der import SEQUENCE, NotStrictError, parse

_MARKED = re.compile(rb"PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File")
_BLANKS = re.compile(rb"[\s]+")
_KEYSTORE = b"\xfe\xed\xfe\xed"
_LONGEST = 64 * 1024


def holds_private_key(data: bytes) -> bool:
    """Whether `data` holds one: a block of text that says so, or DER (bare or in base64) of the shape of one
    (PKCS#8, PKCS#1, SEC 1, PKCS#12), or a Java keystore.
    """
    if _MARKED.search(data):
        return True
    head = data[:_LONGEST]
    return head.startswith(_KEYSTORE) or _is_key(head) or _is_key(_from_base64(head))


def _is_key(der: bytes) -> bool:
    if not der or der[0] != SEQUENCE:
        return False
    try:
        return is_private_key(parse(der))
    except (NotStrictError, IndexError, ValueError):
        return False


def _from_base64(text: bytes) -> bytes:
    bare = _BLANKS.sub(b"", text)
    if not bare.startswith(b"M"):  # a SEQUENCE in base64
        return b""
    try:
        return base64.b64decode(bare, validate=True)
    except binascii.Error:
        return b""
