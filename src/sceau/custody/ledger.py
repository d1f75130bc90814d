"""The signer's own record: what was about to be signed, and what was signed.

One JSON line each, chained by SHA-256, in a file that only grows and is on the disk (`fdatasync`) before
anything is signed (the intent) and before anything is handed back (the outcome). It lives outside the
database, so that it can tell what a lost or restored database forgot. It decides two things from what it
holds: whether a serial was already taken, and whether a CRL number rises. It knows neither keys nor
certificates.

``ledger.jsonl`` is its last segment. When that is long enough it is sealed (`ledger_segments`) and a new one
begins where it ends: line numbers and chain go on, and neither start nor memory grow with what was ever
signed.

Trusted against a crash, not against its owner: whoever may write the folder may cut its tail. Tree heads of
the journal, kept elsewhere, tell that.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType

from sceau.custody.folders import sync_folder
from sceau.custody.ledger_lines import (
    GENESIS,
    LIST_KINDS,
    Intent,
    Line,
    Outcome,
    OutcomeKind,
    digest_of,
    read_line,
    write_lines,
)
from sceau.custody.ledger_segments import (
    Segments,
    broken,
    read_seal,
    sealed_folder,
    sealed_lines,
    segment_path,
)
from sceau.custody.ledger_state import BEGINNING, State
from sceau.vocabulary import Fault, Finding, Refused

log = logging.getLogger("sceau.signer")

SEGMENT_LINES = 50_000
"""A segment is sealed at the next write once it has that many lines: half a second of reading at a start."""

_READ_BYTES = 1 << 20


def ledger_lines(path: Path) -> Iterator[Line]:
    """Every line of a ledger, sealed segments first, its chain, seals and indexes checked on the way.

    Raises `Fault` (``ledger.broken``) at the first line that does not follow from the one before it, naming
    it. A torn last line is such a line too: only `Ledger.open`, which owns the file, may set it aside.
    """
    folder, mark, before = sealed_folder(path), BEGINNING, GENESIS
    while True:
        segment = segment_path(folder, mark.next)
        if segment.exists():
            state = State(mark)
            yield from sealed_lines(segment, state, before=before)
            mark, before = state.mark(), read_seal(segment, before=before)[1]
            continue
        with path.open("rb") as file:
            if segment.exists():  # sealed while we came here
                continue
            if mark is not BEGINNING and _is_same(file.fileno(), segment_path(folder, state.first)):
                return  # it has two names until the next segment's file is there
            if any(int(one.stem) >= mark.next for one in folder.glob("*.jsonl")):
                raise broken(segment, mark.next)
            yield from _open_lines(path, file, State(mark))
            return


def _open_lines(path: Path, file: Iterable[bytes], state: State) -> Iterator[Line]:
    for raw in file:
        line = read_line(raw, index=state.next, previous=state.previous)
        if line is None:
            raise broken(path, state.next)
        state.remember(digest_of(raw), line.what)
        yield line


def _is_same(file: int, path: Path) -> bool:
    return os.path.samestat(os.fstat(file), path.stat())


class Ledger:
    """The open ledger, owned by one process (an exclusive lock says so). Not thread-safe: one writer.

    After a failed write it cuts back what was half written; when even that fails, or when the disk refuses to
    confirm, it is *broken* and refuses everything until the signer is started again.
    """

    def __init__(self, path: Path, *, lock: int, segment_lines: int) -> None:
        self._path = path
        self._lock = lock
        self._segment_lines = self._seal_at = segment_lines
        self._segments = Segments(path)
        if self._segments and not path.exists():
            raise broken(path, self._segments.mark.next)
        self._file = _open_alone(path, os.O_CREAT)
        self._length = 0
        self._hash = hashlib.sha256()
        self._broken = False
        self._state = State(self._segments.mark)

    @classmethod
    def open(cls, path: Path, *, at: datetime, segment_lines: int = SEGMENT_LINES) -> Ledger:
        """Open (or make) the ledger, check its chain (of its last segment line by line, of those before it
        seal by seal), set a torn tail aside, and say which outcomes are unknown.

        Every intent that a crash left without outcome gets the outcome *unknown* now: the caller of that
        time never had an answer, the serial stays taken, the certificate is presumed to exist [ASSURANCE
        decision 10].

        Raises `Fault`: ``ledger.in-use`` when another signer holds it, ``ledger.broken`` when the chain is.
        """
        lock = _open_alone(path.with_suffix(".lock"), os.O_CREAT)
        try:
            ledger = cls(path, lock=lock, segment_lines=segment_lines)
        except BaseException:
            os.close(lock)
            raise
        try:
            sync_folder(path.parent)
            ledger._recall()
            ledger._close_unknown(at)
            ledger._seal_if_long()  # one file of a time before there were segments
        except BaseException:
            ledger.close()
            raise
        return ledger

    def close(self) -> None:
        """Give the file and its lock back."""
        os.close(self._file)
        os.close(self._lock)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def unanswered(self) -> int:
        """How many intents have no outcome yet."""
        return len(self._state.under_way)

    @property
    def last_at(self) -> datetime | None:
        """The latest time in it, None while it is empty."""
        return self._state.last_at

    def is_taken(self, issuer: str, serial: int) -> bool:
        """Whether `serial` was ever sent to be signed under `issuer`, whatever came of it."""
        return self._state.is_taken(issuer, serial) or self._segments.is_taken(issuer, serial)

    def last_number(self, issuer: str, generation: int) -> int:
        """The highest CRL number ever meant to be signed for that key; -1 when there is none."""
        return self._state.last_number(issuer, generation)

    def admit(self, intent: Intent) -> None:
        """Raise `Refused` if the ledger already holds what `intent` would sign: a serial taken, a number
        not rising.
        """
        if intent.kind in LIST_KINDS:
            last = self.last_number(intent.issuer, intent.generation)
            if intent.serial <= last:
                number = str(intent.serial)
                raise Refused(
                    [Finding.error("crl.number-not-rising", number, last=last, issuer=intent.issuer)]
                )
        elif self.is_taken(intent.issuer, intent.serial):
            serial = f"{intent.serial:X}"
            raise Refused([Finding.error("signer.serial-taken", serial, issuer=intent.issuer)])

    def append(self, lines: Sequence[Intent | Outcome]) -> list[int]:
        """Write `lines` in one piece and wait for the disk; returns their indexes.

        When this returns, the lines survive a power cut. When it raises `Fault`, none of them counts:
        ``ledger.not-written`` (disk full: may be asked again once there is room), ``ledger.broken``.
        """
        self._seal_if_long()
        if self._broken:
            raise broken(self._path, self._state.next)
        first = self._state.next
        raws, digests = write_lines(lines, index=first, previous=self._state.previous)
        self._write(b"".join(raws))
        for digest, line in zip(digests, lines, strict=True):
            self._state.remember(digest, line)
        return list(range(first, self._state.next))

    def _write(self, block: bytes) -> None:
        try:
            view = memoryview(block)
            while view:
                view = view[os.write(self._file, view) :]
        except OSError as error:
            self._cut_back(error)
            raise Fault("ledger.not-written", retryable=True, detail=str(error)) from error
        try:
            os.fdatasync(self._file)
        except OSError as error:
            # What the kernel holds after a failed sync is unknown: no later sync may be believed.
            self._broken = True
            raise Fault("ledger.not-confirmed", retryable=False, detail=str(error)) from error
        self._length += len(block)
        self._hash.update(block)

    def _cut_back(self, cause: OSError) -> None:
        try:
            os.ftruncate(self._file, self._length)
        except OSError:
            self._broken = True
            raise Fault("ledger.not-confirmed", retryable=False, detail=str(cause)) from cause

    def _seal_if_long(self) -> None:
        """Seal the segment once it is long enough. What keeps it from being sealed is no harm to what is
        written: it is tried again later.
        """
        if self._state.lines < self._seal_at or self._broken:
            return
        try:
            self._seal()
        except OSError as error:
            self._seal_at = self._state.lines + self._segment_lines // 10 + 1
            log.warning("the ledger's segment is not sealed yet: %s", error)

    def _seal(self) -> None:
        coming = self._path.with_name(f".{self._path.name}.next")
        coming.unlink(missing_ok=True)
        fresh = _open_alone(coming, os.O_CREAT | os.O_EXCL)
        try:
            os.fsync(fresh)
            self._segments.seal(self._path, self._state, size=self._length, sha256=self._hash.hexdigest())
        except BaseException as error:
            os.close(fresh)
            # What the disk does not hold as written, or a file that is sealed already, is not written on.
            is_sealed = segment_path(sealed_folder(self._path), self._state.first).exists()
            self._broken = isinstance(error, Fault) or is_sealed
            raise
        self._begin(coming, fresh)

    def _begin(self, coming: Path, fresh: int) -> None:
        """Give the ledger's name to the file of the next segment."""
        try:
            coming.replace(self._path)
            sync_folder(self._path.parent)
        except BaseException:  # which of the two has the name now is for the next start to see
            self._broken = True
            os.close(fresh)
            raise
        os.close(self._file)
        self._file, self._length, self._hash = fresh, 0, hashlib.sha256()
        self._state, self._seal_at = State(self._segments.mark), self._segment_lines

    def _recall(self) -> None:
        """Read the open segment from its start, and set aside what a crash left at its end."""
        if self._segments.is_last(self._file):  # a crash came before the next segment's file had its name
            coming = self._path.with_name(f".{self._path.name}.next")
            coming.unlink(missing_ok=True)
            self._begin(coming, _open_alone(coming, os.O_CREAT | os.O_EXCL))
        with os.fdopen(os.dup(self._file), "rb", buffering=_READ_BYTES) as file:
            file.seek(0)
            for raw in file:
                line = read_line(raw, index=self._state.next, previous=self._state.previous)
                if line is None:
                    self._set_aside(raw + file.read())
                    return
                self._state.remember(digest_of(raw), line.what)
                self._length += len(raw)
                self._hash.update(raw)

    def _set_aside(self, rest: bytes) -> None:
        """Keep a torn tail beside the ledger and cut it off; refuse anything that is not plainly torn.

        A write that was cut leaves a line without its end, or a page of zeros. No answer had been given on
        it, as the sync had not returned. Anything else is no accident of a crash.
        """
        is_torn = b"\n" not in rest or not rest.strip(b"\0")
        if not is_torn:
            raise broken(self._path, self._state.next)
        torn = self._path.with_name(f"{self._path.name}.torn-{self._state.next}")
        torn.write_bytes(rest)
        torn.chmod(0o600)
        os.ftruncate(self._file, self._length)
        os.fsync(self._file)
        sync_folder(self._path.parent)

    def _close_unknown(self, at: datetime) -> None:
        left = self._state.under_way
        if left:
            self.append([Outcome(of=index, at=at, kind=OutcomeKind.UNKNOWN) for index in left])


def _open_alone(path: Path, flags: int) -> int:
    """Open a file for ourselves alone. Raises `Fault` (``ledger.in-use``) when another process has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | flags, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise Fault("ledger.in-use", retryable=True, detail=str(path)) from error
    return descriptor
