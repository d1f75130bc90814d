"""The page of how the service stands, and the alarm on the first page of whoever must act on it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from sceau.operations import list_states, publish_crls, publish_deltas
from sceau.portal import Reread, Watched, post_watch
from sceau.vocabulary import Finding
from tests.instance import ADMINISTRATOR, ALICE, AUDITOR, AUTHORITY, Instance, Someone
from tests.portal import DoorClient, staff_the_door, tls_layer, visitor

SILENT = Finding.error("health.signer-silent", "signer")
UNTOLD = Finding.warning("health.officer-untold", "500000000000001/AUT01")
OFFICERS = (ALICE, AUDITOR, AUTHORITY)


@pytest.fixture
def portal(instance: Instance) -> Iterator[Instance]:
    staff_the_door()
    publish_crls()
    publish_deltas()
    with tls_layer():
        yield instance
    post_watch(None)


def seen(instance: Instance, *alarms: Finding, reread: Reread | None = None) -> None:
    at = instance.clock()
    what = Watched(at=at, alarms=alarms, signer=SILENT not in alarms, clockwork=at, reread=reread)
    post_watch(lambda: what)


def text_of(browser: DoorClient, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, answer.status_code
    text = html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode()))
    return " ".join(text.split())


@pytest.mark.parametrize("someone", OFFICERS, ids=lambda one: one.surname)
def test_an_alarm_is_the_first_thing_that_waits_for_whoever_watches(
    portal: Instance, someone: Someone
) -> None:
    browser = visitor(someone)
    seen(portal)
    assert "demande une intervention" not in text_of(browser, "/")
    seen(portal, SILENT, UNTOLD)
    home = browser.get("/").content.decode()
    first = home[home.index('class="tasks"') :].split("</li>")[0]
    assert 'href="/etat/"' in first
    assert "1 alarme" in first, "an officer whom no mail reaches has a line of their own"
    assert "Le signataire ne répond pas" in first


def test_the_desk_reads_the_alarm_over_its_queue(portal: Instance) -> None:
    browser = visitor(ALICE)
    seen(portal)
    assert "demande une intervention" not in text_of(browser, "/guichet/")
    seen(portal, SILENT)
    assert "demande une intervention" in text_of(browser, "/guichet/")


def test_a_holder_is_told_nothing_of_it(portal: Instance) -> None:
    seen(portal, SILENT)
    browser = visitor(ADMINISTRATOR)
    assert "demande une intervention" not in text_of(browser, "/")
    assert browser.get("/etat/").status_code == 403


def test_every_list_is_there_with_its_number_its_dates_and_its_address(portal: Instance) -> None:
    seen(portal)
    page = visitor(AUDITOR).get("/etat/").content.decode()
    states = list_states()
    assert len(states) >= 2
    for one in states:
        assert one.last is not None
        assert page.count(f'href="{one.address}"') == 1, one.address
    assert page.count("à jour") == len(states)
    assert "en retard" not in page
    assert "Rien à signaler" in page


def test_what_a_list_lacks_comes_first_and_says_so(instance: Instance) -> None:
    staff_the_door()
    there = list_states()[-1].issuer
    publish_crls(only=(there,))
    with tls_layer():
        page = visitor(AUDITOR).get("/etat/").content.decode()
    late = [one for one in list_states() if one.late]
    assert late, "no delta was made at all"
    assert {one.issuer for one in list_states()} - {one.issuer for one in late} == set()
    assert page.count("manque") == len(late)
    assert page.count("à jour") == len(list_states()) - len(late) > 0
    assert "manque" in re.findall(r"<tr role=\"row\"><th scope=\"row\".*?</tr>", page, re.DOTALL)[0]


def test_what_the_last_rereading_found_is_said_by_its_codes(portal: Instance) -> None:
    began = portal.clock() - timedelta(hours=2)
    seen(portal, reread=Reread(began, began, 3, {"recheck.not-in-ledger": 3}))
    text = text_of(visitor(AUTHORITY), "/etat/")
    assert "3 différences" in text
    assert "recheck.not-in-ledger × 3" in text
    seen(portal, reread=Reread(began, began, 0))
    assert "rien ne diffère" in text_of(visitor(AUTHORITY), "/etat/")
