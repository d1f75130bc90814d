"""Visitors of the portal in tests: cards of a test authority, read at the door like any card.

The TLS layer is stood in for by the listener's own facts, put where the listener puts them;
`test_listeners` shows with real handshakes that they come from nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.core.handlers.wsgi import WSGIRequest
from django.test import Client, RequestFactory

from sceau.catalogue import load_catalogue
from sceau.identity import CardTrust, PscAnswer
from sceau.operations import machine, welcome_without_card
from sceau.portal import TLS_EXTENSION, Doorkeeper, PscDoor, TestCard, TlsFacts, post, post_psc
from sceau.portal.visitor import let_in_by_psc
from tests.cardmaker import Authority, CardPlan, authority, card, integer, printable
from tests.instance import DOCTOR, Someone

STRONG_ROOT = authority("TEST AC RACINE IGC-SANTE FORT")
STRONG = authority("TEST AC IGC-SANTE FORT PERSONNES", STRONG_ROOT)
STANDARD_ROOT = authority("TEST AC RACINE IGC-SANTE STANDARD")
STANDARD = authority("TEST AC IGC-SANTE STANDARD PERSONNES", STANDARD_ROOT)
TRUST = CardTrust(
    roots=(STRONG_ROOT.der, STANDARD_ROOT.der), issuers=(STRONG.der, STANDARD.der), test_allowed=True
)
TYPES = {"CPS": 0, "CDE": 2, "CPE_NOMINATIVE": 2, "CDA": 3, "CPA": 3}


def lists() -> list[bytes]:
    """Fresh lists of every card authority, with nobody on them."""
    return [one.crl() for one in (STRONG_ROOT, STRONG, STANDARD_ROOT, STANDARD)]


def issuer_of(someone: Someone) -> Authority:
    return STRONG if someone.card_type == "CPS" else STANDARD


def plan_of(someone: Someone, **changes: Any) -> CardPlan:
    """What is written on somebody's card."""
    values: dict[str, Any] = {
        "common_name": someone.national_id.text,
        "surname": someone.surname,
        "given_names": someone.given_names,
        "title": someone.title,
        "card_type": integer(TYPES[someone.card_type]),
        "token": printable(f"8025000001/{someone.card}"),
        "profession": None if someone.profession_code is None else integer(someone.profession_code),
    }
    if someone.card_type != "CPS":
        values["organisation"] = ("Rhône (69)", "CENTRE HOSPITALIER DE L'EXEMPLE", "1690000005")
    return CardPlan(**{**values, **changes})


def certificate_of(someone: Someone, **changes: Any) -> x509.Certificate:
    return card(plan_of(someone, **changes), issuer_of(someone))


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def staff_the_door(*drawer: Someone, revoked: tuple[int, ...] = ()) -> None:
    """Put a doorkeeper at the door; `drawer` are the people whose test cards it has."""
    cards = tuple(
        TestCard(
            one.surname.lower(),
            f"{one.given_names} {one.surname}",
            "test",
            one.card_type,
            der(certificate_of(one)),
        )
        for one in drawer
    )
    known = [STRONG_ROOT.crl(), STANDARD_ROOT.crl(), STRONG.crl(*revoked), STANDARD.crl(*revoked)]
    post(Doorkeeper(trust=TRUST, lists=lambda: known, drawer=cards))


class DoorClient(Client):
    """A browser. `certificate` is what its connections prove; None on the public listener."""

    def __init__(self, certificate: bytes | None = None, *, at_door: bool = True, **kept: Any) -> None:
        super().__init__(**kept)
        self.facts = TlsFacts(asks_for_cards=at_door, peer_certificate=certificate)

    def request(self, **environ: Any) -> Any:
        environ["wsgi.url_scheme"] = "https"
        environ["test.tls"] = self.facts
        return super().request(**environ)

    def enters(self) -> DoorClient:
        """Press « Entrer »."""
        answer = self.post("/porte/")
        assert answer.status_code == 302, answer.content.decode()
        return self


@contextmanager
def tls_layer() -> Iterator[None]:
    """Give the test client's requests the scope that our listeners give theirs."""

    def scope(request: WSGIRequest) -> dict[str, Any]:
        return {"extensions": {TLS_EXTENSION: request.environ.get("test.tls")}}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WSGIRequest, "scope", property(scope), raising=False)
        yield


def visitor(someone: Someone, **changes: Any) -> DoorClient:
    """A browser that has entered with somebody's card."""
    return DoorClient(der(certificate_of(someone, **changes))).enters()


def as_holder(browser: DoorClient) -> DoorClient:
    """The same browser, in the hat that anybody's card gives."""
    browser.post("/role/", {"role": "holder"})
    return browser


def psc_visitor(someone: Someone) -> DoorClient:
    """A browser whom Pro Santé Connect named, on the public listener. How an answer of theirs is read and
    refused, `test_psc` shows with a provider of its own.
    """
    place = next(iter(load_catalogue().entrance.psc.values()))
    post_psc(PscDoor(place, client="essai", back="https://localhost/", exchange=_never))
    request = RequestFactory().get("/")
    request.session = SessionStore()
    actor = welcome_without_card(someone.national_id.text)
    let_in_by_psc(request, actor=actor, proven_at=machine().clock())
    browser = DoorClient(at_door=False)
    browser.cookies[settings.SESSION_COOKIE_NAME] = request.session.session_key or ""
    return browser


def _never(code: str, verifier: str) -> PscAnswer:
    raise AssertionError("nobody comes back from Pro Santé Connect here")


PROFESSIONAL = DOCTOR
