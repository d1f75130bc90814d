"""An instance of the product, made and started by the product's own commands, on loopback, for the length of
a subject.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.children import instance_environment
from bench.plan import ROOT
from bench.servers import Running, ServerFailedError, free_port, running

_HOST = "127.0.0.1"
_PATIENCE = 180.0


@dataclass(frozen=True, slots=True)
class Instance:
    """A development instance in `data`, and the ports it was made for."""

    data: Path
    portal: int
    door: int
    publication: int
    api: int

    def environment(self) -> dict[str, str]:
        """What its parts are told."""
        return {
            **instance_environment(self.data),
            "SCEAU_HOST": _HOST,
            "SCEAU_PORTAL_ADDRESS": f"https://{_HOST}:{self.portal}",
            "SCEAU_DOOR_ADDRESS": f"https://{_HOST}:{self.door}",
            "SCEAU_PUBLICATION_ADDRESS": f"http://{_HOST}:{self.publication}",
            "SCEAU_API_ADDRESS": f"https://{_HOST}:{self.api}",
        }

    @contextlib.contextmanager
    def part(
        self,
        name: str,
        port: int = 0,
        *,
        is_ready: Callable[[], bool] | None = None,
        more: Mapping[str, str] | None = None,
        patience: float = 60.0,
    ) -> Iterator[Running]:
        """One process of the instance, as `sceau run` starts it, told `more`; ready when `port` answers, or
        as said, in `patience` seconds.
        """
        command = [sys.executable, "-m", "sceau.site.part", name]
        log = self.data.parent / f"{name}.log"
        told = {**self.environment(), **(more or {})}
        with running(
            name, command, port=port, log=log, environment=told, is_ready=is_ready, patience=patience
        ) as server:
            yield server


def make_instance(data: Path) -> Instance:
    """`sceau run` until it has made everything of its first start, its OCSP responders too; then stopped.

    What is in `data` already (a hierarchy made for the occasion) is taken as it is.
    """
    data.parent.mkdir(parents=True, exist_ok=True)
    instance = Instance(data, free_port(), free_port(), free_port(), free_port())
    ports = (
        *("--portal-port", str(instance.portal), "--door-port", str(instance.door)),
        *("--publication-port", str(instance.publication), "--api-port", str(instance.api)),
    )
    command = [sys.executable, "-m", "sceau.cli", "run", "--host", _HOST, *ports]
    log = data.parent / "sceau-run.log"
    with log.open("wb") as told:
        process = subprocess.Popen(
            [*command, "--data", str(data)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=subprocess.STDOUT,
            env=instance_environment(data),
        )
    try:
        _wait_for_responders(process, data, log)
    finally:
        process.terminate()
        process.wait(60)
    return instance


def _wait_for_responders(process: subprocess.Popen[bytes], data: Path, log: Path) -> None:
    limit = time.monotonic() + _PATIENCE
    while time.monotonic() < limit:
        if (data / "responders" / "el-org-g1.pem").exists() and "Ctrl-C" in log.read_text(errors="replace"):
            return
        if process.poll() is not None:
            raise ServerFailedError(f"sceau run did not start: {log.read_text(errors='replace')[-400:]}")
        time.sleep(0.1)
    raise ServerFailedError(f"sceau run is not ready after {_PATIENCE:.0f} s")
