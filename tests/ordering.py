"""An order written on the pages as a browser without a script would: each step fetched, filled in, posted."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client

from sceau.registration import STEPS
from tests.instance import form, offer

CODES = tuple(step.code for step in STEPS)
_SECTIONS = {step.code: step.section for step in STEPS}


def posted(raw: dict[str, Any]) -> dict[str, Any]:
    """A raw form as a browser would post it."""
    sent: dict[str, Any] = {}

    def put(path: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                put(f"{path}.{key}" if path else key, inner)
        elif isinstance(value, list) and path.endswith("products"):
            sent[path] = value
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                put(f"{path}.{index}", inner)
        elif isinstance(value, bool):
            if value or path.endswith("takes_charge"):
                sent[path] = "oui" if value else "non"
        elif value is not None:
            sent[path] = value

    put("", raw)
    return sent


def order_form(*offers: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return posted(form(*(offers or (offer("serv-ssl"),)), **changes))


def begun(browser: Client, **chosen: str) -> str:
    """The address of a draft that was just begun."""
    answer = browser.post("/commandes/nouvelle/", {"action": "commencer", **chosen})
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"].split("etape/")[0])


def step(browser: Client, address: str, code: str, typed: dict[str, Any]) -> Any:
    """Post one step, with the fields of its part of the form, as its page gave them."""
    page = browser.get(f"{address}etape/{code}/").content.decode()
    found = re.search(r'name="vu" value="([0-9a-f]*)"', page)
    assert found is not None, page
    part = f"{_SECTIONS[code]}."
    mine = {name: value for name, value in typed.items() if name.startswith(part)}
    others = {name: value for name, value in typed.items() if name in {"action", "why", "edition"}}
    where = "envoyer/" if code == CODES[-1] else f"etape/{code}/"
    return browser.post(f"{address}{where}", {"vu": found[1], "action": "suivant", **mine, **others})


def sent(browser: Client, address: str, typed: dict[str, Any]) -> Any:
    """Every step in order, whatever is wrong; what the last one answered."""
    answer = None
    for code in CODES:
        answer = step(browser, address, code, typed)
        assert answer.status_code in {302, 422}, (code, answer.content.decode())
    return answer
