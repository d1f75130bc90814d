"""OCSP: questions read strictly, answers read by another reader, and never good for what was not issued."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from sceau.certification import encode
from sceau.status import (
    GOOD,
    LARGEST_QUESTION,
    UNKNOWN,
    AnswerWindow,
    IssuerDirectory,
    OcspTrouble,
    SerialStatus,
    Standing,
    build_ocsp_answer,
    build_ocsp_trouble,
    build_responder_tbs,
    issuer_identity,
    read_ocsp_question,
    responder_is_due,
)
from sceau.status.responder import ResponderOrder
from tests.status_kit import NOW, Pki, leaf, make_pki, make_responder, software_key

WINDOW = AnswerWindow(NOW, NOW + timedelta(hours=12))
REVOKED = SerialStatus(Standing.REVOKED, NOW - timedelta(days=1), 1)


@pytest.fixture(scope="module")
def pki() -> Pki:
    return make_pki()


def question(
    pki: Pki, serial: int, *, algorithm: hashes.HashAlgorithm | None = None, nonce: bytes | None = None
) -> bytes:
    certificate = x509.load_der_x509_certificate(leaf(pki, serial))
    builder = ocsp.OCSPRequestBuilder().add_certificate(
        certificate, pki.certificate, algorithm or hashes.SHA256()
    )
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def verify(response: ocsp.OCSPResponse, responder: x509.Certificate) -> None:
    key = responder.public_key()
    digest = response.signature_hash_algorithm
    assert digest is not None
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(response.signature, response.tbs_response_bytes, padding.PKCS1v15(), digest)
    else:
        assert isinstance(key, ec.EllipticCurvePublicKey)
        key.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(digest))


@pytest.mark.parametrize("algorithm", [hashes.SHA1(), hashes.SHA256()])
@pytest.mark.parametrize("kind", ["ec:P-256", "rsa:2048"])
@pytest.mark.parametrize(
    ("status", "said"),
    [
        (GOOD, ocsp.OCSPCertStatus.GOOD),
        (REVOKED, ocsp.OCSPCertStatus.REVOKED),
        (UNKNOWN, ocsp.OCSPCertStatus.UNKNOWN),
    ],
)
def test_an_answer_says_what_was_decided_about_exactly_what_was_asked(
    pki: Pki, algorithm: hashes.HashAlgorithm, kind: str, status: SerialStatus, said: ocsp.OCSPCertStatus
) -> None:
    asked = read_ocsp_question(question(pki, 0x80CAFE, algorithm=algorithm)).require()
    (one,) = asked.asked
    assert one.serial == 0x80CAFE
    issuer = IssuerDirectory([pki.identity]).find(one)
    assert issuer == pki.identity
    responder = make_responder(pki, kind=kind)
    answer = build_ocsp_answer([(one, status)], signer=responder, window=WINDOW, nonce=asked.nonce)
    read = ocsp.load_der_ocsp_response(answer)
    assert read.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
    assert read.serial_number == 0x80CAFE
    assert isinstance(read.hash_algorithm, type(algorithm))
    assert read.certificate_status is said
    assert (read.this_update_utc, read.next_update_utc) == (WINDOW.this_update, WINDOW.next_update)
    assert read.produced_at_utc == NOW
    assert read.responder_key_hash == responder.key_hash
    if status is REVOKED:
        assert read.revocation_time_utc == REVOKED.revoked_at
        assert read.revocation_reason is x509.ReasonFlags.key_compromise
    verify(read, read.certificates[0])
    read.certificates[0].verify_directly_issued_by(pki.certificate)
    assert one.raw in answer


def test_a_reason_that_is_not_said_is_left_out(pki: Pki) -> None:
    (one,) = read_ocsp_question(question(pki, 5)).require().asked
    status = SerialStatus(Standing.REVOKED, NOW)
    answer = build_ocsp_answer([(one, status)], signer=make_responder(pki), window=WINDOW, nonce=None)
    assert ocsp.load_der_ocsp_response(answer).revocation_reason is None


@pytest.mark.parametrize("length", [1, 8, 16, 32, 100, 128])
def test_a_nonce_is_given_back_as_it_came(pki: Pki, length: int) -> None:
    asked = read_ocsp_question(question(pki, 5, nonce=bytes(range(length)))).require()
    answer = build_ocsp_answer(
        [(asked.asked[0], GOOD)], signer=make_responder(pki), window=WINDOW, nonce=asked.nonce
    )
    extension = ocsp.load_der_ocsp_response(answer).extensions.get_extension_for_class(x509.OCSPNonce)
    assert extension.value.nonce == bytes(range(length))


def test_a_nonce_too_long_to_be_one_is_refused(pki: Pki) -> None:
    reading = read_ocsp_question(question(pki, 5, nonce=b"n" * 129))
    assert [finding.code for finding in reading.findings] == ["ocsp.malformed"]


def several(pki: Pki, serials: list[int]) -> bytes:
    """A question about several certificates, which the library does not build."""
    singles = []
    for serial in serials:
        (one,) = read_ocsp_question(question(pki, serial)).require().asked
        singles.append(encode.sequence(one.raw))
    return encode.sequence(encode.sequence(encode.sequence(*singles)))


def test_several_certificates_are_answered_in_one_in_the_order_asked(pki: Pki) -> None:
    asked = read_ocsp_question(several(pki, [3, 1, 2])).require().asked
    assert [one.serial for one in asked] == [3, 1, 2]
    said = list(zip(asked, [GOOD, REVOKED, UNKNOWN], strict=True))
    answer = build_ocsp_answer(said, signer=make_responder(pki), window=WINDOW, nonce=None)
    read = ocsp.load_der_ocsp_response(answer)
    assert [(one.serial_number, one.certificate_status) for one in read.responses] == [
        (3, ocsp.OCSPCertStatus.GOOD),
        (1, ocsp.OCSPCertStatus.REVOKED),
        (2, ocsp.OCSPCertStatus.UNKNOWN),
    ]


def test_too_many_at_once_or_none_at_all_are_refused(pki: Pki) -> None:
    one = several(pki, [1])
    assert read_ocsp_question(one).value is not None
    reading = read_ocsp_question(several(pki, list(range(1, 22))))
    assert [finding.code for finding in reading.findings] == ["ocsp.too-many"]
    nobody = encode.sequence(encode.sequence(encode.sequence()))
    assert [finding.code for finding in read_ocsp_question(nobody).findings] == ["ocsp.malformed"]


def test_an_endless_question_is_not_read() -> None:
    reading = read_ocsp_question(b"\x30" * (LARGEST_QUESTION + 1))
    assert [finding.code for finding in reading.findings] == ["ocsp.too-large"]


def test_no_cut_and_no_flipped_bit_ever_raises(pki: Pki) -> None:
    whole = question(pki, 0xABCDEF, nonce=b"x" * 16)
    for length in range(len(whole)):
        assert read_ocsp_question(whole[:length]).value is None
    for place in range(len(whole)):
        for bit in range(8):
            harmed = bytearray(whole)
            harmed[place] ^= 1 << bit
            read_ocsp_question(bytes(harmed))  # a value or findings, never an exception


def test_bytes_after_the_question_are_refused(pki: Pki) -> None:
    assert read_ocsp_question(question(pki, 5) + b"\0").value is None


def test_a_hash_that_nobody_uses_is_refused(pki: Pki) -> None:
    reading = read_ocsp_question(question(pki, 5, algorithm=hashes.SHA512()))
    assert [finding.code for finding in reading.findings] == ["ocsp.hash"]


def test_an_unknown_critical_extension_is_refused(pki: Pki) -> None:
    (one,) = read_ocsp_question(question(pki, 5)).require().asked
    d = encode
    for critical, codes in ((True, ["ocsp.critical"]), (False, [])):
        extension = d.extension("1.2.3.4", b"\x05\x00", critical=critical)
        body = d.sequence(d.sequence(d.sequence(one.raw)), d.explicit(2, d.sequence(extension)))
        reading = read_ocsp_question(d.sequence(body))
        assert [finding.code for finding in reading.findings] == codes


def test_an_issuer_is_found_by_name_and_key_together(pki: Pki) -> None:
    twin = make_pki()  # same name, another key
    other = make_pki("el-pp")
    directory = IssuerDirectory([pki.identity, other.identity])
    for authority, found in ((pki, pki.identity), (other, other.identity), (twin, None)):
        for algorithm in (hashes.SHA1(), hashes.SHA256()):
            (one,) = read_ocsp_question(question(authority, 5, algorithm=algorithm)).require().asked
            assert directory.find(one) == found


@pytest.mark.parametrize("trouble", list(OcspTrouble))
def test_troubles_are_said_without_a_signature(trouble: OcspTrouble) -> None:
    assert ocsp.load_der_ocsp_response(build_ocsp_trouble(trouble)).response_status.value == trouble


def test_a_responder_certificate_is_for_answers_only(pki: Pki) -> None:
    responder = x509.load_der_x509_certificate(make_responder(pki).certificate)
    responder.verify_directly_issued_by(pki.certificate)
    extensions = responder.extensions
    uses = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(uses) == [ExtendedKeyUsageOID.OCSP_SIGNING]
    assert extensions.get_extension_for_class(x509.OCSPNoCheck)
    usage = extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert not usage.value.key_cert_sign
    life = responder.not_valid_after_utc - responder.not_valid_before_utc
    assert life == timedelta(days=30) - timedelta(seconds=1)
    (name,) = responder.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    assert str(name.value).startswith("OCSP ")
    assert len(str(name.value)) <= 64


def test_a_responder_never_outlives_its_issuer(pki: Pki) -> None:
    end = pki.certificate.not_valid_after_utc
    order = ResponderOrder(software_key().public_key, 5, end - timedelta(days=3), 30, end)
    made = x509.load_der_x509_certificate(pki.sign(build_responder_tbs(order, issuer=pki.identity)))
    assert made.not_valid_after_utc == end


def test_a_responder_is_renewed_before_two_thirds_of_its_life() -> None:
    end = NOW + timedelta(days=30)
    due = [responder_is_due(not_before=NOW, not_after=end, at=NOW + timedelta(days=day)) for day in range(30)]
    assert due.index(True) <= 20 - 1
    assert not due[0]


def test_a_certificate_without_key_identifier_is_no_issuer(pki: Pki) -> None:
    key = software_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(pki.certificate.subject)
        .issuer_name(pki.certificate.subject)
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
        .public_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    )
    bare = builder.sign(key._private, hashes.SHA256()).public_bytes(Encoding.DER)
    with pytest.raises(ValueError, match="key identifier"):
        issuer_identity("x", 1, bare)
