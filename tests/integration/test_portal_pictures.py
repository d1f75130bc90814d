"""Pictures of the pages: each says by its marks what the rule says, and the page says it in words too."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from sceau.operations import issue_certificate
from sceau.portal.pages.certificates.chains import chain_of_file
from sceau.portal.pictures import (
    Lifetime,
    Link,
    Picture,
    Stage,
    Week,
    chain_picture,
    path_picture,
    scope_tree,
    stations_of,
    timeline_picture,
    weeks_picture,
)
from sceau.records import desk_weeks
from sceau.records.models import StayCount
from sceau.registration import OrderState, Scope, ScopeKind, decide_name
from sceau.vocabulary import HostName
from tests.instance import (
    ADMINISTRATOR,
    AUDITOR,
    NOON,
    REPRESENTATIVE,
    Instance,
    accepted,
    offer,
    right_for,
    server_request,
)
from tests.portal import staff_the_door, tls_layer, visitor

SCOPES = (
    Scope(ScopeKind.DOMAIN, HostName("chu-exemple.fr")),
    Scope(ScopeKind.SUBDOMAIN, HostName("portail.chu-exemple.fr")),
    Scope(ScopeKind.SERVER, HostName("www.chu-exemple.fr")),
    Scope(ScopeKind.MAIL, HostName("chu-exemple.fr")),
    Scope(ScopeKind.MAIL, HostName("chu-exemple.fr"), restricted=True),
)


@pytest.fixture
def portal(instance: Instance) -> Iterator[Instance]:
    staff_the_door()
    with tls_layer():
        yield instance


def drawn(picture: Picture) -> list[str]:
    """The words of a picture, once it was read as XML and found to hold no style and no script."""
    root = ElementTree.fromstring(str(picture.svg))
    for element in root.iter():
        assert element.tag in {"svg", "title", "rect", "line", "circle", "polygon", "text"}
        assert not [name for name in element.attrib if name == "style" or name.startswith("on")]
        for side, most in (("x", picture.width), ("y", picture.height), ("cx", picture.width)):
            assert 0 <= int(element.attrib.get(side, "0")) <= most
    assert root.attrib["role"] == "img"
    assert root.find("title") is not None
    return [text.text or "" for text in root.iter("text")]


@pytest.mark.parametrize("scope", SCOPES, ids=lambda scope: scope.canonical)
def test_each_mark_of_the_tree_is_the_rules_own_answer(scope: Scope) -> None:
    tree = scope_tree(scope)
    assert {one.covered for one in tree.branches} == {True, False}
    for one in tree.branches:
        asked = one.text.replace("…@", "qui@")
        decided = decide_name(scope, asked).value is not None
        assert one.covered == decided, one
    words = drawn(tree.picture)
    assert words.count("✓") == sum(one.covered for one in tree.branches)


def test_a_name_tried_stands_at_its_place_with_its_answer() -> None:
    scope = SCOPES[0]
    inside = scope_tree(scope, "a.b.chu-exemple.fr")
    assert inside.covered
    assert [(one.text, one.depth) for one in inside.branches if one.text.endswith("b.chu-exemple.fr")] == [
        ("b.chu-exemple.fr", 2),
        ("a.b.chu-exemple.fr", 3),
    ]
    outside = scope_tree(scope, "www.evilchu-exemple.fr")
    assert [one.covered for one in outside.branches if one.tried] == [False]
    assert outside.said
    nonsense = scope_tree(scope, "*.chu-exemple.fr <script>")
    assert not [one for one in nonsense.branches if one.tried]
    assert not nonsense.covered
    assert nonsense.said


def test_a_mailbox_tried_stands_at_its_domain() -> None:
    tree = scope_tree(SCOPES[3], "accueil@service.chu-exemple.fr")
    assert [(one.text, one.covered) for one in tree.branches if one.tried] == [
        ("accueil@service.chu-exemple.fr", True)
    ]


@pytest.mark.parametrize("state", list(OrderState))
def test_an_order_has_a_path_in_every_state_of_its_life(state: OrderState) -> None:
    stations = stations_of(state.value, approvals=1 if state == "under-review" else 0, needed=2)
    words = drawn(path_picture(stations))
    assert [one.name for one in stations] == [one for one in words if one in {s.name for s in stations}]
    ended = {"accepted": Stage.DONE, "refused": Stage.STOP, "abandoned": Stage.STOP}
    assert stations[-1].stage == ended.get(state.value, Stage.AHEAD)


def test_the_chain_the_expiries_and_the_weeks_are_sound_pictures() -> None:
    long = "un-nom-de-serveur-qui-n-en-finit-pas." * 4 + "fr"
    chain = chain_picture(
        [Link("Racine", "AC <RACINE>", NOON), Link("Ce certificat", long, NOON, "bad", "révoqué")]
    )
    assert any("révoqué" in text for text in drawn(chain.picture))
    lives = [Lifetime(long, NOON + timedelta(days=9), NOON + timedelta(days=2000)), Lifetime("b", NOON)]
    assert drawn(timeline_picture(lives, now=NOON))
    weeks = [Week(date(2026, 8, 3) + timedelta(weeks=number), number, number % 2) for number in range(13)]
    assert "12" in drawn(weeks_picture(weeks))
    assert drawn(weeks_picture([])) == []


def test_a_holder_tries_a_name_without_javascript(portal: Instance) -> None:
    accepted(offer("serv-ssl"))
    browser = visitor(ADMINISTRATOR)
    address = f"/habilitations/{right_for('SERV_SSL')}/"
    assert 'id="arbre"' in browser.get(address).content.decode()
    yes = browser.get(address, {"nom": "www.chu-exemple.fr"}).content.decode()
    assert "www.chu-exemple.fr est couvert" in yes
    no = browser.get(address, {"nom": "<b>@x"}).content.decode()
    assert "n’est pas couvert" in no
    assert "<b>@x" not in no


def test_the_verdict_brings_the_tree_that_the_page_shows(portal: Instance) -> None:
    accepted(offer("serv-ssl"))
    browser = visitor(ADMINISTRATOR)
    address = f"/demander/{right_for('SERV_SSL')}/"
    assert browser.get(address).content.decode().count('aria-labelledby="arbre-titre"') == 1
    answer = browser.post(f"{address}verdict/", {"names": "www.chu-exemple.fr\nwww.ailleurs.fr"})
    tree = answer.content.decode().partition('data-into="arbre"')[2]
    assert "www.ailleurs.fr" in tree


def test_a_certificate_shows_its_chain_and_an_order_its_path(portal: Instance) -> None:
    reference = accepted(offer("serv-ssl")).line.reference
    file = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    page = visitor(ADMINISTRATOR).get(f"/certificats/{file.line.reference}/").content.decode()
    pictured = page.partition('aria-labelledby="chaine-titre"')[2].partition("</svg>")[0]
    assert pictured.count("<rect") == len(chain_of_file(file).links) >= 2
    assert re.search(r"<ol class=\"plain\">(<li>.*?</li>){2,3}</ol>", page, re.DOTALL)
    order = visitor(REPRESENTATIVE).get(f"/commandes/{reference}/").content.decode()
    assert order.count('class="done"') >= 5


def test_the_weeks_of_the_desk_are_summed_from_what_was_kept(portal: Instance) -> None:
    monday = date(2026, 11, 16)
    for day, lane, count, late in (
        (monday, "todo", 3, 1),
        (monday + timedelta(days=6), "todo", 2, 0),
        (monday + timedelta(days=7), "todo", 1, 1),
        (monday, "waiting", 9, 9),
        (monday - timedelta(weeks=30), "todo", 50, 0),
    ):
        StayCount.objects.create(lane=lane, day=day, size=4, count=count, late=late)
    at = NOON.replace(year=2026, month=11, day=24)
    figures = desk_weeks(at=at, weeks=3)
    assert [(one.monday, one.ended, one.late) for one in figures] == [
        (monday - timedelta(weeks=1), 0, 0),
        (monday, 5, 1),
        (monday + timedelta(weeks=1), 1, 1),
    ]
    assert 'aria-labelledby="semaines-titre"' in visitor(AUDITOR).get("/guichet/delais/").content.decode()
