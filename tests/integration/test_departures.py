"""An administrator who leaves: rights stop at once, each certificate gets one decision, in as many goes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from sceau.operations import (
    LineDecision,
    collect_certificate,
    create_token,
    decide_departure,
    drop_departure,
    finish_departure,
    hand_over,
    issue_certificate,
    open_departure,
    resume_habilitation,
    revocation_qualities,
    revoke_certificate,
)
from sceau.records import certificate_file, departure_for, habilitations_of, list_departures, token_line
from sceau.records.models import Certificate, Custody, Departure, DepartureLine, Habilitation, JournalEntry
from sceau.vocabulary import Refused, errors
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    BRUNO,
    MANDATAIRE,
    NOON,
    OTHER_REPRESENTATIVE,
    REPRESENTATIVE,
    SECOND_ADMINISTRATOR,
    SIRET,
    STRANGER,
    Instance,
    Someone,
    accepted,
    offer,
    right_for,
    server_request,
)

STRUCTURE = f"3{SIRET}"
BOTH = (ADMINISTRATOR, SECOND_ADMINISTRATOR)


def refusal(verb: Any, *args: Any, **named: Any) -> set[str]:
    with pytest.raises(Refused) as refused:
        verb(*args, **named)
    return {finding.code for finding in errors(refused.value.findings)}


def issued(which: str, name: str = "www.chu-exemple.fr", who: Someone = ADMINISTRATOR) -> str:
    request = server_request(name, which=which, habilitation=right_for("SERV_SSL", who=who))
    return issue_certificate(who.actor, request, idempotency_key=which).line.reference


def leaving(by: Someone = REPRESENTATIVE) -> str:
    view = open_departure(
        by.actor,
        person_id=ADMINISTRATOR.national_id.text,
        structure_id=STRUCTURE,
        reason="Change d'établissement",
    )
    return view.reference


def states(who: Someone = ADMINISTRATOR) -> set[str]:
    return {line.state for line in habilitations_of(who.national_id.text, at=NOON)}


def over(certificate: str, who: Someone = SECOND_ADMINISTRATOR) -> LineDecision:
    return LineDecision(certificate, "hand-over", who.national_id.text)


@pytest.mark.parametrize("by", [REPRESENTATIVE, MANDATAIRE, ALICE, ADMINISTRATOR])
def test_rights_stop_and_tokens_end_as_soon_as_somebody_leaves(instance: Instance, by: Someone) -> None:
    accepted(administrators=BOTH)
    right = right_for("SERV_SSL")
    token = create_token(
        ADMINISTRATOR.actor,
        habilitation=right,
        label="machine",
        valid_until=instance.clock.now + timedelta(days=9),
        terms_accepted=True,
    ).line.reference
    first = issued("first")
    reference = leaving(by)
    assert states() == {"suspended"}
    assert states(SECOND_ADMINISTRATOR) == {"active"}
    line = token_line(token, at=NOON)
    assert line is not None
    assert line.revoked_at is not None
    view = departure_for(reference, REPRESENTATIVE.national_id.text, at=NOON)
    assert view is not None
    assert [one.certificate for one in view.lines] == [first]
    assert (view.waiting, view.decided, view.state) == (1, 0, "open")
    assert refusal(issued, "second") == {"right.habilitation-suspended"}
    assert leaving(by) == reference
    assert Departure.objects.count() == 1


def test_a_program_of_who_left_is_given_nothing_that_somebody_else_looks_after(instance: Instance) -> None:
    accepted(administrators=BOTH)
    given = issued("given")
    decide_departure(REPRESENTATIVE.actor, reference=leaving(), decisions=[over(given)])
    ask: dict[str, Any] = {"reference": given, "terms_accepted": True}
    assert refusal(hand_over, ADMINISTRATOR.actor, **ask) == {"certificate.unknown"}
    assert hand_over(SECOND_ADMINISTRATOR.actor, **ask).line.state == "collected"


@pytest.mark.parametrize("by", [STRANGER, OTHER_REPRESENTATIVE, SECOND_ADMINISTRATOR])
def test_nobody_else_says_that_somebody_leaves(instance: Instance, by: Someone) -> None:
    accepted(administrators=BOTH)
    assert refusal(leaving, by) == {"departure.unknown"}
    assert states() == {"active"}
    reference = leaving()
    assert departure_for(reference, STRANGER.national_id.text, at=NOON) is None
    assert refusal(finish_departure, by.actor, reference=reference) == {"departure.unknown"}
    assert list_departures(STRANGER.national_id.text, at=NOON) == ()
    assert len(list_departures(MANDATAIRE.national_id.text, at=NOON)) == 1


def test_each_certificate_gets_its_decision_and_the_list_may_be_taken_up_again(instance: Instance) -> None:
    accepted(administrators=BOTH)
    kept, given, ended = issued("kept"), issued("given", "api.chu-exemple.fr"), issued("ended")
    reference = leaving()
    decide_departure(
        REPRESENTATIVE.actor, reference=reference, decisions=[LineDecision(kept, "keep"), over(given)]
    )
    assert refusal(finish_departure, ALICE.actor, reference=reference) == {"departure.undecided"}
    instance.clock.forward(days=3)
    again = decide_departure(ALICE.actor, reference=reference, decisions=[LineDecision(kept, "keep")])
    assert (again.waiting, again.decided) == (1, 2)
    assert refusal(
        decide_departure, ALICE.actor, reference=reference, decisions=[LineDecision(kept, "revoke")]
    ) == {"departure.decided-already"}
    decide_departure(ALICE.actor, reference=reference, decisions=[LineDecision(ended, "revoke")])
    done = finish_departure(MANDATAIRE.actor, reference=reference)
    assert (done.state, done.waiting) == ("done", 0)
    assert states() == {"withdrawn"}
    file = certificate_file(ended, at=instance.clock.now)
    assert file is not None
    assert file.line.revocation is not None
    assert file.line.revocation.reason == "cessationOfOperation"
    for one in (kept, given):
        still = certificate_file(one, at=instance.clock.now)
        assert still is not None
        assert still.line.revocation is None
    kinds = set(JournalEntry.objects.values_list("kind", flat=True))
    assert {
        "departure.opened",
        "departure.finished",
        "certificate.entrusted",
        "habilitation.withdrawn",
    } <= kinds


def test_who_takes_over_does_what_the_one_before_did(instance: Instance) -> None:
    accepted(administrators=BOTH)
    given = issued("given", "api.chu-exemple.fr")
    reference = leaving()
    assert revocation_qualities(SECOND_ADMINISTRATOR.actor, reference=given) == ()
    decide_departure(ALICE.actor, reference=reference, decisions=[over(given)])
    assert [str(one) for one in revocation_qualities(SECOND_ADMINISTRATOR.actor, reference=given)] == [
        "administrator"
    ]
    assert revocation_qualities(ADMINISTRATOR.actor, reference=given) == ()
    code: dict[str, Any] = {
        "code": "74-Rivière-bleue",
        "code_again": "74-Rivière-bleue",
        "terms_accepted": True,
    }
    assert refusal(collect_certificate, ADMINISTRATOR.actor, reference=given, **code) == {
        "certificate.unknown"
    }
    collected = collect_certificate(SECOND_ADMINISTRATOR.actor, reference=given, **code)
    assert collected.line.state == "collected"
    renewal = server_request(
        "api.chu-exemple.fr",
        which="renewed",
        habilitation=right_for("SERV_SSL", who=SECOND_ADMINISTRATOR),
        replaces=given,
    )
    assert issue_certificate(SECOND_ADMINISTRATOR.actor, renewal, idempotency_key="renewed").line.reference
    ended = revoke_certificate(
        SECOND_ADMINISTRATOR.actor, reference=given, reason="superseded", quality="administrator"
    )
    assert ended.line.revocation is not None


def test_a_certificate_goes_only_to_who_could_have_obtained_it(instance: Instance) -> None:
    accepted()
    accepted(
        offer("serv-ssl", kind="server", declared="www.chu-exemple.fr"),
        administrators=(SECOND_ADMINISTRATOR,),
    )
    inside, outside = issued("inside"), issued("outside", "api.chu-exemple.fr")
    reference = leaving()
    both = [over(inside), over(outside)]
    assert refusal(decide_departure, ALICE.actor, reference=reference, decisions=both) == {
        "departure.successor-without-right"
    }
    assert DepartureLine.objects.exclude(answer="").count() == 0
    for who, code in (
        (ADMINISTRATOR, "departure.successor-leaving"),
        (BRUNO, "departure.successor-without-right"),
    ):
        assert refusal(decide_departure, ALICE.actor, reference=reference, decisions=[over(inside, who)]) == {
            code
        }
    decide_departure(ALICE.actor, reference=reference, decisions=[over(inside)])
    custody = Custody.objects.get()
    assert (custody.certificate.reference, custody.person.national_id) == (
        inside,
        SECOND_ADMINISTRATOR.national_id.text,
    )


def test_who_leaves_decides_nothing_and_no_right_comes_back_meanwhile(instance: Instance) -> None:
    accepted(administrators=BOTH)
    one, right = issued("one"), right_for("SERV_SSL")
    reference = leaving(ADMINISTRATOR)
    keep = [LineDecision(one, "keep")]
    assert refusal(decide_departure, ADMINISTRATOR.actor, reference=reference, decisions=keep) == {
        "departure.own"
    }
    assert refusal(finish_departure, ADMINISTRATOR.actor, reference=reference) == {"departure.own"}
    assert refusal(resume_habilitation, ALICE.actor, reference=right, reason="Retour") == {
        "habilitation.leaving"
    }
    drop_departure(REPRESENTATIVE.actor, reference=reference, reason="Erreur de personne")
    assert states() == {"suspended"}
    resume_habilitation(ALICE.actor, reference=right, reason="Erreur de personne")
    assert states() == {"active"}
    assert refusal(decide_departure, ALICE.actor, reference=reference, decisions=keep) == {"life.not-now"}


def test_what_ended_by_itself_asks_nothing_and_what_came_late_is_added(instance: Instance) -> None:
    accepted(administrators=BOTH)
    one, two = issued("one"), issued("two", "api.chu-exemple.fr", who=SECOND_ADMINISTRATOR)
    reference = leaving()
    other = open_departure(
        ALICE.actor,
        person_id=SECOND_ADMINISTRATOR.national_id.text,
        structure_id=STRUCTURE,
        reason="Part aussi",
    )
    revoke_certificate(ALICE.actor, reference=one, reason="superseded", quality="desk")
    assert finish_departure(ALICE.actor, reference=reference).state == "done"
    assert DepartureLine.objects.get(certificate__reference=one).answer == "ended"
    assert refusal(
        decide_departure, ALICE.actor, reference=other.reference, decisions=[LineDecision(one, "keep")]
    ) == {"departure.not-on-list"}
    assert [line.certificate for line in other.lines] == [two]


def test_what_was_being_signed_when_the_rights_stopped_does_not_stay(instance: Instance) -> None:
    accepted(administrators=BOTH)
    opened: list[str] = []

    def leave(kind: str) -> None:
        if kind == "certificate" and not opened:
            opened.append(leaving())

    instance.signer.before = leave
    assert refusal(issued, "late") == {"issuance.right-lost"}
    live = Certificate.objects.filter(state__in=("issued", "collected"), revocation=None)
    assert not live.exists()
    done = finish_departure(ALICE.actor, reference=opened[0])
    assert (done.state, done.lines) == ("done", ())


def test_a_certificate_that_the_list_lacks_is_added_before_it_is_closed(instance: Instance) -> None:
    accepted(administrators=BOTH)
    missed, right = issued("missed"), Habilitation.objects.get(reference=right_for("SERV_SSL"))
    row = Departure.objects.create(
        reference="DEP-AAAAA-AAAAA",
        structure=right.structure,
        person=right.person,
        state="open",
        reason="Liste incomplète",
        opened_by=ALICE.national_id.text,
        opened_card=ALICE.card,
        opened_at=NOON,
    )
    longer = finish_departure(ALICE.actor, reference=row.reference)
    assert (longer.state, [one.certificate for one in longer.lines]) == ("open", [missed])
    assert states() == {"active"}
    decide_departure(ALICE.actor, reference=row.reference, decisions=[LineDecision(missed, "revoke")])
    assert finish_departure(ALICE.actor, reference=row.reference).state == "done"
    assert states() == {"withdrawn"}


def test_the_database_itself_refuses_a_list_left_open_and_a_decision_taken_back(instance: Instance) -> None:
    accepted(administrators=BOTH)
    one, _ = issued("one"), issued("two", "api.chu-exemple.fr")
    reference = leaving()
    row = Departure.objects.get(reference=reference)
    ended = {"ended_by": "x", "ended_at": instance.clock.now}
    with pytest.raises(IntegrityError, match=r"its decision|no right behind"), transaction.atomic():
        Departure.objects.filter(pk=row.pk).update(state="done", **ended)
    with pytest.raises(IntegrityError, match="hand over only"), transaction.atomic():
        Custody.objects.create(
            certificate_id=row.lines.all()[0].certificate_id,
            person_id=row.person_id,
            departure=row,
            since=instance.clock.now,
        )
    two = row.lines.exclude(certificate__reference=one).get().certificate.reference
    decide_departure(ALICE.actor, reference=reference, decisions=[LineDecision(one, "keep"), over(two)])
    with pytest.raises(IntegrityError, match="decided on once"), transaction.atomic():
        row.lines.update(answer="revoke")
    with pytest.raises(IntegrityError, match="no right behind"), transaction.atomic():
        Departure.objects.filter(pk=row.pk).update(state="done", **ended)
    for table in (Custody, DepartureLine, Departure):
        with pytest.raises(IntegrityError, match="never removed"), transaction.atomic():
            connection.cursor().execute(f"DELETE FROM {table._meta.db_table}")
