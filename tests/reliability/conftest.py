"""One real instance for the drills of a session; a run of its own for the torture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reliability.points import SEGMENT
from tests.reliability.real import RealInstance


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealInstance]:
    """All parts of an instance at work."""
    yield from started(tmp_path_factory.mktemp("reliability") / "data")


def started(data: Path, *, per_day: int = 100_000) -> Iterator[RealInstance]:
    """An instance that is stopped in the end, whatever happened to it."""
    instance = RealInstance.make(data, per_day=per_day)
    instance.segment = SEGMENT
    try:
        instance.start()
        yield instance
    finally:
        instance.stop()
