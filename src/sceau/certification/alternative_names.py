"""GeneralNames, read strictly from a request or a certificate [RFC 5280 §4.2.1.6].

Gives each entry its kind and its text. Whether an entry may be there is decided elsewhere; an entry that
cannot be read is no entry, it is a malformed extension.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from enum import StrEnum

from sceau.certification.der import TEXT_TAGS, Flaw, Node, NotStrictError, parse

UPN = "1.3.6.1.4.1.311.20.2.3"
_IPV4, _IPV6 = 4, 16


class NameKind(StrEnum):
    """The kinds of GeneralName, with otherName split into the one we write (UPN) and the rest."""

    DNS = "dNSName"
    RFC822 = "rfc822Name"
    UPN = "UPN"
    URI = "URI"
    IP = "iPAddress"
    DIRECTORY = "directoryName"
    REGISTERED = "registeredID"
    OTHER = "otherName"
    X400 = "x400Address"
    EDI = "ediPartyName"


@dataclass(frozen=True, slots=True)
class AlternativeName:
    """One entry: its kind and its text (the octets in hexadecimal where there is no text)."""

    kind: NameKind
    value: str


_TEXTS = {0x81: NameKind.RFC822, 0x82: NameKind.DNS, 0x86: NameKind.URI}
_WHOLES = {0xA3: NameKind.X400, 0xA4: NameKind.DIRECTORY, 0xA5: NameKind.EDI}


def read_alternative_names(value: bytes) -> list[AlternativeName]:
    """The entries of a subjectAltName's value, in order. Raises `NotStrictError`."""
    return [_read(entry) for entry in parse(value).sequence(1, 1000)]


def _read(entry: Node) -> AlternativeName:
    if entry.tag in _TEXTS:
        return AlternativeName(_TEXTS[entry.tag], _ascii(entry))
    if entry.tag == 0x87:
        return AlternativeName(NameKind.IP, _address(entry))
    if entry.tag == 0x88:
        return AlternativeName(NameKind.REGISTERED, entry.content.hex())
    if entry.tag == 0xA0:
        return _read_other(entry)
    if entry.tag in _WHOLES:
        if not entry.children:
            raise NotStrictError(Flaw.SHAPE, entry.start)
        return AlternativeName(_WHOLES[entry.tag], entry.content.hex())
    raise NotStrictError(Flaw.TAG, entry.start)


def _ascii(entry: Node) -> str:
    """IA5String without controls: a NUL or a line feed in a name has one use only [F27]."""
    if not entry.content or any(octet < 0x20 or octet > 0x7E for octet in entry.content):
        raise NotStrictError(Flaw.STRING, entry.start)
    return entry.content.decode("ascii")


def _address(entry: Node) -> str:
    if len(entry.content) not in (_IPV4, _IPV6):
        raise NotStrictError(Flaw.VALUE, entry.start)
    return str(ipaddress.ip_address(entry.content))


def _read_other(entry: Node) -> AlternativeName:
    if len(entry.children) != 2 or entry.children[1].tag != 0xA0 or len(entry.children[1].children) != 1:
        raise NotStrictError(Flaw.SHAPE, entry.start)
    kind, (value,) = entry.children[0].oid(), entry.children[1].children
    if kind != UPN:
        return AlternativeName(NameKind.OTHER, f"{kind} {value.raw.hex()}")
    if value.tag not in TEXT_TAGS:
        raise NotStrictError(Flaw.STRING, value.start)
    return AlternativeName(NameKind.UPN, value.text())
