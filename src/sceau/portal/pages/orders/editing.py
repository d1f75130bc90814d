"""Adding and taking away offers and administrators with plain buttons: the page works without a script."""

from __future__ import annotations

import re

from sceau.portal.pages.orders.raw import (
    MOST_ADMINISTRATORS,
    MOST_OFFERS,
    Raw,
    blank_administrator,
    blank_offer,
)

_ADD_OFFER = re.compile(r"ajouter-offre:([a-z-]{1,20})", re.ASCII)
_DROP = re.compile(r"retirer-(offre|administrateur):(\d{1,3})", re.ASCII)


def edited(raw: Raw, action: str) -> Raw:
    """The form after the button `action`; unchanged for a button that is none of these."""
    if action == "ajouter-administrateur" and len(raw["administrators"]) < MOST_ADMINISTRATORS:
        return {**raw, "administrators": [*raw["administrators"], blank_administrator()]}
    if (add := _ADD_OFFER.fullmatch(action)) and len(raw["offers"]) < MOST_OFFERS:
        return {**raw, "offers": [*raw["offers"], blank_offer(add[1])]}
    if drop := _DROP.fullmatch(action):
        group = "offers" if drop[1] == "offre" else "administrators"
        kept = [one for index, one in enumerate(raw[group]) if index != int(drop[2])]
        return {**raw, group: kept}
    return raw
