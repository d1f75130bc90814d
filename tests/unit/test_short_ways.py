"""The short ways of a request: what a short way accepts, the long one accepts, with the same result."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import example, given
from hypothesis import strategies as st

from sceau.certification.armour import NoDerError, _as_text, _from_text, _from_usual
from sceau.certification.csr_signature import _PAIR, _has_lengths
from sceau.certification.curves import P_256
from sceau.certification.der import NotStrictError, parse
from tests.requests import csr, pem

LABELS = frozenset({"CERTIFICATE REQUEST"})


def is_pair(signature: bytes) -> bool:
    """The long way: two positive integers in strict DER."""
    try:
        return all(part.integer() > 0 for part in parse(signature).sequence(2))
    except NotStrictError:
        return False


@given(st.integers(1, 2**256), st.integers(1, 2**256), st.data())
def test_a_pair_changed_anywhere_passes_the_short_way_only_as_a_strict_pair(
    first: int, second: int, data: st.DataObject
) -> None:
    pair = bytearray(encode_dss_signature(first, second))
    for _ in range(data.draw(st.integers(0, 3))):
        pair[data.draw(st.integers(0, len(pair) - 1))] = data.draw(st.integers(0, 255))
    given = bytes(pair[: data.draw(st.integers(0, len(pair)))]) + data.draw(st.binary(max_size=2))
    if _PAIR.fullmatch(given) and _has_lengths(given):
        assert is_pair(given)


def test_the_pair_of_an_honest_signature_takes_the_short_way() -> None:
    given = encode_dss_signature(2**255 + 7, 2**254 + 9)
    assert _PAIR.fullmatch(given)
    assert _has_lengths(given)


@given(st.binary(min_size=1, max_size=200), st.data())
@example(b"0" * 48, None)
def test_a_plain_block_gives_the_octets_that_the_long_way_gives(
    der: bytes, data: st.DataObject | None
) -> None:
    text = bytearray(pem(der))
    if data is not None:
        for _ in range(data.draw(st.integers(0, 2))):
            text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.sampled_from(b"=\n \r-Aa+/E"))
    taken = _from_usual(bytes(text), LABELS)
    if data is None:
        assert taken == der
    if taken:
        assert taken == _from_text(_as_text(bytes(text)), LABELS)


@pytest.mark.parametrize(
    "block",
    [
        pem(csr(), label="PRIVATE KEY"),
        pem(csr()) + pem(csr()),
        pem(b"0" * 49).replace(b"=", b""),
        b"-----BEGIN CERTIFICATE REQUEST-----\nAB==\n-----END CERTIFICATE REQUEST-----\n",
    ],
    ids=["a private key", "two blocks", "no padding", "stray bits"],
)
def test_what_is_no_plain_block_is_left_to_the_long_way(block: bytes) -> None:
    assert _from_usual(block, LABELS) == b""
    with pytest.raises(NoDerError):
        _from_text(_as_text(block + b" "), LABELS)


def test_base64_of_several_lines_is_one_text() -> None:
    der = csr()
    assert _from_usual(pem(der), LABELS) == der == base64.b64decode(base64.b64encode(der))


def test_a_point_beside_the_curve_is_no_key() -> None:
    x, y = P_256.base
    assert P_256.holds(x, y)
    assert not P_256.holds(x, y ^ 1)
    assert not P_256.holds(x + P_256.prime, y)
