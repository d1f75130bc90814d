"""Who gets a place on a listener before anything is known of them: so many connections an address, so many
in all, and as many open files as the system lets us have.

A place is counted from the moment a connection is taken, not from the end of its TLS handshake: a client
that never shakes hands holds one like any other [ASSURANCE T31, T63]. Decides nothing about what is asked.
"""

from __future__ import annotations

import contextlib
import logging
import resource
import socket
import weakref
from typing import Any

from sceau.publication import address_group

log = logging.getLogger("sceau.gate")

MOST_FOR_ONE_ADDRESS = 100
"""A browser keeps six connections: a hospital behind one address has sixteen people at once on one door, and
no one address fills the 500 places of a listener."""
MOST_IN_ALL = 1_000
"""Twice the places of a listener: those above are for handshakes under way and to be told 503."""
HANDSHAKE_SECONDS = 15.0
"""A card signs a handshake in two seconds at most. A PIN asked in the handshake that takes longer is asked
again: browsers connect anew."""
_ENOUGH_FILES = 2_500  # two listeners' connections, the database, the signer, the lists
_MOST_FILES = 65_536


class Gate(socket.socket):
    """A listening socket that takes no more connections from an address than its share."""

    most_for_one = MOST_FOR_ONE_ADDRESS
    most_in_all = MOST_IN_ALL
    _inside: list[tuple[str, weakref.ref[socket.socket]]]

    def accept(self) -> tuple[socket.socket, Any]:
        """The next connection and its address. One too many is closed at once and told as
        `ConnectionAbortedError`, which an event loop takes for a client that left.
        """
        connection, address = super().accept()
        group = address_group(address[0])
        self._inside = [one for one in getattr(self, "_inside", []) if _is_open(one[1]())]
        of_this_one = sum(1 for other, _ in self._inside if other == group)
        if of_this_one >= self.most_for_one or len(self._inside) >= self.most_in_all:
            connection.close()
            raise ConnectionAbortedError("no place left for this address")
        self._inside.append((group, weakref.ref(connection)))
        return connection, address


def _is_open(connection: socket.socket | None) -> bool:
    return connection is not None and connection.fileno() >= 0


def gates(host: str, port: int) -> list[Gate]:
    """A gate for each address that `host` stands for, bound and not yet listening. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    opened: list[Gate] = []
    with contextlib.ExitStack() as undo:
        for family, kind, protocol, _, address in dict.fromkeys(found):
            gate = Gate(family, kind, protocol)
            undo.callback(gate.close)
            gate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                gate.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            gate.bind(address)
            opened.append(gate)
        undo.pop_all()
    return opened


def raise_open_files(*, enough: int = _ENOUGH_FILES) -> int:
    """Let this process open as many files as the system allows it, and give that number; below `enough`, an
    operator is told.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
            soft = allowed
    held = _MOST_FILES if soft == resource.RLIM_INFINITY else soft
    if held < enough:
        log.warning(
            "Ce processus ne peut ouvrir que %d fichiers et connexions ; il en faut %d pour tenir tous ses "
            "clients. Relevez la limite (LimitNOFILE= du service, ou ulimit -n).",
            held,
            enough,
        )
    return held
