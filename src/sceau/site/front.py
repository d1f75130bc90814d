"""The portal behind a pinned front: nginx ends the TLS, and tells which certificate was proven.

Only over a Unix socket, only from the user the operator named (the kernel says who is at the other end), and
only in three headers that the front sets itself on every request: one of them missing or twice, and the
request is not answered. The raw certificate is read again by the application as if it had
come through our own listener; no verdict of the front is ever read [ASSURANCE T06].
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import pwd
import socket
import struct
from collections.abc import Awaitable, Callable, Collection, Iterator, MutableMapping, Sequence
from pathlib import Path
from ssl import PEM_cert_to_DER_cert
from typing import Any, ClassVar
from urllib.parse import unquote_to_bytes

from uvicorn import Config, Server

from sceau.portal import TLS_EXTENSION, TlsFacts
from sceau.publication import PatientProtocol
from sceau.site.listeners import KEEP_ALIVE_SECONDS, MOST_BODY, TOO_LARGE, without_claims

log = logging.getLogger("sceau.front")

Scope = MutableMapping[str, Any]
AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]

DOOR, CERTIFICATE, ADDRESS = b"x-sceau-door", b"x-sceau-certificate", b"x-sceau-address"
_LARGEST_CERTIFICATE = 32 * 1024
_MOST_CONNECTIONS = 2_000
_CREDENTIALS = struct.Struct("3i")


class UnfitFrontError(Exception):
    """The front said something that it never says: its configuration is not ours."""


def facts_told(headers: Sequence[tuple[bytes, bytes]]) -> tuple[TlsFacts, str]:
    """What the front told of a connection, and the client's address. Raises `UnfitFrontError`."""
    told: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in (DOOR, CERTIFICATE, ADDRESS):
            if name in told:
                raise UnfitFrontError(f"{name.decode()} twice")
            told[name] = value
    if len(told) != 3 or told[DOOR] not in (b"cards", b"public"):
        raise UnfitFrontError("a header is missing")
    if told[DOOR] == b"public":
        return TlsFacts(asks_for_cards=False, peer_certificate=None), told[ADDRESS].decode("latin-1")
    facts = TlsFacts(asks_for_cards=True, peer_certificate=_certificate(told[CERTIFICATE]))
    return facts, told[ADDRESS].decode("latin-1")


def _certificate(escaped: bytes) -> bytes | None:
    """The certificate (DER) in nginx's `$ssl_client_escaped_cert`: a PEM, percent-encoded; nothing after the
    mark for none. The mark is there because nginx leaves out a header that it has no value for.
    """
    marked, _, text = escaped.partition(b":")
    if marked != b"cert" or len(text) > _LARGEST_CERTIFICATE:
        raise UnfitFrontError("the certificate is not marked, or too large")
    if not text:
        return None
    try:
        return PEM_cert_to_DER_cert(unquote_to_bytes(text).decode("ascii").strip())
    except ValueError as error:
        raise UnfitFrontError("the certificate is no PEM") from error


def told_by_front(app: AsgiApp) -> AsgiApp:
    """`app`, told what the front knows of each connection, and nothing of how it was told."""

    async def told(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            try:
                facts, address = facts_told(scope["headers"])
            except UnfitFrontError as error:
                log.warning("a request of the front is not answered: %s", error)
                await _refuse(send)
                return
            ours = (DOOR, CERTIFICATE, ADDRESS)
            kept = [(name, value) for name, value in scope["headers"] if name not in ours]
            scope["headers"] = without_claims(kept)
            scope["client"], scope["scheme"] = (address, 0), "https"
            scope["extensions"] = {**(scope.get("extensions") or {}), TLS_EXTENSION: facts}
        await app(scope, receive, send)

    return told


async def _refuse(send: Any) -> None:
    await send({"type": "http.response.start", "status": 400, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


class FrontProtocol(PatientProtocol):
    """A connection from the front. From anybody else it is closed unread."""

    most_body = MOST_BODY
    too_large = TOO_LARGE
    whole_seconds = 120.0
    users: ClassVar[Collection[int]] = ()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Ask the kernel who is at the other end."""
        super().connection_made(transport)
        uid = _peer(transport.get_extra_info("socket"))
        if uid not in self.users:
            log.warning("a connection of user %d is not the front's", uid)
            transport.abort()
            return
        self.app = told_by_front(self.app)


def _peer(connection: socket.socket) -> int:
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    uid: int = _CREDENTIALS.unpack(raw)[1]
    return uid


class _FrontServer(Server):
    """Serves one Unix socket."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing: whoever runs several servers captures them once for all."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen at the socket, in place of what a former process left there."""
        del sockets
        await self.lifespan.startup()
        path = Path(str(self.config.uds))
        path.unlink(missing_ok=True)

        def protocol() -> asyncio.Protocol:
            made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
                config=self.config, server_state=self.server_state, app_state=self.lifespan.state
            )
            return made

        server = await asyncio.get_running_loop().create_unix_server(protocol, path)
        path.chmod(0o666)  # who may connect is asked of the kernel for each connection, by user
        self.servers = [server]
        self.started = True


def front_server(path: Path, app: AsgiApp, *, user: str) -> Server:
    """The server of the socket at `path` for a front that runs as `user` (a name; empty: as ourselves).

    Raises KeyError when there is no such user.
    """
    uid = pwd.getpwnam(user).pw_uid if user else os.geteuid()
    protocol = type("PinnedFrontProtocol", (FrontProtocol,), {"users": frozenset((uid,))})
    config = Config(
        app,
        uds=str(path),
        http=protocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=5,
        limit_concurrency=_MOST_CONNECTIONS,
    )
    return _FrontServer(config)
