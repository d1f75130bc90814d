"""A serial in whatever spelling somebody copied it [ASSURANCE F15]."""

from __future__ import annotations

import pytest

from sceau.status import choose_serial, read_serial, spell_serial

SERIAL = 0x1D5DE25E3DC14BDE3FCF4B5AC7803C9B


@pytest.mark.parametrize(
    "text",
    [
        "1D5DE25E3DC14BDE3FCF4B5AC7803C9B",
        "1d5de25e3dc14bde3fcf4b5ac7803c9b",
        "0x1D5DE25E3DC14BDE3FCF4B5AC7803C9B",
        "0X1d5de25e3dc14bde3fcf4b5ac7803c9b",
        "1D:5D:E2:5E:3D:C1:4B:DE:3F:CF:4B:5A:C7:80:3C:9B",
        "1d 5d e2 5e 3d c1 4b de 3f cf 4b 5a c7 80 3c 9b",
        "1d5de25e-3dc14bde-3fcf4b5a-c7803c9b",
        "001D5DE25E3DC14BDE3FCF4B5AC7803C9B",
        "serial=1D5DE25E3DC14BDE3FCF4B5AC7803C9B\n",
        "Serial Number: 1d:5d:e2:5e:3d:c1:4b:de:3f:cf:4b:5a:c7:80:3c:9b",
        "Numéro de série : 1D5DE25E3DC14BDE3FCF4B5AC7803C9B",
        "1D5D\u00a0E25E\u202f3DC14BDE3FCF4B5AC7803C9B",
        "39035086776736267461576335586345630875",
    ],
)
def test_each_usual_spelling_means_the_same_serial(text: str) -> None:
    reading = choose_serial(read_serial(text).require(), {SERIAL}.__contains__)
    assert reading.require() == SERIAL


def test_the_decimal_spelling_above_is_the_serial() -> None:
    assert int("39035086776736267461576335586345630875") == SERIAL


def test_digits_alone_are_matched_as_hexadecimal_and_as_decimal_with_what_exists() -> None:
    candidates = read_serial("1234").require()
    assert candidates.numbers == (0x1234, 1234)
    assert choose_serial(candidates, {0x1234}.__contains__).require() == 0x1234
    assert choose_serial(candidates, {1234}.__contains__).require() == 1234


def test_when_both_meanings_exist_nobody_guesses() -> None:
    reading = choose_serial(read_serial("1234").require(), {1234, 0x1234}.__contains__)
    assert [finding.code for finding in reading.findings] == ["serial.ambiguous"]
    assert choose_serial(read_serial("0x1234").require(), {1234, 0x1234}.__contains__).require() == 0x1234
    assert choose_serial(read_serial("12:34").require(), {1234, 0x1234}.__contains__).require() == 0x1234


def test_a_serial_nobody_gave_is_an_error() -> None:
    reading = choose_serial(read_serial("abcd").require(), set[int]().__contains__)
    assert [finding.code for finding in reading.findings] == ["serial.unknown"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "serial.empty"),
        ("  : ", "serial.empty"),
        ("0x", "serial.empty"),
        ("foobar", "serial.unreadable"),
        ("12 34 zz", "serial.unreadable"),
        ("１２３４", "serial.unreadable"),
        ("12;34", "serial.unreadable"),
        ("0x12x34", "serial.unreadable"),
        ("-1234", "serial.negative"),
        ("\u22121234", "serial.negative"),
        ("0", "serial.out-of-range"),
        ("00:00", "serial.out-of-range"),
        ("f" * 41, "serial.out-of-range"),
        ("1" * 5000, "serial.out-of-range"),
    ],
)
def test_what_can_be_no_serial_is_refused_and_said(text: str, code: str) -> None:
    reading = read_serial(text)
    assert reading.value is None
    assert [finding.code for finding in reading.findings] == [code]


def test_we_print_one_spelling() -> None:
    assert spell_serial(0x1) == "01"
    assert spell_serial(SERIAL) == "1D5DE25E3DC14BDE3FCF4B5AC7803C9B"
