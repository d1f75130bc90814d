"""The signer's record: what a start, its memory and one signature's lines cost after many signatures.

The record alone, through the product's own code: no key, no socket. Few and many end with about the same
number of lines in the segment that is still open, which is what a start reads line by line. Two children,
each with its own record, work in turn.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from bench.children import child
from bench.database import forget
from bench.plan import Plan
from bench.rounds import Sample, interleave, rate, ratio
from bench.rows import Bound, Row
from sceau.custody.ledger import SEGMENT_LINES, Ledger
from sceau.custody.ledger_lines import Intent, Outcome, OutcomeKind, SignatureKind

_SMALL = 10_000
_GROUP = 32
_MEANT = 10_000_000
_BOUND = Bound(1.2, 1.05, at_least=False)
_ISSUER = "el-org"
_SINCE = datetime(2026, 1, 1, tzinfo=UTC)


def run(plan: Plan) -> list[Row]:
    """Start, memory, a signature's lines."""
    large = _alike(plan.scale)
    with contextlib.ExitStack() as stack:
        contestants: dict[str, Callable[[], Sample]] = {}
        started: dict[int, dict[str, Any]] = {}
        for count in (_SMALL, large):
            folder = plan.folder / f"custody-{count}"
            forget(folder)
            stack.callback(forget, folder)
            with child("bench.custody", data=folder, folder=str(folder)) as fill:
                fill(do="fill", many=count)
            ask = stack.enter_context(child("bench.custody", data=folder, folder=str(folder)))
            started[count] = ask(do="start", many=0)
            contestants[str(count)] = _sampling(ask, plan)
        rounds = interleave(contestants, plan)
    small, big = started[_SMALL], started[large]
    size = f"{_SMALL:,} → {large:,} signatures"
    cost = ratio(rounds, str(_SMALL), str(large))
    return [
        _row(
            f"signer's record: start, {size}",
            big["ms"],
            "ms of CPU",
            big["ms"] / small["ms"],
            f"{small['ms']:.0f} ms",
        ),
        _row(
            f"signer's record: memory, {size}",
            big["mb"],
            "MB",
            big["mb"] / small["mb"],
            f"{small['mb']:.0f} MB",
        ),
        _row(
            f"signer's record: the two lines of a signature, {size}",
            1e6 / rate(rounds, str(large)),
            "µs of CPU",
            cost,
            f"{1e6 / rate(rounds, str(_SMALL)):.1f} µs",
        ),
    ]


def _row(name: str, value: float, unit: str, grown: float, beside: str) -> Row:
    note = (
        f"`Ledger`, in groups of {_GROUP}, `fdatasync` on; {2 * _SMALL:,} lines in the open segment of both "
        f"(a segment has {SEGMENT_LINES:,})"
    )
    return Row(name, value, unit, grown, _BOUND, f"the same at {_SMALL:,}: {beside}", note)


def _alike(scale: int) -> int:
    """About `scale`, with as many lines in the open segment as the small one has."""
    signatures = SEGMENT_LINES // 2
    return max(scale // signatures, 1) * signatures + _SMALL


def _sampling(ask: Callable[..., dict[str, Any]], plan: Plan) -> Callable[[], Sample]:
    many = 320 if plan.quick else 640  # too few altogether to fill a segment

    def sample() -> Sample:
        return Sample(many, float(ask(do="sign", many=many)["cpu"]))

    return sample


def worker(folder: str) -> Callable[..., dict[str, Any]]:
    """The child: one record."""
    path = Path(folder) / "ledger.jsonl"
    record: list[Record] = []

    def answer(do: str, many: int) -> dict[str, Any]:
        if do == "fill":
            _fill(path, many)
            return {}
        if do == "start":
            began = time.process_time()
            record.append(Record(Ledger.open(path, at=datetime.now(UTC))))
            return {"ms": 1e3 * (time.process_time() - began), "mb": _resident() / 1e6}
        began = time.process_time()
        record[0].sign(many)
        return {"cpu": time.process_time() - began}

    return answer


class Record:
    """An open record that is written as the desk writes it."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.at = datetime.now(UTC)
        self._done: list[Outcome] = []

    def sign(self, many: int) -> None:
        """`many` signatures' lines: outcomes of one group with the intents of the next."""
        for _ in range(0, many, _GROUP):
            self.at += timedelta(milliseconds=200)
            prefix = int((self.at - datetime(2020, 1, 1, tzinfo=UTC)).total_seconds()) << 127
            intents = [
                self._intent(prefix | int.from_bytes(os.urandom(16), "big") >> 1) for _ in range(_GROUP)
            ]
            for one in intents:
                self.ledger.admit(one)
            indexes = self.ledger.append([*self._done, *intents])[len(self._done) :]
            self._done = [Outcome(index, self.at, OutcomeKind.SIGNED, "cd" * 32) for index in indexes]
        self.finish()

    def finish(self) -> None:
        """Write the last outcomes."""
        self.ledger.append(self._done)
        self._done = []

    def _intent(self, serial: int) -> Intent:
        until = self.at + timedelta(days=1095)
        return Intent(self.at, SignatureKind.CERTIFICATE, _ISSUER, 1, serial, "ab" * 32, until)


def _fill(path: Path, many: int) -> None:
    """`many` signatures of the past, without waiting for the disk."""
    with mock.patch("os.fdatasync"), Ledger.open(path, at=_SINCE) as ledger:
        record = Record(ledger)
        record.at = _SINCE
        record.sign(many)


def _resident() -> int:
    """Octets of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
