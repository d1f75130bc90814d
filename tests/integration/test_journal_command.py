"""`sceau journal`: what an operator exports, and what a third party finds with nothing but the files."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from sceau.cli.journal import app
from sceau.journal import HeadVerifier, TreeHead, sign_head, split_notes
from sceau.operations import seal_journal
from tests.instance import Instance, accepted, offer

RUN = CliRunner()


def run(*arguments: str | Path) -> Any:
    return RUN.invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def sealed(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> Instance:
    """An instance with a little history in its journal, sealed under three heads."""
    monkeypatch.setattr("sceau.site.start", lambda data=None: instance.machine)
    seal_journal()
    accepted(offer("serv-ssl"))
    seal_journal()
    accepted(offer("org"))
    seal_journal()
    return instance


@pytest.fixture
def exported(sealed: Instance, tmp_path: Path) -> Path:
    folder = tmp_path / "export"
    done = run("export", folder, "--data", tmp_path, "--with-personal-data")
    assert done.exit_code == 0, done.output
    return folder


def lines(folder: Path, name: str = "entries.jsonl") -> list[bytes]:
    return (folder / name).read_bytes().splitlines(keepends=True)


def rewrite(folder: Path, change: Callable[[list[bytes]], list[bytes]], name: str = "entries.jsonl") -> None:
    (folder / name).write_bytes(b"".join(change(lines(folder, name))))


def verdict(folder: Path, *options: str | Path) -> dict[str, Any]:
    done = run("verify", folder, "--json", *options)
    answer: dict[str, Any] = json.loads(done.output)
    assert done.exit_code == (0 if answer["holds"] else 1)
    return answer


def test_an_export_holds_and_says_how_much_it_vouches_for(exported: Path) -> None:
    answer = verdict(exported)
    assert answer["holds"]
    assert answer["size"] == len(lines(exported)) > 10
    assert answer["heads"] == 3
    assert answer["disclosures"] > 0


def test_a_third_party_needs_neither_django_nor_the_instance(exported: Path) -> None:
    program = (
        "import sys; from sceau.cli import main\n"
        "try:\n    main(sys.argv[1:])\n"
        "except SystemExit as end:\n    assert end.code == 0, end.code\n"
        "assert 'django' not in sys.modules and 'sqlite3' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "journal", "verify", str(exported)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "SCEAU_DATA": "/nonexistent"},
    )
    assert done.returncode == 0, done.stderr
    assert "Le journal est entier" in done.stdout


def test_personal_data_leave_the_instance_only_when_asked_and_readable_by_one(
    sealed: Instance, exported: Path, tmp_path: Path
) -> None:
    plain = tmp_path / "plain"
    assert run("export", plain, "--data", tmp_path).exit_code == 0
    assert not (plain / "disclosures.jsonl").exists()
    assert verdict(plain)["holds"]
    assert "Lefèvre".encode() not in (plain / "entries.jsonl").read_bytes()
    assert stat.S_IMODE((exported / "disclosures.jsonl").stat().st_mode) == 0o600
    assert "Lefèvre".encode() in (exported / "disclosures.jsonl").read_bytes()


def test_an_export_is_never_overwritten(exported: Path, tmp_path: Path) -> None:
    assert run("export", exported, "--data", tmp_path).exit_code == 2


@pytest.mark.parametrize("position", [0, 4, -1])
def test_an_edited_entry_is_named(exported: Path, position: int) -> None:
    def edit(all_lines: list[bytes]) -> list[bytes]:
        all_lines[position] = all_lines[position].replace(b'"v":1', b'"v":2')
        return all_lines

    size = len(lines(exported))
    rewrite(exported, edit)
    answer = verdict(exported)
    assert answer["first"] == position % size
    assert "journal.entry-differs" in [flaw["code"] for flaw in answer["flaws"]]


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found[:3] + found[4:],
        lambda found: [*found[:3], found[4], found[3], *found[5:]],
        lambda found: found[:-1],
        lambda found: [*found, found[3]],
        lambda found: [*found[:3], found[1], *found[3:]],
    ],
)
def test_lines_deleted_swapped_cut_off_added_or_repeated_are_found(exported: Path, change: Any) -> None:
    rewrite(exported, change)
    assert not verdict(exported)["holds"]
    (exported / "leaves.txt").unlink()
    (exported / "disclosures.jsonl").unlink()
    assert not verdict(exported)["holds"]


def test_the_verdict_is_said_in_french_with_the_position(exported: Path) -> None:
    rewrite(exported, lambda found: found[:-1])
    done = run("verify", exported)
    assert done.exit_code == 1
    assert "Première position en cause" in done.output
    assert "une tête signée en atteste" in done.output


def test_a_whole_history_rewritten_under_another_key_is_caught_by_a_key_kept_elsewhere(
    exported: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "kept.pub"
    shutil.copy(exported / "key.pub", kept)
    other = Ed25519PrivateKey.generate()
    name = (exported / "key.pub").read_text().split("+")[0]
    from sceau.journal import leaf_hash, root_from_leaves

    rewrite(exported, lambda found: found[:5], "entries.jsonl")
    rewrite(exported, lambda found: found[:5], "leaves.txt")
    (exported / "disclosures.jsonl").unlink()
    root = root_from_leaves(leaf_hash(line.rstrip(b"\n")) for line in lines(exported))
    (exported / "heads.txt").write_text(sign_head(TreeHead(name, 5, root), other))
    (exported / "key.pub").write_text(HeadVerifier.of(name, other).text + "\n")
    assert verdict(exported)["holds"]
    assert not verdict(exported, "--key", kept)["holds"]


def test_a_tail_cut_off_with_its_heads_is_caught_by_a_head_kept_elsewhere(
    exported: Path, tmp_path: Path
) -> None:
    notes = list(split_notes((exported / "heads.txt").read_text()))
    kept = tmp_path / "kept.txt"
    kept.write_text(notes[-1])
    size = int(notes[0].split("\n")[1])
    for name in ("entries.jsonl", "leaves.txt"):
        rewrite(exported, lambda found: found[:size], name)
    (exported / "disclosures.jsonl").unlink()
    (exported / "heads.txt").write_text(notes[0])
    assert verdict(exported)["holds"]
    answer = verdict(exported, "--head", kept)
    assert [flaw["code"] for flaw in answer["flaws"]] == ["journal.cut-off"]


@pytest.mark.parametrize("name", ["entries.jsonl", "heads.txt", "key.pub"])
def test_a_file_that_is_missing_is_a_misuse(exported: Path, name: str) -> None:
    (exported / name).unlink()
    done = run("verify", exported)
    assert done.exit_code == 2
    assert name in done.output


def test_files_of_noise_are_refused_without_a_trace(exported: Path) -> None:
    for name in ("entries.jsonl", "leaves.txt", "heads.txt", "disclosures.jsonl"):
        (exported / name).write_bytes(bytes(range(256)) * 20)
    assert not verdict(exported)["holds"]


def test_the_instances_own_journal_is_verified_from_its_database(sealed: Instance, tmp_path: Path) -> None:
    done = run("verify", "--data", tmp_path)
    assert done.exit_code == 0, done.output
    assert "Le journal est entier" in done.output


def test_an_operator_who_edits_the_database_is_found_out(sealed: Instance, tmp_path: Path) -> None:
    """ASSURANCE T46, F39: the triggers that refuse it are removed first, as an operator could."""
    from django.db import connection

    from sceau.records.models import JournalEntry

    if connection.vendor != "sqlite":
        pytest.skip("the triggers are removed in SQLite's words")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'records_journal%'"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP TRIGGER "{name}"')
    row = JournalEntry.objects.get(leaf__position=3)
    JournalEntry.objects.filter(pk=row.pk).update(entry=bytes(row.entry).replace(b'"v":1', b'"v":1 '))
    done = run("verify", "--data", tmp_path, "--json")
    assert done.exit_code == 1
    assert json.loads(done.output)["first"] == 3


def test_the_last_entries_are_shown_without_a_name(sealed: Instance, tmp_path: Path) -> None:
    done = run("show", "--last", "5", "--data", tmp_path)
    assert done.exit_code == 0
    rows = done.output.splitlines()
    assert len(rows) == 6
    assert "Lefèvre" not in done.output
    raw = run("show", "--last", "5", "--data", tmp_path, "--json")
    assert [json.loads(row)["v"] for row in raw.output.splitlines()] == [1] * 5


def test_a_proof_is_made_and_checked_apart(sealed: Instance, tmp_path: Path) -> None:
    file = tmp_path / "proof.json"
    for position in (0, 3, 7):
        done = run("prove", str(position), "--data", tmp_path)
        assert done.exit_code == 0, done.output
        file.write_text(done.output)
        assert run("check", file).exit_code == 0
        proof = json.loads(done.output)
        for wrong in (
            {"position": proof["position"] + 1},
            {"path": proof["path"][1:]},
            {"entry": "e30="},
            {"head": proof["head"].replace("\n", "\n1", 1)},
        ):
            file.write_text(json.dumps(proof | wrong))
            assert run("check", file).exit_code == 1, wrong


def test_a_proof_of_what_is_not_there_is_a_misuse(sealed: Instance, tmp_path: Path) -> None:
    assert run("prove", "100000", "--data", tmp_path).exit_code == 2


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"head": 1}', '{"position": "x"}'])
def test_what_is_no_proof_is_a_misuse(tmp_path: Path, text: str) -> None:
    (tmp_path / "proof.json").write_text(text)
    assert run("check", tmp_path / "proof.json").exit_code == 2


def test_a_folder_that_is_no_instance_is_a_misuse(tmp_path: Path) -> None:
    assert run("show", "--data", tmp_path / "absent").exit_code == 2
