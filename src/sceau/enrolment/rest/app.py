"""The REST door as a small ASGI application: find the address, admit the caller, read, call, answer.

Nothing waits in the event loop: everything that touches the records runs in a pool of threads, each call with
its own connection to the database. Whatever a body holds, the answer is never a 5xx of ours; a defect is
written down under the call's number and answered without a word of it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from django.db import InterfaceError, OperationalError, close_old_connections

from sceau.enrolment.rest.answers import told
from sceau.enrolment.rest.caller import Credentials, ReadCard, Reception, address_group
from sceau.enrolment.rest.calls import Call, Reply
from sceau.enrolment.rest.incoming import (
    Incoming,
    Receive,
    announced_length,
    check_body_headers,
    read_body,
    read_key,
    read_query,
    take_body,
    too_large,
)
from sceau.enrolment.rest.openapi import description
from sceau.enrolment.rest.problems import (
    NotServedError,
    Problem,
    problem_of_fault,
    problem_of_refusal,
    stop,
)
from sceau.enrolment.rest.routes import SMALL, Route, routes_at
from sceau.enrolment.rest.shapes import BODY
from sceau.operations import Actor
from sceau.vocabulary import Fault, Finding, Refused

log = logging.getLogger("sceau.enrolment")

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

THREADS = 8
BODY_SECONDS = 60.0
_NOBODY = Actor("", None)


@dataclass(frozen=True, slots=True)
class Settings:
    """What `site` hands over. `peer_certificate` gives what the TLS layer proved; `hsts` is in seconds."""

    address: str
    peer_certificate: Callable[[Scope], bytes | None]
    read_card: ReadCard
    hsts: int = 0


class RestApp:
    """ASGI 3 application. `close` ends its threads."""

    def __init__(self, settings: Settings, *, reception: Reception | None = None) -> None:
        self._settings = settings
        self._reception = reception or Reception(settings.read_card)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="rest")
        self._described = _as_json(description(settings.address))

    def close(self) -> None:
        """Let the calls under way end, and the threads with them."""
        self._pool.shutdown()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, as the server gives it."""
        if scope["type"] != "http":
            return
        instance = f"urn:uuid:{uuid.uuid4()}"
        try:
            reply = await self._answer(scope, receive, instance)
        except NotServedError as ended:
            reply = _problem(ended.problem, instance)
        except Exception:  # a defect of ours
            log.exception("no answer to %s", instance)
            reply = _defect(instance)
        await self._send(reply, send, instance=instance, head=scope["method"] == "HEAD")

    async def _answer(self, scope: Scope, receive: Receive, instance: str) -> Reply:
        found, reference = routes_at(scope["path"])
        if not found:
            raise stop(404, [Finding.error("api.no-such-address", "adresse")])
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        allowed = ", ".join(sorted({*found, "OPTIONS", *({"HEAD"} if "GET" in found else ())}))
        if method == "OPTIONS":
            return Reply(204, raw=b"", headers={"allow": allowed})
        route = found.get(method)
        if route is None:
            raise stop(405, [Finding.error("api.method", "méthode", allowed=allowed)], allow=allowed)
        incoming = self._incoming(scope, route, reference, instance)
        if route.act is None:
            return Reply(200, raw=self._described)
        if route.bodies:
            await self._take_body(incoming, receive)
        reply: Reply = await self._in_thread(self._serve, incoming)
        return reply

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
        return Incoming(route, scope["method"], reference, query, headers, shown, instance)

    async def _take_body(self, incoming: Incoming, receive: Receive) -> None:
        """Read the body within its limit; nobody unknown makes us keep a large one."""
        check_body_headers(incoming)
        announced = announced_length(incoming)
        if announced is not None and announced > incoming.route.limit:
            raise too_large(incoming.route.limit)
        if announced is None or announced > SMALL:
            incoming.actor = await self._in_thread(self._reception.admit, incoming.shown)
        try:
            incoming.body = await asyncio.wait_for(take_body(receive, incoming.route.limit), BODY_SECONDS)
        except TimeoutError as error:
            raise stop(408, [Finding.error("api.too-slow", BODY)], connection="close") from error

    async def _in_thread(self, work: Callable[[Any], Any], argument: Any) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, _with_connection, work, argument)

    def _serve(self, incoming: Incoming) -> Reply:
        """Admit, read, call: in a thread, with every refusal and fault turned into its problem."""
        try:
            return self._called(incoming)
        except Refused as refused:
            raise NotServedError(problem_of_refusal(refused)) from refused
        except Fault as fault:
            log.warning("fault in %s: %s", incoming.instance, fault)
            raise NotServedError(problem_of_fault(fault)) from fault
        except (OperationalError, InterfaceError) as error:
            log.warning("no database in %s: %s", incoming.instance, error)
            away = Fault("operations.database", retryable=True)
            raise NotServedError(problem_of_fault(away)) from error

    def _called(self, incoming: Incoming) -> Reply:
        route = incoming.route
        actor = incoming.actor or (_NOBODY if route.is_open else self._reception.admit(incoming.shown))
        query = read_query(route.query, incoming.query)
        key = read_key(incoming) if route.changes else ""
        body = read_body(incoming) if route.bodies else {}
        if route.act is None:
            raise LookupError(route.name)
        return route.act(Call(actor, incoming.instance, incoming.reference, body, query, key))

    async def _send(self, reply: Reply, send: Send, *, instance: str, head: bool) -> None:
        body = reply.raw if reply.raw is not None else _as_json(reply.body)
        headers = {
            "content-type": reply.content_type,
            "content-length": str(len(body)),
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
            "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
            "referrer-policy": "no-referrer",
            "cross-origin-resource-policy": "same-origin",
            "x-request-id": instance.removeprefix("urn:uuid:"),
            **reply.headers,
        }
        if reply.status == 204:
            del headers["content-type"], headers["content-length"]
        if self._settings.hsts:
            headers["strict-transport-security"] = f"max-age={self._settings.hsts}"
        pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": pairs})
        await send({"type": "http.response.body", "body": b"" if head else body})


def _with_connection(work: Callable[[Any], Any], argument: Any) -> Any:
    """A thread of the pool is not a request of Django's: its connection is looked after here."""
    close_old_connections()
    try:
        return work(argument)
    finally:
        close_old_connections()


def _as_json(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _problem(problem: Problem, instance: str) -> Reply:
    return Reply(
        problem.status,
        problem.document(instance),
        content_type="application/problem+json",
        headers=problem.headers,
    )


def _defect(instance: str) -> Reply:
    return _problem(Problem(500, tuple(told([Finding.error("api.defect", "service")]))), instance)
