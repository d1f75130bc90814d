"""The offline check of a journal: recompute everything, and name the first position where something differs.

Needs no database and trusts none: entries, heads and the public key are enough, on any machine. It finds an
entry edited, removed, swapped, put back elsewhere or added, a tail cut off behind a later head, heads that
tell two stories, and disclosed data that are not what was committed. What it cannot find is a lie told in the
entry itself when it was written, nor a tail cut off together with every head that covered it: keep heads
elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sceau.journal.entries import Disclosure, Entry, commit, read_disclosure, read_entry
from sceau.journal.heads import HeadVerifier, TreeHead, read_head
from sceau.journal.tree import fold, leaf_hash
from sceau.journal.walk import JournalFlaw, Walk
from sceau.vocabulary import Finding, Reading

_MOST = 100  # flaws listed of one kind: a broken file of a million lines is told, not repeated


@dataclass(frozen=True, slots=True)
class Export:
    """A journal to check, as streams. Positions start at 0.

    `entries` are the leaves' bytes, in order; `heads` signed notes; `verifiers` the keys they are checked
    with; `leaves` the stored leaf hashes, which pin a changed entry to its exact position (without them a
    changed entry is known to lie between two heads); `disclosures` lines in order of position; `witnessed`
    notes kept by others.
    """

    entries: Iterable[bytes]
    heads: Iterable[str]
    verifiers: Sequence[HeadVerifier]
    leaves: Iterable[bytes] | None = None
    disclosures: Iterable[bytes] = ()
    witnessed: Iterable[str] = ()


@dataclass(frozen=True, slots=True)
class Verification:
    """What the check found: how many entries and heads were read, the root over the entries, and every flaw.

    The journal holds when there is no flaw. Flaws stand in order of position, those of the heads last.
    """

    size: int
    root: bytes
    heads: int
    disclosures: int
    flaws: tuple[JournalFlaw, ...]

    @property
    def first(self) -> int | None:
        """The first position where anything differs; None when no position does."""
        return next((flaw.position for flaw in self.flaws), None)


def verify_export(export: Export) -> Verification:
    """Check a whole journal in one pass; memory does not grow with its length, but for its heads."""
    flaws: list[JournalFlaw] = []
    heads = _heads_in_order(export, flaws)
    walk = Walk(heads, flaws, None if export.leaves is None else iter(export.leaves))
    opened = _Disclosures(export.disclosures, flaws)
    for position, line in enumerate(export.entries):
        reading = read_entry(line)
        walk.take(leaf_hash(line))
        _note(flaws, position, reading.findings)
        opened.check(position, reading)
    walk.close()
    opened.close(walk.size)
    flaws.sort(key=lambda flaw: (flaw.position is None, flaw.position or 0))
    return Verification(walk.size, fold(walk.stack), len(heads), opened.count, tuple(flaws))


def _heads_in_order(export: Export, flaws: list[JournalFlaw]) -> list[TreeHead]:
    """Heads that one of the keys signed, by size; unsigned ones and forks are flaws."""
    heads: dict[int, TreeHead] = {}
    for note in (*export.heads, *export.witnessed):
        reading = read_head(note, export.verifiers)
        if reading.value is None:
            _note(flaws, None, reading.findings)
            continue
        head = reading.value
        known = heads.setdefault(head.size, head)
        if known.root != head.root:
            _flaw(flaws, None, Finding.error("journal.fork", str(head.size)))
    if not heads:
        _flaw(flaws, None, Finding.error("journal.no-head", "heads"))
    return [heads[size] for size in sorted(heads)]


@dataclass(slots=True)
class _Disclosures:
    """Disclosures walked beside the entries, each opened against the commitment of its own entry."""

    lines: Iterable[bytes]
    flaws: list[JournalFlaw]
    count: int = 0
    ahead: Disclosure | None = None
    reached: int = -1

    def __post_init__(self) -> None:
        self.lines = iter(self.lines)
        self._advance()

    def check(self, position: int, entry: Reading[Entry]) -> None:
        while self.ahead is not None and self.ahead.position <= position:
            if self.ahead.position < position:
                _flaw(self.flaws, self.ahead.position, _out_of_order(self.ahead))
            elif entry.value is None or not _opens(self.ahead, entry.value):
                _flaw(self.flaws, position, _does_not_open(self.ahead))
            self._advance()

    def close(self, size: int) -> None:
        while self.ahead is not None:
            wrong = _no_entry(self.ahead) if self.ahead.position >= size else _out_of_order(self.ahead)
            _flaw(self.flaws, self.ahead.position, wrong)
            self._advance()

    def _advance(self) -> None:
        self.ahead = None
        for line in self.lines:
            reading = read_disclosure(line)
            self.count += 1
            if reading.value is not None:
                self.ahead = reading.value
                self.reached = max(self.reached, reading.value.position)
                return
            _note(self.flaws, max(self.reached, 0), reading.findings)


def _opens(disclosure: Disclosure, entry: Entry) -> bool:
    try:
        return commit(disclosure.data, salt=disclosure.salt) == entry.committed(disclosure.name)
    except ValueError:
        return False


def _out_of_order(disclosure: Disclosure) -> Finding:
    return Finding.error("journal.disclosure-order", str(disclosure.position), name=disclosure.name)


def _does_not_open(disclosure: Disclosure) -> Finding:
    return Finding.error("journal.disclosure-differs", str(disclosure.position), name=disclosure.name)


def _no_entry(disclosure: Disclosure) -> Finding:
    return Finding.error("journal.disclosure-alone", str(disclosure.position), name=disclosure.name)


def _note(flaws: list[JournalFlaw], position: int | None, findings: Iterable[Finding]) -> None:
    for finding in findings:
        _flaw(flaws, position, finding)


def _flaw(flaws: list[JournalFlaw], position: int | None, finding: Finding) -> None:
    if sum(1 for flaw in flaws if flaw.finding.code == finding.code) < _MOST:
        flaws.append(JournalFlaw(position, position, finding))
