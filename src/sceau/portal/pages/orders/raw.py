"""The raw form 413 out of a posted page, and a blank one. Reads texts and boxes; judges nothing.

The shape is the one that every way in gives (page, PDF, desk). A box that was not on the page stays unknown
(None): a box that was there, and is empty, is a no.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.http import QueryDict

Raw = dict[str, Any]

MOST_OFFERS = 12
MOST_ADMINISTRATORS = 20
MOST_RANGS = 4
LONGEST = 2000

_MAIL_OFFERS = frozenset({"serv-mail", "pro"})
_SCOPED_OFFERS = frozenset({"serv-ssl"}) | _MAIL_OFFERS
_SINGLE = frozenset({"serv-ssl"})
NO_PRODUCT = ""
"""Stands where every box was emptied: an empty list would mean all of them, and doubt never widens."""

_INDEX = re.compile(r"(offers|administrators)\.(\d{1,3})\.[a-z_.]+", re.ASCII)
_SIGNATORY = ("quality", "surname", "given_names", "phone", "email", "card_number")
_ADMINISTRATOR = ("card_number", "surname", "given_names", "phone", "email")


def blank_form() -> Raw:
    """An empty form with one administrator to fill in."""
    return {
        "edition": "web",
        "structure": {
            "name": "",
            "siret": "",
            "finess": "",
            "rpps_rangs": [],
            "postcode": "",
            "commune": "",
            "takes_charge": None,
        },
        "contract": {"number": ""},
        "signatory": dict.fromkeys(_SIGNATORY, ""),
        "visa": {"date": "", "signed": False, "stamped": False},
        "usage": {"description": "", "editor": "", "solution": ""},
        "offers": [],
        "administrators": [blank_administrator()],
        "declarations": {"terms": False, "exact": False},
    }


def blank_administrator() -> Raw:
    """An administrator to fill in."""
    return dict.fromkeys(_ADMINISTRATOR, "")


def blank_offer(code: str) -> Raw:
    """An offer to fill in: all its products; a scope where it has one, its restriction not answered."""
    return {
        "offer": code,
        "products": [],
        "kind": "mail" if code in _MAIL_OFFERS else None,
        "declared": "" if code in _SCOPED_OFFERS else None,
        "restricted": False if code in _MAIL_OFFERS else None,
        "owner": "structure" if code in _SCOPED_OFFERS else None,
        "letter": None,
    }


def raw_from(posted: QueryDict, *, desk: bool = False) -> Raw:
    """The form as it was sent. `desk` reads the boxes that only the registration desk is shown."""
    return {
        "edition": _text(posted, "edition") or "web",
        "structure": {
            **{
                key: _text(posted, f"structure.{key}")
                for key in ("name", "siret", "finess", "postcode", "commune")
            },
            "rpps_rangs": _rangs(posted),
            "takes_charge": {"oui": True, "non": False}.get(_text(posted, "structure.takes_charge")),
        },
        "contract": {"number": _text(posted, "contract.number")},
        "signatory": {key: _text(posted, f"signatory.{key}") for key in _SIGNATORY},
        "visa": {
            "date": _text(posted, "visa.date"),
            "signed": _box(posted, "visa.signed"),
            "stamped": _box(posted, "visa.stamped"),
        },
        "usage": {key: _text(posted, f"usage.{key}") for key in ("description", "editor", "solution")},
        "offers": [
            _offer(posted, f"offers.{index}", desk=desk) for index in _indices(posted, "offers", MOST_OFFERS)
        ],
        "administrators": [
            {key: _text(posted, f"administrators.{index}.{key}") for key in _ADMINISTRATOR}
            for index in _indices(posted, "administrators", MOST_ADMINISTRATORS)
        ],
        "declarations": {
            "terms": _box(posted, "declarations.terms"),
            "exact": _box(posted, "declarations.exact"),
        },
    }


def _offer(posted: QueryDict, path: str, *, desk: bool) -> Raw:
    code = _text(posted, f"{path}.offer")
    offer = blank_offer(code)
    ticked = [product[:40] for product in posted.getlist(f"{path}.products")][:10]
    offer["products"] = ticked or ([] if code in _SINGLE else [NO_PRODUCT])
    if code not in _SCOPED_OFFERS:
        return offer
    offer["declared"] = _text(posted, f"{path}.declared")
    if code in _MAIL_OFFERS:
        offer["restricted"] = _restriction(posted, f"{path}.restricted")
    else:
        offer["kind"] = _text(posted, f"{path}.kind") or None
    offer["owner"] = _text(posted, f"{path}.owner") or None
    if offer["owner"] == "holder":
        offer["letter"] = _letter(posted, f"{path}.letter", desk=desk)
    return offer


def _restriction(posted: QueryDict, path: str) -> bool | None:
    """A box on the requester's page; three answers at the desk, where « not known » is one."""
    answer = _text(posted, path)
    return {"oui": True, "non": False, "inconnu": None}.get(answer, False)


def _letter(posted: QueryDict, path: str, *, desk: bool) -> Raw:
    """The requester says for which use the holder's letter is; the desk says what it has received."""
    letter: Raw = {
        "received": False,
        "signed": False,
        "id_copy": False,
        "purpose": _text(posted, f"{path}.purpose"),
    }
    if desk:
        letter.update({key: _box(posted, f"{path}.{key}") for key in ("received", "signed", "id_copy")})
    return letter


def _rangs(posted: QueryDict) -> list[str]:
    given = [_text(posted, f"structure.rpps_rangs.{index}") for index in range(MOST_RANGS)]
    return [rang for rang in given if rang]


def _indices(posted: QueryDict, group: str, most: int) -> list[int]:
    found = {int(match[2]) for name in posted if (match := _INDEX.fullmatch(name)) and match[1] == group}
    return sorted(found)[:most]


def _text(posted: Mapping[str, Any], path: str) -> str:
    return str(posted.get(path, ""))[:LONGEST].strip()


def _box(posted: Mapping[str, Any], path: str) -> bool:
    return posted.get(path) == "oui"
