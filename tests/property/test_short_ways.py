"""Short ways that spare a reading step by step: what they accept, the long way accepts as the same thing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sceau.certification import encode, keys
from sceau.certification.armour import read_element
from sceau.certification.csr_parts import Parts, divide, divide_read, forget_layouts
from sceau.certification.csr_signature import USUAL, Scheme, read_scheme
from sceau.certification.der import MAX_DEPTH, Node, parse
from sceau.certification.issuer import read_issuer
from sceau.certification.shape import TakenApart, forget_walks, is_plain_name, take_apart
from sceau.certification.signing import check_signed
from sceau.certification.subject_name import _LONGEST, _check, _is_plain, _spell
from sceau.vocabulary import Fault, displayed
from sceau.vocabulary.host_names import _read_spelt, read_host_name
from tests.authority import CATALOGUE, draft_for, private_key, signed, spki_of, tlv
from tests.mutants import mutants
from tests.requests import (
    common_name,
    csr,
    dns,
    extension,
    extension_request,
    info,
    oid,
    request_attribute,
    sign,
)

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
        assert scheme == USUAL[usual]
        if parameters:  # without its NULL it is read step by step, and is the same
            assert read_scheme(parse(bare)) == scheme
        assert scheme.for_rsa is bool(parameters)


REQUESTS = {
    "bare": csr(),
    "rsa": csr(key=private_key("rsa:2048", "short way"), subject=(common_name("www.exemple.fr"),)),
    "p-384": csr(key=private_key("ec:P-384", "short way")),
    "named": csr(
        extension_request(dns("www.exemple.fr", "mail.exemple.fr")),
        request_attribute("1.2.840.113549.1.9.7", tlv(0x0C, b"secret")),
        subject=(common_name("www.exemple.fr"), common_name("Hospices", 0x13)),
    ),
}


def told(node: Node) -> object:
    """An element and all inside it: tags, places, octets."""
    return node.tag, node.start, node.end, node.raw, tuple(told(child) for child in node.children)


def same(left: Parts, right: Parts) -> bool:
    rest = [left[at] == right[at] for at in (0, 1, 3, 5, 6)]
    nodes = told(left.subject), told(left.attributes)
    return all(rest) and nodes == (told(right.subject), told(right.attributes))


@pytest.mark.parametrize("which", REQUESTS)
def test_a_usual_request_is_divided_as_reading_it_whole_divides_it(which: str) -> None:
    short = divide(REQUESTS[which])
    assert short is not None
    assert same(short, divide_read(read_element(REQUESTS[which])))


@pytest.mark.parametrize("which", REQUESTS)
def test_a_kept_layout_divides_a_request_as_a_look_of_its_own_does(which: str) -> None:
    """A subject, a key and a signature of the same sizes lie where the first ones lay."""
    kind = REQUESTS[which]
    forget_layouts()
    alone = divide(kind)
    kept = divide(kind)
    assert alone is not None
    assert kept is not None
    assert same(kept, alone)
    other = kind[:-1] + bytes((kind[-1] ^ 1,))
    forget_layouts()
    fresh = divide(other)
    divide(kind)
    again = divide(other)
    assert fresh is not None
    assert again is not None
    assert same(again, fresh)


@pytest.mark.parametrize("which", REQUESTS)
def test_t65_a_spoilt_request_is_never_divided_by_the_short_way_alone(which: str) -> None:
    """Octets changed, taken out, put in: what is divided, by the layout of the sound one or by its own, is
    strict, and has these very parts.
    """
    der, passed = REQUESTS[which], 0
    for at in range(len(der)):
        first, rest = der[:at], der[at + 1 :]
        octets = {0, 1, 0x7F, 0x80, 0xFF, der[at] ^ 1, der[at] ^ 0x20, der[at] + 1 & 0xFF, der[at] - 1 & 0xFF}
        spoilt = [first + bytes((octet,)) + rest for octet in octets - {der[at]}]
        spoilt += [first, first + rest, first + b"\x00" + der[at:], first + der[at : at + 1] + der[at:]]
        for one in spoilt:
            forget_layouts()
            alone = divide(one)
            forget_layouts()
            assert divide(der) is not None
            short = divide(one)
            assert (short is None) is (alone is None)
            if short is not None:
                passed += 1
                assert same(short, divide_read(read_element(one))), (at, one.hex())
    assert passed > 100  # in the numbers, the texts and the signature


@given(st.integers(MAX_DEPTH - 14, MAX_DEPTH + 2), st.booleans())
def test_t25_the_short_way_nests_as_deep_as_the_long_way_and_no_deeper(depth: int, in_subject: bool) -> None:
    nested = b"\x05\x00"
    for _ in range(depth):
        nested = tlv(0x30, nested)
    place = (tlv(0x31, tlv(0x30, oid("2.5.4.99") + nested)),)
    attributes = (request_attribute("1.2.3", nested), extension_request(extension("1.2.4", b"\x05\x00")))
    der = sign(info(subject=place) if in_subject else info(attributes=attributes))
    short = divide(der)
    try:
        whole = divide_read(read_element(der))
    except ValueError:
        assert short is None
    else:
        assert short is not None
        assert same(short, whole)


def walked(tbs: bytes) -> TakenApart | None:
    """Taken apart by a walk of its own."""
    forget_walks()
    return take_apart(tbs)


@pytest.mark.parametrize("product", ["SERV_SSL", "SERV_SIGN", "ORG_AUTH_CLI", "PS_SIGN", "PRO_AUTH"])
def test_a_kept_walk_takes_a_draft_apart_as_a_walk_of_its_own_does(product: str) -> None:
    """Of every mutant, or says that it is not plain: then it is read whole."""
    drafts = [draft_for(product, key=private_key(kind, "walked"))[0].tbs for kind in KINDS]
    by_kept = 0
    for what, changed in mutants(drafts[3], flips=3000):
        alone = walked(changed)
        forget_walks()
        assert all(take_apart(one) is not None for one in drafts)
        kept = take_apart(changed)
        by_kept += kept is not None and len(changed) == len(drafts[3])
        assert kept == alone or (kept is not None and not kept.is_plain), what
        assert (alone is not None and alone.is_plain) == (kept is not None and kept.is_plain), what
    assert by_kept > 100


LABELS = st.text("abcxyz0123456789-N._ é", min_size=0, max_size=8)


@settings(max_examples=1000)
@given(st.lists(LABELS, min_size=0, max_size=5).map(".".join))
def test_a_plain_host_name_is_one_by_the_long_way_without_a_word(text: str) -> None:
    assert read_host_name(text) == _read_spelt(text, displayed(text))


@settings(max_examples=1000)
@given(
    st.one_of(
        st.lists(LABELS, min_size=0, max_size=5).map(".".join),
        st.from_regex(r"([a-z0-9-]{1,64}\.){1,5}[a-z0-9-]{1,64}", fullmatch=True),
        st.lists(st.from_regex(r"[a-z0-9]([a-z0-9-]{0,9}[a-z0-9])?", fullmatch=True), max_size=9).map(
            lambda labels: ".".join([*labels, "fr"])
        ),
    )
)
def test_a_host_name_that_is_plain_in_a_draft_is_canonical(text: str) -> None:
    if is_plain_name((0x82, text.encode())):
        read = read_host_name(text)
        assert read.value is not None
        assert (read.value.text, read.findings) == (text, ())


@settings(max_examples=1000)
@given(st.text(max_size=70), st.sampled_from(("CN", "O", "SN", "title")))
def test_what_is_plain_in_a_subject_has_no_finding(value: str, name: str) -> None:
    longest = PROFILE.common_name_length if name == "CN" else _LONGEST[name]
    assert not _is_plain(value, longest) or not _check(name, value, longest)


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


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 70_000), st.binary(max_size=20), st.integers(0, 600))
def test_a_signed_object_is_put_together_as_the_sequence_of_its_three_parts(
    size: int, algorithm: bytes, count: int
) -> None:
    content, signature = bytes(size), b"\x5a" * count
    whole = encode.sequence(content, algorithm, encode.bits(signature))
    assert encode.signed(content, algorithm, signature) == whole


@pytest.mark.parametrize("kind", ["rsa:2048", "ec:P-256"])
def test_a_certificate_cut_short_or_changed_anywhere_is_not_believed(kind: str) -> None:
    draft, authority = draft_for("SERV_SSL", kind=kind)
    issuer = read_issuer(authority.facts.certificate)
    good = signed(draft.tbs, authority.key)
    check_signed(good, draft.tbs, issuer)
    cut = [good[:size] for size in range(len(good))]
    changed = [
        good[:at] + bytes((good[at] ^ bit,)) + good[at + 1 :] for at in range(len(good)) for bit in (1, 0x80)
    ]
    for bad in (*cut, *changed, good + b"\0", b"\x30\x80" + good[4:] + b"\0\0"):
        with pytest.raises(Fault) as caught:
            check_signed(bad, draft.tbs, issuer)
        assert (caught.value.code, caught.value.retryable) == ("draft.other-bytes", False)
