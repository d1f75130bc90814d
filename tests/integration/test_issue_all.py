"""Many requests at once: they share transactions and an exchange with the signer, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from sceau.operations import (
    Ask,
    CertificateRequest,
    HandOver,
    admit_token,
    confinement,
    issuance,
    issue_certificate,
    recover_intents,
    references,
    revoke_token,
    set_card_status,
    suspend_habilitation,
    weighing,
)
from sceau.operations.machine import Actor
from sceau.operations.references import draw_dated_reference
from sceau.records import certificate_file, hot, journal_lines
from sceau.records.models import ApiTokenUse, Certificate, HabilitationVersion, JournalEntry, KeyUse
from sceau.vocabulary import Fault, Refused, Term
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    NOON,
    STRANGER,
    Instance,
    accepted,
    csr,
    offer,
    right_for,
    server_request,
)
from tests.integration.test_crash_points import NOW, Crash, check_accounts
from tests.integration.test_tokens import make


@pytest.fixture
def habilitated(instance: Instance) -> Instance:
    accepted(offer("serv-ssl"), offer("org"))
    return instance


def ask(at: int, *, actor: Actor | None = None, name: str = "", **more: Any) -> Ask:
    """The request of this number, under a key of its own."""
    request = server_request(name or f"h{at}.chu-exemple.fr", which=f"all-{at}")
    return Ask(actor or ADMINISTRATOR.actor, request, f"k{at}", **more)


def together(asks: Sequence[Ask]) -> list[Any]:
    """What came of each, to be looked at."""
    return list(issuance.issue_all(asks))


def codes(answer: object) -> set[str]:
    assert isinstance(answer, Refused), answer
    return {finding.code for finding in answer.findings}


def test_a_batch_gives_each_its_own_certificate_in_the_order_asked(habilitated: Instance) -> None:
    answers = together([ask(at) for at in range(150)])
    assert [answer.line.names for answer in answers] == [(f"h{at}.chu-exemple.fr",) for at in range(150)]
    assert Certificate.objects.filter(state="issued").count() == 150
    assert len(set(habilitated.signer.drafts())) == len({answer.line.serial for answer in answers}) == 150
    check_accounts(habilitated)


def test_what_is_answered_is_what_the_records_show(habilitated: Instance) -> None:
    secret = make().secret
    asks = [
        ask(0),
        ask(1, hand_over=HandOver(terms_accepted=True, code="un-code-choisi")),
        ask(2, actor=admit_token(secret), hand_over=HandOver()),
        Ask(
            ADMINISTRATOR.actor,
            CertificateRequest("ORG_SIGN", ("DMP",), csr("org"), right_for("ORG_SIGN")),
            "org",
        ),
    ]
    for answer in together(asks):
        assert answer == certificate_file(answer.line.reference, at=NOON)


def test_a_batch_is_two_transactions_however_many_it_has(
    habilitated: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    real = transaction.Atomic.__enter__

    def entered(self: Any) -> None:
        begun.append("transaction")
        real(self)

    monkeypatch.setattr(transaction.Atomic, "__enter__", entered)
    together([ask(at) for at in range(40)])
    assert len(begun) == 2


def test_f29_one_bad_request_at_any_place_touches_none_of_the_others(habilitated: Instance) -> None:
    for bad in range(4):
        asks = [replace(ask(bad * 10 + at), idempotency_key=f"b{bad}-{at}") for at in range(4)]
        wrong = replace(asks[bad].request, names=("www.banque.fr",))
        asks[bad] = replace(asks[bad], request=wrong)
        answers = together(asks)
        assert codes(answers[bad]) == {"scope.outside"}
        assert all(not isinstance(one, Exception) for at, one in enumerate(answers) if at != bad)
    assert Certificate.objects.count() == 12
    assert JournalEntry.objects.filter(kind="refused.certificate.intended").count() == 4


def test_a_machines_fault_about_one_is_said_to_that_one(habilitated: Instance) -> None:
    with connection.cursor() as cursor:
        drop = "DROP TRIGGER sceau_habilitationversion_no_update"
        cursor.execute(drop if connection.vendor == "sqlite" else f"{drop} ON records_habilitationversion")
    assert not isinstance(together([ask(0)])[0], Exception)  # decoded, checked, and remembered
    altered = HabilitationVersion.objects.filter(habilitation__reference=right_for("ORG_SIGN"))
    org = CertificateRequest("ORG_SIGN", ("DMP",), csr("org"), right_for("ORG_SIGN"))
    assert altered.update(card_number="2500000001") == 1
    first, second = together([Ask(ADMINISTRATOR.actor, org, "org"), ask(1)])
    assert isinstance(first, Fault)
    assert first.code == "issuance.right-altered"
    assert second.line.state == "issued"


def test_t46_a_row_altered_after_it_was_read_and_checked_is_seen_at_the_next_request(
    habilitated: Instance,
) -> None:
    assert not isinstance(together([ask(0)])[0], Exception)
    with connection.cursor() as cursor:
        for table, name in (("habilitationversion", "no_update"), ("journalentry", "no_update")):
            drop = f"DROP TRIGGER sceau_{table}_{name}"
            cursor.execute(drop if connection.vendor == "sqlite" else f"{drop} ON records_{table}")
    right = right_for("SERV_SSL")
    told = JournalEntry.objects.get(kind="habilitation.granted", subject=right)
    kept = bytes(told.entry)
    JournalEntry.objects.filter(pk=told.pk).update(entry=kept.replace(b'"version":1', b'"version": 1'))
    assert isinstance(together([ask(1)])[0], Fault)
    JournalEntry.objects.filter(pk=told.pk).update(entry=kept)
    assert not isinstance(together([ask(2)])[0], Exception)
    HabilitationVersion.objects.filter(habilitation__reference=right).update(scope_name="autre.fr")
    assert isinstance(together([ask(3)])[0], Fault)


def test_the_same_request_twice_in_a_batch_is_one_certificate(habilitated: Instance) -> None:
    first, second, other = together([ask(1), ask(1), ask(2)])
    assert first == second != other
    assert Certificate.objects.count() == 2


def test_one_public_key_twice_in_a_batch_is_certified_once(habilitated: Instance) -> None:
    twice = replace(ask(2), request=replace(ask(2).request, csr=ask(1).request.csr))
    first, second = together([ask(1), twice])
    assert first.line.state == "issued"
    assert codes(second) == {"key.used-before"}
    assert KeyUse.objects.count() == Certificate.objects.count() == 1


def test_t18_a_batch_of_several_people_gives_nobody_anothers_right(habilitated: Instance) -> None:
    answers = together([ask(1), ask(2, actor=STRANGER.actor), ask(3, actor=ALICE.actor), ask(4)])
    assert [codes(answers[at]) for at in (1, 2)] == [{"habilitation.unknown"}] * 2
    assert {answers[0].line.asked_by, answers[3].line.asked_by} == {"Jean-Noël Lefèvre"}


def test_t56_the_days_limit_is_exact_inside_a_batch_and_across_batches(habilitated: Instance) -> None:
    actor = admit_token(make(per_day=70).secret)
    answers = together([ask(at, actor=actor) for at in range(66)])
    assert not any(isinstance(one, Exception) for one in answers)
    answers = together([ask(at, actor=actor) for at in range(66, 76)])
    assert [isinstance(one, Refused) for one in answers] == [False] * 4 + [True] * 6
    assert codes(answers[-1]) == {"token.quota"}
    assert ApiTokenUse.objects.count() == 70
    habilitated.clock.forward(hours=24)
    assert not isinstance(together([ask(99, actor=actor)])[0], Exception)


def test_a_hand_over_in_the_same_breath_is_told_with_the_issuance(habilitated: Instance) -> None:
    (answer,) = together([ask(1, hand_over=HandOver(terms_accepted=True))])
    assert (answer.line.standing, answer.collected_at) == ("in-service", NOON)
    kinds = [line.kind for line in journal_lines(subject=answer.line.reference)]
    assert kinds == ["certificate.intended", "certificate.delivered"]


def test_what_could_not_be_handed_over_is_not_signed(habilitated: Instance) -> None:
    silent, no, easy = together(
        [
            ask(1, hand_over=HandOver()),
            ask(2, hand_over=HandOver(terms_accepted=False)),
            ask(3, hand_over=HandOver(terms_accepted=True, code="aaaaaaaa")),
        ]
    )
    assert codes(silent) == codes(no) == {"collection.terms"}
    assert codes(easy) == {"collection.code-easy"}
    assert Certificate.objects.count() == 0


@pytest.mark.parametrize("ending", ["token", "card"])
def test_who_lost_their_standing_while_it_was_signed_is_given_nothing(
    habilitated: Instance, ending: str
) -> None:
    made = make()
    actor = admit_token(made.secret)

    def end(kind: str) -> None:
        habilitated.signer.after = lambda kind: None
        if ending == "token":
            revoke_token(ADMINISTRATOR.actor, reference=made.line.reference)
        else:
            system = Actor.system("t")
            set_card_status(system, number=ADMINISTRATOR.card, status="lost", reason="Perdue")

    habilitated.signer.after = end
    (answer,) = together([ask(1, actor=actor, hand_over=HandOver())])
    assert codes(answer) >= {"token.revoked" if ending == "token" else "operations.card-not-valid"}
    row = Certificate.objects.get()
    assert (row.state, row.collected_at) == ("issued", None)
    kinds = [line.kind for line in journal_lines(subject=row.reference)]
    assert kinds == ["certificate.intended", "certificate.issued", "refused.certificate.handed-over"]


def test_t57_a_right_lost_in_mid_signature_ends_those_of_that_right_only(habilitated: Instance) -> None:
    right = right_for("SERV_SSL")

    def suspend(kind: str) -> None:
        habilitated.signer.after = lambda kind: None
        suspend_habilitation(ALICE.actor, reference=right, reason="Doute")

    habilitated.signer.after = suspend
    org = CertificateRequest("ORG_SIGN", ("DMP",), csr("org"), right_for("ORG_SIGN"))
    lost, kept = together([ask(1), Ask(ADMINISTRATOR.actor, org, "org")])
    assert codes(lost) == {"issuance.right-lost"}
    assert kept.line.state == "issued"
    rows = Certificate.objects.order_by("id")
    assert [hasattr(row, "revocation") for row in rows] == [True, False]


def test_decision_10_an_unknown_outcome_among_others_burns_its_own_serial_only(
    habilitated: Instance,
) -> None:
    asked: list[str] = []

    def third_is_lost(kind: str) -> None:
        asked.append(kind)
        if len(asked) == 3:
            raise Fault("signer.outcome-unknown", retryable=False)

    habilitated.signer.after = third_is_lost
    answers = together([ask(at) for at in range(5)])
    assert [isinstance(one, Fault) for one in answers] == [False, False, True, False, False]
    habilitated.signer.after = lambda kind: None
    assert sorted(Certificate.objects.values_list("state", flat=True)) == ["issued"] * 4 + ["presumed"]
    check_accounts(habilitated)


@pytest.mark.parametrize("point", ["keep_intents", "_finish", "keep_signed"])
def test_g01_a_crash_in_the_middle_of_a_batch_leaves_everything_accounted_for(
    habilitated: Instance, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    def stop(*_: Any, **__: Any) -> Any:
        raise Crash(point)

    asks = [ask(at) for at in range(8)]
    with monkeypatch.context() as patch:
        patch.setattr(issuance, point, stop)
        with pytest.raises(Crash):
            together(asks)
    recover_intents(older_than=NOW)
    states = set(Certificate.objects.values_list("state", flat=True))
    assert states == (set() if point == "keep_intents" else {"presumed"})
    check_accounts(habilitated)


def test_g01_a_crash_after_some_of_a_batch_were_signed_accounts_for_all(habilitated: Instance) -> None:
    def crash_at_the_fourth(kind: str) -> None:
        if len(habilitated.signer.signatures) == 4:
            raise Crash

    habilitated.signer.after = crash_at_the_fourth
    with pytest.raises(Crash):
        together([ask(at) for at in range(8)])
    habilitated.signer.after = lambda kind: None
    assert len(recover_intents(older_than=NOW)) == 8
    check_accounts(habilitated)


def test_a_defect_met_in_one_request_stops_no_other(
    habilitated: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = weighing.weigh_on

    def trips(scales: Any, plea: Any, ground: Any) -> Any:
        if plea.request.names == ("h1.chu-exemple.fr",):
            raise ZeroDivisionError
        return real(scales, plea, ground)

    monkeypatch.setattr(issuance, "weigh_on", trips)
    answers = together([ask(at) for at in range(3)])
    assert [type(one).__name__ for one in answers] == [
        "CertificateFile",
        "ZeroDivisionError",
        "CertificateFile",
    ]


def test_a_reference_drawn_twice_is_drawn_again(habilitated: Instance) -> None:
    real = habilitated.machine.random
    drawn: list[bytes] = []

    def stuck(count: int) -> bytes:
        """The first two references drawn are the same."""
        if count == 3 and len(drawn) < 2:
            drawn.append(b"\0\1\2")
            return drawn[0]
        return real(count)

    habilitated.at_another(random=stuck)
    answers = together([ask(at) for at in range(4)])
    assert len(drawn) == 2
    assert len({one.line.reference for one in answers}) == 4


def test_references_follow_the_seconds_and_not_each_other(habilitated: Instance) -> None:
    first = issue_certificate(ADMINISTRATOR.actor, ask(1).request, idempotency_key="1").line.reference
    habilitated.clock.forward(seconds=2)
    later = [
        issue_certificate(ADMINISTRATOR.actor, ask(at).request, idempotency_key=f"{at}").line.reference
        for at in range(2, 5)
    ]
    assert all(first < one for one in later)
    assert len({one[:11] for one in later}) == 1
    assert len({one[11:] for one in later}) == len(later)


def test_every_column_of_a_certificate_is_written_or_may_be_empty() -> None:
    """A column added to the table has to be thought of here too: the statement names each."""
    from sceau.records.hot import certificates

    named = {column.strip() for column in certificates._COLUMNS.split(",")}
    later = {"der", "collected_at", "code_failed_at"}
    assert named | later == {field.column for field in Certificate._meta.concrete_fields}
    assert len(hot.NewCertificate._fields) >= len(named) - 4


_ASKED = st.text(alphabet='ab.-é"\\\n\x7f', max_size=9)


@given(
    product=_ASKED,
    names=st.lists(_ASKED, max_size=2),
    habilitation=st.none() | _ASKED,
    replaces=_ASKED,
    term=st.sampled_from(Term),
    holder=st.sampled_from([None, ALICE.person]),
)
def test_a_request_has_one_digest_however_plainly_it_is_asked(**asked: Any) -> None:
    request = CertificateRequest(csr=b"\x30\x00", **(asked | {"names": tuple(asked["names"])}))
    assert request.digest() == request._digest()


@given(seconds=st.integers(0, 67 * 365 * 86_400), chance=st.binary(min_size=3, max_size=3))
def test_a_dated_reference_spells_the_time_and_then_the_chance(seconds: int, chance: bytes) -> None:
    at = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    drawn = draw_dated_reference("CRT", at, lambda size: chance[:size])
    assert drawn == references._spelt("CRT", seconds // 2 << 20 | int.from_bytes(chance, "big") >> 4)


def test_t56_uses_since_the_last_count_are_found_by_number_or_counted_anew(
    habilitated: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = admit_token(make(per_day=130).secret), admit_token(make(per_day=200).secret)
    together([ask(at, actor=mine, hand_over=HandOver()) for at in range(3)])
    token, last = ApiTokenUse.objects.values_list("token_id", "id").latest("id")
    together([ask(at, actor=other, hand_over=HandOver()) for at in range(3, 8)])
    together([ask(8, actor=mine, hand_over=HandOver())])
    assert hot.count_uses_above(token, last, most=6) == (1, last + 6)
    assert hot.count_uses_above(token, last, most=5) is None
    assert hot.count_uses_above(token, last + 6, most=5) == (0, last + 6)
    monkeypatch.setattr(confinement, "_MOST_LOOKED_AT", 2)
    answers = together([ask(at, actor=mine, hand_over=HandOver()) for at in range(9, 9 + 126)])
    assert not [one for one in answers if isinstance(one, Exception)]
    assert codes(together([ask(135, actor=mine, hand_over=HandOver())])[0]) == {"token.quota"}
