"""The pages of revocation: a representative's own, the desk's, whoever holds the key; runs from preview to
report, without a script.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID
from django.core.files.uploadedfile import SimpleUploadedFile

from sceau.certification import KEY_PROOF_TEXT
from sceau.operations import CertificateRequest, advance_runs, issue_certificate
from sceau.portal import post_brakes
from sceau.records.models import BlockedKey, Certificate, Revocation, RevocationRun
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    AUDITOR,
    AUTHORITY,
    BRUNO,
    MANDATAIRE,
    OTHER_REPRESENTATIVE,
    REPRESENTATIVE,
    Instance,
    Someone,
    accepted,
    right_for,
)
from tests.integration.test_revocation_verbs import SPELLINGS
from tests.portal import DoorClient, staff_the_door, tls_layer, visitor
from tests.runs import many

KEY = ec.generate_private_key(ec.SECP256R1())


def csr_of(text: str = "") -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)] if text else [])
    return (
        x509.CertificateSigningRequestBuilder()
        .subject_name(name)
        .sign(KEY, hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )


@pytest.fixture
def issued(instance: Instance) -> Iterator[Certificate]:
    """A portal, and one certificate of the administrator."""
    staff_the_door()
    post_brakes(None)  # the brake counts by the minute, and a test's clock stands still
    accepted()
    request = CertificateRequest(
        product="SERV_SSL",
        names=("www.chu-exemple.fr",),
        csr=csr_of(),
        habilitation=right_for("SERV_SSL"),
    )
    file = issue_certificate(ADMINISTRATOR.actor, request, idempotency_key="k")
    with tls_layer():
        yield Certificate.objects.get(reference=file.line.reference)


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


# -- one certificate


@pytest.mark.parametrize(
    ("who", "quality", "reason"),
    [
        (ADMINISTRATOR, "administrator", "superseded"),
        (REPRESENTATIVE, "representative", "privilegeWithdrawn"),
        (MANDATAIRE, "mandataire", "cessationOfOperation"),
    ],
)
def test_whom_the_contract_names_revokes_from_the_certificates_page(
    issued: Certificate, who: Someone, quality: str, reason: str
) -> None:
    browser = visitor(who)
    address = f"/certificats/{issued.reference}/revoquer/"
    page = text_of(browser.get(address))
    assert f'name="quality" value="{quality}"' in page
    assert ('value="privilegeWithdrawn"' in page) is (who is not ADMINISTRATOR)
    asked = {"reason": reason, "quality": quality}
    assert browser.post(address, asked).status_code == 422
    assert Revocation.objects.count() == 0
    assert browser.post(address, {**asked, "sure": "oui"}).status_code == 302
    end = Revocation.objects.get()
    assert (end.reason, end.quality) == (reason, quality)


def test_another_structures_representative_finds_nothing(issued: Certificate) -> None:
    browser = visitor(OTHER_REPRESENTATIVE)
    asked = {"reason": "superseded", "quality": "representative", "sure": "oui"}
    assert browser.post(f"/certificats/{issued.reference}/revoquer/", asked).status_code == 404
    assert Revocation.objects.count() == 0


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_f15_the_desk_finds_a_certificate_by_its_serial_in_any_spelling(
    issued: Certificate, spelling: str
) -> None:
    answer = visitor(ALICE).get("/revocations/certificats/", {"texte": SPELLINGS[spelling](issued.serial)})
    assert answer.status_code == 302
    assert answer["Location"] == f"/revocations/certificats/{issued.reference}/"


@pytest.mark.parametrize("text", ["www.chu-exemple.fr", "exemple", ""])
def test_the_desk_finds_a_certificate_by_name_and_structure(issued: Certificate, text: str) -> None:
    browser = visitor(ALICE)
    assert issued.reference in text_of(browser.get("/revocations/certificats/", {"texte": text}))
    assert issued.reference not in text_of(browser.get("/revocations/certificats/", {"texte": "ABCDEF99"}))
    assert issued.reference in text_of(browser.get(f"/revocations/certificats/{issued.reference}/"))


def test_the_desk_ends_a_certificate_ex_officio_with_reason_explanation_and_confirmation(
    issued: Certificate,
) -> None:
    browser, address = visitor(ALICE), f"/revocations/certificats/{issued.reference}/revoquer/"
    page = text_of(browser.get(address))
    assert "On ne suspend pas un certificat" in page
    assert 'value="cACompromise"' not in page
    whole = {"reason": "keyCompromise", "quality": "desk", "explanation": "Serveur volé.", "sure": "oui"}
    for lacking in ("reason", "quality", "explanation", "sure"):
        asked = {name: value for name, value in whole.items() if name != lacking}
        assert browser.post(address, asked).status_code == 422, lacking
    assert browser.post(address, whole | {"quality": "authority"}).status_code == 422
    assert Revocation.objects.count() == 0
    assert browser.post(address, whole).status_code == 302
    end = Revocation.objects.get()
    assert (end.quality, end.explanation, end.by) == ("desk", "Serveur volé.", ALICE.national_id.text)
    after = text_of(browser.get(f"/revocations/certificats/{issued.reference}/"))
    assert "La révocation est définitive" in after
    assert "/revoquer/" not in after.split("</header>")[1].split("<footer")[0]


def test_the_authority_records_what_a_judge_orders_and_an_auditor_only_looks(issued: Certificate) -> None:
    address = f"/revocations/certificats/{issued.reference}/revoquer/"
    auditor = visitor(AUDITOR)
    assert "Révoquer d’office" not in text_of(auditor.get(f"/revocations/certificats/{issued.reference}/"))
    assert auditor.post(address, {}).status_code == 403
    asked = {"reason": "privilegeWithdrawn", "quality": "judge", "explanation": "Ordonnance.", "sure": "oui"}
    browser = visitor(AUTHORITY)
    assert "autorité judiciaire" in text_of(browser.get(address))
    assert browser.post(address, asked).status_code == 302
    assert Revocation.objects.get().quality == "judge"


# -- by the key


def test_f17_whoever_holds_the_key_revokes_without_a_card(issued: Certificate) -> None:
    browser = DoorClient()
    page = text_of(browser.get("/revoquer/cle/"))
    assert KEY_PROOF_TEXT in page
    assert browser.post("/revoquer/cle/", {"proof": csr_of(KEY_PROOF_TEXT).decode()}).status_code == 422
    assert Revocation.objects.count() == 0
    proof = SimpleUploadedFile("preuve.csr", csr_of(KEY_PROOF_TEXT))
    done = browser.post("/revoquer/cle/", {"proof_file": proof, "sure": "oui"})
    assert done.status_code == 200
    assert "1 certificat révoqué" in text_of(done)
    assert Revocation.objects.get().quality == "key-holder"
    assert BlockedKey.objects.count() == 1


def test_a_request_for_a_certificate_revokes_nothing_and_says_why(issued: Certificate) -> None:
    answer = DoorClient().post("/revoquer/cle/", {"proof": csr_of().decode(), "sure": "oui"})
    assert answer.status_code == 422
    assert "ne dit pas que la clé est compromise" in text_of(answer)
    assert 'href="#proof"' in text_of(answer)
    assert Revocation.objects.count() == 0


@pytest.mark.parametrize("address", ["/revoquer/cle/", "/revocations/cles/"])
def test_a_private_key_sent_by_mistake_is_refused_and_shown_nowhere(
    issued: Certificate, address: str
) -> None:
    secret = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    answer = visitor(ALICE).post(address, {"proof": secret, "key": secret, "sure": "oui"})
    assert answer.status_code == 422
    assert "clé privée" in text_of(answer)
    assert secret.splitlines()[1] not in answer.content.decode()
    assert Revocation.objects.count() == BlockedKey.objects.count() == 0


def test_the_key_page_brakes_who_tries_too_often(issued: Certificate) -> None:
    browser = DoorClient()
    codes = [browser.post("/revoquer/cle/", {"proof": "x", "sure": "oui"}).status_code for _ in range(11)]
    assert codes == [422] * 10 + [429]


def test_the_desk_looks_a_key_up_and_reports_it(issued: Certificate) -> None:
    browser = visitor(ALICE)
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    page = text_of(browser.post("/revocations/cles/", {"key": public}))
    assert issued.reference in page
    assert "non bloquée" in page
    digest = issued.spki_sha256
    report = {"key": digest, "action": "signaler", "quality": "desk", "explanation": "Vue sur un forum."}
    assert browser.post("/revocations/cles/", report).status_code == 422
    assert BlockedKey.objects.count() == 0
    assert browser.post("/revocations/cles/", {**report, "sure": "oui"}).status_code == 302
    assert Revocation.objects.get().quality == "desk"
    assert "bloquée</span>" in text_of(browser.post("/revocations/cles/", {"key": digest}))


# -- many


def prepared(browser: DoorClient, rows: list[Certificate], **changes: str) -> Any:
    asked = {
        "par": "list",
        "listed": "\n".join(row.serial.lower() for row in rows),
        "title": "Intrusion du 23 novembre",
        "reason": "cessationOfOperation",
        "quality": "desk",
        "explanation": "Le serveur de configuration a été lu.",
    }
    return browser.post("/revocations/nouvelle/", asked | changes)


def test_a_run_from_its_preview_to_its_report_by_two_officers(issued: Certificate) -> None:
    rows = [issued, *many(24)]
    first, second = visitor(ALICE), visitor(BRUNO)
    assert "Une structure" in text_of(first.get("/revocations/nouvelle/"))
    assert first.get("/revocations/nouvelle/", {"par": "list"}).status_code == 200
    answer = prepared(first, rows)
    assert answer.status_code == 302
    address = answer["Location"]
    page = text_of(first.get(address))
    assert "Ce qui serait révoqué&nbsp;: 25" in page
    assert "Il faut l’accord de deux personnes différentes" in page
    assert first.post(f"{address}approuver/").status_code == 422
    assert RevocationRun.objects.get().approvals.count() == 0
    assert first.post(f"{address}approuver/", {"sure": "oui"}).status_code == 302
    assert first.post(f"{address}approuver/", {"sure": "oui"}).status_code == 422
    assert "il faut maintenant une autre personne" in text_of(first.get(address))
    assert "Votre accord lance l’opération" in text_of(second.get(address))
    assert second.post(f"{address}approuver/", {"sure": "oui"}).status_code == 302
    page = text_of(second.get(address))
    assert "0 révoqué sur 25" in page
    assert "Refresh" not in second.get(address)
    assert second.get(address, {"suivre": "oui"})["Refresh"] == "10"
    advance_runs()
    over = second.get(address, {"suivre": "oui"})
    assert "Refresh" not in over
    assert "25 révoqués sur 25" in text_of(over)
    report = b"".join(second.get(f"{address}rapport/").streaming_content)  # type: ignore[attr-defined]
    assert len(report.splitlines()) == 26
    assert "Intrusion du 23 novembre" in text_of(visitor(AUDITOR).get("/revocations/"))


def test_a_run_may_be_paused_resumed_and_given_up_on_its_page(issued: Certificate) -> None:
    browser = visitor(ALICE)
    address = prepared(browser, [issued, *many(4)])["Location"]
    browser.post(f"{address}approuver/", {"sure": "oui"})
    assert browser.post(f"{address}arreter/").status_code == 302
    assert "en pause" in text_of(browser.get(address))
    assert browser.post(f"{address}reprendre/").status_code == 302
    browser.post(f"{address}arreter/")
    assert browser.post(f"{address}abandonner/").status_code == 422
    assert browser.post(f"{address}abandonner/", {"why": "Fausse alerte."}).status_code == 302
    page = text_of(browser.get(address))
    assert "Fausse alerte." in page
    assert browser.post(f"{address}reprendre/").status_code == 422
    advance_runs()
    assert Revocation.objects.count() == 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"listed": "00AB"}, "Aucun certificat ne porte le numéro de série"),
        ({"listed": ""}, "La liste ne désigne aucun certificat"),
        ({"title": ""}, "L'opération n'a pas de nom"),
        ({"explanation": ""}, "Ce qui s'est passé n'est pas dit"),
        ({"quality": "authority"}, "qualité"),
        ({"reason": "certificateHold"}, "ne peut pas être invoqué ici"),
        ({"reason": ""}, "Aucun motif n'est choisi"),
        ({"par": "issuer", "subject": "el-org/1", "since": "demain"}, "n'est pas une date"),
    ],
)
def test_a_run_that_cannot_be_prepared_says_why_and_prepares_nothing(
    issued: Certificate, changes: dict[str, str], said: str
) -> None:
    answer = prepared(visitor(ALICE), [issued], **changes)
    assert answer.status_code == 422
    assert "L’opération n’est pas préparée" in text_of(answer)
    assert said in html.unescape(text_of(answer))
    assert RevocationRun.objects.count() == 0


def test_a_list_comes_as_a_file_too_and_the_authority_may_end_an_issuers(issued: Certificate) -> None:
    browser = visitor(AUTHORITY)
    sent = SimpleUploadedFile("liste.csv", f"serial;nom\n{issued.serial};x\n".encode())
    asked: dict[str, Any] = {
        "par": "list",
        "file": sent,
        "title": "A",
        "reason": "superseded",
        "quality": "authority",
        "explanation": "b",
    }
    assert browser.post("/revocations/nouvelle/", asked).status_code == 302
    del asked["file"]
    asked |= {"par": "issuer", "subject": "el-org/1", "reason": "cACompromise"}
    assert browser.post("/revocations/nouvelle/", asked).status_code == 302
    assert "Une autorité émettrice" not in text_of(visitor(ALICE).get("/revocations/nouvelle/"))


def test_every_criterion_has_its_page(issued: Certificate) -> None:
    browser = visitor(AUTHORITY)
    for kind in ("list", "key", "administrator", "structure", "contract", "issuer"):
        assert browser.get("/revocations/nouvelle/", {"par": kind}).status_code == 200
    assert browser.get("/revocations/nouvelle/", {"par": "rien"}).status_code == 200
    assert browser.get("/revocations/OPR-00000-00000/").status_code == 404
    assert browser.get("/revocations/OPR-00000-00000/rapport/").status_code == 404
