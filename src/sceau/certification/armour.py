"""From a file as somebody sends it to the DER inside: PEM with whatever stands around it, base64 alone, or
DER.

Decides what the octets are and refuses what is doubtful: two blocks, a block of another kind, a broken one.
Notices a private key wherever it hides, because that key is then lost to its owner whatever else the file
holds.
"""

from __future__ import annotations

import base64
import binascii
import re
from enum import StrEnum

from sceau.certification.der import BIT_STRING, INTEGER, OCTET_STRING, SEQUENCE, Node, parse

MAX_OCTETS = 16 * 1024
"""A file longer than that is no request and no key [T25]."""

_BOUNDARY = re.compile(r"^[ \t]*-{5}(BEGIN|END) ([ -~]*?)-{5}[ \t]*$", re.MULTILINE)
_USUAL = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----\n((?:[A-Za-z0-9+/=]+\n)+)-----END \1-----\n?")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_OF_TEXT = b"\t\r\n" + bytes(range(0x20, 0x7F))
_SPACES = re.compile(r"[ \t\r\n]+")


class Trouble(StrEnum):
    """Why a file gives no DER."""

    EMPTY = "empty"
    TOO_LONG = "too-long"
    PRIVATE_KEY = "private-key"
    SEVERAL = "several"
    OTHER = "other"
    BROKEN = "broken"
    NOT_THAT_FORM = "not-that-form"


class NoDerError(ValueError):
    """The file gives no DER. `label` is the kind of block that was found instead, if one was."""

    def __init__(self, trouble: Trouble, label: str = "") -> None:
        self.trouble = trouble
        self.label = label
        super().__init__(f"{trouble} {label}".strip())


def take_element(data: bytes, labels: frozenset[str], *, form: str | None = None) -> Node:
    """The DER in `data`, read. `labels` are the PEM labels wanted; `form` ``pem`` or ``der`` when the sender
    said which.

    Raises `NoDerError` when there is none, `NotStrictError` when it is not strict.
    """
    return read_element(take_der(data, labels, form=form))


def read_element(der: bytes) -> Node:
    """The element that `der` is. Raises `NoDerError` for a private key, `NotStrictError` when it is not
    strict.
    """
    node = parse(der)
    if is_private_key(node):
        raise NoDerError(Trouble.PRIVATE_KEY)
    return node


def take_der(data: bytes, labels: frozenset[str], *, form: str | None = None) -> bytes:
    """`take_element`, not read yet: octets that begin as a SEQUENCE does. Raises `NoDerError`."""
    if not data or data.isspace():
        raise NoDerError(Trouble.EMPTY)
    if len(data) > MAX_OCTETS:
        raise NoDerError(Trouble.TOO_LONG)
    is_der = form == "der" or (form is None and _is_binary(data))
    der = data if is_der else _from_usual(data, labels) or _from_text(_as_text(data), labels)
    if not der or der[0] != SEQUENCE:
        if b"PRIVATE KEY-----" in data:
            raise NoDerError(Trouble.PRIVATE_KEY)
        raise NoDerError(Trouble.NOT_THAT_FORM)
    return der


def is_private_key(node: Node) -> bool:
    """Whether `node` has the shape of a private key: PKCS#8 (encrypted or not), PKCS#1, SEC 1, or a PKCS#12
    file.
    """
    parts = node.children
    tags = tuple([part.tag for part in parts])
    if tags[:2] == (INTEGER, SEQUENCE) and len(tags) >= 3:  # PKCS#8 and PKCS#12
        return (
            tags[2] in (OCTET_STRING, SEQUENCE) and parts[0].integer() in (0, 1, 3) and not _is_request(parts)
        )
    if tags == (INTEGER,) * 9 or tags[:2] == (INTEGER, OCTET_STRING):  # PKCS#1, SEC 1
        return True
    return tags == (SEQUENCE, OCTET_STRING)  # encrypted PKCS#8


def _is_request(parts: tuple[Node, ...]) -> bool:
    """CertificationRequestInfo alone also begins with an INTEGER: its third part is a key with a BIT
    STRING.
    """
    return len(parts[2].children) == 2 and parts[2].children[1].tag == BIT_STRING


def _is_binary(data: bytes) -> bool:
    """DER and text can both begin with the octet ``0``: DER soon has one that no text holds."""
    return data[0] == SEQUENCE and data[1:8].translate(None, _OF_TEXT) != b""


def _from_usual(data: bytes, labels: frozenset[str]) -> bytes:
    """What one plain block holds, as every tool writes it and nothing around; empty for any other file.

    Nothing is taken here that the long way refuses (tested).
    """
    mark = _USUAL.fullmatch(data)
    if mark is None or mark[1].decode("ascii") not in labels:
        return b""
    bare = mark[2].replace(b"\n", b"")
    try:
        decoded = binascii.a2b_base64(bare, strict_mode=True)
    except binascii.Error:
        return b""
    return decoded if binascii.b2a_base64(decoded, newline=False) == bare else b""


def _as_text(data: bytes) -> str:
    """The text of the file. What stands around the block may be in any alphabet: it is not read."""
    return data.decode("latin-1").removeprefix("\u00ef\u00bb\u00bf").replace("\r\n", "\n").replace("\r", "\n")


def _from_text(text: str, labels: frozenset[str]) -> bytes:
    marks = list(_BOUNDARY.finditer(text))
    if any(mark[2].endswith("PRIVATE KEY") for mark in marks):
        raise NoDerError(Trouble.PRIVATE_KEY)
    if not marks:
        if "-----" in text:
            raise NoDerError(Trouble.BROKEN)
        return _decode(text)
    if len(marks) > 2:
        raise NoDerError(Trouble.SEVERAL)
    begin = marks[0]
    if begin[2] not in labels:
        raise NoDerError(Trouble.OTHER, begin[2][:60])
    if len(marks) != 2 or [mark[1] for mark in marks] != ["BEGIN", "END"] or marks[1][2] != begin[2]:
        raise NoDerError(Trouble.BROKEN)
    return _decode(text[begin.end() : marks[1].start()])


def _decode(text: str) -> bytes:
    """Base64 in its one spelling: whole alphabet, right padding, no stray bits behind the last octet."""
    bare = _SPACES.sub("", text)
    try:
        decoded = base64.b64decode(bare.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as problem:
        raise NoDerError(Trouble.BROKEN) from problem
    if base64.b64encode(decoded).decode("ascii") != bare:
        raise NoDerError(Trouble.BROKEN)
    return decoded
