"""The sealed part of the signer's record: segments that will never change, each with a seal and an index.

`ledger.sealed/000000050000.jsonl` holds the lines from 50,000 on, as they were written; the `.seal` beside it
says what they add up to (digests, highest list numbers, intents still under way at the border, the serials'
range), and names the seal before it, so that the chain of seals stands for all the lines. A start reads the
seals; the lines are read again by `ledger_lines`, which is what the nightly re-reading and `sceau ledger
verify` do.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sceau.custody.folders import make_private_folder, replace_file, sync_folder
from sceau.custody.ledger_index import Index, index_bytes
from sceau.custody.ledger_lines import (
    GENESIS,
    Line,
    digest_of,
    intent_data,
    read_intent,
    read_line,
    read_time,
    time_text,
)
from sceau.custody.ledger_state import BEGINNING, Mark, State, UnderWay
from sceau.vocabulary import Fault


@dataclass(frozen=True, slots=True)
class Seal:
    """What a sealed segment adds up to. `sha256` and `size` are its file's, `before` the digest of the seal
    before it, `serials` the count, lowest and highest of what it settled, by issuer.
    """

    first: int
    mark: Mark
    size: int
    sha256: str
    before: str
    serials: dict[str, tuple[int, int, int]]


def sealed_folder(ledger: Path) -> Path:
    """Where the sealed segments of the ledger at `ledger` are: ``ledger.sealed`` beside ``ledger.jsonl``."""
    return ledger.with_suffix(".sealed")


def segment_path(folder: Path, first: int) -> Path:
    """The segment that begins with line `first`."""
    return folder / f"{first:012d}.jsonl"


class Segments:
    """Every sealed segment of a ledger, known by its seals."""

    def __init__(self, ledger: Path) -> None:
        """Read the chain of seals. Raises `Fault` (``ledger.broken``) when a segment is missing, or not as
        its seal says.
        """
        self._folder = sealed_folder(ledger)
        self._seals: list[Seal] = []
        self._indexes: dict[int, Index] = {}
        self._highest: dict[str, int] = {}
        self._digest = GENESIS
        for path in sorted(self._folder.glob("*.jsonl")):
            if path != segment_path(self._folder, self.mark.next):
                raise broken(path, self.mark.next)
            self._keep(*read_seal(path, before=self._digest))

    @property
    def mark(self) -> Mark:
        """Where the open segment begins."""
        return self._seals[-1].mark if self._seals else BEGINNING

    def __len__(self) -> int:
        return len(self._seals)

    def is_last(self, file: int) -> bool:
        """Whether an open file is the last sealed segment itself: a crash came between its seal and the file
        that was to follow.
        """
        if not self._seals or os.fstat(file).st_size != self._seals[-1].size:
            return False
        with os.fdopen(os.dup(file), "rb") as again:
            again.seek(0)
            return hashlib.file_digest(again, "sha256").hexdigest() == self._seals[-1].sha256

    def is_taken(self, issuer: str, serial: int) -> bool:
        """Whether a sealed segment settled `serial`. A serial above all of them (a new one begins with the
        time) costs one comparison.
        """
        if serial > self._highest.get(issuer, -1):
            return False
        return any(
            (issuer, serial) in self._index(at)
            for at, seal in enumerate(self._seals)
            if issuer in seal.serials and seal.serials[issuer][1] <= serial <= seal.serials[issuer][2]
        )

    def seal(self, ledger: Path, state: State, *, size: int, sha256: str) -> None:
        """Make the file at `ledger`, whose lines `state` has read, the next sealed segment. It then has two
        names, and the caller gives the first one to a new file.

        Raises OSError, or `Fault` (``ledger.broken``) when the disk does not hold what was written: then
        nothing is sealed.
        """
        make_private_folder(self._folder)
        with ledger.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                raise broken(ledger, state.next)
        settled = state.settled()
        spans = {issuer: (len(some), some[0], some[-1]) for issuer, some in settled.items()}
        seal = Seal(state.first, state.mark(), size, sha256, self._digest, spans)
        path = segment_path(self._folder, state.first)
        replace_file(path.with_suffix(".index"), index_bytes(sha256, settled), mode=0o600)
        written = _write_seal(seal)
        replace_file(path.with_suffix(".seal"), written, mode=0o600)
        os.link(ledger, path)
        try:
            sync_folder(self._folder)
        except OSError:
            path.unlink()
            raise
        self._keep(seal, digest_of(written))

    def _keep(self, seal: Seal, digest: str) -> None:
        self._seals.append(seal)
        self._digest = digest
        for issuer, (_, _, highest) in seal.serials.items():
            self._highest[issuer] = max(highest, self._highest.get(issuer, -1))

    def _index(self, at: int) -> Index:
        if at not in self._indexes:
            self._indexes[at] = self._open_index(at)
        return self._indexes[at]

    def _open_index(self, at: int) -> Index:
        seal = self._seals[at]
        path = segment_path(self._folder, seal.first)
        index = path.with_suffix(".index")
        try:
            return Index(index, seal.sha256)
        except (OSError, ValueError, KeyError, TypeError):  # derived: made again from what it is derived from
            index.unlink(missing_ok=True)
            state = State(self._seals[at - 1].mark if at else BEGINNING)
            for _ in sealed_lines(path, state, before=seal.before):
                pass
            replace_file(index, index_bytes(seal.sha256, state.settled()), mode=0o600)
            return Index(index, seal.sha256)


def sealed_lines(path: Path, state: State, *, before: str) -> Iterator[Line]:
    """Every line of a sealed segment, read into `state`, and at its end whether seal and index say the same.

    Raises `Fault` (``ledger.broken``).
    """
    seal, _ = read_seal(path, before=before)
    whole = hashlib.sha256()
    with path.open("rb") as file:
        for raw in file:
            line = read_line(raw, index=state.next, previous=state.previous)
            if line is None:
                raise broken(path, state.next)
            whole.update(raw)
            state.remember(digest_of(raw), line.what)
            yield line
    settled = state.settled()
    spans = {issuer: (len(some), some[0], some[-1]) for issuer, some in settled.items()}
    if (seal.sha256, seal.mark, seal.serials) != (whole.hexdigest(), state.mark(), spans):
        raise broken(path.with_suffix(".seal"), state.next)
    index = path.with_suffix(".index")
    if index.exists() and index.read_bytes() != index_bytes(seal.sha256, settled):
        raise broken(index, state.next)


def read_seal(path: Path, *, before: str) -> tuple[Seal, str]:
    """The seal of the segment at `path`, and its digest. Raises `Fault` (``ledger.broken``) when there is
    none, when it does not follow the seal of digest `before`, or when the segment's file has another size.
    """
    first = int(path.stem)
    try:
        raw = path.with_suffix(".seal").read_bytes()
        seal = _parse(json.loads(raw))
        # One spelling, as for lines: nothing hides in a seal.
        is_itself = _write_seal(seal) == raw and path.stat().st_size == seal.size
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise broken(path.with_suffix(".seal"), first) from error
    if not is_itself or seal.first != first or seal.before != before:
        raise broken(path.with_suffix(".seal"), first)
    return seal, digest_of(raw)


def broken(path: Path, index: int) -> Fault:
    """What is said of a ledger that does not hold together at line `index`."""
    return Fault("ledger.broken", retryable=False, detail=f"{path}: line {index}")


def _write_seal(seal: Seal) -> bytes:
    mark = seal.mark
    data = {
        "first": seal.first,
        "next": mark.next,
        "last": mark.previous,
        "at": None if mark.at is None else time_text(mark.at),
        "size": seal.size,
        "sha256": seal.sha256,
        "before": seal.before,
        "numbers": [list(one) for one in mark.numbers],
        "serials": [
            [issuer, count, f"{low:x}", f"{high:x}"] for issuer, (count, low, high) in seal.serials.items()
        ],
        "under_way": [[one.index, one.before, intent_data(one.intent)] for one in mark.under_way],
    }
    return json.dumps(data, indent=1).encode("ascii") + b"\n"


def _parse(data: dict[str, Any]) -> Seal:
    under_way = tuple(UnderWay(index, read_intent(said), last) for index, last, said in data["under_way"])
    at = None if data["at"] is None else read_time(data["at"])
    numbers = tuple((issuer, generation, number) for issuer, generation, number in data["numbers"])
    mark = Mark(data["next"], data["last"], at, numbers, under_way)
    serials = {issuer: (count, int(low, 16), int(high, 16)) for issuer, count, low, high in data["serials"]}
    return Seal(data["first"], mark, data["size"], data["sha256"], data["before"], serials)
