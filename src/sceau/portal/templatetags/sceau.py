"""Small words for templates: addresses of assets, labels of states and codes. No rule."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from sceau.portal.language import page_catalogue
from sceau.portal.themes import tag_classes
from sceau.portal.typography import typeset

register = template.Library()

_TONES = {
    "accepted": "good",
    "active": "good",
    "approved": "good",
    "usable": "good",
    "in-service": "good",
    "collected": "good",
    "green": "good",
    "received": "",
    "under-review": "",
    "to-collect": "warn",
    "incomplete": "warn",
    "amber": "warn",
    "in-progress": "warn",
    "suspended": "warn",
    "expired": "warn",
    "card": "warn",
    "right": "warn",
    "refused": "bad",
    "red": "bad",
    "revoked": "bad",
    "failed": "bad",
    "withdrawn": "bad",
    "terminated": "bad",
    "abandoned": "",
    "standing": "good",
    "asked": "warn",
    "lapsed": "bad",
    "ended": "bad",
    "none": "warn",
    "prepared": "warn",
    "running": "warn",
    "paused": "warn",
    "done": "good",
    "dropped": "",
}


@lru_cache
def _digest(name: str) -> str:
    path = finders.find(name)
    return hashlib.sha256(Path(str(path)).read_bytes()).hexdigest()[:16] if path else ""


@register.simple_tag
def asset(name: str) -> str:
    """The address of one of our own files, with the digest of its content."""
    return f"{static(name)}?v={_digest(name)}"


@register.simple_tag
def state(kind: str, value: str) -> SafeString:
    """A state as a word with a tone: ``{% state "order" "under-review" %}``."""
    return format_html('<span class="{}">{}</span>', tag_classes(_TONES.get(value, "")), word(kind, value))


@register.simple_tag
def word(kind: str, value: str) -> str:
    """The catalogue's text of `kind.value`; the value itself when it has none."""
    key = f"{kind}.{value}"
    texts = page_catalogue().texts
    return typeset(texts.get(key, value))


register.filter("typeset", typeset)


@register.filter
def place(path: str) -> str:
    """The label of a place of the form."""
    return typeset(page_catalogue().label_of(path))


@register.filter
def retold(said: str) -> str:
    """What the catalogue said in French, in the language of the page; any other text as it is."""
    return page_catalogue().retold(str(said or ""))


@register.filter
def card_label(code: str) -> str:
    """``CPE_NOMINATIVE`` → « CPE nominative »."""
    card = page_catalogue().cards.get(code)
    return _("Carte {label}").format(label=card.label) if card else _("Carte")


@register.filter
def role_label(code: str) -> str:
    """``desk`` → « guichet »."""
    return word("role", code)


@register.filter
def hat_label(code: str) -> str:
    """``desk`` → « Guichet »: a role as one acts in it."""
    return word("hat", code)


@register.filter
def product_label(code: str) -> str:
    """The product's label."""
    product = page_catalogue().products.get(code)
    return product.label if product else code


@register.filter
def piece_label(code: str) -> str:
    """What a kind of piece is called."""
    kind = page_catalogue().piece_kinds.get(code)
    return kind.label if kind else code


@register.filter
def power_label(code: str) -> str:
    """What a party may do."""
    power = page_catalogue().powers.get(code)
    return power.label if power else code


@register.filter
def stop_label(code: str) -> str:
    """An act on a contract, as its button says it."""
    act = page_catalogue().stops.get(code)
    return act.label if act else code


@register.filter
def french_day(text: str) -> str:
    """``2026-11-24`` → ``24/11/2026``; any other text as it is."""
    year, first, rest = str(text or "").partition("-")
    month, second, day = rest.partition("-")
    return f"{day}/{month}/{year}" if first and second else str(text or "")


@register.filter
def act_label(kind: str) -> str:
    """What an entry of the journal says was done; a refusal says so."""
    refused = kind.startswith("refused.")
    said = word("act", kind.removeprefix("refused."))
    return _("refusé : {said}").format(said=said) if refused else said


@register.filter
def item(values: Any, key: str) -> Any:
    """`values[key]`, or nothing."""
    return values.get(key, "") if hasattr(values, "get") else ""


@register.filter
def serial(text: str) -> str:
    """A serial number in pairs, as certificates viewers write it: ``12:ab:…``."""
    padded = text if len(text) % 2 == 0 else "0" + text
    return ":".join(padded[index : index + 2] for index in range(0, len(padded), 2))


_SAID_AS = {"carte": "CPS"}  # a term that is a sentence is looked for by its first word
_LONGEST_TERM = 20


@register.filter
def explained(text: str, place: str) -> SafeString:
    """A text in which the first mention of each word of the glossary opens its definition, where it stands: a
    button and what it shows, that need no script. `place` makes the ids one of a kind on the page.
    """
    made: str = conditional_escape(text)
    for term in page_catalogue().glossary.values():
        word = _SAID_AS.get(term.code, term.term)
        found = (
            re.search(rf"(?<![\w/]){re.escape(word)}(?![\w/])", made) if len(word) <= _LONGEST_TERM else None
        )
        if found is None or _is_inside(made, found.start()):
            continue
        shown = format_html(
            '<button type="button" class="word" popovertarget="mot-{0}-{1}">{2}</button>'
            '<span popover class="said" id="mot-{0}-{1}"><strong>{3}</strong> {4}</span>',
            *(term.code, place, word, term.term, typeset(term.definition)),
        )
        made = made[: found.start()] + shown + made[found.end() :]
    return mark_safe(made)  # noqa: S308 - the text was escaped, the rest is ours


def _is_inside(made: str, at: int) -> bool:
    """Whether a place of a text already explained lies in what a button shows."""
    before = made[:at]
    return before.count("<button") + before.count("<span") > before.count("</button>") + before.count(
        "</span>"
    )
