"""What a list must not lose: every serial on the one before, but those whose certificate has ended.

A revocation is final. If the records no longer know one that a signed list tells the world, it is the records
that are wrong, and a list made from them would put a revoked certificate back in service.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from sceau.status import der
from sceau.status.crl_shape import read_shape
from sceau.status.der import NotDerError, Reader, elements


def dropped_serials(before: bytes, entries: Collection[bytes]) -> tuple[int, ...]:
    """The serials on the signed list `before` (DER) that none of `entries` (each one or more whole entries as
    `crl_entry` makes them) names.

    `ValueError` when `before` is no list in DER.
    """
    return dropped_from(listed_octets(before), entries)


def listed_octets(signed: bytes) -> bytes:
    """The entries of a signed list (DER), one after the other. `ValueError` when it is no list."""
    shape = read_shape(signed, is_signed=True)
    return signed[shape.begins : shape.ends]


def dropped_from(before: bytes, entries: Collection[bytes]) -> tuple[int, ...]:
    """The same, for the entries of the list before alone."""
    if b"".join(entries) == before:
        return ()
    odd = list(_unmatched(elements(before, der.SEQUENCE), _each(entries)))
    if not odd:
        return ()
    missing = dict.fromkeys(map(_serial_of, odd))
    for entry in _each(entries):
        missing.pop(_serial_of(entry), None)
    return tuple(missing)


def _each(pieces: Iterable[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        yield from elements(piece, der.SEQUENCE)


def _unmatched(before: Iterator[bytes], after: Iterator[bytes]) -> Iterator[bytes]:
    """The entries of `before` that `after` does not have in the same order: lists grow at their end, so that
    this is few where little was lost, and those are then looked for everywhere.
    """
    wanted = next(after, None)
    for entry in before:
        if entry == wanted:
            wanted = next(after, None)
        else:
            yield entry


def _serial_of(entry: bytes) -> int:
    content = Reader(entry).enter(der.SEQUENCE).take(der.INTEGER)
    if not content:
        raise NotDerError("a serial of no bytes")
    return int.from_bytes(content, "big", signed=True)
