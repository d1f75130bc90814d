"""E-mail addresses and French telephone numbers: read as people type them, refused with the reason."""

from __future__ import annotations

import pytest

from sceau.vocabulary import (
    EmailAddress,
    IdentifierMode,
    PhoneNumber,
    Severity,
    read_email,
    read_phone,
)
from tests.unit.said import codes, said

TEST = IdentifierMode.TEST


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("jean.dupont@chu-lyon.fr", "jean.dupont@chu-lyon.fr"),
        ("Jean.Dupont@CHU-Lyon.FR", "Jean.Dupont@chu-lyon.fr"),  # the local part is the holder's own
        (" \u00a0jean.dupont@chu-lyon.fr ", "jean.dupont@chu-lyon.fr"),
        ("a+b@chu-lyon.fr", "a+b@chu-lyon.fr"),
        ("o'brien_2@sous.domaine.chu-lyon.fr", "o'brien_2@sous.domaine.chu-lyon.fr"),
        ("a" * 64 + "@chu-lyon.fr", "a" * 64 + "@chu-lyon.fr"),
        ("1@chu-lyon.re", "1@chu-lyon.re"),
        ("contact@hôpital.fr", "contact@xn--hpital-ixa.fr"),
        ("monserviceclient.certificats@asipsante.fr", "monserviceclient.certificats@asipsante.fr"),
    ],
)
def test_an_address_is_read(text: str, expected: str) -> None:
    assert read_email(text).require() == EmailAddress(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {"typed.empty"}),
        ("jean.dupont", {"email.no-at"}),
        ("jean.dupont＠chu-lyon.fr", {"email.no-at"}),
        ("@chu-lyon.fr", {"email.no-local-part"}),
        ("a@", {"host.empty"}),
        ("a@b@chu-lyon.fr", {"email.many-at"}),
        ("a@chu-lyon.fr,b@chu-lyon.fr", {"email.many-at"}),
        ("a..b@chu-lyon.fr", {"email.dots"}),
        (".a@chu-lyon.fr", {"email.dots"}),
        ("a.@chu-lyon.fr", {"email.dots"}),
        ("a" * 65 + "@chu-lyon.fr", {"email.local-too-long"}),
        ("é@chu-lyon.fr", {"email.local-character"}),
        ("a b@chu-lyon.fr", {"email.local-character"}),
        ("a(c)@chu-lyon.fr", {"email.local-character"}),
        ("a,b@chu-lyon.fr", {"email.local-character"}),
        ("mailto:a@chu-lyon.fr", {"email.local-character"}),
        ("Jean <a@chu-lyon.fr>", {"email.local-character", "host.character"}),
        ('"jean dupont"@chu-lyon.fr', {"email.quoted"}),
        ("a\\@b@chu-lyon.fr", {"email.quoted"}),
        ("=1+1@chu-lyon.fr", {"email.local-start"}),
        ("+33@chu-lyon.fr", {"email.local-start"}),
        ("-oQ/tmp@chu-lyon.fr", {"email.local-start"}),
        ("user%autre.fr@chu-lyon.fr", {"email.route-or-pattern"}),
        ("autre.fr!user@chu-lyon.fr", {"email.route-or-pattern"}),
        ("*@chu-lyon.fr", {"email.route-or-pattern"}),
        ("a@chu-lyon.fr.", {"email.trailing-dot"}),
        ("a@chu-lyon", {"host.single-label"}),
        ("a@localhost", {"host.single-label"}),
        ("a@chu_lyon.fr", {"host.underscore"}),
        ("a@-chu.fr", {"host.hyphen-edge"}),
        ("a@chu..fr", {"host.empty-label"}),
        ("a@*.chu-lyon.fr", {"host.wildcard"}),
        ("a@chu-lyon.fr:25", {"host.port"}),
        ("a@192.0.2.1", {"host.ip-address"}),
        ("a@[192.0.2.1]", {"host.ip-address"}),
        ("a@[IPv6:2001:db8::1]", {"host.port"}),
        ("a@chu-lyon.1", {"host.numeric-tld"}),
        ("a@сhu-lyon.fr", {"host.mixed-scripts"}),  # a Cyrillic с
        ("a@ｃhu-lyon.fr", {"host.idna"}),  # a full-width c
        ("a@chu。fr", {"host.idna"}),  # an ideographic full stop
        ("a@chu-lyon.f", {"email.no-such-suffix"}),
        ("a@chu.local", {"email.special-use"}),
        ("a@chu.test", {"email.special-use"}),
        ("a@chu.invalid", {"email.special-use"}),
        ("a@chu.onion", {"email.special-use"}),
        ("a@chu.example", {"email.special-use"}),
        ("a@" + "b" * 64 + ".fr", {"host.label-too-long"}),
        ("a" * 64 + "@" + "b." * 94 + "fr", {"email.too-long"}),
        ("x" * 100_000, {"email.too-long"}),
        ("a@chu-lyon.fr\n", {"typed.control-character"}),
        ("a@chu-lyon.fr\r\nBcc: b@chu-lyon.fr", {"typed.control-character", "email.many-at"}),
        ("a\x00@chu-lyon.fr", {"typed.control-character"}),
        ("a\t@chu-lyon.fr", {"typed.control-character"}),
        ("a@\u202echu-lyon.fr", {"typed.hidden-character"}),
        ("a\u200b@chu-lyon.fr", {"typed.hidden-character"}),
        ("\ud800@chu-lyon.fr", {"typed.hidden-character"}),
    ],
)
def test_what_cannot_be_written_to_is_refused(text: str, expected: set[str]) -> None:
    reading = read_email(text)
    assert reading.value is None
    assert codes(reading, Severity.ERROR) == expected


def test_everything_wrong_with_an_address_is_said_at_once() -> None:
    assert codes(read_email("=é..x@chu_lyon"), Severity.ERROR) >= {
        "email.local-character",
        "email.dots",
        "email.local-start",
        "host.underscore",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a@chu-lyon.frr", "email.unknown-suffix"),
        ("a@asso.fr", "email.public-suffix"),
        ("jean.dupont@example.org", "email.documentation-domain"),
    ],
)
def test_a_doubtful_domain_warns(text: str, expected: str) -> None:
    reading = read_email(text)
    assert reading.value is not None
    assert codes(reading, Severity.WARNING) == {expected}


def test_test_mode_reads_test_domains_and_no_other_special_one() -> None:
    assert read_email("a@chu.test", mode=TEST).require() == EmailAddress("a@chu.test")
    assert read_email("a@chu.example", mode=TEST).findings == ()
    assert codes(read_email("a@chu.local", mode=TEST), Severity.ERROR) == {"email.special-use"}
    assert codes(read_email("a@localhost", mode=TEST), Severity.ERROR) == {"host.single-label"}


@pytest.mark.parametrize(
    "text",
    [
        "0153933270",
        "01 53 93 32 70",
        "01.53.93.32.70",
        "01-53-93-32-70",
        "01/53/93/32/70",
        "01\u00a053\u202f93 32 70",
        "(01) 53 93 32 70",
        "+33153933270",
        "+33 1 53 93 32 70",
        "+33.1.53.93.32.70",
        "+33 (0)1 53 93 32 70",
        "(+33) 1 53 93 32 70",
        "+33 01 53 93 32 70",
        "0033153933270",
        "00 33 1 53 93 32 70",
        " 0153933270 ",
    ],
)
def test_one_number_is_read_however_it_is_written(text: str) -> None:
    reading = read_phone(text)
    assert reading.require() == PhoneNumber("+33153933270", "0153933270")
    assert reading.findings == ()


@pytest.mark.parametrize(
    ("text", "e164", "national"),
    [
        ("06 12 34 56 78", "+33612345678", "0612345678"),
        ("07 81 23 45 67", "+33781234567", "0781234567"),
        ("09 70 12 34 56", "+33970123456", "0970123456"),
        ("0800 123 456", "+33800123456", "0800123456"),
        ("0262 90 50 50", "+262262905050", "0262905050"),
        ("0263 12 34 56", "+262263123456", "0263123456"),
        ("0692 12 34 56", "+262692123456", "0692123456"),
        ("+262 692 12 34 56", "+262692123456", "0692123456"),
        ("0269 61 15 15", "+262269611515", "0269611515"),
        ("0639 09 01 01", "+262639090101", "0639090101"),
        ("0590 89 10 10", "+590590891010", "0590891010"),
        ("0690 12 34 56", "+590690123456", "0690123456"),
        ("00590 590 89 10 10", "+590590891010", "0590891010"),
        ("0594 39 50 50", "+594594395050", "0594395050"),
        ("0694 12 34 56", "+594694123456", "0694123456"),
        ("0596 55 20 00", "+596596552000", "0596552000"),
        ("0696 12 34 56", "+596696123456", "0696123456"),
        ("0508 41 12 34", "+508411234", "0508411234"),
        ("+508 41 12 34", "+508411234", "0508411234"),
        ("0708 40 12 34", "+508708401234", "0708401234"),
        ("+508 708 40 12 34", "+508708401234", "0708401234"),
        ("0709 20 12 34", "+262709201234", "0709201234"),
        ("0709 00 12 34", "+590709001234", "0709001234"),
        ("0709 30 12 34", "+594709301234", "0709301234"),
        ("0709 35 12 34", "+262709351234", "0709351234"),
    ],
)
def test_numbers_of_the_mainland_and_overseas_are_read(text: str, e164: str, national: str) -> None:
    reading = read_phone(text)
    assert reading.require() == PhoneNumber(e164, national)
    assert reading.findings == ()


@pytest.mark.parametrize("text", ["+687 26 12 34", "00689 40 41 23 45", "+681 72 12 34"])
def test_numbers_of_the_pacific_are_read_with_a_word_for_the_printed_form(text: str) -> None:
    reading = read_phone(text)
    assert reading.value is not None
    assert codes(reading, Severity.WARNING) == {"phone.pacific"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {"typed.empty"}),
        ("+", {"phone.shape"}),
        ("()", {"phone.shape"}),
        ("0000000000", {"phone.shape"}),
        ("++33153933270", {"phone.shape"}),
        ("+33+153933270", {"phone.shape"}),
        ("33(0)", {"phone.shape"}),
        ("015393327", {"phone.length"}),
        ("01539332700", {"phone.length"}),
        ("153933270", {"phone.length"}),
        ("33153933270", {"phone.length"}),
        ("0153933270 0612345678", {"phone.length"}),
        ("+3315393327", {"phone.length-after-code"}),
        ("+331539332700", {"phone.length-after-code"}),
        ("15", {"phone.short"}),
        ("112", {"phone.short"}),
        ("3639", {"phone.short"}),
        ("118218", {"phone.short"}),
        ("0899123456", {"phone.premium"}),
        ("+44 20 7946 0958", {"phone.foreign"}),
        ("0032 2 555 12 12", {"phone.foreign"}),
        ("+377 93 15 30 00", {"phone.foreign"}),
        ("+1 514 555 0199", {"phone.foreign"}),
        ("+33 262 90 50 50", {"phone.wrong-code"}),
        ("+262 1 53 93 32 70", {"phone.wrong-code"}),
        ("0400000000", {"phone.not-assigned"}),
        ("0508051523", {"phone.not-assigned"}),
        ("0708901234", {"phone.not-assigned"}),
        ("+508 41 12", {"phone.not-assigned"}),
        ("0700123456", {"phone.not-assigned"}),
        ("+687 00 00 00", {"phone.not-assigned"}),
        ("01 53 93 32 7O", {"typed.character"}),
        ("01 53 93 32 70 poste 12", {"typed.character"}),
        ("0153933270;ext=12", {"typed.character"}),
        ("tel:0153933270", {"typed.character"}),
        ("０１５３９３３２７０", {"typed.foreign-digit"}),
        ("01 53 93 32 70\n", {"typed.control-character"}),
        ("01\x0053933270", {"typed.control-character"}),
        ("\u202d0153933270", {"typed.hidden-character"}),
        ("1" * 100_000, {"phone.length"}),
    ],
)
def test_what_reaches_nobody_in_france_is_refused(text: str, expected: set[str]) -> None:
    reading = read_phone(text)
    assert reading.value is None
    assert codes(reading, Severity.ERROR) == expected


def test_the_authority_s_own_number_is_read_and_its_price_told() -> None:
    reading = read_phone("0 825 852 000")
    assert reading.require().national == "0825852000"
    assert codes(reading, Severity.WARNING) == {"phone.shared-cost"}


@pytest.mark.parametrize(
    ("text", "e164"), [("0596 12 34 56", "+596596123456"), ("0269 12 34 56", "+262269123456")]
)
def test_an_overseas_block_that_the_library_does_not_know_warns_only(text: str, e164: str) -> None:
    reading = read_phone(text)
    assert reading.require().e164 == e164
    assert codes(reading, Severity.WARNING) == {"phone.unknown-block"}


def test_the_zero_that_a_spreadsheet_took_is_proposed() -> None:
    assert said(read_phone("153933270"), "phone.zero-missing") == {"number": "0153933270"}
    assert said(read_phone("33153933270"), "phone.plus-missing") == {"number": "+33153933270"}


def test_anything_but_a_text_is_a_finding() -> None:
    for value in (None, 153933270, ["0153933270"], b"a@chu-lyon.fr"):
        assert codes(read_phone(value), Severity.ERROR) == {"typed.not-text"}
        assert codes(read_email(value), Severity.ERROR) == {"typed.not-text"}
