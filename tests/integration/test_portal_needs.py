"""« De quoi ai-je besoin ? » without a card and without a script, and the order that it fills in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

import pikepdf
import pytest

from sceau.documents import fill_form, read_form_pdf
from sceau.records.models import OrderDraft
from tests.instance import REPRESENTATIVE, Instance, form, offer
from tests.ordering import begun
from tests.portal import DoorClient, staff_the_door, tls_layer, visitor

ASKED = "usage=dmp&usage=web&nombre.dmp=1&nombre.web=3&contrat=oui&patients=oui&domaine=autre"


@pytest.fixture
def portal(instance: Instance) -> Iterator[Instance]:
    staff_the_door()
    with tls_layer():
        yield instance


def text(answer: Any) -> str:
    bare = re.sub(r"<[^>]+>", " ", answer.content.decode()).replace("&#x27;", "'").replace("\u00a0", " ")
    return re.sub(r"\s+", " ", bare)


def test_anybody_reads_what_they_need_without_a_card(portal: Instance) -> None:
    stranger = DoorClient(at_door=False)
    assert "Se connecter au DMP" in text(stranger.get("/besoin/"))
    assert "Combien de serveurs" in text(stranger.get("/besoin/questions/?usage=web"))
    page = text(stranger.get(f"/besoin/reponse/?{ASKED}"))
    for said in (
        "5 certificats.",
        "ORG_AUTH_CLI",
        "un par serveur",
        "FINESS",
        "Un courrier du détenteur",
        "5 jours",
    ):
        assert said in page, said
    assert "Entrer avec ma carte et préparer la commande" in page


def test_nothing_chosen_goes_back_and_says_so(portal: Instance) -> None:
    stranger = DoorClient(at_door=False)
    for address in ("/besoin/questions/", "/besoin/reponse/?usage=rien-de-tel"):
        answer = stranger.get(address)
        assert answer["Location"] == "/besoin/?rien=1"
    assert "Rien n’est coché" in text(stranger.get("/besoin/?rien=1"))


def test_an_address_carries_nothing_that_was_not_asked(portal: Instance) -> None:
    """A link made up by somebody else brings no text of theirs on the page."""
    page = DoorClient(at_door=False).get(f"/besoin/reponse/?{ASKED}&nom=Durand&usage=%3Cscript%3E&contrat=x")
    assert "Durand" not in page.content.decode()
    assert "%3Cscript" not in page.content.decode()
    assert "<script>" not in page.content.decode()


def test_the_order_is_filled_in_with_what_was_answered(portal: Instance) -> None:
    browser = visitor(REPRESENTATIVE)
    typed: dict[str, Any] = {"action": "besoin"}
    for name, value in parse_qsl(ASKED):
        typed[name] = [*typed.get(name, []), value] if name == "usage" else value
    address = browser.post("/commandes/nouvelle/", typed)["Location"].split("etape/")[0]
    offers = browser.get(f"{address}etape/offres/").content.decode()
    assert "Offre 1" in text(browser.get(f"{address}etape/offres/"))
    assert re.search(r'value="ORG_SIGN" checked', offers)
    assert not re.search(r'value="ORG_CONF" checked', offers)
    assert re.search(r'value="holder" checked', offers)
    usage = text(browser.get(f"{address}etape/usage/"))
    assert "alimentation du DMP" in usage
    assert OrderDraft.objects.get().origin == "needs"


def test_in_english_the_order_is_french_all_the_same(portal: Instance) -> None:
    browser = visitor(REPRESENTATIVE)
    browser.cookies["__Host-sceau-langue"] = "en"
    assert "What do I need" in text(browser.get("/besoin/"))
    browser.post("/commandes/nouvelle/", {"action": "besoin", "usage": "web"})
    assert "Sécuriser notre serveur web" in OrderDraft.objects.get().raw


def shown(made: bytes) -> list[str]:
    """The text that each page paints by itself, as bytes of its contents."""
    with pikepdf.open(BytesIO(made)) as pdf:
        return [
            page.Contents.read_bytes().decode("latin-1")
            if isinstance(page.Contents, pikepdf.Stream)
            else "".join(one.read_bytes().decode("latin-1") for one in page.Contents)
            for page in pdf.pages
        ]


def test_the_preview_is_the_very_form_marked_as_a_preview(portal: Instance) -> None:
    raw = form(offer("serv-ssl"), offer("org"))
    final, preview = fill_form(raw), fill_form(raw, preview=True)
    assert read_form_pdf(preview).raw == read_form_pdf(final).raw
    # first of all on the page: what follows turns the axes over
    assert all(page.startswith("q /Artifact BMC") for page in shown(preview))
    assert all("Aper\u00e7u, \u00e0 ne pas signer" in page for page in shown(preview))
    assert not any("Aper\u00e7u" in page for page in shown(final))


def test_the_preview_of_a_draft_is_its_owners_alone(portal: Instance) -> None:
    browser = visitor(REPRESENTATIVE)
    address = begun(browser)
    answer = browser.get(f"{address}apercu/")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer["Content-Disposition"].startswith("inline;")
