"""The portal behind a real nginx: the certificate comes from the front over its socket, and from nowhere
else.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sceau.custody import TlsFiles, ensure_tls
from sceau.site.front import UnfitFrontError, facts_told, front_server
from tests.cardmaker import CardPlan, authority, card, key
from tests.integration.test_listeners import CARDS, FORGED, GOOD, SPOOFS, echo

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx" / "portal.conf"
NGINX = shutil.which("nginx") or ("/usr/sbin/nginx" if Path("/usr/sbin/nginx").exists() else None)
STRANGER = authority("AC DE PERSONNE")


class Front:
    """nginx as shipped, before an application that says what it was told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: TlsFiles = ensure_tls(folder / "tls", at=datetime.now(UTC))
        self.public, self.door = _free(), _free()
        self.socket = folder / "front.sock"

    def configuration(self) -> str:
        text = CONFIGURATION.read_text()
        for ours, here in {
            "/run/sceau/front.sock": str(self.socket),
            "/etc/sceau/tls/server.pem": str(self.files.chain),
            "/etc/sceau/tls/server.key": str(self.files.key),
            "listen 8443": f"listen 127.0.0.1:{self.public}",
            "listen 8444": f"listen 127.0.0.1:{self.door}",
        }.items():
            assert ours in text
            text = text.replace(ours, here)
        runner = "user root;" if os.geteuid() == 0 else ""
        return (
            f"{runner} daemon off; pid {self.folder}/pid; error_log {self.folder}/error.log;"
            f" events {{}} http {{ access_log off; {text} }}"
        )

    def ask(self, port: int, folder: Path, card_of: Any = None, **headers: str) -> dict[str, Any]:
        context = ssl.create_default_context(cafile=str(self.files.authority))
        if card_of is not None:
            plan, issuer = card_of
            pem = folder / "card.pem"
            private = key(plan.key_name).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            pem.write_bytes(private + card(plan, issuer).public_bytes(Encoding.PEM))
            context.load_cert_chain(pem)
        connection = http.client.HTTPSConnection("localhost", port, context=context, timeout=10)
        try:
            connection.request("GET", "/", headers=headers)
            return dict(json.loads(connection.getresponse().read()))
        finally:
            connection.close()


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def front() -> Iterator[Front]:
    if NGINX is None:
        pytest.skip("nginx is not there: tools/install-system-packages adds it")
    folder = Path(tempfile.mkdtemp(prefix="sceau-front-"))  # pytest's own folders are closed to other users
    folder.chmod(0o711)
    made = Front(folder)
    server = front_server(made.socket, echo, user="")
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    written = made.folder / "nginx.conf"
    written.write_text(made.configuration())
    running = subprocess.Popen([NGINX, "-c", str(written), "-p", str(made.folder)], stderr=subprocess.DEVNULL)
    for port in (made.public, made.door):
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
    yield made
    running.terminate()
    running.wait(10)
    server.should_exit = True
    thread.join(10)
    shutil.rmtree(folder)


EXPIRED = CardPlan(start=datetime.now(UTC) - timedelta(days=9), end=datetime.now(UTC) - timedelta(days=1))


@pytest.mark.parametrize(
    "shown",
    [(GOOD, CARDS), (GOOD, FORGED), (GOOD, STRANGER), (EXPIRED, CARDS)],
    ids=["good", "forged", "stranger", "expired"],
)
def test_any_certificate_whose_key_is_proven_reaches_the_application_through_nginx(
    front: Front, tmp_path: Path, shown: Any
) -> None:
    told = front.ask(front.door, tmp_path, shown)
    pem = re.findall("-----BEGIN CERT.*", (tmp_path / "card.pem").read_text(), re.DOTALL)[0]
    assert told["certificate"] == ssl.PEM_cert_to_DER_cert(pem).hex()
    assert told["asks"] is True
    assert told["scheme"] == "https"
    assert told["client"] == "127.0.0.1"
    assert not [name for name in told["headers"] if name.startswith("x-sceau")]


def test_without_a_card_the_door_says_so_and_the_public_address_never_asks(
    front: Front, tmp_path: Path
) -> None:
    door = front.ask(front.door, tmp_path)
    public = front.ask(front.public, tmp_path, (GOOD, CARDS))
    assert (door["asks"], door["certificate"]) == (True, None)
    assert (public["asks"], public["certificate"]) == (False, None)


@pytest.mark.parametrize("header", [*SPOOFS, "X-Sceau-Certificate", "X-Sceau-Door", "X_Sceau_Certificate"])
def test_no_header_of_a_client_passes_for_the_fronts(front: Front, tmp_path: Path, header: str) -> None:
    forged = "cert:" + quote(card(GOOD, CARDS).public_bytes(Encoding.PEM).decode())
    for port in (front.door, front.public):
        told = front.ask(port, tmp_path, **{header: forged})
        assert told["certificate"] is None
        assert told["asks"] is (port == front.door)
        assert header.lower() not in told["headers"]


@pytest.mark.skipif(os.geteuid() != 0, reason="another user is needed, and only root can become one")
def test_the_socket_answers_the_front_s_user_and_nobody_else(front: Front) -> None:
    script = (
        "import os,socket,sys; os.setuid(65534); s=socket.socket(socket.AF_UNIX);"
        " s.connect(sys.argv[1]); s.sendall(b'GET / HTTP/1.1\\r\\n\\r\\n'); print(len(s.recv(99)))"
    )
    asked = subprocess.run(
        [shutil.which("python3") or "python3", "-c", script, str(front.socket)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.stdout.strip() == "0" or "ConnectionReset" in asked.stderr or "BrokenPipe" in asked.stderr


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"x-sceau-door", b"cards"), (b"x-sceau-address", b"::1")],
        [(b"x-sceau-door", b"cards"), (b"x-sceau-certificate", b""), (b"x-sceau-address", b"::1")],
        [(b"x-sceau-door", b"all"), (b"x-sceau-certificate", b"cert:"), (b"x-sceau-address", b"::1")],
        [(b"x-sceau-door", b"cards"), (b"x-sceau-certificate", b"cert:%00"), (b"x-sceau-address", b"::1")],
        [
            (b"x-sceau-door", b"cards"),
            *[(b"x-sceau-certificate", b"cert:")] * 2,
            (b"x-sceau-address", b"::1"),
        ],
        [(b"x-sceau-door", b"cards"), (b"x-sceau-certificate", b"SUCCESS"), (b"x-sceau-address", b"::1")],
    ],
)
def test_a_front_that_is_not_set_up_as_ours_is_not_believed(headers: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(UnfitFrontError):
        facts_told(headers)
