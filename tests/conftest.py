"""What every test is held to: no network but loopback, and none at all for the decision rooms' tests."""

from __future__ import annotations

import ipaddress
import os
import socket
from pathlib import Path
from typing import Any

import pytest

_HERE = Path(__file__).parent
_REAL_CONNECT = socket.socket.connect
_WITHOUT_SOCKETS = {"unit", "property"}


def _is_loopback(address: Any) -> bool:
    host = address[0] if isinstance(address, tuple) else ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def _closed_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that reaches outside of this machine fails, whatever the machine would have answered."""
    folder = request.path.relative_to(_HERE).parts[0]

    def connect(self: socket.socket, address: Any) -> None:
        allowed = self.family == socket.AF_UNIX or _is_loopback(address)
        if folder in _WITHOUT_SOCKETS or not allowed:
            raise AssertionError(f"a test of {folder} tried to connect to {address!r}")
        _REAL_CONNECT(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real samples, named by SCEAU_SHARED; without it the test is skipped and says so."""
    folder = os.environ.get("SCEAU_SHARED")
    if not folder:
        pytest.skip("SCEAU_SHARED names no folder of real samples")
    return Path(folder)


@pytest.fixture(scope="session")
def samples(shared: Path) -> Path:
    """The real certificates."""
    return shared / "igc-sante" / "samples"
