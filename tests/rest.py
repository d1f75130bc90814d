"""A client of the REST door in process: the true ASGI application; the TLS layer's facts are put where it
puts them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sceau.enrolment import RestApp, Settings
from sceau.portal import KEY_TRIES, TLS_EXTENSION, TlsFacts, doorkeeper, peer_certificate, too_often_from
from tests.instance import Someone
from tests.portal import certificate_of, der, staff_the_door

SETTINGS = Settings(
    address="https://localhost:8445",
    peer_certificate=peer_certificate,
    read_card=lambda certificate, at: doorkeeper().read(certificate, at=at),
    too_often=lambda what, address: too_often_from(address, what, per_minute=KEY_TRIES),
)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def codes(self) -> set[str]:
        """The codes of a problem's findings."""
        assert self.headers["content-type"] == "application/problem+json"
        assert self.json["status"] == self.status
        return {finding["code"] for finding in self.json["findings"]}


@dataclass
class RestClient:
    """A program. It shows a certificate in the handshake, or a token, or nothing."""

    app: RestApp
    certificate: bytes | None = None
    token: str = ""
    address: str = "127.0.0.1"
    keys: Iterator[int] = field(default_factory=lambda: iter(range(10**9)))

    def get(self, path: str, query: str = "", **headers: str) -> Answer:
        return self.call("GET", path, query=query, headers=headers)

    def post(self, path: str, body: Any, *, key: str | None = "", **headers: str) -> Answer:
        """`key`: empty draws a fresh one, None sends none. A `bytes` body goes as it is."""
        sent = {"content-type": "application/json", **headers}
        if key is not None:
            sent["idempotency-key"] = key or f"k-{id(self)}-{next(self.keys)}"
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.call("POST", path, content=content, headers=sent)

    def call(
        self,
        method: str,
        path: str,
        *,
        content: bytes = b"",
        query: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request, in an event loop of its own."""
        return asyncio.run(self.ask(method, path, content=content, query=query, headers=headers))

    async def ask(
        self,
        method: str,
        path: str,
        *,
        content: bytes = b"",
        query: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The same, in the present loop. Header names have underscores or dashes."""
        named = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        if self.token:
            named.setdefault("authorization", f"Bearer {self.token}")
        if content:
            named.setdefault("content-length", str(len(content)))
        scope = {
            "type": "http",
            "method": method,
            "path": path if path.startswith("/") else f"/api/v1/{path}",
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in named.items()],
            "client": (self.address, 50000),
            "extensions": {TLS_EXTENSION: TlsFacts(True, self.certificate)},
        }
        parts = [content[at : at + 65536] for at in range(0, len(content), 65536)] or [b""]
        messages = iter([{"type": "http.request", "body": part, "more_body": True} for part in parts[:-1]])
        last = {"type": "http.request", "body": parts[-1], "more_body": False}
        told: list[Any] = []

        async def receive() -> Any:
            return next(messages, last)

        async def send(message: Any) -> None:
            told.append(message)

        await self.app(scope, receive, send)
        start, body = told
        found = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
        return Answer(start["status"], found, body["body"])


@contextmanager
def rest_app() -> Iterator[RestApp]:
    """The door, with a doorkeeper who knows the test cards."""
    staff_the_door()
    app = RestApp(SETTINGS)
    try:
        yield app
    finally:
        app.close()


def with_card(app: RestApp, someone: Someone, **changes: Any) -> RestClient:
    """A program whose TLS key is on somebody's card."""
    return RestClient(app, certificate=der(certificate_of(someone, **changes)))
