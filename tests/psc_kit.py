"""A Pro Santé Connect for tests: an OpenID provider in a process of its own, TLS with client certificates,
that can be told to lie.

It holds to the protocol by itself (PKCE, codes used once, the client's certificate, exact return address): a
client that does not is refused by it, and not by what a test expects.
"""

from __future__ import annotations

import http.client
import json
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from sceau.catalogue import load_catalogue
from sceau.site.psc_link import PscSettings, psc_settings_of

CLIENT = "sceau-essai"
_ROOT = Path(__file__).resolve().parent.parent


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: str, signer: ec.EllipticCurvePrivateKey
) -> bytes:
    now, is_root = datetime.now(UTC), name == issuer
    built = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
    )
    if not is_root:
        built = built.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return built.sign(signer, hashes.SHA256()).public_bytes(Encoding.PEM)


def make_keys(folder: Path) -> None:
    """An authority, the provider's certificate for `localhost`, ours as its client, and another client's."""
    folder.mkdir(parents=True, exist_ok=True)
    root = ec.generate_private_key(ec.SECP256R1())
    (folder / "ca.pem").write_bytes(_certificate("psc-ca", root, "psc-ca", root))
    for name in ("localhost", CLIENT, "another-client"):
        key = ec.generate_private_key(ec.SECP256R1())
        (folder / f"{name}.pem").write_bytes(_certificate(name, key, "psc-ca", root))
        (folder / f"{name}.key").write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider that runs."""

    folder: Path
    port: int

    @property
    def issuer(self) -> str:
        return f"https://localhost:{self.port}/realm"

    def told(self, **twist: Any) -> None:
        """From now on answer so; what is not said is as it should be."""
        status, _, _ = self.call("POST", "/control", json.dumps(twist))
        assert status == 200

    def browse(self, address: str) -> str:
        """What a browser is sent to after signing in at `address`."""
        parts = urlsplit(address)
        assert (parts.hostname, parts.port) == ("localhost", self.port)
        status, headers, body = self.call("GET", f"{parts.path}?{parts.query}")
        assert status == 302, body
        return headers["location"]

    def call(
        self, method: str, path: str, body: str | None = None, *, client: str = ""
    ) -> tuple[int, dict[str, str], str]:
        tls = ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
        if client:
            tls.load_cert_chain(self.folder / f"{client}.pem", self.folder / f"{client}.key")
        line = http.client.HTTPSConnection("localhost", self.port, timeout=10, context=tls)
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
        line.request(method, path, body=body, headers=kind)
        answer = line.getresponse()
        read = answer.read().decode()
        line.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, read

    def environ(self, client: str = CLIENT) -> dict[str, str]:
        """The settings of an instance that uses this provider."""
        return {
            "SCEAU_PSC": "sandbox",
            "SCEAU_PSC_CLIENT": CLIENT,
            "SCEAU_PSC_CERTIFICATE": str(self.folder / f"{client}.pem"),
            "SCEAU_PSC_KEY": str(self.folder / f"{client}.key"),
            "SCEAU_PSC_AUTHORITIES": str(self.folder / "ca.pem"),
            "SCEAU_PSC_ISSUER": self.issuer,
            "SCEAU_PSC_AUTHORIZATION": f"https://localhost:{self.port}/auth",
            "SCEAU_PSC_TOKEN": f"{self.issuer}/token",
            "SCEAU_PSC_USERINFO": f"{self.issuer}/userinfo",
            "SCEAU_PSC_KEYS": f"{self.issuer}/certs",
        }

    def settings(self, client: str = CLIENT) -> PscSettings:
        found = psc_settings_of(self.environ(client), load_catalogue())
        assert found is not None
        return found


@contextmanager
def provider(folder: Path, *, back: str) -> Iterator[Provider]:
    """A provider in a process of its own, that sends browsers back to `back` and nowhere else."""
    make_keys(folder)
    command = [sys.executable, str(_ROOT / "tests" / "psc_provider.py"), str(folder), CLIENT, back]
    process = subprocess.Popen(command, cwd=_ROOT)
    try:
        yield Provider(folder, _port_of(folder, process))
    finally:
        process.terminate()
        process.wait(timeout=10)


def _port_of(folder: Path, process: subprocess.Popen[bytes]) -> int:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        assert process.poll() is None, "the provider did not start"
        if (folder / "port").exists():
            return int((folder / "port").read_text())
        time.sleep(0.05)
    raise AssertionError("the provider says no port")
