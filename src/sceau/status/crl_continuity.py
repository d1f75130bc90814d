"""What a list must not lose: every serial on the one before, but those whose certificate has ended.

A revocation is final. If the records no longer know one that a signed list tells the world, it is the records
that are wrong, and a list made from them would put a revoked certificate back in service.
"""

from __future__ import annotations

from collections.abc import Collection

from sceau.status import der
from sceau.status.der import NotDerError, Reader

_TIMES = (0x17, 0x18)


def dropped_serials(before: bytes, entries: Collection[bytes]) -> tuple[int, ...]:
    """The serials on the signed list `before` (DER) that none of `entries` (as `crl_entry` makes them) names.

    `ValueError` when `before` is no list in DER.
    """
    kept = frozenset(entries)
    changed = [entry for entry in _entries_of(before) if entry not in kept]
    if not changed:
        return ()
    named = {_serial_of(entry) for entry in kept}
    return tuple(serial for serial in map(_serial_of, changed) if serial not in named)


def _entries_of(list_der: bytes) -> list[bytes]:
    """Each element of revokedCertificates, whole [RFC 5280 §5.1.2]."""
    tbs = Reader(list_der).enter(der.SEQUENCE).enter(der.SEQUENCE)
    tbs.take(der.INTEGER)
    tbs.take(der.SEQUENCE)
    tbs.take(der.SEQUENCE)
    while (tag := tbs.next_tag()) in _TIMES:
        tbs.take(tag)
    if tbs.next_tag() != der.SEQUENCE:
        return []
    listed, found = tbs.enter(der.SEQUENCE), []
    while not listed.done:
        found.append(listed.take_whole(der.SEQUENCE))
    return found


def _serial_of(entry: bytes) -> int:
    content = Reader(entry).enter(der.SEQUENCE).take(der.INTEGER)
    if not content:
        raise NotDerError("a serial of no bytes")
    return int.from_bytes(content, "big", signed=True)
