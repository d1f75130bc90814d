"""A measured process of its own: with its own data folder, its own memory, on the servers' core.

The parent sends one JSON line, the child answers with one. `python -m bench.children MODULE ARGUMENTS` calls
`MODULE.worker(**ARGUMENTS)`, which gives a function from question to answer.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.plan import ROOT
from bench.servers import ServerFailedError, on_server_core

Ask = Callable[..., dict[str, Any]]


@contextlib.contextmanager
def child(module: str, *, data: Path, **arguments: object) -> Iterator[Ask]:
    """A child on the instance folder `data`; the function that asks it, by keywords."""
    data.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [*on_server_core(), sys.executable, "-m", "bench.children", module, json.dumps(arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=instance_environment(data),
    )
    questions, answers = process.stdin, process.stdout
    if questions is None or answers is None:
        raise ServerFailedError(f"{module}: no pipe")

    def ask(**question: object) -> dict[str, Any]:
        questions.write(json.dumps(question) + "\n")
        questions.flush()
        line = answers.readline()
        if not line:
            raise ServerFailedError(f"{module} died (its trace is above)")
        answer: dict[str, Any] = json.loads(line)
        return answer

    try:
        yield ask
    finally:
        questions.close()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
        answers.close()


def instance_environment(data: Path) -> dict[str, str]:
    """The environment of a process of the product on the development instance under `data`."""
    return {
        **os.environ,
        "SCEAU_DATA": str(data),
        "SCEAU_ENVIRONMENT": "development",
        "DJANGO_SETTINGS_MODULE": "sceau.site.settings",
        "PYTHONPATH": os.pathsep.join(path for path in (str(ROOT), os.environ.get("PYTHONPATH", "")) if path),
    }


def peak_mib() -> float:
    """The most memory this process ever held, in MiB. (`ru_maxrss` would also hold its parent's, from before
    exec.)
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise LookupError("VmHWM")


def main() -> int:
    """Answer until the parent closes the pipe."""
    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what the product prints is no answer
        worker = importlib.import_module(sys.argv[1]).worker(**json.loads(sys.argv[2]))
        for line in sys.stdin:
            answers.write(json.dumps(worker(**json.loads(line))) + "\n")
            answers.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
