"""The TLS of the door for programs, between the event loop's plain connection and the HTTP of the door.

Any client certificate gets through the handshake once its key was proven, as at the card door; no session is
resumed. One TLS context serves every connection, and a record is taken apart where it arrives: neither costs
a program's call more than it must. A connection has a place from the moment it is taken, and fifteen seconds
to shake hands [ASSURANCE T31, T63].
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from OpenSSL import SSL

from sceau.publication import address_group
from sceau.site.any_certificate import AnyCertificateContext, ProvenTls
from sceau.site.gate import HANDSHAKE_SECONDS, MOST_FOR_ONE_ADDRESS, MOST_IN_ALL

_HEADER = 5  # octets of a record's own header
_PIECE = 17 * 1024  # a TLS record holds 16 KiB at most, and OpenSSL gives one at a time


@dataclass(slots=True)
class Places:
    """How many connections each address has, and how many there are in all."""

    taken: Counter[str] = field(default_factory=Counter)

    def take(self, address: str) -> bool:
        """Take a place; whether there was one."""
        if self.taken[address] >= MOST_FOR_ONE_ADDRESS or self.taken.total() >= MOST_IN_ALL:
            return False
        self.taken[address] += 1
        return True

    def leave(self, address: str) -> None:
        """Give a place back."""
        self.taken[address] -= 1
        if not self.taken[address]:
            del self.taken[address]


class SecureProtocol(asyncio.Protocol):
    """One connection, from its first octet: handshake, then what the door says to what was decrypted."""

    def __init__(
        self, context: AnyCertificateContext, door: Callable[[], asyncio.Protocol], places: Places
    ) -> None:
        self._context = context
        self._door = door
        self._places = places
        self._address = ""
        self._tls: SSL.Connection
        self._transport: asyncio.Transport
        self._inner: asyncio.Protocol | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop
        self._unsent: list[bytes] = []
        self._missing = 0  # octets of the record under way that are still to come; less than none: not known

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a place and wait for a handshake; without a place the connection ends here."""
        self._transport = transport
        group = address_group((transport.get_extra_info("peername") or ("?",))[0])
        if not self._places.take(group):
            transport.abort()
            return
        self._address = group
        self._tls = SSL.Connection(self._context.door, None)
        self._tls.set_accept_state()
        self._loop = asyncio.get_running_loop()
        self._alarm = self._loop.call_later(HANDSHAKE_SECONDS, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Octets from the client, as they come."""
        if not self._address:
            return
        try:
            self._tls.bio_write(data)
            is_one = self._is_one_record(data)
            if self._inner is None and not self._shake_hands():
                return
            self._read(once=is_one)
        except SSL.Error:
            self._flush()  # the alert that says why
            self._transport.abort()

    def eof_received(self) -> bool:
        """The client closed its side: so do we, once it has what was said."""
        if self._inner is not None:
            self._send_all()
            self._inner.eof_received()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        self._stop_waiting()
        if self._address:
            self._places.leave(self._address)
            self._address = ""
        if self._inner is not None:
            self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """The client reads slowly: the door waits."""
        if self._inner is not None:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        """The client has read."""
        if self._inner is not None:
            self._inner.resume_writing()

    def send(self, data: bytes) -> None:
        """Encrypt and write, with what else is sent in this turn of the loop: the head and the body of an
        answer cost one record and one call of the system.
        """
        if self._transport.is_closing():
            return
        if not self._unsent:
            self._loop.call_soon(self._send_all)
        self._unsent.append(data)

    def send_now(self, pieces: Iterable[bytes]) -> None:
        """Encrypt and write these at once, after what waits for the end of this turn."""
        self._unsent.extend(pieces)
        self._send_all()

    def _send_all(self) -> None:
        data, self._unsent = b"".join(self._unsent), []
        if not data or self._transport.is_closing():
            return
        try:
            sent = self._tls.send(data)
            while sent < len(data):  # OpenSSL takes a record at a time
                sent += self._tls.send(memoryview(data)[sent:])
        except SSL.Error:
            self._transport.abort()
            return
        self._flush()

    def end(self) -> None:
        """Close in order, once everything was written."""
        self._send_all()
        if not self._transport.is_closing():
            with contextlib.suppress(SSL.Error):
                self._tls.shutdown()
            self._flush()
            self._transport.close()

    @property
    def unsent(self) -> int:
        """How many octets wait for the end of this turn."""
        return sum(map(len, self._unsent))

    def _shake_hands(self) -> bool:
        try:
            self._tls.do_handshake()
        except SSL.WantReadError:
            self._flush()
            return False
        self._flush()
        self._stop_waiting()
        self._inner = self._door()
        self._inner.connection_made(SecureTransport(self, self._transport, self._tls, self._context))
        return True

    def _is_one_record(self, data: bytes) -> bool:
        """Whether `data` is one TLS record, whole: then OpenSSL need not be asked whether there is more. The
        records are followed by their lengths [RFC 8446 §5.1]; a header in two pieces ends that for good.
        """
        at, size = self._missing, len(data)
        if at == 0 and size == _HEADER + int.from_bytes(data[3:_HEADER]):
            return True
        while 0 <= at <= size - _HEADER:
            at += _HEADER + int.from_bytes(data[at + 3 : at + _HEADER])
        self._missing = at - size if at >= size else -1
        return False

    def _read(self, *, once: bool) -> None:
        inner = self._inner
        while inner is not None and not self._transport.is_closing():
            try:
                data = self._tls.recv(_PIECE)
            except SSL.WantReadError:
                return
            except SSL.ZeroReturnError:
                self.end()
                return
            inner.data_received(data)
            if once:
                return

    def _flush(self) -> None:
        while True:
            try:
                piece = self._tls.bio_read(_PIECE)
            except SSL.WantReadError:
                return
            self._transport.write(piece)
            if len(piece) < _PIECE:
                return

    def _stop_waiting(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None


class SecureTransport(asyncio.Transport):
    """What the door writes to."""

    def __init__(
        self,
        secure: SecureProtocol,
        plain: asyncio.Transport,
        tls: SSL.Connection,
        context: AnyCertificateContext,
    ) -> None:
        proven = ProvenTls(tls, ssl.MemoryBIO(), ssl.MemoryBIO())
        super().__init__({"ssl_object": proven, "sslcontext": context})
        self._secure = secure
        self._plain = plain

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Of the TLS, else of the connection beneath."""
        found = super().get_extra_info(name)
        return self._plain.get_extra_info(name, default) if found is None else found

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send octets."""
        self._secure.send(bytes(data))

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        """Send a whole answer: nothing more is to come with it in this turn of the loop."""
        self._secure.send_now(map(bytes, list_of_data))

    def close(self) -> None:
        """Close in order."""
        self._secure.end()

    def abort(self) -> None:
        """Close at once."""
        self._plain.abort()

    def is_closing(self) -> bool:
        """Whether it is over."""
        return self._plain.is_closing()

    def pause_reading(self) -> None:
        """Take nothing more in."""
        self._plain.pause_reading()

    def resume_reading(self) -> None:
        """Go on taking in."""
        self._plain.resume_reading()

    def is_reading(self) -> bool:
        """Whether octets are taken in."""
        return self._plain.is_reading()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """When the door is told to wait."""
        self._plain.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        """What still waits to be written."""
        return self._secure.unsent + self._plain.get_write_buffer_size()
