"""From a certificate at the door to a session: read the card, ask the register, let in. Or every reason why
not.
"""

from __future__ import annotations

from django.http import HttpRequest

from sceau.identity import CardHolder
from sceau.operations import card_type_of, machine, welcome_card
from sceau.portal.door import doorkeeper
from sceau.portal.visitor import let_in
from sceau.vocabulary import Finding, Reading, Refused


def read_presented(certificate: bytes | None) -> Reading[CardHolder]:
    """Whose card this is, as the doorkeeper reads it now."""
    return doorkeeper().read(certificate, at=machine().clock())


def enter(request: HttpRequest, holder: CardHolder, *, by_drawer: bool) -> tuple[Finding, ...]:
    """Begin a session for `holder`; empty when it is done, else what the register holds against the card."""
    try:
        actor = welcome_card(holder)
    except Refused as refusal:
        return refusal.findings
    let_in(request, actor=actor, holder=holder, card_type=card_type_of(holder), by_drawer=by_drawer)
    return ()
