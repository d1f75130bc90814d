"""A hierarchy on ML-DSA, from the ceremony to the revoked certificate: an experiment that has to work whole.

What it signs is verified by cryptography and, apart from it, by dilithium-py, an implementation in Python
that shares no line with it (Debian 12's OpenSSL knows no ML-DSA).
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, mldsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from dilithium_py.ml_dsa import ML_DSA_44, ML_DSA_65, ML_DSA_87
from pkilint import loader

from sceau.certification import IssuerFacts, compose_serial, draw_serial, prepare, read_csr, sign
from sceau.custody import SignerClient, SignerFolder
from sceau.custody.software import SoftwareKeyStore
from sceau.operations import issue_certificate, publish_crls, revoke_certificate
from sceau.publication import FolderShelf
from sceau.publication.page import render_page
from sceau.site.wiring import LintKeys
from sceau.status import (
    GOOD,
    AnswerWindow,
    CrlCalendar,
    ResponderOrder,
    SerialStatus,
    Standing,
    build_crl_tbs,
    build_ocsp_answer,
    build_responder_tbs,
    crl_entry,
    issuer_identity,
    next_crl,
    read_ocsp_question,
)
from sceau.vocabulary import Refused
from tests.authority import PRODUCTS, RANDOM_BITS, OneByOne, private_key, request, warrant
from tests.conformance.pkilint_kit import certificates, lists, remarks
from tests.instance import ADMINISTRATOR, NOON, Instance, accepted, offer, server_request
from tests.integration.signer_kit import CATALOGUE, bare_environment
from tests.integration.test_ceremony import ADDRESSES, HEAD, held, sceau, write
from tests.status_kit import Pki, TestResponder, make_pki, software_key

SECRET = b"une phrase longue pour une experience"
WORD = 'experimental = "post-quantum"\n'
KEYS = '[keys]\n"root-el" = "ml-dsa-87"\n"el-org" = "ml-dsa-65"\n"el-pp" = "ml-dsa-44"\n'
ISSUERS = 'issuers = ["root-el", "el-org", "el-pp"]\n'
PLAN = HEAD + WORD + ISSUERS + 'backend = "software"\n' + KEYS + ADDRESSES
KINDS = {"root-el": "87", "el-org": "65", "el-pp": "44"}
INDEPENDENT: dict[str, Any] = {"44": ML_DSA_44, "65": ML_DSA_65, "87": ML_DSA_87}


def of(data: Path, code: str) -> x509.Certificate:
    return x509.load_der_x509_certificate((data / "signer" / "certificates" / f"{code}-g1.cer").read_bytes())


def verifies_elsewhere(code: str, above: x509.Certificate, signed: bytes, signature: bytes) -> bool:
    """By dilithium-py, from the octets of the key, of what was signed and of the signature."""
    spki = above.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    raw = above.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert spki.endswith(raw)
    return bool(INDEPENDENT[KINDS[code]].verify(raw, signed, signature))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the ceremony left, on a plan that asks for ML-DSA and says the word."""
    place = tmp_path_factory.mktemp("post-quantum")
    held("run", write(place / "plan.toml", PLAN), "--data", place / "data", secret=SECRET)
    return place


@pytest.fixture(scope="module")
def client(place: Path) -> Iterator[SignerClient]:
    """The signer's own process on that hierarchy."""
    folder = SignerFolder(place / "data" / "signer")
    secret = place / "secret"
    secret.touch(mode=0o600)
    secret.write_bytes(SECRET)
    process = subprocess.Popen(
        [sys.executable, "-m", "sceau.custody", str(folder.path), "--passphrase-file", str(secret)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=bare_environment(),
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "prêt"
    client = SignerClient(folder.socket)
    yield client
    client.close()
    process.terminate()
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors


@pytest.fixture(scope="module")
def facts(place: Path) -> dict[str, IssuerFacts]:
    return {one.code: one for one in SignerFolder(place / "data" / "signer").facts(CATALOGUE)}


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def test_the_minutes_and_the_public_page_say_that_it_is_an_experiment(place: Path) -> None:
    (minutes,) = (place / "data" / "ceremonies").glob("*.md")
    text = minutes.read_text()
    assert "**EXPÉRIMENTAL** : clés ML-DSA (post-quantiques) de root-el, el-org, el-pp" in text
    seen = text.count("lectures comparées, aucune différence")
    assert seen == 3
    assert text.count("openssl verify -x509_strict : OK") + text.count("cet OpenSSL ne sait pas") == 3
    page = render_page("Essai", FolderShelf(place / "data" / "public"), has_ocsp=True)
    assert "<strong>Expérimental :</strong> ACI-EL-ORG-TEST.cer, ACI-EL-PP-TEST.cer, ACR-EL-TEST.cer" in page


def test_a_page_without_such_a_key_says_nothing_of_it(tmp_path: Path) -> None:
    assert "Expérimental" not in render_page("Essai", FolderShelf(tmp_path), has_ocsp=True)


@pytest.mark.parametrize(
    ("code", "above"), [("root-el", "root-el"), ("el-org", "root-el"), ("el-pp", "root-el")]
)
def test_the_authorities_verify_in_two_implementations(place: Path, code: str, above: str) -> None:
    made, parent = of(place / "data", code), of(place / "data", above)
    made.verify_directly_issued_by(parent)
    assert made.signature_algorithm_oid.dotted_string == "2.16.840.1.101.3.4.3.19"
    assert verifies_elsewhere(above, parent, made.tbs_certificate_bytes, made.signature)
    assert not verifies_elsewhere(above, parent, made.tbs_certificate_bytes + b"\0", made.signature)


def test_pkilint_has_nothing_to_say_of_the_authorities(place: Path) -> None:
    for code in KINDS:
        der = of(place / "data", code).public_bytes(Encoding.DER)
        assert remarks(certificates(), loader.load_der_certificate(der, code)) == set()


def test_keys_are_files_that_only_the_passphrase_opens(place: Path) -> None:
    folder = SignerFolder(place / "data" / "signer")
    key = SoftwareKeyStore(folder.keys, SECRET).open("el-org-g1")
    assert key.algorithm == bytes.fromhex("300b0609608648016503040312")
    public = of(place / "data", "el-org").public_key()
    assert key.public_key == public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    public.verify(key.sign(b"octets"), b"octets")  # type: ignore[call-arg, union-attr]
    with pytest.raises(Exception, match=r"keys\.locked"):
        SoftwareKeyStore(folder.keys, b"une autre").open("el-org-g1")


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_product_comes_out_of_the_same_gate(
    place: Path, client: SignerClient, facts: dict[str, IssuerFacts], product: str
) -> None:
    """Examined, linted under a throw-away key of the same kind, signed by the process, compared."""
    issuer, at = facts[CATALOGUE.products[product].issuer], now()
    draft = prepare(
        warrant(product, at=at),
        request(private_key("rsa:3072", "subscriber")),
        issuer,
        catalogue=CATALOGUE,
        serial=draw_serial(at, random_bytes),
        at=at,
        lint_key=LintKeys()(issuer),
    )
    made = x509.load_der_x509_certificate(sign(draft, client, issuer))
    above = of(place / "data", issuer.code)
    made.verify_directly_issued_by(above)
    assert verifies_elsewhere(issuer.code, above, made.tbs_certificate_bytes, made.signature)
    assert made.tbs_certificate_bytes == draft.tbs


def random_bytes(count: int) -> bytes:
    import secrets

    return secrets.token_bytes(count)


def test_a_lint_key_of_another_kind_is_not_taken(facts: dict[str, IssuerFacts]) -> None:
    at = now()
    for wrong in (private_key("ec:P-256", "lint"), mldsa.MLDSA44PrivateKey.generate()):
        with pytest.raises(Exception, match=r"draft\.lint-failed"):
            prepare(
                warrant("SERV_SSL", at=at),
                request(private_key("rsa:2048", "another kind")),
                facts["el-org"],
                catalogue=CATALOGUE,
                serial=compose_serial(at, RANDOM_BITS),
                at=at,
                lint_key=wrong,
            )


@pytest.mark.parametrize("code", ["el-org", "el-pp"])
def test_a_list_is_signed_and_verifies_in_two_implementations(
    place: Path, client: SignerClient, code: str
) -> None:
    above = of(place / "data", code)
    identity = issuer_identity(code, 1, above.public_bytes(Encoding.DER))
    listed = next_crl(None, at=now(), calendar=CrlCalendar.of(CATALOGUE.calendar))
    entry = crl_entry(0x1234, at=now() - timedelta(hours=1), reason=1)
    der = client.sign(
        kind="crl", issuer=code, generation=1, tbs=build_crl_tbs(listed, [entry], issuer=identity)
    )
    crl = x509.load_der_x509_crl(der)
    assert crl.is_signature_valid(above.public_key())  # type: ignore[arg-type]
    assert verifies_elsewhere(code, above, crl.tbs_certlist_bytes, crl.signature)
    assert [one.serial_number for one in crl] == [0x1234]
    assert remarks(lists(), loader.load_der_crl(der, code)) == set()


def test_a_responder_of_a_curve_answers_under_the_hierarchy(place: Path, client: SignerClient) -> None:
    """Its certificate is signed with ML-DSA; its own key stays P-256: its answers live some hours."""
    above, at = of(place / "data", "el-org"), now()
    identity = issuer_identity("el-org", 1, above.public_bytes(Encoding.DER))
    key = software_key("ec:P-256")
    order = ResponderOrder(key.public_key, draw_serial(at, random_bytes), at, 30, above.not_valid_after_utc)
    der = client.sign(
        kind="ocsp-responder", issuer="el-org", generation=1, tbs=build_responder_tbs(order, issuer=identity)
    )
    x509.load_der_x509_certificate(der).verify_directly_issued_by(above)
    assert remarks(certificates(), loader.load_der_certificate(der, "responder")) == set()
    responder = TestResponder(der, key)
    some = _leaf(above, at)
    for status, wanted in (
        (GOOD, ocsp.OCSPCertStatus.GOOD),
        (SerialStatus(Standing.REVOKED, at, 1), ocsp.OCSPCertStatus.REVOKED),
    ):
        question = ocsp.OCSPRequestBuilder().add_certificate(some, above, hashes.SHA256()).build()
        (asked,) = read_ocsp_question(question.public_bytes(Encoding.DER)).require().asked
        window = AnswerWindow(at, at + timedelta(hours=12))
        answer = build_ocsp_answer([(asked, status)], signer=responder, window=window, nonce=None)
        read = ocsp.load_der_ocsp_response(answer)
        assert read.certificate_status is wanted
        assert read.certificates == [x509.load_der_x509_certificate(der)]
        public = read.certificates[0].public_key()
        assert isinstance(public, ec.EllipticCurvePublicKey)
        public.verify(read.signature, read.tbs_response_bytes, ec.ECDSA(hashes.SHA256()))


def _leaf(above: x509.Certificate, at: datetime) -> x509.Certificate:
    key = mldsa.MLDSA65PrivateKey.generate()
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(above.subject)
        .serial_number(0x77)
        .not_valid_before(at)
        .not_valid_after(at + timedelta(days=1))
        .public_key(key.public_key())
        .sign(key, None)
    )


@dataclass
class PairSigner(OneByOne):
    """Signs with the keys of an authority in memory, as the process would."""

    pki: Pki

    def sign(self, *, kind: str, issuer: str, generation: int, tbs: bytes) -> bytes:
        assert (issuer, generation) == ("el-org", 1)
        return self.pki.sign(tbs)


@pytest.mark.parametrize("kind", ["ml-dsa-44", "ml-dsa-65", "ml-dsa-87"])
def test_issued_revoked_and_listed_by_the_verbs(instance: Instance, kind: str) -> None:
    """The verbs of every day, on authorities of each parameter set."""
    pki = make_pki(kind=kind, at=NOON - timedelta(days=30))
    accepted(offer("serv-ssl"))
    facts = IssuerFacts("el-org", 1, "development", pki.issuing.certificate)
    instance.at_another(signer=PairSigner(pki), issuers={"el-org": (facts,)}, lint_key=LintKeys())
    file = issue_certificate(
        ADMINISTRATOR.actor, server_request("www.chu-exemple.fr", which="pq"), idempotency_key="pq"
    )
    made = x509.load_der_x509_certificate(file.der)
    made.verify_directly_issued_by(pki.certificate)
    instance.clock.forward(hours=1)
    revoke_certificate(
        ADMINISTRATOR.actor,
        reference=file.line.reference,
        reason="cessationOfOperation",
        quality="administrator",
        explanation="essai",
    )
    (line,) = publish_crls()
    crl = x509.load_der_x509_crl(line.der)
    raw = pki.certificate.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    other = INDEPENDENT[kind[-2:]]
    assert other.verify(raw, made.tbs_certificate_bytes, made.signature)
    assert other.verify(raw, crl.tbs_certlist_bytes, crl.signature)
    assert [one.serial_number for one in crl] == [made.serial_number]


def test_a_root_that_is_off_certifies_by_files(tmp_path: Path) -> None:
    root_plan = HEAD + WORD + 'backend = "software"\n' + ADDRESSES
    root_plan += '[keys]\n"root-el" = "ml-dsa-65"\n"el-org" = "ml-dsa-65"\n'
    root_text = 'issuers = ["root-el"]\n' + root_plan.replace('"el-org" = "ml-dsa-65"\n', "")
    root = write(tmp_path / "root.toml", root_text)
    held("run", root, "--data", tmp_path / "off", secret=SECRET)
    above = of(tmp_path / "off", "root-el")
    digest = above.fingerprint(hashes.SHA256()).hex(":").upper()
    issuing_text = 'issuers = ["el-org"]\n' + root_plan.replace('"root-el" = "ml-dsa-65"\n', "")
    issuing = write(tmp_path / "issuing.toml", issuing_text + f'[roots]\n"root-el" = "{digest}"\n')
    asked = tmp_path / "asked"
    asked.mkdir()
    held("request", issuing, "--data", tmp_path / "on", "--out", asked, secret=SECRET)
    (csr,) = asked.glob("*.csr.pem")
    given = tmp_path / "given"
    given.mkdir()
    held("sign", issuing, csr, "--data", tmp_path / "off", "--out", given, secret=SECRET)
    held(
        *(
            "install",
            issuing,
            "--certificate",
            given / "el-org-g1.cer.pem",
            "--root",
            given / "root-el.cer.pem",
        ),
        *("--data", tmp_path / "on"),
        secret=SECRET,
    )
    made = of(tmp_path / "on", "el-org")
    made.verify_directly_issued_by(above)
    raw = above.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert ML_DSA_65.verify(raw, made.tbs_certificate_bytes, made.signature)


@pytest.mark.parametrize("environment", ["test", "production"])
def test_no_plan_gets_such_a_key_without_the_word(tmp_path: Path, environment: str) -> None:
    text = PLAN.replace(WORD, "").replace('environment = "test"', f'environment = "{environment}"')
    done = sceau("run", write(tmp_path / "plan.toml", text), "--data", tmp_path / "data", secret=SECRET)
    assert done.returncode != 0
    assert "ceremony.experimental" in done.stderr
    assert not (tmp_path / "data" / "signer" / "issuers.json").exists()


def test_subscribers_bring_no_such_key() -> None:
    key = mldsa.MLDSA65PrivateKey.generate()
    csr = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, None)
    with pytest.raises(Refused) as refused:
        read_csr(csr.public_bytes(Encoding.DER)).require()
    codes = {one.code for one in refused.value.findings}
    assert codes == {"csr.signature-algorithm-off", "key.algorithm-off"}
