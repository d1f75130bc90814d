"""RPPS, RPPS-rang, ADELI, card numbers and the national identifier of a person."""

from __future__ import annotations

import pytest

from sceau.vocabulary import (
    Adeli,
    CardNumber,
    IdentifierMode,
    PersonId,
    Rpps,
    RppsRang,
    Severity,
    read_adeli,
    read_adeli_rang,
    read_card_number,
    read_person_id,
    read_rpps,
    read_rpps_rang,
)
from tests.unit.said import codes, said

TEST = IdentifierMode.TEST


@pytest.mark.parametrize(
    "text", ["99700041983", "99700367909", "99700237045", "99700218896", "99700 041 983"]
)
def test_the_rpps_of_test_certificates_are_read(text: str) -> None:
    assert read_rpps(text).require() == Rpps(text.replace(" ", ""))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10005678901", {"rpps.check-digit"}),  # the registry's own illustration does not verify
        ("99700041984", {"rpps.check-digit"}),
        ("00000000000", {"rpps.all-zero"}),
        ("9970004198", {"rpps.length"}),
        ("９９７０００４１９８３", {"typed.foreign-digit"}),
        ("99700041983\n", {"typed.control-character"}),
        ("9970004I983", {"typed.character"}),
    ],
)
def test_what_is_no_rpps_is_refused(text: str, expected: set[str]) -> None:
    assert codes(read_rpps(text), Severity.ERROR) == expected


def test_the_first_line_of_a_card_given_for_an_rpps_is_recognised() -> None:
    reading = read_rpps("899700041983")
    assert reading.value is None
    assert said(reading, "rpps.looks-like-national-id") == {"rpps": "99700041983"}


def test_a_card_number_given_for_an_rpps_is_recognised() -> None:
    assert "rpps.looks-like-card-number" in codes(read_rpps("2800262487"), Severity.INFO)


@pytest.mark.parametrize("text", ["99700367909006", "99700237045007"])
def test_the_practices_of_test_certificates_are_read(text: str) -> None:
    assert read_rpps_rang(text).require() == RppsRang(text)


def test_a_practice_knows_its_professional() -> None:
    assert RppsRang("99700367909006").rpps == Rpps("99700367909")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("99700367909007", {"rpps-rang.check-digit"}),
        ("99700367908008", {"rpps-rang.rpps-check-digit"}),
        ("00000000000000", {"rpps-rang.all-zero"}),
        ("00000000000018", {"rpps-rang.all-zero"}),
        ("99700367909", {"rpps-rang.length"}),
        ("35600000049837", {"rpps-rang.check-digit", "rpps-rang.rpps-check-digit"}),
    ],
)
def test_what_is_no_practice_is_refused(text: str, expected: set[str]) -> None:
    assert codes(read_rpps_rang(text), Severity.ERROR) == expected


@pytest.mark.parametrize(
    ("text", "hint"),
    [("99700367909", "rpps-rang.looks-like-rpps"), ("499700367909006", "rpps-rang.looks-like-structure-id")],
)
def test_another_number_given_for_a_practice_is_recognised(text: str, hint: str) -> None:
    assert hint in codes(read_rpps_rang(text), Severity.INFO)


@pytest.mark.parametrize("text", ["759312345", "2a9312345", "2B9312345", "9D9312345", "75 9 31234 5"])
def test_an_adeli_number_has_a_shape_and_no_key(text: str) -> None:
    assert read_adeli(text).require() == Adeli(text.replace(" ", "").upper())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("000000000", {"adeli.all-zero"}),
        ("75931234", {"adeli.length"}),
        ("75931234A", {"adeli.letters"}),
        ("AB9312345", {"adeli.letters"}),
        ("0B9312345", {"adeli.test-identifier"}),
        ("99700041983", {"adeli.length"}),
    ],
)
def test_what_is_no_adeli_number_is_refused(text: str, expected: set[str]) -> None:
    assert codes(read_adeli(text), Severity.ERROR) == expected


@pytest.mark.parametrize("text", ["0B9312345", "1B9312345"])
def test_the_lettered_adeli_numbers_of_test_data_are_for_test_mode(text: str) -> None:
    assert read_adeli(text, mode=TEST).require() == Adeli(text)


def test_an_adeli_practice_is_an_adeli_number_and_a_rank() -> None:
    assert read_adeli_rang("75931234501").require().text == "75931234501"
    assert codes(read_adeli_rang("7593123450A"), Severity.ERROR) == {"adeli-rang.rank"}
    assert codes(read_adeli_rang("759312345"), Severity.ERROR) == {"adeli-rang.length"}


@pytest.mark.parametrize("text", ["2500634598", "2600301752", "2800262487", "25 0063 4598", "0000000001"])
def test_a_card_number_is_ten_digits(text: str) -> None:
    assert read_card_number(text).require() == CardNumber(text.replace(" ", ""))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {"typed.empty"}),
        ("250063459", {"card-number.length"}),
        ("25006345988", {"card-number.length"}),
        ("0000000000", {"card-number.all-zero"}),
        ("8025000001", {"card-number.issuer-number"}),
        ("250063459B", {"typed.character"}),
        ("２５００６３４５９８", {"typed.foreign-digit"}),
        ("2500634598\x00", {"typed.control-character"}),
    ],
)
def test_what_is_no_card_number_is_refused(text: str, expected: set[str]) -> None:
    assert codes(read_card_number(text), Severity.ERROR) == expected


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("899700041983", "card-number.looks-like-national-id"),
        ("99700041983", "card-number.looks-like-rpps"),
        ("8025000001/2800262487", "card-number.looks-like-token-id"),
    ],
)
def test_another_number_given_for_a_card_is_recognised(text: str, hint: str) -> None:
    reading = read_card_number(text)
    assert reading.value is None
    assert hint in codes(reading, Severity.INFO)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("899700041983", PersonId("8", "99700041983")),
        ("899700218896", PersonId("8", "99700218896")),
        ("8 99700 041 983", PersonId("8", "99700041983")),
        ("0759312345", PersonId("0", "759312345")),
        ("175931234501/12", PersonId("1", "75931234501", "12")),
        ("3750712184/CPET0002", PersonId("3", "750712184", "CPET0002")),
        ("4187512751/A-1", PersonId("4", "187512751", "A-1")),
        ("518751275100020/000000018", PersonId("5", "18751275100020", "000000018")),
        ("699700367909006/jean.dupont", PersonId("6", "99700367909006", "jean.dupont")),
    ],
)
def test_the_national_identifier_of_a_person_is_read(text: str, expected: PersonId) -> None:
    read = read_person_id(text).require()
    assert read == expected
    assert read.text == text.replace(" ", "")


def test_the_employee_of_a_test_certificate_is_read_in_test_mode() -> None:
    read = read_person_id("30B0057881/CPET0002", mode=TEST).require()
    assert read == PersonId("3", "0B0057881", "CPET0002")
    assert "finess.test-identifier" in codes(read_person_id("30B0057881/CPET0002"), Severity.ERROR)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {"typed.empty"}),
        ("8", {"typed.empty"}),
        ("8.99700041983", {"typed.separator"}),  # how one card wrote it in its UPN
        ("899700041984", {"rpps.check-digit"}),
        ("99700041983", {"person-id.kind"}),
        ("2187512751/1", {"person-id.kind"}),
        ("7187512751/1", {"person-id.kind"}),
        ("ANS20231122132732", {"person-id.kind"}),
        ("318751275100020/1", {"finess.length"}),  # a structure's 3, taken for a person's
        ("3750712184", {"person-id.internal-missing"}),
        ("3750712184/", {"person-id.internal-missing"}),
        ("3750712184/é", {"person-id.internal"}),
        ("3750712184/a/b", {"person-id.internal"}),
        ("3750712184/a\x00b", {"person-id.internal"}),
        ("3750712184/-a", {"person-id.internal"}),
        ("3750712184/" + "a" * 60, {"person-id.too-long"}),
        ("899700041983/12", {"person-id.internal-unexpected"}),
        ("f81d4fae-7dec-11d0-a765-00a0c91e6bf6", {"person-id.local-identity"}),
        ("10jean.dupont@medecin.mssante.fr", {"person-id.mail-address"}),
        ("899700041983@carte-cps.fr", {"person-id.mail-address"}),
        ("899700041983\n", {"typed.control-character"}),
        ("８99700041983", {"typed.foreign-digit", "person-id.kind"}),
    ],
)
def test_what_is_no_person_is_refused(text: str, expected: set[str]) -> None:
    assert codes(read_person_id(text), Severity.ERROR) == expected


def test_the_two_tables_do_not_mean_the_same_by_the_same_digit() -> None:
    assert read_person_id("3750712184/1").require().number == "750712184"  # 3 is a FINESS
    assert codes(read_person_id("1750712184/1"), Severity.ERROR) == {"adeli-rang.length"}  # 1 is not


def test_an_rpps_without_its_type_digit_is_recognised() -> None:
    assert said(read_person_id("99700041983"), "person-id.looks-like-rpps") == {"rpps": "99700041983"}


def test_anything_but_a_text_is_a_finding() -> None:
    for value in (None, 99700041983, ["99700041983"], {"rpps": 1}, b"99700041983", 1.5):
        assert codes(read_rpps(value), Severity.ERROR) == {"typed.not-text"}
        assert codes(read_person_id(value), Severity.ERROR) == {"typed.not-text"}
