"""A restart of an instance that has signed much [ASSURANCE G02]: ready again within seconds after kill -9 of
all of it, however often it is killed while it recovers; and a recovery done again changes nothing.

What it signed before is written by hand: rows copied from a certificate that the door issued, and the same in
the signer's own record, by its own code.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.database import CertificateMaker, connect
from bench.fleet import Fleet
from cryptography import x509

from sceau.custody import OutcomeKind, ledger_lines, signatures
from sceau.custody.ledger import Ledger
from sceau.custody.ledger_lines import Intent, Outcome, SignatureKind
from sceau.status import spell_serial
from tests.reliability.accounts import ISSUER, check, rows_of, settle, signed_certificates
from tests.reliability.load import Answers, Load, Program, finish
from tests.reliability.prepare import DECLARED
from tests.reliability.real import PARTS, RealInstance

_SLICE = 5_000
_FIRST = 1_000_000  # what is copied is numbered from here on
_UNDER_LOAD = 3.0
_SAMPLE = 60


@dataclass
class Restart:
    """What was seen: seconds until all parts were ready, how many of CPU that took, and what did not hold."""

    seconds: float
    cpu: float
    found: list[str]


def restart(instance: RealInstance, *, count: int, kills: int, limit: float) -> Restart:
    """G02: with `count` certificates in record and database, all parts killed under load, killed again
    `kills` times while they start, then ready within `limit` seconds and nothing lost; a second recovery
    changes nothing.
    """
    grow(instance, count)
    answers, chance = Answers(), random.Random(413)
    instance.start()
    load = Load(instance, answers, seed=413)
    load.start()
    try:
        time.sleep(_UNDER_LOAD)
        instance.kill(*PARTS)
        for _ in range(kills):
            instance.start(wait=False)
            time.sleep(chance.uniform(0.3, limit / 2))
            instance.kill(*PARTS)
        seconds = instance.start()
        cpu = sum(_cpu(instance.pid(name)) for name in PARTS)
        time.sleep(_UNDER_LOAD)
    finally:
        load.stop()
    settle(instance)
    finish(instance, answers)
    found = (
        []
        if seconds <= limit
        else [f"ready after {seconds:.1f} s ({cpu:.1f} s of CPU) with {count:,} certificates"]
    )
    found += check(instance, answers, sample=_SAMPLE)
    found += _again(instance, count)
    return Restart(seconds, cpu, found)


def _cpu(pid: int) -> float:
    """Seconds of CPU that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _again(instance: RealInstance, count: int) -> Iterator[str]:
    """Killed and recovered once more with nothing under way: every certificate and line is as it was."""
    before = _known(instance)
    if len(before) < count:
        yield f"{len(before):,} certificates in record and database, {count:,} were written"
    instance.kill(*PARTS)
    instance.start()
    settle(instance)
    changed = before.items() ^ _known(instance).items()
    if changed:
        yield f"a second recovery changed {sorted(changed)[:4]}"


def _known(instance: RealInstance) -> dict[int, tuple[str, str, bool]]:
    """By serial: what came of it in the signer's record, its state, whether it is revoked."""
    signed = signed_certificates(signatures(ledger_lines(instance.ledger)))
    outcomes = {serial: str(one.outcome and one.outcome.kind) for serial, one in signed.items()}
    rows = {row.serial: row for row in rows_of(instance)}
    return {
        serial: (
            outcomes.get(serial, "never signed"),
            rows[serial].state if serial in rows else "no row",
            serial in rows and rows[serial].is_revoked,
        )
        for serial in outcomes.keys() | rows.keys()
    }


def grow(instance: RealInstance, count: int) -> None:
    """`count` certificates more, in the database and in the signer's record; nothing may be running."""
    with _at_work(instance):
        _issue_one(instance)
    maker = CertificateMaker()
    serials = [maker.serial(number) for number in range(1, count + 1)]
    _fill_record(instance, serials, _fill_database(instance, serials))


@contextlib.contextmanager
def _at_work(instance: RealInstance) -> Iterator[None]:
    instance.start()
    try:
        yield
    finally:
        instance.stop()


def _issue_one(instance: RealInstance) -> None:
    """The certificate whose rows are copied."""
    from tests.reliability.drills import one_more

    program = Program(instance)
    told = one_more(program, "model")
    program.close()
    assert told is not None
    assert told[0] == 201, told


@dataclass(frozen=True, slots=True)
class _Signed:
    """SHA-256 of what was to be signed for the model, and of what was."""

    body: str
    der: str


def _fill_database(instance: RealInstance, serials: list[int]) -> _Signed:
    """Rows as the verbs left those of the model."""
    connection = connect(instance.data)
    with contextlib.closing(connection), _without_triggers(connection):
        fleet = Fleet(connection, len(serials), datetime.now(UTC))
        name = f"model.{DECLARED}"
        of_name = fleet.one("certificatename", "value = ?", name)
        model = fleet.one("certificate", "id = ?", of_name["certificate_id"])
        use = fleet.one("keyuse", "certificate_id = ?", model["id"])
        for first in range(0, len(serials), _SLICE):
            connection.execute("BEGIN")
            rows, names, uses = [], [], []
            for number, serial in enumerate(serials[first : first + _SLICE], _FIRST + first):
                key = hashlib.sha256(f"{number}".encode()).hexdigest()
                own = {"id": number, "reference": f"CRT-G02-{number}", "serial": spell_serial(serial)}
                rows.append(model | own | {"spki_sha256": key, "idempotency_key": f"g02-{number}"})
                names.append(of_name | {"id": number, "certificate_id": number})
                uses.append(use | {"id": number, "certificate_id": number, "spki_sha256": key})
            fleet.put("certificate", rows)
            fleet.put("certificatename", names)
            fleet.put("keyuse", uses)
            connection.execute("COMMIT")
    body = x509.load_der_x509_certificate(model["der"]).tbs_certificate_bytes
    return _Signed(hashlib.sha256(body).hexdigest(), hashlib.sha256(model["der"]).hexdigest())


@contextlib.contextmanager
def _without_triggers(connection: sqlite3.Connection) -> Iterator[None]:
    """A certificate may only begin as an intent: not here."""
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.execute(f'DROP TRIGGER "{name}"')
    try:
        yield
    finally:
        for _, sql in triggers:
            connection.execute(sql)


def _fill_record(instance: RealInstance, serials: list[int], model: _Signed) -> None:
    """Both lines of each signature, in the record's own segments."""
    at = datetime.now(UTC)
    with Ledger.open(instance.ledger, at=at) as ledger:
        for first in range(0, len(serials), _SLICE):
            some = serials[first : first + _SLICE]
            intents = [Intent(at, SignatureKind.CERTIFICATE, ISSUER, 1, one, model.body, at) for one in some]
            places = ledger.append(intents)
            ledger.append([Outcome(place, at, OutcomeKind.SIGNED, model.der) for place in places])
