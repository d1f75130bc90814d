"""What the lines of the signer's record add up to: which serials are taken, how high list numbers went, what
is still under way.

Kept for one segment at a time: what was settled before is in the sealed segments' indexes, what crosses the
border is in the mark between them. It reads no file and judges no line.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sceau.custody.ledger_lines import GENESIS, LIST_KINDS, Intent, Outcome, OutcomeKind


@dataclass(frozen=True, slots=True)
class UnderWay:
    """An intent without outcome yet, on line `index`. `before` is the highest number of that list's key
    before it, should the intent come to nothing.
    """

    index: int
    intent: Intent
    before: int


@dataclass(frozen=True, slots=True)
class Mark:
    """The border between two segments: the next line's index, the digest of the line before it, the latest
    time so far, the highest list number of each key, and the intents whose outcome is still to come.
    """

    next: int
    previous: str
    at: datetime | None
    numbers: tuple[tuple[str, int, int], ...]
    under_way: tuple[UnderWay, ...]


BEGINNING = Mark(0, GENESIS, None, (), ())


class State:
    """What is known after the lines of one segment, begun at a mark."""

    def __init__(self, mark: Mark) -> None:
        self.first = mark.next
        self.next = mark.next
        self.previous = mark.previous
        self.last_at = mark.at
        self._under_way = {one.index: (one.intent, one.before) for one in mark.under_way}
        self._numbers = {(issuer, generation): number for issuer, generation, number in mark.numbers}
        self._taken: dict[str, set[int]] = {}
        for one in mark.under_way:
            self._take(one.intent)

    @property
    def lines(self) -> int:
        """How many lines this segment has."""
        return self.next - self.first

    @property
    def under_way(self) -> list[int]:
        """The lines of the intents without outcome yet, ascending."""
        return sorted(self._under_way)

    def is_taken(self, issuer: str, serial: int) -> bool:
        """Whether this segment (or an intent it took over) holds `serial`."""
        return serial in self._taken.get(issuer, ())

    def last_number(self, issuer: str, generation: int) -> int:
        """The highest CRL number ever meant to be signed for that key; -1 when there is none."""
        return self._numbers.get((issuer, generation), -1)

    def remember(self, digest: str, what: Intent | Outcome) -> None:
        """Take in the next line, of that digest."""
        if isinstance(what, Intent):
            last = self._numbers.get((what.issuer, what.generation), -1)
            self._under_way[self.next] = what, last
            if what.kind in LIST_KINDS:
                self._numbers[what.issuer, what.generation] = max(last, what.serial)
            else:
                self._take(what)
        else:
            ended = self._under_way.pop(what.of, None)
            if ended is not None and what.kind is OutcomeKind.UNSENT:
                self._release(*ended)
        self.previous = digest
        self.next += 1
        if self.last_at is None or what.at > self.last_at:
            self.last_at = what.at

    def settled(self) -> dict[str, list[int]]:
        """The serials of each issuer that this segment settled for ever, sorted."""
        waiting = {
            (intent.issuer, intent.serial) for intent, _ in self._under_way.values() if not intent.is_crl
        }
        sorted_ones = {
            issuer: sorted(serial for serial in serials if (issuer, serial) not in waiting)
            for issuer, serials in sorted(self._taken.items())
        }
        return {issuer: serials for issuer, serials in sorted_ones.items() if serials}

    def mark(self) -> Mark:
        """The border after the lines so far."""
        numbers = tuple(sorted((*key, number) for key, number in self._numbers.items()))
        waiting = tuple(UnderWay(index, *self._under_way[index]) for index in self.under_way)
        return Mark(self.next, self.previous, self.last_at, numbers, waiting)

    def _take(self, intent: Intent) -> None:
        if intent.kind in LIST_KINDS:
            return
        taken = self._taken.get(intent.issuer)
        if taken is None:
            taken = self._taken[intent.issuer] = set()
        taken.add(intent.serial)

    def _release(self, intent: Intent, before: int) -> None:
        """Forget the number of an intent that never reached a key."""
        if not intent.is_crl:
            self._taken[intent.issuer].discard(intent.serial)
        elif self.last_number(intent.issuer, intent.generation) == intent.serial:
            self._numbers[intent.issuer, intent.generation] = before
