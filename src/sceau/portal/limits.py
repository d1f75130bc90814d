"""How often the same address may try something costly or guessable, counted for all processes of a machine.

A brake, not a wall: the verbs hold the limits that count (codes), in the database. The counts are a table of
fixed size in a file that the processes share (`post_brakes`); a stranger's try writes nothing to the
database, and no number of addresses makes the table grow.
"""

from __future__ import annotations

import fcntl
import hashlib
import ipaddress
import logging
import mmap
import os
import struct
import threading
from pathlib import Path

from django.http import HttpRequest

log = logging.getLogger("sceau.limits")

KEY_TRIES = 10
"""A minute, of proving a compromised key by a signature: on the page and by the API together."""
_SLOTS = 1 << 16
_SLOT = struct.Struct("<II")  # the minute, and how many in it
_ROWS = 2


class Brakes:
    """A table of counts. An address has one place in each of two rows, and its count is the lesser: two
    addresses must share both places, in the same minute, to be counted together. The places are drawn with
    a secret of the file, so that nobody picks another's.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._file = -1
        size = 32 + _ROWS * _SLOTS * _SLOT.size
        if path is None:
            self._table = mmap.mmap(-1, size)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            with _Locked(self._file):
                if os.fstat(self._file).st_size != size:
                    os.truncate(self._file, 0)
                    os.truncate(self._file, size)
                    os.pwrite(self._file, os.urandom(32), 0)
            self._table = mmap.mmap(self._file, size)
        if path is None:
            self._table[:32] = os.urandom(32)

    def count(self, what: str, address: str, *, minute: int) -> int:
        """Count a try; how many there were in this minute, this one included."""
        key = hashlib.blake2b(f"{what}\0{address}".encode(), key=self._table[:32], digest_size=8).digest()
        places = [
            32 + _SLOT.size * (row * _SLOTS + int.from_bytes(key[4 * row : 4 * row + 4], "big") % _SLOTS)
            for row in range(_ROWS)
        ]
        with _Locked(self._file):
            return min(self._add(place, minute & 0xFFFFFFFF) for place in places)

    def _add(self, place: int, minute: int) -> int:
        known, many = _SLOT.unpack_from(self._table, place)
        many = min(many + 1, 0xFFFFFFFF) if known == minute else 1
        _SLOT.pack_into(self._table, place, minute, many)
        return many


_threads = threading.Lock()


class _Locked:
    """The table held against the other threads, and the file against the other processes."""

    def __init__(self, file: int) -> None:
        self._file = file

    def __enter__(self) -> None:
        _threads.acquire()
        if self._file >= 0:
            fcntl.lockf(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        if self._file >= 0:
            fcntl.lockf(self._file, fcntl.LOCK_UN)
        _threads.release()


_places: list[Path | None] = [None]
_posted: list[Brakes] = []


def post_brakes(path: Path | None) -> None:
    """Count in the file at `path` from now on (made when something is first counted); None: in this process's
    memory, from zero.
    """
    _places[:] = [path]
    _posted.clear()


def brakes() -> Brakes:
    """The table in use. A file that cannot be had is said in the log, and this process counts alone."""
    if not _posted:
        try:
            _posted.append(Brakes(_places[0]))
        except OSError as error:
            log.warning("counts are not shared with other processes: %s", error)
            _posted.append(Brakes())
    return _posted[0]


def too_often(request: HttpRequest, what: str, *, per_minute: int) -> bool:
    """Count this try; whether it is one too many for this minute."""
    return brakes().count(what, network_of(request), minute=_minute()) > per_minute


def too_often_from(address: str, what: str, *, per_minute: int) -> bool:
    """The same for another door: `address` is an IP address, or the network that stands for it."""
    network = _network(address.partition("/")[0])
    return brakes().count(what, network, minute=_minute()) > per_minute


def network_of(request: HttpRequest) -> str:
    """Whose tries are counted together: an IPv4 address, or the /64 that one IPv6 subscriber holds whole."""
    return _network(request.META.get("REMOTE_ADDR") or "?")


def _network(told: str) -> str:
    try:
        address = ipaddress.ip_address(told)
    except ValueError:
        return told
    if address.version == 4:
        return str(address)
    return str(address.ipv4_mapped or ipaddress.ip_network((int(address) >> 64 << 64, 64)).network_address)


def _minute() -> int:
    from sceau.operations import machine

    return int(machine().clock().timestamp() // 60)
