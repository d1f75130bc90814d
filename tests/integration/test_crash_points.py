"""Every named point where a power cut may fall between a request and its certificate, one row each.

At each point the process is stopped as a crash would stop it: no handler of ours runs after it. What was
signed is known from the signer's own record. Then the instance starts again, and everything must be
accounted for [G01].
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from sceau.operations import (
    CertificateRequest,
    acts,
    endings,
    issuance,
    issue_certificate,
    outcomes,
    publish_crls,
    recording,
    recover_intents,
    seal_journal,
    weighing,
)
from sceau.records import StatusRecords
from sceau.records.models import Certificate, JournalEntry, KeyUse, Revocation
from sceau.status import Standing
from sceau.vocabulary import Fault
from tests.authority import OneByOne
from tests.instance import (
    ADMINISTRATOR,
    Instance,
    accepted,
    csr,
    offer,
    right_for,
    server_request,
)
from tests.integration.test_orders import refusal

NOW = timedelta(0)


class Crash(BaseException):
    """The end of the process. Nothing catches it but the test."""


@dataclass(frozen=True)
class Point:
    """A point: where it is, and what must be there after the restart: rows, their state, signatures."""

    name: str
    state: str | None
    signed: int

    def __str__(self) -> str:
        return self.name


POINTS = (
    Point("before the draft", None, 0),
    Point("before the intent", None, 0),
    Point("inside the intent, before its commit", None, 0),
    Point("after the intent", "presumed", 0),
    Point("the signer is asked", "presumed", 0),
    Point("the signer has signed", "presumed", 1),
    Point("the answer is there", "presumed", 1),
    Point("inside the record, before its commit", "presumed", 1),
    Point("after the record", "issued", 1),
)


# Which step of ours the process stops in: instead of it, or once it is done.
INSTEAD_OF = {
    "before the draft": (weighing, "prepare"),
    "before the intent": (issuance, "keep_intents"),
    "after the intent": (issuance, "_finish"),
    "the answer is there": (issuance, "keep_signed"),
    "inside the record, before its commit": (recording, "is_right_lost"),
    "after the record": (recording, "file_of"),
}
ONCE_DONE = {"inside the intent, before its commit": (issuance, "keep_intents")}


@contextmanager
def crash_at(name: str, instance: Instance, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stop the process at that point of the next request."""

    def stop(*args: Any, **kwargs: Any) -> Any:
        raise Crash(name)

    def stop_after(*args: Any, **kwargs: Any) -> Any:
        real(*args, **kwargs)
        raise Crash(name)

    real = getattr(*ONCE_DONE.get(name, (issuance, "issue_all")))
    if name in INSTEAD_OF:
        patch.setattr(*INSTEAD_OF[name], stop)
    elif name in ONCE_DONE:
        patch.setattr(*ONCE_DONE[name], stop_after)
    elif name == "the signer is asked":
        instance.signer.before = stop
    else:
        assert name == "the signer has signed"
        instance.signer.after = stop
    with pytest.raises(Crash):
        yield
    patch.undo()
    instance.signer.before = instance.signer.after = lambda kind: None


@pytest.fixture
def habilitated(instance: Instance) -> Instance:
    accepted()
    return instance


def check_accounts(instance: Instance) -> None:
    """Nothing signed and unaccounted, nothing left in between, nothing good that was not handed over."""
    drafts = {hashlib.sha256(row.meant).hexdigest(): row for row in Certificate.objects.all()}
    assert set(instance.signer.drafts()) <= set(drafts)
    assert len(instance.signer.drafts()) == len(set(instance.signer.drafts()))
    assert Certificate.objects.filter(state="intended").count() == 0
    for row in drafts.values():
        standing = StatusRecords().status(row.issuer, row.generation, int(row.serial, 16)).standing
        expected = {"presumed": Standing.REVOKED, "abandoned": Standing.UNKNOWN}
        assert standing is expected.get(row.state, Standing.GOOD)
        kinds = set(JournalEntry.objects.filter(subject=row.reference).values_list("kind", flat=True))
        assert {"certificate.intended", f"certificate.{row.state}"} <= kinds


@pytest.mark.parametrize("point", POINTS, ids=str)
def test_g01_after_a_crash_everything_is_accounted_for(
    habilitated: Instance, monkeypatch: pytest.MonkeyPatch, point: Point
) -> None:
    with crash_at(point.name, habilitated, monkeypatch):
        issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    recovered = recover_intents(older_than=NOW)
    assert len(habilitated.signer.signatures) == point.signed
    states = list(Certificate.objects.values_list("state", flat=True))
    assert states == ([] if point.state is None else [point.state])
    assert [line.state for line in recovered] == (["presumed"] if point.state == "presumed" else [])
    check_accounts(habilitated)
    assert seal_journal() is not None


@pytest.mark.parametrize("point", POINTS, ids=str)
def test_after_a_crash_the_asker_gets_one_certificate_whatever_they_do(
    habilitated: Instance, monkeypatch: pytest.MonkeyPatch, point: Point
) -> None:
    with crash_at(point.name, habilitated, monkeypatch):
        issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    recover_intents(older_than=NOW)
    key = "k"
    if point.state == "presumed":
        with pytest.raises(Fault) as caught:
            issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key=key)
        assert (caught.value.code, caught.value.retryable) == ("issuance.outcome-unknown", False)
        key = "k2"
    issued = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key=key)
    assert issued.line.state == "issued"
    check_accounts(habilitated)


def test_recovery_may_be_cut_short_and_done_again(
    habilitated: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    for which in ("a", "b", "c"):
        with crash_at("the signer has signed", habilitated, monkeypatch):
            request = server_request(f"{which}.chu-exemple.fr", which=which)
            issue_certificate(ADMINISTRATOR.actor, request, idempotency_key=which)
    real = endings.end_certificate
    done: list[Any] = []

    def second_one_crashes(*args: Any, **kwargs: Any) -> Any:
        done.append(args)
        if len(done) == 2:
            raise Crash
        return real(*args, **kwargs)

    monkeypatch.setattr(outcomes, "end_certificate", second_one_crashes)
    with pytest.raises(Crash):
        recover_intents(older_than=NOW)
    assert Certificate.objects.filter(state="intended").count() == 2
    monkeypatch.undo()
    assert len(recover_intents(older_than=NOW)) == 2
    assert recover_intents(older_than=NOW) == ()
    assert Revocation.objects.count() == 3
    check_accounts(habilitated)


def test_an_intent_still_under_way_is_left_alone(
    habilitated: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    with crash_at("the signer is asked", habilitated, monkeypatch):
        issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    assert recover_intents() == ()
    with pytest.raises(Fault) as caught:
        issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    assert (caught.value.code, caught.value.retryable) == ("issuance.in-progress", True)
    habilitated.clock.forward(minutes=3)
    assert len(recover_intents()) == 1


def test_an_answer_that_comes_after_it_was_given_up_is_kept_and_stays_revoked(habilitated: Instance) -> None:
    def given_up(kind: str) -> None:
        habilitated.clock.forward(minutes=3)
        assert len(recover_intents()) == 1

    habilitated.signer.after = given_up
    with pytest.raises(Fault) as caught:
        issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    assert caught.value.code == "issuance.outcome-unknown"
    row = Certificate.objects.get()
    assert row.state == "presumed"
    assert row.der is not None
    check_accounts(habilitated)


def test_decision_10_an_unknown_outcome_is_presumed_signed_and_listed(habilitated: Instance) -> None:
    def lost(kind: str) -> None:
        raise Fault("signer.outcome-unknown", retryable=False)

    habilitated.signer.after = lost
    with pytest.raises(Fault) as caught:
        issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    assert (caught.value.code, caught.value.retryable) == ("issuance.outcome-unknown", False)
    habilitated.signer.after = lambda kind: None
    assert publish_crls(only=("el-org",))[0].entries == 1
    check_accounts(habilitated)
    again = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k2")
    assert again.line.serial != Certificate.objects.get(state="presumed").serial
    assert KeyUse.objects.get().certificate.reference == again.line.reference


def test_a_signer_that_was_never_reached_leaves_nothing_to_revoke(habilitated: Instance) -> None:
    def away(kind: str) -> None:
        raise Fault("signer.unreachable", retryable=True)

    habilitated.signer.before = away
    for _ in range(3):
        with pytest.raises(Fault) as caught:
            issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
        assert (caught.value.code, caught.value.retryable) == ("signer.unreachable", True)
    habilitated.signer.before = lambda kind: None
    issued = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    assert issued.line.state == "issued"
    assert Certificate.objects.filter(state="abandoned").count() == 3
    assert len(set(Certificate.objects.values_list("serial", flat=True))) == 4
    assert Revocation.objects.count() == 0
    check_accounts(habilitated)


def test_a_key_of_which_nothing_was_signed_is_free_again(habilitated: Instance) -> None:
    def away(kind: str) -> None:
        raise Fault("signer.unreachable", retryable=True)

    accepted(offer("org"))
    habilitated.signer.before = away
    with pytest.raises(Fault):
        issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    habilitated.signer.before = lambda kind: None
    application = CertificateRequest("ORG_SIGN", ("DMP",), csr("server"), right_for("ORG_SIGN"))
    assert issue_certificate(ADMINISTRATOR.actor, application, idempotency_key="k2").line.state == "issued"
    assert KeyUse.objects.get().product == "ORG_SIGN"
    check_accounts(habilitated)


def test_a_signer_that_answers_other_bytes_is_not_believed(habilitated: Instance) -> None:
    real = habilitated.signer

    class Liar(OneByOne):
        def sign(self, *, kind: str, issuer: str, generation: int, tbs: bytes) -> bytes:
            return real.sign(kind=kind, issuer=issuer, generation=generation, tbs=tbs[:-1] + b"\x00")

    habilitated.at_another(signer=Liar())
    with pytest.raises(Fault) as caught:
        issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    assert caught.value.code == "issuance.outcome-unknown"
    assert Certificate.objects.get().state == "presumed"


def test_a_failure_after_the_change_rolls_the_change_and_its_entry_back(
    habilitated: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = JournalEntry.objects.count()
    real = acts.append_entries

    def fails(*args: Any, **kwargs: Any) -> Any:
        real(*args, **kwargs)
        raise Crash

    monkeypatch.setattr(issuance, "append_entries", fails)
    with pytest.raises(Crash):
        issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    monkeypatch.undo()
    assert Certificate.objects.count() == KeyUse.objects.count() == 0
    assert JournalEntry.objects.count() == entries


def test_a_refusal_leaves_an_entry_and_nothing_else(habilitated: Instance) -> None:
    entries = JournalEntry.objects.count()
    refusal(issue_certificate, ADMINISTRATOR.actor, server_request("autre.fr"), idempotency_key="k")
    assert JournalEntry.objects.count() == entries + 1
    assert Certificate.objects.count() == 0
