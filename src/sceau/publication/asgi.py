"""The public site as an ASGI application: nothing waits in the event loop, nothing is read beyond its limit.

Answers already made go out at once; those that need the records are made in a thread. A task learns of
revocations four times a second, so that none stays hidden behind a kept answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from sceau.publication.http import Answer, Question, text_answer
from sceau.publication.public_site import PublicSite
from sceau.publication.responder import OcspDesk

log = logging.getLogger("sceau.publication")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_REFRESH_SECONDS = 0.25


class PublicApp:
    """ASGI 3 application. `desk` is the one whose kept answers have to follow the revocations."""

    def __init__(self, site: PublicSite, *, desk: OcspDesk | None) -> None:
        self._site = site
        self._desk = desk
        self._task: asyncio.Task[None] | None = None

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
            answer = await self._made(Question(question.method, question.path, headers, body))
        await _send(answer, send)

    async def _made(self, question: Question) -> Answer:
        try:
            prompt = self._site.prompt_answer(question)
            return prompt if isinstance(prompt, Answer) else await asyncio.to_thread(prompt)
        except Exception:  # a defect of ours: said without a word of it, and written down
            log.exception("no answer to %s %s", question.method, question.path)
            return text_answer(500, "Ce service a rencontré une erreur. Réessayez dans un instant.")

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self._learn()
                self._task = asyncio.create_task(self._follow())
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self._stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _follow(self) -> None:
        """Learn of revocations for as long as the server lives."""
        while True:
            await asyncio.sleep(_REFRESH_SECONDS)
            await self._learn()

    async def _learn(self) -> None:
        if self._desk is None:
            return
        try:
            await asyncio.to_thread(self._desk.refresh)
        except Exception as error:  # the database is away, whatever it raises: answers kept live their time
            log.warning("revocations not read: %s", error)

    async def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task


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
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
