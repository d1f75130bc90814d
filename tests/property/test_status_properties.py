"""Lists against another reader, serials in every spelling, answers about nothing but what was asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.x509 import ocsp
from hypothesis import given, settings
from hypothesis import strategies as st

from sceau.certification import encode
from sceau.status import (
    GOOD,
    AnswerWindow,
    CertId,
    CrlFacts,
    Standing,
    build_crl_tbs,
    build_ocsp_answer,
    choose_serial,
    crl_entry,
    der,
    is_listed,
    read_ocsp_question,
    read_serial,
    spell_serial,
)
from tests.status_kit import NOW, Pki, TestResponder, make_pki, make_responder

SERIALS = st.integers(1, (1 << 159) - 1)
_FIRST = datetime(1950, 1, 1, tzinfo=UTC)
DATES = st.integers(0, 170 * 365 * 86400).map(lambda seconds: _FIRST + timedelta(seconds=seconds))
REASONS = st.sampled_from([0, 1, 2, 3, 4, 5, 9, 10])
EVERY_REASON = frozenset(range(1, 11))


@cache
def pki() -> Pki:
    return make_pki()


@cache
def responder() -> TestResponder:
    return make_responder(pki())


@given(st.lists(st.tuples(SERIALS, DATES, REASONS), max_size=40), st.integers(1, (1 << 159) - 1))
@settings(max_examples=150)
def test_another_reader_finds_in_a_list_exactly_what_was_put_there(
    rows: list[tuple[int, datetime, int]], number: int
) -> None:
    entries = [crl_entry(serial, at=at, reason=reason, said=EVERY_REASON) for serial, at, reason in rows]
    facts = CrlFacts(number, NOW, NOW + timedelta(days=6))
    crl = x509.load_der_x509_crl(pki().sign(build_crl_tbs(facts, entries, issuer=pki().identity)))
    assert crl.is_signature_valid(pki().certificate.public_key())  # type: ignore[arg-type]
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == number
    found = []
    for entry in crl:
        reason = 0
        for extension in entry.extensions:
            assert isinstance(extension.value, x509.CRLReason)
            reason = _NUMBERS[extension.value.reason]
        found.append((entry.serial_number, entry.revocation_date_utc, reason))
    assert found == rows


_NUMBERS = {
    x509.ReasonFlags.key_compromise: 1,
    x509.ReasonFlags.ca_compromise: 2,
    x509.ReasonFlags.affiliation_changed: 3,
    x509.ReasonFlags.superseded: 4,
    x509.ReasonFlags.cessation_of_operation: 5,
    x509.ReasonFlags.privilege_withdrawn: 9,
    x509.ReasonFlags.aa_compromise: 10,
}


@st.composite
def spelt(draw: st.DrawFn) -> tuple[int, str]:
    """A serial, and one of the ways in which somebody copies it."""
    serial = draw(SERIALS)
    text = draw(st.sampled_from([f"{serial:x}", f"{serial:X}", spell_serial(serial), f"{serial:040x}"]))
    separator = draw(st.sampled_from(["", " ", ":", "-", "\u00a0"]))
    if separator:
        text = spell_serial(serial)
        text = separator.join(text[place : place + 2] for place in range(0, len(text), 2))
    elif draw(st.booleans()):
        text = draw(st.sampled_from(["0x", "0X", "serial="])) + text
    elif draw(st.booleans()):
        text = str(serial)
    return serial, draw(st.sampled_from(["", " ", "\n"])) + text + draw(st.sampled_from(["", " ", "\r\n"]))


@given(spelt())
def test_f15_a_known_serial_is_found_in_whatever_spelling(pair: tuple[int, str]) -> None:
    serial, text = pair
    assert choose_serial(read_serial(text).require(), {serial}.__contains__).require() == serial


@given(st.text(max_size=60))
def test_no_text_makes_reading_a_serial_fail(text: str) -> None:
    reading = read_serial(text)
    assert reading.value is None or all(0 < number < 1 << 160 for number in reading.value.numbers)


@given(DATES, st.lists(st.integers(1, 200), min_size=1, max_size=30))
def test_f12_a_revoked_certificate_stands_on_every_list_until_one_made_after_its_end(
    end: datetime, gaps: list[int]
) -> None:
    made, last, seen_after_end = end - timedelta(hours=500), None, False
    for gap in gaps:
        listed = is_listed(end, last_list=last)
        assert listed or seen_after_end
        seen_after_end = seen_after_end or (listed and made > end)
        last, made = made, made + timedelta(hours=gap)


@given(st.binary(max_size=300))
def test_no_bytes_make_reading_a_question_fail(data: bytes) -> None:
    reading = read_ocsp_question(data)
    assert reading.value is None or reading.value.asked


@given(st.binary(max_size=120))
def test_a_strict_reader_takes_only_what_it_would_write(data: bytes) -> None:
    try:
        reader = der.Reader(data)
        tag = reader.next_tag()
        content = reader.take(tag) if tag is not None else b""
        reader.close()
    except der.NotDerError:
        return
    if tag is not None:
        assert encode.element(tag, content) == data


@given(SERIALS, st.binary(min_size=20, max_size=20), st.sampled_from([b"\x05\x00", b""]))
@settings(max_examples=60)
def test_f08_an_answer_repeats_the_very_bytes_that_were_asked(
    serial: int, key_hash: bytes, parameters: bytes
) -> None:
    algorithm = encode.sequence(encode.oid("1.3.14.3.2.26"), parameters)
    hashes = encode.octets(b"n" * 20) + encode.octets(key_hash)
    raw = encode.sequence(algorithm, hashes, encode.integer(serial))
    question = encode.sequence(encode.sequence(encode.sequence(encode.sequence(raw))))
    (asked,) = read_ocsp_question(question).require().asked
    assert asked == CertId(raw, "sha1", b"n" * 20, key_hash, serial)
    window = AnswerWindow(NOW, NOW + timedelta(hours=1))
    answer = build_ocsp_answer([(asked, GOOD)], signer=responder(), window=window, nonce=None)
    read = ocsp.load_der_ocsp_response(answer)
    assert (read.serial_number, read.issuer_key_hash) == (serial, key_hash)
    assert answer.count(raw) == 1
    assert Standing.GOOD.value == read.certificate_status.name.lower()
