"""One set of worlds and programs for all tests of a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.conformance.relying_parties import Stand


@pytest.fixture(scope="session")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """The worlds of a run and the programs asked about them, each made when first needed."""
    with ExitStack() as stack:
        yield Stand(tmp_path_factory, stack)
