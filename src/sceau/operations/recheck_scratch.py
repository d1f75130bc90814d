"""What the nightly re-reading notes on the way: a scratch index on disk, thrown away at the end.

Everything issued is compared with everything the signer wrote and everything the lists say, in both
directions. An index in a temporary file keeps the memory the same for a thousand certificates and for ten
million. Nothing is decided here.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType

from sceau.custody import Intent, OutcomeKind, SignatureKind, ledger_lines
from sceau.status import spell_serial
from sceau.vocabulary import Fault, Finding

_SCHEMA = """
PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-65536;
CREATE TABLE signed (list INTEGER, issuer TEXT, generation INTEGER, number TEXT, kind TEXT, line INTEGER,
    at TEXT, tbs TEXT, der TEXT, seen INTEGER DEFAULT 0,
    PRIMARY KEY (list, issuer, number, generation)) WITHOUT ROWID;
CREATE TABLE listed (issuer TEXT, generation INTEGER, serial TEXT, at TEXT, seen INTEGER DEFAULT 0,
    PRIMARY KEY (issuer, generation, serial)) WITHOUT ROWID;
CREATE TABLE given (issuer TEXT, serial TEXT, reference TEXT, PRIMARY KEY (issuer, serial)) WITHOUT ROWID;
"""
_SIGNED = (OutcomeKind.SIGNED, OutcomeKind.UNKNOWN)
_KEEP = (
    "INSERT OR IGNORE INTO signed (list, issuer, generation, number, kind, line, at, tbs, der)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_SEE = "UPDATE signed SET seen = 1 WHERE list = ? AND issuer = ? AND number = ? AND generation = ?"
_LOOK = (
    "SELECT kind, issuer, generation, number, line, at, tbs, der FROM signed"
    " WHERE list = ? AND issuer = ? AND number = ? AND generation = ?"
)
_LEFT = "SELECT kind, issuer, generation, number, line, at, tbs, der FROM signed WHERE seen = 0 AND at >= ?"


@dataclass(frozen=True, slots=True)
class SignedLine:
    """A signature as the signer wrote it down. `number` is a serial as we spell it, or a list's number;
    `der_sha256` is None when the signer itself doesn't know whether it signed.
    """

    kind: SignatureKind
    issuer: str
    generation: int
    number: str
    line: int
    at: datetime
    tbs_sha256: str
    der_sha256: str | None


class Scratch:
    """The index. A context: its file goes when it ends."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="sceau-recheck-")
        self._base = sqlite3.connect(Path(self._folder.name) / "scratch", isolation_level=None)
        self._base.executescript(_SCHEMA)
        self.lines = 0
        self.broken = False

    def __enter__(self) -> Scratch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._base.close()
        self._folder.cleanup()

    # --- the signer's own record

    def read_ledger(self, path: Path) -> Iterator[Finding]:
        """Index what was signed, from where the last reading stopped; say what is wrong with the ledger."""
        if not path.is_file():
            self.broken = True
            yield Finding.error("recheck.no-ledger", path.name)
            return
        for attempt in (1, 2):  # a line being written just now looks torn once, not twice
            try:
                yield from self._index(path)
            except Fault as fault:
                if attempt == 2:
                    self.broken = True
                    yield Finding.error("recheck.ledger-broken", path.name, where=fault.detail)
                continue
            return

    def _index(self, path: Path) -> Iterator[Finding]:
        waiting: dict[int, Intent] = {}
        known = self.lines
        for line in ledger_lines(path):
            if isinstance(line.what, Intent):
                waiting[line.index] = line.what
                continue
            intent, outcome = waiting.pop(line.what.of, None), line.what
            if line.index < known or intent is None or outcome.kind not in _SIGNED:
                continue
            self.lines = line.index + 1
            row = (
                int(intent.is_crl), intent.issuer, intent.generation, _number(intent), intent.kind.value,
                outcome.of, intent.at.isoformat(), intent.tbs_sha256, outcome.der_sha256,
            )  # fmt: skip
            done = self._base.execute(_KEEP, row)
            if not done.rowcount:
                yield Finding.error(
                    "recheck.signed-twice", _number(intent), issuer=intent.issuer, line=outcome.of
                )

    def signed(self, kind: SignatureKind, issuer: str, generation: int, number: str) -> SignedLine | None:
        """The signer's line for that number, marked as accounted for."""
        is_list = kind in (SignatureKind.CRL, SignatureKind.DELTA_CRL)
        key = (int(is_list), issuer, number, generation)
        row = self._base.execute(_LOOK, key).fetchone()
        if row is None or row[0] != kind.value:
            return None
        self._base.execute(_SEE, key)
        return _line(row)

    def unaccounted(self, since: datetime | None) -> Iterator[SignedLine]:
        """What the signer signed and nothing asked for until now."""
        after = "" if since is None else since.isoformat()
        return map(_line, self._base.execute(_LEFT, (after,)))

    # --- the lists

    def note_listed(self, issuer: str, generation: int, entries: Iterable[tuple[str, datetime]]) -> None:
        """The lines of the current list of an issuer's key."""
        self._base.executemany(
            "INSERT OR IGNORE INTO listed (issuer, generation, serial, at) VALUES (?, ?, ?, ?)",
            ((issuer, generation, serial, at.isoformat()) for serial, at in entries),
        )

    def listed(self, issuer: str, generation: int, serial: str) -> datetime | None:
        """When the current list says that serial was revoked, marked as expected there."""
        key = (issuer, generation, serial)
        look = "SELECT at FROM listed WHERE issuer = ? AND generation = ? AND serial = ?"
        row = self._base.execute(look, key).fetchone()
        if row is None:
            return None
        see = "UPDATE listed SET seen = 1 WHERE issuer = ? AND generation = ? AND serial = ?"
        self._base.execute(see, key)
        return datetime.fromisoformat(row[0])

    def listed_alone(self) -> Iterator[tuple[str, str]]:
        """(issuer, serial) on a list that no revocation asked for."""
        return iter(self._base.execute("SELECT issuer, serial FROM listed WHERE seen = 0"))

    # --- serials

    def give(self, issuer: str, serial: str, reference: str) -> str:
        """Note whose serial it is; the other's reference when it was somebody's already, else empty."""
        done = self._base.execute("INSERT OR IGNORE INTO given VALUES (?, ?, ?)", (issuer, serial, reference))
        if done.rowcount:
            return ""
        where = "SELECT reference FROM given WHERE issuer = ? AND serial = ?"
        return str(self._base.execute(where, (issuer, serial)).fetchone()[0])


def _number(intent: Intent) -> str:
    return str(intent.serial) if intent.is_crl else spell_serial(intent.serial)


def _line(row: tuple[str, str, int, str, int, str, str, str | None]) -> SignedLine:
    kind, issuer, generation, number, line, at, tbs, der = row
    return SignedLine(
        SignatureKind(kind), issuer, generation, number, line, datetime.fromisoformat(at), tbs, der
    )
