"""The supervisor: starts in order, restarts what dies, stops everything, and leaves no orphan however it
ends.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from sceau.site.processes import Part, Supervisor
from sceau.vocabulary import Fault

READY = "import os; os.write(int(os.environ['SCEAU_READY_FD']), b'1')"
WATCH = "from sceau.site.part import _watch_parent; _watch_parent()"


def part(name: str, script: str, *, patience: float = 20) -> Part:
    return Part(name, (sys.executable, "-c", textwrap.dedent(script)), None, patience)


def sleeper(folder: Path, name: str) -> Part:
    """A part that writes its process id, says it is ready and waits."""
    script = f"""
        import os, time
        {WATCH}
        with open({str(folder / name)!r}, "a") as file:
            file.write(f"{{os.getpid()}} {{time.monotonic()}}\\n")
        {READY}
        time.sleep(600)
    """
    return part(name, script)


def lines(path: Path) -> list[list[str]]:
    return [line.split() for line in path.read_text().splitlines()]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def wait_until(condition: object, seconds: float = 20) -> None:
    assert callable(condition)
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "waited too long"
        time.sleep(0.05)


def test_parts_start_one_after_the_other_and_all_stop(tmp_path: Path) -> None:
    said: list[str] = []
    stages = [[sleeper(tmp_path, "one")], [sleeper(tmp_path, "two")]]
    supervisor = Supervisor(stages, environment={}, say=said.append)

    def stop_soon() -> None:
        said.append("ready")
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGTERM)).start()

    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    try:
        supervisor.run(ready=stop_soon)
    finally:
        for number, handler in zip((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), before, strict=True):
            signal.signal(number, handler)
    (one,), (two,) = lines(tmp_path / "one"), lines(tmp_path / "two")
    assert float(one[1]) < float(two[1])
    assert said == ["ready"]
    assert not is_alive(int(one[0]))
    assert not is_alive(int(two[0]))


def test_a_part_that_does_not_get_ready_stops_everything_and_says_which(tmp_path: Path) -> None:
    stages = [[sleeper(tmp_path, "one")], [part("two", "raise SystemExit(3)")]]
    supervisor = Supervisor(stages, environment={}, say=lambda _: None)
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    try:
        with pytest.raises(Fault, match=r"site\.part-failed: two"):
            supervisor.run(ready=lambda: None)
    finally:
        for number, handler in zip((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), before, strict=True):
            signal.signal(number, handler)
    assert not is_alive(int(lines(tmp_path / "one")[0][0]))


def supervise_apart(tmp_path: Path) -> subprocess.Popen[bytes]:
    """A supervisor in a process of its own, over two sleepers."""
    script = f"""
        from pathlib import Path
        from sceau.site.processes import Supervisor
        from tests.integration.test_processes import sleeper
        folder = Path({str(tmp_path)!r})
        parts = [sleeper(folder, "one"), sleeper(folder, "two")]
        Supervisor([parts], environment={{}}, say=print).run(ready=lambda: (folder / "ready").touch())
    """
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.DEVNULL)


def test_a_killed_supervisor_leaves_no_orphan(tmp_path: Path) -> None:
    supervisor = supervise_apart(tmp_path)
    wait_until((tmp_path / "ready").exists)
    pids = [int(lines(tmp_path / name)[0][0]) for name in ("one", "two")]
    supervisor.kill()
    supervisor.wait()
    wait_until(lambda: not any(map(is_alive, pids)))


def test_a_part_that_dies_is_started_again_and_the_others_are_left_alone(tmp_path: Path) -> None:
    supervisor = supervise_apart(tmp_path)
    try:
        wait_until((tmp_path / "ready").exists)
        first, other = int(lines(tmp_path / "one")[0][0]), int(lines(tmp_path / "two")[0][0])
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: len(lines(tmp_path / "one")) == 2)
        assert is_alive(int(lines(tmp_path / "one")[1][0]))
        assert is_alive(other)
    finally:
        supervisor.terminate()
        supervisor.wait(20)
    wait_until(lambda: not is_alive(other))
