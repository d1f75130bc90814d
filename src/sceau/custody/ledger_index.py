"""Which serials a sealed segment of the signer's record settled: a sorted file, looked into in place.

A line of JSON (the segment's SHA-256, how many serials of which issuers), then 20 octets a serial, ascending
for each issuer. It is derived: made again from the segment when it is missing, compared with it when the
record is verified.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Mapping, Sequence
from pathlib import Path

_OCTETS = 20


def index_bytes(segment: str, settled: Mapping[str, Sequence[int]]) -> bytes:
    """The file for a segment of that SHA-256 (hex). `settled` are sorted serials by issuer."""
    head = {"segment": segment, "issuers": [[issuer, len(serials)] for issuer, serials in settled.items()]}
    records = (serial.to_bytes(_OCTETS, "big") for serials in settled.values() for serial in serials)
    return json.dumps(head, separators=(",", ":")).encode("ascii") + b"\n" + b"".join(records)


class Index:
    """An index file, mapped: what is not looked at takes no memory."""

    def __init__(self, path: Path, segment: str) -> None:
        """Raises ValueError when it is not that segment's, OSError when it is not there."""
        with path.open("rb") as file:
            head = json.loads(file.readline())
            start = file.tell()
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._places: dict[str, tuple[int, int]] = {}
        for issuer, count in head["issuers"]:
            self._places[issuer] = (start, count)
            start += _OCTETS * count
        if head["segment"] != segment or start != len(self._map):
            raise ValueError(f"{path} is not the index of {segment}")

    def __contains__(self, one: tuple[str, int]) -> bool:
        """Whether it has the serial, of that issuer."""
        issuer, serial = one
        start, count = self._places.get(issuer, (0, 0))
        wanted, low, high = serial.to_bytes(_OCTETS, "big"), 0, count
        while low < high:
            middle = (low + high) // 2
            at = start + _OCTETS * middle
            if self._map[at : at + _OCTETS] < wanted:
                low = middle + 1
            else:
                high = middle
        at = start + _OCTETS * low
        return low < count and self._map[at : at + _OCTETS] == wanted
