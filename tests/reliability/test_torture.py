"""The short form of `make torture`, and proof that its checks can fail."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

from tests.reliability.accounts import check
from tests.reliability.conftest import started
from tests.reliability.drills import fresh, one_more
from tests.reliability.load import Answers, Handed, Program
from tests.reliability.points import POINTS
from tests.reliability.real import RealInstance
from tests.reliability.torture import Torture


def test_g01_killed_again_and_again_everything_is_accounted_for(tmp_path: Path) -> None:
    run = Torture(tmp_path / "torture", kills=10, every=10, programs=4, ready_limit=20).run()
    assert run.violations == []
    assert run.kills >= 10
    assert run.handed > 10
    named = {point.name for point in POINTS}
    assert sum(count for name, count in run.by_point.items() if name in named) >= 2


@pytest.fixture
def small(tmp_path: Path) -> Iterator[RealInstance]:
    """An instance with one certificate."""
    for instance in started(tmp_path / "data"):
        program = Program(instance)
        told = one_more(program, fresh("one"))
        program.close()
        assert told is not None
        assert told[0] == 201
        yield instance


def test_each_check_can_fail(small: RealInstance) -> None:
    """Harm done by hand, of each kind the torture looks for, is seen."""
    assert check(small, Answers()) == []
    ghost = Handed("CRT-GHOST", 413, b"no certificate")
    assert any("handed over" in one for one in check(small, Answers(handed={413: ghost})))
    with contextlib.closing(sqlite3.connect(small.database)) as database:
        names = [
            name
            for (name,) in database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'records_certificate'"
            )
        ]
        for name in names:
            database.execute(f"DROP TRIGGER {name}")
        database.execute("PRAGMA ignore_check_constraints = ON")
        (der,) = database.execute("SELECT der FROM records_certificate").fetchone()
        meant = x509.load_der_x509_certificate(der).tbs_certificate_bytes
        database.execute("UPDATE records_certificate SET state = 'intended', der = NULL, draft = ?", (meant,))
        database.commit()
    assert any("stuck in 'intended'" in one for one in check(small, Answers()))
    with contextlib.closing(sqlite3.connect(small.database)) as database:
        database.execute("UPDATE records_certificate SET draft = x'3000'")
        database.commit()
    assert any("other bytes" in one for one in check_rows(small))
    ledger = small.ledger
    small.stop("signer")
    ledger.write_bytes(ledger.read_bytes().replace(b'"step":"signed"', b'"step":"unsent"', 1))
    assert "does not hold" in check(small, Answers())[0]


def check_rows(instance: RealInstance) -> list[str]:
    from sceau.custody import ledger_lines, signatures
    from tests.reliability.accounts import rows_of, unaccounted

    record = list(signatures(ledger_lines(instance.ledger)))
    return list(unaccounted(record, {row.serial: row for row in rows_of(instance)}))
