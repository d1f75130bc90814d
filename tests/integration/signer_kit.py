"""A development instance's hierarchy, made once, and signer processes started on copies of it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa

from sceau.catalogue import load_catalogue
from sceau.certification import Draft, draw_serial, prepare
from sceau.custody import SignerClient, SignerFolder, create_hierarchy, make_passphrase_file
from tests.authority import names_for, private_key, request, warrant

CATALOGUE = load_catalogue()
LINT_KEY = rsa.generate_private_key(65537, 2048)


def make_instance(data: Path) -> Path:
    folder = SignerFolder(data / "signer")
    folder.make()
    passphrase = make_passphrase_file(folder.passphrase)
    create_hierarchy(
        data,
        passphrase,
        catalogue=CATALOGUE,
        environment=CATALOGUE.environments["development"],
        at=datetime.now(UTC),
    )
    return data


def copy_instance(data: Path, to: Path) -> Path:
    """A copy with its own ledger: the hierarchy is slow to make, and each test wants a fresh record."""
    shutil.copytree(data, to, copy_function=shutil.copy2)
    return to


@dataclass
class SignerProcess:
    """A real signer process on `data`."""

    data: Path
    process: subprocess.Popen[str]
    clients: list[SignerClient] = field(default_factory=list)

    @classmethod
    def start(cls, data: Path) -> SignerProcess:
        command = [sys.executable, "-W", "error", "-m", "sceau.custody", str(data / "signer")]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=bare_environment()
        )
        assert process.stdout is not None
        line = process.stdout.readline()
        if line.strip() != "prêt":
            _, errors = process.communicate(timeout=20)
            raise AssertionError(f"the signer did not start: {errors}")
        return cls(data, process)

    @property
    def folder(self) -> SignerFolder:
        return SignerFolder(self.data / "signer")

    def client(self, timeout: float = 20.0) -> SignerClient:
        client = SignerClient(self.folder.socket, timeout=timeout)
        self.clients.append(client)
        return client

    def kill(self) -> None:
        self.process.kill()
        self._end()

    def pause(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        return self._end()

    def _end(self) -> int:
        for client in self.clients:
            client.close()
        self.process.communicate(timeout=30)
        return self.process.returncode


def bare_environment() -> dict[str, str]:
    kept = ("PATH", "PYTHONPATH", "HOME", "LANG")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"PYTHONUTF8": "1"}


def draft(data: Path, product: str = "SERV_SSL", *, serial: int | None = None) -> Draft:
    """A draft that the whole gate let through, for the hierarchy under `data`."""
    at = datetime.now(UTC).replace(microsecond=0)
    facts = {one.code: one for one in SignerFolder(data / "signer").facts(CATALOGUE)}
    return prepare(
        warrant(product, names=names_for(product), at=at),
        request(private_key("ec:P-256", f"subscriber {product}")),
        facts[CATALOGUE.products[product].issuer],
        catalogue=CATALOGUE,
        serial=draw_serial(at, os.urandom) if serial is None else serial,
        at=at,
        lint_key=LINT_KEY,
    )
