"""The whole of the notice, played by `sceau demo` and judged by OpenSSL, nginx and curl."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

HOST = "www.ch-trois-vallees.fr"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder that the demo filled, and what it told."""
    folder = tmp_path_factory.mktemp("demo") / "played"
    command = [sys.executable, "-m", "sceau.cli", "demo", "--data", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, done.stdout


@pytest.mark.parametrize(
    "sight",
    [
        "serveur.pem: OK",
        f"Poignée de main TLS : {HOST} reconnu.",
        "OCSP : good",
        "Message signé par archives@ch-trois-vallees.fr et vérifié",
        "Message chiffré puis déchiffré : chiffrement-chiffre.eml",
        "Sans certificat : le serveur refuse.",
        "TLS mutuel : le serveur a reconnu l'application.",
        "medecin.pem: OK",
        "openssl : certificate revoked",
        "OCSP : revoked",
    ],
)
def test_the_demo_shows_each_step_of_the_notice(played: tuple[Path, str], sight: str) -> None:
    assert sight in played[1]


def test_the_files_it_leaves_are_accepted_by_hand_too(played: tuple[Path, str]) -> None:
    command = [
        "openssl",
        "verify",
        "-CAfile",
        "chaine.pem",
        "-CRLfile",
        "liste.pem",
        "-crl_check",
        "cachet.pem",
    ]
    verdict = subprocess.run(command, cwd=played[0], capture_output=True, text=True, check=False)
    assert "cachet.pem: OK" in verdict.stdout


@contextmanager
def nginx(folder: Path) -> Iterator[int]:
    """nginx with the issued server certificate, on a free port."""
    with socket.create_server(("localhost", 0)) as holder:
        port: int = holder.getsockname()[1]
    chain = folder / "nginx-chain.pem"
    chain.write_text((folder / "serveur.pem").read_text() + (folder / "emetteur.pem").read_text())
    settings = folder / "nginx.conf"
    settings.write_text(
        f"""
        daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
        events {{}}
        http {{
          access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
          fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
          server {{
            listen localhost:{port} ssl;
            ssl_certificate {chain}; ssl_certificate_key {folder}/serveur.key;
            return 200 "Bonjour";
          }}
        }}
        """
    )
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if program is None:
        pytest.skip("nginx is not installed (sudo make system)")
    process = subprocess.Popen([program, "-c", str(settings), "-p", str(folder)])
    try:
        for _ in range(100):
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex(("localhost", port)) == 0:
                    break
            assert process.poll() is None
        yield port
    finally:
        process.terminate()
        process.wait()


def call(folder: Path, port: int, *more: str) -> subprocess.CompletedProcess[str]:
    command = ["curl", "-sS", "--cacert", "chaine.pem", "--resolve", f"{HOST}:{port}:127.0.0.1,[::1]"]
    command += [*more, f"https://{HOST}:{port}/"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=30, check=False)


def test_nginx_serves_with_the_certificate_and_curl_checks_chain_name_and_list(
    played: tuple[Path, str],
) -> None:
    folder, _ = played
    with nginx(folder) as port:
        assert call(folder, port).stdout == "Bonjour"
        wrong = call(
            folder, port, "--connect-to", f"autre.fr:{port}:{HOST}:{port}", f"https://autre.fr:{port}/"
        )
        assert "no alternative certificate subject name matches" in wrong.stderr
        revoked = call(folder, port, "--crlfile", "liste.pem")
        assert revoked.returncode != 0
        assert "revoked" in revoked.stderr


def test_the_demo_leaves_an_existing_folder_alone(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sceau.cli", "demo", "--data", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "existe déjà" in done.stderr
