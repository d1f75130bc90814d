"""What a request gives, what it loses, and what is told. (Hostile ones: tests/conformance.)"""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from sceau.certification import check_request_names, judge_csr, read_csr
from sceau.certification.alternative_names import AlternativeName, NameKind
from sceau.vocabulary import Finding, HostName, Refused
from tests.authority import AT, CATALOGUE, private_key, spki_of, tlv
from tests.requests import (
    EKU,
    KEY_USAGE,
    asking,
    attribute,
    common_name,
    csr,
    dns,
    extension,
    integer,
    oid,
    request_attribute,
    san,
)

HOST = HostName("www.mon-domaine.fr")


def codes(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in findings]


def test_f22_the_key_of_a_request_is_its_own_octets() -> None:
    for kind in ("rsa:2048", "ec:P-256", "ec:P-384"):
        key = private_key(kind, "request")
        request = read_csr(csr(key=key)).require()
        assert request.key.spki == spki_of(key)
        assert request.key.spki in request.der


def test_what_it_asks_for_is_kept_apart_to_be_compared() -> None:
    data = asking(dns("www.mon-domaine.fr", "api.mon-domaine.fr"), subject=[common_name("Mon service")])
    request = read_csr(data).require()
    assert request.common_names == ("Mon service",)
    assert request.alternative_names == (
        AlternativeName(NameKind.DNS, "www.mon-domaine.fr"),
        AlternativeName(NameKind.DNS, "api.mon-domaine.fr"),
    )


def test_everything_dropped_is_told_and_nothing_of_it_refuses() -> None:
    password = request_attribute("1.2.840.113549.1.9.7", tlv(0x0C, b"hunter2"))
    extensions = request_attribute(
        "1.2.840.113549.1.9.14",
        tlv(0x30, extension(KEY_USAGE, b"\x03\x02\x02\x04") + extension("1.2.3.4", b"?")),
    )
    reading = read_csr(csr(password, extensions, subject=[attribute("2.5.4.10", tlv(0x0C, b"X"))]))
    assert reading.value is not None
    assert {(finding.code, finding.severity.value) for finding in reading.findings} == {
        ("csr.subject-dropped", "info"),
        ("csr.challenge-password", "warning"),
        ("csr.usage-dropped", "info"),
        ("csr.extension-dropped", "warning"),
    }


def test_a_password_in_a_request_is_never_repeated() -> None:
    reading = read_csr(csr(request_attribute("1.2.840.113549.1.9.7", tlv(0x0C, b"hunter2"))))
    assert "hunter2" not in repr(reading.findings)
    assert "hunter2" not in repr([CATALOGUE.say(finding) for finding in reading.findings])


def test_every_reason_is_given_at_once() -> None:
    subject = [common_name("evil.fr"), common_name("autre.fr")]
    data = asking(
        extension("2.5.29.19", tlv(0x30, b"\x01\x01\xff")),
        extension(EKU, tlv(0x30, b"")),
        dns("evil.fr"),
        subject=subject,
    )
    found = judge_csr(data, form=None, product="SERV_SSL", names=(HOST,), catalogue=CATALOGUE, at=AT)
    assert {
        "csr.several-common-names",
        "csr.asks-to-be-an-authority",
        "csr.malformed-extension",
        "csr.name-not-requested",
        "csr.common-name-not-requested",
    } <= set(codes(found))


@pytest.mark.parametrize("digest", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()])
def test_every_open_signature_proves_possession(digest: hashes.HashAlgorithm) -> None:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    assert isinstance(digest, hashes.SHA256 | hashes.SHA384 | hashes.SHA512)
    for kind in ("rsa:2048", "ec:P-256", "ec:P-384"):
        request = builder.sign(private_key(kind, "request"), digest)
        assert read_csr(request.public_bytes(Encoding.DER)).value is not None
    key = private_key("rsa:2048", "request")
    assert isinstance(key, rsa.RSAPrivateKey)
    for salt in (0, 20, 32, padding.PSS.MAX_LENGTH, padding.PSS.DIGEST_LENGTH):
        pss = padding.PSS(padding.MGF1(digest), salt)
        data = builder.sign(key, digest, rsa_padding=pss).public_bytes(Encoding.DER)
        assert read_csr(data).value is not None, salt


def test_f37_a_library_signature_with_sha_224_is_refused() -> None:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    data = builder.sign(private_key("rsa:2048", "request"), hashes.SHA224()).public_bytes(Encoding.DER)
    assert codes(read_csr(data).findings) == ["csr.weak-signature"]


def test_t65_a_request_that_the_library_cannot_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(data: bytes) -> x509.CertificateSigningRequest:
        raise ValueError("no")

    monkeypatch.setattr(x509, "load_der_x509_csr", fails)
    assert codes(read_csr(csr()).findings) == ["csr.parsers-differ"]


def test_t65_a_request_that_the_library_reads_as_another_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    other = x509.load_der_x509_csr(csr(subject=[common_name("autre")]))
    monkeypatch.setattr(x509, "load_der_x509_csr", lambda data: other)
    assert codes(read_csr(csr()).findings) == ["csr.parsers-differ"]


def test_f46_rsa_2048_is_refused_in_time_by_the_judgement_of_a_request() -> None:
    data = csr(key=private_key("rsa:2048", "request"))
    later = AT.replace(year=2028)
    assert codes(
        judge_csr(data, form=None, product="SERV_SSL", names=(HOST,), catalogue=CATALOGUE, at=later)
    ) == ["key.rsa-2048-ends"]


def test_a_finding_of_a_request_shows_no_control_character() -> None:
    request = read_csr(asking(san(tlv(0x86, b"http://evil.fr/\x7e")))).require()
    (finding,) = check_request_names(request, (HOST,))
    assert finding.subject.isprintable()


def test_an_edi_party_name_is_read_and_refused_like_any_other_name() -> None:
    entry = tlv(0xA5, tlv(0xA1, tlv(0x0C, b"x")))
    found = judge_csr(
        asking(san(entry)), form=None, product="SERV_SSL", names=(HOST,), catalogue=CATALOGUE, at=AT
    )
    assert "csr.name-not-requested" in codes(found)


def test_a_request_is_required_or_refused_with_all_its_findings() -> None:
    with pytest.raises(Refused) as caught:
        read_csr(csr(subject=[common_name("a"), common_name("b")])).require()
    assert "csr.several-common-names" in codes(caught.value.findings)


def test_a_version_is_told_as_the_standard_counts_it() -> None:
    body = csr().replace(b"\x02\x01\x00", b"\x02\x01\x01", 1)
    (finding,) = [one for one in read_csr(body).findings if one.code == "csr.version"]
    assert dict(finding.details) == {"version": "2"}


def test_a_kind_of_name_that_nobody_reads_is_malformed() -> None:
    other = tlv(0xA0, oid("1.3.6.1.4.1.311.20.2.3") + tlv(0xA0, integer(1)))
    assert codes(read_csr(asking(san(other))).findings) == ["csr.malformed-extension"]
