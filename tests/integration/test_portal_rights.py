"""Which page is for whom, for every page of the table and every role; what is not in the table is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings
from django.urls import URLPattern, get_resolver, include, path, reverse

from sceau.operations import issue_certificate, open_draft
from sceau.portal.hats import Hat, Page
from sceau.portal.urls import DRAWER_PAGES, PAGES, page_named, pages
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
    offer,
    right_for,
    server_request,
    submitted,
)
from tests.portal import DoorClient, staff_the_door, tls_layer, visitor

# Stated apart from the table it checks: who may open what.
OPEN = {"home", "door", "leave", "how", "glossary", "accessibility", "revoke-by-code", "revoke-by-key"}
OPEN |= {"find", "find-file", "check", "language"}
OPEN |= {"needs", "needs-questions", "needs-answer"}
OPEN |= {"diagnosis", "mail-bounce", "calendar-feed", "psc", "psc-return"}
DESK_READS = {
    *("desk", "desk-order", "desk-contracts", "desk-contract"),
    *("desk-piece", "desk-piece-file", "desk-leave"),
    *("desk-registers", "desk-register", "desk-tasks"),
    *("desk-search", "desk-figures"),
}
DESK_READS |= {"desk-mails", "desk-mail"}
DESK_READS |= {"desk-order-form"}
DESK_ACTS = {
    "desk-paper",
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
    *("desk-register-rejects", "desk-task-done", "desk-effects"),
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
BY_SIGNATURE = {"door", "mail-bounce"}  # open to everybody, and refused to who proves nothing
OWN_CARD = {"request-own", "verdict-own", "own-set", "own-set-done"}
ROLES: dict[str, Someone | None] = {
    "nobody": None,
    "stranger": STRANGER,
    "representative": REPRESENTATIVE,
    "administrator": ADMINISTRATOR,
    "professional": DOCTOR,
    "desk": ALICE,
    "auditor": AUDITOR,
    "authority": AUTHORITY,
}


@pytest.fixture
def portal(instance: Instance) -> Iterator[Instance]:
    staff_the_door()
    with tls_layer():
        yield instance


def may_open(role: str, page: Page) -> bool:
    if page.name in OPEN:
        return True
    if role == "nobody":
        return False
    if page.name in DESK_ACTS:
        return role == "desk"
    if page.name in DESK_READS:
        return role in {"desk", "auditor"}
    if page.name in END_ACTS:
        return role in {"desk", "authority"}
    if page.name in END_READS:
        return role in {"desk", "authority", "auditor"}
    if page.name in OWN_CARD:
        return role == "professional"
    return True


def address_of(page: Page) -> str:
    values = {"reference": "CMD-00000-00000", "code": "PS_NOPE", "form": "pem"}
    values |= {"number": "C-0", "event": "suspend", "secret": "x", "structure": "1"}
    values |= {"issuer": "el-org", "serial": "0A"}
    if "<int:number>" in page.route:
        values["number"] = "1"
    return reverse(
        page.name, kwargs={name: value for name, value in values.items() if f":{name}>" in page.route}
    )


def test_every_page_answers_every_role_as_the_rule_says(portal: Instance) -> None:
    wrong = []
    for role, someone in ROLES.items():
        for page in PAGES:
            if page.name == "leave":
                continue
            browser = visitor(someone) if someone else DoorClient()
            for method in ("GET", "POST"):
                status = browser.generic(method, address_of(page)).status_code
                if method not in page.methods:
                    expected = {405}
                elif may_open(role, page):
                    expected = {200, 302, 404, 422} | ({403} if page.name in BY_SIGNATURE else set())
                else:
                    expected = {403}
                if status not in expected:
                    wrong.append((role, page.name, method, status))
    assert wrong == []


def test_the_table_names_every_address_once_and_no_hat_is_left_out() -> None:
    names = [page.name for page in PAGES + DRAWER_PAGES]
    assert len(names) == len(set(names))
    assert set(names) >= OPEN | DESK_READS | DESK_ACTS | END_READS | END_ACTS | OWN_CARD
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
