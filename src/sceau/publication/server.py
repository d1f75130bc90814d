"""Putting the public server together, and running it in a process of its own.

Everything it may use is given to it: a shelf, the issuers it answers for, where to read status,
delegated keys. It imports neither `operations` nor `custody` and could not sign a certificate if it
wanted to.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from uvicorn import Config, Server

from sceau.publication.asgi import PublicApp
from sceau.publication.public_site import PublicSite
from sceau.publication.quick import QuickProtocol
from sceau.publication.responder import OcspDesk, Prepared
from sceau.publication.shelf import Shelf
from sceau.status import IssuerIdentity, OcspSigner, StatusSource


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class OcspService:
    """What the OCSP desk needs. `signer(code, generation)` gives the delegated responder in use, None
    before the first; `valid` is how long an answer holds (the catalogue's ``ocsp_valid_hours``);
    `prepared` finds the answer prepared ahead, for when the records are away.
    """

    issuers: Sequence[IssuerIdentity]
    source: StatusSource
    signer: Callable[[str, int], OcspSigner | None]
    valid: timedelta
    prepared: Prepared | None = None


def build_app(
    shelf: Shelf,
    *,
    ocsp: OcspService | None,
    title: str = "Autorité de certification : publication",
    clock: Callable[[], datetime] = _now,
    pages: Mapping[str, str] | None = None,
) -> PublicApp:
    """The ASGI application over `shelf` and further `pages` (path → HTML), answering OCSP where `ocsp` is
    given.
    """
    desk = None
    if ocsp is not None:
        desk = OcspDesk(
            ocsp.issuers,
            source=ocsp.source,
            signer=ocsp.signer,
            valid=ocsp.valid,
            clock=clock,
            prepared=ocsp.prepared,
        )
    return PublicApp(PublicSite(shelf, desk=desk, title=title, clock=clock, pages=pages), desk=desk)


def server_for(app: PublicApp, *, host: str, port: int) -> Server:
    """The HTTP server over `app`, not yet started: uvicorn, with what is kept given before it looks."""
    protocol = type("QuickProtocol", (QuickProtocol,), {"wires": app.wires})
    config = Config(
        app,
        host=host,
        port=port,
        http=protocol,
        ws="none",
        lifespan="on",
        proxy_headers=False,
        access_log=False,
        server_header=False,
        date_header=False,
        log_level="warning",
        timeout_keep_alive=30,
        limit_concurrency=2000,
    )
    return Server(config)


def serve(app: PublicApp, *, host: str, port: int, is_shared: bool = False) -> None:
    """Run `app` until SIGTERM or SIGINT. Call it in a process of its own, or in several for which the kernel
    shares out the connections (`is_shared`), each with its own kept answers.
    """
    sockets = shared_sockets(host, port) if is_shared else None
    server_for(app, host=host, port=port).run(sockets)


def shared_sockets(host: str, port: int) -> list[socket.socket]:
    """A socket for each address of `host`, on a port that processes of the same user may bind together."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    opened = []
    for family, kind, protocol, _, address in dict.fromkeys(found):
        one = socket.socket(family, kind, protocol)
        opened.append(one)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind(address)
    return opened
