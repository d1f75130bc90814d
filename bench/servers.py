"""Servers under load: started on loopback, kept on one core, their CPU seconds counted, always stopped."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.plan import SERVER_CORE

_TICK = os.sysconf("SC_CLK_TCK")
_PATIENCE = 60.0  # s, for what only has to start


class ServerFailedError(RuntimeError):
    """A server that did not start, or died."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server with its processes' first one, its port (0 without one) and the file of what it says."""

    name: str
    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def cpu(self) -> float:
        """CPU seconds, user and system, of the process and all its descendants, since they began."""
        if self.process.poll() is not None:
            raise ServerFailedError(f"{self.name} died: {_tail(self.log)}")
        return sum(_cpu_of(pid) for pid in _tree(self.process.pid))


@contextlib.contextmanager
def running(
    name: str,
    command: Sequence[str],
    *,
    port: int,
    log: Path,
    environment: Mapping[str, str] | None = None,
    is_ready: Callable[[], bool] | None = None,
    patience: float = _PATIENCE,
) -> Iterator[Running]:
    """Start `command` on the servers' core, wait until `port` answers (or `is_ready` says so), `patience`
    seconds at most; stop it at the end.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as told:
        process = subprocess.Popen(
            [*on_server_core(), *command],
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            cwd=log.parent,
        )
    server = Running(name, process, port, log)
    try:
        _wait_for(server, is_ready or (lambda: _answers(port)), patience)
        yield server
    finally:
        _stop(process)


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def on_server_core() -> tuple[str, ...]:
    """The beginning of a command that is to run on the servers' core."""
    return ("taskset", "-c", str(SERVER_CORE))


def _wait_for(server: Running, is_ready: Callable[[], bool], patience: float) -> None:
    limit = time.monotonic() + patience
    while time.monotonic() < limit:
        if server.process.poll() is not None:
            raise ServerFailedError(f"{server.name} did not start: {_tail(server.log)}")
        if is_ready():
            return
        time.sleep(0.05)
    raise ServerFailedError(f"{server.name} is not ready after {patience:.0f} s: {_tail(server.log)}")


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _tail(log: Path) -> str:
    return log.read_text(errors="replace").strip()[-400:]


def _tree(root: int) -> list[int]:
    """`root` and its living descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                children.setdefault(int(_stat(int(entry.name))[1]), []).append(int(entry.name))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def _cpu_of(pid: int) -> float:
    """utime + stime, and those of children waited for."""
    try:
        fields = _stat(pid)
    except OSError:
        return 0.0
    return sum(int(field) for field in fields[11:15]) / _TICK


def _stat(pid: int) -> list[str]:
    """The fields of ``/proc/<pid>/stat`` after the name, which may hold anything: [0] state, [1] parent…"""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
