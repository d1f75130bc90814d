"""Finding a correspondent's certificate, checking one that was given: what anybody learns, and nobody."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs7
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.utils import CaptureQueriesContext

from sceau.catalogue import load_catalogue
from sceau.operations import CertificateRequest, collect_certificate, issue_certificate, revoke_certificate
from sceau.portal import post_brakes
from sceau.portal.hats import ANYBODY
from sceau.portal.saying import summary
from sceau.portal.urls import page_named
from sceau.records import CertificateFile, listed_certificates
from sceau.vocabulary import Finding
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    NOON,
    STRANGER,
    Instance,
    accepted,
    csr,
    offer,
    right_for,
    server_request,
)
from tests.portal import DoorClient, certificate_of, staff_the_door, tls_layer, visitor

MAILBOX = "contact@chu-exemple.fr"
CODE = "Vallee-2026-portail"
LISTED = load_catalogue().lookup.listed


@pytest.fixture
def portal(instance: Instance) -> Iterator[Instance]:
    post_brakes(None)
    staff_the_door()
    accepted(offer("serv-mail"), offer("serv-ssl"))
    with tls_layer():
        yield instance
    post_brakes(None)


def issued(product: str = "SERV_CONF", name: str = MAILBOX, *, collected: bool = True) -> CertificateFile:
    key = f"{product}:{name}"
    request = CertificateRequest(
        product=product, names=(name,), csr=csr(key), habilitation=right_for(product)
    )
    file = issue_certificate(ADMINISTRATOR.actor, request, idempotency_key=key)
    if not collected:
        return file
    return collect_certificate(
        ADMINISTRATOR.actor,
        reference=file.line.reference,
        terms_accepted=True,
        code=CODE,
        code_again=CODE,
    )


def revoked(file: CertificateFile, reason: str) -> None:
    revoke_certificate(
        ALICE.actor, reference=file.line.reference, reason=reason, quality="desk", explanation="confié"
    )


def text(answer: object) -> str:
    return html.unescape(answer.content.decode()).replace("\u00a0", " ")  # type: ignore[attr-defined]


def anybody() -> DoorClient:
    return DoorClient(None, at_door=False)


def found(name: str) -> str:
    answer = anybody().post("/trouver/", {"name": name})
    assert answer.status_code == 200, answer.content.decode()
    return text(answer)


def given(data: bytes | str, status: int = 200) -> str:
    sent = {"given_file": SimpleUploadedFile("x.cer", data)} if isinstance(data, bytes) else {"given": data}
    answer = anybody().post("/verifier/", sent)
    assert answer.status_code == status, answer.content.decode()
    return text(answer)


def pem(file: CertificateFile) -> str:
    return x509.load_der_x509_certificate(file.der).public_bytes(Encoding.PEM).decode()


def without_names(page: str, name: str) -> str:
    page = re.sub(r'(name="csrfmiddlewaretoken" value=")[^"]+', r"\1", page)
    return re.sub(r"Journal : \d+ [^<]+", "", page.replace(name, "NOM"))


# -- finding


def test_whoever_asks_by_the_exact_mailbox_gets_the_certificate_in_both_forms(portal: Instance) -> None:
    file = issued()
    page = found(" Contact@CHU-Exemple.fr ".replace("C", "c", 1))
    assert "SERV_CONF" in page
    assert "1 certificat en cours" in page
    addresses = re.findall(r'href="(/trouver/[^"]+)"', page)
    assert len(addresses) == 2
    one, other = (anybody().get(address) for address in addresses)
    assert x509.load_pem_x509_certificate(one.content).public_bytes(Encoding.DER) == other.content == file.der
    assert other["Content-Disposition"].startswith('attachment; filename="contact-chu-exemple.fr-serv-conf-')


def test_no_part_of_a_name_and_no_pattern_finds_anything(portal: Instance) -> None:
    issued()
    for name in ("contact@chu-exemple", "ontact@chu-exemple.fr", "chu-exemple.fr", "contact"):
        assert "Télécharger" not in text(anybody().post("/trouver/", {"name": name})), name
    for name in ("*@chu-exemple.fr", "%", "", "@", "a" * 5000, "\u202e@x", "\x00"):
        answer = anybody().post("/trouver/", {"name": name})
        assert "Télécharger" not in text(answer), name
        assert answer.status_code in {200, 422}
    assert anybody().post("/trouver/", {"name": ""}).status_code == 422


def test_unknown_unlisted_waiting_revoked_and_ended_are_answered_alike(portal: Instance) -> None:
    """What exists and may not be seen is what does not exist [ASSURANCE T18], on the page and as a file."""
    hidden = {
        "signature@chu-exemple.fr": issued("SERV_SIGN", "signature@chu-exemple.fr"),
        "attente@chu-exemple.fr": issued("SERV_CONF", "attente@chu-exemple.fr", collected=False),
        "revoque@chu-exemple.fr": issued("SERV_CONF", "revoque@chu-exemple.fr"),
    }
    server = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="s")
    hidden["www.chu-exemple.fr"] = server
    revoked(hidden["revoque@chu-exemple.fr"], "superseded")
    unknown = without_names(found("personne@chu-exemple.fr"), "personne@chu-exemple.fr")
    nothing = anybody().get("/trouver/el-org/0A0B/pem/")
    assert nothing.status_code == 404
    for name, file in hidden.items():
        assert without_names(found(name), name) == unknown, name
        answer = anybody().get(f"/trouver/{file.line.issuer}/{file.line.serial}/pem/")
        assert answer.status_code == 404
        assert without_names(text(answer), "") == without_names(text(nothing), ""), name


def test_one_that_has_ended_is_found_no_more(portal: Instance) -> None:
    file = issued()
    assert "Télécharger" in found(MAILBOX)
    portal.clock.now = file.line.not_after + timedelta(seconds=1)
    assert "Télécharger" not in found(MAILBOX)
    assert anybody().get(f"/trouver/{file.line.issuer}/{file.line.serial}/der/").status_code == 404


def test_the_newest_comes_first_and_no_more_than_asked(portal: Instance) -> None:
    first, second = issued("SERV_CONF"), issued("SERV_S/MIME")
    both = listed_certificates({MAILBOX}, products=LISTED.products, at=NOON + timedelta(days=1), most=20)
    assert [one.serial for one in both] == [second.line.serial, first.line.serial]
    one = listed_certificates({MAILBOX}, products=LISTED.products, at=NOON + timedelta(days=1), most=1)
    assert [found.serial for found in one] == [second.line.serial]


def test_the_listed_products_are_those_that_encrypt(portal: Instance) -> None:
    catalogue = load_catalogue()
    assert set(LISTED.products) == {"SERV_S/MIME", "SERV_CONF", "ORG_CONF", "PRO_CONF", "PS_CONF"}
    for code in LISTED.products:
        usage = catalogue.profiles[catalogue.products[code].profile].key_usage
        assert set(usage) & {"keyEncipherment", "dataEncipherment", "keyAgreement"}, code


def test_a_name_is_looked_up_in_its_index_and_costs_the_same_however_many_there_are(portal: Instance) -> None:
    from django.db import connection

    issued()
    counts = []
    for name in (MAILBOX, "personne@chu-exemple.fr"):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            listed_certificates({name}, products=LISTED.products, at=NOON + timedelta(days=1), most=20)
        counts.append(len(queries))
    assert max(counts) <= 3
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(
                "EXPLAIN QUERY PLAN "
                "SELECT certificate_id FROM records_certificatename WHERE value IN (%s, %s)",
                ["a", "b"],
            )
            assert "USING INDEX" in str(cursor.fetchall())


# -- who may, and how often


def test_the_three_pages_are_for_anybody_and_look_the_same_to_every_hat(portal: Instance) -> None:
    issued()
    for name in ("find", "find-file", "check"):
        page = page_named(name)
        assert page is not None
        assert page.hats == ANYBODY
    for browser in (anybody(), DoorClient(), visitor(STRANGER), visitor(ALICE)):
        for address in ("/trouver/", "/verifier/"):
            assert browser.get(address).status_code == 200
            assert browser.put(address).status_code == 405
        assert "Télécharger" in text(browser.post("/trouver/", {"name": MAILBOX}))


def test_an_address_that_asks_too_often_waits_and_another_does_not(portal: Instance) -> None:
    issued()
    rules = load_catalogue().lookup
    pages = {
        "/trouver/": ({"name": MAILBOX}, rules.listed.per_minute),
        "/verifier/": ({"given": "x"}, rules.given.per_minute),
    }
    for address, (sent, allowed) in pages.items():
        browser = anybody()
        for _ in range(allowed):
            assert browser.post(address, sent).status_code != 429
        answer = browser.post(address, sent)
        assert answer.status_code == 429
        assert "Trop d'essais" in text(answer)
        assert "Télécharger en PEM" not in text(answer)
        assert browser.post(address, sent, REMOTE_ADDR="192.0.2.7").status_code != 429
        portal.clock.forward(minutes=1)
        assert browser.post(address, sent).status_code != 429


def test_downloads_are_counted_too_so_that_numbers_are_not_tried(portal: Instance) -> None:
    browser = anybody()
    statuses = [
        browser.get("/trouver/el-org/0A/pem/").status_code for _ in range(LISTED.files_per_minute + 1)
    ]
    assert statuses == [404] * LISTED.files_per_minute + [429]


# -- checking


def test_a_certificate_in_service_is_told_whole_in_every_form(portal: Instance) -> None:
    file = issued()
    read = x509.load_der_x509_certificate(file.der)
    portal.clock.forward(hours=1)
    bundle = pkcs7.serialize_certificates([read], Encoding.DER)
    for data in (
        pem(file),
        pem(file).encode(),
        file.der,
        bundle,
        pkcs7.serialize_certificates([read], Encoding.PEM),
    ):
        page = given(data)
        assert "Il vaut : il est de nous" in page
        assert MAILBOX in page
        assert "SERV_CONF" in page
        assert "la signature est bien la sienne" in page
        assert load_catalogue().issuers["el-org"].common_name in page


def test_a_chain_is_told_one_by_one(portal: Instance) -> None:
    file = issued()
    authority = portal.machine.issuers["el-org"][0].certificate
    page = given(pem(file) + x509.load_der_x509_certificate(authority).public_bytes(Encoding.PEM).decode())
    assert "Certificat 1 sur 2" in page
    assert "C'est le certificat d'une de nos autorités" in page


@pytest.mark.parametrize(("reason", "public"), [("keyCompromise", True), ("affiliationChanged", False)])
def test_a_revoked_one_says_since_when_and_why_as_far_as_the_lists_do(
    portal: Instance, reason: str, public: bool
) -> None:
    file = issued()
    revoked(file, reason)
    page = given(pem(file))
    assert "il est révoqué" in page
    assert "Révoqué" in page
    label = html.unescape(load_catalogue().reasons[reason].label)
    assert (label in page) is public
    assert "confié" not in page


def test_one_that_ended_and_one_not_collected_are_told(portal: Instance) -> None:
    waiting, file = issued(name="attente@chu-exemple.fr", collected=False), issued()
    portal.clock.forward(hours=1)
    assert "pas encore été retiré" in given(pem(waiting))
    portal.clock.now = file.line.not_after + timedelta(days=1)
    assert "il a pris fin" in given(pem(file))


def stranger_named(name: x509.Name, key: ec.EllipticCurvePrivateKey, serial: int) -> x509.Certificate:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "\u202eAutre <b>")]))
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(NOON - timedelta(days=1))
        .not_valid_after(NOON + timedelta(days=99))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("ailleurs.fr")]), critical=False)
        .sign(key, hashes.SHA256())
    )


def test_one_of_another_authority_is_not_ours_and_one_in_our_name_is_false(portal: Instance) -> None:
    file = issued()
    key = ec.derive_private_key(int.from_bytes(hashlib.sha256(b"x").digest(), "big") >> 1, ec.SECP256R1())
    foreign = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "AC d'ailleurs")])
    page = given(stranger_named(foreign, key, 7).public_bytes(Encoding.PEM).decode())
    assert "Aucune de nos autorités ne l'a délivré" in page
    assert "ailleurs.fr" in page
    assert "\u202e" not in page
    assert "<b>" not in page.split("Il nomme")[1].split("</dd>")[0]
    ours = x509.load_der_x509_certificate(file.der)
    page = given(stranger_named(ours.issuer, key, ours.serial_number).public_bytes(Encoding.DER))
    assert "elle ne l'a pas signé" in page
    assert "SERV_CONF" not in page


def test_one_octet_changed_is_never_called_good(portal: Instance) -> None:
    file = issued()
    portal.clock.forward(hours=1)
    for at in range(0, len(file.der), 97):
        changed = bytearray(file.der)
        changed[at] ^= 0x01
        post_brakes(None)
        answer = anybody().post("/verifier/", {"given_file": SimpleUploadedFile("x", bytes(changed))})
        assert answer.status_code in {200, 422}
        assert "Il vaut" not in text(answer), at


def test_whatever_else_is_sent_gets_a_page_that_says_what_is_wrong(portal: Instance) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    for form in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL):
        secret = key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()
        page = given(secret, 422)
        assert "clé privée" in page
        assert secret.splitlines()[1] not in page
        assert "contient une clé privée" in given(key.private_bytes(Encoding.DER, form, NoEncryption()), 422)
    assert "n'est pas un certificat" in given(csr("x"), 422)
    assert "Aucun certificat n'a été donné" in given("", 422)
    assert "trop grand" in given(b"0" * 65537, 422)
    broken = [
        "bonjour",
        "-----BEGIN CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
    ]
    broken += ["-----BEGIN CERTIFICATE-----\n" * 2000, "-----END X-----" * 3000]
    for sent in broken:
        assert "abîmé" in given(sent, 422)
        post_brakes(None)
    for raw in (
        b"\x30\x80" * 30000,
        b"\x30\x00",
        b"\x30\x84\xff\xff\xff\xff",
        b"\xff" * 999,
        b"\x00",
        b"0\x0b\x06\x09*\x86H\x86\xf7\x0d\x01\x07\x02",
    ):
        given(raw, 422)
        post_brakes(None)


def test_more_certificates_than_a_chain_has_are_not_read(portal: Instance) -> None:
    file = issued()
    assert "plus de 10" in given(pem(file) * 11, 422)


def test_a_key_beside_the_certificate_is_warned_about_and_the_certificate_is_told(portal: Instance) -> None:
    secret = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    page = given(pem(issued()) + secret.decode())
    assert "contient une clé privée" in page
    assert "SERV_CONF" in page


def test_nothing_is_kept_of_what_was_looked_for_or_sent(portal: Instance) -> None:
    from django.db import connection

    file = issued()
    with CaptureQueriesContext(connection) as queries:
        found(MAILBOX)
        given(pem(file))
        given("bonjour", 422)
    assert queries.captured_queries
    assert all(
        one["sql"].lstrip().upper().startswith(("SELECT", "BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"))
        for one in queries
    )


def test_the_name_of_a_person_is_told_in_letters_and_not_in_numbers(portal: Instance) -> None:
    pem = certificate_of(ALICE).public_bytes(Encoding.PEM).decode()
    told = text(anybody().post("/verifier/", {"given": pem}))
    assert f"GN={ALICE.given_names}" in told
    assert f"SN={ALICE.surname}" in told
    assert "2.5.4." not in told


def test_what_refuses_tells_what_to_mend_and_nothing_that_is_well() -> None:
    found = (Finding.error("portal.no-file", "pdf"), Finding.info("order.owner-structure", "x", declared="y"))
    told = summary(found, heading="Non")["said"]
    assert [one.text for one in told] == ["Aucun fichier n'a été reçu."]
    assert len(summary(found[1:], heading="Non")["said"]) == 1


def test_an_address_that_only_takes_what_a_page_sends_says_so(portal: Instance) -> None:
    answer = visitor(ALICE).get("/sortie/")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "Rien à lire ici" in text(answer)
