"""A connection of the public server: what is kept goes out at once, everything else takes the careful path.

The careful path is the HTTP server software and the application behind it, with the patience of
`PatientProtocol`; this stands before them, between two requests only, and keeps the same promises to slow
clients: a connection that idles is closed, one that asks without reading is not read from.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from sceau.publication.patience import PatientProtocol
from sceau.publication.wires import Wires


class QuickProtocol(PatientProtocol):
    """A connection with the answers of `wires` at hand (None: none are kept)."""

    wires: ClassVar[Wires | None] = None

    _amid = False
    _held = b""
    _asked_at = 0.0
    _idle: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Answer what can be answered at once; give the rest to the careful path."""
        if self.flow.write_paused and not self._is_busy():
            self._held += data  # who does not read its answers is not asked for more
            self.flow.pause_reading()
            return
        wires = self.wires
        if wires is None or self._is_busy() or self._is_crowded():
            super().data_received(data)
            return
        found = wires.answer(data, 0)
        if found is None:
            super().data_received(data)
            return
        answer, end = found
        if end == len(data):
            self.transport.write(answer)
        else:
            self._answer_several(wires, data, answer, end=end)
        self._answered()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        self._held = b""
        super().connection_lost(exc)

    def resume_writing(self) -> None:
        """The client has read: go on with what it had asked meanwhile."""
        super().resume_writing()
        if self._is_busy():
            return
        self.flow.resume_reading()
        held, self._held = self._held, b""
        if held and not self.transport.is_closing():
            self.data_received(held)

    def on_message_begin(self) -> None:
        """The careful path is reading a request: what comes next belongs to it."""
        self._amid = True
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """The careful path has the whole request."""
        self._amid = False
        super().on_message_complete()

    def _is_busy(self) -> bool:
        """Whether a request is being read, or an answer being made, by the careful path."""
        cycle: Any = self.cycle
        return self._amid or (cycle is not None and not cycle.response_complete) or bool(self.pipeline)

    def _is_crowded(self) -> bool:
        limit = self.limit_concurrency
        return self.transport.is_closing() or (limit is not None and len(self.connections) >= limit)

    def _answer_several(self, wires: Wires, data: bytes, answer: bytes, *, end: int) -> None:
        """Requests sent one after the other without waiting, answered in their order."""
        answers = [answer]
        while end < len(data) and (found := wires.answer(data, end)) is not None:
            answers.append(found[0])
            end = found[1]
        self.transport.write(b"".join(answers))
        if end < len(data):
            super().data_received(data[end:])

    def _answered(self) -> None:
        """Begin to wait for the next request, unless one has begun."""
        if self._alarm is not None and not self._amid:
            self._stop_waiting()
        if self.timeout_keep_alive_task is not None:
            self._unset_keepalive_if_required()
        self._asked_at = self.loop.time()
        if self._idle is None:
            self._idle = self.loop.call_later(self.timeout_keep_alive, self._look_idle)

    def _look_idle(self) -> None:
        self._idle = None
        if self.transport.is_closing() or self._is_busy() or self.timeout_keep_alive_task is not None:
            return  # the careful path has its own patience
        left = self._asked_at + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._idle = self.loop.call_later(left, self._look_idle)
        elif self.flow.write_paused:
            self.transport.abort()  # closing would wait for ever for it to read
        else:
            self.transport.close()
