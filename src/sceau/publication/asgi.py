"""The public site as an ASGI application: nothing waits in the event loop, nothing is read beyond its limit.

Answers already made go out at once; those that need the records are made in the workshop. Revocations are
heard of four times a second, so that none stays hidden behind a kept answer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import formatdate
from typing import Any

from sceau.publication.hearing import Hearing
from sceau.publication.http import Answer, Question, text_answer
from sceau.publication.public_site import PublicSite
from sceau.publication.responder import OcspDesk
from sceau.publication.workshop import Workshop

log = logging.getLogger("sceau.publication")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_PATIENCE_SECONDS = 2.0  # for the records; then the asker is given what can be said without them


class PublicApp:
    """ASGI 3 application. `desk` is the one whose kept answers have to follow the revocations; `wires`, the
    answers that a connection may give by itself.
    """

    def __init__(self, site: PublicSite, *, desk: OcspDesk | None) -> None:
        self._site = site
        self._workshop = Workshop() if desk is None else Workshop(at_end=desk.release)
        self._hearing = None if desk is None else Hearing(desk.refresh, at_end=desk.release)
        self.wires = None if desk is None else desk.wires
        if desk is not None and self._hearing is not None:
            desk.is_away = self._hearing.is_away

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection's message, as the server gives it."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        question = Question(scope["method"], scope["path"], headers)
        limit = self._site.body_limit(question)
        body = await _body(receive, limit, headers)
        if body is None:
            answer = text_answer(
                413, f"Le corps d'une demande ne dépasse pas {limit} octets ici.", ("connection", "close")
            )
        else:
            whole = Question(question.method, question.path, headers, body, _wire_of(scope, body))
            answer = await self._made(whole)
        await _send(answer, send)

    async def _made(self, question: Question) -> Answer:
        try:
            prompt = self._site.prompt_answer(question)
            if isinstance(prompt, Answer):
                return prompt
            made = await self._workshop.make(prompt.make, fresh=prompt.fresh, patience=_PATIENCE_SECONDS)
            return prompt.instead() if made is None else made
        except Exception:  # a defect of ours: said without a word of it, and written down
            log.exception("no answer to %s %s", question.method, question.path)
            return text_answer(500, "Ce service a rencontré une erreur. Réessayez dans un instant.")

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                if self._hearing is not None:
                    self._hearing.start()
                    await asyncio.to_thread(self._hearing.wait_for_first, _PATIENCE_SECONDS)
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                if self._hearing is not None:
                    await asyncio.to_thread(self._hearing.stop)
                await asyncio.to_thread(self._workshop.stop)
                await send({"type": "lifespan.shutdown.complete"})
                return


def _wire_of(scope: Scope, body: bytes) -> bytes:
    """What tells this request from any other, where nothing but its path or its body does."""
    if scope["method"] == "POST":
        return body if body.startswith(b"\x30") else b""
    raw: bytes = scope.get("raw_path", b"")
    return raw if scope["method"] == "GET" and raw.startswith(b"/") and not scope.get("query_string") else b""


async def _body(receive: Receive, limit: int, headers: dict[str, str]) -> bytes | None:
    """The request's body, None when it is longer than `limit`: then it is not read."""
    announced = headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced) > limit:
        return None
    kept = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(kept)
        kept += message.get("body", b"")
        if len(kept) > limit:
            return None
        if not message.get("more_body"):
            return bytes(kept)


async def _send(answer: Answer, send: Send) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    headers.append((b"date", formatdate(usegmt=True).encode("ascii")))  # the server's own lags by a second
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
