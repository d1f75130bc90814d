"""`sceau revocation`, typed as an officer and an operator type it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509 import CertificateSigningRequestBuilder, Name
from typer.testing import CliRunner, Result

from sceau.cli import revocation
from sceau.cli.key_files import public_digest
from sceau.operations import CertificateRequest, issue_certificate
from sceau.records.models import BlockedKey, Certificate, Revocation
from sceau.vocabulary import Refused
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    BRUNO,
    STRANGER,
    Instance,
    Someone,
    accepted,
    right_for,
)
from tests.runs import many, one

Run = Callable[..., Result]
KEY = ec.generate_private_key(ec.SECP384R1())


@pytest.fixture
def run(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on the test's own instance, which is open already."""
    accepted()
    monkeypatch.setattr(revocation, "open_instance", lambda data: None)

    def typed(*arguments: str, who: Someone | None = None) -> Result:
        told = ["--as", who.national_id.text] if who else []
        return CliRunner().invoke(revocation.app, [*arguments, *told])

    return typed


def prepared(run: Run, path: Path, *more: str, who: Someone = ALICE) -> Result:
    told = ("--title", "Incident", "--by", "list", "--reason", "superseded", "--explanation", "Essai")
    return run("prepare", *told, "--file", str(path), "--json", *more, who=who)


def test_a_run_from_its_list_to_its_report(run: Run, tmp_path: Path) -> None:
    rows = [one(), *many(24)]
    path = tmp_path / "liste.csv"
    path.write_text("serial\n" + "\n".join(row.serial.lower() for row in rows), encoding="utf-8")
    made = json.loads(prepared(run, path).stdout)
    reference = made["run"]["line"]["reference"]
    assert made["preview"]["total"] == 25
    shown = run("show", reference.lower()).stdout
    assert "25 certificat(s) à révoquer" in shown
    assert "accords : 0 sur 2" in shown
    assert "0/25" in run("approve", reference, who=ALICE).stdout
    assert "0/25" in run("advance", reference).stdout
    assert Revocation.objects.count() == 0
    assert "en cours" in run("approve", reference, who=BRUNO).stdout
    done = run("advance", reference).stdout
    assert "terminée  25/25" in done
    assert Revocation.objects.count() == 25
    report = run("report", reference).stdout
    assert len(report.splitlines()) == 26
    assert reference in run("list", "--state", "done").stdout
    assert run("list", "--state", "running").stdout == ""


def test_pause_resume_and_drop_are_there(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "liste.txt"
    path.write_text(one().reference)
    reference = json.loads(prepared(run, path).stdout)["run"]["line"]["reference"]
    run("approve", reference, who=ALICE)
    assert "en pause" in run("pause", reference, who=ALICE).stdout
    assert "en cours" in run("resume", reference, who=ALICE).stdout
    run("pause", reference, who=ALICE)
    assert "abandonnée" in run("drop", reference, "--reason", "Erreur", who=ALICE).stdout


def test_a_run_is_for_officers_and_an_unknown_one_is_said_to_be(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "liste.txt"
    path.write_text(one().reference)
    assert isinstance(prepared(run, path, who=STRANGER).exception, Refused)
    assert isinstance(run("show", "OPR-00000-00000").exception, Refused)


def test_f17_a_found_private_key_is_looked_up_here_and_its_certificates_ended(
    run: Run, tmp_path: Path
) -> None:
    reference = _certified()
    forms = [
        (Encoding.PEM, PrivateFormat.PKCS8),
        (Encoding.DER, PrivateFormat.PKCS8),
        (Encoding.PEM, PrivateFormat.TraditionalOpenSSL),
        (Encoding.PEM, PrivateFormat.OpenSSH),
    ]
    path = tmp_path / "trouvee.key"
    for encoding, form in forms:
        path.write_bytes(KEY.private_bytes(encoding, form, NoEncryption()))
        shown = run("key", str(path)).stdout
        assert reference in shown
        assert "pas bloquée" in shown
    told = run("report-key", str(path), "--explanation", "Trouvée sur un forum", who=ALICE).stdout
    assert "1 certificat(s) révoqué(s)" in told
    assert "Bloquée pour toujours" in run("key", str(path)).stdout
    assert BlockedKey.objects.get().spki_sha256 == Certificate.objects.get().spki_sha256


def test_a_file_without_a_readable_key_is_refused() -> None:
    secret = rsa.generate_private_key(65537, 2048)
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption

    locked = secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    for data, code in ((locked, "key-report.private-key"), (b"rien", "key-report.unreadable")):
        with pytest.raises(Refused, match=code):
            public_digest(data)


def _signed(run: Run, folder: Path, key: ec.EllipticCurvePrivateKey = KEY) -> tuple[Path, Path]:
    """The public key as a file, and the signature of the line that the console gives for it."""
    named, signature = folder / "cle.pub", folder / "signature"
    named.write_bytes(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    line = run("key-challenge", str(named)).stdout
    signature.write_bytes(key.sign(line.encode("ascii"), ec.ECDSA(hashes.SHA256())))
    return named, signature


def test_f17_the_console_gives_the_line_and_takes_its_signature_from_nobody_in_particular(
    run: Run, tmp_path: Path
) -> None:
    reference = _certified()
    named, signature = _signed(run, tmp_path)
    told = json.loads(run("key-challenge", str(named), "--json").stdout)
    assert told["text"] == run("key-challenge", str(named)).stdout.strip(), "asked again, the same"
    assert told["key"] == public_digest(named.read_bytes())
    signature.write_text(base64.b64encode(signature.read_bytes()).decode())
    done = run("report-key-signed", str(named), str(signature))
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines == [f"Clé {told['key']} bloquée.", "1 certificat(s) révoqué(s).", reference]
    row = Revocation.objects.get()
    assert (row.reason, row.quality) == ("keyCompromise", "key-holder")
    assert BlockedKey.objects.get().spki_sha256 == told["key"]
    again = json.loads(run("report-key-signed", str(named), str(signature), "--json").stdout)
    assert again == {"key": told["key"], "ended": []}, "the same signature again: nothing was left to end"


def test_f22_the_console_refuses_another_keys_signature_and_ends_nothing(run: Run, tmp_path: Path) -> None:
    _certified()
    named, signature = _signed(run, tmp_path, ec.generate_private_key(ec.SECP384R1()))
    refused = run("report-key-signed", str(named), str(signature)).exception
    assert isinstance(refused, Refused)
    assert {finding.code for finding in refused.findings} == {"key-report.signature-wrong"}
    assert Revocation.objects.count() == BlockedKey.objects.count() == 0


def test_f22_the_console_has_no_line_for_a_key_never_certified_here(run: Run, tmp_path: Path) -> None:
    named = tmp_path / "cle.pub"
    named.write_bytes(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    for command in (("key-challenge", str(named)), ("report-key-signed", str(named), str(named))):
        refused = run(*command).exception
        assert isinstance(refused, Refused)
        assert {finding.code for finding in refused.findings} == {"key-report.unknown-key"}
    private = tmp_path / "cle.pem"
    private.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    refused = run("key-challenge", str(private)).exception
    assert isinstance(refused, Refused)
    assert {finding.code for finding in refused.findings} == {"key-report.private-key"}


def _certified() -> str:
    """The reference of a certificate on `KEY`."""
    csr = CertificateSigningRequestBuilder().subject_name(Name([])).sign(KEY, hashes.SHA256())
    asked = CertificateRequest(
        product="SERV_SSL",
        names=("www.chu-exemple.fr",),
        csr=csr.public_bytes(Encoding.PEM),
        habilitation=right_for("SERV_SSL"),
    )
    return issue_certificate(ADMINISTRATOR.actor, asked, idempotency_key="k").line.reference
