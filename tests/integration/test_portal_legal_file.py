"""The pages of the legal file: at the desk, and for those who speak for a structure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from sceau.operations import PieceEntry, add_piece, issue_certificate
from sceau.records import contract_file, habilitations_of, leave_line, order_file, piece_line
from sceau.records.models import JournalEntry, Leave, Piece
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    AUDITOR,
    BRUNO,
    CONTRACT,
    MANDATAIRE,
    NOON,
    OTHER_CONTRACT,
    OTHER_REPRESENTATIVE,
    REPRESENTATIVE,
    STRANGER,
    Instance,
    accepted,
    offer,
    server_request,
    submitted,
)
from tests.integration.test_legal_file import JPEG, LENT, PNG, STRUCTURE, identity, kbis
from tests.integration.test_orders import by_mail
from tests.portal import DoorClient, as_holder, staff_the_door, tls_layer, visitor

DESK = f"/guichet/contrats/{CONTRACT}/"
ACTS = {ADMINISTRATOR.card: "withdraw", REPRESENTATIVE.card: "suspend"}
OWN = f"/mon-contrat/{CONTRACT}/"


@pytest.fixture
def portal(instance: Instance) -> Iterator[Instance]:
    staff_the_door()
    with tls_layer():
        yield instance


def said(answer: Any) -> str:
    return re.sub(r"\s+", " ", unescape(answer.content.decode().replace("\xa0", " ").replace("\u202f", " ")))


def file(data: bytes = PNG, name: str = "kbis.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, content_type="text/html")


def test_the_desk_finds_a_contract_and_reads_its_file(portal: Instance) -> None:
    accepted()
    add_piece(ALICE.actor, kbis())
    browser = visitor(ALICE)
    assert CONTRACT in said(browser.get("/guichet/contrats/?texte=exemple"))
    page = said(browser.get(DESK))
    for words in ("Élodie Désirée", "signer les formulaires 413", "Extrait du registre", "1 habilitation"):
        assert words in page
    for label in ("Suspendre le contrat", "Résilier le contrat"):
        assert label in page
        assert label not in said(visitor(AUDITOR).get(DESK))


def test_the_desk_sees_what_a_suspension_stops_and_answers_for_it(portal: Instance) -> None:
    accepted()
    waiting = submitted().line.reference
    issued = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="a").line.reference
    browser = visitor(ALICE)
    address = f"{DESK}acte/suspend/"
    page = said(browser.get(address))
    assert waiting in page
    assert issued in page
    found = re.search(r'name="seen" value="([0-9a-f]{64})"', page)
    assert found
    answer = browser.post(address, {"seen": found[1], "reason": "Impayé", "others.orders": "keep"})
    assert answer.status_code == 422
    assert "Impayé" in said(answer)
    answers = {
        "seen": found[1],
        "reason": "Impayé",
        f"each.{waiting}": "abandon",
        "others.rights": "suspend",
        "others.certificates": "keep",
    }
    assert browser.post(address, answers).status_code == 302
    assert "suspendu" in said(browser.get(DESK))
    abandoned = order_file(waiting)
    assert abandoned is not None
    assert abandoned.line.state == "abandoned"


def test_ending_a_contract_is_confirmed_by_a_second_person_on_a_page_of_theirs(portal: Instance) -> None:
    browser = visitor(ALICE)
    page = said(browser.get(f"{DESK}acte/terminate/"))
    found = re.search(r'name="seen" value="([0-9a-f]{64})"', page)
    assert found
    browser.post(f"{DESK}acte/terminate/", {"seen": found[1], "reason": "Fin d'activité"})
    kept = contract_file(CONTRACT, at=NOON)
    assert kept is not None
    assert kept.line.state == "active"
    address = f"{DESK}decision/{kept.acts[0].reference}/"
    assert "une autre personne doit le confirmer" in said(browser.get(address))
    assert browser.post(address, {}).status_code == 422
    other = visitor(BRUNO)
    assert "Fin d'activité" in said(other.get(address))
    assert other.post(address, {}).status_code == 302
    assert "résilié" in said(other.get(DESK))
    assert other.get(address).status_code == 404
    assert other.get(f"{DESK}acte/resume/").status_code == 404


def test_the_desk_names_a_person_and_ends_their_mandate(portal: Instance) -> None:
    browser = visitor(ALICE)
    party = {
        "quality": "mandataire",
        "surname": STRANGER.surname,
        "given_names": STRANGER.given_names,
        "card_number": STRANGER.card,
        "powers": ["sign", "file"],
    }
    assert browser.post(f"{DESK}personnes/", party).status_code == 302
    assert visitor(STRANGER).get(OWN).status_code == 200
    end = {
        "action": "fin",
        "card_number": STRANGER.card,
        "quality": "mandataire",
        "until": "2026-11-23",
        "reason": "Parti",
    }
    assert browser.post(f"{DESK}personnes/", end).status_code == 302
    assert visitor(STRANGER).get(OWN).status_code == 404
    assert browser.post(f"{DESK}personnes/", end | {"until": "hier"}).status_code == 422


def test_a_piece_is_given_as_a_file_to_save_and_never_opens_in_a_page(portal: Instance) -> None:
    browser = visitor(ALICE)
    sent = {"kind": "kbis", "issued_on": "2026-11-02", "file": file(name="../../<b>x</b>.html")}
    assert browser.post(f"{DESK}pieces/", sent).status_code == 302
    piece = Piece.objects.get()
    answer = browser.get(f"/guichet/pieces/{piece.reference}/fichier/")
    assert answer.content == PNG
    assert answer["Content-Type"] == "image/png"
    assert answer["Content-Disposition"] == f'attachment; filename="{piece.reference}-kbis.png"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox")
    assert "no-store" in answer["Cache-Control"]
    assert "<b>" not in said(browser.get(f"/guichet/pieces/{piece.reference}/"))
    refused = browser.post(f"{DESK}pieces/", sent | {"file": file(b"<html>")})
    assert refused.status_code == 422
    assert "ni un PDF, ni une image" in said(refused)


def test_an_identity_copy_is_asked_for_by_a_button_and_only_the_desk_gets_it(portal: Instance) -> None:
    address = f"/guichet/pieces/{identity()}/"
    browser = visitor(ALICE)
    assert "inscrite au journal" in said(browser.get(address))
    assert browser.get(f"{address}fichier/").status_code == 405
    assert JournalEntry.objects.filter(kind="piece.seen").count() == 0
    assert browser.post(f"{address}fichier/").content == JPEG
    assert JournalEntry.objects.filter(kind="piece.seen").count() == 1
    auditor = visitor(AUDITOR)
    assert "le guichet seul" in said(auditor.get(address))
    refused = auditor.post(f"{address}fichier/")
    assert refused.status_code == 422
    assert JPEG not in refused.content


def test_the_desk_notes_what_an_extract_says(portal: Instance) -> None:
    order = submitted().line.reference
    browser = visitor(ALICE)
    browser.post(f"/guichet/{order}/prendre/")
    sent = {"kind": "kbis", "issued_on": "2026-11-02", "file": file()}
    assert browser.post(f"/guichet/{order}/pieces/", sent).status_code == 302
    piece = Piece.objects.get()
    read = {"name": "Clinique du Parc", "siret": "18751275100020"}
    assert browser.post(f"/guichet/pieces/{piece.reference}/lire/", read | {"siret": "1"}).status_code == 422
    assert browser.post(f"/guichet/pieces/{piece.reference}/lire/", read).status_code == 302
    page = said(browser.get(f"/guichet/{order}/"))
    assert "La dénomination n'est pas celle de l'extrait" in page
    assert "N413 1, Dénomination de la structure" in page


def test_the_desk_attests_the_visa_of_a_scan(portal: Instance) -> None:
    order = by_mail(visa={"date": "", "signed": False, "stamped": False}).line.reference
    browser = visitor(ALICE)
    browser.post(f"/guichet/{order}/prendre/")
    sent = {"kind": "form-scan", "issued_on": "2026-11-20", "file": file()}
    browser.post(f"/guichet/{order}/pieces/", sent)
    piece = Piece.objects.get().reference
    assert "Attester le visa" in said(browser.get(f"/guichet/{order}/"))
    act = {"version": "1", "piece": piece, "signed_on": "", "stamped": "oui"}
    assert browser.post(f"/guichet/{order}/visa/", act).status_code == 422
    assert browser.post(f"/guichet/{order}/visa/", act | {"signed_on": "2026-11-20"}).status_code == 302
    assert "Visa du 20 novembre 2026 attesté par Alice Premier" in said(browser.get(f"/guichet/{order}/"))


def test_a_letter_is_put_on_file_verified_and_ended(portal: Instance) -> None:
    browser = visitor(ALICE)
    scan = add_piece(
        ALICE.actor, PieceEntry("holder-letter", PNG, issued_on=date(2026, 11, 1), structure=STRUCTURE)
    ).reference
    new = {
        "structure": STRUCTURE,
        "name": LENT,
        "holder": "Mairie",
        "use": "any",
        "whole": "oui",
        "letter": scan,
        "identity": identity(),
        "action": "papier",
    }
    assert browser.post("/guichet/accords/nouveau/", new | {"name": "gouv.fr"}).status_code == 422
    assert browser.post("/guichet/accords/nouveau/", new).status_code == 302
    reference = Leave.objects.get().reference
    address = f"/guichet/accords/{reference}/"
    assert browser.post(f"{address}acte/", {"action": "verifier"}).status_code == 422
    assert browser.post(f"{address}acte/", {"action": "completer", "signed": "oui"}).status_code == 302
    assert browser.post(f"{address}acte/", {"action": "verifier"}).status_code == 302
    accepted(offer("serv-ssl", declared=LENT, owner="holder"))
    page = said(browser.get(f"{address}fin/"))
    found = re.search(r'name="seen" value="([0-9a-f]{64})"', page)
    assert found
    end = {"seen": found[1], "reason": "Repris", "others.rights": "withdraw"}
    assert browser.post(f"{address}fin/", end).status_code == 302
    assert browser.get(f"{address}fin/").status_code == 404
    line = leave_line(reference, at=NOON)
    assert line is not None
    assert line.state == "withdrawn"
    assert browser.post(f"{address}acte/", {"action": "autre"}).status_code == 404


def test_the_letter_and_the_copy_are_chosen_among_those_on_file(portal: Instance) -> None:
    """From an order: one piece is chosen beforehand, of several none; what is erased or another's is not
    there.
    """
    browser = visitor(ALICE)
    order = submitted(offer("serv-ssl", declared=LENT, owner="holder")).line.reference
    address = f"/guichet/accords/nouveau/?order={order}"
    assert 'name="letter"' in said(browser.get(address))
    assert "<select" not in field_of(said(browser.get(address)), "letter")
    day = date(2026, 11, 1)
    entry = PieceEntry("holder-letter", PNG, name="mairie.png", issued_on=day, order=order)
    first = add_piece(ALICE.actor, entry).reference
    one = field_of(said(browser.get(address)), "letter")
    assert f'<option value="{first}" selected>{first} : mairie.png, reçue le 24/11/2026</option>' in one
    other = PieceEntry("holder-letter", PNG + b"2", name="2.png", issued_on=day, contract=CONTRACT)
    second = add_piece(ALICE.actor, other).reference
    several = field_of(said(browser.get(address)), "letter")
    assert [found in several for found in (first, second)] == [True, True]
    assert '<option value="" selected>' in several
    new = {"order": order, "name": LENT, "holder": "Mairie", "use": "any", "whole": "oui", "action": "papier"}
    wrong = said(browser.post("/guichet/accords/nouveau/", new | {"letter": second, "name": "gouv.fr"}))
    assert f'<option value="{second}" selected>' in field_of(wrong, "letter")
    assert browser.post("/guichet/accords/nouveau/", new | {"letter": second}).status_code == 302
    page = said(browser.get(f"/guichet/accords/{Leave.objects.get().reference}/"))
    assert f'<option value="{second}" selected>' in field_of(page, "letter")
    assert first in field_of(page, "letter")
    assert "<select" not in field_of(page, "identity")


def field_of(page: str, name: str) -> str:
    """What stands between this field's name and the end of its block."""
    found = re.search(rf'<(?:select|input)[^>]*name="{name}".*?</div>', page, re.S)
    assert found, page
    return found[0]


def test_the_desk_prepares_a_text_for_the_dns_and_looks_it_up(portal: Instance) -> None:
    browser = visitor(ALICE)
    new = {"structure": STRUCTURE, "name": LENT, "holder": "Mairie", "use": "web", "action": "dns"}
    assert browser.post("/guichet/accords/nouveau/", new).status_code == 302
    leave = Leave.objects.get()
    address = f"/guichet/accords/{leave.reference}/"
    page = said(browser.get(address))
    assert f"_sceau-challenge.{LENT}" in page
    assert leave.challenge in page
    browser.post(f"{address}acte/", {"action": "dns"})
    assert "n’a pas été trouvé" in said(browser.get(address))
    portal.zone.records[f"_sceau-challenge.{LENT}"] = (leave.challenge,)
    browser.post(f"{address}acte/", {"action": "dns"})
    assert "vérifié" in said(browser.get(address))


# -- the structure's own side


def test_who_speaks_for_a_structure_reads_its_contract_and_what_is_missing(portal: Instance) -> None:
    browser = visitor(MANDATAIRE)
    assert CONTRACT in said(browser.get("/mon-contrat/"))
    page = said(browser.get(OWN))
    assert "Un extrait récent du registre" in page
    assert "Élodie Désirée" in page
    sent = {"kind": "kbis", "issued_on": "2026-11-02", "file": file()}
    assert browser.post(OWN, sent).status_code == 302
    assert "Un extrait récent du registre" not in said(browser.get(OWN))
    line = piece_line(Piece.objects.get().reference, at=NOON)
    assert line is not None
    assert line.brought_by == MANDATAIRE.national_id.text
    assert browser.post(OWN, sent | {"kind": "identity-copy", "file": file(JPEG)}).status_code == 422


def test_a_contract_that_is_not_yours_does_not_exist(portal: Instance) -> None:
    identity()
    for someone in (STRANGER, OTHER_REPRESENTATIVE, ADMINISTRATOR, ALICE, AUDITOR):
        browser = as_holder(visitor(someone))
        real, none = browser.get(OWN), browser.get("/mon-contrat/C-0000-0000/")
        assert real.status_code == none.status_code == 404
        assert browser.post(OWN, {"kind": "kbis", "file": file()}).status_code == 404
    assert DoorClient().get(OWN).status_code == 403
    assert "identité" not in said(visitor(REPRESENTATIVE).get(OWN)).partition("Déposer")[0]


def test_no_page_of_a_file_is_written_by_who_sent_something(portal: Instance) -> None:
    """Names and reasons are shown as text [ASSURANCE T36]."""
    browser = visitor(ALICE)
    new = {
        "structure": STRUCTURE,
        "name": LENT,
        "holder": "<script>alert(1)</script>",
        "use": "any",
        "action": "dns",
    }
    browser.post("/guichet/accords/nouveau/", new)
    for address in (DESK, f"/guichet/accords/{Leave.objects.get().reference}/"):
        assert "<script>alert" not in browser.get(address).content.decode()


@pytest.mark.parametrize("typed", ["31/02/2027", "demain", "2027-02-31", "20271231", "1/1/27"])
def test_a_day_that_cannot_be_read_is_never_taken_for_no_term(portal: Instance, typed: str) -> None:
    browser = visitor(ALICE)
    party = {
        "quality": "mandataire",
        "surname": STRANGER.surname,
        "given_names": STRANGER.given_names,
        "card_number": STRANGER.card,
        "powers": ["sign"],
    }
    before = JournalEntry.objects.count()
    answer = browser.post(f"{DESK}personnes/", party | {"valid_until": typed})
    assert answer.status_code == 422
    assert "pas une date" in said(answer)
    assert typed in said(answer)
    leave = {"structure": STRUCTURE, "name": LENT, "holder": "Mairie", "use": "any", "action": "papier"}
    for field in ("begins", "ends"):
        answer = browser.post("/guichet/accords/nouveau/", leave | {field: typed})
        assert answer.status_code == 422
        assert f'href="#{field}"' in answer.content.decode()
    assert JournalEntry.objects.count() == before
    assert not Leave.objects.exists()


def test_a_day_is_read_as_a_form_sends_it_and_as_people_write_it(portal: Instance) -> None:
    leave = {"structure": STRUCTURE, "name": LENT, "holder": "Mairie", "use": "any", "action": "papier"}
    for ends in ("2027-12-31", "31/12/2027"):
        assert visitor(ALICE).post("/guichet/accords/nouveau/", leave | {"ends": ends}).status_code == 302
    assert [one.ends for one in Leave.objects.all()] == [date(2027, 12, 31)] * 2


def test_a_letter_on_the_file_of_another_structure_is_not_this_ones(portal: Instance) -> None:
    others = add_piece(
        ALICE.actor,
        PieceEntry("holder-letter", PNG, issued_on=date(2026, 11, 1), contract=OTHER_CONTRACT),
    ).reference
    new = {"structure": STRUCTURE, "name": LENT, "holder": "Mairie", "use": "any", "letter": others}
    answer = visitor(ALICE).post("/guichet/accords/nouveau/", new | {"action": "papier"})
    assert answer.status_code == 422
    assert others in said(answer)
    assert not Leave.objects.exists()


def test_the_desk_reads_the_certificates_of_a_right_and_no_link_there_is_closed_to_it(
    portal: Instance,
) -> None:
    accepted(offer("serv-ssl"))
    made = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="une").line
    right = habilitations_of(ADMINISTRATOR.national_id.text, at=NOON)[0].reference
    for someone in (ALICE, AUDITOR):
        browser = visitor(someone)
        page = browser.get(f"/guichet/habilitations/{right}/").content.decode()
        assert f"/revocations/certificats/{made.reference}/" in page
        for start in (f"/guichet/habilitations/{right}/", "/guichet/"):
            told = browser.get(start).content.decode()
            for address in set(re.findall(r'<a [^>]*href="(/[^"#?]*)', told)):
                assert browser.get(address).status_code < 400, address
    for someone in (ADMINISTRATOR, REPRESENTATIVE):
        page = visitor(someone).get(f"/habilitations/{right}/acte/{ACTS[someone.card]}/").content.decode()
        assert f'href="/certificats/{made.reference}/"' in page
        assert "/revocations/" not in page
