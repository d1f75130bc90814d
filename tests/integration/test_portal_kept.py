"""What is sent after the session has ended is not lost: sealed for its sender, who comes in anew and takes it
up; for nobody else, not for long, and never a private key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from sceau.catalogue import load_catalogue
from sceau.operations import open_draft, part_digest
from sceau.records.models import KeptForm, OrderDraft, OrderNote, Piece
from tests.instance import ALICE, BRUNO, REPRESENTATIVE, STRANGER, Instance, form, offer, submitted
from tests.pdfmaker import blank
from tests.portal import DoorClient, certificate_of, der, staff_the_door, tls_layer, visitor

RULES = load_catalogue().entrance.session
KEY = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj\n-----END PRIVATE KEY-----"


@pytest.fixture
def portal(instance: Instance) -> Iterator[Instance]:
    staff_the_door()
    with tls_layer():
        yield instance


def ended(instance: Instance) -> None:
    """Past the idle limit."""
    instance.clock.forward(seconds=(RULES.idle + timedelta(seconds=1)).total_seconds())


def step() -> tuple[str, dict[str, str]]:
    """A step of a draft as it is filled in: its address, and what is typed."""
    draft = open_draft(REPRESENTATIVE.actor, raw=form(), origin="blank")
    typed = {"action": "plus-tard", "vu": part_digest(draft.raw["usage"])}
    typed |= {
        "usage.description": "Tapé pendant une heure & plus",
        "usage.editor": "É",
        "usage.solution": "S",
    }
    return f"/brouillons/{draft.line.reference}/etape/usage/", typed


def text(answer: Any) -> str:
    return str(answer.content.decode()).replace("\u00a0", " ")


def ticket_in(answer: Any) -> str:
    found = re.search(r'name="gardee" value="([^"]+)"', text(answer))
    assert found
    return found[1]


def description() -> str:
    return str(json.loads(OrderDraft.objects.get().raw)["usage"]["description"])


def test_what_was_typed_comes_back_after_coming_in_anew(portal: Instance) -> None:
    browser = visitor(REPRESENTATIVE)
    address, typed = step()
    ended(portal)
    asked = browser.post(address, typed)
    assert asked.status_code == 403
    assert asked["Connection"] == "close"
    assert "Votre session était terminée" in text(asked)
    assert "Tapé pendant" not in text(asked)
    ticket = ticket_in(asked)
    assert "Tapé" not in repr(bytes(KeptForm.objects.get().sealed))
    entered = browser.post("/porte/", {"gardee": ticket, "suite": address})
    assert f'action="{address}"' in text(entered)
    assert ticket_in(entered) == ticket
    done = browser.post(address, {"gardee": ticket})
    assert done.status_code == 302, text(done)
    assert description() == "Tapé pendant une heure & plus"
    assert browser.post(address, {"gardee": ticket}).status_code == 410


def test_somebody_else_who_comes_in_gets_nothing_of_it_and_it_waits_for_its_sender(portal: Instance) -> None:
    browser = visitor(REPRESENTATIVE)
    address, typed = step()
    ended(portal)
    ticket = ticket_in(browser.post(address, typed))
    browser.facts = DoorClient(der(certificate_of(STRANGER))).facts  # the next card in the same reader
    entered = browser.post("/porte/", {"gardee": ticket, "suite": address})
    assert (entered.status_code, entered["Location"]) == (302, address)
    taken = browser.post(address, {"gardee": ticket})
    assert taken.status_code == 410
    assert "Tapé" not in text(taken)
    assert KeptForm.objects.count() == 1
    mine = visitor(REPRESENTATIVE)
    mine.post("/porte/", {"gardee": ticket})
    assert mine.post(address, {"gardee": ticket}).status_code == 302
    assert description() == "Tapé pendant une heure & plus"


def test_another_card_shown_in_mid_session_is_kept_nothing_under_its_name(portal: Instance) -> None:
    browser = visitor(REPRESENTATIVE)
    address, typed = step()
    browser.facts = DoorClient(der(certificate_of(STRANGER))).facts
    asked = browser.post(address, typed)
    assert asked.status_code == 403
    assert KeptForm.objects.get().person_id == REPRESENTATIVE.national_id.text


def test_files_come_back_too_and_the_officers_hat_is_asked_for_as_ever(portal: Instance) -> None:
    order = submitted(offer("serv-ssl")).line.reference
    browser = visitor(ALICE)
    ended(portal)
    address = f"/guichet/{order}/pieces/"
    sent = {"kind": "kbis", "issued_on": "2026-11-02"}
    file = SimpleUploadedFile("extrait signé.pdf", blank(), "application/pdf")
    ticket = ticket_in(browser.post(address, sent | {"file": file}))
    browser.post("/porte/", {"gardee": ticket})
    done = browser.post(address, {"gardee": ticket})
    assert done.status_code == 302, text(done)
    assert Piece.objects.get().size == len(blank())


def test_an_act_that_asks_for_a_proof_is_proven_by_coming_in_anew(portal: Instance) -> None:
    order = submitted(offer("serv-ssl")).line.reference
    browser = visitor(BRUNO)
    ended(portal)
    address = f"/guichet/{order}/dire/"
    ticket = ticket_in(browser.post(address, {"comment": "Un mot au demandeur"}))
    browser.post("/porte/", {"gardee": ticket})
    assert browser.post(address, {"gardee": ticket}).status_code == 302
    assert OrderNote.objects.get().text == "Un mot au demandeur"


def test_it_is_kept_for_ten_minutes_and_three_at_a_time(portal: Instance) -> None:
    browser = visitor(REPRESENTATIVE)
    address, typed = step()
    cookie = browser.cookies["__Host-sceau"].value
    ended(portal)
    tickets = []
    for _ in range(4):
        browser.cookies["__Host-sceau"] = cookie
        tickets.append(ticket_in(browser.post(address, typed)))
    assert KeptForm.objects.count() == 3
    browser.enters()
    portal.clock.forward(seconds=RULES.kept.total_seconds() + 1)
    late = browser.post("/porte/", {"gardee": tickets[-1], "suite": "/commandes/"})
    assert late.status_code == 302
    assert browser.post(address, {"gardee": tickets[-1]}).status_code == 410
    assert description() != "Tapé pendant une heure & plus"


def test_nothing_is_kept_of_a_made_up_session_of_one_ended_on_purpose_or_of_a_private_key(
    portal: Instance,
) -> None:
    address, typed = step()
    stranger = DoorClient(der(certificate_of(STRANGER)))
    stranger.cookies["__Host-sceau"] = "x" * 32
    assert 'name="gardee"' not in text(stranger.post(address, typed))
    left = visitor(REPRESENTATIVE)
    cookie = left.cookies["__Host-sceau"].value
    visitor(REPRESENTATIVE).post("/connexions/terminer/")
    left.cookies["__Host-sceau"] = cookie
    assert 'name="gardee"' not in text(left.post(address, typed))
    pasted = visitor(REPRESENTATIVE)
    ended(portal)
    assert 'name="gardee"' not in text(pasted.post(address, typed | {"usage.solution": KEY}))
    assert KeptForm.objects.count() == 0
