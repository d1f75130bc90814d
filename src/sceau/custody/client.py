"""Asking the signer, from a process that has no key. One of the two ways to satisfy `certification.Signer`.

What it may never do is ask twice: once a byte was sent, an answer that does not come leaves the outcome
unknown, and the caller burns the serial [ASSURANCE §0.2, décision 10].
"""

from __future__ import annotations

import select
import socket
import threading
from pathlib import Path

from sceau.custody import wire
from sceau.custody.channel import LostError, address_of, receiver
from sceau.custody.ledger_lines import SignatureKind
from sceau.vocabulary import Fault, Finding, Refused


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
        if kind not in {known.value for known in SignatureKind}:
            raise Refused([Finding.error("signer.kind", kind[:40])])
        frame = wire.write_request(wire.SignatureRequest(SignatureKind(kind), issuer, generation, tbs))
        connection = self._connect_and_send(frame)
        try:
            answer = wire.read_answer(receiver(connection))
        except (LostError, wire.BadFrameError) as error:
            connection.close()
            raise Fault("signer.outcome-unknown", retryable=False, detail=str(error)) from error
        except (Refused, Fault):
            self._give_back(connection)
            raise
        except BaseException:  # interrupted while waiting: the answer must not be read by the next caller
            connection.close()
            raise
        self._give_back(connection)
        return answer

    def is_reachable(self) -> bool:
        """Whether the signer accepts a connection now; for a status page."""
        try:
            self._give_back(self._fresh())
        except Fault:
            return False
        return True

    def close(self) -> None:
        """Close the connections kept."""
        with self._lock:
            kept, self._idle = self._idle, []
        for connection in kept:
            connection.close()

    def _connect_and_send(self, frame: bytes) -> socket.socket:
        connection = self._take_live() or self._fresh()
        sent = 0
        view = memoryview(frame)
        try:
            while sent < len(frame):
                sent += connection.send(view[sent : sent + (1 << 20)])
        except OSError as error:
            connection.close()
            if sent == 0:
                raise Fault("signer.unreachable", retryable=True, detail=str(error)) from error
            raise Fault("signer.outcome-unknown", retryable=False, detail=str(error)) from error
        return connection

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
        return connection

    def _give_back(self, connection: socket.socket) -> None:
        with self._lock:
            self._idle.append(connection)


def _is_quiet(connection: socket.socket) -> bool:
    """Whether the other end is there and owes nothing."""
    poller = select.poll()
    poller.register(connection, select.POLLIN | select.POLLHUP | select.POLLERR)
    return not poller.poll(0)  # an event: closed, or an answer that nobody asked for
