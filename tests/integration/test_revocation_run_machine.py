"""Whatever officers, crashes, other revocations and the clockwork do, in whatever order: a run ends nothing
outside its criterion, nothing before enough different people said yes, and leaves nothing at its end.
"""

from __future__ import annotations

import itertools
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from sceau.operations import (
    advance_run,
    approve_run,
    drop_run,
    pause_run,
    prepare_run,
    resume_run,
    revoke_certificate,
    run_slices,
)
from sceau.records.models import Certificate, Person, Revocation, RevocationRun
from sceau.vocabulary import Refused
from tests.instance import ALICE, AUTHORITY, BRUNO, Instance, accepted
from tests.integration.test_revocation_runs import POINTS, Crash, slices_of
from tests.runs import accounted, file_of, many, one, request

NUMBERS = itertools.count(1)
OFFICERS = (ALICE, BRUNO, AUTHORITY)
ACTS = st.one_of(
    st.tuples(st.just("approve"), st.integers(0, 2)),
    st.tuples(st.just("advance"), st.integers(1, 4)),
    st.tuples(st.just("kill"), st.sampled_from([(point, late) for point in POINTS for late in (0, 1)])),
    st.tuples(st.sampled_from(["pause", "resume"]), st.none()),
    st.tuples(st.just("other"), st.integers(0, 60)),
    st.tuples(st.just("later"), st.integers(1, 6)),
)


class Machine:
    """One run among certificates that are none of its business."""

    def __init__(self, kind: str, count: int) -> None:
        number = next(NUMBERS)
        self.first = number * 1_000
        self.person = f"3690000005/P{number:05d}"
        Person.objects.create(national_id=self.person, surname="X", given_names="Y")
        self.mine = {row.reference for row in self.more(count, asked_by=self.person)}
        self.outside = {row.reference for row in self.more(5)}
        self.otherwise: set[str] = set()
        self.yes: set[str] = set()
        self.kind = kind
        serials = "\n".join(
            Certificate.objects.filter(reference__in=self.mine).values_list("serial", flat=True)
        )
        asked = (
            request(kind, subject=self.person) if kind == "administrator" else request(kind, listed=serials)
        )
        self.reference = prepare_run(ALICE.actor, asked).line.reference

    def more(self, count: int, **changes: Any) -> list[Certificate]:
        rows = many(count, first=self.first, **changes)
        self.first += count
        return rows

    def do(self, name: str, value: Any) -> None:
        getattr(self, f"do_{name}")(value)
        self.check()

    def do_approve(self, which: int) -> None:
        try:
            approve_run(OFFICERS[which].actor, reference=self.reference)
        except Refused:
            return
        self.yes.add(OFFICERS[which].national_id.text)

    def do_advance(self, times: int) -> None:
        for _ in range(times):
            advance_run(self.reference)

    def do_kill(self, where: tuple[str, int]) -> None:
        name, is_late = where
        real = getattr(run_slices, name)

        def dies(*args: Any, **kwargs: Any) -> Any:
            if is_late:
                real(*args, **kwargs)
            raise Crash

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(run_slices, name, dies)
            try:
                advance_run(self.reference)
            except Crash:
                event(f"killed in {name}")

    def do_pause(self, _: None) -> None:
        self._try(pause_run)

    def do_resume(self, _: None) -> None:
        self._try(resume_run)

    def _try(self, verb: Any) -> None:
        with suppress(Refused):  # not now
            verb(BRUNO.actor, reference=self.reference)

    def do_other(self, which: int) -> None:
        """Somebody revokes one certificate meanwhile."""
        names = sorted(self.mine | self.outside)
        name = names[which % len(names)]
        if not Revocation.objects.filter(certificate__reference=name).exists():
            self.otherwise.add(name)
        revoke_certificate(
            ALICE.actor, reference=name, reason="superseded", quality="desk", explanation="autre"
        )

    def do_later(self, count: int) -> None:
        """More come under the criterion, as long as nothing is stopped (a list is closed)."""
        is_open = RevocationRun.objects.filter(reference=self.reference, secured_at=None).exists()
        if self.kind == "administrator" and is_open:
            self.mine |= {row.reference for row in self.more(count, asked_by=self.person)}

    def check(self) -> None:
        ended = accounted(self.reference)
        assert ended <= self.mine
        assert not ended & self.otherwise
        revoked = Revocation.objects.filter(certificate__reference__in=self.mine | self.outside)
        assert set(revoked.values_list("certificate__reference", flat=True)) == ended | self.otherwise
        file = file_of(self.reference)
        if ended:
            assert len(self.yes) >= (2 if len(ended) > file.alone_up_to else 1)
        if file.line.state == "done":
            assert ended | self.otherwise >= self.mine

    def bring_to_its_end(self) -> None:
        for which in range(3):
            if file_of(self.reference).line.state in {"prepared", "paused"}:
                self.do("approve", which)
        for _ in range(60):
            if file_of(self.reference).line.state == "paused":
                self.do("approve", 0)
                self.do("approve", 1)
                self.do("resume", None)
            self.do("advance", 1)
            if file_of(self.reference).line.state == "done":
                return
        raise AssertionError("the run never ended")


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.sampled_from(["list", "administrator"]), st.integers(1, 26), st.lists(ACTS, max_size=14))
def test_a_run_ends_what_it_is_to_end_and_nothing_else(
    ready: Instance, kind: str, count: int, acts: list[tuple[str, Any]]
) -> None:
    machine = Machine(kind, count)
    for name, value in acts:
        machine.do(name, value)
    machine.bring_to_its_end()
    assert accounted(machine.reference) | machine.otherwise >= machine.mine


@pytest.fixture
def ready(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> Instance:
    accepted()
    one()
    slices_of(monkeypatch, instance, 5)
    return instance


def test_a_run_that_was_dropped_ends_nothing_more(ready: Instance) -> None:
    machine = Machine("list", 12)
    machine.do("approve", 0)
    machine.do("advance", 2)
    machine.do("pause", None)
    drop_run(ALICE.actor, reference=machine.reference, reason="assez")
    before = accounted(machine.reference)
    assert len(before) == 5
    machine.do("advance", 5)
    machine.do("resume", None)
    assert accounted(machine.reference) == before
