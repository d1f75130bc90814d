"""The decision desk through the verbs: rules frozen with an order, work shared, points asked and answered,
the queue that shows what needs a human, and search by any identifier.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from sceau.catalogue import ApprovalRule
from sceau.operations import (
    Actor,
    Hold,
    PieceEntry,
    RequestPoint,
    add_piece,
    amend_order,
    answer_request,
    approve_order,
    ask_for_more,
    assign_order,
    comment_order,
    confirm_employee,
    hold_order,
    install,
    issue_certificate,
    machine,
    refuse_order,
    release_order,
    sign_order,
    take_order,
    unhold_order,
)
from sceau.records import QueuePage, desk_page, lane_figures, order_file, order_for, search
from sceau.records.models import (
    Approval,
    CertificateName,
    DeskCase,
    JournalEntry,
    Order,
    RequestItem,
    SearchWord,
)
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    BRUNO,
    CATALOGUE,
    CHLOE,
    CONTRACT,
    NOON,
    REPRESENTATIVE,
    STRANGER,
    Instance,
    Someone,
    accepted,
    form,
    give_role,
    offer,
    server_request,
    submitted,
)
from tests.integration.test_concurrency import insistently, together
from tests.integration.test_legal_file import PNG, STRUCTURE
from tests.integration.test_orders import by_mail, refusal

WHO = REPRESENTATIVE.national_id.text
THREE = ApprovalRule("three", "Trois agents", 3, "", (), 0, (), "test")
WITH_AUTHORITY = ApprovalRule("authority", "Deux, dont l'autorité", 2, "authority", (), 0, (), "test")


@contextmanager
def ruled(*rules: ApprovalRule) -> Iterator[None]:
    """While it lasts, the catalogue has these rules beside the shipped ones."""
    kept = machine()
    approvals = {**CATALOGUE.desk.approvals, **{rule.code: rule for rule in rules}}
    desk = replace(CATALOGUE.desk, approvals=MappingProxyType(approvals))
    install(replace(kept, catalogue=replace(CATALOGUE, desk=desk)))
    try:
        yield
    finally:
        install(kept)


def taken(who: Someone = ALICE) -> str:
    reference = submitted().line.reference
    take_order(who.actor, reference=reference)
    return reference


def approve(who: Someone, reference: str, version: int = 1) -> str:
    return approve_order(who.actor, reference=reference, version=version).line.state


def queue(which: str = "todo", who: Someone = ALICE, *, days: float = 0) -> list[str]:
    page = desk_page(which=which, officer=who.national_id.text, at=NOON + timedelta(days=days, seconds=1))
    return [line.order.reference for line in page.lines]


def found(text: str) -> set[tuple[str, str]]:
    page = search(text, issuers=list(CATALOGUE.issuers))
    return {(one.kind, one.reference) for one in page.found}


# --- rules ---------------------------------------------------------------------------------------------


def test_a_rule_of_three_needs_three_and_is_that_of_the_orders_that_came_under_it(instance: Instance) -> None:
    before = taken()
    with ruled(THREE):
        under = taken()
        assert approve(ALICE, before) == "under-review"
        assert approve(BRUNO, before) == "accepted"
    assert approve(ALICE, under) == "under-review"
    assert approve(BRUNO, under) == "under-review"
    assert approve(CHLOE, under) == "accepted"


def test_the_database_refuses_an_acceptance_by_fewer_than_the_rule_asks(instance: Instance) -> None:
    with ruled(THREE):
        reference = taken()
    approve(ALICE, reference)
    approve(BRUNO, reference)
    with pytest.raises(DatabaseError, match="as many different officers"):
        Order.objects.filter(reference=reference).update(state="accepted")
    with pytest.raises(DatabaseError):
        DeskCase.objects.filter(order__reference=reference).update(needed=1)


def test_a_rule_that_asks_for_the_authority_waits_for_one_who_holds_that_role(instance: Instance) -> None:
    with ruled(WITH_AUTHORITY):
        reference = taken()
    assert approve(ALICE, reference) == "under-review"
    assert approve(BRUNO, reference) == "under-review"
    give_role(CHLOE, "authority")
    assert approve(CHLOE, reference) == "accepted"


def test_the_first_of_two_may_be_the_one_with_the_role(instance: Instance) -> None:
    give_role(ALICE, "authority")
    with ruled(WITH_AUTHORITY):
        reference = taken()
    assert approve(ALICE, reference) == "under-review"
    assert approve(BRUNO, reference) == "accepted"


def test_an_edit_weighs_the_order_again_by_its_own_rules(instance: Instance) -> None:
    wide = ApprovalRule("wide", "Domaine entier", 3, "", ("serv-ssl",), 0, (), "test")
    with ruled(wide):
        reference = submitted(offer("org")).line.reference
    file = order_file(reference)
    assert file is not None
    assert file.case is not None
    assert (file.case.needed, file.case.rule) == (2, "Deux agents différents")
    take_order(ALICE.actor, reference=reference)
    approve(ALICE, reference)
    amend_order(ALICE.actor, reference=reference, version=1, raw=form(offer("serv-ssl")), why="Offre")
    file = order_file(reference)
    assert file is not None
    assert file.case is not None
    assert (file.case.needed, file.case.rule, file.line.approvals) == (3, "Domaine entier", 0)


def test_nobody_of_the_structure_decides_on_its_order(instance: Instance) -> None:
    reference = taken()
    confirm_employee(BRUNO.actor, structure_id=STRUCTURE, person=ALICE.person)
    for act in (
        lambda: approve(ALICE, reference),
        lambda: refuse_order(ALICE.actor, reference=reference, reason="Non"),
        lambda: assign_order(BRUNO.actor, reference=reference, to=ALICE.national_id.text),
    ):
        assert refusal(act) <= {"order.own-structure", "order.cannot-be-given"}
    assert approve(BRUNO, reference) == "under-review"


# --- who came second -----------------------------------------------------------------------------------


def test_two_officers_who_refuse_at_once_are_one_refusal_and_the_second_learns_of_the_first(
    instance: Instance,
) -> None:
    reference = taken()

    def refuse(who: Someone) -> Any:
        return insistently(lambda: refuse_order(who.actor, reference=reference, reason="Non"))

    answers = together([lambda: refuse(BRUNO), lambda: refuse(CHLOE)])
    told = [one for one in answers if hasattr(one, "findings")]
    assert len(told) == 1
    (finding,) = told[0].findings
    assert finding.code == "order.decided-already"
    file = order_file(reference)
    assert file is not None
    assert file.case is not None
    assert dict(finding.details)["by"] == file.case.decided_by != ""
    assert JournalEntry.objects.filter(subject=reference, kind="order.refused").count() == 1


def test_a_third_officer_learns_that_two_have_accepted(instance: Instance) -> None:
    reference = taken()
    answers = together(
        [lambda who=who: insistently(lambda: approve(who, reference)) for who in (ALICE, BRUNO, CHLOE)]  # type: ignore[misc]
    )
    told = [one.findings[0].code for one in answers if hasattr(one, "findings")]
    assert told == ["order.decided-already"]
    assert Approval.objects.count() == 2


def test_a_double_click_on_refuse_is_one_refusal(instance: Instance) -> None:
    reference = taken()
    for _ in range(2):
        file = refuse_order(ALICE.actor, reference=reference, reason="", code="duplicate")
    assert file.reason == CATALOGUE.desk.refusals["duplicate"].plain
    assert JournalEntry.objects.filter(subject=reference, kind="order.refused").count() == 1


def test_another_reason_has_to_be_said(instance: Instance) -> None:
    reference = taken()
    assert refusal(refuse_order, ALICE.actor, reference=reference, reason="", code="other")
    assert refusal(refuse_order, ALICE.actor, reference=reference, reason="", code="nope") == {
        "order.refusal-unknown"
    }


# --- sharing -------------------------------------------------------------------------------------------


def test_an_order_is_taken_given_and_given_back(instance: Instance) -> None:
    reference = submitted().line.reference
    assert queue("unassigned") == [reference]
    assign_order(ALICE.actor, reference=reference, to=BRUNO.national_id.text)
    assert (queue("mine", BRUNO), queue("mine", ALICE), queue("unassigned")) == ([reference], [], [])
    release_order(BRUNO.actor, reference=reference)
    assert queue("unassigned") == [reference]
    assert refusal(assign_order, ALICE.actor, reference=reference, to=STRANGER.national_id.text) == {
        "order.cannot-be-given"
    }


def test_a_held_order_leaves_the_queue_until_its_day_and_is_not_approved(instance: Instance) -> None:
    reference = taken()
    hold_order(
        ALICE.actor, reference=reference, hold=Hold("On attend", until=NOON.date() + timedelta(days=3))
    )
    assert (queue(), queue("held")) == ([], [reference])
    assert refusal(approve, ALICE, reference) == {"order.held"}
    assert queue(days=4) == [reference]
    assert queue("late", days=4) == [reference]
    unhold_order(BRUNO.actor, reference=reference)
    assert queue() == [reference]
    assert approve(ALICE, reference) == "under-review"


def test_a_hold_ends_when_what_it_waits_for_comes(instance: Instance) -> None:
    reference = taken()
    hold_order(ALICE.actor, reference=reference, hold=Hold("Une pièce", event="piece"))
    sign_order(REPRESENTATIVE.actor, reference=reference, version=1)
    assert queue() == []
    add_piece(BRUNO.actor, PieceEntry("other", PNG, "a.png", order=reference))
    assert queue() == [reference]


@pytest.mark.parametrize(
    ("hold", "code"),
    [
        (Hold("Rien"), "order.hold-until-what"),
        (Hold("Hier", until=NOON.date() - timedelta(days=1)), "order.hold-date"),
        (Hold("Loin", until=NOON.date() + timedelta(days=400)), "order.hold-date"),
    ],
)
def test_a_hold_says_until_when(instance: Instance, hold: Hold, code: str) -> None:
    assert refusal(hold_order, ALICE.actor, reference=taken(), hold=hold) == {code}


def test_what_waits_for_the_requester_comes_back_when_it_is_overdue(instance: Instance) -> None:
    reference = taken()
    ask_for_more(ALICE.actor, reference=reference, text="Quoi ?", due=NOON.date() + timedelta(days=2))
    assert (queue(), queue("waiting")) == ([], [reference])
    assert queue(days=3) == [reference]
    assert refusal(ask_for_more, ALICE.actor, reference=taken(), text="?", due=date(2020, 1, 1)) == {
        "order.due-past"
    }


def test_the_requester_reads_a_comment_and_not_an_internal_note(instance: Instance) -> None:
    reference = taken()
    comment_order(ALICE.actor, reference=reference, text="Nous attendons le registre.")
    seen = order_for(reference, viewer=WHO)
    assert seen is not None
    assert [note.text for note in seen.notes] == ["Nous attendons le registre."]
    assert seen.line.state == "under-review"


# --- points --------------------------------------------------------------------------------------------


def asked(*points: RequestPoint) -> str:
    reference = taken()
    ask_for_more(ALICE.actor, reference=reference, points=points)
    return reference


def test_each_point_is_answered_in_its_place(instance: Instance) -> None:
    reference = asked(RequestPoint("Quel SIRET ?", "structure.siret"), RequestPoint("Qui signe ?"))
    seen = order_for(reference, viewer=WHO)
    assert seen is not None
    first, second = seen.notes[0].points
    half = {first.number: "999 001 001 00018"}
    assert refusal(
        answer_request, REPRESENTATIVE.actor, reference=reference, version=1, text="", answers=half
    ) == {"order.point-unanswered"}
    answer_request(
        REPRESENTATIVE.actor,
        reference=reference,
        version=1,
        text="",
        answers={**half, second.number: "La directrice."},
    )
    file = order_file(reference)
    assert file is not None
    assert file.line.state == "under-review"
    assert [point.answer for point in file.notes[0].points] == ["999 001 001 00018", "La directrice."]


def test_a_corrected_form_answers_the_points(instance: Instance) -> None:
    reference = asked(RequestPoint("Un autre nom", "offers.0.declared"))
    raw = form(offer("serv-ssl", declared="autre.chu-exemple.fr"))
    amend_order(REPRESENTATIVE.actor, reference=reference, version=1, raw=raw, why="Nom")
    answer_request(REPRESENTATIVE.actor, reference=reference, version=2, text="C’est corrigé.")
    file = order_file(reference)
    assert file is not None
    assert file.notes[0].points[0].answered_at is not None


def test_a_point_stands_at_a_place_that_the_form_has(instance: Instance) -> None:
    reference = taken()
    points = (RequestPoint("?", "structure.secret"),)
    assert refusal(ask_for_more, ALICE.actor, reference=reference, points=points) == {"order.point-nowhere"}


# --- queue, figures, search ----------------------------------------------------------------------------


def test_the_queue_goes_on_where_it_ended(instance: Instance) -> None:
    references = [by_mail().line.reference for _ in range(7)]
    seen: list[str] = []
    after = ""
    for _ in range(4):
        page: QueuePage = desk_page(
            which="todo", officer="", at=NOON + timedelta(seconds=1), after=after, limit=2
        )
        seen += [line.order.reference for line in page.lines]
        after = page.after
    assert seen == references
    assert after == ""


@pytest.mark.parametrize("which", ["todo", "mine", "unassigned", "late", "waiting", "held"])
@pytest.mark.parametrize("after", ["", f"{NOON.isoformat()}_1"], ids=["first page", "next page"])
def test_a_page_of_the_queue_is_read_by_an_index_and_never_sorted(
    instance: Instance, which: str, after: str
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("the plan is told in SQLite's words")
    submitted()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        desk_page(which=which, officer="8x", at=NOON, after=after)
    sql = next(query["sql"] for query in queries if "records_deskcase" in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        plan = " / ".join(str(row[3]) for row in cursor.fetchall())
    assert "USING INDEX case_" in plan
    assert "SCAN" not in plan
    assert "TEMP B-TREE" not in plan


def test_stays_are_counted_as_they_end(instance: Instance) -> None:
    reference = taken()
    refuse_order(ALICE.actor, reference=reference, reason="Non")
    todo, waiting, held = lane_figures(at=machine().clock(), days=30)
    assert (todo.lane, todo.ended.count, todo.ended.late, todo.late_now) == ("todo", 1, 0, 0)
    assert waiting.ended.count == held.ended.count == 0
    assert waiting.ended.median is None


def test_an_order_is_found_by_everything_that_it_names(instance: Instance) -> None:
    reference = submitted(offer("serv-ssl", declared="portail.chu-exemple.fr")).line.reference
    for text in (
        reference,
        reference.lower(),
        CONTRACT,
        ADMINISTRATOR.card,
        ADMINISTRATOR.surname[:4],
        f"{ADMINISTRATOR.given_names} {ADMINISTRATOR.surname}",
        "portail.chu-exemple.fr",
        "chu-exemple.fr",
        "hospitalier de l’exemple",
    ):
        assert ("order", reference) in found(text), text
    assert found("zz") == set()
    assert ("order", reference) not in found("introuvable")


def test_people_structures_contracts_and_certificates_are_found(instance: Instance) -> None:
    accepted()
    issued = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="a")
    name = CertificateName.objects.get().value
    assert ("certificate", issued.line.reference) in found(issued.line.serial)
    assert ("certificate", issued.line.reference) in found(issued.line.serial.upper())
    assert ("certificate", issued.line.reference) in found(name)
    assert ("person", ADMINISTRATOR.national_id.text) in found(ADMINISTRATOR.card)
    assert ("person", ADMINISTRATOR.national_id.text) in found(ADMINISTRATOR.national_id.text)
    assert ("structure", STRUCTURE) in found(STRUCTURE)
    assert ("structure", STRUCTURE) in found("centre hosp")
    assert ("contract", CONTRACT) in found(CONTRACT)


def test_what_is_found_goes_on_from_page_to_page(instance: Instance) -> None:
    references = {by_mail().line.reference for _ in range(5)}
    seen: list[str] = []
    after = ""
    for _ in range(4):
        page = search("chu-exemple", issuers=[], after=after, limit=2)
        seen += [one.reference for one in page.found if one.kind == "order"]
        after = page.after
        if not after:
            break
    assert set(seen) == references
    assert len(seen) == 5


def test_an_order_is_found_by_what_it_said_before(instance: Instance) -> None:
    reference = taken()
    raw = json.loads(json.dumps(form(offer("serv-ssl", declared="neuf.chu-exemple.fr"))))
    amend_order(ALICE.actor, reference=reference, version=1, raw=raw, why="Nom")
    assert ("order", reference) in found("neuf.chu-exemple.fr")
    assert SearchWord.objects.filter(kind="order").count() > 5


def test_an_order_that_came_before_there_were_cases_is_decided_by_two(instance: Instance) -> None:
    with pytest.raises(DatabaseError, match="never removed"):
        DeskCase.objects.filter(order__reference=taken()).delete()


def test_the_machine_gives_and_holds_nothing(instance: Instance) -> None:
    reference = taken()
    assert refusal(release_order, Actor.system(), reference=reference) == {"operations.person-unknown"}


def test_what_was_asked_is_neither_removed_nor_rewritten(instance: Instance) -> None:
    asked(RequestPoint("Quel SIRET ?", "structure.siret"))
    with pytest.raises(DatabaseError, match="never removed"):
        RequestItem.objects.all().delete()
    with pytest.raises(DatabaseError, match="never change"):
        RequestItem.objects.update(text="Autre chose")
