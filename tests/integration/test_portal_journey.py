"""The main journey on the pages, without a script: order, decide, ask, collect, follow, revoke; and each
refusal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from django.core.files.uploadedfile import SimpleUploadedFile

from sceau.operations import open_draft, receive_form, save_draft
from sceau.portal.pages.requests.asking import past_its_twin
from sceau.records import habilitations_of, order_file
from sceau.records.models import Order
from sceau.vocabulary import Fault
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    BRUNO,
    DOCTOR,
    MANDATAIRE,
    NOON,
    REPRESENTATIVE,
    SIRET,
    Instance,
    accepted,
    csr,
    form,
    offer,
    right_for,
    submitted,
)
from tests.ordering import CODES, begun, order_form, sent, step
from tests.portal import DoorClient, staff_the_door, tls_layer, visitor

CODE = "Vallee-2026-portail"


@pytest.fixture
def portal(instance: Instance) -> Iterator[Instance]:
    staff_the_door()
    with tls_layer():
        yield instance


def text(answer: Any) -> str:
    """The page as a person reads it."""
    bare = re.sub(r"<[^>]+>", " ", answer.content.decode())
    for escaped, plain in (("&#x27;", "'"), ("&quot;", '"'), ("&amp;", "&"), ("\u00a0", " ")):
        bare = bare.replace(escaped, plain)
    return re.sub(r"\s+", " ", bare)


# -- ordering


def test_the_steps_open_with_what_the_contract_says(portal: Instance) -> None:
    browser = visitor(REPRESENTATIVE)
    address = begun(browser)
    pages = {code: browser.get(f"{address}etape/{code}/").content.decode() for code in CODES[:-1]}
    assert f'value="{SIRET}"' in pages["structure"]
    assert 'value="C-2026-0012"' in pages["contrat"]
    assert f'value="{REPRESENTATIVE.card}"' in pages["signataire"]
    assert "vous la signez" in pages["signataire"]


def test_a_whole_order_is_sent_signed_by_the_card_and_followed(portal: Instance) -> None:
    browser = visitor(REPRESENTATIVE)
    address = begun(browser)
    answer = sent(browser, address, order_form())
    assert answer.status_code == 302, text(answer)
    shown = text(browser.get(answer["Location"]))
    assert "Le guichet l'a bien reçue" in shown
    assert "chu-exemple.fr" in shown
    assert ", signé, sans cachet" in shown
    reference = answer["Location"].split("/")[2]
    again = browser.post(f"{address}envoyer/")
    assert again["Location"] == answer["Location"]
    assert browser.get(address)["Location"] == answer["Location"]
    assert reference in text(browser.get("/commandes/"))


def test_a_step_says_all_that_is_wrong_in_it_and_nothing_typed_is_lost(portal: Instance) -> None:
    browser = visitor(REPRESENTATIVE)
    address = begun(browser)
    wrong = order_form(offer("serv-ssl", declared="mon_domaine.fr"))
    wrong |= {"structure.siret": "18751275100021", "administrators.0.email": "pas une adresse"}
    for code, path, kept in (
        ("structure", "structure.siret", "18751275100021"),
        ("offres", "offers.0.declared", "mon_domaine.fr"),
        ("administrateurs", "administrators.0.email", "pas une adresse"),
    ):
        answer = step(browser, address, code, wrong)
        assert answer.status_code == 422
        page = answer.content.decode()
        assert f'<a href="#{path}">' in page
        assert f'id="{path}"' in page
        assert f'id="{path}-erreur"' in page
        assert f'value="{kept}"' in page
        assert "<title>Erreur" in page
        assert f'value="{kept}"' in browser.get(f"{address}etape/{code}/").content.decode()


def test_what_is_missing_in_any_step_is_listed_before_sending_with_a_way_to_it(portal: Instance) -> None:
    browser = visitor(REPRESENTATIVE)
    address = begun(browser)
    form_ = order_form(usage={"description": "", "editor": "Éditeur & fils", "solution": ""})
    form_["structure.siret"] = "18751275100021"
    del form_["declarations.terms"]
    answer = sent(browser, address, form_)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert f'href="{address}etape/structure/#structure.siret"' in page
    assert f'href="{address}etape/usage/#usage.description"' in page
    assert 'href="#declarations.terms"' in page
    assert "Vous n’avez pas encore de commande" in text(browser.get("/commandes/"))
    missing = browser.get(address).content.decode()
    assert f'href="{address}etape/structure/#structure.siret"' in missing


def test_offers_and_people_are_added_and_taken_away_by_plain_buttons(portal: Instance) -> None:
    browser = visitor(REPRESENTATIVE)
    address = begun(browser)

    def press(code: str, action: str, form_: dict[str, Any]) -> str:
        answer = step(browser, address, code, form_ | {"action": action})
        assert answer.status_code == 302
        return str(browser.get(answer["Location"]).content.decode())

    page = press("offres", "ajouter-offre:serv-ssl", {})
    assert 'name="offers.0.declared"' in page
    assert "constats" not in page  # nothing is wrong yet with what was only just added
    page = press("offres", "ajouter-offre:pro", order_form())
    assert 'name="offers.1.declared"' in page
    page = press("offres", "retirer-offre:0", order_form())
    assert 'name="offers.0.declared"' not in page
    page = press("administrateurs", "ajouter-administrateur", order_form())
    assert 'name="administrators.1.card_number"' in page
    assert f'value="{ADMINISTRATOR.card}"' in page


def test_an_offer_with_every_product_unticked_is_not_an_offer_of_all_of_them(portal: Instance) -> None:
    browser = visitor(REPRESENTATIVE)
    form_ = order_form(offer("org", products=["ORG_SIGN"]))
    del form_["offers.0.products"]
    answer = sent(browser, begun(browser), form_)
    assert answer.status_code == 422
    assert "Aucun produit n'est coché" in text(answer)


def test_only_the_products_that_were_ticked_are_ordered(portal: Instance) -> None:
    browser = visitor(REPRESENTATIVE)
    answer = sent(browser, begun(browser), order_form(offer("org", products=["ORG_SIGN"])))
    file = order_file(answer["Location"].split("/")[2])
    assert file is not None
    assert file.raw["offers"][0]["products"] == ["ORG_SIGN"]


def test_nobody_can_claim_a_visa_on_the_page(portal: Instance) -> None:
    browser = visitor(MANDATAIRE)
    claimed = {"visa.signed": "oui", "visa.stamped": "oui", "visa.date": "2020-01-01"}
    answer = sent(browser, begun(browser), order_form() | claimed)
    file = order_file(answer["Location"].split("/")[2])
    assert file is not None
    assert file.raw["visa"] == {"date": "", "signed": False, "stamped": False}


def test_the_signatory_signs_later_what_somebody_else_filled_in(portal: Instance) -> None:
    other = visitor(MANDATAIRE)
    address = sent(other, begun(other), order_form())["Location"]
    browser = visitor(REPRESENTATIVE)
    assert "Elle attend votre signature" in text(browser.get(address))
    assert browser.post(f"{address}signer/", {"version": "1"}).status_code == 302
    assert "signée avec votre carte" in text(browser.get(address))
    file = order_file(address.split("/")[2])
    assert file is not None
    assert file.raw["visa"]["signed"] is True


def test_a_file_that_is_no_form_is_refused_and_begins_nothing(portal: Instance) -> None:
    browser = visitor(REPRESENTATIVE)
    file = SimpleUploadedFile("f.pdf", b"not a pdf at all")
    answer = browser.post("/commandes/nouvelle/", {"action": "lire-pdf", "pdf": file})
    assert answer.status_code == 422
    assert 'href="#pdf"' in answer.content.decode()
    assert "Aucun fichier" in text(browser.post("/commandes/nouvelle/", {"action": "lire-pdf"}))
    assert "Commandes en préparation" not in text(browser.get("/commandes/"))


def test_an_upload_over_the_limit_is_refused(portal: Instance) -> None:
    big = SimpleUploadedFile("f.pdf", b"%PDF-" + bytes(5 * 1024 * 1024))
    answer = visitor(REPRESENTATIVE).post("/commandes/nouvelle/", {"action": "lire-pdf", "pdf": big})
    assert answer.status_code in {400, 422}


def test_a_requester_answers_corrects_and_gives_up(portal: Instance) -> None:
    order = submitted()
    reference = order.line.reference
    desk = visitor(ALICE)
    desk.post(f"/guichet/{reference}/prendre/")
    desk.post(f"/guichet/{reference}/questionner/", {"text": "Quel est le numéro de téléphone ?"})
    browser = visitor(REPRESENTATIVE)
    page = text(browser.get(f"/commandes/{reference}/"))
    assert "Quel est le numéro de téléphone ?" in page
    empty = browser.post(f"/commandes/{reference}/repondre/", {"version": "1", "text": ""})
    assert empty.status_code == 422
    assert (
        browser.post(f"/commandes/{reference}/repondre/", {"version": "1", "text": "Le voici"}).status_code
        == 302
    )
    assert "Le voici" in text(desk.get(f"/guichet/{reference}/"))
    desk.post(f"/guichet/{reference}/questionner/", {"text": "Et l'adresse ?"})
    draft = browser.post(f"/commandes/{reference}/corriger/")["Location"]
    corrected = order_form(offer("serv-ssl", declared="autre-exemple.fr")) | {"why": "Domaine"}
    assert sent(browser, draft, corrected)["Location"] == f"/commandes/{reference}/"
    assert "autre-exemple.fr" in text(browser.get(f"/commandes/{reference}/"))
    unsure = browser.post(f"/commandes/{reference}/abandonner/", {"reason": "plus besoin"})
    assert "case de confirmation" in text(unsure)
    assert browser.post(f"/commandes/{reference}/abandonner/", {"sure": "oui"}).status_code == 302
    assert "close sans suite" in text(browser.get(f"/commandes/{reference}/"))


# -- the desk


def test_two_officers_accept_and_each_sees_what_the_other_did(portal: Instance) -> None:
    reference = submitted(offer("serv-ssl")).line.reference
    alice, bruno = visitor(ALICE), visitor(BRUNO)
    assert reference in text(alice.get("/guichet/"))
    alice.post(f"/guichet/{reference}/prendre/")
    page = text(alice.get(f"/guichet/{reference}/"))
    assert "à trancher" in page
    assert "votre accord est le premier" in page
    alice.post(f"/guichet/{reference}/approuver/", {"version": "1"})
    assert "il faut maintenant une autre personne" in text(alice.get(f"/guichet/{reference}/"))
    alice.post(f"/guichet/{reference}/approuver/", {"version": "1"})  # a second click is no second person
    assert "en examen" in text(alice.get(f"/guichet/{reference}/"))
    assert "accepte la commande" in text(bruno.get(f"/guichet/{reference}/"))
    bruno.post(f"/guichet/{reference}/approuver/", {"version": "1"})
    page = text(bruno.get(f"/guichet/{reference}/"))
    assert "Habilitations ouvertes" in page
    assert "SERV_SSL" in page
    assert "Elle est acceptée" in text(visitor(REPRESENTATIVE).get(f"/commandes/{reference}/"))


def test_an_approval_of_a_version_that_has_changed_is_refused_with_the_reason(portal: Instance) -> None:
    reference = submitted().line.reference
    browser = visitor(ALICE)
    browser.post(f"/guichet/{reference}/prendre/")
    answer = browser.post(f"/guichet/{reference}/approuver/", {"version": "7"})
    assert answer.status_code == 422
    assert "Cela n’a pas été fait" in text(answer)


def test_an_officer_who_is_part_of_the_order_is_told_so(portal: Instance) -> None:
    order = receive_form(REPRESENTATIVE.actor, raw=form(administrators=(ALICE,)), channel="web")
    reference = order.line.reference
    visitor(BRUNO).post(f"/guichet/{reference}/prendre/")
    browser = visitor(ALICE)
    assert "Vous faites partie de cette commande" in text(browser.get(f"/guichet/{reference}/"))
    answer = browser.post(f"/guichet/{reference}/approuver/", {"version": "1"})
    assert answer.status_code == 422


def test_the_desk_settles_what_the_form_did_not_say(portal: Instance) -> None:
    raw = form(offer("serv-ssl", kind=None), offer("serv-mail", restricted=None)) | {"edition": "2024-03"}
    reference = receive_form(ALICE.actor, raw=raw, channel="desk").line.reference
    browser = visitor(BRUNO)
    browser.post(f"/guichet/{reference}/prendre/")
    page = text(browser.get(f"/guichet/{reference}/"))
    assert "Préciser l’étendue de chu-exemple.fr" in page
    assert "Préciser l’étendue de @chu-exemple.fr" in page
    first = {"version": "1", "offer": "0", "kind": "server"}
    assert browser.post(f"/guichet/{reference}/preciser/", first).status_code == 302
    second = {"version": "2", "offer": "1", "kind": "mail", "restricted": "non"}
    assert browser.post(f"/guichet/{reference}/preciser/", second).status_code == 302
    file = order_file(reference)
    assert file is not None
    assert file.raw["offers"][0]["kind"] == "server"
    assert file.raw["offers"][1]["restricted"] is False
    assert "Préciser" not in text(browser.get(f"/guichet/{reference}/"))


def test_the_desk_completes_refuses_notes_and_closes(portal: Instance) -> None:
    reference = submitted().line.reference
    browser = visitor(ALICE)
    browser.post(f"/guichet/{reference}/prendre/")
    browser.post(f"/guichet/{reference}/noter/", {"note": "Vu au téléphone"})
    assert "Vu au téléphone" in text(browser.get(f"/guichet/{reference}/"))
    assert "Vu au téléphone" not in text(visitor(REPRESENTATIVE).get(f"/commandes/{reference}/"))
    sent = order_form() | {
        "version": "1",
        "action": "envoyer",
        "visa.signed": "oui",
        "visa.stamped": "oui",
        "visa.date": "2026-11-24",
    }
    assert browser.post(f"/guichet/{reference}/completer/", sent).status_code == 302
    file = order_file(reference)
    assert file is not None
    assert file.raw["visa"] == {"date": "2026-11-24", "signed": True, "stamped": True}
    silent = browser.post(f"/guichet/{reference}/refuser/", {"reason": ""})
    assert silent.status_code == 422
    browser.post(f"/guichet/{reference}/refuser/", {"reason": "Le contrat est d'une autre structure."})
    page = text(visitor(REPRESENTATIVE).get(f"/commandes/{reference}/"))
    assert "Le contrat est d'une autre structure." in page
    other = submitted().line.reference
    browser.post(f"/guichet/{other}/prendre/")
    assert browser.post(f"/guichet/{other}/classer/", {"reason": "sans réponse"}).status_code == 302


def test_the_auditor_reads_the_file_and_finds_no_button(portal: Instance) -> None:
    from tests.instance import AUDITOR

    reference = submitted().line.reference
    page = visitor(AUDITOR).get(f"/guichet/{reference}/")
    assert page.status_code == 200
    assert "sans pouvoir en décider" in text(page)
    assert page.content.decode().count("<form") == 2  # the way out, and the other hat


# -- from a right to a certificate


def rights() -> dict[str, str]:
    accepted(offer("serv-ssl"), offer("serv-mail"), offer("org"), offer("pro"))
    return {
        line.product: line.reference for line in habilitations_of(ADMINISTRATOR.national_id.text, at=NOON)
    }


def test_my_habilitations_say_what_they_cover_and_who_granted_them(portal: Instance) -> None:
    references = rights()
    browser = visitor(ADMINISTRATOR)
    page = text(browser.get("/habilitations/"))
    assert "chu-exemple.fr : domaine, ses serveurs et ses sous-domaines" in page
    detail = text(browser.get(f"/habilitations/{references['SERV_SSL']}/"))
    assert "Alice Premier" in detail
    assert "Bruno Second" in detail
    assert "version 1" in detail
    assert "Aucune habilitation à votre nom" in text(visitor(REPRESENTATIVE).get("/habilitations/"))


@pytest.mark.parametrize(
    ("product", "names", "verdict"),
    [
        ("SERV_SSL", "www.chu-exemple.fr\nchu-exemple.fr", "Oui, ce certificat peut être délivré"),
        ("SERV_SSL", "www.chu-exemple.fr, www.evilchu-exemple.fr", "Non, pas tel quel"),
        ("SERV_SSL", "*.chu-exemple.fr", "Non, pas tel quel"),
        ("SERV_S/MIME", "contact@imagerie.chu-exemple.fr", "Oui, ce certificat peut être délivré"),
        ("SERV_S/MIME", "contact@ailleurs.fr", "Non, pas tel quel"),
        ("ORG_AUTH_CLI", "INSI-AUTO", "Oui, ce certificat peut être délivré"),
        ("ORG_AUTH_CLI", " ", "Tapez le nom"),
    ],
)
def test_the_verdict_is_the_same_by_button_and_while_one_types(
    portal: Instance, product: str, names: str, verdict: str
) -> None:
    reference = rights()[product]
    browser = visitor(ADMINISTRATOR)
    by_button = text(browser.post(f"/demander/{reference}/", {"names": names, "action": "verifier"}))
    typing = text(browser.post(f"/demander/{reference}/verdict/", {"names": names}))
    assert verdict in by_button
    assert verdict in typing


def test_the_exact_subject_is_shown_before_one_asks(portal: Instance) -> None:
    reference = rights()["SERV_SSL"]
    page = text(
        visitor(ADMINISTRATOR).post(f"/demander/{reference}/verdict/", {"names": "www.chu-exemple.fr"})
    )
    assert "Pays (C) FR" in page
    assert "Département (ST) Rhône (69)" in page
    assert "Identifiant national de la structure (OU) 318751275100020" in page
    assert "Nom commun (CN) www.chu-exemple.fr" in page


def test_a_request_without_a_csr_or_with_a_bad_one_says_how_to_make_a_good_one(portal: Instance) -> None:
    reference = rights()["SERV_SSL"]
    browser = visitor(ADMINISTRATOR)
    asked = {"names": "www.chu-exemple.fr", "action": "demander", "once": "k"}
    missing = browser.post(f"/demander/{reference}/", asked)
    assert missing.status_code == 422
    stem = "www.chu-exemple.fr-serv-ssl"
    command = f"openssl req -new -newkey rsa:3072 -nodes -keyout {stem}.key -subj / -out {stem}.csr"
    assert command in text(missing)
    for bad in ("AAAA", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----"):
        answer = browser.post(f"/demander/{reference}/", asked | {"csr": bad})
        assert answer.status_code == 422
        assert 'href="#csr"' in answer.content.decode()
        assert "www.chu-exemple.fr" in answer.content.decode()
    large = browser.post(f"/demander/{reference}/", asked | {"csr": "A" * 17_000})
    assert "dépasse 16 Kio" in text(large)


def issue(
    product: str = "SERV_SSL", names: str = "www.chu-exemple.fr\nportail.chu-exemple.fr"
) -> tuple[DoorClient, str]:
    """A browser, and the reference of a certificate just asked for on the page."""
    reference = rights()[product]
    browser = visitor(ADMINISTRATOR)
    file = SimpleUploadedFile("demande.csr", csr())
    asked = {"names": names, "action": "demander", "once": "k", "csr_file": file}
    answer = browser.post(f"/demander/{reference}/", asked)
    assert answer.status_code == 302, text(answer)
    return browser, answer["Location"].split("/")[2]


def collect(browser: DoorClient, reference: str) -> None:
    sent = {"terms": "oui", "code": CODE, "code_again": CODE}
    assert browser.post(f"/certificats/{reference}/retirer/", sent).status_code == 302


def test_a_certificate_is_asked_for_with_an_uploaded_request_and_collected(portal: Instance) -> None:
    browser, reference = issue()
    assert "à retirer" in text(browser.get("/certificats/"))
    page = text(browser.get(f"/certificats/{reference}/retirer/"))
    assert "www.chu-exemple.fr, portail.chu-exemple.fr" in page
    for form_code in ("pem", "chaine", "der", "p7b", "autorites"):
        assert browser.get(f"/certificats/{reference}/fichier/{form_code}/").status_code == 404
    collect(browser, reference)
    detail = text(browser.get(f"/certificats/{reference}/"))
    assert "en service" in detail
    assert "version 1" in detail


@pytest.mark.parametrize(
    "sent",
    [
        {"code": CODE, "code_again": CODE},
        {"terms": "oui", "code": CODE, "code_again": CODE + "x"},
        {"terms": "oui", "code": "1234", "code_again": "1234"},
        {},
    ],
)
def test_a_collection_without_terms_or_with_a_poor_code_is_refused_and_shows_no_code(
    portal: Instance, sent: dict[str, str]
) -> None:
    browser, reference = issue()
    answer = browser.post(f"/certificats/{reference}/retirer/", sent)
    assert answer.status_code == 422
    assert "n’est pas encore remis" in text(answer)
    assert CODE not in answer.content.decode()


def test_every_form_of_download_holds_the_certificate(portal: Instance) -> None:
    browser, reference = issue()
    collect(browser, reference)

    def fetch(code: str) -> tuple[bytes, str]:
        answer = browser.get(f"/certificats/{reference}/fichier/{code}/")
        return answer.content, answer["Content-Disposition"]

    pem, name = fetch("pem")
    leaf = x509.load_pem_x509_certificate(pem)
    assert re.fullmatch(r'attachment; filename="www\.chu-exemple\.fr-serv-ssl-[0-9A-Fa-f]{8}\.pem"', name)
    assert x509.load_der_x509_certificate(fetch("der")[0]) == leaf
    chain = x509.load_pem_x509_certificates(fetch("chaine")[0])
    assert chain[0] == leaf
    leaf.verify_directly_issued_by(x509.load_pem_x509_certificates(fetch("autorites")[0])[0])
    assert leaf in pkcs7.load_der_pkcs7_certificates(fetch("p7b")[0])
    assert leaf.public_bytes(Encoding.PEM) == pem
    assert browser.get(f"/certificats/{reference}/fichier/p12/").status_code == 404


def test_the_list_is_filtered_by_text_and_state(portal: Instance) -> None:
    browser, reference = issue()
    assert reference in browser.get("/certificats/?texte=portail").content.decode()
    assert "Aucun certificat ne correspond" in text(browser.get("/certificats/?texte=ailleurs"))
    assert "Aucun certificat ne correspond" in text(browser.get("/certificats/?etat=revoked"))
    assert reference in browser.get("/certificats/?etat=to-collect").content.decode()


# -- the end


def test_a_certificate_is_revoked_with_the_card_for_a_reason_and_for_good(portal: Instance) -> None:
    browser, reference = issue()
    collect(browser, reference)
    page = text(browser.get(f"/certificats/{reference}/revoquer/"))
    assert "C’est définitif" in page
    assert "Autorité compromise" not in page
    unsure = browser.post(
        f"/certificats/{reference}/revoquer/", {"reason": "superseded", "quality": "administrator"}
    )
    assert unsure.status_code == 422
    assert 'href="#sure"' in unsure.content.decode()
    nothing = browser.post(f"/certificats/{reference}/revoquer/", {"sure": "oui", "quality": "administrator"})
    assert nothing.status_code == 422
    sent = {"reason": "superseded", "quality": "administrator", "sure": "oui"}
    assert browser.post(f"/certificats/{reference}/revoquer/", sent).status_code == 302
    detail = text(browser.get(f"/certificats/{reference}/"))
    assert "Révoqué le" in detail
    assert "Certificat remplacé" in detail
    assert "Révoquer ce certificat" not in detail


def test_a_quality_that_one_does_not_have_is_refused(portal: Instance) -> None:
    browser, reference = issue()
    sent = {"reason": "superseded", "quality": "authority", "sure": "oui"}
    assert browser.post(f"/certificats/{reference}/revoquer/", sent).status_code == 422


def test_the_representative_revokes_what_the_administrator_asked_for(portal: Instance) -> None:
    _, reference = issue()
    browser = visitor(REPRESENTATIVE)
    page = browser.get(f"/certificats/{reference}/revoquer/").content.decode()
    assert 'name="quality" value="representative"' in page
    sent = {"reason": "privilegeWithdrawn", "quality": "representative", "sure": "oui"}
    assert browser.post(f"/certificats/{reference}/revoquer/", sent).status_code == 302


def test_whoever_has_the_code_revokes_without_a_card(portal: Instance) -> None:
    browser, reference = issue()
    collect(browser, reference)
    anybody = DoorClient(None, at_door=False)
    sent = {"serial": reference, "code": CODE, "reason": "keyCompromise", "sure": "oui"}
    done = anybody.post("/revoquer/", sent)
    assert "Le certificat est révoqué" in text(done)
    assert "Révoqué le" in text(browser.get(f"/certificats/{reference}/"))


def test_a_wrong_code_and_a_wrong_serial_get_the_same_page(portal: Instance) -> None:
    browser, reference = issue()
    collect(browser, reference)
    anybody = DoorClient(None, at_door=False)
    base = {"reason": "keyCompromise", "sure": "oui"}
    wrong_code = anybody.post("/revoquer/", base | {"serial": reference, "code": "wrong-code-1"})
    wrong_serial = anybody.post("/revoquer/", base | {"serial": "CRT-00000-00000", "code": CODE})
    assert wrong_code.status_code == wrong_serial.status_code == 422
    assert text(wrong_code).replace(reference, "") == text(wrong_serial).replace("CRT-00000-00000", "")


def test_tries_of_codes_are_braked(portal: Instance) -> None:
    from sceau.portal import post_brakes

    post_brakes(None)
    anybody = DoorClient(None, at_door=False)
    sent = {"serial": "CRT-00000-00000", "code": "x", "reason": "keyCompromise", "sure": "oui"}
    statuses = [anybody.post("/revoquer/", sent).status_code for _ in range(12)]
    post_brakes(None)
    assert statuses[:10] == [422] * 10
    assert statuses[10:] == [429] * 2


# -- persons


def test_a_professional_confirms_a_mailbox_and_gets_a_certificate(portal: Instance) -> None:
    browser = visitor(DOCTOR)
    assert "PS_AUTH" in text(browser.get("/demander/"))
    base = {"names": "geraldine@cabinet-dentaire.fr", "once": "k"}
    early = browser.post("/demander/ps/PS_SIGN/", base | {"csr": csr().decode(), "action": "demander"})
    assert early.status_code == 422
    sent = browser.post("/demander/ps/PS_SIGN/", base | {"action": "envoyer-code"})
    assert "Un code est parti à geraldine@cabinet-dentaire.fr" in text(sent)
    code = re.search(r"\d{6,}", portal.outbox.mails[-1][2])
    assert code is not None
    wrong = browser.post("/demander/ps/PS_SIGN/", base | {"action": "confirmer-code", "mailbox_code": "0"})
    assert "est confirmée" not in text(wrong)
    good = browser.post("/demander/ps/PS_SIGN/", base | {"action": "confirmer-code", "mailbox_code": code[0]})
    assert "est confirmée" in text(good)
    answer = browser.post("/demander/ps/PS_SIGN/", base | {"csr": csr().decode(), "action": "demander"})
    assert answer.status_code == 302, text(answer)
    assert browser.get("/demander/ps/SERV_SSL/").status_code == 404


def test_a_pro_certificate_names_a_person_the_desk_has_confirmed(portal: Instance) -> None:
    reference = rights()["PRO_SIGN"]
    browser = visitor(ADMINISTRATOR)
    asked = {
        "names": "claire.martin@chu-exemple.fr",
        "holder.national_id": "899700041983",
        "holder.surname": "Martin",
        "holder.given_names": "Claire",
        "holder.profession": "60",
        "csr": csr().decode(),
        "action": "demander",
        "once": "k",
    }
    empty = browser.post(f"/demander/{reference}/", asked | {"holder.surname": "", "holder.national_id": "x"})
    assert 'href="#holder.surname"' in empty.content.decode()
    assert browser.post(f"/demander/{reference}/", asked).status_code == 422
    desk = visitor(ALICE)
    assert desk.post("/guichet/personnes/", asked | {"structure_id": "1"}).status_code == 422
    confirmed = desk.post("/guichet/personnes/", asked | {"structure_id": "318751275100020"})
    assert confirmed.status_code == 302, text(confirmed)
    answer = browser.post(f"/demander/{reference}/", asked)
    assert answer.status_code == 302, text(answer)


def test_the_home_page_says_what_waits(portal: Instance) -> None:
    browser, reference = issue()
    assert "Retirer le certificat www.chu-exemple.fr" in text(browser.get("/"))
    submitted(offer("org"))
    assert "Commandes que personne ne suit : 1" in text(visitor(ALICE).get("/"))
    assert "Rien n’attend" in text(visitor(DOCTOR).get("/"))
    assert right_for("SERV_SSL")
    assert reference


def test_pages_that_explain_are_whole(portal: Instance) -> None:
    anybody = DoorClient(None, at_door=False)
    how = text(anybody.get("/comment-ca-marche/"))
    for product in ("SERV_SSL", "SERV_S/MIME", "ORG_CONF", "PRO_AUTH", "PS_CONF"):
        assert product in how
    assert "Les cartes de service ne sont pas admises" in how
    assert "PlateForme de Localisation des Appels d'Urgence" in text(anybody.get("/glossaire/"))
    assert "RGAA" in text(anybody.get("/accessibilite/"))


def test_who_clicks_twice_is_led_to_the_order_that_the_other_click_made(
    portal: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between this click's reading of the draft and its writing, the other click sends it."""
    draft = open_draft(REPRESENTATIVE.actor, raw=form(), origin="blank").line.reference
    ticked = {"declarations.terms": "oui", "declarations.exact": "oui"}
    saving = "sceau.portal.pages.drafts.views.save_draft"

    def after_the_other(*told: Any, **named: Any) -> Any:
        monkeypatch.setattr(saving, save_draft)
        assert visitor(REPRESENTATIVE).post(f"/brouillons/{draft}/envoyer/", posted).status_code == 302
        return save_draft(*told, **named)

    page = visitor(REPRESENTATIVE).get(f"/brouillons/{draft}/etape/{CODES[-1]}/").content.decode()
    seen = re.search(r'name="vu" value="([^"]+)"', page)
    assert seen
    posted = {**ticked, "vu": seen[1]}
    monkeypatch.setattr(saving, after_the_other)
    answer = visitor(REPRESENTATIVE).post(f"/brouillons/{draft}/envoyer/", posted)
    order = Order.objects.get().reference
    assert (answer.status_code, answer["Location"]) == (302, f"/commandes/{order}/")


def test_who_clicks_twice_waits_for_the_certificate_of_the_other_click() -> None:
    answers: list[Any] = [Fault("issuance.in-progress", retryable=True), "CRT"]

    def issue() -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Fault):
            raise answer
        return answer

    assert past_its_twin(issue) == "CRT"
    answers[:] = [Fault("issuance.outcome-unknown", retryable=False), "CRT"]
    with pytest.raises(Fault):
        past_its_twin(issue)
