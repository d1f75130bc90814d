"""Status says what is so, of every serial, whoever asks at the same time [G15]."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sceau.custody import ledger_lines, signatures
from tests.reliability.accounts import Status, rows_of, signed_certificates
from tests.reliability.drills import fresh, one_more
from tests.reliability.load import Program
from tests.reliability.real import RealInstance


@dataclass(slots=True)
class Said:
    """What was told, and what of it was not so."""

    found: list[str] = field(default_factory=list)
    random: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    mixed: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def told(self) -> list[str]:
        """What was not so; the figures go to the standard error output."""
        for name, counted in (("at random", self.random), ("signed", self.known), ("mixed", self.mixed)):
            sys.stderr.write(f"  {name}: {dict(counted)}\n")
        return self.found


def honest_statuses(
    instance: RealInstance, *, count: int, certificates: int = 20, threads: int = 50, seed: int = 413
) -> Said:
    """G15: of `count` serials that were never issued none is good; each serial of the signer's record has its
    right status; and of both kinds mixed, asked for by `threads` at once, none gets another's answer.
    """
    said = Said()
    _some(instance, certificates)
    right = dict(_standings(instance))
    if not {"GOOD", "REVOKED"} <= set(right.values()):
        said.found.append("the signer's record has not both kinds: nothing was shown")
    with Status(instance) as status:
        for serial in _strangers(random.Random(seed), count):
            said.random[status.of(serial)] += 1
        for serial, expected in right.items():
            seen = status.of(serial)
            said.known[seen] += 1
            if seen != expected:
                said.found.append(f"{serial:x}: {seen}, expected {expected}")
    if set(said.random) != {"UNKNOWN"}:
        said.found.append(f"serials that were never issued: {dict(said.random)}")
    _all_at_once(instance, said, right, each=max(40, count // (5 * threads)), threads=threads)
    return said


def _some(instance: RealInstance, certificates: int) -> None:
    """Have some certificates issued, and every third revoked."""
    program = Program(instance, timeout=60)
    for which in range(certificates):
        told = one_more(program, fresh("said"))
        assert told is not None
        assert told[0] == 201, told
        if which % 3 == 2:
            path = f"certificates/{told[1]['reference']}/revocation"
            ended = program.call(path, {"reason": "superseded"}, fresh("end"))
            assert ended is not None
            assert ended[0] == 200, ended
    program.close()
    time.sleep(1)  # a revocation may take a second to show [G13]


def _standings(instance: RealInstance) -> Iterator[tuple[int, str]]:
    """For each certificate in the signer's record what is to be said of it."""
    rows = {row.serial: row for row in rows_of(instance)}
    for serial in signed_certificates(signatures(ledger_lines(instance.ledger))):
        row = rows.get(serial)
        is_over = row is None or row.is_revoked or row.state == "presumed"
        yield serial, "REVOKED" if is_over else "GOOD"


def _strangers(chance: random.Random, count: int) -> Iterator[int]:
    """Serials that nobody issued. Half look like ours: the very prefix of the second."""
    prefix = int((datetime.now(UTC) - datetime(2020, 1, 1, tzinfo=UTC)).total_seconds())
    for which in range(count):
        near = (prefix - chance.randrange(3600)) << 127 | chance.getrandbits(127)
        yield near if which % 2 else chance.getrandbits(chance.choice((64, 127, 159))) | 1


def _all_at_once(
    instance: RealInstance, said: Said, right: dict[int, str], *, each: int, threads: int
) -> None:
    """Many threads, each with a mix of its own."""

    def ask(which: int) -> None:
        chance = random.Random(f"mix {which}")
        asked = [(serial, "UNKNOWN") for serial in _strangers(chance, each // 2)]
        asked += [(serial, right[serial]) for serial in chance.choices(list(right), k=each - len(asked))]
        chance.shuffle(asked)
        with Status(instance) as status:
            for serial, expected in asked:
                seen = status.of(serial)
                with said.lock:
                    said.mixed[seen] += 1
                    if seen != expected:
                        said.found.append(f"{serial:x} among many: {seen}, expected {expected}")

    workers = [threading.Thread(target=ask, args=(which,)) for which in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(600)
    if sum(said.mixed.values()) != each * threads:
        said.found.append(f"{sum(said.mixed.values())} of {each * threads} questions were answered")
