"""A listener's patience: how long it waits for a request, and how much it takes in before anybody has looked
at it.

The HTTP server software closes a connection that idles after an answer, and nothing else: who never asks,
asks one octet a minute, or sends a header without end would keep a place, or the process, for ever
[ASSURANCE T31, T63]. Decides nothing about what is asked.
"""

from __future__ import annotations

import asyncio
import ipaddress
from functools import lru_cache
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


@lru_cache(maxsize=4096)
def address_group(client: str) -> str:
    """The address that connections are counted by: an IPv6 client has a whole /64 to itself."""
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return client
    if isinstance(address, ipaddress.IPv4Address):
        return client
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))


_OF_A_PAGE = (
    b"content-type: text/html; charset=utf-8\r\ncache-control: no-store\r\nx-frame-options: DENY\r\n"
    b"content-security-policy: default-src 'none'; frame-ancestors 'none'\r\n"
    b"x-content-type-options: nosniff\r\n"
)


class PatientProtocol(HttpToolsProtocol):
    """A connection that must ask within `first_seconds`, ask wholly within `whole_seconds`, and not too much.

    Past a time the connection is closed; past a size, 431 or 413 is said first.
    """

    first_seconds: ClassVar[float] = 20.0
    whole_seconds: ClassVar[float] = 60.0
    most_head: ClassVar[int] = 64 * 1024
    most_body: ClassVar[int] = 1024 * 1024
    too_large: ClassVar[bytes] = b""  # a page (HTML, UTF-8) for a person whose file is too large; none: empty
    most_for_one_address: ClassVar[int] = (
        200  # of the 2 000 of the public shelf: relying hosts behind one proxy
    )

    _alarm: asyncio.TimerHandle | None = None
    _in_head = True
    _wholes = 0
    _head = 0
    _body = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a first request; an address that has its share of places waits outside."""
        super().connection_made(transport)
        if self._neighbours() > self.most_for_one_address:
            transport.abort()
            return
        self._wait(self.first_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take in more of a request, or of what is none yet."""
        if self.transport.is_closing():
            return
        began_in_head, begun = self._in_head, self._wholes
        super().data_received(data)
        if not (began_in_head and self._in_head) or begun != self._wholes or self.transport.is_closing():
            return
        if self._alarm is None:  # octets that begin no request (empty lines) end the wait between two
            self._wait(self.first_seconds)
        self._head += len(data)
        if self._head > self.most_head:
            self._refuse(b"431 Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        """The first line begins: the whole request is to follow."""
        super().on_message_begin()
        self._wait(self.whole_seconds)

    def on_headers_complete(self) -> None:
        """The headers are in; what follows is body."""
        self._in_head, self._head, self._body = False, 0, 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """More of the body, up to the limit."""
        self._body += len(body)
        if self._body > self.most_body:
            self._refuse(b"413 Content Too Large", self.too_large)
            return
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Everything is in: now it is we who work."""
        self._in_head = True
        self._wholes += 1
        self._stop_waiting()
        super().on_message_complete()

    def _neighbours(self) -> int:
        """How many connections come from this one's address, itself among them."""
        if self.client is None:
            return 0
        group = address_group(self.client[0])
        clients = (getattr(one, "client", None) for one in self.connections)
        return sum(1 for client in clients if client and address_group(client[0]) == group)

    def _wait(self, seconds: float) -> None:
        self._stop_waiting()
        self._alarm = self.loop.call_later(seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _give_up(self) -> None:
        self._alarm = None
        self.transport.abort()

    def _refuse(self, status: bytes, page: bytes = b"") -> None:
        if not self.transport.is_closing():
            head = b"HTTP/1.1 " + status + b"\r\nconnection: close\r\n" + (_OF_A_PAGE if page else b"")
            self.transport.write(head + b"content-length: %d\r\n\r\n" % len(page) + page)
            self.transport.close()
