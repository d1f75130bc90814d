"""Every hostile request is refused for its own reason, every honest one accepted [F22, F25, F27, F33, F36,
F37, G04].
"""

from __future__ import annotations

from time import perf_counter

import pytest

from sceau.certification import judge_csr
from sceau.vocabulary import errors
from tests.authority import AT, CATALOGUE
from tests.conformance.hostile_requests import Case, csr_cases

CASES = csr_cases()


def test_the_set_is_whole_and_no_case_stands_for_another() -> None:
    assert len({case.name + str(case.code) for case in CASES}) == len(CASES) == 309
    assert sum(case.code is None for case in CASES) == 64


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_request_is_judged_for_its_own_reason(case: Case) -> None:
    begun = perf_counter()
    found = judge_csr(
        case.data, form=case.form, product=case.product, names=case.names, catalogue=CATALOGUE, at=AT
    )
    assert perf_counter() - begun < 1
    refused = {finding.code for finding in errors(found)}
    if case.code is None:
        assert refused == set()
    else:
        assert case.code in refused
    for finding in found:
        assert CATALOGUE.say(finding).text
