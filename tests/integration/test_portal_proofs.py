"""A recent proof before anything is decided, and the list of one's own connections."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import Http404
from django.urls import get_resolver, resolve

from sceau.catalogue import load_catalogue
from sceau.portal import TlsFacts
from sceau.portal.hats import Hat
from sceau.portal.proofs import CONFIRMS, NO_RECENT_PROOF, WITHOUT_CARD
from sceau.portal.urls import PAGES
from sceau.records import certificate_file, sessions_of
from sceau.records.models import JournalEntry, KeptForm, Revocation
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    BRUNO,
    STRANGER,
    Instance,
    Someone,
    accepted,
    offer,
    server_request,
    submitted,
)
from tests.portal import DoorClient, certificate_of, der, staff_the_door, tls_layer, visitor

FRESH = load_catalogue().entrance.session.fresh


@pytest.fixture
def portal(instance: Instance) -> Iterator[Instance]:
    staff_the_door()
    with tls_layer():
        yield instance


def text(answer: Any) -> str:
    return str(answer.content.decode()).replace("\u00a0", " ").replace("&#x27;", "'")


def later(instance: Instance, **beyond: float) -> None:
    """Past the age of a proof, with a page seen in between: the session itself stands."""
    instance.clock.forward(seconds=FRESH.total_seconds() + timedelta(**beyond).total_seconds())


def lines_of(someone: Someone, instance: Instance) -> list[str]:
    return [one.reference for one in sessions_of(someone.national_id.text, at=instance.clock())]


# -- a recent proof


def test_every_acting_page_is_named_once_and_what_decides_asks_for_a_proof() -> None:
    acting = {page.name for page in PAGES if "POST" in page.methods and Hat.ANYBODY not in page.hats}
    assert acting >= NO_RECENT_PROOF
    assert acting >= WITHOUT_CARD
    decides = {
        "request",
        "request-own",
        "request-pair",
        "renew-many",
        "revoke",
        "desk-revoke",
        "desk-approve",
    }
    decides |= {
        "desk-refuse",
        "desk-contract-decision",
        "desk-run-yes",
        "desk-new-run",
        "desk-keys",
        "collect",
    }
    assert decides <= acting - NO_RECENT_PROOF
    assert {page.name for page in PAGES if page.name.startswith("desk-")}.isdisjoint(WITHOUT_CARD)


def issued() -> str:
    from sceau.operations import issue_certificate

    accepted(offer("serv-ssl"))
    return issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k").line.reference


def test_a_revocation_late_in_a_session_asks_first_and_keeps_what_was_typed(portal: Instance) -> None:
    reference = issued()
    browser = visitor(ADMINISTRATOR)
    collected = {"terms": "oui", "code": "corail-4-galets", "code_again": "corail-4-galets"}
    assert browser.post(f"/certificats/{reference}/retirer/", collected).status_code == 302
    later(portal, seconds=1)
    typed = {"reason": "superseded", "explanation": "mot <b>à mot</b>", "sure": "oui"}
    typed["quality"] = "administrator"
    asked = browser.post(f"/certificats/{reference}/revoquer/", typed)
    assert asked.status_code == 403
    assert asked["Connection"] == "close"
    assert "à mot" not in text(asked)
    assert standing(reference, portal) != "revoked"
    kept = {CONFIRMS: "1", "gardee": ticket_in(asked)}
    done = browser.post(f"/certificats/{reference}/revoquer/", kept)
    assert done.status_code != 403, text(done)
    assert standing(reference, portal) == "revoked"
    assert Revocation.objects.get().explanation == "mot <b>à mot</b>"
    again = browser.post(f"/certificats/{reference}/revoquer/", kept)
    assert again.status_code == 410
    assert "n'est plus gardé" in text(again)


def ticket_in(answer: Any) -> str:
    found = re.search(r'name="gardee" value="([^"]+)"', answer.content.decode())
    assert found
    return found[1]


# -- what was sent too late is kept


def late_form(browser: DoorClient, portal: Instance) -> tuple[str, str]:
    """A piece that an officer hands in too late: the address, and the ticket of what is kept."""
    order = submitted(offer("serv-ssl")).line.reference
    later(portal, seconds=1)
    address = f"/guichet/{order}/visa/"
    scan = SimpleUploadedFile("visa signé.pdf", b"%PDF-1.4 secret-of-the-scan", "application/pdf")
    asked = browser.post(address, {"stamped": "oui", "note": ["un", "deux"], "piece": scan})
    assert asked.status_code == 403
    assert "visa signé.pdf" in text(asked)
    assert "secret-of-the-scan" not in text(asked)
    return address, ticket_in(asked)


def caught_form(browser: DoorClient, address: str, ticket: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the view is given when the form is taken up."""
    seen: dict[str, Any] = {}

    def view(request: Any, **_: Any) -> Any:
        seen["post"] = {name: values for name, values in request.POST.lists()}
        seen["files"] = {
            name: (one.name, one.content_type, one.read()) for name, one in request.FILES.items()
        }
        raise Http404

    match = resolve(address)
    patterns = get_resolver("sceau.portal.urls").url_patterns
    pattern = next(one for one in patterns if getattr(one, "name", "") == match.url_name)
    monkeypatch.setattr(pattern, "callback", view)
    answer = browser.post(address, {CONFIRMS: "1", "gardee": ticket})
    return seen, answer


def test_files_and_fields_of_a_form_sent_too_late_come_back_as_they_were(
    portal: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = visitor(ALICE)
    address, ticket = late_form(browser, portal)
    seen, _ = caught_form(browser, address, ticket, monkeypatch)
    assert seen["post"] == {"stamped": ["oui"], "note": ["un", "deux"]}
    assert seen["files"] == {"piece": ("visa signé.pdf", "application/pdf", b"%PDF-1.4 secret-of-the-scan")}


def test_what_is_kept_is_sealed_and_its_ticket_is_not_beside_it(portal: Instance) -> None:
    _, ticket = late_form(visitor(ALICE), portal)
    row = KeptForm.objects.get()
    everything = repr([getattr(row, one.attname) for one in row._meta.concrete_fields])
    for secret in (ticket, "secret-of-the-scan", "stamped", "visa"):
        assert secret not in everything.replace(row.path, "")


def test_what_is_kept_is_its_senders_in_that_session_for_that_page_for_ten_minutes(portal: Instance) -> None:
    browser, colleague, elsewhere = visitor(ALICE), visitor(BRUNO), visitor(ALICE)
    address, ticket = late_form(browser, portal)
    taken = {CONFIRMS: "1", "gardee": ticket}
    for one, there in (
        (colleague, address),
        (elsewhere, address),
        (browser, address.replace("visa", "refuser")),
    ):
        assert one.post(there, taken).status_code == 410
    assert KeptForm.objects.count() == 1
    assert browser.post(address, {CONFIRMS: "1", "gardee": ticket[:-1] + "A"}).status_code == 410
    later(portal, seconds=-299)
    assert browser.post(address, taken).status_code == 410


def test_a_person_has_three_forms_waiting_at_most(portal: Instance) -> None:
    browser = visitor(ALICE)
    later(portal, seconds=1)
    for _ in range(5):
        assert browser.post("/guichet/CMD-00000-00000/approuver/").status_code == 403
    assert KeptForm.objects.count() == 3


def test_nothing_is_kept_of_a_stranger(portal: Instance) -> None:
    DoorClient().post("/guichet/CMD-00000-00000/approuver/", {"note": "x" * 1000})
    assert KeptForm.objects.count() == 0


def standing(reference: str, instance: Instance) -> str:
    file = certificate_file(reference, at=instance.clock())
    assert file is not None
    return file.line.standing


def test_a_proof_holds_to_the_minute_that_the_catalogue_says(portal: Instance) -> None:
    browser = visitor(ALICE)
    act = "/guichet/CMD-00000-00000/approuver/"
    later(portal)
    assert browser.post(act).status_code == 404
    later(portal, seconds=1 - FRESH.total_seconds())
    assert browser.post(act).status_code == 403
    assert browser.get("/guichet/").status_code == 200
    assert browser.post("/guichet/CMD-00000-00000/noter/").status_code == 404
    assert browser.post(act, {CONFIRMS: "1"}).status_code == 404
    assert browser.post(act).status_code == 404


def test_a_click_does_not_replace_the_card_where_the_connection_is_old(portal: Instance) -> None:
    browser = visitor(ALICE)
    made = portal.clock()
    browser.facts = TlsFacts(True, browser.facts.peer_certificate, proven_at=made)
    later(portal, seconds=1)
    act = "/guichet/CMD-00000-00000/approuver/"
    again = browser.post(act, {CONFIRMS: "1"})
    assert again.status_code == 403
    assert again["Connection"] == "close"
    assert "n'a pas été relue" in text(again)
    browser.facts = TlsFacts(True, browser.facts.peer_certificate, proven_at=portal.clock())
    assert browser.post(act, {CONFIRMS: "1"}).status_code == 404


def test_coming_through_the_door_again_is_a_proof(portal: Instance) -> None:
    browser = visitor(ALICE)
    later(portal, seconds=1)
    assert browser.get("/porte/")["Connection"] == "close"
    assert browser.enters().post("/guichet/CMD-00000-00000/approuver/").status_code == 404


# -- my connections


def test_a_person_sees_their_own_connections_and_ends_one(portal: Instance) -> None:
    here, there = visitor(ADMINISTRATOR), visitor(ADMINISTRATOR)
    visitor(STRANGER)
    page = text(here.get("/connexions/"))
    assert page.count("Terminer<span") == 2
    assert page.count("celle-ci") == 1
    assert f"Carte n° {ADMINISTRATOR.card}" in page
    newest = lines_of(ADMINISTRATOR, portal)[0]
    assert here.post(f"/connexions/{newest}/terminer/").status_code == 302
    assert there.get("/certificats/").status_code == 403
    assert here.get("/certificats/").status_code == 200
    entry = JournalEntry.objects.order_by("-pk")[0]
    assert entry.kind == "session.ended"


def test_all_but_this_one_are_ended_at_once(portal: Instance) -> None:
    here, *others = (visitor(ADMINISTRATOR) for _ in range(3))
    assert here.post("/connexions/terminer/").status_code == 302
    assert [one.get("/certificats/").status_code for one in others] == [403, 403]
    assert "Connexions terminées : 2." in text(here.get("/connexions/"))
    assert len(lines_of(ADMINISTRATOR, portal)) == 1


def test_ending_this_very_connection_leads_out(portal: Instance) -> None:
    browser = visitor(ADMINISTRATOR)
    (own,) = lines_of(ADMINISTRATOR, portal)
    assert browser.post(f"/connexions/{own}/terminer/")["Location"] == "/"
    assert browser.get("/connexions/").status_code == 403


def test_anothers_connection_does_not_exist(portal: Instance) -> None:
    victim, stranger = visitor(ADMINISTRATOR), visitor(STRANGER)
    (reference,) = lines_of(ADMINISTRATOR, portal)
    for one in (reference, "0" * 20):
        assert stranger.post(f"/connexions/{one}/terminer/").status_code == 404
    assert victim.get("/certificats/").status_code == 200
    assert stranger.post("/connexions/terminer/").status_code == 302
    assert victim.get("/certificats/").status_code == 200


def test_a_session_that_was_left_or_fell_silent_is_not_listed(portal: Instance) -> None:
    left = visitor(ADMINISTRATOR)
    left.post("/sortie/")
    assert lines_of(ADMINISTRATOR, portal) == []


def test_what_a_browser_says_of_itself_is_shown_as_text(portal: Instance) -> None:
    browser = DoorClient(
        der(certificate_of(ADMINISTRATOR)), HTTP_USER_AGENT="<b>x</b>\r\n\x00évil" + "y" * 999
    )
    browser.enters()
    page = text(browser.get("/connexions/"))
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    (line,) = sessions_of(ADMINISTRATOR.national_id.text, at=portal.clock())
    assert line.device.isprintable()
    assert len(line.device) <= 160


def test_a_list_never_shows_what_opens_a_session(portal: Instance) -> None:
    browser = visitor(ADMINISTRATOR)
    key = browser.cookies["__Host-sceau"].value
    assert key not in text(browser.get("/connexions/"))
