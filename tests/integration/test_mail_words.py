"""Every mail in words, as its reader meets it: both parts say the same, nothing is missing or fetched."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from sceau.catalogue import load_catalogue
from sceau.operations.mail_words import About, Letterhead, compose

MAILS = load_catalogue().mail.mails
HEAD = Letterhead("https://portail.autorite.fr", "aide@autorite.fr, 0 806 00 00 00")
HOSTILE = "a\r\nBcc: b@c.fr\u202e<script>alert(1)</script><img src=x>"


def facts_of(code: str, value: str = "") -> dict[str, str]:
    """A value for each fact that the mail uses."""
    mail = MAILS[code]
    named = mail.subject.fields | mail.text.fields | mail.item.fields | mail.after.fields
    return {name: value or f"[{name}]" for name in named if name != "reference"}


def composed(code: str, value: str = "", count: int = 1) -> tuple[str, str, str]:
    about = [About(f"CMD-{number}", facts_of(code, value), "Il manque la lettre.") for number in range(count)]
    words = compose(MAILS[code], about, head=HEAD, most=50)
    return words.subject, words.text, words.html


class Reader(HTMLParser):
    """What a person reads of an HTML part, and every element in it."""

    def __init__(self) -> None:
        super().__init__()
        self.body: list[str] = []
        self.inside = ""
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.inside = tag

    def handle_data(self, data: str) -> None:
        if self.inside not in {"title", "h1"}:
            self.body.append(data)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    return reader


def words_of(text: str) -> list[str]:
    """The words, without the marks of plain text and the colon after a heading."""
    return [word for word in re.sub(r"(?m)^(> |- |-- $)", "", text).split() if word != ":"]


@pytest.mark.parametrize("code", MAILS)
def test_both_parts_say_the_same_and_nothing_is_missing(code: str) -> None:
    subject, text, html = composed(code)
    assert "(non précisé)" not in subject + text
    assert 5 < len(subject) <= 150
    assert words_of(text) == words_of(" ".join(read(html).body))
    assert "aide@autorite.fr" in text
    assert "automatiquement" in text
    page = MAILS[code].page
    assert (HEAD.portal in text) == bool(page)
    assert max(len(line) for line in text.splitlines()) <= 120


@pytest.mark.parametrize("code", MAILS)
def test_no_line_begins_with_a_double_sign(code: str) -> None:
    for count in (1, 3):
        _, text, _ = composed(code, "un nom assez long pour passer à la ligne", count)
        assert not re.search(r"(?m)^[:;?!»]|«$", text)


@pytest.mark.parametrize("code", MAILS)
def test_nothing_is_fetched_and_nothing_acts(code: str) -> None:
    _, _, html = composed(code)
    tags = read(html).tags
    assert {tag for tag, _ in tags} <= {
        *("html", "head", "meta", "title", "body", "div", "h1", "h2", "p", "ul", "li", "blockquote"),
        *("br", "a"),
    }
    for tag, attributes in tags:
        assert not attributes.keys() & {"src", "background", "srcset", "onclick", "onload"}
        assert tag != "a" or str(attributes["href"]).startswith(HEAD.portal)
        assert "url(" not in str(attributes.get("style"))
    assert ("html", {"lang": "fr"}) in tags


@pytest.mark.parametrize("code", MAILS)
def test_a_hostile_value_stays_a_value(code: str) -> None:
    subject, text, html = composed(code, HOSTILE)
    assert not re.search(r"[\r\n\u202e]", subject)
    assert not re.search(r"(?m)^Bcc:", text)
    assert {"script", "img"}.isdisjoint({tag for tag, _ in read(html).tags})


def test_what_is_quoted_of_the_desk_and_what_cannot_be_answered_stand_together() -> None:
    """Whoever is asked to answer is told where, and that a reply to the mail is not read."""
    for code, mail in MAILS.items():
        if "épond" in mail.subject.fill({}):
            assert "ne serait pas lu" in mail.after.fill({}), code
