"""Several at once: two officers, many clicks, a right withdrawn in mid-issuance [G10, T20, T55, T57]."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connections

from sceau.operations import (
    approve_order,
    collect_certificate,
    issuance,
    issue_certificate,
    receive_form,
    revoke_certificate,
    seal_journal,
    suspend_habilitation,
    take_order,
    withdraw_habilitation,
)
from sceau.records import (
    StatusRecords,
    habilitations_of,
    journal_entries,
    journal_heads,
    journal_leaves,
    order_file,
)
from sceau.records.models import Approval, Certificate, Habilitation, JournalEntry, JournalLeaf, Order
from sceau.status import Standing
from sceau.vocabulary import Fault, Refused
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    BRUNO,
    CHLOE,
    NOON,
    REPRESENTATIVE,
    Instance,
    accepted,
    form,
    right_for,
    server_request,
    submitted,
)
from tests.integration.test_orders import refusal


def together(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run `acts` at one moment, each in a thread and on a connection of its own; what each gave or raised."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        start.wait(timeout=30)
        try:
            return act()
        except (Refused, Fault) as trouble:
            return trouble
        finally:
            connections["default"].close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def insistently(act: Callable[[], Any]) -> Any:
    """Ask again as long as the answer is that one may."""
    for _ in range(200):
        try:
            return act()
        except Fault as fault:
            if not fault.retryable:
                raise
            threading.Event().wait(0.02)
    raise AssertionError("still not done")


def test_two_approvals_at_once_accept_the_order_once(instance: Instance) -> None:
    for _ in range(5):
        reference = submitted().line.reference
        take_order(CHLOE.actor, reference=reference)

        def approve(who: Any, reference: str = reference) -> Any:
            return insistently(lambda: approve_order(who.actor, reference=reference, version=1))

        together([lambda: approve(ALICE), lambda: approve(BRUNO)])
        order = order_file(reference)
        assert order is not None
        assert order.line.state == "accepted"
        assert JournalEntry.objects.filter(subject=reference, kind="order.accepted").count() == 1
    rights = habilitations_of(ADMINISTRATOR.national_id.text, at=NOON)
    assert [line.version for line in rights] == [5]


def test_one_officer_clicking_twenty_times_is_one_approval(instance: Instance) -> None:
    reference = submitted().line.reference
    take_order(ALICE.actor, reference=reference)
    together([lambda: insistently(lambda: approve_order(ALICE.actor, reference=reference, version=1))] * 20)
    assert Approval.objects.count() == 1
    assert Order.objects.get().state == "under-review"


def test_t55_fifty_double_submits_are_one_certificate(instance: Instance) -> None:
    accepted()
    request = server_request()
    answers = together(
        [lambda: insistently(lambda: issue_certificate(ADMINISTRATOR.actor, request, idempotency_key="k"))]
        * 50
    )
    assert {answer.line.reference for answer in answers} == {Certificate.objects.get().reference}
    assert len(instance.signer.signatures) == 1


def test_t55_fifty_submissions_of_one_form_are_one_order(instance: Instance) -> None:
    raw = form()

    def send() -> Any:
        return receive_form(REPRESENTATIVE.actor, raw=raw, channel="web", idempotency_key="une-fois")

    answers = together([lambda: insistently(send)] * 50)
    assert {answer.line.reference for answer in answers} == {Order.objects.get().reference}


def test_one_key_asked_for_twice_at_once_is_certified_once(instance: Instance) -> None:
    accepted()

    def ask(at: int) -> Callable[[], Any]:
        request = server_request(f"{at}.chu-exemple.fr")  # one key in all of them
        act = partial(issue_certificate, ADMINISTRATOR.actor, request, idempotency_key=f"k{at}")
        return lambda: insistently(act)

    answers = together([ask(at) for at in range(8)])
    issued = [answer for answer in answers if not isinstance(answer, Refused | Fault)]
    assert len(issued) == len(instance.signer.signatures) == 1
    assert all(isinstance(answer, Refused) for answer in answers if answer not in issued)


def test_t20_a_right_withdrawn_between_check_and_intent_gives_nothing(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted()
    right, real = right_for("SERV_SSL"), issuance._intend

    def withdrawn_meanwhile(*args: Any) -> Any:
        monkeypatch.undo()
        withdraw_habilitation(ALICE.actor, reference=right, reason="Départ")
        return real(*args)

    monkeypatch.setattr(issuance, "_intend", withdrawn_meanwhile)
    codes = refusal(
        issue_certificate, ADMINISTRATOR.actor, server_request(habilitation=right), idempotency_key="k"
    )
    assert codes == {"right.habilitation-withdrawn"}
    assert instance.signer.signatures == []


def test_t57_a_right_withdrawn_during_the_signature_leaves_a_revoked_certificate(instance: Instance) -> None:
    accepted()
    right = right_for("SERV_SSL")

    def withdraw(kind: str) -> None:
        withdraw_habilitation(ALICE.actor, reference=right, reason="Départ")

    instance.signer.after = withdraw
    codes = refusal(issue_certificate, ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    assert codes == {"issuance.right-lost"}
    row = Certificate.objects.get()
    assert (row.state, row.revocation.reason) == ("issued", "privilegeWithdrawn")
    assert StatusRecords().status("el-org", 1, int(row.serial, 16)).standing is Standing.REVOKED
    code = {"terms_accepted": True, "code": "un-code-choisi", "code_again": "un-code-choisi"}
    assert refusal(collect_certificate, ADMINISTRATOR.actor, reference=row.reference, **code) == {
        "collection.revoked"
    }


def test_g10_no_interleaving_of_withdrawal_and_issuance_leaves_a_good_certificate_behind(
    instance: Instance,
) -> None:
    for turn in range(12):
        accepted()
        right = right_for_active()

        def issue(turn: int = turn, right: str = right) -> Any:
            request = server_request(f"w{turn}.chu-exemple.fr", which=f"w{turn}", habilitation=right)
            return insistently(
                lambda: issue_certificate(ADMINISTRATOR.actor, request, idempotency_key=f"w{turn}")
            )

        def stop(turn: int = turn, right: str = right) -> Any:
            verb = withdraw_habilitation if turn % 2 else suspend_habilitation
            return insistently(lambda: verb(ALICE.actor, reference=right, reason="Essai"))

        answer, _ = together([issue, stop])
        if turn % 2 == 0:
            withdraw_habilitation(ALICE.actor, reference=right, reason="Essai")
        row = Certificate.objects.filter(idempotency_key=f"w{turn}").first()
        if row is None:
            assert isinstance(answer, Refused)
            continue
        ended = JournalEntry.objects.filter(
            subject=right, kind__in=("habilitation.withdrawn", "habilitation.suspended")
        ).order_by("id")[0]
        issued = JournalEntry.objects.get(subject=row.reference, kind="certificate.issued")
        if isinstance(answer, Refused):
            assert row.revocation.reason == "privilegeWithdrawn"
        else:
            assert issued.pk < ended.pk


def right_for_active() -> str:
    """The one right that is active now."""
    return Habilitation.objects.get(state="active").reference


def test_two_revocations_at_once_are_one(instance: Instance) -> None:
    accepted()
    issued = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    reference = issued.line.reference

    def revoke(who: Any, quality: str, reason: str) -> Any:
        return insistently(
            lambda: revoke_certificate(who.actor, reference=reference, reason=reason, quality=quality)
        )

    answers = together(
        [lambda: revoke(ADMINISTRATOR, "administrator", "superseded")] * 10
        + [lambda: revoke(ALICE, "desk", "keyCompromise")] * 10
    )
    assert len({answer.line.revocation for answer in answers}) == 1
    assert JournalEntry.objects.filter(subject=reference, kind="certificate.revoked").count() == 1


def test_the_journal_is_gap_free_whoever_writes_and_seals(instance: Instance) -> None:
    from sceau.journal import Export, HeadVerifier, verify_export

    def submit() -> Any:
        return insistently(lambda: receive_form(REPRESENTATIVE.actor, raw=form(), channel="web"))

    together([submit, submit, submit, submit, seal_journal, seal_journal] * 4)
    seal_journal()
    positions = list(JournalLeaf.objects.order_by("position").values_list("position", flat=True))
    assert positions == list(range(JournalEntry.objects.count()))
    verifier = HeadVerifier.of(instance.machine.origin, instance.machine.head_key)
    export = Export(
        entries=journal_entries(),
        heads=[head.note for head in journal_heads()],
        verifiers=[verifier],
        leaves=journal_leaves(),
    )
    assert verify_export(export).flaws == ()
