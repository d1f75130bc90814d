"""The pages of third parties, by who uses them, with what they leave in the records."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from sceau.operations import check_member
from sceau.records import habilitations_of, list_designations, members_to_check
from sceau.records.models import Designation, TeamMember
from tests.designations import (
    EDITOR,
    EDITOR_CONTRACT,
    TECHNICIAN,
    admitted,
    designated,
    editor_registered,
    offered,
    third_party,
)
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    AUDITOR,
    BRUNO,
    CONTRACT,
    NOON,
    OTHER_REPRESENTATIVE,
    REPRESENTATIVE,
    STRANGER,
    Instance,
    accepted,
    submitted,
)
from tests.integration.test_designations import SSL, issued, rights
from tests.pdfmaker import blank
from tests.portal import DoorClient, staff_the_door, tls_layer, visitor

TERMS = {
    "products": ["SERV_SSL"],
    "names": "",
    "may_fill": "oui",
    "may_administer": "oui",
    "until": "2027-12-31",
}


@pytest.fixture
def portal(instance: Instance) -> Iterator[Instance]:
    editor_registered()
    staff_the_door()
    with tls_layer():
        yield instance


def text(browser: DoorClient, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return str(answer.content.decode())


def test_a_structure_designates_and_ends_and_the_editor_accepts_and_builds_its_team(
    portal: Instance,
) -> None:
    accepted()
    client, editor = visitor(REPRESENTATIVE), visitor(EDITOR)
    assert "Éditeur de l&#x27;Exemple (éditeur)" in text(client, "/delegations/nouvelle/")
    form = TERMS | {"contract": CONTRACT, "third_party": third_party()}
    assert client.post("/delegations/nouvelle/", form | {"until": ""}).status_code == 422
    sent = client.post("/delegations/nouvelle/", form)
    assert sent.status_code == 302
    address = sent["Location"]
    shown = text(editor, address)
    assert "Accepter la désignation" in shown
    assert "Accepter la désignation" not in text(client, address)
    assert editor.post(address, {"action": "accepter", "version": "1"}).status_code == 302
    team = f"/equipe/{third_party()}/"
    added = {"card_number": TECHNICIAN.card, "email": "equipe@editeur.fr"}
    assert editor.post(team, added | {"email": "?"}).status_code == 422
    assert editor.post(team, added).status_code == 302
    (member,) = members_to_check()
    for officer in (ALICE, BRUNO):
        desk = visitor(officer)
        assert "Rémi Réseau" in text(desk, "/guichet/tiers/")
        check = desk.post(f"/guichet/tiers/{member.reference}/personne/", {"action": "verifier"})
        assert check.status_code == 302
    assert rights() == {SSL}
    first = issued("first").line.reference
    shown = text(client, address)
    assert all(one in shown for one in ("Rémi Réseau", first, "désignation version 1"))
    terms = TERMS | {"version": "1", "until": "2027-06-30"}
    looked = client.post(address + "modifier/", terms | {"action": "voir"})
    assert looked.status_code == 200
    shown = str(looked.content.decode())
    assert "Habilitations qui restent, sous le nouvel acte" in shown
    assert "Rémi Réseau" in shown
    seen = shown.split('name="seen" value="')[1].split('"')[0]
    back = client.post(address + "modifier/", terms | {"action": "revenir", "seen": seen})
    assert 'value="2027-06-30"' in str(back.content.decode())
    less = {one: value for one, value in terms.items() if one != "may_administer"}
    shown = str(client.post(address + "modifier/", less | {"action": "voir"}).content.decode())
    assert "Habilitations retirées, définitivement" in shown
    assert first in shown
    assert client.post(address + "modifier/", less | {"seen": seen}).status_code == 422
    changed = client.post(address + "modifier/", terms | {"seen": seen})
    assert changed.status_code == 302
    ending = text(client, address + "fin/")
    assert first in ending
    seen = ending.split('name="seen" value="')[1].split('"')[0]
    end = {"seen": seen, "reason": "Changement d’éditeur"}
    assert client.post(address + "fin/", end).status_code == 422
    assert client.post(address + "fin/", end | {f"each.{first}": "revoke"}).status_code == 302
    assert Designation.objects.get().state == "ended"
    assert rights() == set()
    assert "terminée" in text(client, "/delegations/")


def test_strangers_find_no_designation_team_or_part(portal: Instance) -> None:
    admitted()
    reference = designated()
    for who in (STRANGER, OTHER_REPRESENTATIVE, ADMINISTRATOR):
        browser = visitor(who)
        for address in (
            f"/delegations/{reference}/",
            f"/delegations/{reference}/modifier/",
            f"/delegations/{reference}/fin/",
            f"/equipe/{third_party()}/",
        ):
            assert browser.get(address).status_code == 404
            assert browser.post(address, TERMS).status_code in {404, 405}
    auditor = visitor(AUDITOR)
    assert auditor.get(f"/delegations/{reference}/").status_code == 200
    assert auditor.get(f"/delegations/{reference}/modifier/").status_code == 403
    seen = text(auditor, f"/delegations/{reference}/fin/").split('name="seen" value="')[1].split('"')[0]
    answer = auditor.post(f"/delegations/{reference}/fin/", {"seen": seen, "reason": "?"})
    assert answer.status_code in {403, 422}
    assert Designation.objects.get().state == "active"


def test_the_editor_sees_its_clients_and_what_waits(portal: Instance) -> None:
    accepted()
    admitted()
    designated()
    issued("first")
    offered(OTHER_REPRESENTATIVE, "C-2026-0099")
    for who in (EDITOR, TECHNICIAN):
        shown = text(visitor(who), "/clients/")
        assert "Centre hospitalier de l&#x27;Exemple" in shown
        assert "Clinique voisine" in shown
        assert "Clinique" not in text(visitor(who), "/clients/?texte=hospitalier")
    assert "Aucun client ne correspond" in text(visitor(EDITOR), "/clients/?texte=zzz")
    assert "l’équipe d’aucun éditeur" in text(visitor(STRANGER), "/clients/")
    assert "Bâtir l’équipe" in text(visitor(EDITOR), "/delegations/")


def test_section_four_goes_by_one_page_to_a_team_or_to_a_person_and_back(portal: Instance) -> None:
    admitted()
    reference = designated()
    client, team = visitor(REPRESENTATIVE), visitor(TECHNICIAN)
    begun = client.post(
        "/commandes/nouvelle/", {"action": "confier", "contrat": CONTRACT, "designation": reference}
    )
    assert begun.status_code == 302
    shown = text(client, begun["Location"])
    assert "L’équipe de Éditeur de l&#x27;Exemple" in shown
    assert "Une personne, par sa carte ou son identifiant" in shown
    address = begun["Location"].partition("?")[0]
    assert client.post(address, {"designation": "personne", "to": "?"}).status_code == 422
    sent = client.post(address, {"designation": reference, "word": "Notre portail"})
    assert sent.status_code == 302
    draft = sent["Location"]
    assert "chez le tiers" in text(client, f"/delegations/{reference}/")
    assert "Notre portail" in text(team, draft)
    assert "La structure vous a désigné pour" in text(team, draft + "etape/offres/")
    assert visitor(STRANGER).get(draft).status_code == 404
    seen = text(team, draft + "etape/offres/").split('name="vu" value="')[1].split('"')[0]
    posted = {"vu": seen, "action": "suivant", "offers.0.offer": "serv-ssl"}
    posted |= {"offers.0.declared": "chu-exemple.fr", "offers.0.kind": "domain"}
    posted |= {"offers.0.products": "SERV_SSL", "offers.0.owner": "structure"}
    assert team.post(draft + "etape/offres/", posted).status_code == 302
    assert team.post(draft + "rendre/", {"word": "Relisez"}).status_code == 302
    assert team.get(draft).status_code == 404
    shown = text(client, draft)
    assert "Relisez" in shown
    assert "remplie par Rémi Réseau" in shown


def test_an_order_that_was_sent_leads_to_the_same_page(portal: Instance) -> None:
    admitted()
    designated()
    order = submitted().line.reference
    client = visitor(REPRESENTATIVE)
    assert f"/commandes/{order}/confier/" in text(client, f"/commandes/{order}/")
    led = client.post(f"/commandes/{order}/confier/")
    assert led.status_code == 302
    assert led["Location"].endswith("/confier/")
    assert "L’équipe de Éditeur de l&#x27;Exemple" in text(client, led["Location"])
    assert visitor(STRANGER).post(f"/commandes/{order}/confier/").status_code == 404


def test_the_desk_registers_keys_and_attests(portal: Instance) -> None:
    first, second = visitor(ALICE), visitor(BRUNO)
    answer = first.post("/guichet/tiers/enregistrer/", {"contract": "?", "kind": "editor"})
    assert answer.status_code == 422
    again = first.post("/guichet/tiers/enregistrer/", {"contract": EDITOR_CONTRACT, "kind": "editor"})
    assert again.status_code == 302
    assert "Éditeur de l&#x27;Exemple" in text(first, again["Location"])
    keyed = TERMS | {
        "contract": CONTRACT,
        "third_party": third_party(),
        "signatory_card": REPRESENTATIVE.card,
        "signed_on": "2026-11-20",
        "file": SimpleUploadedFile("acte.pdf", blank(), "application/pdf"),
    }
    sent = first.post("/guichet/tiers/papier/", keyed)
    assert sent.status_code == 302, sent.content.decode()[-3000:]
    (line,) = list_designations(at=NOON)
    attest = f"/guichet/tiers/{line.reference}/attester/"
    assert "Attester l’acte" in text(second, sent["Location"])
    assert first.post(attest, {"version": "1"}).status_code == 422
    assert second.post(attest, {"version": "1"}).status_code == 302
    assert list_designations(at=NOON)[0].state == "offered"


def test_the_desk_refuses_a_member_and_the_editor_takes_one_away(portal: Instance) -> None:
    accepted()
    member = admitted()
    designated()
    editor = visitor(EDITOR)
    gone = editor.post(f"/equipe/{third_party()}/", {"member": member, "reason": "Parti"})
    assert gone.status_code == 302
    assert rights() == set()
    assert habilitations_of(TECHNICIAN.national_id.text, at=NOON)[0].state == "withdrawn"
    editor.post(f"/equipe/{third_party()}/", {"card_number": TECHNICIAN.card, "email": "e@editeur.fr"})
    (waiting,) = members_to_check()
    refuse = {"action": "refuser", "reason": "Identité douteuse"}
    assert visitor(ALICE).post(f"/guichet/tiers/{waiting.reference}/personne/", refuse).status_code == 302
    assert TeamMember.objects.get(reference=waiting.reference).state == "refused"
    with pytest.raises(Exception, match=r"life\.not-now"):
        check_member(BRUNO.actor, reference=waiting.reference)
