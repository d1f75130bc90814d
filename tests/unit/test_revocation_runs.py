"""Who may ask for a run, by which criterion, for which reason; how many must say yes; how it lives."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path
from types import MappingProxyType

import pytest

from sceau.catalogue import MOST_ALONE, CatalogueError, CriterionKind, Quality, load_catalogue
from sceau.status import RUN_LIFE, RunEvent, RunState, decide_run, deciders_needed
from sceau.vocabulary import Refused

CATALOGUE = load_catalogue()
OFFICERS = {Quality.DESK, Quality.AUTHORITY, Quality.JUDGE}
# Stated apart from the table it checks.
WHO = {
    CriterionKind.LIST: OFFICERS,
    CriterionKind.KEY: OFFICERS,
    CriterionKind.ADMINISTRATOR: OFFICERS,
    CriterionKind.STRUCTURE: OFFICERS,
    CriterionKind.CONTRACT: OFFICERS,
    CriterionKind.ISSUER: {Quality.AUTHORITY},
}
ALWAYS_TWO = {CriterionKind.STRUCTURE, CriterionKind.CONTRACT, CriterionKind.ISSUER}


@pytest.mark.parametrize(("kind", "quality"), list(product(CriterionKind, Quality)))
def test_a_run_needs_a_quality_for_its_criterion_and_for_its_reason(
    kind: CriterionKind, quality: Quality
) -> None:
    for reason in (*CATALOGUE.reasons, *CATALOGUE.reasons_not_offered, "rien"):
        known = CATALOGUE.reasons.get(reason)
        expected = set()
        if quality not in WHO[kind]:
            expected.add("run.criterion-quality")
        if reason in CATALOGUE.reasons_not_offered:
            expected.add("revocation.reason-not-offered")
        elif known is None:
            expected.add("revocation.reason-unknown")
        elif quality not in known.who:
            expected.add("revocation.quality")
        try:
            decide_run(kind, reason=reason, quality=quality, catalogue=CATALOGUE)
            found = set()
        except Refused as refused:
            found = {one.code for one in refused.findings}
        assert found == expected, (kind, quality, reason)


@pytest.mark.parametrize("kind", CriterionKind)
def test_two_people_above_the_threshold_and_always_where_the_table_says(kind: CriterionKind) -> None:
    rules = CATALOGUE.runs
    alone = 2 if kind in ALWAYS_TWO else 1
    assert deciders_needed(kind, 0, rules) == alone
    assert deciders_needed(kind, rules.alone_up_to, rules) == alone
    assert deciders_needed(kind, rules.alone_up_to + 1, rules) == 2
    assert deciders_needed(kind, 1, replace(rules, alone_up_to=0)) == 2


def test_what_is_over_stays_over_and_nothing_starts_twice() -> None:
    assert set(RUN_LIFE.final()) == {RunState.DONE, RunState.DROPPED}
    starts = [state for state in RunState if (state, RunEvent.START) in RUN_LIFE.table]
    assert starts == [RunState.PREPARED]
    assert RunEvent.DROP not in RUN_LIFE.events(RunState.RUNNING)  # paused first: no slice is under way


def test_a_criterion_says_what_it_stops_and_on_which_clause_it_rests() -> None:
    assert set(CATALOGUE.runs.criteria) == set(CriterionKind)
    for row in CATALOGUE.runs.criteria.values():
        assert all((row.label, row.plain, row.stops, row.clause))
    with pytest.raises(TypeError):
        CATALOGUE.runs.criteria[CriterionKind.KEY] = row  # type: ignore[index]
    assert isinstance(CATALOGUE.runs.criteria, MappingProxyType)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("alone_up_to = 20", f"alone_up_to = {MOST_ALONE + 1}"),
        ("slice = 500", "slice = 0"),
        ("[criteria.key]", "[criteria.keys]"),
        ('who = ["authority"]', 'who = ["everybody"]'),
        ('who = ["authority"]', "who = []"),
    ],
)
def test_a_table_that_lets_one_person_do_too_much_or_lacks_a_criterion_is_not_loaded(
    tmp_path: Path, old: str, new: str
) -> None:
    import shutil

    folder = tmp_path / "data"
    shutil.copytree(CATALOGUE.folder, folder)
    path = folder / "revocation_runs.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"revocation_runs\.toml"):
        load_catalogue(folder)
