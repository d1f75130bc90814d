"""The pages of departures and amendments, by who uses them, with what they leave in the records."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from sceau.operations import amend_grants, approve_order, take_order
from sceau.records import certificate_file, order_file, orders_of
from sceau.records.models import Amendment, Departure, DepartureLine
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    BRUNO,
    NOON,
    REPRESENTATIVE,
    SECOND_ADMINISTRATOR,
    STRANGER,
    Instance,
    accepted,
    form,
    offer,
)
from tests.integration.test_departures import BOTH, STRUCTURE, issued, states
from tests.portal import staff_the_door, tls_layer, visitor

NARROW = offer("serv-ssl", kind="server", declared="www.chu-exemple.fr")


@pytest.fixture
def portal(instance: Instance) -> Iterator[Instance]:
    staff_the_door()
    with tls_layer():
        yield instance


def test_a_structure_lets_an_administrator_go_from_its_pages(portal: Instance) -> None:
    accepted(administrators=BOTH)
    kept, given, ended = issued("kept"), issued("given", "api.chu-exemple.fr"), issued("ended")
    browser = visitor(REPRESENTATIVE)
    person = ADMINISTRATOR.national_id.text
    answer = browser.post("/departs/nouveau/", {"person": person, "structure": STRUCTURE, "reason": ""})
    assert (answer.status_code, states()) == (422, {"active"})
    opened = browser.post(
        "/departs/nouveau/", {"person": person, "structure": STRUCTURE, "reason": "Change d’établissement"}
    )
    assert (opened.status_code, states()) == (302, {"suspended"})
    shown = browser.get(opened["Location"]).content.decode()
    assert all(one in shown for one in (kept, given, ended, "Confier à Linh Nguyen"))
    successor = f"hand-over:{SECOND_ADMINISTRATOR.national_id.text}"
    first = {f"line.{kept}": "keep", f"line.{given}": successor, f"line.{ended}": ""}
    assert browser.post(opened["Location"], first | {"action": "decider"}).status_code == 302
    assert browser.post(opened["Location"], {"action": "terminer"}).status_code == 422
    again = browser.get(opened["Location"]).content.decode()
    assert "2 décisions prises, 1 à prendre" in again
    browser.post(opened["Location"], {f"line.{ended}": "revoke", "action": "decider"})
    assert browser.post(opened["Location"], {"action": "terminer"}).status_code == 302
    assert (Departure.objects.get().state, states()) == ("done", {"withdrawn"})
    assert "confié à Linh Nguyen" in browser.get(opened["Location"]).content.decode()
    assert visitor(STRANGER).get(opened["Location"]).status_code == 404
    assert visitor(SECOND_ADMINISTRATOR).get(f"/certificats/{given}/").status_code == 200


def test_who_leaves_sees_the_list_and_decides_nothing(portal: Instance) -> None:
    accepted(administrators=BOTH)
    one = issued("one")
    browser = visitor(ADMINISTRATOR)
    typed = {"person": ADMINISTRATOR.national_id.text, "structure": STRUCTURE, "reason": "Je pars"}
    where = browser.post("/departs/nouveau/", typed)["Location"]
    shown = browser.get(where).content.decode()
    assert "Vous quittez vous-même" in shown
    assert f'name="line.{one}"' not in shown
    answer = browser.post(where, {f"line.{one}": "keep", "action": "decider"})
    assert answer.status_code == 422
    assert "vous ne décidez pas" in answer.content.decode()
    assert not DepartureLine.objects.exclude(answer="").exists()


def test_the_desk_sees_and_answers_what_an_amendment_takes_away(portal: Instance) -> None:
    base = accepted(offer("serv-ssl")).line.reference
    inside, outside = issued("in"), issued("out", "api.chu-exemple.fr")
    order = amend_grants(REPRESENTATIVE.actor, amends=base, raw=form(NARROW)).line.reference
    take_order(ALICE.actor, reference=order)
    desk = visitor(ALICE)
    assert f"/guichet/{order}/effets/" in desk.get(f"/guichet/{order}/").content.decode()
    refused = desk.post(f"/guichet/{order}/approuver/", {"version": "1"})
    assert "n&#x27;ont pas encore de réponse" in refused.content.decode().replace("’", "&#x27;")
    page = desk.get(f"/guichet/{order}/effets/").content.decode()
    assert "Certificats que plus personne ne pourrait obtenir" in page
    assert page.count("api.chu-exemple.fr") == 1
    seen = page.split('name="seen" value="')[1][:64]
    typed = {"seen": seen, "version": "1", f"each.{outside}": "revoke"}
    assert desk.post(f"/guichet/{order}/effets/", typed).status_code == 422
    typed["others.certificates"] = "keep"
    assert desk.post(f"/guichet/{order}/effets/", typed).status_code == 302
    for officer in (ALICE, BRUNO):
        approve_order(officer.actor, reference=order, version=1)
    ends = [
        file.line.revocation is not None
        for one in (inside, outside)
        if (file := certificate_file(one, at=NOON))
    ]
    assert ends == [False, True]
    assert visitor(BRUNO).get(f"/guichet/{base}/effets/").status_code == 404


def test_the_requester_changes_the_text_that_stands_in_the_steps_of_an_order_and_sends_it(
    portal: Instance,
) -> None:
    base = accepted(offer("serv-ssl")).line.reference
    browser = visitor(REPRESENTATIVE)
    address = f"/commandes/{base}/modifier/"
    assert "Commencer la modification" in browser.get(address).content.decode()
    for act in (visitor(STRANGER).get, visitor(STRANGER).post):
        assert act(address).status_code == 404
    begun = browser.post(address)
    assert begun.status_code == 302
    draft = begun["Location"]
    assert browser.post(address)["Location"] == draft  # a second click takes the same one up
    assert "Reprendre la modification" in browser.get(address).content.decode()
    step = browser.get(draft + "etape/offres/").content.decode()
    assert "chu-exemple.fr" in step
    fields = fields_of(step)
    fields["offers.0.declared"] = ["api.chu-exemple.fr"]
    assert browser.post(draft + "etape/offres/", fields | {"action": ["plus-tard"]}).status_code == 302
    last = browser.get(draft + "etape/envoi/").content.decode()
    boxes = re.findall(r"<input[^>]*declarations\.[^>]*>", last)
    assert len(boxes) == 2
    assert not [box for box in boxes if "checked" in box]  # another act, declared anew
    shown = last[last.index("Ce qui change de la commande") : last.index("Ce qui est demandé")]
    assert re.search(r"<del>[^<]*chu-exemple.fr", shown)
    assert re.search(r"<ins>[^<]*api.chu-exemple.fr", shown)
    assert "lignes inchangées" in shown
    assert browser.get(draft + "apercu/")["Content-Type"] == "application/pdf"
    declared = {"declarations.terms": ["oui"], "declarations.exact": ["oui"], "vu": fields_of(last)["vu"]}
    answer = browser.post(draft + "envoyer/", declared)
    assert answer.status_code == 302, answer.content.decode()
    order = answer["Location"].split("/")[-2]
    file = order_file(order)
    assert file is not None
    assert file.raw["offers"][0]["declared"] == "api.chu-exemple.fr"
    assert file.raw["visa"]["signed"] is True
    row = Amendment.objects.get()
    assert (row.order.reference, row.amends.reference) == (order, base)
    assert browser.get(address).status_code == 422
    assert len(orders_of(REPRESENTATIVE.national_id.text)) == 2


def fields_of(page: str) -> dict[str, list[str]]:
    """What a browser would send of the page's form, unchanged."""
    from html.parser import HTMLParser

    found: dict[str, list[str]] = {}

    class Reader(HTMLParser):
        select, area = "", ""

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            told = dict(attrs)
            name, kind = told.get("name") or "", told.get("type") or "text"
            if tag == "select":
                self.select = name
            elif tag == "textarea":
                self.area = name
                found[name] = [""]
            elif tag == "option" and "selected" in told:
                found[self.select] = [told.get("value") or ""]
            elif tag == "input" and name and (kind not in {"checkbox", "radio"} or "checked" in told):
                found.setdefault(name, []).append(told.get("value") or "")

        def handle_endtag(self, tag: str) -> None:
            self.area = "" if tag == "textarea" else self.area

        def handle_data(self, data: str) -> None:
            if self.area:
                found[self.area] = [found[self.area][0] + data]

    Reader().feed(page)
    found.pop("csrfmiddlewaretoken", None)
    return found
