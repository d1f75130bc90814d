"""Drills: one kind of trouble each, on a real instance under load, a few times in continuous integration and
many times by `make torture`. Each gives what did not hold, in sentences; nothing given means that it held.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sceau.certification import SignatureAsk
from sceau.custody import SignerClient, SignerFolder
from sceau.status import CrlFacts, build_crl_tbs, crl_entry, issuer_identity
from sceau.vocabulary import Fault, Refused
from tests.reliability.accounts import ISSUER, Status, check, settle
from tests.reliability.load import Answers, Load, Program, finish, new_csr
from tests.reliability.prepare import DECLARED, PRODUCT
from tests.reliability.real import RealInstance

BACK_SECONDS = 10.0
_READING_SECONDS = 4 * 3600.0  # about a hundred certificates a second
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
_STRACE = ("strace", "-f", "-ttt", "-yy", "-e", "trace=fdatasync,fsync,sendto,sendmsg,write,recvfrom,read")


def one_more(program: Program, name: str) -> tuple[int, Any] | None:
    """Ask for one certificate under a new name and key."""
    body = {"product": PRODUCT, "names": [f"{name}.{DECLARED}"], "csr": new_csr()}
    return program.call("certificates", body, name)


def fresh(kind: str) -> str:
    """A label that was never used."""
    return f"{kind}{time.time_ns()}"


def seconds_until(condition: Callable[[], bool], most: float) -> float | None:
    """How long it took; None when it never came."""
    began = time.monotonic()
    while time.monotonic() - began < most:
        if condition():
            return time.monotonic() - began
        time.sleep(0.05)
    return None


@contextlib.contextmanager
def loaded(instance: RealInstance, answers: Answers) -> Iterator[None]:
    """Under load; at the end everything is settled and each request has its final answer."""
    load = Load(instance, answers, seed=time.time_ns())
    load.start()
    try:
        yield
    finally:
        load.stop()
    settle(instance)
    finish(instance, answers)


def quota(instance: RealInstance, *, allowed: int, asked: int = 200) -> list[str]:
    """G10: `asked` at once on a token with `allowed` left for the day: exactly so many are issued."""
    statuses: Counter[int] = Counter()
    lock = threading.Lock()

    def ask(which: int) -> None:
        program = Program(instance, timeout=120)
        told = None
        while told is None or told[0] == 503:
            told = one_more(program, f"quota{which}")
        program.close()
        with lock:
            statuses[told[0]] += 1

    _together(ask, asked)
    if statuses != Counter({201: allowed, 429: asked - allowed}):
        return [f"{asked} asked at once with {allowed} left: {dict(statuses)}"]
    return []


def double_submits(instance: RealInstance, *, times: int = 50) -> list[str]:
    """G10: one request sent `times` over at once is one certificate."""
    name = fresh("double")
    body = {"product": PRODUCT, "names": [f"{name}.{DECLARED}"], "csr": new_csr()}
    references: set[str] = set()
    wrong: list[str] = []
    lock = threading.Lock()

    def ask(_: int) -> None:
        program = Program(instance, timeout=120)
        told = program.call("certificates", body, name)
        while told is None or told[0] in (503, 409):
            time.sleep(0.1)
            told = program.call("certificates", body, name)
        program.close()
        with lock:
            if told[0] == 201:
                references.add(told[1]["reference"])
            else:
                wrong.append(f"a double submit was answered {told[0]}")

    _together(ask, times)
    return wrong if len(references) == 1 else [*wrong, f"{times} double submits gave {references}"]


def _together(work: Callable[[int], None], count: int) -> None:
    threads = [threading.Thread(target=work, args=(which,)) for which in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)


def revocations_seen(instance: RealInstance, *, count: int, most: float = 1.0) -> tuple[list[str], float]:
    """G13: seconds from the answer to a revocation until OCSP says so; the worst is given too. The list is
    looked at by `check`.
    """
    program, status = Program(instance), Status(instance)
    found: list[str] = []
    worst = 0.0
    for _ in range(count):
        told = one_more(program, fresh("seen"))
        if told is None or told[0] != 201:
            found.append(f"nothing was issued to be revoked: {told}")
            continue
        serial = int(told[1]["serial"], 16)
        if status.of(serial) != "GOOD":
            found.append(f"{serial:x} is not good before it is revoked")
        path = f"certificates/{told[1]['reference']}/revocation"
        ended = program.call(path, {"reason": "superseded"}, fresh("end"))
        if ended is None or ended[0] != 200:
            found.append(f"{serial:x} was not revoked: {ended}")
            continue
        waited = seconds_until(lambda: status.of(serial) == "REVOKED", 30)  # noqa: B023 - called at once
        worst = max(worst, 30.0 if waited is None else waited)
        if waited is None or waited > most:
            found.append(f"{serial:x}: OCSP knew after {waited} s")
    program.close()
    status.close()
    return found, worst


def signer_lost(instance: RealInstance, *, times: int, seed: int = 413) -> list[str]:
    """G18: the signer is paused or killed in mid-load, and comes back: nobody else has to be restarted, the
    door issues again within ten seconds, nothing is signed twice.
    """
    found, answers, chance = [], Answers(), random.Random(seed)
    with loaded(instance, answers):
        pids = {name: instance.pid(name) for name in ("enrolment", "clockwork", "publication")}
        for _ in range(times):
            if chance.random() < 0.5:
                instance.signal("signer", signal.SIGSTOP)
                time.sleep(chance.random())
                instance.signal("signer", signal.SIGCONT)
            else:
                instance.kill("signer")
                time.sleep(chance.random())
                instance.start("signer")
            found += _back(instance)
            time.sleep(chance.random() * 0.5)
        found += [f"{name} was restarted" for name, pid in pids.items() if instance.pid(name) != pid]
    return found + check(instance, answers)


def _back(instance: RealInstance) -> list[str]:
    program = Program(instance, timeout=BACK_SECONDS)

    def issues() -> bool:
        told = one_more(program, fresh("back"))
        return told is not None and told[0] == 201

    waited = seconds_until(issues, 4 * BACK_SECONDS)
    program.close()
    if waited is None or waited > BACK_SECONDS:
        return [f"the door issued again after {waited} s"]
    return []


def disk_full(instance: RealInstance, *, fills: int, seed: int = 413) -> list[str]:
    """G19: the instance's disk is filled in mid-load, and emptied again: refused before signing, nothing
    corrupt, resumed by itself. `instance` lies on a small disk of its own.
    """
    found, answers, chance = [], Answers(), random.Random(seed)
    ballast = instance.data / "ballast"
    refused = 0
    with loaded(instance, answers):
        for _ in range(fills):
            time.sleep(chance.random())
            before = answers.statuses[503]
            _fill(ballast)
            seconds_until(lambda: answers.statuses[503] > before, 6)  # noqa: B023 - called at once
            refused += answers.statuses[503] > before
            ballast.unlink()
            found += _back(instance)
    if not refused:
        found.append("the disk was never full: nothing was refused")
    with contextlib.closing(sqlite3.connect(instance.database)) as database:
        (says,) = database.execute("PRAGMA integrity_check").fetchone()
    if says != "ok":
        found.append(f"the database is not whole: {says}")
    return found + check(instance, answers)


def _fill(ballast: Path) -> None:
    """Take everything that is free."""
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            try:
                file.write(bytes(1 << 16))
            except OSError:
                while True:  # the last octets
                    file.write(bytes(512))


@contextlib.contextmanager
def small_disk(folder: Path, size: str = "64m") -> Iterator[Path]:
    """A disk of its own. Raises OSError where that is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "sceau-test", str(folder)],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise OSError(done.stderr.strip())
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


def split_brain(instance: RealInstance, *, rounds: int) -> list[str]:
    """G21: the holder is paused, another starts on the same folder, the holder goes on: one signer at most
    ever holds the record, and two clockworks never give two lists one number.
    """
    found, answers = [], Answers()
    with loaded(instance, answers):
        for _ in range(rounds):
            instance.signal("signer", signal.SIGSTOP)
            other = subprocess.run(
                [sys.executable, "-m", "sceau.custody", str(instance.data / "signer")],
                env=instance.environment(),
                check=False,
                capture_output=True,
                text=True,
                timeout=60,
                stdin=subprocess.DEVNULL,
            )
            if other.returncode != 3 or "ledger.in-use" not in other.stderr:
                found.append(f"a second signer ended with {other.returncode}: {other.stderr[-300:]}")
            instance.signal("signer", signal.SIGCONT)
            instance.signal("clockwork", signal.SIGSTOP)
            told = instance.sceau("crl", "publish", "--data", str(instance.data), expected=(0, 1, 3))
            instance.signal("clockwork", signal.SIGCONT)
            if "Traceback" in told:
                found.append(f"a second publisher failed: {told[-300:]}")
    return found + check(instance, answers)


def wrong_clock(instance: RealInstance) -> list[str]:
    """G22: a signer whose clock is two days back, or four hundred days ahead, signs nothing."""
    found = []
    for offset, expected in (("-2d", "signer.clock-back"), ("+400d", "signer.")):
        instance.stop("signer")
        instance.more = {
            "LD_PRELOAD": str(FAKETIME),
            "FAKETIME": offset,
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        instance.start("signer")
        instance.more = {}
        try:
            answer = _list_asked(instance, 10**9, at=datetime.now(UTC))
            if isinstance(answer, bytes):
                found.append(f"a signer at {offset} signed a list")
            elif expected not in str(answer) and "crl." not in str(answer):
                found.append(f"a signer at {offset} said {answer}")
            told = one_more(program := Program(instance), fresh("clock"))
            program.close()
            if told is None or told[0] < 400:
                found.append(f"a signer at {offset} signed a certificate: {told}")
        finally:
            instance.stop("signer")
            instance.start("signer")
    return found + _back(instance)


def clock_tools_are_here() -> bool:
    """Whether a process can be told another time."""
    return FAKETIME.exists()


def list_numbers(instance: RealInstance, *, count: int, kills: int, seed: int = 413) -> list[str]:
    """G14: numbers rise over many lists, crashes of the signer, an old database put back; what has been
    signed under a number is never signed under it, or one before it, again.
    """
    chance = random.Random(seed)
    publisher = subprocess.Popen(
        [sys.executable, "-m", "tests.reliability.publisher", str(instance.data), str(count)],
        env=instance.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert publisher.stdout is not None
    at_kills = set(chance.sample(range(1, count), kills))
    numbers: list[int] = []
    for line in publisher.stdout:
        numbers.append(int(line))
        if len(numbers) in at_kills:
            instance.kill("signer")
            instance.start("signer")
    publisher.wait(60)
    publisher.stdout.close()
    found = [] if len(numbers) == count else [f"{len(numbers)} of {count} lists were published"]
    if sorted(set(numbers)) != numbers:
        found.append("the published numbers do not rise")
    for number in (max(numbers, default=0), 0):
        stale = _list_asked(instance, number)
        if isinstance(stale, bytes):
            found.append(f"a list was signed under the number {number} again")
    return found + _restored(instance)


def _restored(instance: RealInstance) -> list[str]:
    """The database of before is put back; the next list's number is above what the signer ever signed."""
    instance.stop("clockwork", "enrolment", "publication")
    kept = instance.data / "old.sqlite3"
    with contextlib.closing(sqlite3.connect(instance.database)) as now:
        now.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with contextlib.closing(sqlite3.connect(kept)) as copy:
            now.backup(copy)
    before = _published(instance)
    for _ in range(2):
        instance.sceau("crl", "publish", "--data", str(instance.data))
    middle = _published(instance)
    for suffix in ("", "-wal", "-shm"):
        Path(f"{instance.database}{suffix}").unlink(missing_ok=True)
    shutil.move(kept, instance.database)
    instance.sceau("crl", "publish", "--data", str(instance.data))
    after = _published(instance)
    instance.start("publication", "clockwork", "enrolment")
    if not before < middle < after:
        return [f"list numbers over a restore: {before}, {middle}, {after}"]
    return []


def _published(instance: RealInstance) -> int:
    """The highest number ever given to a list of the issuer, by the signer's own record."""
    from sceau.custody import Intent, ledger_lines

    return max(
        line.what.serial
        for line in ledger_lines(instance.ledger)
        if isinstance(line.what, Intent) and line.what.is_crl and line.what.issuer == ISSUER
    )


def _list_asked(
    instance: RealInstance, number: int, *, at: datetime | None = None, client: SignerClient | None = None
) -> bytes | Refused | Fault:
    own = client or SignerClient(SignerFolder(instance.data / "signer").socket)
    certificate = (instance.data / "signer" / "certificates" / f"{ISSUER}-g1.cer").read_bytes()
    moment = (at or datetime.now(UTC)).replace(microsecond=0)
    facts = CrlFacts(number, moment, moment + timedelta(days=6))
    tbs = build_crl_tbs(facts, [crl_entry(5, at=moment)], issuer=issuer_identity(ISSUER, 1, certificate))
    (answer,) = own.sign_all([SignatureAsk("crl", ISSUER, 1, tbs)])
    if client is None:
        own.close()
    return answer


def order_of_calls(instance: RealInstance, folder: Path) -> list[str]:
    """G03: what the kernel was asked for one certificate, in order: the intent is on the disk (database, then
    the signer's record) before the signature goes out, the outcome before the answer does.
    """
    traces = {name: folder / f"{name}.strace" for name in ("signer", "enrolment")}
    tracers = [
        subprocess.Popen(
            [*_STRACE, "-o", str(path), "-p", str(instance.pid(name))],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for name, path in traces.items()
    ]
    try:
        time.sleep(1.5)
        program = Program(instance, timeout=60)
        told = one_more(program, fresh("traced"))
        program.close()
    finally:
        for tracer in tracers:
            tracer.terminate()
            tracer.wait(20)
    if told is None or told[0] != 201:
        return [f"nothing was issued under strace: {told}"]
    calls = sorted(call for path in traces.values() for call in _calls(path))
    return ordered([what for _, what in calls])


_CALL = re.compile(r"^\d+ +(?P<at>[\d.]+) (?P<call>\w+)\(\d+<(?P<file>[^>]*)>(?P<rest>.*)")


def _calls(path: Path) -> Iterator[tuple[float, str]]:
    """What counts, with its time: the database, the record, the signer's socket, the way out."""
    who = path.stem
    for line in path.read_text(errors="replace").splitlines():
        found = _CALL.match(line)
        if found is None:
            continue
        file, call = found["file"], found["call"]
        if call in ("fdatasync", "fsync") and "sqlite3" in file:
            yield float(found["at"]), "database synced"
        elif call in ("fdatasync", "fsync") and "ledger" in file:
            yield float(found["at"]), "record synced"
        elif who == "enrolment" and call in ("sendto", "sendmsg", "write") and "SCE2" in found["rest"]:
            yield float(found["at"]), "signer asked"
        elif who == "signer" and call in ("sendto", "sendmsg") and "SCE2" in found["rest"]:
            yield float(found["at"]), "signer answers"
        elif who == "enrolment" and call in ("sendto", "sendmsg", "write") and "TCP" in file:
            yield float(found["at"]), "answered"


def ordered(calls: list[str]) -> list[str]:
    """What is wrong with the order of these calls."""
    try:
        asked, answers = calls.index("signer asked"), calls.index("signer answers")
        sent = len(calls) - 1 - calls[::-1].index("answered")
    except ValueError:
        return [f"the calls were not all seen: {calls}"]
    found = []
    if "database synced" not in calls[:asked]:
        found.append("the signer was asked before the intent was on the disk")
    if calls[asked:answers].count("record synced") < 2:
        found.append("the signer answered before intent and outcome were on the disk")
    if "database synced" not in calls[answers:sent]:
        found.append("the door answered before the certificate was on the disk")
    return found if not found else [*found, json.dumps(calls)]


def strace_is_allowed() -> bool:
    """Whether this machine lets one process trace another."""
    if shutil.which("strace") is None:
        return False
    done = subprocess.run(["strace", "-o", os.devnull, "true"], check=False, capture_output=True)
    return done.returncode == 0


def full_reading(instance: RealInstance) -> list[str]:
    """G08: everything issued read again, pkilint on all of it; a difference is an alarm."""
    arguments = ("recheck", "--lint", "all", "--json", "--data", str(instance.data))
    told = json.loads(instance.sceau(*arguments, expected=(0, 1), patience=_READING_SECONDS))
    return [f"recheck: {told['counts']}"] if told["alarms"] else []
