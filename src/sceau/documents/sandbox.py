"""Running the PDF reader apart: one child process for one file, with limits, a clock and a small pipe back.

Decides only whether the child answered. Nothing of the file is looked at in this process before the child has
said what is in it [ASSURANCE T30].
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from sceau.vocabulary import Fault

WALL_SECONDS = 15  # the child's processor time is limited to 5 s; on a loaded machine that takes longer
MOST_ANSWER = 2 * 1024 * 1024
MOST_AT_ONCE = 3  # each may take 384 MiB
PATIENCE_SECONDS = 30
_READER = Path(__file__).with_name("pdf_child.py")
_VERIFIER = Path(__file__).with_name("signature_child.py")
_places = threading.BoundedSemaphore(MOST_AT_ONCE)


def verify_apart(data: bytes) -> dict[str, Any]:
    """What the child that verifies signatures says of `data`, as `run_apart`."""
    return run_apart(data, child=_VERIFIER)


def run_apart(data: bytes, *, child: Path = _READER) -> dict[str, Any]:
    """What the child says of `data`; ``{"error": "too-much"}`` when a limit stopped it.

    Raises `Fault` (retryable) when the child could not be started, or too many files are being read already.
    """
    if not _places.acquire(timeout=PATIENCE_SECONDS):
        raise Fault("pdf.reader-busy", retryable=True)
    try:
        return _answer_of(_child_reading(data, child))
    finally:
        _places.release()


def _child_reading(data: bytes, child: Path) -> subprocess.Popen[bytes]:
    with tempfile.TemporaryFile() as given:
        given.write(data)
        given.seek(0)
        try:
            return subprocess.Popen(  # noqa: S603 - our own interpreter and our own script, no shell
                [sys.executable, "-I", str(child)],
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                close_fds=True,
                cwd="/",
                env={"LC_ALL": "C.UTF-8"},
            )
        except OSError as problem:
            raise Fault("pdf.reader-down", retryable=True, detail=str(problem)) from problem


def _answer_of(child: subprocess.Popen[bytes]) -> dict[str, Any]:
    clock = threading.Timer(WALL_SECONDS, child.kill)
    clock.start()
    try:
        with child:
            assert child.stdout is not None  # noqa: S101 - a pipe was asked for
            answer = child.stdout.read(MOST_ANSWER + 1)
            if len(answer) > MOST_ANSWER:
                child.kill()
    finally:
        clock.cancel()
    if child.returncode != 0 or len(answer) > MOST_ANSWER:
        return {"error": "too-much"}
    found = json.loads(answer)
    return found if isinstance(found, dict) else {"error": "too-much"}
