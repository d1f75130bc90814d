"""Short ways that spare a reading step by step: what they accept, the long way accepts as the same thing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sceau.certification import keys
from sceau.certification.csr_signature import Scheme, read_scheme
from sceau.certification.der import parse
from sceau.certification.subject_name import _check, _is_plain, _spell
from sceau.vocabulary import displayed
from sceau.vocabulary.host_names import _read_spelt, read_host_name
from tests.authority import CATALOGUE, private_key, spki_of
from tests.requests import oid

KINDS = ("rsa:2048", "rsa:3072", "rsa:4096", "ec:P-256", "ec:P-384")
PROFILE = CATALOGUE.profiles["serv_ssl@1"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_usual_key_is_read_as_the_long_way_reads_it(kind: str) -> None:
    spki = spki_of(private_key(kind, "short way"))
    short, whole = keys._read_usual(spki), keys._read_any(spki)
    assert short is not None
    assert short == whole


@pytest.mark.parametrize("kind", KINDS)
def test_a_spoilt_key_is_never_read_by_the_short_way_alone(kind: str) -> None:
    spki = spki_of(private_key(kind, "short way"))
    for at in range(len(spki)):
        for octet in {0, 0xFF, spki[at] ^ 1, spki[at] ^ 0x80, spki[at] + 1 & 0xFF} - {spki[at]}:
            spoilt = spki[:at] + bytes((octet,)) + spki[at + 1 :]
            short = keys._read_usual(spoilt)
            assert short is None or short == keys._read_any(spoilt), (at, octet)


def test_the_usual_algorithms_are_what_reading_them_gives() -> None:
    rsa, ecdsa = "1.2.840.113549.1.1.", "1.2.840.10045.4.3."
    for dotted in (rsa + "11", rsa + "12", rsa + "13", ecdsa + "2", ecdsa + "3", ecdsa + "4"):
        parameters = b"\x05\x00" if dotted.startswith(rsa) else b""
        usual = bytes((0x30, len(oid(dotted) + parameters))) + oid(dotted) + parameters
        bare = bytes((0x30, len(oid(dotted)))) + oid(dotted)
        scheme = read_scheme(parse(usual))
        assert isinstance(scheme, Scheme)
        if parameters:  # without its NULL it is read step by step, and is the same
            assert read_scheme(parse(bare)) == scheme
        assert scheme.for_rsa is bool(parameters)


LABELS = st.text("abcxyz0123456789-N._ é", min_size=0, max_size=8)


@settings(max_examples=1000)
@given(st.lists(LABELS, min_size=0, max_size=5).map(".".join))
def test_a_plain_host_name_is_one_by_the_long_way_without_a_word(text: str) -> None:
    assert read_host_name(text) == _read_spelt(text, displayed(text))


@settings(max_examples=1000)
@given(st.text(max_size=70), st.sampled_from(("CN", "O", "SN", "title")))
def test_what_is_plain_in_a_subject_has_no_finding(value: str, name: str) -> None:
    assert not _is_plain(name, value, PROFILE) or not _check(name, value, PROFILE)


@settings(max_examples=1000)
@given(st.text('ab "+,;<>\\#=é', max_size=6).map(str.strip))
def test_a_value_is_spelt_as_rfc_4514_asks_character_by_character(value: str) -> None:
    """Undoing the escapes gives the value, and nothing that must be escaped stands bare."""
    spelt = _spell("O", value).removeprefix("O=")
    bare, at = "", 0
    while at < len(spelt):
        escaped = spelt[at] == "\\"
        char = spelt[at + 1] if escaped else spelt[at]
        assert escaped or char not in '"+,;<>\\'
        assert escaped or not (char in " #" and at == 0)
        assert escaped or not (char == " " and at == len(spelt) - 1)
        bare += char
        at += 2 if escaped else 1
    assert bare == value
