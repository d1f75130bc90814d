"""The signer's record: what it keeps through a crash, what it refuses, what it never forgets."""

from __future__ import annotations

import os
import resource
from datetime import timedelta
from pathlib import Path

import pytest

from sceau.custody.ledger import Ledger, ledger_lines
from sceau.custody.ledger_lines import Intent, Outcome, OutcomeKind, SignatureKind, signatures
from sceau.vocabulary import Fault, Refused
from tests.status_kit import NOW


def intent(serial: int, *, issuer: str = "el-org", kind: SignatureKind = SignatureKind.CERTIFICATE) -> Intent:
    until = None if kind is SignatureKind.CRL else NOW + timedelta(days=1095)
    return Intent(NOW, kind, issuer, 1, serial, "ab" * 32, until)


def signed(index: int) -> Outcome:
    return Outcome(index, NOW, OutcomeKind.SIGNED, "cd" * 32)


def test_lines_come_back_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with Ledger.open(path, at=NOW) as ledger:
        assert ledger.append([intent(7)]) == [0]
        assert ledger.append([signed(0), intent(8)]) == [1, 2]
        ledger.append([Outcome(2, NOW, OutcomeKind.FAILED)])
    found = [line.what for line in ledger_lines(path)]
    assert found == [intent(7), signed(0), intent(8), Outcome(2, NOW, OutcomeKind.FAILED)]
    joined = list(signatures(ledger_lines(path)))
    assert [(one.intent.serial, one.outcome and one.outcome.kind) for one in joined] == [
        (7, OutcomeKind.SIGNED),
        (8, OutcomeKind.FAILED),
    ]


def test_the_file_is_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    Ledger.open(path, at=NOW).close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_serial_is_taken_for_ever_even_after_a_restart_and_whatever_came_of_it(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with Ledger.open(path, at=NOW) as ledger:
        ledger.append([intent(7), intent(8)])
        ledger.append([Outcome(1, NOW, OutcomeKind.FAILED)])
    with Ledger.open(path, at=NOW) as ledger:
        for serial in (7, 8):
            with pytest.raises(Refused, match=r"signer\.serial-taken"):
                ledger.admit(intent(serial))
        ledger.admit(intent(7, issuer="el-pp"))  # another issuer's serials are its own
        ledger.admit(intent(9))


def test_a_responders_serial_and_a_certificates_are_one_space(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.jsonl", at=NOW) as ledger:
        ledger.append([intent(7, kind=SignatureKind.OCSP_RESPONDER)])
        with pytest.raises(Refused, match=r"signer\.serial-taken"):
            ledger.admit(intent(7))


def test_a_crl_number_only_rises_also_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with Ledger.open(path, at=NOW) as ledger:
        ledger.append([intent(41, kind=SignatureKind.CRL)])
    with Ledger.open(path, at=NOW) as ledger:
        for number in (40, 41):
            with pytest.raises(Refused, match=r"crl\.number-not-rising"):
                ledger.admit(intent(number, kind=SignatureKind.CRL))
        ledger.admit(intent(42, kind=SignatureKind.CRL))
        ledger.admit(intent(41))  # a serial is no CRL number
        assert ledger.last_number("el-org", 1) == 41


def test_an_intent_left_by_a_crash_is_an_unknown_outcome_said_once(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with Ledger.open(path, at=NOW) as ledger:
        ledger.append([intent(7)])
    later = NOW + timedelta(minutes=1)
    for _ in range(2):
        with Ledger.open(path, at=later) as ledger:
            assert ledger.unanswered == 0
    assert [line.what for line in ledger_lines(path)] == [intent(7), Outcome(0, later, OutcomeKind.UNKNOWN)]


@pytest.mark.parametrize("tail", [b'{"n":1,"prev":"', b"{", b"\0" * 4096, b'{"n":1}\n'[:-1]])
def test_a_torn_tail_is_set_aside_and_the_rest_kept(tmp_path: Path, tail: bytes) -> None:
    path = tmp_path / "ledger.jsonl"
    with Ledger.open(path, at=NOW) as ledger:
        ledger.append([intent(7)])
        ledger.append([signed(0)])
    whole = path.read_bytes()
    path.write_bytes(whole + tail)
    with Ledger.open(path, at=NOW) as ledger:
        ledger.append([intent(8)])
    assert path.read_bytes().startswith(whole)
    assert (tmp_path / "ledger.jsonl.torn-2").read_bytes() == tail
    assert len(list(ledger_lines(path))) == 3


def test_a_cut_anywhere_leaves_a_ledger_that_opens_and_forgets_nothing_that_was_whole(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with Ledger.open(path, at=NOW) as ledger:
        for serial in range(1, 6):
            ledger.append([intent(serial)])
    whole = path.read_bytes()
    for length in range(0, len(whole), 37):
        path.write_bytes(whole[:length])
        with Ledger.open(path, at=NOW) as ledger:
            taken = [serial for serial in range(1, 6) if ledger.is_taken("el-org", serial)]
            assert len(taken) == whole[:length].count(b"\n")


@pytest.mark.parametrize("harm", ["alter", "delete", "swap", "insert", "respell"])
def test_any_other_harm_stops_the_signer(tmp_path: Path, harm: str) -> None:
    path = tmp_path / "ledger.jsonl"
    with Ledger.open(path, at=NOW) as ledger:
        for serial in range(1, 6):
            ledger.append([intent(serial)])
    lines = path.read_bytes().splitlines(keepends=True)
    changed = {
        "alter": [lines[0], lines[1].replace(b'"serial":"2"', b'"serial":"f"'), *lines[2:]],
        "delete": [lines[0], *lines[2:]],
        "swap": [lines[1], lines[0], *lines[2:]],
        "insert": [lines[0], lines[0], *lines[1:]],
        "respell": [lines[0], lines[1].replace(b'{"n":1,', b'{"n": 1,'), *lines[2:]],
    }[harm]
    assert changed != lines
    path.write_bytes(b"".join(changed))
    with pytest.raises(Fault, match=r"ledger\.broken"):
        Ledger.open(path, at=NOW)
    with pytest.raises(Fault, match=r"ledger\.broken"):
        list(ledger_lines(path))
    assert path.read_bytes() == b"".join(changed)  # evidence is left as it was


def test_two_signers_cannot_hold_one_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with Ledger.open(path, at=NOW), pytest.raises(Fault, match=r"ledger\.in-use"):
        Ledger.open(path, at=NOW)
    Ledger.open(path, at=NOW).close()


def test_a_full_disk_leaves_no_half_line_and_the_ledger_goes_on_when_there_is_room(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Ledger.open(path, at=NOW) as ledger:
        ledger.append([intent(1)])
        before = path.read_bytes()
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, hard))
        try:
            with pytest.raises(Fault, match=r"ledger\.not-written") as caught:
                ledger.append([intent(2)])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert caught.value.retryable
        assert path.read_bytes() == before
        assert not ledger.is_taken("el-org", 2)
        ledger.append([intent(2)])
    assert len(list(ledger_lines(path))) == 2


def test_a_disk_that_does_not_confirm_is_never_believed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(5, "input/output error")

    with Ledger.open(tmp_path / "ledger.jsonl", at=NOW) as ledger:
        with monkeypatch.context() as patched:
            patched.setattr(os, "fdatasync", fail)
            with pytest.raises(Fault, match=r"ledger\.not-confirmed"):
                ledger.append([intent(1)])
        with pytest.raises(Fault, match=r"ledger\.broken"):
            ledger.append([intent(2)])


def test_every_append_waits_for_the_disk_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    syncs: list[int] = []
    with Ledger.open(tmp_path / "ledger.jsonl", at=NOW) as ledger:
        monkeypatch.setattr(os, "fdatasync", syncs.append)
        ledger.append([intent(serial) for serial in range(1, 33)])
    assert len(syncs) == 1
