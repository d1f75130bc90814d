"""The supervisor: starts the parts of an instance in order, waits until each is ready, restarts one that
dies, and stops all of them, whatever happens to it.

Each part is a process of its own with a pipe to this one: when this one is gone, even killed, the pipe
closes and the part ends by itself. No file remembers a process.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sceau.vocabulary import Fault

_FIRST_WAIT, _LONGEST_WAIT, _STEADY = 1.0, 30.0, 60.0
_STOP_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Part:
    """One process: its name, its command, how to know that it is ready, how long that may take (seconds).

    Without `probe`, the part says so itself by a byte on its `SCEAU_READY_FD`. `secret` is given to it on
    the descriptor `SCEAU_PASSPHRASE_FD`, at each start: never in an argument, never in the environment
    [ASSURANCE T49].
    """

    name: str
    command: tuple[str, ...]
    probe: Callable[[], bool] | None = None
    patience: float = 60.0
    secret: bytes | None = None


@dataclass(slots=True)
class _Running:
    part: Part
    process: subprocess.Popen[bytes]
    ready_fd: int
    alive_fd: int
    started: float = field(default_factory=time.monotonic)
    failures: int = 0

    def is_ready(self) -> bool:
        """Whether the part has said so, or its probe does."""
        if self.part.probe is not None:
            return self.part.probe()
        readable, _, _ = select.select([self.ready_fd], [], [], 0)
        return bool(readable) and os.read(self.ready_fd, 1) == b"1"

    def age(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self.started

    def release(self) -> None:
        """Close our ends of its pipes."""
        for descriptor in (self.ready_fd, self.alive_fd):
            os.close(descriptor)


class Supervisor:
    """Runs the parts of each stage, one stage after the other, with `environment` added to ours. `say`
    tells the operator, in French."""

    def __init__(
        self, stages: Sequence[Sequence[Part]], *, environment: Mapping[str, str], say: Callable[[str], None]
    ) -> None:
        self._stages = stages
        self._environment = dict(environment)
        self._say = say
        self._running: list[_Running] = []
        self._told_to_stop = False

    def run(self, *, ready: Callable[[], None]) -> None:
        """Start, call `ready` when everything is, then watch until SIGINT or SIGTERM. Always stops what it
        started.

        Raises `Fault` (``site.part-failed``) when a part does not get ready at start.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop_asked)
        try:
            for stage in self._stages:
                self._start_stage(stage)
                if self._told_to_stop:
                    return
            ready()
            while not self._told_to_stop:
                self._look_after()
                time.sleep(0.2)
        finally:
            self.stop()

    def stop(self) -> None:
        """Stop all, last started first; kill what does not stop."""
        for running in reversed(self._running):
            if running.process.poll() is None:
                running.process.terminate()
                try:
                    running.process.wait(_STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    running.process.kill()
                    running.process.wait()
            running.release()
        self._running.clear()

    def _stop_asked(self, *_: object) -> None:
        self._told_to_stop = True

    def _start_stage(self, stage: Sequence[Part]) -> None:
        """Start the parts of a stage together, and wait until each is ready."""
        started = [self._spawn(part) for part in stage]
        self._running.extend(started)
        waiting = list(started)
        while waiting and not self._told_to_stop:
            for running in tuple(waiting):
                if running.is_ready():
                    waiting.remove(running)
                elif running.process.poll() is not None or running.age() > running.part.patience:
                    raise Fault("site.part-failed", retryable=False, detail=running.part.name)
            time.sleep(0.05)

    def _spawn(self, part: Part) -> _Running:
        ready_read, ready_write = os.pipe()
        alive_read, alive_write = os.pipe()
        told = {"SCEAU_READY_FD": ready_write, "SCEAU_ALIVE_FD": alive_read}
        if part.secret is not None:
            told["SCEAU_PASSPHRASE_FD"] = _pipe_with(part.secret)
        environment = {**os.environ, **self._environment, **{name: str(fd) for name, fd in told.items()}}
        try:
            process = subprocess.Popen(  # noqa: S603 - our own command
                part.command,
                env=environment,
                pass_fds=tuple(told.values()),
                stdin=subprocess.DEVNULL,
                process_group=0,  # the terminal's Ctrl-C comes to us alone: we stop the others in order
            )
        finally:
            for descriptor in told.values():
                os.close(descriptor)
        return _Running(part, process, ready_read, alive_write)

    def _look_after(self) -> None:
        """Start again what has died, each time a little later."""
        for index, running in enumerate(self._running):
            if running.process.poll() is None:
                continue
            lived = running.age()
            failures = 1 if lived > _STEADY else running.failures + 1
            wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** (failures - 1))
            if lived < wait:
                continue
            name, code = running.part.name, running.process.returncode
            self._say(f"La partie « {name} » s'est arrêtée (code {code}) : relancée.")
            running.release()
            fresh = self._spawn(running.part)
            fresh.failures = failures
            self._running[index] = fresh


def python_part(name: str, *, probe: Callable[[], bool] | None = None, secret: bytes | None = None) -> Part:
    """A part of `sceau.site.part`, run by this very interpreter."""
    return Part(name, (sys.executable, "-m", "sceau.site.part", name), probe, secret=secret)


def _pipe_with(secret: bytes) -> int:
    """The reading end of a pipe that holds `secret` (a passphrase: far less than a pipe's buffer)."""
    reading, writing = os.pipe()
    os.write(writing, secret)
    os.close(writing)
    return reading
