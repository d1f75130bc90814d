"""The tree as it grows again under the verifier's eyes, compared with the stored leaf hashes and the signed
heads.

Decides where a journal first differs, and how exactly that can be said. Stored leaf hashes are only believed
when a signed head vouches for them: then the first one that differs is the exact place; else the place is
somewhere after the last head that held.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sceau.journal.heads import TreeHead
from sceau.journal.tree import fold, push
from sceau.vocabulary import Finding


@dataclass(frozen=True, slots=True)
class JournalFlaw:
    """Something that is not as it was: at `position`, or somewhere from there through `through`.

    Both are None when it is a head that is wrong, and no entry.
    """

    position: int | None
    through: int | None
    finding: Finding


@dataclass(slots=True)
class Walk:
    """One pass over the leaf hashes of a journal, in order. `heads` are sorted by size, one for each size."""

    heads: Sequence[TreeHead]
    flaws: list[JournalFlaw]
    leaves: Iterator[bytes] | None = None
    stack: list[bytes] = field(default_factory=list)
    size: int = 0
    held: int = 0  # how many entries the last head that holds vouches for
    broken: bool = False  # a head did not hold: later ones can't either, and say nothing more
    torn: int | None = None  # where a stored leaf hash first differed
    stored: list[bytes] = field(default_factory=list)  # the tree over the stored leaf hashes, from there on
    stored_size: int = 0
    _next: int = 0

    def __post_init__(self) -> None:
        self._compare()

    def take(self, leaf: bytes) -> None:
        """The next entry's leaf hash."""
        if self.leaves is not None:
            self._beside(leaf, next(self.leaves, None))
        push(self.stack, self.size, leaf)
        self.size += 1
        self._compare()

    def close(self) -> None:
        """There are no more entries: say what heads and stored leaf hashes still expect, or do not cover."""
        covered = self.heads[-1].size if self.heads else 0
        if covered > self.size:
            self._cut_off(covered)
        else:
            if self.torn is None and self.leaves is not None and next(self.leaves, None) is not None:
                self._say(self.size, self.size, Finding.error("journal.entry-missing", str(self.size)))
            if self.heads and self.size > covered and not self.broken:
                count = self.size - covered
                self._say(
                    covered, self.size - 1, Finding.error("journal.not-signed", str(covered), count=count)
                )
        if self.torn is not None:
            self._say(self.torn, self.torn, Finding.error("journal.entry-differs", str(self.torn)))

    def _beside(self, leaf: bytes, stored: bytes | None) -> None:
        if self.torn is None and stored != leaf:
            self.torn = self.stored_size = self.size
            self.stored = self.stack.copy()
        if self.torn is not None and stored is not None and self.stored_size == self.size:
            push(self.stored, self.stored_size, stored)
            self.stored_size += 1

    def _compare(self) -> None:
        while self._next < len(self.heads) and self.heads[self._next].size == self.size:
            head = self.heads[self._next]
            self._next += 1
            if fold(self.stack) == head.root:
                self.held = self.size
            elif not self.broken:
                self.broken = True
                if not self._stored_under(head):
                    first, last = self.held, max(self.size - 1, self.held)
                    self._say(first, last, Finding.error("journal.root-differs", str(first), through=last))

    def _stored_under(self, head: TreeHead) -> bool:
        """Whether `head` vouches for the stored leaf hashes, so that the first that differs is the exact
        place.
        """
        return self.torn is not None and self.stored_size == head.size and fold(self.stored) == head.root

    def _cut_off(self, covered: int) -> None:
        first = self.size if self.broken or self._rest_is_stored() else self.held
        details = {"count": self.size, "size": covered}
        self._say(first, covered - 1, Finding.error("journal.cut-off", str(first), **details))

    def _rest_is_stored(self) -> bool:
        """Whether stored leaf hashes go on, through the next head, which vouches for them."""
        if self.leaves is None:
            return False
        if self.torn is None:
            self.stored, self.stored_size = self.stack.copy(), self.size
        head = self.heads[self._next]
        while self.stored_size < head.size and (leaf := next(self.leaves, None)) is not None:
            push(self.stored, self.stored_size, leaf)
            self.stored_size += 1
        return self.stored_size == head.size and fold(self.stored) == head.root

    def _say(self, position: int, through: int, finding: Finding) -> None:
        self.flaws.append(JournalFlaw(position, through, finding))
