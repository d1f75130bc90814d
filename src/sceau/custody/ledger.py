"""The signer's own record: what was about to be signed, and what was signed.

One JSON line each, chained by SHA-256, in a file that only grows and is on the disk (`fdatasync`) before
anything is signed (the intent) and before anything is handed back (the outcome). It lives outside the
database, so that it can tell what a lost or restored database forgot. It decides two things from what it
holds: whether a serial was already taken, and whether a CRL number rises. It knows neither keys nor
certificates.

Trusted against a crash, not against its owner: whoever may write the folder may cut its tail. Tree heads of
the journal, kept elsewhere, tell that.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType

from sceau.custody.folders import sync_folder
from sceau.custody.ledger_lines import (
    GENESIS,
    Intent,
    Line,
    Outcome,
    OutcomeKind,
    digest_of,
    read_line,
    write_line,
)
from sceau.vocabulary import Fault, Finding, Refused

_READ_BYTES = 1 << 20


def ledger_lines(path: Path) -> Iterator[Line]:
    """Every line of a ledger, its chain checked on the way.

    Raises `Fault` (``ledger.broken``) at the first line that does not follow from the one before it, naming
    it. A torn last line is such a line too: only `Ledger.open`, which owns the file, may set it aside.
    """
    previous, index = GENESIS, 0
    with path.open("rb") as file:
        for raw in file:
            line = read_line(raw, index=index, previous=previous)
            if line is None:
                raise _broken(path, index)
            previous, index = digest_of(raw), index + 1
            yield line


class Ledger:
    """The open ledger, owned by one process (an exclusive lock says so). Not thread-safe: one writer.

    After a failed write it cuts back what was half written; when even that fails, or when the disk refuses to
    confirm, it is *broken* and refuses everything until the signer is started again.
    """

    def __init__(self, path: Path, *, descriptor: int) -> None:
        self._path = path
        self._file = descriptor
        self._length = 0
        self._previous = GENESIS
        self._next = 0
        self._broken = False
        self._taken: dict[str, set[int]] = {}
        self._numbers: dict[tuple[str, int], int] = {}
        self._open: dict[int, tuple[Intent, int]] = {}
        self.last_at: datetime | None = None

    @classmethod
    def open(cls, path: Path, *, at: datetime) -> Ledger:
        """Open (or make) the ledger, check its whole chain, set a torn tail aside, and say which outcomes
        are unknown.

        Every intent that a crash left without outcome gets the outcome *unknown* now: the caller of that
        time never had an answer, the serial stays taken, the certificate is presumed to exist [ASSURANCE
        decision 10].

        Raises `Fault`: ``ledger.in-use`` when another signer holds it, ``ledger.broken`` when the chain is.
        """
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise Fault("ledger.in-use", retryable=True, detail=str(path)) from error
        try:
            ledger = cls(path, descriptor=descriptor)
            sync_folder(path.parent)
            ledger._recall()
            ledger._close_unknown(at)
        except BaseException:
            os.close(descriptor)
            raise
        return ledger

    def close(self) -> None:
        """Give the file and its lock back."""
        os.close(self._file)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def unanswered(self) -> int:
        """How many intents have no outcome yet."""
        return len(self._open)

    def is_taken(self, issuer: str, serial: int) -> bool:
        """Whether `serial` was ever sent to be signed under `issuer`, whatever came of it."""
        return serial in self._taken.get(issuer, ())

    def last_number(self, issuer: str, generation: int) -> int:
        """The highest CRL number ever meant to be signed for that key; -1 when there is none."""
        return self._numbers.get((issuer, generation), -1)

    def admit(self, intent: Intent) -> None:
        """Raise `Refused` if the ledger already holds what `intent` would sign: a serial taken, a number
        not rising.
        """
        if intent.is_crl:
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
        if self._broken:
            raise _broken(self._path, self._next)
        raws: list[bytes] = []
        previous = self._previous
        for offset, line in enumerate(lines):
            raw = write_line(Line(self._next + offset, previous, line))
            previous = digest_of(raw)
            raws.append(raw)
        self._write(b"".join(raws))
        first = self._next
        for raw, line in zip(raws, lines, strict=True):
            self._remember(raw, line)
        return list(range(first, self._next))

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

    def _cut_back(self, cause: OSError) -> None:
        try:
            os.ftruncate(self._file, self._length)
        except OSError:
            self._broken = True
            raise Fault("ledger.not-confirmed", retryable=False, detail=str(cause)) from cause

    def _remember(self, raw: bytes, line: Intent | Outcome) -> None:
        if isinstance(line, Intent):
            last = self.last_number(line.issuer, line.generation)
            self._open[self._next] = (line, last)
            if line.is_crl:
                self._numbers[line.issuer, line.generation] = max(last, line.serial)
            else:
                self._taken.setdefault(line.issuer, set()).add(line.serial)
        else:
            intent, last = self._open.pop(line.of, (None, -1))
            if intent is not None and line.kind is OutcomeKind.UNSENT:
                self._release(intent, last)
        self._previous = digest_of(raw)
        self._next += 1
        self.last_at = line.at if self.last_at is None else max(self.last_at, line.at)

    def _release(self, intent: Intent, last: int) -> None:
        """Forget the number of an intent that never reached a key; `last` is the list's number before it."""
        if not intent.is_crl:
            self._taken[intent.issuer].discard(intent.serial)
        elif self.last_number(intent.issuer, intent.generation) == intent.serial:
            self._numbers[intent.issuer, intent.generation] = last

    def _recall(self) -> None:
        """Read the file from its start, and set aside what a crash left at its end."""
        with os.fdopen(os.dup(self._file), "rb", buffering=_READ_BYTES) as file:
            file.seek(0)
            for raw in file:
                line = read_line(raw, index=self._next, previous=self._previous)
                if line is None:
                    self._set_aside(raw + file.read())
                    return
                self._remember(raw, line.what)
                self._length += len(raw)

    def _set_aside(self, rest: bytes) -> None:
        """Keep a torn tail beside the ledger and cut it off; refuse anything that is not plainly torn.

        A write that was cut leaves a line without its end, or a page of zeros. No answer had been given on
        it, as the sync had not returned. Anything else is no accident of a crash.
        """
        is_torn = b"\n" not in rest or not rest.strip(b"\0")
        if not is_torn:
            raise _broken(self._path, self._next)
        torn = self._path.with_name(f"{self._path.name}.torn-{self._next}")
        torn.write_bytes(rest)
        torn.chmod(0o600)
        os.ftruncate(self._file, self._length)
        os.fsync(self._file)
        sync_folder(self._path.parent)

    def _close_unknown(self, at: datetime) -> None:
        if self._open:
            self.append([Outcome(of=index, at=at, kind=OutcomeKind.UNKNOWN) for index in sorted(self._open)])


def _broken(path: Path, index: int) -> Fault:
    return Fault("ledger.broken", retryable=False, detail=f"{path}: line {index}")
