"""The public server's answers: which address gives what. Read-only, no login, nothing of the asker is kept.

`/` lists everything in French, `/AC/…` and `/CRL/…` are the shelf, a POST to `/` or `/ocsp` and a GET
below them are OCSP [RFC 6960 A.1, RFC 5019 §5]. Anything else is refused in one plain sentence.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from datetime import datetime

from sceau.publication.http import Answer, Question, conditional, content_answer, http_date, text_answer
from sceau.publication.page import PAGE_POLICY, render_page
from sceau.publication.responder import OcspDesk, OcspReply
from sceau.publication.shelf import Shelf
from sceau.status import LARGEST_QUESTION, OcspQuestion, OcspTrouble, build_ocsp_trouble

_OCSP_TYPE = "application/ocsp-response"
_LONGEST_GET = 2048
_SHELF_SECONDS = {".crl": 300, ".cer": 86400, ".p7b": 86400, ".pem": 86400}
_OCSP_SECONDS = 60

Later = Callable[[], Answer]
"""An answer that needs the records or a signature: to be made where waiting is allowed."""


class PublicSite:
    """Answers for a shelf and, where there is one, an OCSP desk. May be used from many threads."""

    def __init__(
        self, shelf: Shelf, *, desk: OcspDesk | None, title: str, clock: Callable[[], datetime]
    ) -> None:
        self._shelf = shelf
        self._desk = desk
        self._title = title
        self._clock = clock

    def body_limit(self, question: Question) -> int:
        """How many octets of body may be read for this request."""
        return LARGEST_QUESTION if question.method == "POST" else 0

    def answer(self, question: Question) -> Answer:
        """The answer, waiting for the records where it must."""
        prompt = self.prompt_answer(question)
        return prompt if isinstance(prompt, Answer) else prompt()

    def prompt_answer(self, question: Question) -> Answer | Later:
        """The answer if it costs no look-up, else the way to make it."""
        if question.method == "POST":
            return self._posted(question)
        if question.method not in ("GET", "HEAD"):
            sentence = "Ce service se lit (GET, HEAD) ou répond aux questions OCSP (POST), et rien d'autre."
            return text_answer(405, sentence, ("allow", "GET, HEAD, POST"))
        found = self._page(question) or self._from_shelf(question)
        if found is not None:
            return conditional(question, found)
        asked = _question_in(question.path)
        if asked is None:
            return text_answer(
                404, "Il n'y a rien à cette adresse. La page d'accueil « / » liste tout ce qui est publié."
            )
        return self._asked(question, asked)

    def _posted(self, question: Question) -> Answer | Later:
        if question.path.rstrip("/") not in ("", "/ocsp"):
            return text_answer(405, "Rien ne se dépose à cette adresse.", ("allow", "GET, HEAD"))
        if len(question.body) > LARGEST_QUESTION:
            return text_answer(413, f"Une question OCSP ne dépasse pas {LARGEST_QUESTION} octets.")
        return self._asked(question, question.body)

    def _asked(self, question: Question, data: bytes) -> Answer | Later:
        desk = self._desk
        if desk is None:
            return _ocsp_answer(
                question, OcspReply(build_ocsp_trouble(OcspTrouble.UNAUTHORIZED)), self._clock()
            )
        reply = desk.quick_reply(data)
        if isinstance(reply, OcspQuestion):
            asked = reply
            return lambda: _ocsp_answer(question, desk.reply(asked), self._clock())
        return _ocsp_answer(question, reply, self._clock())

    def _page(self, question: Question) -> Answer | None:
        if question.path != "/":
            return None
        body = render_page(self._title, self._shelf, has_ocsp=self._desk is not None).encode()
        headers = (("cache-control", "public, max-age=60"), ("content-security-policy", PAGE_POLICY))
        return content_answer("text/html; charset=utf-8", body, *headers)

    def _from_shelf(self, question: Question) -> Answer | None:
        item = self._shelf.find(question.path[1:])
        if item is None:
            return None
        seconds = _SHELF_SECONDS[item.path[item.path.rindex(".") :]]
        return content_answer(
            item.content_type,
            item.content,
            ("etag", item.etag),
            ("last-modified", http_date(item.modified)),
            ("cache-control", f"public, max-age={seconds}, no-transform"),
        )


def _question_in(path: str) -> bytes | None:
    """The DER of a question in a GET's path, None when the path holds none [RFC 6960 A.1]."""
    text = (
        path.removeprefix("/ocsp/").lstrip("/").replace(" ", "+")
    )  # some clients leave the plus sign unescaped
    if not text.startswith("M") or len(text) > _LONGEST_GET:  # a SEQUENCE in base64 begins so
        return None
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _ocsp_answer(question: Question, reply: OcspReply, now: datetime) -> Answer:
    """An OCSP reply over HTTP. Caches may keep a shared one for a minute, so that a revocation is not
    hidden long.
    """
    window = reply.window
    if window is None or not reply.shared:
        return conditional(question, content_answer(_OCSP_TYPE, reply.der, ("cache-control", "no-store")))
    seconds = max(0, min(_OCSP_SECONDS, int((window.next_update - now).total_seconds())))
    headers = (
        ("last-modified", http_date(window.this_update)),
        ("expires", http_date(window.next_update)),
        ("etag", f'"{hashlib.sha256(reply.der).hexdigest()[:32]}"'),
        ("cache-control", f"public, max-age={seconds}, no-transform, must-revalidate"),
    )
    return conditional(question, content_answer(_OCSP_TYPE, reply.der, *headers))
