"""The listeners: the public one, the card door and the door for programs that ask for a certificate. All TLS,
in process.

A client certificate comes from the TLS layer of this very process and is put into the ASGI scope under a
key that no request can write. Headers that claim one are taken away before the application sees them
[ASSURANCE T06]. A door lets in every certificate whose key is proven, a stranger's and an expired one
too, so that a card that is refused gets a page; what opens the portal is decided by `identity`, never here.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import ssl
from collections.abc import Awaitable, Callable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import Any

from uvicorn import Config, Server

from sceau.portal import TLS_EXTENSION, TlsFacts
from sceau.publication import PatientProtocol
from sceau.site.any_certificate import AnyCertificateContext
from sceau.site.at_once import AtOnceProtocol
from sceau.site.environment import now
from sceau.site.gate import HANDSHAKE_SECONDS, gates, raise_open_files
from sceau.site.secure import Places, SecureProtocol

log = logging.getLogger("sceau.listeners")

Scope = MutableMapping[str, Any]
AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]

_CLAIMS = (b"x-client-", b"x-ssl-", b"ssl-", b"x-forwarded-", b"x-arr-clientcert", b"x-real-ip", b"forwarded")
KEEP_ALIVE_SECONDS = 30
TOO_LARGE = """<!doctype html>
<html lang="fr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Fichier trop grand</title></head><body><main><h1>Ce fichier est trop grand</h1>
<p>Rien n’a été enregistré. Un fichier envoyé ne peut dépasser 5 Mo : numérisez en noir et blanc, à 200 points
par pouce, ou envoyez moins de pages à la fois. Revenez à la page d’avant.</p>
<p lang="en">This file is too large: nothing was recorded. A file cannot exceed 5 MB. Go back to the previous
page.</p></main></body></html>
""".encode()
MOST_BODY = 6 * 1024 * 1024  # the largest file (`SCEAU_UPLOAD_LIMIT`) and the fields around it
_MOST_CONNECTIONS = 500


@dataclass(frozen=True, slots=True)
class Listener:
    """Where to listen and with which TLS files. A door `for_cards` (people) or `for_programs` asks for any
    certificate and judges none; neither makes a public listener.
    """

    host: str
    port: int
    chain: Path
    key: Path
    for_programs: bool = False
    for_cards: bool = False

    @property
    def asks(self) -> bool:
        """Whether a client is asked for a certificate here."""
        return self.for_cards or self.for_programs


def tls_context(listener: Listener) -> ssl.SSLContext:
    """TLS 1.2 or better. A door asks for a certificate, requires none, judges none, and resumes no session,
    in TLS 1.2 either: each connection shows its card again [ASSURANCE T07]. Raises OSError when a file cannot
    be read.
    """
    if listener.asks:
        return AnyCertificateContext.made_of(listener.chain, listener.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(listener.chain, listener.key)
    context.set_alpn_protocols(["http/1.1"])
    return context


def without_claims(headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers without those in which a client, or a front we do not have, would claim a certificate or
    an address.
    """
    return [(name, value) for name, value in headers if not _spelling(name).startswith(_CLAIMS)]


def _spelling(name: bytes) -> bytes:
    """A header's name with its case and its underscores folded: `SSL_CLIENT_CERT` claims what `ssl-client-
    cert` does.
    """
    return name.lower().replace(b"_", b"-")


def with_tls_facts(app: AsgiApp, facts: TlsFacts) -> AsgiApp:
    """`app`, told what the TLS layer knows of the connection."""

    async def told(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope["headers"] = without_claims(scope["headers"])
            scope["extensions"] = {**(scope.get("extensions") or {}), TLS_EXTENSION: facts}
        await app(scope, receive, send)

    return told


class CardDoorProtocol(PatientProtocol):
    """A connection of the card door: reads the certificate once, when the handshake is over."""

    asks_for_cards = True
    most_body = MOST_BODY
    too_large = TOO_LARGE
    whole_seconds = 120.0  # a file may come over a slow line

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Bind the connection's certificate, or its absence, to every request on it."""
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        presented = tls.getpeercert(True) if tls is not None and self.asks_for_cards else None
        facts = TlsFacts(self.asks_for_cards, presented, proven_at=now())
        self.app = with_tls_facts(self.app, facts)


class ProgramsProtocol(AtOnceProtocol, CardDoorProtocol):
    """A connection of the door for programs, whose application says what is too large (12 MiB at most)."""

    most_body = 13 * 1024 * 1024
    too_large = b""


class PublicProtocol(CardDoorProtocol):
    """A connection of the public listener: never has a certificate, whatever the client says."""

    asks_for_cards = False


class _QuietServer(Server):
    """A server that leaves signals to whoever runs several, and listens through gates."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing: `serve` below captures them once for all."""
        yield

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Listen. The server software would count no addresses, and wait a minute for each handshake."""
        await self.lifespan.startup()
        loop = asyncio.get_running_loop()
        config = self.config

        def protocol() -> asyncio.Protocol:
            made: asyncio.Protocol = config.http_protocol_class(  # type: ignore[call-arg]
                config=config, server_state=self.server_state, app_state=self.lifespan.state
            )
            return made

        try:
            opened = sockets or gates(config.host, config.port)
        except OSError as error:
            log.exception("cannot listen on %s:%d", config.host, config.port)
            raise SystemExit(3) from error
        context, places = config.ssl, Places()
        for_programs = issubclass(config.http_protocol_class, ProgramsProtocol)
        if isinstance(context, AnyCertificateContext) and for_programs:
            secure = context
            self.servers = [
                await loop.create_server(
                    lambda: SecureProtocol(secure, protocol, places), sock=one, backlog=config.backlog
                )
                for one in opened
            ]
        else:
            self.servers = [
                await loop.create_server(
                    protocol,
                    sock=one,
                    ssl=context,
                    backlog=config.backlog,
                    ssl_handshake_timeout=HANDSHAKE_SECONDS,
                )
                for one in opened
            ]
        self.started = True


def server_for(listener: Listener, app: AsgiApp) -> Server:
    """The server of one listener, not yet started."""
    asking = ProgramsProtocol if listener.for_programs else CardDoorProtocol
    protocol = asking if listener.asks else PublicProtocol
    config = Config(
        app,
        host=listener.host,
        port=listener.port,
        http=protocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        ssl_context_factory=lambda _config, _default: tls_context(listener),
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=5,
        limit_concurrency=_MOST_CONNECTIONS,
    )
    return _QuietServer(config)


async def serve_all(servers: Sequence[Server]) -> None:
    """Run servers in this event loop until SIGTERM or SIGINT, or until one of them ends."""
    raise_open_files()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for server in servers:
            server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    tasks = [asyncio.create_task(server.serve()) for server in servers]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    stop()
    await asyncio.gather(*tasks)
