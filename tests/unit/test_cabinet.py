"""The cabinet of pieces: plain or sealed, on the disk, read back only if nothing touched them."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sceau.custody import PieceCabinet
from sceau.vocabulary import Fault

DATA = b"%PDF-1.7 une piece"
DIGEST = hashlib.sha256(DATA).hexdigest()
REFERENCE, OTHER = "PIE-00000-00001", "PIE-00000-00002"


@pytest.fixture
def cabinet(tmp_path: Path) -> PieceCabinet:
    return PieceCabinet(tmp_path / "pieces", tmp_path / "keys")


def files(tmp_path: Path) -> list[Path]:
    return sorted(path for path in (tmp_path / "pieces").rglob("*") if path.is_file())


def test_plain_bytes_lie_once_under_their_digest_and_closed_to_others(
    cabinet: PieceCabinet, tmp_path: Path
) -> None:
    assert cabinet.keep(DATA) == cabinet.keep(DATA) == DIGEST
    (path,) = files(tmp_path)
    assert path.name == DIGEST
    assert path.stat().st_mode & 0o077 == 0
    assert cabinet.read(DIGEST) == DATA


def test_bytes_that_changed_on_the_disk_are_refused_and_can_be_kept_again(
    cabinet: PieceCabinet, tmp_path: Path
) -> None:
    cabinet.keep(DATA)
    files(tmp_path)[0].write_bytes(DATA + b"!")
    with pytest.raises(Fault, match=r"piece\.altered"):
        cabinet.read(DIGEST)
    cabinet.keep(DATA)
    assert cabinet.read(DIGEST) == DATA


def test_sealed_bytes_show_nothing_of_what_they_are(cabinet: PieceCabinet, tmp_path: Path) -> None:
    secret = b"\xff\xd8\xff" + b"carte d'identite" * 50
    digest = cabinet.seal(REFERENCE, secret)
    (path,) = files(tmp_path)
    kept = path.read_bytes()
    assert not any(secret[at : at + 12] in kept for at in range(len(secret) - 12))
    assert path.stat().st_mode & 0o077 == 0
    assert cabinet.unseal(REFERENCE, digest) == secret


def test_the_same_bytes_sealed_twice_are_two_unlike_files(cabinet: PieceCabinet, tmp_path: Path) -> None:
    cabinet.seal(REFERENCE, DATA)
    cabinet.seal(OTHER, DATA)
    first, second = (path.read_bytes() for path in files(tmp_path))
    assert first[-40:] != second[-40:]


def test_a_sealed_piece_opens_under_no_other_name_and_for_no_other_digest(
    cabinet: PieceCabinet, tmp_path: Path
) -> None:
    cabinet.seal(REFERENCE, DATA)
    (path,) = files(tmp_path)
    (path.parent / OTHER).write_bytes(path.read_bytes())
    for reference, digest in ((OTHER, DIGEST), (REFERENCE, "0" * 64)):
        with pytest.raises(Fault, match=r"piece\.altered"):
            cabinet.unseal(reference, digest)


@pytest.mark.parametrize("at", range(0, 400, 7))
def test_no_octet_of_a_sealed_piece_can_be_changed(cabinet: PieceCabinet, tmp_path: Path, at: int) -> None:
    cabinet.seal(REFERENCE, DATA)
    (path,) = files(tmp_path)
    kept = bytearray(path.read_bytes())
    kept[at % len(kept)] ^= 1
    path.write_bytes(bytes(kept))
    with pytest.raises(Fault, match=r"piece\.(altered|key)"):
        cabinet.unseal(REFERENCE, DIGEST)


def test_after_a_rotation_the_older_key_is_gone_and_everything_still_opens(
    cabinet: PieceCabinet, tmp_path: Path
) -> None:
    cabinet.seal(REFERENCE, DATA)
    before = files(tmp_path)[0].read_bytes()
    assert [path.name for path in (tmp_path / "keys").glob("*.key")] == ["0001.key"]
    assert cabinet.rotate() == 1
    assert [path.name for path in (tmp_path / "keys").glob("*.key")] == ["0002.key"]
    assert cabinet.unseal(REFERENCE, DIGEST) == DATA
    files(tmp_path)[0].write_bytes(before)  # from an old backup: its key is no more
    with pytest.raises(Fault, match=r"piece\.key"):
        cabinet.unseal(REFERENCE, DIGEST)


def test_a_rotation_cut_short_loses_nothing_and_is_done_again(
    cabinet: PieceCabinet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for reference in (REFERENCE, OTHER):
        cabinet.seal(reference, DATA)
    calls = []

    def cut(source: Path, target: Path) -> Path:
        calls.append(source)
        if len(calls) == 2:
            raise OSError(28, "no space")
        os.replace(source, target)  # noqa: PTH105 - Path.replace is what is cut
        return target

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", cut)
        with pytest.raises(OSError, match="no space"):
            cabinet.rotate()
    assert [cabinet.unseal(reference, DIGEST) for reference in (REFERENCE, OTHER)] == [DATA, DATA]
    assert cabinet.rotate() == 2
    assert [cabinet.unseal(reference, DIGEST) for reference in (REFERENCE, OTHER)] == [DATA, DATA]
    assert [path.name for path in (tmp_path / "keys").glob("*.key")] == ["0003.key"]


def test_nothing_is_lost_that_is_sealed_while_the_key_is_renewed(cabinet: PieceCabinet) -> None:
    references = [f"PIE-00000-{at:05}" for at in range(120)]
    cabinet.seal(references[0], DATA)
    with ThreadPoolExecutor(3) as pool:
        sealing = [pool.submit(cabinet.seal, reference, DATA) for reference in references[1:]]
        renewing = [pool.submit(cabinet.rotate) for _ in range(6)]
        assert {one.result() for one in sealing} == {DIGEST}
        assert len([one.result() for one in renewing]) == 6
    assert {cabinet.unseal(reference, DIGEST) for reference in references} == {DATA}


def test_a_key_that_others_can_read_opens_nothing(cabinet: PieceCabinet, tmp_path: Path) -> None:
    cabinet.seal(REFERENCE, DATA)
    (tmp_path / "keys" / "0001.key").chmod(0o640)
    with pytest.raises(Fault, match=r"piece\.key"):
        cabinet.unseal(REFERENCE, DIGEST)


def test_what_is_erased_is_gone(cabinet: PieceCabinet, tmp_path: Path) -> None:
    cabinet.keep(DATA)
    cabinet.seal(REFERENCE, DATA)
    cabinet.discard(DIGEST)
    cabinet.shred(REFERENCE)
    cabinet.shred(REFERENCE)
    assert files(tmp_path) == []
    with pytest.raises(Fault, match=r"piece\.missing"):
        cabinet.read(DIGEST)
    with pytest.raises(Fault, match=r"piece\.missing"):
        cabinet.unseal(REFERENCE, DIGEST)


def test_only_what_has_no_row_and_is_old_is_swept(cabinet: PieceCabinet, tmp_path: Path) -> None:
    cabinet.keep(DATA)
    cabinet.keep(b"orphan")
    cabinet.seal(REFERENCE, DATA)
    torn = tmp_path / "pieces" / "sealed" / f".{OTHER}.123"
    torn.write_bytes(b"half")
    later = files(tmp_path)[0].stat().st_mtime + 10
    names = cabinet.leftovers(known={DIGEST}.__contains__, older_than=later)
    assert set(names) == {hashlib.sha256(b"orphan").hexdigest(), REFERENCE, torn.name}
    assert cabinet.leftovers(known={DIGEST}.__contains__, older_than=0.0) == ()
    cabinet.throw_away(names)
    assert [path.name for path in files(tmp_path)] == [DIGEST]


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "PIE", "A" * 64, "PIE-00000-0000/"])
def test_no_name_leads_out_of_the_cabinet(cabinet: PieceCabinet, name: str) -> None:
    for act in (
        lambda: cabinet.read(name),
        lambda: cabinet.unseal(name, DIGEST),
        lambda: cabinet.shred(name),
        lambda: cabinet.discard(name),
    ):
        with pytest.raises(Fault, match=r"piece\.missing"):
            act()
