"""Which page is for whom: every page × every hat × every way of coming in, asked one by one, and the table of
it in docs/rights.md. What is not in the table of pages is refused.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from django.urls import URLPattern, get_resolver, include, path, reverse

from sceau.operations import issue_certificate, open_draft
from sceau.portal import post_brakes, post_psc
from sceau.portal.hats import Hat, Page
from sceau.portal.proofs import READ_BY_POST, WITHOUT_CARD
from sceau.portal.urls import DRAWER_PAGES, PAGES, page_named, pages
from tests.cardmaker import authority, card
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    AUDITOR,
    AUTHORITY,
    DOCTOR,
    OTHER_REPRESENTATIVE,
    REPRESENTATIVE,
    STRANGER,
    Instance,
    Someone,
    accepted,
    form,
    give_role,
    offer,
    right_for,
    server_request,
    submitted,
)
from tests.passkey_kit import passkey_visitor
from tests.portal import DoorClient, der, plan_of, psc_visitor, staff_the_door, tls_layer, visitor

DOC = Path(__file__).parents[2] / "docs" / "rights.md"

# Stated apart from the table it checks: who may open what.
OPEN = {"home", "door", "leave", "how", "glossary", "accessibility", "revoke-by-code", "revoke-by-key"}
OPEN |= {"revoke-by-signature"}
OPEN |= {"find", "find-file", "check", "language"}
OPEN |= {"needs", "needs-questions", "needs-answer"}
OPEN |= {"find", "find-file", "check", "passkey", "passkey-register"}
OPEN |= {"diagnosis", "mail-bounce", "calendar-feed", "psc", "psc-return"}
DESK_READS = {
    *("desk", "desk-order", "desk-contracts", "desk-contract"),
    *("desk-piece", "desk-piece-file", "desk-leave"),
    *("desk-registers", "desk-register", "desk-tasks"),
    *("desk-search", "desk-figures"),
}
DESK_READS |= {"desk-mails", "desk-mail"}
DESK_READS |= {"desk-order-form", "desk-register-rejects"}
DESK_READS |= {"desk-third-parties", "desk-third-party"}
DESK_ACTS = {
    "desk-paper",
    "desk-forms",
    *("desk-mail-resend", "desk-mail-letter", "desk-contacts"),
    "desk-take",
    *("desk-assign", "desk-hold", "desk-unhold", "desk-comment"),
    "desk-settle",
    "desk-edit",
    "desk-ask",
    "desk-note",
    "desk-approve",
    "desk-refuse",
    "desk-close",
    "desk-people",
    *("desk-contract-act", "desk-contract-decision", "desk-party", "desk-contract-piece"),
    *("desk-order-piece", "desk-order-visa", "desk-piece-read"),
    *("desk-new-leave", "desk-leave-act", "desk-leave-end"),
    *("desk-task-done", "desk-effects", "structure-change-days"),
    *("desk-third-party-new", "desk-designation-paper", "desk-designation-attest", "desk-member"),
}
END_READS = {
    "desk-habilitation",
    "desk-certificates",
    "desk-certificate",
    "desk-revocations",
    "desk-run",
    "desk-run-report",
}
END_ACTS = {
    "desk-revoke",
    "desk-keys",
    "desk-new-run",
    "desk-run-yes",
    "desk-run-pause",
    "desk-run-resume",
    "desk-run-drop",
}
OWN_CARD = {"request-own", "verdict-own", "own-set", "own-set-done"}
KNOWN = {"sessions", "end-session", "end-sessions", "wear-hat"}
OFFICERS_READ = {"own-passkeys", "own-passkey-end", "officers", "watch"}
OFFICERS_ACT = {"officer-person", "role-confirm", "role-drop"}
OFFICERS_ACT |= {"passkey-invite", "passkey-confirm", "passkey-drop", "passkey-end"}
AUTHORITY_ACTS = {"role-propose"}
BOTH_SIDES = {
    "right-act",
    "designation",
    "end-designation",
    "evidence",
    "calendar",
    "departures",
    "new-departure",
    "departure",
}
BOTH_SIDES |= {"designation", "end-designation"}
BOTH_SIDES |= {"structure-changes", "new-structure-change", "structure-change"}
AUDITOR_POSTS = {"evidence", "desk-piece-file", "end-session", "end-sessions", "wear-hat", "own-passkey-end"}
PSC_POSTS = {"request", "verdict", "request-pair", "verdict-pair", "renew-many", "renewed-files"}
PSC_POSTS |= {"collect", "revoke", "revoke-token", "end-session", "end-sessions"}


@dataclass(frozen=True)
class Column:
    """A way of coming in with a hat."""

    title: str
    hat: str
    browser: Callable[[], DoorClient]
    by_psc: bool = False


def _untrusted() -> DoorClient:
    """A browser whose certificate no authority of ours has signed."""
    forged = authority("AC DE PERSONNE", key_name="nobody's issuer")
    return DoorClient(der(card(plan_of(ADMINISTRATOR), forged)))


COLUMNS = (
    Column("nobody", "", lambda: DoorClient(at_door=False)),
    Column("a certificate we do not trust", "", _untrusted),
    Column("card: holder", "holder", lambda: visitor(ADMINISTRATOR)),
    Column("card: professional", "professional", lambda: visitor(DOCTOR)),
    Column("card: desk", "desk", lambda: visitor(ALICE)),
    Column("card: auditor", "auditor", lambda: visitor(AUDITOR)),
    Column("card: authority", "authority", lambda: visitor(AUTHORITY)),
    Column("Pro Santé Connect: holder", "holder", lambda: psc_visitor(ADMINISTRATOR), by_psc=True),
    Column("passkey: desk", "desk", lambda: passkey_visitor(ALICE)),
    Column("passkey: auditor", "auditor", lambda: passkey_visitor(AUDITOR)),
    Column("passkey: authority", "authority", lambda: passkey_visitor(AUTHORITY)),
)
REFUSALS = {
    f"portal/refusals/{one}.html"
    for one in ("card_needed", "not_yours", "other_hat", "auditor", "forbidden", "proof_needed", "csrf")
}
CARD_ONLY = "portal/refusals/card_for_this.html"


@pytest.fixture
def portal(instance: Instance) -> Iterator[Instance]:
    staff_the_door()
    with tls_layer():
        yield instance
    post_psc(None)


def hats_of(page: Page) -> set[str]:
    """For which hats the page is, as stated above."""
    name, holders = page.name, {"holder", "professional"}
    for names, hats in (
        (OPEN, {"", *holders, "desk", "auditor", "authority"}),
        (KNOWN, {*holders, "desk", "auditor", "authority"}),
        (OFFICERS_READ | END_READS, {"desk", "auditor", "authority"}),
        (OFFICERS_ACT | END_ACTS, {"desk", "authority"}),
        (AUTHORITY_ACTS, {"authority"}),
        (BOTH_SIDES, {*holders, "desk", "auditor", "authority"}),
        (DESK_READS, {"desk", "auditor"}),
        (DESK_ACTS, {"desk"}),
        (OWN_CARD, {"professional"}),
    ):
        if name in names:
            return hats
    return holders


def expected(column: Column, page: Page, method: str) -> str:
    if column.hat not in hats_of(page):
        return "–"
    if method == "GET" or page.name in OPEN:
        return {"GET": "read", "POST": "act"}[method]
    if column.hat == "auditor" and page.name not in AUDITOR_POSTS:
        return "–"
    if column.by_psc and page.name not in PSC_POSTS:
        return "card"
    return "act"


def observed(browser: DoorClient, page: Page, method: str) -> str:
    """What came of asking for the page, by the page that answered."""
    answer = browser.generic(method, address_of(page))
    if method not in page.methods:
        return "" if answer.status_code == 405 else f"{answer.status_code} for {method}"
    shown = {one.name for one in answer.templates if one.name}
    if shown & REFUSALS:
        return "–"
    if CARD_ONLY in shown:
        return "card"
    plain = answer.status_code in {200, 302, 404, 410, 422} or page.name in OPEN
    return {"GET": "read", "POST": "act"}[method] if plain else f"{answer.status_code} for {method}"


def address_of(page: Page) -> str:
    values = {"reference": "CMD-00000-00000", "code": "PS_NOPE", "form": "pem", "link": "x" * 43}
    values |= {"number": "C-0", "event": "suspend", "secret": "x", "structure": "1"}
    values |= {"issuer": "el-org", "serial": "0A"}
    if "<int:number>" in page.route:
        values["number"] = "1"
    return reverse(
        page.name, kwargs={name: value for name, value in values.items() if f":{name}>" in page.route}
    )


def cells_of(column: Column) -> dict[str, dict[str, str]]:
    """What this way of coming in opens: page → method → what came of it. Going out comes last."""
    browser, found = column.browser(), {}
    for page in sorted(PAGES, key=lambda one: one.name == "leave"):
        post_brakes(None)
        found[page.name] = {method: observed(browser, page, method) for method in ("GET", "POST")}
    return found


def test_every_page_answers_every_hat_and_way_in_as_the_rule_says_and_the_document_shows(
    portal: Instance,
) -> None:
    told = {column.title: cells_of(column) for column in COLUMNS}
    wrong = [
        (column.title, page.name, method, told[column.title][page.name][method])
        for column in COLUMNS
        for page in PAGES
        for method in ("GET", "POST")
        if told[column.title][page.name][method]
        != (expected(column, page, method) if method in page.methods else "")
    ]
    assert wrong == []
    written = document(told)
    if os.environ.get("WRITE_RIGHTS"):
        DOC.write_text(written, "utf-8")
    assert DOC.read_text("utf-8") == written, "WRITE_RIGHTS=1 writes it anew"


def document(told: dict[str, dict[str, dict[str, str]]]) -> str:
    """The whole table, as a page of documentation."""
    titles = list(told)
    lines = [
        "# Who opens what",
        "",
        "Each page of the portal was asked for in each way of coming in, with each hat: what follows is what"
        " it answered. `read`: it shows; `act`: it takes what one sends (whether this person may do it with"
        " this object, the verbs say); `card`: this act asks for the card; `–`: refused.",
        "",
        "Who has several roles wears one hat at a time; with a card or a passkey that has several, the others"
        " are a click away. Written by `WRITE_RIGHTS=1 pytest tests/integration/test_portal_rights.py`,"
        " and held equal to what is observed by the same test.",
        "",
        "An auditor sees all and changes nothing [issue 5]: that binds for the rejected lines of a register"
        " import too, which hold personal data: whether a line was rightly rejected can't be audited without"
        " reading it.",
        "",
        "A hat holds in the verbs as on the pages: who wears an officer's hat speaks for no structure, who"
        " wears the holder's is no officer, whatever address they post to.",
        "",
        "| address | " + " | ".join(titles) + " |",
        "|---|" + "---|" * len(titles),
    ]
    for page in PAGES:
        cells = [_cell(told[title][page.name]) for title in titles]
        lines.append(f"| `/{page.route}` | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(told: dict[str, str]) -> str:
    kept = [one for one in told.values() if one and one != "–"]
    return ", ".join(kept) or "–"


def test_the_rule_above_names_the_same_exceptions_as_the_portal() -> None:
    assert frozenset(AUDITOR_POSTS) == READ_BY_POST
    assert frozenset(PSC_POSTS) == WITHOUT_CARD


# -- an auditor sees all and changes nothing


def standing_tables() -> dict[str, list[Any]]:
    """Everything that the records hold, but sessions and the journal."""
    from django.apps import apps

    return {
        model.__name__: list(model._default_manager.order_by("pk").values_list())
        for model in apps.get_app_config("records").get_models()
        if model.__name__ not in {"OpenSession", "SpentChallenge", "TreeHead"}
        and not model.__name__.startswith("Journal")
    }


@pytest.mark.parametrize("way", [visitor, passkey_visitor], ids=lambda one: one.__name__)
def test_an_auditor_posts_everywhere_and_changes_nothing(
    portal: Instance, way: Callable[[Someone], DoorClient]
) -> None:
    references = theirs(portal)
    references["guichet"] = references["commandes"]
    browser, posted = way(AUDITOR), 0
    before = standing_tables()
    for page in PAGES:
        if "POST" not in page.methods or page.name in OPEN:
            continue
        address = address_of(page)
        real = references.get(page.route.split("/")[0])
        if real:
            address = address.replace("CMD-00000-00000", real)
        sent = {"version": "1", "reason": "x", "sure": "oui", "text": "x", "explanation": "x", "preuve": "1"}
        answer = browser.post(address, sent)
        assert answer.status_code in {403, 404, 200, 302, 422}, (page.name, answer.status_code)
        assert page.name in READ_BY_POST or answer.status_code == 403, page.name
        posted += 1
    assert posted > 60
    assert standing_tables() == before


def test_an_auditor_reads_every_page_that_the_desk_and_the_authority_read(portal: Instance) -> None:
    for page in PAGES:
        if "GET" in page.methods and "POST" not in page.methods and page.hats & {Hat.DESK, Hat.AUTHORITY}:
            assert Hat.AUDITOR in page.hats, page.name


# -- one person, several hats


def test_who_has_several_hats_wears_one_and_changes_it_in_the_header(portal: Instance) -> None:
    give_role(ALICE, "authority")
    browser = visitor(ALICE)
    page = browser.get("/guichet/").content.decode()
    assert '<option value="desk" selected>' in page
    assert '<option value="holder">' in page
    asked = browser.get("/commandes/")
    assert asked.status_code == 403
    assert "Agir comme « Titulaire »" in asked.content.decode().replace("\u00a0", " ")
    assert browser.post("/role/", {"role": "holder", "suite": "/commandes/"})["Location"] == "/commandes/"
    assert browser.get("/commandes/").status_code == 200
    assert browser.get("/guichet/").status_code == 403
    assert browser.post("/role/", {"role": "auditor"}).status_code == 404
    assert browser.post("/role/", {"role": "authority"}).status_code == 302
    assert browser.get("/agents/").status_code == 200
    assert browser.get("/guichet/").status_code == 403


def test_who_has_one_hat_is_offered_no_other(portal: Instance) -> None:
    page = visitor(ADMINISTRATOR).get("/").content.decode()
    assert 'name="role"' not in page
    assert visitor(ADMINISTRATOR).post("/role/", {"role": "desk"}).status_code == 404


def test_a_hat_is_put_on_again_at_each_entry_and_gone_with_its_role(portal: Instance) -> None:
    from tests.instance import take_role

    browser = visitor(ALICE)
    browser.post("/role/", {"role": "holder"})
    assert visitor(ALICE).get("/guichet/").status_code == 200
    browser.post("/role/", {"role": "desk"})
    take_role(ALICE, "desk")
    assert browser.get("/guichet/").status_code == 403
    assert browser.get("/commandes/").status_code == 200


def test_the_table_names_every_address_once_and_no_hat_is_left_out() -> None:
    names = [page.name for page in PAGES + DRAWER_PAGES]
    assert len(names) == len(set(names))
    stated = OPEN | DESK_READS | DESK_ACTS | END_READS | END_ACTS | OWN_CARD | KNOWN | OFFICERS_READ
    assert set(names) >= stated | OFFICERS_ACT | AUTHORITY_ACTS | BOTH_SIDES
    assert all(page.hats for page in PAGES)
    patterns = [
        found for found in get_resolver("sceau.portal.urls").url_patterns if isinstance(found, URLPattern)
    ]
    assert {found.name for found in patterns} == set(names)


def test_pages_of_the_desk_are_never_open_to_everybody() -> None:
    for page in PAGES:
        if page.route.startswith("guichet/"):
            assert page.hats <= {Hat.DESK, Hat.AUDITOR, Hat.AUTHORITY}, page.name
        if page.name not in OPEN:
            assert Hat.ANYBODY not in page.hats, page.name


def _forgotten(request: Any) -> Any:
    raise AssertionError("a view outside of the table was run")


urlpatterns = [
    path("", include("sceau.portal.urls")),
    path("oubliee/", _forgotten, name="forgotten"),
    path("sans-nom/", _forgotten),
]


@override_settings(ROOT_URLCONF="tests.integration.test_portal_rights")
def test_a_view_that_is_not_in_the_table_is_never_run(portal: Instance) -> None:
    for browser in (DoorClient(), visitor(ALICE)):
        for address in ("/oubliee/", "/sans-nom/"):
            assert browser.get(address).status_code == 404


def test_the_drawer_does_not_exist_outside_development(portal: Instance) -> None:
    assert page_named("insert") is None
    staff_the_door(ALICE)
    assert DoorClient().post("/cartes-de-test/inserer/", {"carte": "premier"}).status_code == 404
    assert DoorClient().get("/courriels-de-test/").status_code == 404
    assert b"Tiroir" not in DoorClient().get("/").content


@override_settings(SCEAU_TEST_CARDS=True)
def test_the_drawer_lets_in_with_the_card_that_is_stored(portal: Instance) -> None:
    assert {page.name for page in pages()} >= {"insert", "test-mails"}
    staff_the_door(ALICE)
    browser = DoorClient(at_door=False)
    assert "Tiroir de cartes de test" in browser.get("/").content.decode()
    assert browser.post("/cartes-de-test/inserer/", {"carte": "premier"}).status_code == 302
    assert "Alice Premier" in browser.get("/").content.decode()
    assert browser.post("/cartes-de-test/inserer/", {"carte": "personne"}).status_code == 404


@override_settings(SCEAU_TEST_CARDS=True)
def test_a_session_of_the_drawer_ends_where_the_drawer_is_closed(portal: Instance) -> None:
    staff_the_door(ALICE)
    browser = DoorClient(at_door=False)
    browser.post("/cartes-de-test/inserer/", {"carte": "premier"})
    with override_settings(SCEAU_TEST_CARDS=False):
        assert browser.get("/guichet/").status_code == 403


# -- what is another's does not exist [ASSURANCE T18]


def theirs(portal: Instance) -> dict[str, str]:
    """References of one structure's objects."""
    order = accepted(offer("serv-ssl"))
    open_order = submitted(offer("serv-ssl"))
    issued = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    return {
        "commandes": open_order.line.reference,
        "habilitations": right_for("SERV_SSL"),
        "demander": right_for("SERV_SSL"),
        "certificats": issued.line.reference,
        "accepted": order.line.reference,
        "brouillons": open_draft(REPRESENTATIVE.actor, raw=form(), origin="blank").line.reference,
    }


@pytest.mark.parametrize(
    "someone", [STRANGER, OTHER_REPRESENTATIVE, DOCTOR, AUDITOR], ids=lambda one: one.surname
)
def test_every_address_of_anothers_object_answers_as_if_it_did_not_exist(
    portal: Instance, someone: Someone
) -> None:
    references = theirs(portal)
    browser = visitor(someone)
    browser.post("/role/", {"role": "holder"})
    looked_at = 0
    for page in PAGES:
        family = page.route.split("/")[0]
        if "<str:reference>" not in page.route or family not in references:
            continue
        for method in set(page.methods) - {"HEAD"}:
            values = {"form": "pem"} if "<str:form>" in page.route else {}
            values |= {"event": "suspend"} if "<str:event>" in page.route else {}
            values |= {"code": "offres"} if "<str:code>" in page.route else {}
            real = browser.generic(
                method, reverse(page.name, kwargs={"reference": references[family], **values})
            )
            none = browser.generic(
                method, reverse(page.name, kwargs={"reference": "XXX-00000-00000", **values})
            )
            assert real.status_code == none.status_code == 404, (page.name, method)
            assert without_token(real.content) == without_token(none.content), page.name
            looked_at += 1
    assert looked_at >= 14


def without_token(content: bytes) -> str:
    import re

    return re.sub(r'(name="csrfmiddlewaretoken" value=")[^"]+|(Journal : )\d+ [^<]+', r"\1", content.decode())


def test_an_administrator_sees_the_right_but_a_representative_cannot_ask_with_it(portal: Instance) -> None:
    references = theirs(portal)
    assert visitor(ADMINISTRATOR).get(f"/demander/{references['demander']}/").status_code == 200
    assert visitor(REPRESENTATIVE).get(f"/habilitations/{references['habilitations']}/").status_code == 200
    assert visitor(REPRESENTATIVE).get(f"/demander/{references['demander']}/").status_code == 404
