"""The signer's door: a Unix socket in a folder of its own, for one user, one message, a thread a connection.

It decides who may ask (the user id, told by the kernel) and hands what was asked to the desk. There is no
listening port, no login, no other verb.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
from collections.abc import Collection, Sequence
from pathlib import Path

from sceau.custody import wire
from sceau.custody.channel import LostError, address_of, peer_uid
from sceau.custody.desk import SigningDesk
from sceau.custody.folders import check_private_folder
from sceau.vocabulary import Refused

log = logging.getLogger("sceau.signer")

_MOST_CONNECTIONS = 128
_ANSWER_SECONDS = 600.0
_LAST_WORDS_SECONDS = 10.0
_PIECE = 1 << 20
_MOST_TOGETHER = 256  # so few that the first answers are not kept back for long


class SignerServer:
    """Listens at `path` and answers for `desk`. `uids` are the users whose processes may ask."""

    def __init__(self, desk: SigningDesk, path: Path, *, uids: Collection[int] | None = None) -> None:
        self._desk = desk
        self._path = path
        self._uids = frozenset((os.geteuid(),) if uids is None else uids)
        self._room = threading.BoundedSemaphore(_MOST_CONNECTIONS)
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._busy = 0
        self._lock = threading.Condition()

    def listen(self) -> None:
        """Take the address, in place of what a former signer left. The ledger's lock made sure that it is
        gone.

        Raises `Fault` (``folder.open``) when the socket's folder is open to others.
        """
        check_private_folder(self._path.parent)
        self._path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            with address_of(self._path) as address:
                listener.bind(address)
        finally:
            os.umask(before)
        listener.listen(_MOST_CONNECTIONS)
        self._listener = listener

    def serve(self) -> None:
        """Accept until `close`; to be run in a thread of its own."""
        listener = self._listener
        while listener is not None:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self._welcome(connection)

    def close(self) -> None:
        """Accept nobody any more, let answers under way go out, and close every connection."""
        with self._lock:
            listener, self._listener = self._listener, None
        if listener is not None:
            _shut(listener)
            self._path.unlink(missing_ok=True)
        with self._lock:
            self._lock.wait_for(lambda: self._busy == 0, timeout=_LAST_WORDS_SECONDS)
            connections = list(self._open)
        for connection in connections:
            _shut(connection)

    def _welcome(self, connection: socket.socket) -> None:
        uid = peer_uid(connection)
        if uid not in self._uids or not self._room.acquire(blocking=False):
            log.warning("connection of user %d not accepted", uid)
            connection.close()
            return
        with self._lock:
            self._open.add(connection)
        threading.Thread(target=self._attend, args=(connection,), daemon=True).start()

    def _attend(self, connection: socket.socket) -> None:
        inbox = wire.requests_inbox()
        try:
            while True:
                self._converse(connection, inbox)
        except (LostError, wire.BadFrameError, OSError, TimeoutError) as error:
            log.debug("connection ended: %s", error)
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()
            self._room.release()

    def _converse(self, connection: socket.socket, inbox: wire.Inbox) -> None:
        """Wait for requests, then answer all that are there, in their order."""
        piece = connection.recv(_PIECE)
        if not piece:
            raise LostError("closed")
        inbox.add(piece)
        while asked := wire.take_requests(inbox, most=_MOST_TOGETHER):
            with self._lock:
                self._busy += 1
            try:
                connection.sendall(b"".join(map(wire.write_answer, self._answers(asked))))
            finally:
                with self._lock:
                    self._busy -= 1
                    self._lock.notify_all()

    def _answers(self, asked: Sequence[wire.SignatureRequest | Refused]) -> list[wire.Answer]:
        requests = [one for one in asked if isinstance(one, wire.SignatureRequest)]
        signed = iter(self._desk.submit(requests).result(_ANSWER_SECONDS))
        answers = [one if isinstance(one, Refused) else next(signed) for one in asked]
        for one in answers:
            if not isinstance(one, bytes):
                log.info("not signed: %s", one)
        return answers


def _shut(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
