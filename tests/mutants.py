"""Drafts spoilt in every way we could think of.

A gate that looks at shapes must refuse them as one that reads everything does.
Each mutant is whole DER as far as its change lets it be (lengths are put right), so that it is refused for
what it says, not for how long it is.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from sceau.certification.der import parse
from tests.authority import tlv

Mutant = tuple[str, bytes]
_OIDS = ("2.5.29.14", "2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.31", "2.5.29.35", "2.5.29.37")

SERIALS = {
    "zero": b"\x00",
    "one": b"\x01",
    "negative": b"\xff" + bytes(19),
    "twenty octets with the sign": b"\x80" + bytes(19),
    "twenty-one octets": b"\x01" + bytes(20),
    "padded": b"\x00\x01" + bytes(18),
    "another one": b"\x11" + bytes(range(19)),
    "nineteen octets": b"\x11" + bytes(range(18)),
}
TIMES = {
    "thirteenth month": b"\x17\x0d261301000000Z",
    "day zero": b"\x17\x0d261200000000Z",
    "30 February": b"\x17\x0d260230000000Z",
    "29 February of no leap year": b"\x17\x0d270229000000Z",
    "hour 24": b"\x17\x0d261124240000Z",
    "second 60": b"\x17\x0d261124093060Z",
    "without seconds": b"\x17\x0b2611240930Z",
    "an offset": b"\x17\x112611240930+0100",
    "no Z": b"\x17\x0d2611240930150",
    "letters": b"\x17\x0d26x124093015Z",
    "1999": b"\x17\x0d991231235959Z",
    "2049": b"\x17\x0d491231235959Z",
    "another second": b"\x17\x0d261124093016Z",
    "a year before": b"\x17\x0d251124093015Z",
    "GeneralizedTime too early": b"\x18\x0f20261124093015Z",
    "GeneralizedTime": b"\x18\x0f20501124093015Z",
    "GeneralizedTime with a fraction": b"\x18\x1220501124093015.5Z",
    "GeneralizedTime on 31 April": b"\x18\x0f20510431093015Z",
    "far away": b"\x18\x0f99991231235959Z",
}
TEXTS = {
    "empty": b"",
    "a space": b" ",
    "one letter": b"x",
    "64 letters": b"x" * 64,
    "65 letters": b"x" * 65,
    "64 accents": "é".encode() * 64,
    "65 accents": "é".encode() * 65,
    "129 letters": b"x" * 129,
    "a NUL": b"a\x00b",
    "a line feed": b"a\nb",
    "a delete": b"a\x7fb",
    "a control of Latin-1": "a\x85b".encode(),
    "decomposed": "e\u0301".encode(),
    "a direction": "a\u202eb".encode(),
    "nothing to see": "\u200b".encode(),
    "a no-break space": "a\xa0b".encode(),
    "no character": "\ufffe".encode(),
    "Latin-1": b"\xe9",
    "cut UTF-8": b"a\xc3",
    "a surrogate": b"\xed\xa0\x80",
    "markup": b"<b>&amp;",
    "an emoji": "🏥".encode(),
}
NAMES = {
    "empty": b"",
    "a dot": b".",
    "one label": b"localhost",
    "a final dot": b"www.exemple.fr.",
    "two dots": b"www..exemple.fr",
    "an underscore": b"a_b.exemple.fr",
    "a wildcard": b"*.exemple.fr",
    "a space": b"a b.exemple.fr",
    "a hyphen in front": b"-a.exemple.fr",
    "a hyphen at the end": b"a-.exemple.fr",
    "capitals": b"WWW.Exemple.FR",
    "a label of 63": b"a" * 63 + b".exemple.fr",
    "a label of 64": b"a" * 64 + b".exemple.fr",
    "253 octets": b".".join([b"a" * 49] * 5) + b".fr",
    "254 octets": b".".join([b"a" * 49] * 4 + [b"a" * 51]) + b".fr",
    "a thousand octets": b".".join([b"a" * 49] * 20) + b".fr",
    "an address": b"192.0.2.1",
    "a numeric end": b"exemple.123",
    "an A-label": b"xn--caf-dma.fr",
    "a bad A-label": b"xn--a.fr",
    "an A-label at the end": b"exemple.xn--p1ai",
    "hyphens in third place": b"ab--c.exemple.fr",
    "an address of a person": b"a@exemple.fr",
    "two at signs": b"a@b@exemple.fr",
    "no local part": b"@exemple.fr",
    "no domain": b"a@",
    "a dot in front": b".a@exemple.fr",
    "two dots in the local part": b"a..b@exemple.fr",
    "a local part of 64": b"a" * 64 + b"@exemple.fr",
    "a local part of 65": b"a" * 65 + b"@exemple.fr",
    "quoted": b'"a b"@exemple.fr',
    "a long domain": b"a@" + b".".join([b"a" * 49] * 6) + b".fr",
    "a mailbox on one label": b"a@localhost",
    "eight bits": b"caf\xe9.fr",
    "a NUL": b"www.exemple.fr\x00.evil.fr",
    "an address on the web": b"http://exemple.fr",
    "a good host": b"www.exemple.fr",
    "a good mailbox": b"contact@exemple.fr",
    "a mailbox with a plus": b"a+b@exemple.fr",
}


def mutants(tbs: bytes, *, flips: int = 400, seed: int = 413) -> Iterator[Mutant]:
    """Every mutant of a draft, each with what was done to it; `flips` is how many single octets change."""
    chance = random.Random(seed)
    yield from _pieces_changed(tbs)
    yield from _serials(tbs)
    yield from _times(tbs)
    yield from _subjects(tbs)
    yield from _extensions(tbs)
    yield from _names(tbs)
    yield from _octets(tbs, chance, flips)


def holes_of(tbs: bytes, chance: random.Random) -> Iterator[Mutant]:
    """Drafts that differ in several holes at once, good values and bad ones mixed."""
    for number in range(60):
        name = chance.choice(list(NAMES.values()))
        yield f"several holes {number}", rebuilt(tbs, _several(chance, name, with_dates=number % 3 == 0))


def _several(chance: random.Random, name: bytes, *, with_dates: bool) -> Callable[[list[bytes]], None]:
    serial, text = chance.choice(list(SERIALS.values())), chance.choice(list(TEXTS.values()))
    until = chance.choice(list(TIMES.values()))

    def change(pieces: list[bytes]) -> None:
        pieces[1] = tlv(0x02, serial)
        rdns = [node.raw for node in parse(pieces[5]).children]
        rdns[-1] = tlv(0x31, tlv(0x30, b"\x06\x03\x55\x04\x03" + tlv(0x0C, text)))
        pieces[5] = tlv(0x30, b"".join(rdns))
        if with_dates:
            pieces[4] = tlv(0x30, parse(pieces[4]).children[0].raw + until)
        pieces[7] = _renaming(pieces[7], name) or pieces[7]

    return change


def rebuilt(tbs: bytes, change: Callable[[list[bytes]], None]) -> bytes:
    """The draft with its eight parts changed."""
    pieces = [node.raw for node in parse(tbs).children]
    change(pieces)
    return tlv(0x30, b"".join(pieces))


def _setting(tbs: bytes, index: int, value: bytes) -> bytes:
    def change(pieces: list[bytes]) -> None:
        pieces[index] = value

    return rebuilt(tbs, change)


def _pieces_changed(tbs: bytes) -> Iterator[Mutant]:
    pieces = [node.raw for node in parse(tbs).children]
    for index in range(8):
        without = pieces[:index] + pieces[index + 1 :]
        yield f"part {index} missing", tlv(0x30, b"".join(without))
        yield f"part {index} twice", tlv(0x30, b"".join([*pieces[: index + 1], *pieces[index:]]))
        if index < 7:
            swapped = [*pieces[:index], pieces[index + 1], pieces[index], *pieces[index + 2 :]]
            yield f"parts {index} and {index + 1} swapped", tlv(0x30, b"".join(swapped))
    yield "version 2", _setting(tbs, 0, b"\xa0\x03\x02\x01\x01")
    yield "version 1", _setting(tbs, 0, b"\xa0\x03\x02\x01\x00")
    yield "no subject", _setting(tbs, 5, b"\x30\x00")
    yield "the issuer as subject", _setting(tbs, 5, pieces[3])
    yield "something after the end", tbs + b"\x05\x00"
    yield "cut", tbs[:-1]
    yield "a longer length than needed", b"\x30\x83\x00" + tbs[2:]


def _serials(tbs: bytes) -> Iterator[Mutant]:
    for name, value in SERIALS.items():
        yield f"serial: {name}", _setting(tbs, 1, tlv(0x02, value))


def _times(tbs: bytes) -> Iterator[Mutant]:
    dates = [node.raw for node in parse(tbs).children[4].children]
    yield "dates swapped", _setting(tbs, 4, tlv(0x30, dates[1] + dates[0]))
    yield "one date", _setting(tbs, 4, tlv(0x30, dates[0]))
    for name, value in TIMES.items():
        yield f"notBefore: {name}", _setting(tbs, 4, tlv(0x30, value + dates[1]))
        yield f"notAfter: {name}", _setting(tbs, 4, tlv(0x30, dates[0] + value))


def _subjects(tbs: bytes) -> Iterator[Mutant]:
    rdns = [node.raw for node in parse(tbs).children[5].children]

    def named(changed: list[bytes]) -> bytes:
        return _setting(tbs, 5, tlv(0x30, b"".join(changed)))

    for index, rdn in enumerate(rdns):
        before, after = rdns[:index], rdns[index + 1 :]
        yield f"RDN {index} missing", named([*before, *after])
        yield f"RDN {index} twice", named([*before, rdn, rdn, *after])
        inside = [node.raw for node in parse(rdn).children]
        yield (
            f"RDN {index} with a value twice",
            named([*before, tlv(0x31, b"".join(inside + inside)), *after]),
        )
        yield f"RDN {index} empty", named([*before, b"\x31\x00", *after])
        if after:
            yield f"RDN {index} and the next swapped", named([*before, after[0], rdn, *after[1:]])
            merged = sorted(inside + [node.raw for node in parse(after[0]).children])
            yield (
                f"RDN {index} and the next in one",
                named([*before, tlv(0x31, b"".join(merged)), *after[1:]]),
            )
        for at, attribute in enumerate(inside):
            kind, value = parse(attribute).children
            for what, made in _attributes(kind.raw, value.tag, value.content):
                others = inside[:at] + inside[at + 1 :]
                whole = tlv(0x31, b"".join(sorted([*others, made])))
                yield f"RDN {index}, attribute {at}: {what}", named([*before, whole, *after])


def _attributes(kind: bytes, tag: int, content: bytes) -> Iterator[Mutant]:
    for other in (0x0C, 0x13, 0x14, 0x16, 0x1E, 0x1A, 0x04, 0x02):
        if other != tag:
            yield f"tag {other:02x}", tlv(0x30, kind + tlv(other, content))
    for name, text in TEXTS.items():
        yield f"text: {name}", tlv(0x30, kind + tlv(tag, text))
    yield "another type", tlv(0x30, b"\x06\x03\x55\x04\x05" + tlv(tag, content))
    yield "a mailbox's type", tlv(0x30, bytes.fromhex("06092a864886f70d010901") + tlv(tag, content))
    yield "no value", tlv(0x30, kind)
    yield "two values", tlv(0x30, kind + tlv(tag, content) * 2)


def _with_extensions(tbs: bytes, extensions: list[bytes]) -> bytes:
    return _setting(tbs, 7, tlv(0xA3, tlv(0x30, b"".join(extensions))))


def _extensions(tbs: bytes) -> Iterator[Mutant]:
    inside = [node.raw for node in parse(tbs).children[7].children[0].children]
    for index, one in enumerate(inside):
        before, after = inside[:index], inside[index + 1 :]
        yield f"extension {index} missing", _with_extensions(tbs, [*before, *after])
        yield f"extension {index} twice", _with_extensions(tbs, [*before, one, one, *after])
        yield f"extension {index} at the end", _with_extensions(tbs, [*before, *after, one])
        if after:
            yield f"extension {index} later", _with_extensions(tbs, [*before, after[0], one, *after[1:]])
        for what, made in _changed(one):
            yield f"extension {index}: {what}", _with_extensions(tbs, [*before, made, *after])
    yield "no extension", _with_extensions(tbs, [])
    for what, made in _strangers():
        yield f"one more extension: {what}", _with_extensions(tbs, [*inside, made])


def _changed(extension: bytes) -> Iterator[Mutant]:
    parts = parse(extension).children
    oid, value = parts[0].raw, parts[-1].content
    critical = b"" if len(parts) == 3 else b"\x01\x01\xff"
    yield "other criticality", tlv(0x30, oid + critical + tlv(0x04, value))
    yield "criticality said as FALSE", tlv(0x30, oid + b"\x01\x01\x00" + tlv(0x04, value))
    yield "empty value", tlv(0x30, oid + tlv(0x04, b""))
    yield "NULL", tlv(0x30, oid + tlv(0x04, b"\x05\x00"))
    yield "an empty sequence", tlv(0x30, oid + tlv(0x04, b"\x30\x00"))
    yield "something after", tlv(0x30, oid + tlv(0x04, value + b"\x05\x00"))
    yield "no octet string", tlv(0x30, oid + value)
    for dotted in _OIDS:
        other = b"\x06\x03\x55\x1d" + bytes((int(dotted.rpartition(".")[2]),))
        if other != oid:
            yield f"as {dotted}", tlv(0x30, other + critical + tlv(0x04, value))


def _strangers() -> Iterator[Mutant]:
    identifier = b"\x06\x03\x55\x1d"
    yield "CA", tlv(0x30, identifier + b"\x13\x01\x01\xff" + tlv(0x04, b"\x30\x03\x01\x01\xff"))
    yield "no bit of key usage", tlv(0x30, identifier + b"\x0f" + tlv(0x04, b"\x03\x01\x00"))
    yield "keyCertSign", tlv(0x30, identifier + b"\x0f\x01\x01\xff" + tlv(0x04, b"\x03\x02\x02\x04"))
    yield (
        "a decoy of names",
        tlv(0x30, identifier + b"\x09" + tlv(0x04, identifier + b"\x11" + tlv(0x04, b"\x30\x00"))),
    )
    yield "unknown and critical", tlv(0x30, b"\x06\x03\x2a\x03\x04\x01\x01\xff" + tlv(0x04, b"\x05\x00"))
    yield "issuerAltName", tlv(0x30, identifier + b"\x12" + tlv(0x04, b"\x30\x03\x82\x01a"))


def _with_name(tbs: bytes, what: str, text: bytes) -> Iterator[Mutant]:
    """The first name replaced; nothing where there are no names."""
    made = _renaming(parse(tbs).children[7].raw, text)
    if made is not None:
        yield what, _setting(tbs, 7, made)


def _renaming(extensions: bytes, text: bytes) -> bytes | None:
    inside = [node.raw for node in parse(extensions).children[0].children]
    for index, one in enumerate(inside):
        kind, *_, value = parse(one).children
        if kind.raw == b"\x06\x03\x55\x1d\x11":
            first, *others = parse(value.content).children
            names = _renamed(first.raw, first.tag, text) + b"".join(entry.raw for entry in others)
            inside[index] = tlv(0x30, kind.raw + tlv(0x04, tlv(0x30, names)))
            return tlv(0xA3, tlv(0x30, b"".join(inside)))
    return None


def _renamed(raw: bytes, tag: int, text: bytes) -> bytes:
    if tag != 0xA0:
        return tlv(tag, text)
    kind = parse(raw).children[0].raw
    return tlv(0xA0, kind + tlv(0xA0, tlv(0x0C, text)))


def _names(tbs: bytes) -> Iterator[Mutant]:
    for what, text in NAMES.items():
        yield from _with_name(tbs, f"name: {what}", text)
    for tag in (0x81, 0x82, 0x86, 0x87, 0x88, 0x83, 0xA4):
        for what, made in _with_name(tbs, f"name of kind {tag:02x}", b"www.exemple.fr"):
            yield what, made.replace(b"\x82\x0ewww.exemple.fr", bytes((tag, 14)) + b"www.exemple.fr")
            yield what, made.replace(b"\x81\x0ewww.exemple.fr", bytes((tag, 14)) + b"www.exemple.fr")


def _octets(tbs: bytes, chance: random.Random, flips: int) -> Iterator[Mutant]:
    for at in sorted(chance.sample(range(len(tbs)), min(flips, len(tbs)))):
        octet = chance.choice((tbs[at] ^ 1 << chance.randrange(8), chance.randrange(256), 0, 0xFF))
        yield f"octet {at} is {octet:02x}", tbs[:at] + bytes((octet,)) + tbs[at + 1 :]
