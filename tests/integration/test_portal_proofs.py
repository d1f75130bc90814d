"""A recent proof before anything is decided, and the list of one's own connections."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from sceau.catalogue import load_catalogue
from sceau.portal import TlsFacts
from sceau.portal.hats import Hat
from sceau.portal.proofs import CONFIRMS, NO_RECENT_PROOF, WITHOUT_CARD
from sceau.portal.urls import PAGES
from sceau.records import certificate_file, sessions_of
from sceau.records.models import JournalEntry
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    STRANGER,
    Instance,
    Someone,
    accepted,
    offer,
    server_request,
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
    asked = browser.post(f"/certificats/{reference}/revoquer/", typed)
    assert asked.status_code == 403
    assert asked["Connection"] == "close"
    assert 'name="explanation" value="mot &lt;b&gt;à mot&lt;/b&gt;"' in text(asked)
    assert standing(reference, portal) != "revoked"
    done = browser.post(f"/certificats/{reference}/revoquer/", typed | {CONFIRMS: "1"})
    assert done.status_code != 403, text(done)


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
