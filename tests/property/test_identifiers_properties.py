"""Identifiers: whatever is typed gives a reading, one wrong digit is always seen, spaces never matter.

The keys are computed here by a second hand, apart from the one the readers use.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from sceau.catalogue.communes import load_communes
from sceau.cli.explain_id import ID_TYPES, explain_id
from sceau.vocabulary import (
    IdentifierMode,
    Reading,
    Severity,
    errors,
    read_adeli,
    read_adeli_rang,
    read_card_number,
    read_email,
    read_finess,
    read_person_id,
    read_phone,
    read_postcode,
    read_rpps,
    read_rpps_rang,
    read_siren,
    read_siret,
    read_structure_id,
)

Read = Callable[..., Reading[Any]]
DIGITS = "0123456789"
SPACES = " \u00a0\u2009\u202f"
READERS: dict[str, Read] = {
    "siren": read_siren,
    "siret": read_siret,
    "finess": read_finess,
    "rpps": read_rpps,
    "rppsrang": read_rpps_rang,
    "adeli": read_adeli,
    "adelirang": read_adeli_rang,
    "card": read_card_number,
    "postcode": read_postcode,
    "structure": read_structure_id,
    "person": read_person_id,
    "email": read_email,
    "phone": read_phone,
}


def luhn_sum(text: str) -> int:
    total = 0
    for place, digit in enumerate(reversed(text)):
        doubled = int(digit) * (2 if place % 2 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return total


def with_key(text: str) -> str:
    return next(text + key for key in DIGITS if luhn_sum(text + key) % 10 == 0)


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text(DIGITS, min_size=count, max_size=count)


@st.composite
def sirens(draw: st.DrawFn) -> str:
    return with_key(draw(digits(8).filter(lambda text: text != "0" * 8)))


@st.composite
def sirets(draw: st.DrawFn) -> str:
    rank = draw(st.integers(1, 9_999))
    return with_key(f"{draw(sirens().filter(lambda text: text != '356000000'))}{rank:04d}")


@st.composite
def posts(draw: st.DrawFn) -> str:
    """Establishments of La Poste: the plain sum is a multiple of 5, Luhn holds or not."""
    start = f"356000000{draw(st.integers(1, 9_999)):04d}"
    return draw(st.sampled_from([start + key for key in DIGITS if sum(map(int, start + key)) % 5 == 0]))


@st.composite
def finesses(draw: st.DrawFn) -> str:
    mainland = [f"{number:02d}" for number in range(1, 96) if number != 20]
    return with_key(f"{draw(st.sampled_from([*mainland, '97', '98']))}0{draw(digits(5))}")


@st.composite
def rppses(draw: st.DrawFn) -> str:
    return with_key(draw(digits(10).filter(lambda text: text != "0" * 10)))


@st.composite
def rpps_rangs(draw: st.DrawFn) -> str:
    return with_key(draw(rppses()) + draw(digits(2)))


KEYED: list[tuple[Read, st.SearchStrategy[str]]] = [
    (read_siren, sirens()),
    (read_siret, sirets()),
    (read_finess, finesses()),
    (read_rpps, rppses()),
    (read_rpps_rang, rpps_rangs()),
]
GOOD: list[tuple[Read, st.SearchStrategy[str]]] = [
    *KEYED,
    (read_siret, posts()),
    (read_adeli, digits(9).filter(lambda text: text != "0" * 9)),
    (read_card_number, digits(10).filter(lambda text: text not in ("0" * 10, "8025000001"))),
    (read_structure_id, st.one_of(sirets().map("3".__add__), finesses().map("1".__add__))),
    (read_person_id, rppses().map("8".__add__)),
]


@pytest.mark.parametrize(("read", "numbers"), GOOD)
def test_every_well_made_number_is_read_as_it_stands(read: Read, numbers: st.SearchStrategy[str]) -> None:
    @given(numbers)
    def check(number: str) -> None:
        reading = read(number)
        assert reading.require().text == number
        assert reading.findings == ()

    check()


@pytest.mark.parametrize(("read", "numbers"), KEYED)
def test_one_wrong_digit_is_always_seen(read: Read, numbers: st.SearchStrategy[str]) -> None:
    @given(numbers, st.data())
    def check(number: str, data: st.DataObject) -> None:
        place = data.draw(st.integers(0, len(number) - 1))
        other = data.draw(st.sampled_from([digit for digit in DIGITS if digit != number[place]]))
        wrong = number[:place] + other + number[place + 1 :]
        assume(not wrong.startswith("356000000"))  # La Poste has another key
        assert read(wrong).value is None

    check()


@pytest.mark.parametrize(("read", "numbers"), KEYED)
def test_a_digit_too_few_or_too_many_is_refused(read: Read, numbers: st.SearchStrategy[str]) -> None:
    @given(numbers, st.sampled_from(DIGITS))
    def check(number: str, more: str) -> None:
        assert read(number[:-1]).value is None
        assert read(number + more).value is None

    check()


@pytest.mark.parametrize(("read", "numbers"), GOOD)
def test_spaces_never_matter(read: Read, numbers: st.SearchStrategy[str]) -> None:
    @given(numbers, st.data())
    def check(number: str, data: st.DataObject) -> None:
        gaps = data.draw(st.lists(st.text(SPACES, max_size=2), min_size=len(number), max_size=len(number)))
        spaced = "".join(gap + char for gap, char in zip(gaps, number, strict=True)) + " "
        assert read(spaced) == read(number)

    check()


@pytest.mark.parametrize(("read", "numbers"), GOOD)
def test_what_hides_in_a_number_or_imitates_it_is_refused(
    read: Read, numbers: st.SearchStrategy[str]
) -> None:
    strange = st.sampled_from("\n\r\t\x00\x1b\x7f\x85\u200b\u200d\u2028\u202e\ufeff\ud800\ue000,;:_+*'\"")

    @given(numbers, strange, st.data())
    def check(number: str, character: str, data: st.DataObject) -> None:
        place = data.draw(st.integers(0, len(number)))
        assert read(number[:place] + character + number[place:]).value is None
        wide = number.translate({ord(digit): 0xFF10 + int(digit) for digit in DIGITS})
        assert read(wide).value is None

    check()


ANY_TEXT = st.one_of(
    st.text(),
    st.text(st.characters(categories=["Cs", "Cc", "Cf", "Nd", "No", "Zs", "L", "M", "S", "P"])),
    st.text(DIGITS + "AB2a -.\u00a0", max_size=20),
    st.text("@.-+0123456789abé \n\"'<>", max_size=30),
)


@pytest.mark.parametrize("kind", sorted(READERS))
def test_any_text_gives_a_reading_and_reading_again_changes_nothing(kind: str) -> None:
    read = READERS[kind]

    @given(ANY_TEXT, st.sampled_from(IdentifierMode))
    @example("0" * 100_000, IdentifierMode.REAL)
    @example("a" * 100_000, IdentifierMode.REAL)
    @example("\ud800" * 1_000, IdentifierMode.REAL)
    @example("1" + "." * 100_000, IdentifierMode.TEST)
    def check(text: str, mode: IdentifierMode) -> None:
        reading = read(text, mode=mode)
        assert (reading.value is None) == bool(errors(reading.findings))
        if reading.value is not None:
            canonical = reading.value.e164 if kind == "phone" else reading.value.text
            assert read(canonical, mode=mode).value == reading.value
        for finding in reading.findings:
            for _, value in finding.details:
                assert len(value) <= 700
                value.encode()  # no lone surrogate reaches a page, a log or a terminal

    check()


@pytest.mark.parametrize("kind", sorted(READERS))
def test_test_mode_never_refuses_what_real_mode_reads(kind: str) -> None:
    read = READERS[kind]

    @given(ANY_TEXT)
    def check(text: str) -> None:
        real = read(text)
        if real.value is not None:
            assert read(text, mode=IdentifierMode.TEST).value == real.value

    check()


@given(st.sampled_from([*ID_TYPES, "nothing"]), ANY_TEXT, st.one_of(st.none(), ANY_TEXT))
def test_the_question_is_always_answered(kind: str, text: str, commune: str | None) -> None:
    for finding in explain_id(kind, text, commune=commune):
        assert finding.code


@given(
    st.sampled_from(sorted(ID_TYPES)), st.one_of(st.none(), st.integers(), st.lists(st.text()), st.binary())
)
def test_a_value_that_is_no_text_is_refused(kind: str, value: object) -> None:
    assert [finding.code for finding in explain_id(kind, value)] == ["typed.not-text"]


@given(ANY_TEXT, ANY_TEXT)
def test_the_table_of_communes_warns_and_never_refuses(postcode: str, commune: str) -> None:
    table = load_communes()
    for finding in table.check(postcode, commune) + table.check("69003", commune):
        assert finding.severity is not Severity.ERROR


@given(st.sampled_from(["01", "02", "03", "04", "05", "06", "07", "09"]), digits(8))
def test_a_phone_number_is_the_same_in_all_its_forms(start: str, rest: str) -> None:
    national = start + rest
    reading = read_phone(national)
    assume(reading.value is not None)
    value = reading.require()
    assert value.national == national
    assert read_phone(value.e164).value == value
    assert read_phone(value.e164.replace("+", "00")).value == value
    assert read_phone(" ".join(national[at : at + 2] for at in range(0, 10, 2))).value == value


@given(st.text("abcdefghijklmnopqrstuvwxyz0123456789._-+", min_size=1, max_size=64))
def test_an_address_keeps_its_local_part_and_lowers_its_domain(local: str) -> None:
    reading = read_email(f"{local}@CHU-Lyon.FR")
    if reading.value is not None:
        assert reading.value.text == f"{local}@chu-lyon.fr"
    else:
        assert local[0] in "-+." or local[-1] == "." or ".." in local
