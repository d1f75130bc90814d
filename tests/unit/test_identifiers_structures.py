"""SIREN, SIRET, FINESS and the national identifier of a structure: read, or refused and why."""

from __future__ import annotations

import pytest

from sceau.vocabulary import (
    Adeli,
    Finess,
    IdentifierMode,
    PersonId,
    Rpps,
    RppsRang,
    Severity,
    Siren,
    Siret,
    StructureId,
    read_adeli_rang,
    read_finess,
    read_siren,
    read_siret,
    read_structure_id,
)
from tests.unit.said import codes, said

TEST = IdentifierMode.TEST
DUMMY_SIRET = "00000000077081"  # seen in test data
LETTERED = ["0B0057881", "0B0152872", "0B0221636", "0B0039129"]  # seen in test certificates
LETTERED_WITH_ANOTHER_KEY = ["1B0073160", "1B0062640"]  # seen in test certificates of DMP


@pytest.mark.parametrize("text", ["187512751", "356000000", "187 512 751", "187.512.751"])
def test_a_real_siren_is_read(text: str) -> None:
    assert read_siren(text).require().text == text.replace(" ", "").replace(".", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("35600000049837", "35600000049837"),  # La Poste: Luhn does not hold, the sum is a multiple of 5
        ("35600000000048", "35600000000048"),  # La Poste's seat: ordinary Luhn
        ("18751275100020", "18751275100020"),  # the agency, from the OU of its certificates
        ("356 000 000 49837", "35600000049837"),
        ("356\u00a0000\u202f000\u200949837", "35600000049837"),
        ("356.000.000.49837", "35600000049837"),
        ("356-000-000-49837", "35600000049837"),
        ("  35600000049837 ", "35600000049837"),
        ("3 5 6 0 0 0 0 0 0 4 9 8 3 7", "35600000049837"),  # a comb field
    ],
)
def test_a_real_siret_is_read_however_it_is_grouped(text: str, expected: str) -> None:
    reading = read_siret(text)
    assert reading.require() == Siret(expected)
    assert reading.findings == ()


def test_a_siret_knows_its_enterprise() -> None:
    assert Siret("18751275100020").siren == Siren("187512751")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {"typed.empty"}),
        (" \u00a0 ", {"typed.empty"}),
        ("35600000049836", {"siret.check-digit"}),
        ("35600000000049", {"siret.check-digit"}),
        ("18751275100021", {"siret.check-digit"}),
        ("00000000000000", {"siret.all-zero"}),
        ("11111111111111", {"siret.check-digit", "siret.siren-check-digit"}),
        ("3560000004983", {"siret.length"}),
        ("356000000498370", {"siret.length"}),
        ("35600000049837\n", {"typed.control-character"}),
        ("\t35600000049837", {"typed.control-character"}),
        ("35600000049837\x00", {"typed.control-character"}),
        ("\x1b[31m35600000049837", {"typed.control-character", "typed.character", "siret.length"}),
        ("３５６００００００４９８３７", {"typed.foreign-digit"}),
        ("٣٥٦٠٠٠٠٠٠٤٩٨٣٧", {"typed.foreign-digit"}),
        ("3560000004983\u200b7", {"typed.hidden-character"}),
        ("\u202e35600000049837", {"typed.hidden-character"}),
        ("\ufeff35600000049837", {"typed.hidden-character"}),
        ("\ud80035600000049837", {"typed.hidden-character"}),
        ("3560000004983O", {"typed.character"}),
        ("356000000498³7", {"typed.foreign-digit"}),
        ("FR40303265045", {"typed.character", "siret.length"}),
        ("-35600000049837", {"typed.separator"}),
        ("35600000049837.", {"typed.separator"}),
        ("35600000049837.0", {"typed.separator", "siret.length"}),
        ("356..000.000.49837", {"typed.separator"}),
        ("356–000–000–49837", {"typed.character", "siret.length"}),
        ("3.5600000049837E13", {"typed.character", "siret.length"}),
        ("35600000049837;35600000000048", {"typed.character", "siret.length"}),
    ],
)
def test_what_is_no_siret_is_refused_with_every_reason(text: str, expected: set[str]) -> None:
    reading = read_siret(text)
    assert reading.value is None
    assert codes(reading, Severity.ERROR) == expected


def test_a_siret_whose_key_holds_over_a_wrong_siren_is_refused() -> None:
    # 14 digits that pass Luhn; the first nine do not.
    assert codes(read_siret("99700367909006"), Severity.ERROR) == {"siret.siren-check-digit"}


def test_the_rank_zero_is_no_establishment() -> None:
    assert codes(read_siret("18751275100004"), Severity.ERROR) == {"siret.no-establishment"}


def test_the_length_is_told_as_found() -> None:
    assert said(read_siret("356 000 000 4983"), "siret.length") == {"found": "13"}


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("187512751", "siret.looks-like-siren"),
        ("750712184", "siret.looks-like-finess"),
        ("2A0000014", "siret.looks-like-finess"),
        ("318751275100020", "siret.looks-like-structure-id"),
        ("99700367909006", "siret.looks-like-rpps-rang"),
    ],
)
def test_another_number_given_for_a_siret_is_recognised(text: str, hint: str) -> None:
    reading = read_siret(text)
    assert reading.value is None
    assert hint in codes(reading, Severity.INFO)


def test_the_dummy_siret_of_test_data_is_for_test_mode_only() -> None:
    assert codes(read_siret(DUMMY_SIRET), Severity.ERROR) == {"siret.test-identifier"}
    assert read_siret(DUMMY_SIRET, mode=TEST).require() == Siret(DUMMY_SIRET)


def test_no_mode_reads_zeros() -> None:
    assert read_siret("0" * 14, mode=TEST).value is None
    assert read_siren("0" * 9, mode=TEST).value is None
    assert read_finess("0" * 9, mode=TEST).value is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("187512752", {"siren.check-digit"}),
        ("000000000", {"siren.all-zero"}),
        ("18751275", {"siren.length"}),
        ("18751275.1", {"typed.separator"}),
        ("187512751\r\n", {"typed.control-character"}),
        ("1875l2751", {"typed.character"}),
    ],
)
def test_what_is_no_siren_is_refused(text: str, expected: set[str]) -> None:
    assert codes(read_siren(text), Severity.ERROR) == expected


def test_a_siret_given_for_a_siren_is_recognised() -> None:
    assert said(read_siren("18751275100020"), "siren.looks-like-siret") == {"siren": "187512751"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("750712184", "750712184"),
        ("75 071 218 4", "75 071 218 4".replace(" ", "")),
        ("970100228", "970100228"),
        ("2A0000014", "2A0000014"),
        ("2a0000014", "2A0000014"),
        ("2b0000020", "2B0000020"),
        ("2A 000 0386", "2A0000386"),
    ],
)
def test_a_real_finess_is_read(text: str, expected: str) -> None:
    reading = read_finess(text)
    assert reading.require() == Finess(expected)
    assert reading.findings == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("750712185", {"finess.check-digit"}),
        ("000000000", {"finess.all-zero"}),
        ("000000018", {"finess.department"}),
        ("200000008", {"finess.department"}),
        ("960000008", {"finess.department"}),
        ("990000001", {"finess.department", "finess.check-digit"}),
        ("75071218O", {"finess.letters"}),
        ("2C0000014", {"finess.letters"}),
        ("A20000014", {"finess.letters"}),
        ("2A000001A", {"finess.letters"}),
        ("75071218", {"finess.length"}),
        ("２A0000014", {"typed.foreign-digit"}),
        ("2А0000014", {"typed.character"}),  # a Cyrillic А
        ("35600000049837", {"finess.length"}),
    ],
)
def test_what_is_no_finess_is_refused(text: str, expected: set[str]) -> None:
    assert codes(read_finess(text), Severity.ERROR) == expected


def test_a_corsican_key_that_does_not_match_warns_and_refuses_nothing() -> None:
    reading = read_finess("2A0000015")
    assert reading.require() == Finess("2A0000015")
    assert codes(reading, Severity.WARNING) == {"finess.lettered-check-digit"}


def test_an_unusual_third_character_warns() -> None:
    reading = read_finess("751234568")
    assert reading.require() == Finess("751234568")
    assert codes(reading, Severity.WARNING) == {"finess.third-position"}


@pytest.mark.parametrize("text", LETTERED + LETTERED_WITH_ANOTHER_KEY)
def test_the_lettered_finess_of_test_data_is_for_test_mode_only(text: str) -> None:
    assert codes(read_finess(text), Severity.ERROR) == {"finess.test-identifier"}
    assert read_finess(text, mode=TEST).require() == Finess(text)


@pytest.mark.parametrize("text", LETTERED)
def test_the_substituted_key_holds_on_most_test_numbers(text: str) -> None:
    assert read_finess(text, mode=TEST).findings == ()


@pytest.mark.parametrize("text", LETTERED_WITH_ANOTHER_KEY)
def test_a_substituted_key_that_fails_warns_in_test_mode(text: str) -> None:
    assert codes(read_finess(text, mode=TEST), Severity.WARNING) == {"finess.lettered-check-digit"}


def test_test_mode_still_checks_the_key_of_numbers_without_letters() -> None:
    assert codes(read_finess("750712185", mode=TEST), Severity.ERROR) == {"finess.check-digit"}


@pytest.mark.parametrize(
    ("text", "hint"),
    [("18751275100020", "finess.looks-like-siret"), ("1750712184", "finess.looks-like-structure-id")],
)
def test_another_number_given_for_a_finess_is_recognised(text: str, hint: str) -> None:
    assert hint in codes(read_finess(text), Severity.INFO)


@pytest.mark.parametrize(
    ("text", "kind", "number"),
    [
        ("318751275100020", "3", "18751275100020"),
        ("499700367909006", "4", "99700367909006"),
        ("499700237045007", "4", "99700237045007"),
        ("2187512751", "2", "187512751"),
        ("1750712184", "1", "750712184"),
        ("12a0000014", "1", "2A0000014"),
        ("075931234501", "0", "75931234501"),
    ],
)
def test_the_national_identifier_of_a_structure_is_read(text: str, kind: str, number: str) -> None:
    read = read_structure_id(text).require()
    assert read == StructureId(kind, number)
    assert read.text == text.upper()


@pytest.mark.parametrize("text", ["10B0057881", "10B0152872"])
def test_the_structures_of_test_certificates_are_read_in_test_mode(text: str) -> None:
    assert read_structure_id(text, mode=TEST).require().text == text
    assert "finess.test-identifier" in codes(read_structure_id(text), Severity.ERROR)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {"typed.empty"}),
        ("3", {"typed.empty"}),
        ("5123", {"structure-id.kind"}),
        ("899700041983", {"structure-id.kind"}),
        ("3750712184", {"siret.length"}),  # a person's 3, taken for a structure's
        ("40187512751", {"rpps-rang.length"}),
        ("318751275100020\n", {"typed.control-character"}),
        ("３18751275100020", {"typed.foreign-digit", "structure-id.kind"}),
    ],
)
def test_what_is_no_structure_is_refused(text: str, expected: set[str]) -> None:
    assert codes(read_structure_id(text), Severity.ERROR) == expected


def test_a_structure_without_its_type_digit_is_recognised() -> None:
    assert said(read_structure_id("18751275100020"), "structure-id.looks-like-siret") == {
        "siret": "18751275100020"
    }
    assert "structure-id.looks-like-finess" in codes(read_structure_id("750712184"), Severity.INFO)


def test_a_national_identifier_is_made_of_a_number_already_read() -> None:
    assert StructureId.of(Siret("18751275100020")).text == "318751275100020"
    assert StructureId.of(Finess("750712184")).text == "1750712184"
    assert StructureId.of(Siren("187512751")).text == "2187512751"
    assert StructureId.of(RppsRang("99700367909006")).text == "499700367909006"
    assert StructureId.of(read_adeli_rang("75931234501").require()).text == "075931234501"
    assert PersonId.of(Rpps("99700041983")).text == "899700041983"
    assert PersonId.of(Adeli("759312345")).text == "0759312345"


def test_a_finding_is_said_of_the_field_it_was_read_from() -> None:
    reading = read_siret("1", subject="structure.siret")
    assert {finding.subject for finding in reading.findings} == {"structure.siret"}


@pytest.mark.parametrize(
    "made", [lambda: Siret("1"), lambda: Siren("18751275a"), lambda: StructureId("5", "1")]
)
def test_no_value_is_made_that_a_reader_cannot_have_read(made: object) -> None:
    assert callable(made)
    with pytest.raises(ValueError, match="does not have the shape"):
        made()
