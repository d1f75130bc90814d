"""A secret in parts: any k give it back, fewer say nothing, a miscopied one is noticed."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sceau.custody.shares import draw_secret, join, passphrase_of, read_share, split
from sceau.vocabulary import Refused

SECRET = bytes.fromhex("00112233445566778899aabbccddeeff")


@pytest.mark.parametrize(("threshold", "of"), [(2, 2), (2, 3), (3, 5), (5, 5), (7, 16)])
def test_any_threshold_of_shares_gives_the_secret_back(threshold: int, of: int) -> None:
    shares = split(SECRET, threshold=threshold, of=of)
    for chosen in itertools.islice(itertools.combinations(shares, threshold), 40):
        assert join(chosen[::-1]) == SECRET
    assert join(shares) == SECRET


def test_too_few_shares_or_one_twice_are_refused() -> None:
    shares = split(SECRET, threshold=3, of=5)
    for few in ((), shares[:2], (shares[0], shares[0], shares[1])):
        with pytest.raises(Refused, match=r"ceremony\.share-few"):
            join(few)


def test_shares_of_another_secret_are_noticed() -> None:
    shares, others = (split(one, threshold=2, of=3) for one in (SECRET, draw_secret()))
    with pytest.raises(Refused, match=r"ceremony\.share-other"):
        join((shares[0], others[1]))
    with pytest.raises(Refused, match=r"ceremony\.share-other"):
        join((shares[0], replace(others[1], about=shares[0].about)))


@given(st.binary(min_size=16, max_size=16), st.integers(2, 6), st.integers(0, 4))
@settings(max_examples=40, deadline=None)
def test_what_is_split_and_written_is_read_and_joined(secret: bytes, threshold: int, more: int) -> None:
    shares = split(secret, threshold=threshold, of=threshold + more)
    read = [read_share(f"Pour Mme X\n\n{share.line}\n\nÀ garder") for share in shares]
    assert tuple(read) == shares
    assert join(read[-threshold:]) == secret


def test_a_share_copied_on_two_lines_is_read_and_one_wrong_character_is_noticed() -> None:
    line = split(SECRET, threshold=2, of=3)[1].line
    assert read_share(line.replace(" ", "\n   ")).number == 2
    for place, character in enumerate(line):
        wrong = line[:place] + ("0" if character != "0" else "1") + line[place + 1 :]
        if character != " ":
            with pytest.raises(Refused, match=r"ceremony\.share-unreadable"):
                read_share(wrong)


def test_a_secret_is_never_split_so_that_one_or_nobody_could_open() -> None:
    for threshold, of in ((1, 3), (4, 3), (2, 17), (0, 0)):
        with pytest.raises(ValueError):
            split(SECRET, threshold=threshold, of=of)


def test_shares_are_those_of_debians_ssss() -> None:
    """Shares of the secret below, made by that program's arithmetic: f(x) = x^2 + a·x + s over GF(2^128)."""
    shares = split(SECRET, threshold=2, of=2)
    first, second = (int.from_bytes(share.value) for share in shares)
    slope = first ^ 1 ^ int.from_bytes(SECRET)
    assert second == _times(2, 2) ^ _times(slope, 2) ^ int.from_bytes(SECRET)


def _times(left: int, right: int) -> int:
    """Product modulo x^128 + x^7 + x^2 + x + 1."""
    product = 0
    while right:
        product ^= left if right & 1 else 0
        left <<= 1
        if left >> 128:
            left ^= (1 << 128) | 0x87
        right >>= 1
    return product


def test_the_passphrase_is_typed_with_any_keyboard() -> None:
    assert passphrase_of(SECRET) == b"00112233445566778899aabbccddeeff"
