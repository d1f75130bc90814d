"""The signer's record in sealed segments: nothing is forgotten at a border, a start does not read it all."""

from __future__ import annotations

import contextlib
import os
import random
from datetime import timedelta
from pathlib import Path

import pytest

from sceau.custody.ledger import Ledger, ledger_lines
from sceau.custody.ledger_lines import Intent, Outcome, OutcomeKind, SignatureKind, signatures
from sceau.custody.ledger_segments import Segments
from sceau.vocabulary import Fault, Refused
from tests.status_kit import NOW

LINES = 10


def opened(path: Path, lines: int = LINES) -> Ledger:
    return Ledger.open(path, at=NOW, segment_lines=lines)


def intent(serial: int, *, issuer: str = "el-org", kind: SignatureKind = SignatureKind.CERTIFICATE) -> Intent:
    until = None if kind is SignatureKind.CRL else NOW + timedelta(days=1095)
    return Intent(NOW, kind, issuer, 1, serial, "ab" * 32, until)


def outcome(index: int, kind: OutcomeKind = OutcomeKind.SIGNED) -> Outcome:
    return Outcome(index, NOW, kind, "cd" * 32 if kind is OutcomeKind.SIGNED else None)


def sign_all(ledger: Ledger, serials: range) -> None:
    """As the desk does under load: outcomes of one turn with the intents of the next."""
    waiting: list[Outcome] = []
    for serial in serials:
        index = ledger.append([*waiting, intent(serial)])[-1]
        waiting = [outcome(index)]
    ledger.append(waiting)


def names(path: Path) -> list[str]:
    return sorted(one.name for one in path.with_suffix(".sealed").glob("*"))


def test_a_long_ledger_is_cut_into_segments_and_reads_as_one(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with opened(path) as ledger:
        sign_all(ledger, range(1, 40))
    sealed = [name for name in names(path) if name.endswith(".jsonl")]
    assert len(sealed) >= 6
    assert sealed[0] == "000000000000.jsonl"
    lines = list(ledger_lines(path))
    assert [line.index for line in lines] == list(range(78))
    assert [one.intent.serial for one in signatures(lines)] == list(range(1, 40))
    assert all(one.outcome is not None for one in signatures(lines))


def test_it_is_the_very_chain_that_one_file_would_have_held(tmp_path: Path) -> None:
    with opened(tmp_path / "cut.jsonl") as cut, opened(tmp_path / "whole.jsonl", 10_000) as whole:
        sign_all(cut, range(1, 40))
        sign_all(whole, range(1, 40))
    pieces = sorted((tmp_path / "cut.sealed").glob("*.jsonl"))
    together = b"".join(piece.read_bytes() for piece in pieces) + (tmp_path / "cut.jsonl").read_bytes()
    assert together == (tmp_path / "whole.jsonl").read_bytes()


def test_no_serial_of_any_segment_is_free_again_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with opened(path) as ledger:
        sign_all(ledger, range(100, 140))
        for serial in range(100, 140):
            assert ledger.is_taken("el-org", serial)
    with opened(path) as ledger:
        for serial in range(100, 140):
            with pytest.raises(Refused, match=r"signer\.serial-taken"):
                ledger.admit(intent(serial))
            ledger.admit(intent(serial, issuer="el-pp"))
        for serial in (99, 140, 1 << 158):
            ledger.admit(intent(serial))


def test_a_start_reads_the_seals_and_the_open_segment_only(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with opened(path) as ledger:
        sign_all(ledger, range(1, 100))
    first = path.with_suffix(".sealed") / "000000000000.jsonl"
    harmed = bytearray(first.read_bytes())
    harmed[100] ^= 1
    first.write_bytes(bytes(harmed))
    opened(path).close()  # not seen here...
    with pytest.raises(Fault, match=r"ledger\.broken.*000000000000\.jsonl"):
        list(ledger_lines(path))  # ... and always by who reads it all


def test_list_numbers_and_the_clock_cross_the_border(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with opened(path) as ledger:
        ledger.append([intent(41, kind=SignatureKind.CRL)])
        ledger.append([outcome(0)])
        sign_all(ledger, range(1, 40))
    with opened(path) as ledger:
        assert ledger.last_number("el-org", 1) == 41
        assert ledger.last_at == NOW
        with pytest.raises(Refused, match=r"crl\.number-not-rising"):
            ledger.admit(intent(41, kind=SignatureKind.CRL))


def test_an_intent_under_way_crosses_the_border_and_is_never_lost(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with opened(path) as ledger:
        ledger.append([intent(7), intent(8), intent(9, kind=SignatureKind.CRL)])
        sign_all(ledger, range(100, 140))
        assert ledger.unanswered == 3
        ledger.append([outcome(0), outcome(1, OutcomeKind.UNSENT)])
        sign_all(ledger, range(200, 240))
    with opened(path) as ledger:
        assert ledger.is_taken("el-org", 7)
        assert not ledger.is_taken("el-org", 8)  # it never reached a key, three segments ago
        assert ledger.unanswered == 0
    found = {one.index: one.outcome and one.outcome.kind for one in signatures(ledger_lines(path))}
    assert [found[at] for at in (0, 1, 2)] == [OutcomeKind.SIGNED, OutcomeKind.UNSENT, OutcomeKind.UNKNOWN]


def test_a_list_that_came_to_nothing_gives_its_number_back_over_a_border(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with opened(path) as ledger:
        ledger.append([intent(5, kind=SignatureKind.CRL)])
        ledger.append([outcome(0)])
        (index,) = ledger.append([intent(6, kind=SignatureKind.CRL)])
        sign_all(ledger, range(100, 140))
        ledger.append([outcome(index, OutcomeKind.UNSENT)])
        assert ledger.last_number("el-org", 1) == 5
    with opened(path) as ledger:
        ledger.admit(intent(6, kind=SignatureKind.CRL))


def test_a_ledger_of_one_file_is_taken_over_as_its_first_segment(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with opened(path, 10_000) as ledger:
        sign_all(ledger, range(1, 40))
    whole = path.read_bytes()
    with opened(path) as ledger:
        assert ledger.is_taken("el-org", 39)
        assert (path.with_suffix(".sealed") / "000000000000.jsonl").read_bytes() == whole
        assert path.read_bytes() == b""
        sign_all(ledger, range(40, 42))
    assert [one.intent.serial for one in signatures(ledger_lines(path))] == list(range(1, 42))


def test_a_lost_index_is_made_again_from_the_segment(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with opened(path) as ledger:
        sign_all(ledger, range(1, 40))
    indexes = sorted(path.with_suffix(".sealed").glob("*.index"))
    kept = [one.read_bytes() for one in indexes]
    indexes[0].unlink()
    indexes[1].write_bytes(kept[0])
    indexes[2].write_bytes(b"")
    with opened(path) as ledger:
        assert all(ledger.is_taken("el-org", serial) for serial in range(1, 40))
        assert not ledger.is_taken("el-org", 0)
    assert [one.read_bytes() for one in indexes] == kept


def test_an_index_that_hides_a_serial_is_seen_by_who_reads_it_all(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with opened(path) as ledger:
        sign_all(ledger, range(1, 40))
    index = path.with_suffix(".sealed") / "000000000000.index"
    index.write_bytes(index.read_bytes()[:-1] + b"\xff")
    with pytest.raises(Fault, match=r"ledger\.broken.*index"):
        list(ledger_lines(path))


FIRST, SECOND = "000000000000", "000000000011"


def _harm(folder: Path, harm: str) -> None:
    seal = folder / f"{FIRST}.seal"
    match harm:
        case "a segment is missing":
            (folder / f"{SECOND}.jsonl").unlink()
        case "the first segment is missing":
            (folder / f"{FIRST}.jsonl").unlink()
        case "a seal is missing":
            (folder / f"{SECOND}.seal").unlink()
        case "a seal is another's":
            (folder / f"{SECOND}.seal").write_bytes(seal.read_bytes())
        case "a seal says another number":
            _replace(seal, b'"next": 11', b'"next": 10')
        case "a seal says another digest":
            _replace(seal, b'"last": "', b'"last": "0')
        case "a seal is spelled otherwise":
            _replace(seal, b'"next": ', b'"next":  ')
        case _:
            os.truncate(folder / f"{SECOND}.jsonl", 500)


HARMS = (
    "a segment is missing",
    "the first segment is missing",
    "a seal is missing",
    "a seal is another's",
    "a seal says another number",
    "a seal says another digest",
    "a seal is spelled otherwise",
    "a segment is cut",
)


def _replace(path: Path, old: bytes, new: bytes) -> None:
    before = path.read_bytes()
    assert old in before
    path.write_bytes(before.replace(old, new, 1))


@pytest.mark.parametrize("harm", HARMS)
def test_a_chain_of_seals_that_does_not_hold_stops_the_signer(tmp_path: Path, harm: str) -> None:
    path = tmp_path / "ledger.jsonl"
    with opened(path) as ledger:
        sign_all(ledger, range(1, 40))
    _harm(path.with_suffix(".sealed"), harm)
    with pytest.raises(Fault, match=r"ledger\.broken"):
        opened(path)
    with pytest.raises(Fault, match=r"ledger\.broken"):
        list(ledger_lines(path))


def test_an_open_segment_that_is_missing_or_another_stops_the_signer(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with opened(path) as ledger:
        sign_all(ledger, range(1, 40))
    kept = path.read_bytes()
    path.unlink()
    with pytest.raises(Fault, match=r"ledger\.broken"):
        opened(path)
    last = sorted(path.with_suffix(".sealed").glob("*.jsonl"))[-1]
    path.write_bytes(last.read_bytes()[:-50] + kept[-50:])
    with pytest.raises(Fault, match=r"ledger\.broken"):
        opened(path)


class Cut(BaseException):
    """The power goes."""


STEPS = ("os.fsync", "os.link", "pathlib.Path.replace", "sceau.custody.ledger.sync_folder")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("nth", range(1, 5))
@pytest.mark.parametrize("step", STEPS)
def test_a_crash_anywhere_in_the_sealing_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, nth: int, *, after: bool
) -> None:
    path = tmp_path / "ledger.jsonl"
    ledger = opened(path)
    ledger.append([intent(serial) for serial in range(1, LINES)])
    ledger.append([outcome(0)])
    calls: list[int] = []
    owner, name = step.rsplit(".", 1)
    real = getattr(_resolved(owner), name)

    def cut(*args: object, **kwargs: object) -> object:
        calls.append(1)
        if len(calls) == nth and not after:
            raise Cut
        done = real(*args, **kwargs)
        if len(calls) == nth:
            raise Cut
        return done

    with monkeypatch.context() as patched:
        patched.setattr(step, cut)
        with contextlib.suppress(Cut):
            ledger.append([intent(50)])
    ledger.close()
    with opened(path) as again:
        assert all(again.is_taken("el-org", serial) for serial in range(1, LINES))
        assert again.unanswered == 0
        sign_all(again, range(100, 120))
    lines = list(ledger_lines(path))
    assert [line.index for line in lines] == list(range(len(lines)))
    serials = [one.intent.serial for one in signatures(lines)]
    assert len(serials) == len(set(serials))
    assert set(serials) >= {*range(1, LINES), *range(100, 120)}


def _resolved(name: str) -> object:
    import importlib

    if name == "pathlib.Path":
        return Path
    return importlib.import_module(name)


@pytest.mark.parametrize("step", ["os.link", "pathlib.Path.replace"])
def test_a_disk_with_no_room_for_a_seal_does_not_stop_the_signing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "ledger.jsonl"
    with opened(path) as ledger:
        sign_all(ledger, range(1, 6))
        with monkeypatch.context() as patched:
            patched.setattr(step, _no_room)
            sign_all(ledger, range(6, 12))
        assert not list(path.with_suffix(".sealed").glob("*.jsonl"))
        sign_all(ledger, range(12, 40))
        assert len(Segments(path)) > 2
    assert [one.intent.serial for one in signatures(ledger_lines(path))] == list(range(1, 40))


def _no_room(*args: object) -> None:
    raise OSError(28, "no space left on device")


def test_whatever_the_turns_and_restarts_it_remembers_what_one_file_would(tmp_path: Path) -> None:
    """The same acts on a ledger cut every seven lines and on one that is never cut."""
    chance = random.Random(413)
    cut, whole = tmp_path / "cut.jsonl", tmp_path / "whole.jsonl"
    both = [opened(cut, 7), opened(whole, 10_000)]
    waiting: list[int] = []
    for _ in range(400):
        if chance.random() < 0.05:
            for ledger in both:
                ledger.close()
            waiting, both = [], [opened(cut, 7), opened(whole, 10_000)]
        lines: list[Intent | Outcome] = []
        for index in chance.sample(waiting, chance.randrange(len(waiting) + 1)):
            waiting.remove(index)
            lines.append(outcome(index, chance.choice(list(OutcomeKind))))
        answered = len(lines)
        for _ in range(chance.randrange(4)):
            kind = SignatureKind.CRL if chance.random() < 0.2 else SignatureKind.CERTIFICATE
            asked = intent(chance.randrange(60), issuer=chance.choice(["el-org", "el-pp"]), kind=kind)
            verdicts = [_admitted(ledger, asked) for ledger in both]
            assert verdicts[0] == verdicts[1]
            alike = [one for one in lines if isinstance(one, Intent)]
            if verdicts[0] and not any(
                (one.issuer, one.is_crl) == (asked.issuer, asked.is_crl) for one in alike
            ):
                lines.append(asked)
        if lines:
            indexes = [ledger.append(lines) for ledger in both]
            assert indexes[0] == indexes[1]
            waiting += indexes[0][answered:]
    for ledger in both:
        ledger.close()
    assert [line.what for line in ledger_lines(cut)] == [line.what for line in ledger_lines(whole)]
    assert len(names(cut)) > 30


def _admitted(ledger: Ledger, asked: Intent) -> bool:
    try:
        ledger.admit(asked)
    except Refused:
        return False
    return True
