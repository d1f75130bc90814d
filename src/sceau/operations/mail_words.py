"""A mail in words: plain text and HTML that say the same, made of one table's sentences and of facts.

Every value is shown harmless (no control character survives, so no header and no line can be slipped in) and
escaped in HTML. Nothing in it is fetched from elsewhere: no picture, no style sheet, no counting of readers.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from sceau.catalogue import MailTemplate, harmless

_LONGEST_SUBJECT = 150
_WIDTH = 78
_TIE = "\u00a0"
_DOUBLE, _OPENING = re.compile(r" ([:;?!»])"), re.compile(r"« ")
_INK, _SOFT, _LINK = "#161616", "#f3f3f7", "#000091"


@dataclass(frozen=True, slots=True)
class Words:
    """A mail as it is read."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who writes: the portal's address, and how a person reaches the authority."""

    portal: str
    contact: str


@dataclass(frozen=True, slots=True)
class About:
    """One object of a mail: its reference, its facts, and what is quoted of it."""

    reference: str
    facts: dict[str, str]
    quote: str = ""


_CLOSING = (
    "Ce message est envoyé automatiquement : une réponse ne serait pas lue. Nous ne demandons jamais de "
    "code, de clé ni de mot de passe par courriel, et nos messages n'ont pas de pièce jointe à ouvrir."
)


def compose(template: MailTemplate, several: Sequence[About], *, head: Letterhead, most: int) -> Words:
    """The words of `template` about `several` objects (at least one); beyond `most`, they are counted."""
    first = several[0]
    facts = {"reference": first.reference, **first.facts}
    subject = template.subject.fill(facts)
    if len(several) > 1:
        subject = f"{template.label} : {len(several)} ({subject})"
    items = [template.item.fill({"reference": one.reference, **one.facts}) for one in several[:most]]
    if len(several) > most:
        items.append(f"et {len(several) - most} autres, que montre le portail")
    quotes = list(dict.fromkeys(one.quote for one in several if one.quote)) if template.quote else []
    path = template.page if len(several) == 1 else template.page.partition("{")[0]
    page = f"{head.portal}/{path.replace('{reference}', first.reference)}" if path and head.portal else ""
    text = template.text.fill(facts)
    told = _Told(
        text if len(several) == 1 else f"{text} Il en va de même de tout ce que liste ce message.",
        items,
        template.quote,
        [harmless(line, most=500) for quote in quotes[:3] for line in quote[:4_000].splitlines()],
        template.after.fill(facts),
        page,
        head.contact,
    )
    short = subject if len(subject) <= _LONGEST_SUBJECT else subject[: _LONGEST_SUBJECT - 1] + "…"
    return Words(short, _plain(told), _html(told, short))


@dataclass(frozen=True, slots=True)
class _Told:
    text: str
    items: list[str]
    quote_label: str
    quote: list[str]
    after: str
    page: str
    contact: str


def _plain(told: _Told) -> str:
    parts = ["Bonjour,", _wrapped(told.text), "\n".join(_wrapped(one, "- ", "  ") for one in told.items)]
    if told.quote:
        parts += [f"{told.quote_label} :", "\n".join(_wrapped(line, "> ", "> ") for line in told.quote)]
    parts.append(_wrapped(told.after))
    if told.page:
        parts.append(told.page)
    parts.append(f"Service clients : {told.contact}")
    return "\n\n".join(parts) + f"\n\n-- \n{_wrapped(_CLOSING)}\n"


def _wrapped(text: str, first: str = "", later: str = "") -> str:
    filled = textwrap.fill(
        _tied(text),
        _WIDTH,
        initial_indent=first,
        subsequent_indent=later,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return filled.replace(_TIE, " ")


def _tied(text: str) -> str:
    """No line begins with a French double sign, nor ends with an opening quotation mark."""
    return _OPENING.sub(f"«{_TIE}", _DOUBLE.sub(rf"{_TIE}\1", text))


def _shown(text: str) -> str:
    """As HTML, its double signs tied."""
    return escape(_tied(text))


def _html(told: _Told, title: str) -> str:
    items = "".join(f"<li>{_shown(one)}</li>" for one in told.items)
    quote = ""
    if told.quote:
        lines = "<br>".join(_shown(line) for line in told.quote)
        quote = (
            f"<h2 style='font-size:1.1em;margin:1.2em 0 .3em'>{_shown(told.quote_label)}</h2>"
            f"<blockquote style='margin:0;padding:.8em 1em;background:{_SOFT};border-left:4px solid {_LINK}'>"
            f"{lines}</blockquote>"
        )
    page = ""
    if told.page:
        address = escape(told.page, quote=True)
        page = f"<p><a href='{address}' style='color:{_LINK}'>{address}</a></p>"
    return (
        "<!DOCTYPE html>\n<html lang='fr'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{escape(title)}</title></head>\n"
        f"<body style='margin:0;background:#ffffff;color:{_INK};"
        "font:16px/1.5 Arial,Helvetica,sans-serif'>"
        "<div role='article' lang='fr' style='max-width:38em;margin:0 auto;padding:1.5em;"
        "overflow-wrap:anywhere'>\n"
        f"<h1 style='font-size:1.35em;line-height:1.3;margin:0 0 1em'>{_shown(title)}</h1>\n"
        f"<p>Bonjour,</p>\n<p>{_shown(told.text)}</p>\n"
        f"<ul style='padding-left:1.2em'>{items}</ul>\n{quote}\n<p>{_shown(told.after)}</p>\n{page}\n"
        f"<p>Service clients&nbsp;: {escape(told.contact)}</p>\n"
        f"<p style='font-size:.9em;color:#3a3a3a;border-top:1px solid #929292;padding-top:1em'>"
        f"{_shown(_CLOSING)}</p>\n</div></body></html>\n"
    )
