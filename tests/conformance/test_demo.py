"""The whole of the notice, played by `sceau demo` and judged by OpenSSL."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_demo_plays_the_notice_to_its_end_with_files_that_openssl_accepts(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    command = [sys.executable, "-m", "sceau.cli", "demo", "--data", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for sight in (
        "serveur.pem: OK",
        "Poignée de main TLS : www.ch-trois-vallees.fr reconnu.",
        "OCSP : good",
        "Message signé par archives@ch-trois-vallees.fr et vérifié",
        "Message chiffré puis déchiffré : chiffrement-chiffre.eml",
        "TLS mutuel : le serveur a reconnu l'application.",
        "medecin.pem: OK",
        "openssl : certificate revoked",
        "OCSP : revoked",
    ):
        assert sight in done.stdout
    verdict = subprocess.run(
        ["openssl", "verify", "-CAfile", "chaine.pem", "-CRLfile", "liste.pem", "-crl_check", "cachet.pem"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "cachet.pem: OK" in verdict.stdout


def test_the_demo_leaves_an_existing_folder_alone(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sceau.cli", "demo", "--data", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "existe déjà" in done.stderr
