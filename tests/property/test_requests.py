"""Requests under mutation: never a crash, never another key, never a name that was not asked for [G05,
G06].
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sceau.certification import check_request_names, judge_csr, read_csr
from sceau.certification.alternative_names import NameKind
from sceau.vocabulary import HostName, errors
from tests.authority import AT, CATALOGUE, private_key, spki_of
from tests.requests import asking, common_name, csr, dns, extension, pem

KEY = private_key("ec:P-256", "request")
HOSTS = tuple(HostName(f"{label}.mon-domaine.fr") for label in ("www", "api", "mail", "a.b"))
SEED = asking(
    dns("www.mon-domaine.fr", "api.mon-domaine.fr"),
    extension("2.5.29.15", b"\x03\x02\x05\xa0", b"\x01\x01\xff"),
    subject=[common_name("www.mon-domaine.fr")],
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """The seed with some octets changed, removed, added or moved."""
    data = bytearray(SEED)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data) - 1))
        match draw(st.sampled_from(["flip", "set", "cut", "add", "copy"])):
            case "flip":
                data[at] ^= 1 << draw(st.integers(0, 7))
            case "set":
                data[at] = draw(st.integers(0, 255))
            case "cut":
                del data[at : at + draw(st.integers(1, 9))]
            case "add":
                data[at:at] = draw(st.binary(min_size=1, max_size=9))
            case _:
                piece = data[at : at + draw(st.integers(1, 40))]
                data[at:at] = piece
        if not data:
            data = bytearray(b"0")
    return bytes(data)


@settings(max_examples=600)
@given(mutated())
def test_a_changed_request_is_refused_or_is_the_same_one(data: bytes) -> None:
    """What is signed cannot be changed; what is not signed has one encoding only."""
    reading = read_csr(data)
    if reading.value is not None:
        assert data == SEED
        assert reading.value.key.spki == spki_of(KEY)


@settings(max_examples=300)
@given(st.binary(max_size=600))
def test_any_octets_get_an_answer(data: bytes) -> None:
    found = judge_csr(data, form=None, product="SERV_SSL", names=HOSTS[:1], catalogue=CATALOGUE, at=AT)
    assert errors(found)


@settings(max_examples=200)
@given(st.binary(max_size=60), st.binary(max_size=60))
def test_text_around_a_block_never_changes_what_is_read(before: bytes, after: bytes) -> None:
    if b"-----" in before + after:
        return
    data = before + b"\n" + pem(SEED) + after
    if data[:1] == b"0":
        data = b"\n" + data
    reading = read_csr(data)
    assert reading.value is not None
    assert reading.value.der == SEED


@settings(max_examples=150)
@given(st.sets(st.sampled_from(HOSTS)), st.lists(st.sampled_from(HOSTS), min_size=1, max_size=6))
def test_f29_a_request_passes_exactly_when_all_its_names_were_asked_for(
    asked: set[HostName], carried: list[HostName]
) -> None:
    request = read_csr(asking(dns(*(name.text for name in carried)))).require()
    refused = check_request_names(request, asked)
    assert {finding.subject for finding in refused} == {name.text for name in set(carried) - asked}


@settings(max_examples=150)
@given(st.integers(0, 5), st.lists(st.sampled_from(HOSTS), min_size=5, max_size=5))
def test_f29_one_bad_name_anywhere_is_found(position: int, others: list[HostName]) -> None:
    names = [name.text for name in others]
    names.insert(position, "evil.fr")
    request = read_csr(asking(dns(*names))).require()
    assert [finding.subject for finding in check_request_names(request, HOSTS)] == ["evil.fr"]
    assert all(entry.kind is NameKind.DNS for entry in request.alternative_names)


@settings(max_examples=200)
@given(st.text(max_size=40))
def test_a_common_name_of_any_text_gets_an_answer(text: str) -> None:
    try:
        data = csr(subject=[common_name(text)])
    except UnicodeEncodeError:  # a lone surrogate: no UTF-8 string holds one
        return
    found = judge_csr(data, form=None, product="SERV_SSL", names=HOSTS[:1], catalogue=CATALOGUE, at=AT)
    assert all(CATALOGUE.say(finding) for finding in found)
