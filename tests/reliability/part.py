"""`python -m tests.reliability.part NAME`: a part of an instance, which dies at one named point.

The part is the product's own; only the point is ours. `SCEAU_TEST_POINT` is
``module:attribute:before|after:n``: the process kills itself (SIGKILL: nothing of ours runs after) before or
after the n-th call of that function, counted from the moment when the file `SCEAU_TEST_ARMED` exists.
`SCEAU_TEST_SEGMENT` makes the segments of the signer's record that short.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any


def install(point: str, armed: Path) -> None:
    """Put the point in its place."""
    module, attribute, when, count = point.rsplit(":", 3)
    owner: Any = importlib.import_module(module)
    *path, name = attribute.split(".")
    for step in path:
        owner = getattr(owner, step)
    real = getattr(owner, name)
    lock, left = threading.Lock(), [int(count)]

    def is_the_one() -> bool:
        with lock:
            left[0] -= armed.exists()
            return left[0] == 0

    def dying(*args: Any, **kwargs: Any) -> Any:
        dies = armed.exists() and is_the_one()
        if dies and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        given = real(*args, **kwargs)
        if dies:
            os.kill(os.getpid(), signal.SIGKILL)
        return given

    setattr(owner, name, dying)


def main() -> int:
    """The part, with its point."""
    from sceau.custody.ledger import Ledger
    from sceau.site.part import main as part

    segment = os.environ.get("SCEAU_TEST_SEGMENT")
    if segment:
        Ledger.open.__func__.__kwdefaults__["segment_lines"] = int(segment)  # type: ignore[attr-defined]
    point = os.environ.get("SCEAU_TEST_POINT")
    if point:
        install(point, Path(os.environ["SCEAU_TEST_ARMED"]))
    return part()


if __name__ == "__main__":
    sys.exit(main())
