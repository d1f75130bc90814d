"""Octets over a Unix socket: an address that may be long, exact reads, and who is at the other end."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_LONGEST_ADDRESS = 100
_CHUNK = 1 << 20
_CREDENTIALS = struct.Struct("3i")


class LostError(Exception):
    """The other end went away, or did not answer in time."""


@contextmanager
def address_of(path: Path) -> Iterator[str]:
    """An address for `path` that fits in a socket's 108 octets, however deep the folder lies."""
    if len(os.fsencode(path)) <= _LONGEST_ADDRESS:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def peer_uid(connection: socket.socket) -> int:
    """The user id of the process at the other end, as the kernel knows it [unix(7), SO_PEERCRED]."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, _ = _CREDENTIALS.unpack(raw)
    return int(uid)


def receiver(connection: socket.socket) -> Callable[[int], bytes]:
    """A function that reads exactly so many octets, or raises `LostError`."""

    def receive(count: int) -> bytes:
        kept = bytearray()
        while len(kept) < count:
            try:
                piece = connection.recv(min(count - len(kept), _CHUNK))
            except OSError as error:
                raise LostError(str(error)) from error
            if not piece:
                raise LostError("closed")
            kept += piece
        return bytes(kept)

    return receive
