"""The REST door as a small ASGI application: find the address, admit the caller, read, call, answer.

Nothing waits in the event loop: what issues runs in one thread, for many calls at a time; everything else
that touches the records in a pool of threads, each call with its own connection to the database. Whatever a
body holds, the answer is never a 5xx of ours; a defect is written down under the call's number and answered
without a word of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from django.db import close_old_connections

from sceau.enrolment.rest.at_once import AtOnce
from sceau.enrolment.rest.caller import Credentials, ReadCard, Reception, address_group
from sceau.enrolment.rest.calls import Call, Reply, post_certificates
from sceau.enrolment.rest.engine import Engine
from sceau.enrolment.rest.incoming import (
    Incoming,
    Receive,
    announced_length,
    check_body_headers,
    read_body,
    read_key,
    read_language,
    read_query,
    take_body,
    too_large,
)
from sceau.enrolment.rest.openapi import description
from sceau.enrolment.rest.ordered import Ordered, Post, to_future
from sceau.enrolment.rest.problems import NotServedError, stop
from sceau.enrolment.rest.routes import ROUTES, SMALL, Route, routes_at
from sceau.enrolment.rest.shapes import BODY
from sceau.enrolment.rest.silence import Silence
from sceau.enrolment.rest.writing import as_json, body_of, guards_of, headers_of, new_instance, no
from sceau.operations import Actor, Answer
from sceau.vocabulary import Finding

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

THREADS = 8
BODY_SECONDS = 60.0
_NOBODY = Actor("", None)


@dataclass(frozen=True, slots=True)
class Settings:
    """What `site` hands over. `peer_certificate` gives what the TLS layer proved; `too_often(what, address)`
    counts a try with those of the pages, and says whether it is one too many; `hsts` is in seconds.
    """

    address: str
    peer_certificate: Callable[[Scope], bytes | None]
    read_card: ReadCard
    too_often: Callable[[str, str], bool]
    hsts: int = 0


class RestApp:
    """ASGI 3 application. `close` ends its threads."""

    def __init__(
        self, settings: Settings, *, reception: Reception | None = None, silence: Silence | None = None
    ) -> None:
        self._settings = settings
        self._silence = silence or Silence()
        self._reception = reception or Reception(settings.read_card)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="rest")
        self._described = as_json(description(settings.address))
        self._guards = guards_of(settings.hsts)
        self._post = Post()
        self._engine = Engine(self._post.deliver)
        (issuing,) = (route for route in ROUTES if route.act is post_certificates)
        self.at_once = AtOnce(
            self._reception,
            self._engine,
            self._post,
            silence=self._silence,
            bodies=issuing.bodies,
            guards=self._guards,
        )

    def start(self) -> None:
        """Make what is made once, before the first call; may be left out."""
        self._engine.start()
        self._silence.start()

    def close(self) -> None:
        """Let the calls under way end, and the threads with them."""
        self._silence.stop()
        self._engine.close()
        self._pool.shutdown()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, as the server gives it."""
        if scope["type"] != "http":
            return
        instance = new_instance()
        try:
            reply = await self._answer(scope, receive, instance)
        except Exception as error:
            reply = no(error, instance=instance, language=read_language(scope["headers"]))
        await self._send(reply, send, instance=instance, head=scope["method"] == "HEAD")

    async def _answer(self, scope: Scope, receive: Receive, instance: str) -> Reply:
        found, reference = routes_at(scope["path"])
        if not found:
            raise stop(404, [Finding.error("api.no-such-address", "adresse")])
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        route = found.get(method)
        if route is None or method == "OPTIONS":
            allowed = ", ".join(sorted({*found, "OPTIONS", *({"HEAD"} if "GET" in found else ())}))
            if method == "OPTIONS":
                return Reply(204, raw=b"", headers={"allow": allowed})
            raise stop(405, [Finding.error("api.method", "méthode", allowed=allowed)], allow=allowed)
        incoming = self._incoming(scope, route, reference, instance)
        if route.act is None:
            return Reply(200, raw=self._described)
        if route.bodies:
            await self._take_body(incoming, receive)
        if route.act is post_certificates:
            return await self._issue(incoming)
        reply: Reply = await self._in_thread(self._serve, incoming)
        return reply

    async def _issue(self, incoming: Incoming) -> Reply:
        """Have certificates issued by the engine, with those that others ask for at this moment."""
        who: Actor | str | None = incoming.actor
        if who is None:
            who = self._reception.secret_of(incoming.shown)
            if not who:
                who = incoming.actor = await self._in_thread(self._reception.admit, incoming.shown)
        try:
            key, body = await self._read(incoming)
        except NotServedError:
            if incoming.actor is None:  # first of all, who asks must be somebody
                await self._in_thread(self._reception.admit, incoming.shown)
            raise
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[Reply] = loop.create_future()
        shown = None if incoming.actor is not None else incoming.shown
        ordered = Ordered(incoming.instance, incoming.language, key, body, shown)
        hand = to_future(waiting)

        def told(answers: Sequence[Answer] | Exception) -> None:
            self._post.send(loop, hand, ordered.outcome(answers))

        self._engine.order(ordered.order(who, self._reception, told))
        return await self._silence.unless_silent(waiting)

    async def _read(self, incoming: Incoming) -> tuple[str, dict[str, Any]]:
        """The key and the body; a large body is read in a thread."""
        read_query(incoming.route.query, incoming.query)
        key = read_key(incoming)
        if len(incoming.body) <= SMALL:
            return key, read_body(incoming)
        body: dict[str, Any] = await self._in_thread(read_body, incoming)
        return key, body

    def _incoming(self, scope: Scope, route: Route, reference: str, instance: str) -> Incoming:
        headers: dict[bytes, tuple[bytes, ...]] = {}
        for name, value in scope["headers"]:
            headers[name.lower()] = (*headers.get(name.lower(), ()), value)
        client = (scope.get("client") or ("?", 0))[0]
        shown = Credentials(
            address=address_group(client),
            certificate=self._settings.peer_certificate(scope),
            authorization=headers.get(b"authorization", ()),
        )
        query = scope.get("query_string", b"")
        language = read_language(scope["headers"])
        return Incoming(route, scope["method"], reference, query, headers, shown, instance, language)

    async def _take_body(self, incoming: Incoming, receive: Receive) -> None:
        """Read the body within its limit; nobody unknown makes us keep a large one."""
        check_body_headers(incoming)
        announced = announced_length(incoming)
        if announced is not None and announced > incoming.route.limit:
            raise too_large(incoming.route.limit)
        if not incoming.route.is_open and (announced is None or announced > SMALL):
            incoming.actor = await self._in_thread(self._reception.admit, incoming.shown)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                incoming.body = await take_body(receive, incoming.route.limit)
        except TimeoutError as error:
            raise stop(408, [Finding.error("api.too-slow", BODY)], connection="close") from error

    async def _in_thread(self, work: Callable[[Any], Any], argument: Any) -> Any:
        loop = asyncio.get_running_loop()
        done = loop.run_in_executor(self._pool, _with_connection, work, argument)
        return await self._silence.unless_silent(done)

    def _serve(self, incoming: Incoming) -> Reply:
        """Admit, read, call: in a thread, each call with its own connection to the database."""
        route = incoming.route
        if route.counted and self._settings.too_often(route.counted, incoming.shown.address):
            raise stop(429, [Finding.error("api.too-often", incoming.shown.address)], retry_after="60")
        actor = incoming.actor or (_NOBODY if route.is_open else self._reception.admit(incoming.shown))
        query = read_query(route.query, incoming.query)
        key = read_key(incoming) if route.changes else ""
        body = read_body(incoming) if route.bodies else {}
        if route.act is None:
            raise LookupError(route.name)
        return route.act(
            Call(actor, incoming.instance, incoming.reference, body, query, key, incoming.language)
        )

    async def _send(self, reply: Reply, send: Send, *, instance: str, head: bool) -> None:
        body = body_of(reply)
        pairs = [*self._guards, *headers_of(reply, instance=instance, size=len(body))]
        await send({"type": "http.response.start", "status": reply.status, "headers": pairs})
        await send({"type": "http.response.body", "body": b"" if head else body})


def _with_connection(work: Callable[[Any], Any], argument: Any) -> Any:
    """A thread of the pool is not a request of Django's: its connection is looked after here."""
    close_old_connections()
    try:
        return work(argument)
    finally:
        close_old_connections()
