"""Evidence files: whole for officers, their own for holders, verified without us, no byte of them idle."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sceau.cli import main
from sceau.documents import attachments_of
from sceau.journal import (
    HeadVerifier,
    open_evidence,
    read_verifier,
    verify_evidence,
    write_evidence,
)
from sceau.operations import (
    PieceEntry,
    add_piece,
    evidence,
    export_evidence,
    issue_certificate,
    machine,
    revoke_certificate,
    seal_journal,
)
from sceau.operations.acts import acting
from sceau.records import journal_lines
from sceau.vocabulary import Refused
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    AUDITOR,
    CONTRACT,
    REPRESENTATIVE,
    STRANGER,
    Instance,
    accepted,
    csr_key,
    offer,
    right_for,
    server_request,
)
from tests.pdfa import pdfa_faults
from tests.pdfmaker import saved


@cache
def scan() -> bytes:
    """A signed contract, as a scanner gives it."""
    pdf = pikepdf.new()
    pdf.add_blank_page()
    return saved(pdf)


def verifier() -> HeadVerifier:
    return HeadVerifier.of(machine().origin, machine().head_key)


@pytest.fixture
def right(instance: Instance) -> str:
    """A right with some life behind it, and a piece on its contract."""
    accepted(offer("serv-ssl"))
    seal_journal()
    day = instance.clock.now.date()
    entry = PieceEntry("contract", scan(), "contrat.pdf", issued_on=day, contract=CONTRACT)
    add_piece(ALICE.actor, entry)
    seal_journal()
    return right_for("SERV_SSL")


def dossier_of(octets: bytes) -> dict[str, Any]:
    dossier: dict[str, Any] = json.loads(open_evidence(octets).require().dossier)
    return dossier


def holds(octets: bytes) -> bool:
    opened = open_evidence(octets)
    if opened.value is None:
        return False
    return not verify_evidence(opened.value, verifiers=[verifier()]).findings


def test_an_officer_has_the_whole_file_and_it_holds(right: str) -> None:
    made = export_evidence(AUDITOR.actor, reference=right)
    verdict = verify_evidence(open_evidence(made.octets).require(), verifiers=[verifier()])
    assert verdict.findings == ()
    assert [point.name for point in verdict.points] == [
        *("seal", "heads", "entries", "disclosures", "orders", "right"),
    ]
    assert all(point.count for point in verdict.points)
    dossier = dossier_of(made.octets)
    assert [one["officer"] for one in dossier["orders"][0]["approvals"]] != ["", ""]
    kinds = {one["kind"] for one in dossier["journal"]["entries"]}
    assert {"order.received", "order.accepted", "habilitation.granted", "piece.added"} <= kinds
    assert len(dossier["journal"]["heads"]) >= 2


def test_a_file_is_made_and_holds_at_any_fraction_of_a_second(instance: Instance, right: str) -> None:
    instance.clock.now = instance.clock.now.replace(microsecond=123_456)
    assert holds(export_evidence(AUDITOR.actor, reference=right).octets)


def test_a_certificates_file_says_what_was_meant_and_what_came_of_it(right: str) -> None:
    file = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    reference = file.line.reference
    revoke_certificate(ADMINISTRATOR.actor, reference=reference, quality="administrator", reason="superseded")
    made = export_evidence(AUDITOR.actor, reference=reference)
    verdict = verify_evidence(open_evidence(made.octets).require(), verifiers=[verifier()])
    assert verdict.findings == ()
    assert [(point.name, point.count) for point in verdict.points[-2:]] == [
        ("certificate", 1),
        ("request", 1),
    ]
    dossier = dossier_of(made.octets)
    assert dossier["certificate"]["revocation"]["reason"] == "superseded"
    assert dossier["rights"][0]["reference"] == right


def test_the_request_behind_a_certificate_is_kept_and_handed_out(right: str) -> None:
    asked = server_request()
    file = issue_certificate(ADMINISTRATOR.actor, asked, idempotency_key="k")
    reference = file.line.reference
    octets = (
        asked.csr if asked.csr[:1] == b"0" else x509.load_pem_x509_csr(asked.csr).public_bytes(Encoding.DER)
    )
    for who in (AUDITOR, ADMINISTRATOR):
        opened = open_evidence(export_evidence(who.actor, reference=reference).octets).require()
        assert base64.b64decode(json.loads(opened.dossier)["certificate"]["csr"]) == octets
        assert attachments_of(opened.pdf)[f"{reference}.p10"] == octets


def test_another_request_or_none_in_its_place_is_named(right: str) -> None:
    """Of the very same key even: what was asked is what was told."""
    file = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    opened = open_evidence(export_evidence(AUDITOR.actor, reference=file.line.reference).octets).require()
    for other in ("", base64.b64encode(another_request()).decode()):
        dossier = json.loads(opened.dossier)
        dossier["certificate"]["csr"] = other
        sealed = write_evidence(dossier, opened.pdf, origin=machine().origin, key=machine().head_key)
        verdict = verify_evidence(open_evidence(sealed).require(), verifiers=[verifier()])
        assert [one.code for one in verdict.findings] == ["evidence.request-differs"]


def another_request() -> bytes:
    """Of the same key, with another subject."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "autre")])
    made = x509.CertificateSigningRequestBuilder().subject_name(name)
    return made.sign(csr_key("server"), SHA256()).public_bytes(Encoding.DER)


def test_the_pages_are_pdf_a_with_the_originals_inside(right: str, tmp_path: Path) -> None:
    made = export_evidence(AUDITOR.actor, reference=right)
    pdf = open_evidence(made.octets).require().pdf
    assert list(attachments_of(pdf).values()) == [scan()]
    assert pdfa_faults(pdf) == []
    (tmp_path / "dossier.pdf").write_bytes(pdf)
    command = ["pdfdetach", "-saveall", "-o", str(tmp_path / "out"), str(tmp_path / "dossier.pdf")]
    (tmp_path / "out").mkdir()
    subprocess.run(command, check=True, capture_output=True)
    assert [path.read_bytes() for path in (tmp_path / "out").iterdir()] == [scan()]


def test_what_is_no_pdf_a_is_seen(right: str) -> None:
    """The reader of the test above is not blind: each thing taken away is named."""
    pdf = open_evidence(export_evidence(AUDITOR.actor, reference=right).octets).require().pdf

    def without(change: Callable[[pikepdf.Pdf], object], **saving: Any) -> set[str]:
        written = io.BytesIO()
        with pikepdf.open(io.BytesIO(pdf)) as opened:
            change(opened)
            opened.save(written, **saving)
        return {one.split(" ")[0] for one in pdfa_faults(written.getvalue())}

    def spec(opened: pikepdf.Pdf) -> pikepdf.Object:
        return opened.Root.AF[0]

    assert without(lambda opened: None) == set()
    assert without(lambda opened: opened.Root.__delitem__("/OutputIntents")) == {"6.2.3"}
    assert without(lambda opened: opened.Root.__delitem__("/Metadata")) == {"6.6.2.1"}
    assert without(lambda opened: opened.Root.__delitem__("/AF")) == {"6.8"}
    assert without(lambda opened: spec(opened).__delitem__("/AFRelationship")) == {"6.8"}
    assert without(lambda opened: spec(opened).EF.F.__delitem__("/Subtype")) == {"6.8"}
    assert without(lambda opened: opened.Root.__delitem__("/StructTreeRoot")) == {"6.7.3"}
    assert "6.1.3" in without(
        lambda opened: None, encryption=pikepdf.Encryption(owner="x", user="", R=6, metadata=False)
    )


def test_nothing_is_cut_however_long_the_life_was(instance: Instance, right: str) -> None:
    """More entries than fit on paper: all are in the file for machines, with proofs; the pages say so."""
    with acting(ALICE.actor, "habilitation.suspended", right) as act:
        for number in range(5_200):
            act.also("habilitation.resumed", right, public={"number": number})
    seal_journal()
    made = export_evidence(AUDITOR.actor, reference=right)
    opened = open_evidence(made.octets).require()
    verdict = verify_evidence(opened, verifiers=[verifier()])
    assert verdict.findings == ()
    entries = dossier_of(made.octets)["journal"]["entries"]
    told = {json.loads(one["entry"]).get("number") for one in entries} | {
        json.loads(one["entry"]).get("public", {}).get("number") for one in entries
    }
    assert set(range(5_200)) <= told
    read = subprocess.run(["pdftotext", "-", "-"], input=opened.pdf, capture_output=True, check=True)
    said = " ".join(read.stdout.decode().split())
    assert f"{len(entries)} lignes, avec leurs preuves" in said
    assert f"Les {len(entries) - 2000} autres sont" in said


def test_a_file_beyond_what_the_verifier_opens_is_refused_not_cut(
    right: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "MOST_EVIDENCE_BYTES", 10_000)
    with pytest.raises(Refused) as refusal:
        export_evidence(AUDITOR.actor, reference=right)
    assert refusal.value.findings[0].code == "evidence.too-large"


def test_whose_right_it_is_has_their_own_file_without_the_desks_names(right: str) -> None:
    for who in (ADMINISTRATOR, REPRESENTATIVE):
        dossier = dossier_of(export_evidence(who.actor, reference=right).octets)
        assert not dossier["whole"]
        text = json.dumps(dossier)
        assert ALICE.national_id.text not in text
        assert [one["attached"] for one in dossier["pieces"]] == [None]
    with pytest.raises(Refused) as refusal:
        export_evidence(STRANGER.actor, reference=right)
    assert refusal.value.findings[0].code == "evidence.unknown"


def test_each_export_is_in_the_journal_with_its_digest(right: str) -> None:
    made = export_evidence(AUDITOR.actor, reference=right)
    last = journal_lines(subject=right)[-1]
    assert last.kind == "evidence.exported"
    assert made.sha256.encode() in last.entry


def test_no_byte_can_change(right: str) -> None:
    octets = export_evidence(AUDITOR.actor, reference=right).octets
    assert holds(octets)

    @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, len(octets) - 1), st.integers(1, 255))
    def altered(position: int, change: int) -> None:
        changed = bytearray(octets)
        changed[position] ^= change
        assert not holds(bytes(changed))

    altered()
    for position in range(len(octets) - 700, len(octets)):  # the seal, and the directory of the container
        for change in (1, 0x20, 0x80):
            changed = bytearray(octets)
            changed[position] ^= change
            assert not holds(bytes(changed)), position
    assert not holds(octets + b"\n")
    assert not holds(octets[:-1])


def paths_of(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every leaf of a JSON value."""
    if isinstance(value, dict):
        return [path for key in value for path in paths_of(value[key], (*at, key))]
    if isinstance(value, list):
        return [path for key, one in enumerate(value) for path in paths_of(one, (*at, key))]
    return [at]


CLAIMS = ("entry", "position", "path", "salt", "data", "text", "digest", "der", "csr", "serial")
"""What stands in the dossier under a proof of its own, whoever holds the sealing key."""


def test_even_who_holds_the_sealing_key_cannot_change_what_the_journal_proves(right: str) -> None:
    """The same dossier, altered and sealed anew: each proven claim is found out by the journal's proofs."""
    file = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    octets = export_evidence(AUDITOR.actor, reference=file.line.reference).octets
    opened = open_evidence(octets).require()
    dossier = json.loads(opened.dossier)
    proven = [
        path
        for path in paths_of(dossier)
        if any(step in CLAIMS for step in path)
        and path[0] in {"journal", "certificate", "rights", "orders"}
        and "notes" not in path
    ]
    missed = []
    for path in proven:
        altered = json.loads(opened.dossier)
        holder = altered
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = changed(holder[path[-1]])
        sealed = write_evidence(altered, opened.pdf, origin=machine().origin, key=machine().head_key)
        if holds(sealed):
            missed.append(path)
    assert len(proven) > 60
    assert missed == []


def test_a_text_changed_with_its_digest_is_found_out_by_the_journal(right: str) -> None:
    opened = open_evidence(export_evidence(AUDITOR.actor, reference=right).octets).require()
    for kind, code in (("orders", "evidence.order-digest"), ("rights", "evidence.right-digest")):
        altered = json.loads(opened.dossier)
        version = altered[kind][0]["versions"][0] if kind == "orders" else altered[kind][0]
        version["text"] = version["text"].replace("chu-exemple.fr", "chu-ailleurs.fr")
        version["digest"] = hashlib.sha256(version["text"].encode()).hexdigest()
        sealed = write_evidence(altered, opened.pdf, origin=machine().origin, key=machine().head_key)
        verdict = verify_evidence(open_evidence(sealed).require(), verifiers=[verifier()])
        assert [finding.code for finding in verdict.findings] == [code]


def changed(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return "autre"
    if isinstance(value, int):
        return value + 1
    middle = len(value) // 2
    return value[:middle] + ("0" if value[middle : middle + 1] != "0" else "1") + value[middle + 1 :]


def test_another_key_or_a_tree_head_does_not_pass_for_a_seal(right: str) -> None:
    made = export_evidence(AUDITOR.actor, reference=right)
    opened = open_evidence(made.octets).require()
    dossier = json.loads(opened.dossier)
    other = read_verifier(verifier().text).require()
    stranger = replace(other, public=bytes(32))
    assert verify_evidence(opened, verifiers=[stranger]).findings[0].code == "evidence.seal"
    head = dossier["journal"]["heads"][0]
    assert verify_evidence(replace(opened, seal=head), verifiers=[verifier()]).dossier is None


def test_a_file_with_a_member_more_or_packed_is_none(right: str) -> None:
    octets = export_evidence(AUDITOR.actor, reference=right).octets
    opened = open_evidence(octets).require()
    more = io.BytesIO(octets)
    with zipfile.ZipFile(more, "a") as box:
        box.writestr("lisez-moi.txt", "x")
    assert open_evidence(more.getvalue()).value is None
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as box:
        box.writestr("dossier.json", opened.dossier)
        box.writestr("dossier.pdf", opened.pdf)
        box.writestr("seal.txt", opened.seal)
    assert open_evidence(packed.getvalue()).value is None


def test_the_command_says_each_point_and_fails_on_an_altered_file(
    right: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = export_evidence(AUDITOR.actor, reference=right)
    file, key = tmp_path / made.name, tmp_path / "key.pub"
    file.write_bytes(made.octets)
    key.write_text(verifier().text + "\n", "ascii")
    assert run("evidence", "verify", str(file), "--key", str(key)) == 0
    said = capsys.readouterr().out
    assert said.count("✓") == 9
    assert "Le dossier tient." in said
    assert run("evidence", "verify", str(file)) == 0
    said = capsys.readouterr().out
    assert "?  Clé du journal" in said
    assert "Le dossier tient." not in said  # whoever forges a file seals it too
    changed_file = bytearray(made.octets)
    changed_file[len(changed_file) // 2] ^= 1
    file.write_bytes(bytes(changed_file))
    assert run("evidence", "verify", str(file), "--key", str(key)) == 1
    assert "✗" in capsys.readouterr().out


def run(*arguments: str) -> int:
    try:
        main(list(arguments))
    except SystemExit as end:
        return int(end.code or 0)
    return 0
