"""`sceau ledger verify`: what an auditor runs on a copy of the signer's record."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sceau.cli.ledger import app
from sceau.custody.ledger import Ledger
from sceau.custody.ledger_lines import Intent, Outcome, OutcomeKind, SignatureKind
from tests.status_kit import NOW


def run(*arguments: str | Path) -> Any:
    return CliRunner().invoke(app, ["verify", *(str(argument) for argument in arguments)])


@pytest.fixture
def record(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.jsonl"
    with Ledger.open(path, at=NOW, segment_lines=10) as ledger:
        for serial in range(1, 21):
            intent = Intent(NOW, SignatureKind.CERTIFICATE, "el-org", 1, serial, "ab" * 32, NOW)
            (index,) = ledger.append([intent])
            at = NOW + timedelta(seconds=serial)
            kind = OutcomeKind.SIGNED if serial % 5 else OutcomeKind.UNKNOWN
            ledger.append([Outcome(index, at, kind, "cd" * 32 if serial % 5 else None)])
    return path


def test_it_counts_what_the_signer_wrote_over_all_segments(record: Path) -> None:
    done = run(record, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert (told["holds"], told["lines"], told["under_way"]) == (True, 40, 0)
    assert told["asked"] == {"certificate": 20}
    assert told["came_of_it"] == {"signed": 16, "unknown": 4}
    assert "présumé" in run(record).output


@pytest.mark.parametrize("harmed", ["ledger.jsonl", "ledger.sealed/000000000010.jsonl"])
def test_it_names_the_line_where_the_record_breaks(record: Path, harmed: str) -> None:
    path = record.parent / harmed
    raw = bytearray(path.read_bytes() or b"{}\n{}\n")
    raw[5] ^= 1
    path.write_bytes(bytes(raw))
    done = run(record, "--json")
    assert done.exit_code == 1, done.output
    assert harmed in json.loads(done.output)["where"]


def test_a_file_that_is_not_there_is_misuse(tmp_path: Path) -> None:
    assert run(tmp_path / "ledger.jsonl").exit_code == 2
