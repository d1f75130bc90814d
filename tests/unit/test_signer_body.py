"""How the signer reads a certificate's body for itself: as the library does, or not at all."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.utils import CryptographyDeprecationWarning

from sceau.custody.body import Body, read_body
from sceau.status import signed_der
from tests.status_kit import NOW, Pki, leaf, make_pki


@pytest.fixture(scope="module")
def pki() -> Pki:
    return make_pki()


@pytest.fixture(scope="module")
def tbs(pki: Pki) -> bytes:
    return x509.load_der_x509_certificate(leaf(pki, 0xC0FFEE)).tbs_certificate_bytes


def as_the_library_reads(tbs: bytes) -> Body:
    read = x509.load_der_x509_certificate(signed_der(tbs, b""))
    mine = read_body(tbs)
    extensions = {one.oid.dotted_string: one for one in read.extensions}
    assert len(extensions) == len(mine.extensions)
    key = extensions.get("2.5.29.35")
    return Body(
        read.serial_number,
        mine.algorithm,
        read.issuer.public_bytes(),
        read.not_valid_before_utc,
        read.not_valid_after_utc,
        read.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        mine.extensions,
        None if key is None else key.value.key_identifier,
    )


def read_or_none(tbs: bytes, read: Callable[[bytes], Body]) -> Body | None:
    """The library has many ways to say no."""
    try:
        return read(tbs)
    except (ValueError, IndexError, TypeError, x509.InvalidVersion, x509.DuplicateExtension):
        return None
    except (UnsupportedAlgorithm, x509.UnsupportedGeneralNameType, CryptographyDeprecationWarning):
        return None


def test_it_reads_what_the_library_reads(tbs: bytes, pki: Pki) -> None:
    body = read_body(tbs)
    assert body == as_the_library_reads(tbs)
    assert (body.serial, body.begins, body.key_identifier) == (0xC0FFEE, NOW, pki.identity.key_identifier)
    assert not body.may_certify


@pytest.mark.parametrize("year", [2049, 2050, 2051])
def test_both_spellings_of_a_time_are_read(pki: Pki, year: int) -> None:
    at = NOW.replace(year=year)
    read = x509.load_der_x509_certificate(leaf(pki, 7, at=at))
    assert read_body(read.tbs_certificate_bytes).begins == at


def test_a_flipped_octet_is_never_read_as_something_else(tbs: bytes) -> None:
    """Whatever the library makes of it: if ours reads it too, both read the same serial, issuer and dates."""
    chance = random.Random(413)
    alike = refused = 0
    for _ in range(4000):
        changed = bytearray(tbs)
        changed[chance.randrange(len(tbs))] ^= 1 << chance.randrange(8)
        mine = read_or_none(bytes(changed), read_body)
        theirs = None if mine is None else read_or_none(bytes(changed), as_the_library_reads)
        if mine is None or theirs is None:
            refused += 1
            continue
        assert (mine.serial, mine.begins, mine.ends) == (theirs.serial, theirs.begins, theirs.ends)
        assert mine.key_identifier == theirs.key_identifier
        alike += 1
    assert alike > 100
    assert refused > 1000


def test_every_cut_and_every_octet_too_many_is_refused(tbs: bytes) -> None:
    for length in range(len(tbs)):
        with pytest.raises((ValueError, IndexError)):
            read_body(tbs[:length])
    with pytest.raises(ValueError, match="after the end"):
        read_body(tbs + b"\0")


def test_a_time_of_the_wrong_spelling_is_refused(tbs: bytes) -> None:
    text = f"{NOW + timedelta(0):%y%m%d%H%M%S}Z".encode()
    assert text in tbs
    for other in (text[:-1] + b"z", b"9913" + text[4:], text[:-3] + b"61Z"):
        with pytest.raises(ValueError, match=r"time|must be in"):
            read_body(tbs.replace(text, other, 1))
