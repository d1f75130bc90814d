"""Officers with passkeys, in tests: invited by two, registered and let in through the pages."""

from __future__ import annotations

import html
import re
from typing import Any

from django.conf import settings

from sceau.operations import InvitationOpened, confirm_invitation, invite_passkey
from tests.authenticator import Authenticator
from tests.instance import ALICE, AUTHORITY, BRUNO, CHLOE, Someone
from tests.portal import DoorClient


def invited(someone: Someone, *, recovers: bool = False) -> tuple[str, InvitationOpened]:
    """The two halves of an invitation that two other officers made: the code, and the link opened."""
    first, second = [one for one in (ALICE, BRUNO, CHLOE, AUTHORITY) if one is not someone][:2]
    asked = invite_passkey(
        first.actor, person_id=someone.national_id.text, recovers=recovers, reason="Sans carte"
    )
    return asked.code, confirm_invitation(second.actor, reference=asked.reference)


def device(name: str, **kind: Any) -> Authenticator:
    """A device whose browser stands on our portal."""
    return Authenticator(name, origin=settings.SCEAU_PORTAL_ADDRESS, **kind)


def options_in(answer: Any) -> str:
    """The question that a page puts to an authenticator."""
    found = re.search(r'data-passkey="([^"]*)"', answer.content.decode())
    assert found, answer.content.decode()
    return html.unescape(found[1])


def registered(someone: Someone, made: Authenticator, **how: Any) -> str:
    """Register a passkey through the pages; its reference."""
    code, opened = invited(someone, **how)
    browser, address = DoorClient(at_door=False), f"/cle-acces/inscription/{opened.link}/"
    asked = options_in(browser.post(address, {"code": code}))
    done = browser.post(address, {"code": code, "name": made.name, "reponse": made.make(asked)})
    found = re.search(r"PK-[0-9A-Z]{7}", done.content.decode())
    assert found, done.content.decode()
    return found[0]


def enters(made: Authenticator, **kept: Any) -> DoorClient:
    """A browser that has come in with the device's newest passkey."""
    browser = DoorClient(at_door=False, **kept)
    answer = browser.post("/cle-acces/", {"reponse": made.use(options_in(browser.get("/cle-acces/")))})
    assert answer.status_code == 302, answer.content.decode()
    return browser


def passkey_visitor(someone: Someone) -> DoorClient:
    """A browser in which an officer has come in with a passkey of their own."""
    made = device(f"clé de {someone.surname}")
    registered(someone, made)
    return enters(made)
