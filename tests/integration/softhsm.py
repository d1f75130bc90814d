"""Throw-away SoftHSM tokens, in a folder of their own, and a witness of what was asked of the module."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sceau.custody.pkcs11_keys import TokenKeyStore
from sceau.custody.pkcs11_link import TokenLink, TokenPlace
from sceau.custody.pkcs11_module import load_module

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
SPY = Path("/usr/lib/x86_64-linux-gnu/pkcs11/pkcs11-spy.so")
PIN = b"135792"


def is_here() -> bool:
    return MODULE.exists() and shutil.which("softhsm2-util") is not None


@dataclass
class Hsm:
    """A folder of tokens; `SOFTHSM2_CONF` of this process points at it."""

    folder: Path
    label: str = "sceau"

    @property
    def tokens(self) -> Path:
        return self.folder / "tokens"

    def make(self) -> None:
        self.tokens.mkdir(parents=True)
        text = f"directories.tokendir = {self.tokens}\nobjectstore.backend = file\nlog.level = ERROR\n"
        self.settings.write_text(text)

    @property
    def settings(self) -> Path:
        return self.folder / "softhsm2.conf"

    @property
    def mark(self) -> Path:
        return self.folder / "pin-refused"

    def initialise(self, pin: bytes = PIN, *, serial: str | None = None) -> None:
        """A new token, or the one of that serial wiped."""
        which = ["--free"] if serial is None else ["--serial", serial]
        self._run("--init-token", *which, "--label", self.label, "--so-pin", "8642", "--pin", pin.decode())

    def serial(self) -> str:
        shown = self._run("--show-slots").stdout
        lines = [line.split(":", 1)[1].strip() for line in shown.splitlines() if "Serial number" in line]
        return next(line for line in lines if line)

    def place(self) -> TokenPlace:
        return TokenPlace(MODULE, self.label)

    def link(self, pin: bytes = PIN, *, steady: Callable[[], float] = time.monotonic) -> TokenLink:
        return TokenLink(load_module(MODULE), self.place(), pin, mark=self.mark, steady=steady)

    def store(self) -> TokenKeyStore:
        return TokenKeyStore(self.link())

    def unplug(self) -> None:
        self.tokens.rename(self.folder / "tokens.away")

    def plug(self) -> None:
        (self.folder / "tokens.away").rename(self.tokens)

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"SOFTHSM2_CONF": str(self.settings)}
        return subprocess.run(
            ["softhsm2-util", *arguments], env=environment, capture_output=True, text=True, check=True
        )


def close_all_sessions(hsm: Hsm) -> None:
    """What another part of the process, or a network device that lost its client, does to ours."""
    module = load_module(MODULE)
    with module.call():
        slot = next(token.slot.slot_id for token in module.tokens() if token.label == hsm.label)
        assert ctypes.CDLL(str(MODULE)).C_CloseAllSessions(ctypes.c_ulong(slot)) == 0
