"""The public server's answers: which address gives what. Read-only, no login, nothing of the asker is kept.

`/` lists everything in French, `/PC` is the certification policy, `/AC/…` and `/CRL/…` are the shelf, a POST
to `/` or `/ocsp` and a GET below them are OCSP [RFC 6960 A.1, RFC 5019 §5]. Anything else is refused in one
plain sentence.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sceau.publication.http import Answer, Question, conditional, content_answer, http_date, text_answer
from sceau.publication.page import PAGE_POLICY, render_page
from sceau.publication.responder import SHARED_SECONDS, OcspDesk, OcspReply
from sceau.publication.shelf import Shelf
from sceau.publication.wires import wire_tail
from sceau.status import LARGEST_QUESTION, OcspTrouble, build_ocsp_trouble

_OCSP_TYPE = "application/ocsp-response"
_LONGEST_GET = 2048
_SHELF_SECONDS = {".crl": 300, ".cer": 86400, ".p7b": 86400, ".pem": 86400}


@dataclass(frozen=True, slots=True)
class Later:
    """An answer that needs the records or a signature: `make` it where waiting is allowed, or give `instead`
    when that cannot be. `fresh`: for one asker alone (a nonce).
    """

    make: Callable[[], Answer]
    instead: Callable[[], Answer]
    fresh: bool


class PublicSite:
    """Answers for a shelf, further pages (path → HTML) and, where there is one, an OCSP desk. May be used
    from many threads.
    """

    def __init__(
        self,
        shelf: Shelf,
        *,
        desk: OcspDesk | None,
        title: str,
        clock: Callable[[], datetime],
        pages: Mapping[str, str] | None = None,
    ) -> None:
        self._shelf = shelf
        self._desk = desk
        self._title = title
        self._clock = clock
        self._pages = dict(pages or {})

    def body_limit(self, question: Question) -> int:
        """How many octets of body may be read for this request."""
        return LARGEST_QUESTION if question.method == "POST" else 0

    def answer(self, question: Question) -> Answer:
        """The answer, waiting for the records where it must."""
        prompt = self.prompt_answer(question)
        return prompt if isinstance(prompt, Answer) else prompt.make()

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
            return self._told(question, OcspReply(build_ocsp_trouble(OcspTrouble.UNAUTHORIZED)))
        reply = desk.quick_reply(data)
        if isinstance(reply, OcspReply):
            return self._told(question, reply)
        asked = reply
        return Later(
            make=lambda: self._told(question, desk.reply(asked)),
            instead=lambda: self._told(question, desk.last_reply(asked)),
            fresh=asked.nonce is not None,
        )

    def _told(self, question: Question, reply: OcspReply) -> Answer:
        """A reply over HTTP; the next request of exactly this form gets it at once, while it is kept."""
        answer = _ocsp_answer(reply, self._clock())
        if question.wire and reply.asked and self._desk is not None:
            self._desk.tie(question.wire, reply, wire_tail(answer))
        return conditional(question, answer)

    def _page(self, question: Question) -> Answer | None:
        if question.path == "/":
            text = render_page(self._title, self._shelf, has_ocsp=self._desk is not None)
        elif question.path in self._pages:
            text = self._pages[question.path]
        else:
            return None
        headers = (("cache-control", "public, max-age=60"), ("content-security-policy", PAGE_POLICY))
        return content_answer("text/html; charset=utf-8", text.encode(), *headers)

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


def _ocsp_answer(reply: OcspReply, now: datetime) -> Answer:
    """The whole answer to a GET, with what caches need to know [RFC 5019 §6.2]."""
    window = reply.window
    if window is None or not reply.shared:
        return content_answer(_OCSP_TYPE, reply.der, ("cache-control", "no-store"))
    seconds = max(0, min(SHARED_SECONDS, int((window.next_update - now).total_seconds())))
    return content_answer(
        _OCSP_TYPE,
        reply.der,
        ("last-modified", http_date(window.this_update)),
        ("expires", http_date(window.next_update)),
        ("etag", f'"{hashlib.sha256(reply.der).hexdigest()[:32]}"'),
        ("cache-control", f"public, max-age={seconds}, no-transform, must-revalidate"),
    )
