"""Whoever holds a key proves it by a signature: of words of one key, one hour and one use [F17, F22]."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from sceau.operations import (
    CertificateRequest,
    KeyChallenge,
    challenge_key,
    forget_challenges,
    issue_certificate,
    report_key_by_signature,
)
from sceau.records.models import BlockedKey, Certificate, Revocation, Setting
from tests.instance import ADMINISTRATOR, Instance, accepted, right_for
from tests.integration.test_orders import refusal
from tests.integration.test_portal_revocations import text_of
from tests.portal import DoorClient

CURVE, OTHER = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
RSA = rsa.generate_private_key(65537, 3072)
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


_RAW = ("-rawin", "-digest", "sha256")


def public(key: Key) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def private(key: Key) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def certify(key: Key, name: str) -> Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    csr = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    request = CertificateRequest(
        product="SERV_SSL",
        names=(name,),
        csr=csr.public_bytes(Encoding.DER),
        habilitation=right_for("SERV_SSL"),
    )
    file = issue_certificate(ADMINISTRATOR.actor, request, idempotency_key=name)
    return Certificate.objects.get(reference=file.line.reference)


@pytest.fixture
def certified(instance: Instance) -> tuple[Certificate, Certificate]:
    accepted()
    return certify(CURVE, "www.chu-exemple.fr"), certify(RSA, "rsa.chu-exemple.fr")


def on_curve(challenge: KeyChallenge, key: ec.EllipticCurvePrivateKey = CURVE) -> bytes:
    return key.sign(challenge.text.encode(), ec.ECDSA(hashes.SHA256()))


def test_f17_a_signature_of_the_words_blocks_the_key_and_ends_what_stands_on_it(
    certified: tuple[Certificate, Certificate],
) -> None:
    challenge = challenge_key(public(CURVE))
    report = report_key_by_signature(public(CURVE), on_curve(challenge))
    assert (report.key, report.ended) == (certified[0].spki_sha256, (certified[0].reference,))
    row = Revocation.objects.get()
    assert (row.reason, row.quality) == ("keyCompromise", "key-holder")
    assert BlockedKey.objects.get().spki_sha256 == report.key


@pytest.mark.parametrize(
    "sign",
    [
        lambda words: RSA.sign(words, padding.PKCS1v15(), hashes.SHA512()),
        lambda words: RSA.sign(words, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()),
        lambda words: base64.encodebytes(RSA.sign(words + b"\n", padding.PKCS1v15(), hashes.SHA384())),
    ],
)
def test_f17_rsa_in_either_scheme_in_octets_or_base64_is_believed(
    certified: tuple[Certificate, Certificate], sign: Callable[[bytes], bytes]
) -> None:
    challenge = challenge_key(certified[1].spki_sha256.encode())
    assert report_key_by_signature(public(RSA), sign(challenge.text.encode())).ended == (
        certified[1].reference,
    )


@pytest.mark.parametrize("key", [CURVE, RSA])
@pytest.mark.parametrize("tool", ["dgst", "pkeyutl"])
def test_f17_what_openssl_signs_in_one_command_is_believed(
    certified: tuple[Certificate, Certificate], key: Key, tool: str, tmp_path: Path
) -> None:
    del certified
    (tmp_path / "key.pem").write_bytes(private(key))
    (tmp_path / "words").write_text(challenge_key(public(key)).text)
    command = {
        "dgst": ["dgst", "-sha256", "-sign", "key.pem", "-out", "signature", "words"],
        "pkeyutl": [
            "pkeyutl",
            "-sign",
            "-inkey",
            "key.pem",
            "-rawin",
            "-digest",
            "sha256",
            "-in",
            "words",
            "-out",
            "signature",
        ],
    }[tool]
    subprocess.run(["openssl", *command], cwd=tmp_path, check=True, capture_output=True)
    assert report_key_by_signature(public(key), (tmp_path / "signature").read_bytes()).ended


def test_f22_another_key_other_words_and_weak_digests_prove_nothing_and_take_nothing(
    certified: tuple[Certificate, Certificate],
) -> None:
    del certified
    challenge = challenge_key(public(CURVE))
    other = challenge_key(public(RSA))
    words = challenge.text.encode()
    for wrong in (
        on_curve(challenge, OTHER),
        on_curve(other),
        CURVE.sign(words[:-1], ec.ECDSA(hashes.SHA256())),
        CURVE.sign(words + b" ", ec.ECDSA(hashes.SHA256())),
        CURVE.sign(b"Cette cle est compromise", ec.ECDSA(hashes.SHA256())),
        CURVE.sign(words, ec.ECDSA(hashes.SHA1())),
        CURVE.sign(words, ec.ECDSA(hashes.SHA224())),
        b"\x30\x06\x02\x01\x01\x02\x01\x01",
        b"pas de signature",
    ):
        assert refusal(report_key_by_signature, public(CURVE), wrong) == {"key-report.signature-wrong"}
    assert refusal(report_key_by_signature, public(CURVE), b"") == {"key-report.signature-form"}
    assert refusal(report_key_by_signature, public(CURVE), bytes(4096)) == {"key-report.signature-form"}
    signed = RSA.sign(other.text.encode(), padding.PKCS1v15(), hashes.SHA1())
    assert refusal(report_key_by_signature, public(RSA), signed) == {"key-report.signature-wrong"}
    assert not BlockedKey.objects.exists()
    assert report_key_by_signature(public(CURVE), on_curve(challenge)).ended, "the challenge still stands"


def test_f17_words_serve_once_and_for_an_hour(
    instance: Instance, certified: tuple[Certificate, Certificate]
) -> None:
    del certified
    assert refusal(report_key_by_signature, public(CURVE), b"0123") == {"key-report.no-challenge"}
    challenge = challenge_key(public(CURVE))
    instance.clock.forward(minutes=59, seconds=59)
    assert challenge_key(public(CURVE)) == challenge, "who asks again takes nothing from who is signing"
    instance.clock.forward(seconds=1)
    late = on_curve(challenge)
    assert refusal(report_key_by_signature, public(CURVE), late) == {"key-report.no-challenge"}
    fresh = challenge_key(public(CURVE))
    assert fresh.text != challenge.text
    assert refusal(report_key_by_signature, public(CURVE), late) == {"key-report.signature-wrong"}
    report_key_by_signature(public(CURVE), on_curve(fresh))
    assert refusal(report_key_by_signature, public(CURVE), on_curve(fresh)) == {"key-report.no-challenge"}


def test_nothing_is_kept_for_a_key_of_nobody_and_what_is_over_is_dropped(
    instance: Instance, certified: tuple[Certificate, Certificate]
) -> None:
    del certified
    assert refusal(challenge_key, public(OTHER)) == {"key-report.unknown-key"}
    assert refusal(report_key_by_signature, public(OTHER), b"0123") == {"key-report.unknown-key"}
    assert refusal(challenge_key, private(CURVE)) == {"key-report.private-key"}
    kept = Setting.objects.filter(name__startswith="key-challenge.")
    assert not kept.exists()
    challenge_key(public(CURVE))
    assert forget_challenges() == 0
    instance.clock.forward(hours=1)
    assert forget_challenges() == 1
    assert not kept.exists()


def test_the_page_gives_the_words_and_takes_the_signature(certified: tuple[Certificate, Certificate]) -> None:
    browser, where = DoorClient(), "/revoquer/cle/signature/"
    assert "clé publique" in text_of(browser.get(where))
    assert browser.post(where, {"key": "rien", "act": "ask"}).status_code == 422
    challenge = challenge_key(public(CURVE))
    given = text_of(browser.post(where, {"key": public(CURVE).decode(), "act": "ask"}))
    assert challenge.text in given
    sent = {
        "key": challenge.key,
        "act": "report",
        "signature": base64.b64encode(on_curve(challenge)).decode(),
    }
    assert browser.post(where, sent).status_code == 422, "the box is not ticked"
    assert browser.post(where, sent | {"signature": "AAAA", "sure": "oui"}).status_code == 422
    assert not BlockedKey.objects.exists()
    done = text_of(browser.post(where, sent | {"sure": "oui"}))
    assert "La clé est bloquée" in done
    assert certified[0].reference in done
    shown = browser.post(where, {"key": private(CURVE).decode(), "act": "ask"})
    assert "PRIVATE" not in shown.content.decode()
