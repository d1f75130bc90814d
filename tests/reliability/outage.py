"""The database goes away for an hour and comes back: status goes on, issuance is refused at once, and all is
as before within ten seconds [G11].

The hour is the parts' own: their clock is moved by libfaketime, step by step. A signer whose clock is moved
under it signs nothing (F45), so it is started again under the new time while the database is still away.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp

from tests.reliability.accounts import Status
from tests.reliability.drills import FAKETIME, fresh, one_more, seconds_until
from tests.reliability.load import Answers, Handed, Program, take
from tests.reliability.points import SEGMENT
from tests.reliability.real import PARTS, ROOT, RealInstance

HOUR = timedelta(minutes=60)
_ANSWER_SECONDS = 0.05
_REFUSAL_SECONDS = 2.0
_BACK_SECONDS = 10.0
_SHELF_SECONDS = 60.0

Away = Callable[[RealInstance], contextlib.AbstractContextManager[None]]


@dataclass(slots=True)
class Outage:
    """What was seen: sentences on what did not hold, and the figures."""

    found: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    lists: int = 0
    refusals: list[float] = field(default_factory=list)
    issued: list[int] = field(default_factory=list)
    back: float = 0.0

    def told(self) -> list[str]:
        """What did not hold; the figures go to the standard error output."""
        waits = sorted(self.waits) or [0.0]
        sys.stderr.write(
            f"  {len(self.waits)} answers, 99 of 100 within {waits[int(len(waits) * 0.99)] * 1000:.1f} ms; "
            f"{self.lists} lists; {len(self.refusals)} refused within {max(self.refusals, default=0):.2f} s; "
            f"{len(self.issued)} issued meanwhile; issuing and telling again after {self.back:.2f} s\n"
        )
        return self.found


class MovedClock:
    """The time of every part of an instance, ahead of the machine's by what is written in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._ahead = timedelta()
        self.move(timedelta())

    @property
    def now(self) -> datetime:
        """What the parts' clock shows."""
        return datetime.now(UTC) + self._ahead

    def move(self, by: timedelta) -> None:
        """Put it ahead, and wait until every part looks at it again."""
        self._ahead += by
        beside = self._file.with_suffix(".new")
        beside.write_text(f"+{int(self._ahead.total_seconds())}\n")
        beside.replace(self._file)
        if by:
            time.sleep(2.1)

    def environment(self) -> dict[str, str]:
        """For the parts."""
        return {
            "LD_PRELOAD": str(FAKETIME),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }


@contextlib.contextmanager
def under_a_moved_clock(data: Path, **more: str) -> Iterator[tuple[RealInstance, MovedClock]]:
    """An instance at work, with answers prepared ahead, whose parts look at a clock that we move."""
    instance = RealInstance.make(data, more=dict(more))
    clock = MovedClock(data / "clock")
    instance.segment = SEGMENT
    instance.more |= {"SCEAU_OCSP_SHELF": str(data / "prepared"), **clock.environment()}
    try:
        instance.start(*PARTS, "answers")
        yield instance, clock
    finally:
        instance.stop(*PARTS, "answers")


@contextlib.contextmanager
def file_moved(instance: RealInstance) -> Iterator[None]:
    """The embedded database's file has another name. Who has it open may still write in it, and find what was
    written there when it is back.
    """
    moved = instance.database.with_suffix(".moved")
    instance.database.rename(moved)
    try:
        yield
        assert not instance.database.exists(), "an empty database was made in its place"
    finally:
        moved.rename(instance.database)


@dataclass(frozen=True, slots=True)
class Server:
    """A PostgreSQL server of our own, with one database: `tools/with-postgres`, waiting for the disk."""

    address: str

    @classmethod
    @contextlib.contextmanager
    def throw_away(cls) -> Iterator[Server]:
        """Runs as long as the `with`."""
        keeper = subprocess.Popen(
            [str(ROOT / "tools" / "with-postgres"), "sh", "-c", "echo $SCEAU_TEST_POSTGRES; cat >/dev/null"],
            env={**os.environ, "SCEAU_TEST_FSYNC": "on"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert keeper.stdin is not None
        assert keeper.stdout is not None
        try:
            yield cls(keeper.stdout.readline().strip())
        finally:
            keeper.stdin.close()
            keeper.wait(60)
            keeper.stdout.close()

    @contextlib.contextmanager
    def paused(self, _: RealInstance) -> Iterator[None]:
        """All its processes are stopped: it refuses nothing, it says nothing."""
        folder = Path(parse_qs(urlsplit(self.address).query)["host"][0])
        first = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        pids = [first, *map(int, children)]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)


def server_can_be_made() -> bool:
    """Whether PostgreSQL is installed."""
    return any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


def database_stopped(
    instance: RealInstance, clock: MovedClock, away: Away, *, certificates: int, steps: int
) -> Outage:
    """G11: the database is away for an hour of the parts' clock: every certificate's status and every list
    answered, valid and right, at once; issuance refused with 503 within two seconds; then all is as before
    within ten.
    """
    outage, handed, revoked = Outage(), [], set[int]()
    program = Program(instance, timeout=60)
    answers = Answers()
    for which in range(certificates):
        told = one_more(program, fresh("kept"))
        assert told is not None, "nothing was issued"
        (one,) = take(told, answers)
        handed.append(one)
        if which % 5 == 4:
            path = f"certificates/{one.reference}/revocation"
            program.call(path, {"reason": "superseded"}, fresh("end"))
            revoked.add(one.serial)
    program.close()
    with Status(instance) as status:
        asker = _Asker(status, clock, outage, handed, revoked)
        asker.wait_until_prepared()
        with away(instance):
            asker.everything(counts=False)  # the first to ask waits until the silence is understood
            for _ in range(steps):
                clock.move(HOUR / steps)
                _refused(instance, outage, may_issue=away is file_moved)
                asker.everything()
            instance.stop("signer")
            instance.start("signer")
        began = time.monotonic()
        outage.found += _back(instance, status)
        outage.back = time.monotonic() - began
        asker.everything(counts=False)
        lost = [serial for serial in outage.issued if status.of(serial) != "GOOD"]
        outage.found += [f"{serial:x} was issued meanwhile and is not good" for serial in lost]
    late = sorted(outage.waits)[int(len(outage.waits) * 0.99)]
    if late > _ANSWER_SECONDS:
        outage.found.append(f"one answer of a hundred took {late * 1000:.0f} ms or more")
    return outage


class _Asker:
    """Asks for what the public may know of some certificates, and holds it to what is right."""

    def __init__(
        self, status: Status, clock: MovedClock, outage: Outage, handed: list[Handed], revoked: set[int]
    ) -> None:
        self._status, self._clock, self._outage = status, clock, outage
        self._handed, self._revoked = handed, revoked
        certificates = [x509.load_der_x509_certificate(one.der) for one in handed]
        self._bodies = [one.tbs_certificate_bytes for one in certificates]

    def wait_until_prepared(self) -> None:
        """Until every status is told, and the answers prepared ahead and the lists have had their turn."""
        expected = self._revoked

        def are_listed() -> bool:
            lists = self._status.lists(self._bodies).values()
            return expected <= {entry.serial_number for one in lists for entry in one}

        assert seconds_until(are_listed, _SHELF_SECONDS + 60) is not None, "what is revoked is on no list"
        time.sleep(2)

    def everything(self, *, counts: bool = True) -> None:
        """Each status, each list."""
        for one in self._handed:
            began = time.monotonic()
            raw = self._status.raw(one.serial)
            if counts:
                self._outage.waits.append(time.monotonic() - began)
            said = self._judged(raw, one.serial)
            if said:
                self._outage.found.append(f"{one.serial:x} at {self._clock.now:%H:%M}: {said}")
        lists = self._status.lists(self._bodies)
        self._outage.lists += len(lists) * counts
        listed = {entry.serial_number for each in lists.values() for entry in each}
        for address, each in lists.items():
            if not each.last_update_utc <= self._clock.now < (each.next_update_utc or self._clock.now):
                self._outage.found.append(f"{address} is not valid at {self._clock.now}")
            if not each.is_signature_valid(self._status.issuer.public_key()):  # type: ignore[arg-type]
                self._outage.found.append(f"{address} is not signed by its authority")
        if not self._revoked <= listed or listed & {one.serial for one in self._handed} - self._revoked:
            self._outage.found.append(f"the lists say {len(listed)} of {len(self._revoked)} revoked ones")

    def _judged(self, raw: bytes, serial: int) -> str:
        """What is wrong with an answer; empty when nothing is."""
        expected = "REVOKED" if serial in self._revoked else "GOOD"
        said = self._status.answered(raw, serial)
        if said != expected:
            return f"{said}, expected {expected}"
        answer = ocsp.load_der_ocsp_response(raw)
        (responder,) = answer.certificates
        responder.verify_directly_issued_by(self._status.issuer)
        key = responder.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        key.verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(hashes.SHA256()))
        now, ends = self._clock.now, answer.next_update_utc
        if ends is None or not answer.this_update_utc <= now < ends or now >= responder.not_valid_after_utc:
            return f"valid from {answer.this_update_utc} to {ends}"
        return ""


def _refused(instance: RealInstance, outage: Outage, *, may_issue: bool) -> None:
    program = Program(instance, timeout=30)
    began = time.monotonic()
    told = one_more(program, fresh("away"))
    waited = time.monotonic() - began
    program.close()
    if may_issue and told is not None and told[0] == 201:
        outage.issued.append(int(told[1]["serial"], 16))
        return
    outage.refusals.append(waited)
    if told is None or told[0] != 503 or waited > _REFUSAL_SECONDS:
        outage.found.append(
            f"without a database a request was answered {told and told[0]} after {waited:.2f} s"
        )


def _back(instance: RealInstance, status: Status) -> list[str]:
    """Seconds until a certificate is issued, good, revoked and told to be."""
    program = Program(instance, timeout=30)
    answers = Answers()

    def issues() -> bool:
        told = one_more(program, fresh("back"))
        return told is not None and told[0] == 201 and bool(take(told, answers))

    began = time.monotonic()
    seconds_until(issues, 4 * _BACK_SECONDS)
    if not answers.handed:
        return ["nothing is issued after the database came back"]
    (one,) = answers.handed.values()
    found = []
    if seconds_until(lambda: status.of(one.serial) == "GOOD", 4 * _BACK_SECONDS) is None:
        found.append("what is issued after the database came back is not good")
    program.call(f"certificates/{one.reference}/revocation", {"reason": "superseded"}, fresh("end"))
    program.close()
    if seconds_until(lambda: status.of(one.serial) == "REVOKED", 4 * _BACK_SECONDS) is None:
        found.append("what is revoked after the database came back is not told")
    waited = time.monotonic() - began
    if waited > _BACK_SECONDS:
        found.append(f"issuing and telling again took {waited:.1f} s")
    return found
