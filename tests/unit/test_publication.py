"""The public server: what it gives and refuses, how fast it follows a revocation, and without records."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from sceau.catalogue import load_catalogue
from sceau.publication import (
    FolderShelf,
    OcspDesk,
    OcspService,
    PublicSite,
    build_app,
    policy_path,
    render_policy,
)
from sceau.publication.http import Answer, Question
from sceau.status import GOOD, CrlFacts, OcspSigner, SerialStatus, Standing, build_crl_tbs, crl_entry
from sceau.vocabulary import three_years_from
from tests.status_kit import NOW, Clock, MemorySource, Pki, leaf, make_pki, make_responder

VALID = timedelta(hours=12)


@pytest.fixture(scope="module")
def pki() -> Pki:
    return make_pki()


@pytest.fixture(scope="module")
def responder(pki: Pki) -> OcspSigner:
    return make_responder(pki)


class CountingSigner:
    """A responder that counts its signatures."""

    def __init__(self, signer: OcspSigner) -> None:
        self._signer = signer
        self.certificate, self.key_hash, self.algorithm = (
            signer.certificate,
            signer.key_hash,
            signer.algorithm,
        )
        self.count = 0

    def sign(self, data: bytes) -> bytes:
        self.count += 1
        return self._signer.sign(data)


class Instance:
    """A site over a folder, with an OCSP desk on a memory source."""

    def __init__(self, pki: Pki, signer: OcspSigner, folder: Path) -> None:
        self.pki = pki
        self.clock = Clock()
        self.source = MemorySource()
        self.signer: CountingSigner | None = CountingSigner(signer)
        self.folder = folder
        self.desk = OcspDesk(
            [pki.identity],
            source=self.source,
            signer=lambda code, generation: self.signer,
            valid=VALID,
            clock=self.clock,
        )
        self.desk.refresh()
        self.site = PublicSite(FolderShelf(folder), desk=self.desk, title="Essai", clock=self.clock)

    def get(self, path: str, method: str = "GET", **headers: str) -> Answer:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.site.answer(Question(method, path, names))

    def post(self, body: bytes, path: str = "/") -> Answer:
        return self.site.answer(Question("POST", path, {}, body))

    def status(self, serial: int, **more: Any) -> ocsp.OCSPResponse:
        return ocsp.load_der_ocsp_response(self.post(asking(self.pki, serial, **more)).body)


@pytest.fixture
def instance(pki: Pki, responder: OcspSigner, tmp_path: Path) -> Instance:
    (tmp_path / "AC").mkdir()
    (tmp_path / "CRL").mkdir()
    (tmp_path / "AC" / "ACI-EL-ORG-DEV.cer").write_bytes(pki.issuing.certificate)
    tbs = build_crl_tbs(
        CrlFacts(9, NOW, NOW + timedelta(days=6)), [crl_entry(5, at=NOW)], issuer=pki.identity
    )
    (tmp_path / "CRL" / "ACI-EL-ORG-DEV.crl").write_bytes(pki.sign(tbs))
    return Instance(pki, responder, tmp_path)


def asking(
    pki: Pki, serial: int, *, algorithm: hashes.HashAlgorithm | None = None, nonce: bytes | None = None
) -> bytes:
    certificate = x509.load_der_x509_certificate(leaf(pki, serial))
    builder = ocsp.OCSPRequestBuilder().add_certificate(
        certificate, pki.certificate, algorithm or hashes.SHA1()
    )
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def header(answer: Answer, name: str) -> str | None:
    return dict(answer.headers).get(name)


def test_the_shelf_gives_what_lies_there_with_its_type(instance: Instance) -> None:
    certificate = instance.get("/AC/ACI-EL-ORG-DEV.cer")
    assert (certificate.status, header(certificate, "content-type")) == (200, "application/pkix-cert")
    assert certificate.body == instance.pki.issuing.certificate
    crl = instance.get("/CRL/ACI-EL-ORG-DEV.crl")
    assert (crl.status, header(crl, "content-type")) == (200, "application/pkix-crl")
    assert header(crl, "cache-control") == "public, max-age=300, no-transform"


def test_a_folder_with_a_space_is_served_as_the_real_test_addresses_are(instance: Instance) -> None:
    (instance.folder / "AC TEST").mkdir()
    (instance.folder / "AC TEST" / "ACI-EL-ORG-TEST.cer").write_bytes(b"x")
    assert instance.get("/AC TEST/ACI-EL-ORG-TEST.cer").body == b"x"


def test_a_list_that_was_replaced_is_given_anew(instance: Instance) -> None:
    first = instance.get("/CRL/ACI-EL-ORG-DEV.crl")
    path = instance.folder / "CRL" / "ACI-EL-ORG-DEV.crl"
    fresh = path.with_name("x.tmp")
    fresh.write_bytes(b"other")
    fresh.replace(path)
    second = instance.get("/CRL/ACI-EL-ORG-DEV.crl")
    assert second.body == b"other"
    assert header(first, "etag") != header(second, "etag")


def test_who_has_it_already_gets_304(instance: Instance) -> None:
    first = instance.get("/CRL/ACI-EL-ORG-DEV.crl")
    etag, modified = header(first, "etag"), header(first, "last-modified")
    assert etag
    assert modified
    for headers in (
        {"if_none_match": etag},
        {"if_none_match": f'"a", W/{etag}'},
        {"if_modified_since": modified},
    ):
        again = instance.get("/CRL/ACI-EL-ORG-DEV.crl", **headers)
        assert (again.status, again.body) == (304, b"")
        assert header(again, "etag") == etag
    assert instance.get("/CRL/ACI-EL-ORG-DEV.crl", if_none_match='"other"').status == 200
    assert instance.get("/CRL/ACI-EL-ORG-DEV.crl", if_modified_since="hier").status == 200


def test_head_says_the_same_without_the_body(instance: Instance) -> None:
    for path in ("/", "/CRL/ACI-EL-ORG-DEV.crl", "/AC/ACI-EL-ORG-DEV.cer"):
        whole, head = instance.get(path), instance.get(path, "HEAD")
        assert (head.status, head.headers, head.body) == (200, whole.headers, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/AC/../signer/passphrase",
        "/../signer/keys/el-org-g1.pem",
        "/AC/..%2f..%2fetc/passwd",
        "/AC//ACI-EL-ORG-DEV.cer",
        "//AC/ACI-EL-ORG-DEV.cer",
        "/AC/.hidden.cer",
        "/./AC/ACI-EL-ORG-DEV.cer",
        "/AC/ACI-EL-ORG-DEV.cer/",
        "/AC/ACI-EL-ORG-DEV.cer\0.pem",
        "/AC/",
        "/AC",
        "/secret.txt",
        "/AC/secret.txt",
        "/AC/link.cer",
        "/AC/folder.cer",
        "/AC/pipe.cer",
        "/" + "A" * 5000,
        "/PC",
    ],
)
def test_nothing_else_is_ever_given(instance: Instance, path: str) -> None:
    import os

    (instance.folder / "secret.txt").write_text("secret")
    (instance.folder / "AC" / "secret.txt").write_text("secret")
    (instance.folder / "AC" / ".hidden.cer").write_text("secret")
    (instance.folder / "AC" / "link.cer").symlink_to(instance.folder / "secret.txt")
    (instance.folder / "AC" / "folder.cer").mkdir()
    os.mkfifo(instance.folder / "AC" / "pipe.cer")
    answer = instance.get(path)
    assert answer.status == 404
    assert b"secret" not in answer.body
    assert "page d'accueil" in answer.body.decode()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "", "get"])
def test_other_methods_are_refused_in_plain_french(instance: Instance, method: str) -> None:
    answer = instance.get("/AC/ACI-EL-ORG-DEV.cer", method)
    assert answer.status == 405
    assert header(answer, "allow") == "GET, HEAD, POST"
    assert "rien d'autre" in answer.body.decode()


def test_nothing_is_posted_to_the_shelf(instance: Instance) -> None:
    assert instance.post(b"x", "/AC/ACI-EL-ORG-DEV.cer").status == 405
    assert instance.post(b"x" * 20000).status == 413


def test_the_page_lists_everything_in_french(instance: Instance) -> None:
    answer = instance.get("/")
    text = answer.body.decode()
    assert header(answer, "content-type") == "text/html; charset=utf-8"
    assert 'lang="fr"' in text
    assert 'href="/AC/ACI-EL-ORG-DEV.cer"' in text
    assert 'href="/CRL/ACI-EL-ORG-DEV.crl"' in text
    assert "24 novembre 2026" in text
    assert "OCSP" in text
    assert "<script" not in text
    policy = header(answer, "content-security-policy") or ""
    assert policy.startswith("default-src 'none'")


@pytest.mark.parametrize("algorithm", [hashes.SHA1(), hashes.SHA256()])
def test_a_question_is_answered_by_post_and_by_get(
    instance: Instance, algorithm: hashes.HashAlgorithm
) -> None:
    instance.source.statuses["el-org", 1, 77] = GOOD
    body = asking(instance.pki, 77, algorithm=algorithm)
    text = base64.b64encode(body).decode()
    posted = instance.post(body)
    assert header(posted, "content-type") == "application/ocsp-response"
    assert ocsp.load_der_ocsp_response(posted.body).certificate_status is ocsp.OCSPCertStatus.GOOD
    for path in (
        f"/{text}",
        f"//{text}",
        f"/ocsp/{text}",
        f"/{text.rstrip('=')}",
        f"/{text.replace('+', ' ')}",
    ):
        assert instance.get(path).body == posted.body
    assert instance.post(body, "/ocsp").body == posted.body
    assert instance.post(body, "/ocsp/").body == posted.body


def test_a_shared_answer_carries_what_caches_need(instance: Instance) -> None:
    instance.source.statuses["el-org", 1, 77] = GOOD
    answer = instance.get("/" + base64.b64encode(asking(instance.pki, 77)).decode())
    assert header(answer, "last-modified") == "Tue, 24 Nov 2026 08:00:00 GMT"
    assert header(answer, "expires") == "Tue, 24 Nov 2026 20:00:00 GMT"
    assert header(answer, "cache-control") == "public, max-age=60, no-transform, must-revalidate"
    etag = header(answer, "etag")
    assert etag
    again = instance.get("/" + base64.b64encode(asking(instance.pki, 77)).decode(), if_none_match=etag)
    assert again.status == 304


def test_f06_what_was_never_issued_is_never_good_and_never_kept(instance: Instance) -> None:
    for serial in (1, 2**158, 0xDEADBEEF):
        assert instance.status(serial).certificate_status is ocsp.OCSPCertStatus.UNKNOWN
        assert header(instance.post(asking(instance.pki, serial)), "cache-control") == "no-store"
    instance.source.statuses["el-org", 1, 1] = GOOD  # issued a moment later
    assert instance.status(1).certificate_status is ocsp.OCSPCertStatus.GOOD


def test_t63_the_same_question_is_signed_once_a_period(instance: Instance) -> None:
    instance.source.statuses["el-org", 1, 77] = GOOD
    assert instance.signer is not None
    first = instance.status(77)
    for _ in range(50):
        instance.status(77)
    assert (instance.signer.count, instance.source.asked) == (1, 1)
    instance.clock.pass_by(timedelta(hours=1))
    second = instance.status(77)
    assert instance.signer.count == 2
    assert second.this_update_utc == first.this_update_utc + timedelta(hours=1)


def test_g12_an_answer_is_never_old_and_has_half_of_its_life_before_it(instance: Instance) -> None:
    instance.source.statuses["el-org", 1, 77] = GOOD
    for _ in range(100):
        answer = instance.status(77)
        assert instance.clock() - answer.this_update_utc <= timedelta(hours=1)
        assert answer.next_update_utc is not None
        assert answer.next_update_utc - instance.clock() >= VALID / 2
        instance.clock.pass_by(timedelta(minutes=17))


def test_f14_a_revocation_shows_as_soon_as_it_is_learned(instance: Instance) -> None:
    instance.source.statuses["el-org", 1, 77] = GOOD
    instance.source.statuses["el-org", 1, 78] = GOOD
    for algorithm in (hashes.SHA1(), hashes.SHA256()):
        assert instance.status(77, algorithm=algorithm).certificate_status is ocsp.OCSPCertStatus.GOOD
        instance.status(78, algorithm=algorithm)
    signed = instance.signer.count if instance.signer else 0
    instance.source.revoke("el-org", 77, SerialStatus(Standing.REVOKED, NOW, 1))
    instance.desk.refresh()
    for algorithm in (hashes.SHA1(), hashes.SHA256()):
        read = instance.status(77, algorithm=algorithm)
        assert read.certificate_status is ocsp.OCSPCertStatus.REVOKED
        assert read.revocation_reason is x509.ReasonFlags.key_compromise
        instance.status(78, algorithm=algorithm)
    assert instance.signer is not None
    assert instance.signer.count == signed + 2  # the other certificate's answers were kept


def test_a_revocation_between_look_up_and_keeping_is_not_hidden(instance: Instance) -> None:
    instance.source.statuses["el-org", 1, 77] = GOOD
    real = instance.signer
    assert real is not None

    class Slow(CountingSigner):
        def sign(self, data: bytes) -> bytes:
            instance.source.revoke("el-org", 77, SerialStatus(Standing.REVOKED, NOW))
            instance.desk.refresh()  # learned while the good answer is being signed
            return super().sign(data)

    instance.signer = Slow(real)
    instance.status(77)
    instance.signer = real
    assert instance.status(77).certificate_status is ocsp.OCSPCertStatus.REVOKED


def test_g11_without_the_records_what_was_signed_is_given_until_it_would_be_stale(instance: Instance) -> None:
    instance.source.statuses["el-org", 1, 77] = GOOD
    instance.status(77)
    instance.source.away = True
    with pytest.raises(ConnectionError):
        instance.desk.refresh()
    assert instance.status(77).certificate_status is ocsp.OCSPCertStatus.GOOD
    assert instance.status(78).response_status is ocsp.OCSPResponseStatus.TRY_LATER
    instance.clock.pass_by(timedelta(hours=11, minutes=59))
    assert instance.status(77).certificate_status is ocsp.OCSPCertStatus.GOOD
    instance.clock.pass_by(timedelta(minutes=1))
    assert instance.status(77).response_status is ocsp.OCSPResponseStatus.TRY_LATER
    instance.source.away = False
    assert instance.status(77).certificate_status is ocsp.OCSPCertStatus.GOOD


def test_a_nonce_is_answered_freshly_and_not_kept(instance: Instance) -> None:
    instance.source.statuses["el-org", 1, 77] = GOOD
    assert instance.signer is not None
    for count in (1, 2):
        answer = instance.post(asking(instance.pki, 77, nonce=b"n" * 16))
        assert header(answer, "cache-control") == "no-store"
        read = ocsp.load_der_ocsp_response(answer.body)
        assert read.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == b"n" * 16
        assert instance.signer.count == count


def test_another_authoritys_certificates_are_not_ours_to_speak_of(instance: Instance) -> None:
    other = make_pki("el-pp")
    answer = instance.post(asking(other, 77))
    assert ocsp.load_der_ocsp_response(answer.body).response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED


def test_without_a_responder_the_asker_comes_back_later(instance: Instance) -> None:
    instance.signer = None
    assert instance.status(77).response_status is ocsp.OCSPResponseStatus.TRY_LATER


@pytest.mark.parametrize("body", [b"", b"x", b"\x30\x03\x02\x01\x01", b"\x30\x80\x00\x00"])
def test_what_is_no_question_is_called_malformed(instance: Instance, body: bytes) -> None:
    read = ocsp.load_der_ocsp_response(instance.post(body).body)
    assert read.response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


def test_f08_fifty_threads_get_each_the_answer_to_their_own_question(instance: Instance) -> None:
    questions = {serial: asking(instance.pki, serial) for serial in range(1, 40)}
    for serial in questions:
        instance.source.statuses["el-org", 1, serial] = GOOD
    wrong: list[int] = []

    def ask(start: int) -> None:
        for step in range(40):
            serial = (start * 7 + step) % 39 + 1
            read = ocsp.load_der_ocsp_response(instance.post(questions[serial]).body)
            if read.serial_number != serial:
                wrong.append(serial)

    threads = [threading.Thread(target=ask, args=(start,)) for start in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


Messages = list[dict[str, Any]]


def call(
    app: Any, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """One request through the ASGI application, as a server would make it."""
    sent: Messages = []
    waiting: Messages = [{"type": "http.request", "body": body, "more_body": False}]
    names = {"content-length": str(len(body))} | {n.replace("_", "-"): v for n, v in headers.items()}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [(name.encode(), value.encode()) for name, value in names.items()],
    }

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    start, content = sent
    found = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], found, content["body"]


@pytest.fixture
def app(instance: Instance) -> Callable[..., Any]:
    signer = instance.signer
    service = OcspService([instance.pki.identity], instance.source, lambda code, generation: signer, VALID)
    return build_app(FolderShelf(instance.folder), ocsp=service, clock=instance.clock)


def test_the_application_answers_as_the_site_does(app: Any, instance: Instance) -> None:
    instance.source.statuses["el-org", 1, 77] = GOOD
    status, headers, body = call(app, "GET", "/CRL/ACI-EL-ORG-DEV.crl")
    assert (status, headers["content-type"]) == (200, "application/pkix-crl")
    assert len(body) == int(headers["content-length"])
    status, _, body = call(app, "POST", "/ocsp", asking(instance.pki, 77))
    assert ocsp.load_der_ocsp_response(body).certificate_status is ocsp.OCSPCertStatus.GOOD


def test_a_body_beyond_its_limit_is_not_read(app: Any) -> None:
    status, _, body = call(app, "POST", "/", b"x", content_length="99999999999")
    assert status == 413
    assert "ne dépasse pas" in body.decode()
    assert call(app, "POST", "/", b"x" * 20000, content_length="5")[0] == 413
    assert call(app, "POST", "/", b"", content_length="minus")[0] == 413
    assert call(app, "GET", "/", b"x")[0] == 413


def test_the_application_learns_of_revocations_by_itself_within_a_second(
    app: Any, instance: Instance
) -> None:
    instance.source.statuses["el-org", 1, 77] = GOOD
    body = asking(instance.pki, 77)
    started = asyncio.Event()

    async def live() -> list[str]:
        stop: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        await stop.put({"type": "lifespan.startup"})

        async def told(message: dict[str, Any]) -> None:
            if message["type"] == "lifespan.startup.complete":
                started.set()

        server = asyncio.create_task(app({"type": "lifespan"}, stop.get, told))
        await started.wait()
        said = [await _status(app, body)]
        instance.source.revoke("el-org", 77, SerialStatus(Standing.REVOKED, NOW))
        await asyncio.sleep(0.6)
        said.append(await _status(app, body))
        await stop.put({"type": "lifespan.shutdown"})
        await server
        return said

    assert asyncio.run(live()) == ["GOOD", "REVOKED"]


async def _status(app: Any, body: bytes) -> str:
    sent: Messages = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app({"type": "http", "method": "POST", "path": "/", "headers": []}, receive, send)
    return ocsp.load_der_ocsp_response(sent[1]["body"]).certificate_status.name


def test_an_address_with_percent_signs_is_quoted_once_on_the_page(instance: Instance) -> None:
    (instance.folder / "AC TEST").mkdir()
    (instance.folder / "AC TEST" / "ACI-EL-ORG-TEST.cer").write_bytes(b"x")
    assert quote("AC TEST/ACI-EL-ORG-TEST.cer") in instance.get("/").body.decode()


def test_the_policy_stands_at_the_address_that_certificates_name(instance: Instance) -> None:
    catalogue = load_catalogue()
    for environment in catalogue.environments.values():
        path = policy_path(environment)
        told = render_policy(catalogue, environment, contact="aide@sceau.example")
        site = PublicSite(
            FolderShelf(instance.folder), desk=None, title="Essai", clock=instance.clock, pages={path: told}
        )
        answer = site.answer(Question("GET", path, {}))
        assert answer.status == 200
        assert "/PC" in environment.policy_uri
        text = answer.body.decode()
        for product in catalogue.products.values():
            policy = environment.single_policy_oid or catalogue.profiles[product.profile].policy_oid
            assert f"<code>{policy}</code>" in text
        assert f"toutes les {catalogue.calendar.crl_every_hours} heures" in text
        assert "{" not in text.replace(text[text.index("<style>") : text.index("</style>")], "")


def test_the_years_that_the_policy_promises_are_those_of_a_certificate() -> None:
    text = render_policy(
        load_catalogue(), load_catalogue().environments["production"], contact="aide@sceau.example"
    )
    life = three_years_from(NOW)
    assert f"{life.not_after.year - life.not_before.year} ans, moins une seconde" in text
