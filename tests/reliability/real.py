"""A real instance: made by the product's own code, each of its parts a process that may be killed."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sceau.custody import SignerFolder
from sceau.site.instance import Places

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("signer", "publication", "clockwork", "enrolment")
PATIENCE = 90.0


@dataclass(slots=True)
class Running:
    """A part under way, and our ends of its pipes."""

    process: subprocess.Popen[bytes]
    ready: int
    alive: int


@dataclass
class RealInstance:
    """An instance under `data`. `token` opens the door for programs."""

    data: Path
    places: Places
    token: str
    segment: int | None = None
    more: dict[str, str] = field(default_factory=dict)
    running: dict[str, Running] = field(default_factory=dict)

    @classmethod
    def make(cls, data: Path, *, per_day: int = 100_000, more: dict[str, str] | None = None) -> RealInstance:
        """Make it, or take up the one that an interrupted run left. `more` is told to every process of it."""
        kept = data / "reliability.json"
        if kept.exists():
            told = json.loads(kept.read_text())
            return cls(data, Places("localhost", *told["ports"]), told["token"], more=more or {})
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        ports = [free_port() for _ in range(4)]
        instance = cls(data, Places("localhost", *ports), "", more=more or {})
        command = [sys.executable, "-m", "tests.reliability.prepare", str(data)]
        instance.run([*command, *map(str, ports)])
        instance.start("signer")
        instance.start("clockwork")  # its first round publishes the lists by which cards are believed
        instance.token = instance.run(command, SCEAU_TEST_PER_DAY=str(per_day)).strip().splitlines()[-1]
        instance.stop()
        kept.write_text(json.dumps({"ports": ports, "token": instance.token}))
        return instance

    @property
    def ledger(self) -> Path:
        """The witness: the signer's own record."""
        return SignerFolder(self.data / "signer").ledger

    @property
    def database(self) -> Path:
        """The instance's database."""
        return self.data / "sceau.sqlite3"

    def environment(self, **more: str) -> dict[str, str]:
        """What every process of it is told."""
        base = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        paths = [str(ROOT / "src"), str(ROOT)]
        told = {
            "SCEAU_DATA": str(self.data),
            "SCEAU_ENVIRONMENT": "development",
            "SCEAU_RECHECK_HOUR": "off",
            "DJANGO_SETTINGS_MODULE": "sceau.site.settings",
            "PYTHONPATH": os.pathsep.join(paths),
            "PYTHONUTF8": "1",
        }
        return {**base, **told, **self.places.environment(self.data), **self.more, **more}

    def run(
        self, command: Sequence[str], *, expected: tuple[int, ...] = (0,), patience: float = 600, **more: str
    ) -> str:
        """One command on the instance; what it printed."""
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment(**more),
            check=False,
            capture_output=True,
            text=True,
            timeout=patience,
        )
        assert done.returncode in expected, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def sceau(self, *arguments: str, expected: tuple[int, ...] = (0,), patience: float = 600) -> str:
        """One operator's command."""
        command = [sys.executable, "-m", "sceau.cli", *arguments]
        return self.run(command, expected=expected, patience=patience)

    def start(self, *names: str, point: str = "", wait: bool = True) -> float:
        """Start parts, the signer before the others; seconds until all were ready."""
        began = time.monotonic()
        for name in names or PARTS:
            self._spawn(name, point)
        if wait:
            for name in names or PARTS:
                self.wait_ready(name)
        return time.monotonic() - began

    def _spawn(self, name: str, point: str) -> None:
        self.armed(name).unlink(missing_ok=True)
        ready_read, ready_write = os.pipe()
        alive_read, alive_write = os.pipe()
        told = {"SCEAU_READY_FD": str(ready_write), "SCEAU_ALIVE_FD": str(alive_read)}
        told |= {"SCEAU_TEST_ARMED": str(self.armed(name))}
        if point:
            told["SCEAU_TEST_POINT"] = point
        if self.segment is not None:
            told["SCEAU_TEST_SEGMENT"] = str(self.segment)
        with (self.data.parent / f"{self.data.name}-{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.reliability.part", name],
                cwd=ROOT,
                env=self.environment(**told),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=(ready_write, alive_read),
            )
        os.close(ready_write)
        os.close(alive_read)
        self.running[name] = Running(process, ready_read, alive_write)

    def wait_ready(self, name: str) -> None:
        """Until the part says so, or its port answers."""
        running = self.running[name]
        limit = time.monotonic() + PATIENCE
        while time.monotonic() < limit:
            if name == "publication":
                is_ready = answers(self.places.publication_port)
            else:
                readable, _, _ = select.select([running.ready], [], [], 0.05)
                is_ready = bool(readable) and os.read(running.ready, 1) == b"1"
            if is_ready:
                return
            assert running.process.poll() is None, f"{name} ended: {self.log(name)[-2000:]}"
            time.sleep(0.02)
        raise AssertionError(f"{name} is not ready: {self.log(name)[-2000:]}")

    def armed(self, name: str) -> Path:
        """The file that arms a part's point."""
        return self.data / f".armed-{name}"

    def log(self, name: str) -> str:
        """What the part said."""
        path = self.data.parent / f"{self.data.name}-{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def pid(self, name: str) -> int:
        """The part's process."""
        return self.running[name].process.pid

    def is_running(self, name: str) -> bool:
        """Whether it lives."""
        return name in self.running and self.running[name].process.poll() is None

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send it a signal."""
        self.running[name].process.send_signal(number)

    def kill(self, *names: str) -> None:
        """kill -9."""
        for name in names:
            self.running[name].process.kill()
        for name in names:
            self._end(name)

    def wait_dead(self, name: str, seconds: float) -> bool:
        """Whether it dies by itself within that time; then it is buried."""
        try:
            self.running[name].process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        self._end(name)
        return True

    def stop(self, *names: str) -> None:
        """Tell parts to end, last first."""
        chosen = [name for name in reversed(names or PARTS) if name in self.running]
        for name in chosen:
            self.running[name].process.send_signal(signal.SIGCONT)
            self.running[name].process.terminate()
        for name in chosen:
            try:
                self.running[name].process.wait(30)
            except subprocess.TimeoutExpired:
                self.running[name].process.kill()
            self._end(name)

    def _end(self, name: str) -> None:
        running = self.running.pop(name)
        running.process.wait()
        os.close(running.ready)
        os.close(running.alive)


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether something accepts connections there."""
    try:
        with socket.create_connection(("localhost", port), timeout=1):
            return True
    except OSError:
        return False
