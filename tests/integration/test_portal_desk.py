"""The desk's pages: the queue and its filters, an order's file, sharing, search and figures; and the
requester's page, where what was asked is answered in its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from sceau.operations import RequestPoint, approve_order, ask_for_more, refuse_order, take_order
from sceau.records import order_file
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    AUDITOR,
    BRUNO,
    CHLOE,
    NOON,
    REPRESENTATIVE,
    Instance,
    offer,
    submitted,
)
from tests.integration.test_orders import by_mail
from tests.portal import staff_the_door, tls_layer, visitor

WHO = REPRESENTATIVE


@pytest.fixture
def portal(instance: Instance) -> Iterator[Instance]:
    staff_the_door()
    with tls_layer():
        yield instance


def said(answer: Any) -> str:
    text = answer.content.decode().replace("\xa0", " ").replace("\u202f", " ")
    return re.sub(r"\s+", " ", unescape(text))


def case(reference: str) -> Any:
    file = order_file(reference)
    assert file is not None
    assert file.case is not None
    return file.case


def test_the_queue_shows_each_order_under_the_filters_it_is_of(portal: Instance) -> None:
    fresh, mine = submitted().line.reference, submitted().line.reference
    take_order(ALICE.actor, reference=mine)
    browser = visitor(ALICE)
    shown = {
        which: {one for one in (fresh, mine) if one in said(browser.get(f"/guichet/?file={which}"))}
        for which in ("todo", "mine", "unassigned", "late", "waiting", "held", "nonsense")
    }
    assert shown == {
        "todo": {fresh, mine},
        "mine": {mine},
        "unassigned": {fresh},
        "late": set(),
        "waiting": set(),
        "held": set(),
        "nonsense": {fresh, mine},
    }


def test_an_order_is_given_put_aside_taken_up_again_and_spoken_of(portal: Instance) -> None:
    reference = submitted().line.reference
    browser = visitor(ALICE)
    address = f"/guichet/{reference}"
    for path, data, words in (
        ("confier", {"to": BRUNO.national_id.text}, "La commande est confiée."),
        ("attendre", {"why": "Le registre", "event": "piece"}, "mise en attente"),
        ("reprendre", {}, "de nouveau à traiter"),
        ("dire", {"comment": "Bonjour, nous regardons."}, "le demandeur le lit"),
        ("confier", {"to": ""}, "Plus personne ne suit cette commande"),
    ):
        answer = browser.post(f"{address}/{path}/", data, follow=True)
        assert answer.status_code == 200, path
        assert words in said(answer), path
    page = said(browser.get(f"{address}/"))
    assert "Deux agents différents" in page
    assert "0 approbation sur 2" in page
    requester = said(visitor(WHO).get(f"/commandes/{reference}/"))
    assert "Bonjour, nous regardons." in requester
    assert "Le registre" not in requester


def test_what_a_hold_lacks_comes_back_with_what_was_typed(portal: Instance) -> None:
    reference = submitted().line.reference
    answer = visitor(ALICE).post(f"/guichet/{reference}/attendre/", {"why": "On attend"})
    assert answer.status_code == 422
    assert "Il manque jusqu'à quand" in said(answer).replace("’", "'")
    assert 'value="On attend"' in said(answer)


def test_red_has_its_clause_amber_its_question_and_green_its_evidence(portal: Instance) -> None:
    reference = by_mail(offer("serv-ssl", kind=None), edition="N413").line.reference
    page = said(visitor(ALICE).get(f"/guichet/{reference}/"))
    for tone in ("bad", "warn", "good"):
        notes = re.findall(
            rf'<li class="note {tone}">(.*?)</li></ul>|<li class="note {tone}">(.*?)</ul>', page
        )
        assert notes, tone
        assert all("clause" in "".join(one) for one in notes), tone


def test_points_are_asked_and_answered_in_place(portal: Instance) -> None:
    reference = submitted().line.reference
    take_order(ALICE.actor, reference=reference)
    asked = {
        "text": "",
        "due": (NOON + timedelta(days=3)).date().isoformat(),
        "path": ["offers.0.declared", ""],
        "point": ["Le nom exact ?", "Qui est joignable ?"],
    }
    answer = visitor(ALICE).post(f"/guichet/{reference}/questionner/", asked, follow=True)
    assert "La question est envoyée" in said(answer)
    browser = visitor(WHO)
    page = said(browser.get(f"/commandes/{reference}/"))
    assert "27 novembre 2026" in page
    fields = re.findall(r'name="(answer-\d+)"', page)
    (value,) = re.findall(r'name="(value-\d+)" value="([^"]+)"', page)
    assert len(fields) == 2
    sent = {"version": "1", "text": "", fields[0]: "", fields[1]: "", value[0]: value[1]}
    refused = browser.post(f"/commandes/{reference}/repondre/", sent)
    assert refused.status_code == 422
    assert f'href="#{fields[1]}"' in said(refused)
    sent |= {value[0]: "exact.chu-exemple.fr", fields[1]: "La directrice."}
    done = browser.post(f"/commandes/{reference}/repondre/", sent, follow=True)
    assert "Votre réponse est transmise" in said(done)
    file = order_file(reference)
    assert file is not None
    assert file.line.version == 2
    assert file.raw["offers"][0]["declared"] == "exact.chu-exemple.fr"
    assert [point.answer for point in file.notes[0].points] == [
        "Corrigé : exact.chu-exemple.fr",
        "La directrice.",
    ]


def test_the_requester_reads_the_story_in_order(portal: Instance) -> None:
    reference = submitted().line.reference
    take_order(ALICE.actor, reference=reference)
    ask_for_more(ALICE.actor, reference=reference, points=[RequestPoint("Quoi ?")])
    refuse_order(ALICE.actor, reference=reference, reason="", code="no-contract")
    page = said(visitor(WHO).get(f"/commandes/{reference}/"))
    places = [
        page.index(words)
        for words in ("nous l’avons reçue", "a demandé un complément", "La commande a été refusée")
    ]
    assert places == sorted(places)
    assert "Aucun contrat en vigueur ne couvre cette commande." in page


def test_the_second_officer_is_told_who_decided(portal: Instance) -> None:
    reference = submitted().line.reference
    take_order(ALICE.actor, reference=reference)
    approve_order(ALICE.actor, reference=reference, version=1)
    approve_order(BRUNO.actor, reference=reference, version=1)
    answer = visitor(CHLOE).post(f"/guichet/{reference}/approuver/", {"version": "1"})
    assert answer.status_code == 422
    assert f"est déjà acceptée : {BRUNO.given_names} {BRUNO.surname} l" in said(answer)


def test_search_leads_to_what_is_named_and_says_when_there_is_nothing(portal: Instance) -> None:
    reference = submitted().line.reference
    browser = visitor(AUDITOR)
    for text in (reference, "chu-exemple.fr", ADMINISTRATOR.card):
        assert f'href="/guichet/{reference}/"' in said(browser.get("/guichet/recherche/", {"texte": text}))
    assert "Rien ne commence ainsi" in said(browser.get("/guichet/recherche/?texte=introuvable"))
    assert browser.get("/guichet/recherche/?texte=chu-exemple&apres=%00_x").status_code == 200


def test_the_figures_say_how_long_orders_stay(portal: Instance) -> None:
    reference = submitted().line.reference
    take_order(ALICE.actor, reference=reference)
    refuse_order(ALICE.actor, reference=reference, reason="Non")
    page = said(visitor(AUDITOR).get("/guichet/delais/"))
    assert "À traiter par le guichet" in page
    assert '<td role="cell" data-label="Terminées">1</td>' in page


def test_two_officers_who_begin_at_once_do_not_take_the_order_from_each_other(portal: Instance) -> None:
    reference = submitted().line.reference
    seen = said(visitor(ALICE).get(f"/guichet/{reference}/"))
    assert 'name="followed" value=""' in seen
    first = visitor(ALICE).post(f"/guichet/{reference}/prendre/", {"followed": ""})
    second = visitor(BRUNO).post(f"/guichet/{reference}/prendre/", {"followed": ""})
    assert (first.status_code, second.status_code) == (302, 422)
    assert "vient de prendre la commande" in said(second)
    assert case(reference).assigned_id == ALICE.national_id.text
    takes_over = re.search(r'name="followed" value="([^"]+)"', second.content.decode())
    assert takes_over
    third = visitor(BRUNO).post(f"/guichet/{reference}/prendre/", {"followed": takes_over[1]})
    assert third.status_code == 302
    assert case(reference).assigned_id == BRUNO.national_id.text
