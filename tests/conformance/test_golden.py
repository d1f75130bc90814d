"""The bytes of each product are what they were: a difference is read by a person, or it is a mistake [F32,
F35].
"""

from __future__ import annotations

import pytest

from tests.conformance.golden_files import FOLDER, golden_draft, golden_names, golden_path

NAMES = list(golden_names())


@pytest.mark.parametrize(("product", "environment", "kind"), NAMES, ids=["-".join(name) for name in NAMES])
def test_f32_a_certificate_is_byte_for_byte_what_it_was(product: str, environment: str, kind: str) -> None:
    assert (
        golden_draft(product, environment, kind).tbs == golden_path(product, environment, kind).read_bytes()
    )


def test_every_golden_file_is_used() -> None:
    used = {golden_path(*name).name for name in NAMES}
    kept = {path.name for path in FOLDER.iterdir() if path.suffix == ".der"}
    assert used == kept
    assert len(used) == 52
