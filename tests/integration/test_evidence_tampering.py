"""An evidence file with each of its parts altered, taken away or exchanged: what is wrong is named, by the
command that an auditor runs.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from sceau.cli import main
from sceau.documents import Attached, make_dossier
from sceau.journal import EvidenceFile, open_evidence, write_evidence
from sceau.operations import (
    export_evidence,
    issue_certificate,
    machine,
    seal_journal,
    verify_leave,
)
from tests.instance import ADMINISTRATOR, ALICE, AUDITOR, NOON, Instance, accepted, server_request
from tests.integration.test_evidence import another_request, changed, verifier
from tests.integration.test_legal_file import LENT, lent, letter

JSON, PDF, SEAL = "dossier.json", "dossier.pdf", "seal.txt"


@pytest.fixture
def files(instance: Instance) -> tuple[EvidenceFile, EvidenceFile]:
    """The files of two certificates: the first rests on a leave, with two originals on file."""
    leave = letter()
    verify_leave(ALICE.actor, reference=leave)
    accepted(lent())
    seal_journal()
    first = issue_certificate(ADMINISTRATOR.actor, server_request(f"www.{LENT}"), idempotency_key="a")
    second = issue_certificate(
        ADMINISTRATOR.actor, server_request(f"api.{LENT}", which="other"), idempotency_key="b"
    )
    seal_journal()
    made = [export_evidence(AUDITOR.actor, reference=one.line.reference).octets for one in (first, second)]
    return open_evidence(made[0]).require(), open_evidence(made[1]).require()


def box(*members: tuple[str, bytes]) -> bytes:
    """A file as ours are, of these members."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as made:
        for name, data in members:
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, 0o644 << 16
            made.writestr(info, data)
    return written.getvalue()


def members(file: EvidenceFile) -> list[tuple[str, bytes]]:
    return [(JSON, file.dossier), (PDF, file.pdf), (SEAL, file.seal.encode())]


def verdict(octets: bytes, folder: Path, capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str]]:
    """What the command says of a file: (code, subject)."""
    path, key = folder / "essai.zip", folder / "key.pub"
    path.write_bytes(octets)
    key.write_text(verifier().text + "\n", "ascii")
    with pytest.raises(SystemExit) as end:
        main(["evidence", "verify", str(path), "--key", str(key), "--json"])
    told = json.loads(capsys.readouterr().out)
    found = [(one["code"], one["subject"]) for point in told["points"] for one in point["findings"]]
    assert told["holds"] == (not found) == (end.value.code in (0, None))
    return found


def test_a_part_taken_away_added_exchanged_or_altered_is_named(
    files: tuple[EvidenceFile, EvidenceFile], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine, other = files
    whole = members(mine)
    assert verdict(box(*whole), tmp_path, capsys) == []
    for number, (name, _) in enumerate(whole):
        fewer = [one for at, one in enumerate(whole) if at != number]
        assert verdict(box(*fewer), tmp_path, capsys) == [("evidence.part-missing", name)]
    more = box(*whole, ("lisez-moi.txt", b"x"))
    assert verdict(more, tmp_path, capsys) == [("evidence.part-foreign", "lisez-moi.txt")]
    turned = box(whole[1], whole[0], whole[2])
    assert verdict(turned, tmp_path, capsys)[0][0] == "evidence.parts-swapped"
    for number, (name, data) in enumerate(whole[:2]):
        altered = [*whole]
        altered[number] = (name, changed_octets(data))
        assert verdict(box(*altered), tmp_path, capsys) == [("evidence.part-differs", name)]
        exchanged = [*whole]
        exchanged[number] = members(other)[number]
        assert verdict(box(*exchanged), tmp_path, capsys) == [("evidence.part-differs", name)]
    for seal in (changed_octets(whole[2][1]), b"", whole[2][1][:-30]):
        (found,) = verdict(box(*whole[:2], (SEAL, seal)), tmp_path, capsys)
        assert found[0] == "evidence.seal"
    octets = bytearray(box(*whole))
    at = bytes(octets).index(mine.pdf[:1000]) + 500
    octets[at] ^= 1
    assert verdict(bytes(octets), tmp_path, capsys) == [("evidence.part-damaged", PDF)]


def changed_octets(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def set_at(*path: Any, to: Any = None) -> Callable[[dict[str, Any]], None]:
    """Alter one thing in a dossier: as `changed` does, or to this."""

    def alter(dossier: dict[str, Any]) -> None:
        holder: Any = dossier
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = changed(holder[path[-1]]) if to is None else to

    return alter


def taken_away(kind: str) -> Callable[[dict[str, Any]], None]:
    """Without the entries of a kind."""

    def alter(dossier: dict[str, Any]) -> None:
        entries = dossier["journal"]["entries"]
        assert any(one["kind"] == kind for one in entries)
        dossier["journal"]["entries"] = [one for one in entries if one["kind"] != kind]

    return alter


def two_exchanged(dossier: dict[str, Any]) -> None:
    """Two entries with each other's proofs."""
    entries = dossier["journal"]["entries"]
    one, other = entries[0], entries[1]
    one["path"], other["path"] = other["path"], one["path"]


def cut(dossier: dict[str, Any]) -> None:
    dossier["journal"]["entries"][0]["path"].pop()


def another_text(dossier: dict[str, Any]) -> None:
    leave = dossier["leaves"][0]
    leave["text"] = leave["text"].replace("standing", "lapsed")
    leave["digest"] = hashlib.sha256(leave["text"].encode()).hexdigest()


INSIDE: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "a proof cut short": (cut, "journal.inclusion"),
    "two proofs exchanged": (two_exchanged, "journal.inclusion"),
    "an entry altered": (set_at("journal", "entries", 0, "entry"), "journal.inclusion"),
    "an entry moved": (set_at("journal", "entries", 0, "position"), "journal.inclusion"),
    "an entry under no head": (set_at("journal", "entries", 0, "head", to=99), "evidence.entry-without-head"),
    "a head altered": (set_at("journal", "heads", 0), "journal.head-signature"),
    "an order's text": (set_at("orders", 0, "versions", 0, "text"), "evidence.order-digest"),
    "the order's own entry taken away": (taken_away("order.received"), "evidence.order-digest"),
    "a right's text": (set_at("rights", 0, "text"), "evidence.right-digest"),
    "the grant taken away": (taken_away("habilitation.granted"), "evidence.right-digest"),
    "a leave's text with its digest": (another_text, "evidence.leave-digest"),
    "a leave's entries taken away": (taken_away("leave.verified"), "evidence.leave-digest"),
    "the certificate": (set_at("certificate", "serial"), "evidence.certificate-differs"),
    "the intent taken away": (taken_away("certificate.intended"), "evidence.certificate-differs"),
    "the request": (
        set_at("certificate", "csr", to=base64.b64encode(another_request()).decode()),
        "evidence.request-differs",
    ),
    "the request taken away": (set_at("certificate", "csr", to=""), "evidence.request-differs"),
    "a commitment opened otherwise": (
        lambda dossier: next(one for one in dossier["journal"]["entries"] if one["disclosures"])[
            "disclosures"
        ][0].update(data='"autre"'),
        "evidence.disclosure",
    ),
    "a piece's digest": (set_at("pieces", 0, "sha256"), "evidence.original"),
    "the rights no list": (set_at("rights", to={"a": 1}), "evidence.dossier-unreadable"),
}


@pytest.mark.parametrize("name", INSIDE)
def test_what_was_altered_inside_and_sealed_anew_is_named(
    files: tuple[EvidenceFile, EvidenceFile],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    """By whoever holds even the sealing key."""
    alter, code = INSIDE[name]
    dossier = json.loads(files[0].dossier)
    alter(dossier)
    sealed = write_evidence(dossier, files[0].pdf, origin=machine().origin, key=machine().head_key)
    found = verdict(sealed, tmp_path, capsys)
    assert code in {one for one, _ in found}, found
    assert all(subject for _, subject in found)


@pytest.mark.parametrize("what", ["altered", "taken away", "added", "exchanged"])
def test_an_original_inside_the_pages_is_named(
    files: tuple[EvidenceFile, EvidenceFile],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    what: str,
) -> None:
    mine = files[0]
    with pikepdf.open(io.BytesIO(mine.pdf)) as opened:
        inside = {name: spec.get_file().read_bytes() for name, spec in opened.attachments.items()}
    names = sorted(inside)
    assert len(names) >= 2
    wrong = {names[0]}
    if what == "altered":
        inside[names[0]] += b"x"
    elif what == "taken away":
        del inside[names[0]]
    elif what == "added":
        inside["autre.pdf"] = b"%PDF-"
        wrong = {"autre.pdf"}
    else:
        inside[names[0]], inside[names[1]] = inside[names[1]], inside[names[0]]
        wrong = {names[0], names[1]}
    attached = [Attached(name, "application/pdf", name, data) for name, data in inside.items()]
    pdf = make_dossier("Dossier", ["x"], [], at=NOON, attached=attached)
    dossier = json.loads(mine.dossier)
    sealed = write_evidence(dossier, pdf, origin=machine().origin, key=machine().head_key)
    assert verdict(sealed, tmp_path, capsys) == [("evidence.original", name) for name in sorted(wrong)]


def test_a_seal_of_another_dossier_does_not_serve(
    files: tuple[EvidenceFile, EvidenceFile], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine, other = files
    found = verdict(box(*members(replace(mine, seal=other.seal))), tmp_path, capsys)
    assert found == [("evidence.part-differs", JSON), ("evidence.part-differs", PDF)]
