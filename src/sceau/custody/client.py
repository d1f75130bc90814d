"""Asking the signer, from a process that has no key. One of the two ways to satisfy `certification.Signer`.

What it may never do is ask twice: once a byte of a request was sent, an answer that does not come leaves its
outcome unknown, and the caller burns the serial [ASSURANCE §0.2, décision 10].
"""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

from sceau.certification import SignatureAsk
from sceau.custody import wire
from sceau.custody.channel import LostError, address_of
from sceau.custody.ledger_lines import SignatureKind
from sceau.vocabulary import Fault, Finding, Refused

_KINDS = {kind.value: kind for kind in SignatureKind}
_PIECE = 1 << 18


class SignerClient:
    """Talks to the signer at `socket_path`; may be shared by threads, keeps connections open between calls.

    `timeout` is in seconds, for each wait on the other end.
    """

    def __init__(self, socket_path: Path, *, timeout: float = 20.0) -> None:
        self._path = socket_path
        self._timeout = timeout
        self._idle: list[socket.socket] = []
        self._lock = threading.Lock()

    def sign(self, *, kind: str, issuer: str, generation: int, tbs: bytes) -> bytes:
        """The complete signed DER over exactly `tbs`; it is in the signer's ledger, on the disk.

        Raises `Refused` as the signer said, or `Fault`: ``signer.unreachable`` (nothing was asked: may be
        tried again), ``signer.outcome-unknown`` (never again), or the signer's own.
        """
        (answer,) = self.sign_all([SignatureAsk(kind, issuer, generation, tbs)])
        if isinstance(answer, bytes):
            return answer
        raise answer

    def sign_all(self, asks: Sequence[SignatureAsk]) -> Sequence[bytes | Refused | Fault]:
        """What `sign` would give or raise for each, in the order asked. All are sent over one connection
        without waiting in between; each has its own outcome.
        """
        read = [_request(ask) for ask in asks]
        frames = [frame for frame in read if isinstance(frame, bytes)]
        answers = iter(self._ask(frames) if frames else ())
        return [frame if isinstance(frame, Refused) else next(answers) for frame in read]

    def is_reachable(self) -> bool:
        """Whether the signer answers now; for a status page. A connection accepted proves nothing: the
        system accepts it for a process that is stopped or hangs. It is asked for nothing, and refuses it.
        """
        (answer,) = self._ask([wire.write_knock()])
        return isinstance(answer, Refused)

    def close(self) -> None:
        """Close the connections kept."""
        with self._lock:
            kept, self._idle = self._idle, []
        for connection in kept:
            connection.close()

    def _ask(self, frames: Sequence[bytes]) -> list[wire.Answer]:
        try:
            connection = self._take_live() or self._fresh()
        except Fault as fault:
            return [fault] * len(frames)
        exchange = _Exchange(connection, frames, self._timeout)
        try:
            exchange.run()
        except (LostError, wire.BadFrameError) as error:
            connection.close()
            return exchange.what_is_known(str(error))
        except BaseException:  # interrupted while waiting: no answer may be read by the next caller
            connection.close()
            raise
        self._give_back(connection)
        return exchange.answers

    def _take_live(self) -> socket.socket | None:
        """A connection kept that is still open at the other end; a signer that was restarted closed them
        all.
        """
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            if _is_quiet(connection):
                return connection
            connection.close()

    def _fresh(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(self._timeout)
        try:
            with address_of(self._path) as address:
                connection.connect(address)
        except OSError as error:
            connection.close()
            raise Fault("signer.unreachable", retryable=True, detail=f"{self._path}: {error}") from error
        connection.setblocking(False)
        return connection

    def _give_back(self, connection: socket.socket) -> None:
        with self._lock:
            self._idle.append(connection)


class _Exchange:
    """Frames going out and answers coming in at once: whoever only wrote would wait for a signer that waits
    for its answers to be read.
    """

    def __init__(self, connection: socket.socket, frames: Sequence[bytes], timeout: float) -> None:
        self._connection = connection
        self._starts = [0, *accumulate(len(frame) for frame in frames)][:-1]
        self._out = b"".join(frames) if len(frames) > 1 else frames[0]
        self._sent = 0
        self._timeout = timeout * 1000
        self.answers: list[wire.Answer] = []

    def run(self) -> None:
        """Until every request has its answer. Raises `LostError` or `BadFrameError`."""
        inbox = wire.answers_inbox()
        self._send()
        while len(self.answers) < len(self._starts):
            if self._wait() & ~select.POLLOUT:
                self._receive(inbox)
            if self._sent < len(self._out):
                self._send()

    def what_is_known(self, why: str) -> list[wire.Answer]:
        """The answers that came; for the others, whether anything of them was sent."""
        lost: list[wire.Answer] = [
            Fault("signer.outcome-unknown", retryable=False, detail=why)
            if start < self._sent
            else Fault("signer.unreachable", retryable=True, detail=why)
            for start in self._starts[len(self.answers) :]
        ]
        return self.answers + lost

    def _wait(self) -> int:
        poller = select.poll()
        is_sending = self._sent < len(self._out)
        poller.register(self._connection, select.POLLIN | (select.POLLOUT if is_sending else 0))
        seen = poller.poll(self._timeout)
        if not seen:
            raise LostError("timed out")
        return seen[0][1]

    def _send(self) -> None:
        try:
            with memoryview(self._out) as view:
                while self._sent < len(self._out):
                    self._sent += self._connection.send(view[self._sent : self._sent + _PIECE])
        except BlockingIOError:
            return
        except OSError as error:
            raise LostError(str(error)) from error

    def _receive(self, inbox: wire.Inbox) -> None:
        try:
            piece = self._connection.recv(_PIECE)
        except BlockingIOError:
            return
        except OSError as error:
            raise LostError(str(error)) from error
        if not piece:
            raise LostError("closed")
        inbox.add(piece)
        while frames := inbox.take(len(self._starts) - len(self.answers)):
            for frame in frames:  # what was read before one that can't be stays known
                self.answers.append(wire.read_answer(frame))
        if len(self.answers) == len(self._starts) and not inbox.is_empty:
            raise wire.BadFrameError("an answer that nobody asked for")


def _request(ask: SignatureAsk) -> bytes | Refused:
    kind = _KINDS.get(ask.kind)
    if kind is None:
        return Refused([Finding.error("signer.kind", ask.kind[:40])])
    return wire.write_request(wire.SignatureRequest(kind, ask.issuer, ask.generation, ask.tbs))


def _is_quiet(connection: socket.socket) -> bool:
    """Whether the other end is there and owes nothing."""
    poller = select.poll()
    poller.register(connection, select.POLLIN | select.POLLHUP | select.POLLERR)
    return not poller.poll(0)  # an event: closed, or an answer that nobody asked for
