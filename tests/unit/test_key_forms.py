"""A compromised key is found in whatever form it is brought, and whoever holds it can prove it [F17]."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID

from sceau.certification import KEY_PROOF_TEXT, read_key_proof, read_public_key
from sceau.vocabulary import Reading

SPKI, PKCS1 = PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1
KINDS = ("rsa", "p256", "p384")


@lru_cache
def key(kind: str, which: int = 0) -> Any:
    if kind == "rsa":
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP256R1() if kind == "p256" else ec.SECP384R1())


def digest(of: Any) -> str:
    return hashlib.sha256(of.public_key().public_bytes(Encoding.DER, SPKI)).hexdigest()


def named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def proof(of: Any, text: str = KEY_PROOF_TEXT, form: Encoding = Encoding.PEM) -> bytes:
    made = x509.CertificateSigningRequestBuilder().subject_name(named(text)).sign(of, hashes.SHA256())
    return made.public_bytes(form)


def certificate(of: Any, form: Encoding) -> bytes:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(named("x"))
        .issuer_name(named("y"))
        .public_key(of.public_key())
        .serial_number(5)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(of, hashes.SHA256())
    )
    return made.public_bytes(form)


def url64(number: int) -> str:
    octets = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def jwk(of: Any, **more: Any) -> bytes:
    numbers = of.public_key().public_numbers()
    if isinstance(numbers, rsa.RSAPublicNumbers):
        found = {"kty": "RSA", "n": url64(numbers.n), "e": url64(numbers.e)}
    else:
        curve = "P-256" if numbers.curve.key_size == 256 else "P-384"
        found = {"kty": "EC", "crv": curve, "x": url64(numbers.x), "y": url64(numbers.y)}
    return json.dumps(found | more).encode()


FORMS: dict[str, Callable[[Any], bytes]] = {
    "SubjectPublicKeyInfo, PEM": lambda of: of.public_key().public_bytes(Encoding.PEM, SPKI),
    "SubjectPublicKeyInfo, DER": lambda of: of.public_key().public_bytes(Encoding.DER, SPKI),
    "request, PEM": lambda of: proof(of, "anything"),
    "request, DER": lambda of: proof(of, "anything", Encoding.DER),
    "certificate, PEM": lambda of: certificate(of, Encoding.PEM),
    "certificate, DER": lambda of: certificate(of, Encoding.DER),
    "JWK": lambda of: jwk(of, kid="x", use="sig"),
    "digest": lambda of: digest(of).encode(),
    "digest, as tools print it": lambda of: ":".join(
        digest(of).upper()[at : at + 2] for at in range(0, 64, 2)
    ).encode(),
}
RSA_FORMS: dict[str, Callable[[Any], bytes]] = {
    "PKCS #1, PEM": lambda of: of.public_key().public_bytes(Encoding.PEM, PKCS1),
    "PKCS #1, DER": lambda of: of.public_key().public_bytes(Encoding.DER, PKCS1),
}


@pytest.mark.parametrize("kind", KINDS)
def test_f17_every_form_of_a_key_gives_the_digest_that_the_records_know(kind: str) -> None:
    forms = FORMS | (RSA_FORMS if kind == "rsa" else {})
    found = {name: read_public_key(make(key(kind))).value for name, make in forms.items()}
    assert found == dict.fromkeys(forms, digest(key(kind)))


def codes(reading: Reading[str]) -> set[str]:
    assert reading.value is None
    return {one.code for one in reading.findings}


PRIVATE: dict[str, Callable[[Any], bytes]] = {
    "PKCS #8, PEM": lambda of: of.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    "PKCS #8, DER": lambda of: of.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
    "encrypted": lambda of: of.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    ),
    "traditional": lambda of: of.private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    ),
    "traditional, DER": lambda of: of.private_bytes(
        Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    ),
    "OpenSSH": lambda of: of.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()),
    "JWK": lambda of: jwk(of, d="AQAB"),
    "with its public half": lambda of: (
        of.public_key().public_bytes(Encoding.PEM, SPKI)
        + of.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    ),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", PRIVATE)
def test_a_private_key_is_refused_as_one_in_every_form(kind: str, form: str) -> None:
    shown = PRIVATE[form](key(kind))
    assert codes(read_public_key(shown)) == {"key-report.private-key"}
    assert read_key_proof(shown).value is None


@pytest.mark.parametrize(
    "data",
    [
        b"xyz",
        b"{}",
        b"{",
        b"[1]",
        b'{"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"}',
        b'{"kty": "RSA", "n": "", "e": ""}',
        b'{"kty": "RSA", "n": 5, "e": [1]}',
        b'{"kty": "OKP", "crv": "Ed25519", "x": "AQ"}',
        b"0" * 63,
        b"g" * 64,
        b"\x30\x03\x02\x01\x01",
        b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        b"A" * 20_000,
        b"{" * 9_000,
        b'{"a":' * 3_000,
    ],
)
def test_what_holds_no_key_is_said_to_hold_none(data: bytes) -> None:
    assert codes(read_public_key(data)) == {"key-report.unreadable"}


def test_nothing_is_nothing() -> None:
    assert codes(read_public_key(b" \n")) == {"key-report.empty"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", [Encoding.PEM, Encoding.DER])
def test_a_request_that_says_so_proves_that_its_key_is_compromised(kind: str, form: Encoding) -> None:
    assert read_key_proof(proof(key(kind), form=form)).require() == digest(key(kind))


@pytest.mark.parametrize("text", ["www.chu-exemple.fr", KEY_PROOF_TEXT.lower(), f"{KEY_PROOF_TEXT} "])
def test_a_request_made_for_something_else_proves_nothing(text: str) -> None:
    found = read_key_proof(proof(key("p256"), text))
    assert found.value is None
    assert {one.code for one in found.findings} & {"key-report.not-said", "csr.malformed-string"}


def test_a_request_without_a_name_or_signed_by_another_key_proves_nothing() -> None:
    bare = (
        x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key("p256"), hashes.SHA256())
    )
    assert codes(read_key_proof(bare.public_bytes(Encoding.PEM))) == {"key-report.not-said"}
    mine, theirs = proof(key("p256"), form=Encoding.DER), key("p256", 1)
    spki = key("p256").public_key().public_bytes(Encoding.DER, SPKI)
    swapped = mine.replace(spki, theirs.public_key().public_bytes(Encoding.DER, SPKI))
    assert swapped != mine
    assert read_key_proof(swapped).value is None
