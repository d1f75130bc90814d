"""Strict DER, read by ourselves."""

from __future__ import annotations

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from sceau.certification import encode
from sceau.certification.der import Flaw, NotStrictError, ordered, parse
from tests.authority import tlv

REFUSED = {
    "nothing": ("", Flaw.TRUNCATED),
    "a lone tag": ("30", Flaw.TRUNCATED),
    "an indefinite length": ("30800000", Flaw.LENGTH),
    "a length in two octets where one is enough": ("04810101", Flaw.LENGTH),
    "a length with a leading zero": ("0482000101", Flaw.LENGTH),
    "a length of four octets": ("048400000001aa", Flaw.LENGTH),
    "a length whose own octets are cut": ("0482", Flaw.LENGTH),
    "a length beyond the end": ("040501", Flaw.TRUNCATED),
    "a child longer than its parent": ("3003040501", Flaw.TRUNCATED),
    "octets after the end": ("050000", Flaw.TRAILING),
    "the tag zero": ("0000", Flaw.TAG),
    "a tag in the long form": ("1f0100", Flaw.TAG),
    "a constructed string": ("2c030c0161", Flaw.TAG),
    "a constructed bit string": ("2303030100", Flaw.TAG),
    "a primitive SEQUENCE": ("1000", Flaw.TAG),
    "a type that has no place here": ("0900", Flaw.TAG),
    "a boolean of 01": ("010101", Flaw.VALUE),
    "a boolean of two octets": ("0102ffff", Flaw.VALUE),
    "an empty integer": ("0200", Flaw.VALUE),
    "a padded positive integer": ("02020001", Flaw.VALUE),
    "a padded negative integer": ("0202ff80", Flaw.VALUE),
    "a padded enumeration": ("0a020001", Flaw.VALUE),
    "a NULL with content": ("050100", Flaw.VALUE),
    "a bit string without its first octet": ("0300", Flaw.VALUE),
    "eight unused bits": ("03020800", Flaw.VALUE),
    "unused bits that are set": ("03020101", Flaw.VALUE),
    "unused bits of no octet": ("030101", Flaw.VALUE),
    "an empty identifier": ("0600", Flaw.VALUE),
    "an identifier that is cut": ("06022a86", Flaw.VALUE),
    "an identifier with a padded arc": ("06032a8001", Flaw.VALUE),
    "an identifier that begins padded": ("0602802a", Flaw.VALUE),
    "overlong UTF-8": ("0c02c080", Flaw.STRING),
    "a surrogate in UTF-8": ("0c03eda080", Flaw.STRING),
    "cut UTF-8": ("0c01c3", Flaw.STRING),
    "Latin-1 in UTF8String": ("0c01e9", Flaw.STRING),
    "NUL in UTF8String": ("0c0100", Flaw.STRING),
    "an at sign in PrintableString": ("130140", Flaw.STRING),
    "an underscore in PrintableString": ("13015f", Flaw.STRING),
    "an asterisk in PrintableString": ("13012a", Flaw.STRING),
    "a letter in NumericString": ("120141", Flaw.STRING),
    "eight bits in IA5String": ("1601e9", Flaw.STRING),
    "NUL in IA5String": ("160100", Flaw.STRING),
    "a line feed in VisibleString": ("1a010a", Flaw.STRING),
    "an escape in TeletexString": ("14011b", Flaw.STRING),
    "half a character in BMPString": ("1e03004100", Flaw.STRING),
    "a surrogate in BMPString": ("1e02d800", Flaw.STRING),
    "NUL in BMPString": ("1e020000", Flaw.STRING),
    "a quarter of a character in UniversalString": ("1c0100", Flaw.STRING),
    "beyond Unicode in UniversalString": ("1c0400110000", Flaw.STRING),
    "a UTCTime without Z": ("170c323631313234303933303135", Flaw.VALUE),
    "a UTCTime with an offset": ("17113236313132343039333031352b30313030", Flaw.VALUE),
    "a SET out of order": ("3106020102020101", Flaw.ORDER),
}


@pytest.mark.parametrize(("hexadecimal", "flaw"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_strict_is_refused_and_the_flaw_is_named(hexadecimal: str, flaw: Flaw) -> None:
    with pytest.raises(NotStrictError) as caught:
        parse(bytes.fromhex(hexadecimal))
    assert caught.value.flaw is flaw


@pytest.mark.parametrize(
    "hexadecimal",
    [
        "0500",
        "0101ff",
        "020100",
        "02020080",
        "0201ff",
        "030100",
        "03020780",
        "06032a8648",
        "0c03e282ac",
        "13025a3f",
        "1402e941",
        "1e0420ac0041",
        "1c0400010000",
        "170d3236313132343039333031355a",
        "3106020101020102",
        "a0030201ff",
        "8003010203",
    ],
)
def test_what_is_strict_is_read(hexadecimal: str) -> None:
    assert parse(bytes.fromhex(hexadecimal)).raw.hex() == hexadecimal


def test_thirty_two_levels_are_read_and_thirty_three_are_not() -> None:
    def nested(levels: int) -> bytes:
        data = b"\x05\x00"
        for _ in range(levels - 1):
            data = tlv(0x30, data)
        return data

    assert parse(nested(32)).tag == 0x30
    with pytest.raises(NotStrictError) as caught:
        parse(nested(33))
    assert caught.value.flaw is Flaw.DEPTH


def test_sixteen_kibibytes_of_openings_are_refused_without_exhausting_anything() -> None:
    with pytest.raises(NotStrictError):
        parse(b"\x30\x82\x3f\xfc" * 4096)


def test_a_set_under_another_tag_is_checked_where_it_is_known_to_be_one() -> None:
    node = parse(bytes.fromhex("a006020102020101"))
    with pytest.raises(NotStrictError):
        ordered(node.children, node.start)


def test_values_are_read_as_they_are() -> None:
    node = parse(bytes.fromhex("300f06082a8648ce3d040302020300ffff"))
    identifier, number = node.sequence(2)
    assert identifier.oid() == "1.2.840.10045.4.3.2"
    assert number.integer() == 65535
    assert parse(bytes.fromhex("0201ff")).integer() == -1
    assert parse(bytes.fromhex("1e0420ac0041")).text() == "€A"
    assert parse(bytes.fromhex("0603813403")).oid() == "2.100.3"


def test_a_shape_that_was_not_expected_is_said() -> None:
    node = parse(bytes.fromhex("3003020101"))
    for wrong in (node.integer, node.oid, node.octets, node.text, node.bits):
        with pytest.raises(NotStrictError) as caught:
            wrong()
        assert caught.value.flaw is Flaw.SHAPE
    with pytest.raises(NotStrictError):
        node.sequence(2)


@given(st.binary(max_size=400))
def test_any_octets_are_read_back_whole_or_refused(data: bytes) -> None:
    try:
        node = parse(data)
    except NotStrictError:
        return
    assert node.raw == data


@given(st.integers(min_value=0, max_value=1 << 200))
def test_integers_are_written_as_they_are_read(value: int) -> None:
    assert parse(encode.integer(value)).integer() == value


@given(
    st.tuples(st.integers(0, 2), st.integers(0, 39), st.integers(0, 1 << 40), st.integers(0, 1 << 40)).map(
        lambda arcs: ".".join(map(str, arcs))
    )
)
def test_identifiers_are_written_as_we_and_the_library_read_them(dotted: str) -> None:
    assert parse(encode.oid(dotted)).oid() == dotted
    assert x509.ObjectIdentifier(dotted).dotted_string == dotted


@given(st.sets(st.integers(0, 8), min_size=1))
def test_named_bits_never_end_in_a_zero_bit(positions: set[int]) -> None:
    written = parse(encode.named_bits(tuple(positions))).content
    assert written[-1] >> written[0] & 1
    bits = "".join(f"{octet:08b}" for octet in written[1:])
    assert {at for at, bit in enumerate(bits) if bit == "1"} == positions
