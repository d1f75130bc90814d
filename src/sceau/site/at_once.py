"""A connection of the door for programs: a call that is plainly one for certificates goes to the engine at
once, everything else takes the careful path of the HTTP server software.

As on the public shelf (`QuickProtocol`), this stands before that path, between two requests only, and keeps
its promises to slow and to greedy clients: what follows a call under way waits, unread beyond one piece.
"""

from __future__ import annotations

import asyncio
from typing import Any

from sceau.enrolment import AtOnce, Caller, PlainCall, RestApp, read_plain_call
from sceau.publication import QuickProtocol, address_group


class AtOnceProtocol(QuickProtocol):
    """A connection with the short way of a `RestApp`; of any other application, the careful path only."""

    _way: AtOnce | None = None
    _caller: Caller
    _is_under_way = False
    _is_last = False
    _begun = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note who is at the other end."""
        super().connection_made(transport)
        app: object = self.config.loaded_app
        if isinstance(app, RestApp):
            self._way = app.at_once
        self._caller = Caller(address_group((self.client or ("?", 0))[0]))

    def data_received(self, data: bytes) -> None:
        """Take what is plainly a call; give the rest to the careful path."""
        if self._is_under_way:
            self._held += data
            self.flow.pause_reading()
            return
        begun, self._begun = self._begun, b""
        whole = begun + data if begun else data
        if self._way is None or self.flow.write_paused or self._is_busy() or self._is_crowded():
            super().data_received(whole)
            return
        found = read_plain_call(whole)
        if isinstance(found, PlainCall):
            if not self._take(self._way, found, whole):
                super().data_received(whole)
        elif found is None or begun:  # the rest was given its chance
            super().data_received(whole)
        else:
            self._begun = whole
            self._unset_keepalive_if_required()
            self._wait(self.whole_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Keep nothing."""
        self._begun = b""
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The server ends: once what is under way was answered."""
        if self._is_under_way:
            self._is_last = True
        else:
            super().shutdown()

    def _is_busy(self) -> bool:
        return self._is_under_way or super()._is_busy()

    def _take(self, way: AtOnce, call: PlainCall, whole: bytes) -> bool:
        self._is_under_way = True
        if not way.take(call, self._caller, self._told):
            self._is_under_way = False
            return False
        self._held = whole[call.end :]
        self._stop_waiting()
        self._unset_keepalive_if_required()
        return True

    def _told(self, answer: tuple[bytes, bytes]) -> None:
        """An answer, from the engine by way of the loop: written whole, then what came meanwhile is read."""
        self._is_under_way = False
        if self.transport.is_closing():
            return
        status, rest = answer
        ending = b"connection: close\r\n" if self._is_last else b""
        self.transport.writelines((status, self._opened(), ending, rest))
        self.server_state.total_requests += 1
        if self._is_last:
            self.transport.close()
            return
        self._answered()
        held, self._held = self._held, b""
        self.flow.resume_reading()
        if held:
            self.data_received(held)

    def _opened(self) -> bytes:
        """The headers that the server software sends with every answer: the date."""
        state: Any = self.server_state
        return b"".join([b"%b: %b\r\n" % pair for pair in state.default_headers])
