"""A structure that closes, is absorbed or changes identity: planned, confirmed by two, done day by day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from sceau.operations import (
    Actor,
    PieceEntry,
    StructureEntry,
    add_piece,
    amend_grants,
    answer_amendment,
    approve_order,
    confirm_employee,
    create_token,
    issue_certificate,
    make_feed,
    make_mails,
    preview_amendment,
    read_feed,
    remind,
    resume_habilitation,
    start_amendment,
    take_order,
)
from sceau.operations.structure_change import (
    ChangeEntry,
    GraceEntry,
    LaterDays,
    ThingAnswer,
    advance_structure_changes,
    answer_structure_change,
    ask_grace,
    attach_change_evidence,
    confirm_structure_change,
    decide_grace,
    drop_structure_change,
    move_change_days,
    open_structure_change,
    propose_structure_change,
    reopen_structure_change,
)
from sceau.records import (
    StructureChangeView,
    certificate_file,
    contract_file,
    habilitation_file,
    list_structure_changes,
    structure_change,
)
from sceau.records.models import (
    ChangeGrace,
    ContractParty,
    DeskTask,
    Habilitation,
    JournalEntry,
    Mail,
    Notice,
    StructureChange,
    StructureChangeLine,
)
from sceau.registration import under_new_identity
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    BRUNO,
    CHLOE,
    CONTRACT,
    MANDATAIRE,
    NOON,
    OTHER_REPRESENTATIVE,
    OTHER_SIRET,
    REPRESENTATIVE,
    SIRET,
    STRANGER,
    Instance,
    Someone,
    accepted,
    right_for,
    server_request,
    submitted,
)
from tests.integration.test_departures import refusal
from tests.passkey_kit import device, registered
from tests.portal import staff_the_door
from tests.postal import with_mail

OLD, TODAY = f"3{SIRET}", date(2026, 11, 24)
NEW_SIRET = "18751275100038"
NEW = f"3{NEW_SIRET}"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
BECOMES = StructureEntry(
    name="Centre hospitalier du Nouvel Exemple", postcode="69003", commune="Lyon", siret=NEW_SIRET
)
SOON, LATER = date(2026, 12, 24), date(2027, 1, 24)


def opened(kind: str = "renamed", by: Someone = ALICE, effective: date = TODAY, **changes: Any) -> str:
    becomes = None if kind == "closed" else changes.pop("becomes", BECOMES)
    entry = ChangeEntry(OLD, kind, effective, "Avis de situation du 20 novembre", becomes, **changes)
    return open_structure_change(by.actor, entry).reference


def seen(reference: str, at: Any = NOON) -> StructureChangeView:
    found = structure_change(reference, ALICE.national_id.text, at=at)
    assert found is not None
    return found


def with_extract(reference: str, by: Someone = REPRESENTATIVE) -> str:
    piece = add_piece(by.actor, PieceEntry("kbis", PNG, "kbis.png", TODAY, contract=CONTRACT)).reference
    attach_change_evidence(by.actor, reference=reference, piece=piece)
    return piece


def answered(reference: str, by: Someone = REPRESENTATIVE, **others: str) -> None:
    """Every thing gets the first answer that its kind usually has, or the one named by reference."""
    usual = {"contract": "follow", "order": "abandon", "right": "follow", "certificate": "replace"}
    answers = []
    for line in seen(reference).lines:
        if line.answer:
            continue
        answer = others.get(line.reference) or others.get(line.thing) or usual[line.thing]
        dated = line.thing == "certificate" and answer != "keep"
        before = SOON if answer == "replace" else None
        answers.append(ThingAnswer(line.thing, line.reference, answer, before, LATER if dated else None))
    answer_structure_change(by.actor, reference=reference, answers=answers)


def confirmed(reference: str) -> StructureChangeView:
    version = seen(reference).version
    propose_structure_change(ALICE.actor, reference=reference, version=version)
    return confirm_structure_change(BRUNO.actor, reference=reference, version=version)


def issued(which: str, name: str = "www.chu-exemple.fr", right: str = "") -> str:
    request = server_request(name, which=which, habilitation=right or right_for("SERV_SSL"))
    return issue_certificate(ADMINISTRATOR.actor, request, idempotency_key=which).line.reference


def is_over(certificate: str, at: Any = NOON) -> str:
    file = certificate_file(certificate, at=at)
    assert file is not None
    return "" if file.line.revocation is None else file.line.revocation.reason


def state(right: str) -> str:
    file = habilitation_file(right, at=NOON)
    assert file is not None
    return file.line.state


def taken_over(reference: str, base: str) -> str:
    """The signed act under the new identity, accepted by two officers."""
    becomes = StructureChange.objects.get(reference=reference).successor
    assert becomes is not None
    raw = under_new_identity(start_amendment(REPRESENTATIVE.actor, reference=base), becomes.facts(), "")
    order = amend_grants(REPRESENTATIVE.actor, amends=base, raw=raw).line.reference
    take_order(ALICE.actor, reference=order)
    found = preview_amendment(order)
    assert found is not None
    assert found.effects.certificates == ()  # each has its day on the plan
    answer_amendment(ALICE.actor, reference=order, version=1, seen=found.seen, plan=found.plan)
    approve_order(ALICE.actor, reference=order, version=1)
    approve_order(BRUNO.actor, reference=order, version=1)
    return order


def test_a_new_identity_is_followed_from_the_extract_to_the_last_certificate(instance: Instance) -> None:
    base = accepted().line.reference
    old = right_for("SERV_SSL")
    first = issued("first")
    reference = opened(by=REPRESENTATIVE)
    things = {(line.thing, line.reference, line.carries) for line in seen(reference).lines}
    assert things == {
        ("contract", CONTRACT, False),
        ("right", old, False),
        ("certificate", first, True),
    }
    with_extract(reference)
    answered(reference)
    change = confirmed(reference)
    assert (change.state, change.becomes_id) == ("confirmed", NEW)
    contract = contract_file(CONTRACT, at=NOON)
    assert contract is not None
    assert contract.line.structure.national_id == NEW
    assert (state(old), is_over(first)) == ("suspended", "")
    assert refusal(issued, "none") == {"right.habilitation-suspended"}
    assert refusal(resume_habilitation, ALICE.actor, reference=old, reason="x") == {
        "habilitation.structure-changed"
    }
    taken_over(reference, base)
    assert state(old) == "withdrawn"
    new = Habilitation.objects.get(structure__national_id=NEW).reference
    assert advance_structure_changes() == 1
    second = issued("second", right=new)
    by_reference = {line.reference: line for line in seen(reference).lines}
    assert by_reference[old].outcome == new
    assert by_reference[first].replaced_by == second
    file = certificate_file(second, at=NOON)
    assert file is not None
    assert f"OU={NEW}" in file.line.subject
    instance.clock.forward(days=61)
    assert advance_structure_changes() == 1
    assert (is_over(first), is_over(second)) == ("affiliationChanged", "")
    done = seen(reference)
    assert (done.state, done.undone) == ("done", 0)
    assert advance_structure_changes() == 0
    kinds = JournalEntry.objects.filter(subject=reference).values_list("kind", flat=True)
    assert {
        "change.opened",
        "change.evidence",
        "change.answered",
        "change.proposed",
        "change.confirmed",
    } <= set(kinds)


def test_a_structure_that_closes_ends_with_its_contract_its_rights_and_by_a_day_its_certificates(
    instance: Instance,
) -> None:
    accepted()
    right, first = right_for("SERV_SSL"), issued("first")
    waiting = submitted().line.reference
    token = create_token(
        ADMINISTRATOR.actor,
        habilitation=right,
        label="machine",
        valid_until=NOON + timedelta(days=90),
        terms_accepted=True,
    )
    reference = opened("closed", effective=date(2026, 12, 1))
    with_extract(reference)
    answers = {"contract": "terminate", "order": "abandon", "right": "withdraw", "certificate": "revoke"}
    line = seen(reference).lines[0]
    assert refusal(
        answer_structure_change,
        ALICE.actor,
        reference=reference,
        answers=[ThingAnswer(line.thing, line.reference, "follow")],
    ) == {"change.answer"}
    answered(reference, REPRESENTATIVE, **answers)
    confirmed(reference)
    assert advance_structure_changes() == 0  # nothing before its day
    assert (state(right), is_over(first)) == ("active", "")
    instance.clock.forward(days=7)
    late = [one.thing for one in seen(reference).lines if not one.answer]
    assert late == []
    advance_structure_changes()
    contract = contract_file(CONTRACT, at=instance.clock.now)
    assert contract is not None
    assert (contract.line.state, state(right), is_over(first)) == ("terminated", "withdrawn", "")
    assert {one.outcome for one in seen(reference).lines if one.thing == "order"} == {"abandon"}
    assert waiting in {one.reference for one in seen(reference).lines}
    assert token.line.reference
    instance.clock.forward(days=60)
    advance_structure_changes()
    assert is_over(first) == "cessationOfOperation"
    assert seen(reference).state == "done"


def test_what_the_structure_obtains_meanwhile_opens_the_plan_again(instance: Instance) -> None:
    accepted()
    issued("first")
    reference = opened()
    with_extract(reference)
    answered(reference)
    version = seen(reference).version
    propose_structure_change(ALICE.actor, reference=reference, version=version)
    second = issued("second", "api.chu-exemple.fr")
    view = confirm_structure_change(BRUNO.actor, reference=reference, version=version)
    assert (view.state, view.waiting, view.confirmed_at) == ("open", 1, None)
    assert refusal(propose_structure_change, ALICE.actor, reference=reference, version=version) == {
        "change.version-changed",
        "change.unanswered",
    }
    answered(reference)
    assert confirmed(reference).state == "confirmed"
    assert second in {line.reference for line in seen(reference).lines}


def test_a_certificate_that_came_between_confirmation_and_the_day_waits_for_its_answer(
    instance: Instance,
) -> None:
    accepted()
    issued("first")
    reference = opened(effective=date(2026, 12, 1))
    with_extract(reference)
    answered(reference)
    confirmed(reference)
    late = issued("late", "api.chu-exemple.fr")
    instance.clock.forward(days=70)
    advance_structure_changes()
    assert seen(reference).state == "confirmed"
    assert (seen(reference).waiting, is_over(late)) == (1, "")
    day = date(2027, 3, 1)
    answer_structure_change(
        ALICE.actor, reference=reference, answers=[ThingAnswer("certificate", late, "revoke", None, day)]
    )
    instance.clock.forward(days=40)
    advance_structure_changes()
    assert is_over(late) == "affiliationChanged"


def test_two_officers_who_are_no_part_of_the_structure_decide_on_a_whole_plan(instance: Instance) -> None:
    accepted()
    first = issued("first")
    reference = opened(by=REPRESENTATIVE)
    version = seen(reference).version
    propose: dict[str, Any] = {"reference": reference, "version": version}
    assert refusal(propose_structure_change, ALICE.actor, **propose) == {
        "change.evidence-missing",
        "change.unanswered",
    }
    with_extract(reference)
    keep = ThingAnswer("certificate", first, "keep")
    answer: dict[str, Any] = {"reference": reference, "answers": [keep]}
    assert refusal(answer_structure_change, ALICE.actor, **answer) == {"change.keeps-identity"}
    for days, code in (
        ((None, LATER), "change.day-missing"),
        ((SOON, None), "change.day-missing"),
        ((LATER, SOON), "change.days-crossed"),
        ((date(2026, 11, 1), LATER), "change.day-past"),
    ):
        answer["answers"] = [ThingAnswer("certificate", first, "replace", *days)]
        assert refusal(answer_structure_change, ALICE.actor, **answer) == {code}
    answered(reference)
    propose["version"] = seen(reference).version
    assert refusal(propose_structure_change, REPRESENTATIVE.actor, **propose) >= {"change.not-desk"}
    confirm_employee(BRUNO.actor, structure_id=OLD, person=CHLOE.person)
    assert refusal(propose_structure_change, CHLOE.actor, **propose) == {"change.own-structure"}
    propose_structure_change(ALICE.actor, **propose)
    assert refusal(confirm_structure_change, ALICE.actor, **propose) == {"change.same-officer"}
    assert refusal(confirm_structure_change, CHLOE.actor, **propose) == {"change.own-structure"}
    reopen_structure_change(BRUNO.actor, reference=reference, reason="Date à revoir")
    assert refusal(confirm_structure_change, BRUNO.actor, **propose) == {"life.not-now"}
    assert confirmed(reference).state == "confirmed"
    assert confirm_structure_change(BRUNO.actor, **propose).state == "confirmed"  # a second click


def test_officers_whose_hand_is_a_passkey_open_propose_and_confirm(instance: Instance) -> None:
    accepted()
    staff_the_door()
    keys = {one: registered(one, device(one.surname)) for one in (BRUNO, CHLOE)}
    first, second = (Actor(one.national_id.text, passkey=key, hat="desk") for one, key in keys.items())
    entry = ChangeEntry(OLD, "closed", TODAY, "Avis de situation", None)
    reference = open_structure_change(first, entry).reference
    with_extract(reference)
    answered(reference, contract="terminate", right="withdraw")
    ask: dict[str, Any] = {"reference": reference, "version": seen(reference).version}
    propose_structure_change(first, **ask)
    assert confirm_structure_change(second, **ask).state in {"confirmed", "done"}
    row = StructureChange.objects.get(reference=reference)
    assert (row.opened_card, row.proposed_card, row.confirmed_card) == (keys[BRUNO], keys[BRUNO], keys[CHLOE])


@pytest.mark.parametrize("by", [STRANGER, OTHER_REPRESENTATIVE, ADMINISTRATOR])
def test_for_everybody_else_a_change_is_not_there(instance: Instance, by: Someone) -> None:
    accepted()
    assert refusal(opened, by=by) == {"change.unknown"}
    reference = opened(by=MANDATAIRE)
    assert structure_change(reference, by.national_id.text, at=NOON) is None
    assert list_structure_changes(by.national_id.text, at=NOON) == ()
    assert refusal(drop_structure_change, by.actor, reference=reference, reason="x") == {"change.unknown"}
    assert opened(by=REPRESENTATIVE) == reference
    assert refusal(opened, kind="closed") == {"change.under-way"}
    drop_structure_change(REPRESENTATIVE.actor, reference=reference, reason="Erreur")
    assert opened("closed") != reference


def test_an_identity_is_another_and_can_be_read(instance: Instance) -> None:
    accepted()
    same = StructureEntry(
        name="Centre hospitalier de l'Exemple", postcode="69003", commune="Lyon", siret=SIRET
    )
    assert refusal(opened, becomes=same) == {"change.same-identity"}
    assert refusal(opened, becomes=None) == {"change.no-identity"}
    bad = StructureEntry(name="X", postcode="69003", commune="Lyon", siret="123")
    assert refusal(opened, becomes=bad)
    assert refusal(opened, kind="moved") == {"change.kind"}
    absorbed = StructureEntry(name="Clinique voisine", postcode="69003", commune="Lyon", siret=OTHER_SIRET)
    assert seen(opened("absorbed", becomes=absorbed)).becomes_id == f"3{OTHER_SIRET}"


def test_a_name_alone_changes_and_the_right_gets_a_version(instance: Instance) -> None:
    base = accepted().line.reference
    right, first = right_for("SERV_SSL"), issued("first")
    named = StructureEntry(name="Hôpital de l'Exemple", postcode="69003", commune="Lyon", siret=SIRET)
    reference = opened(becomes=named)
    with_extract(reference)
    answered(reference)
    confirmed(reference)
    assert state(right) == "active"
    raw = start_amendment(REPRESENTATIVE.actor, reference=base)
    becomes = StructureChange.objects.get().successor
    assert becomes is not None
    raw = under_new_identity(raw, becomes.facts(), "")
    order = amend_grants(REPRESENTATIVE.actor, amends=base, raw=raw).line.reference
    take_order(ALICE.actor, reference=order)
    found = preview_amendment(order)
    assert found is not None
    assert (found.effects.kept, found.effects.lost) == ((right,), ())
    answer_amendment(ALICE.actor, reference=order, version=1, seen=found.seen, plan=found.plan)
    for officer in (ALICE, BRUNO):
        approve_order(officer.actor, reference=order, version=1)
    advance_structure_changes()
    file = habilitation_file(right, at=NOON)
    assert file is not None
    assert (file.line.version, file.line.structure.name) == (2, "Hôpital de l'Exemple")
    assert {one.outcome for one in seen(reference).lines if one.thing == "right"} == {right}
    assert is_over(first) == ""


def test_confirmed_days_only_move_away(instance: Instance) -> None:
    accepted()
    first = issued("first")
    reference = opened()
    with_extract(reference)
    answered(reference)
    confirmed(reference)

    def move(revoke_on: date, before: date | None = None, by: Someone = CHLOE) -> None:
        later = LaterDays((first,), revoke_on, "Migration retardée", before)
        move_change_days(by.actor, reference=reference, later=later)

    assert refusal(move, date(2026, 12, 31)) == {"change.days-nearer"}
    assert refusal(move, LATER, date(2027, 2, 1)) == {"change.days-crossed"}
    assert refusal(move, date(2027, 3, 1), by=REPRESENTATIVE) >= {"change.not-desk"}
    move(date(2027, 3, 1))
    instance.clock.forward(days=70)
    advance_structure_changes()
    assert is_over(first) == ""
    instance.clock.forward(days=40)
    advance_structure_changes()
    assert is_over(first) == "affiliationChanged"


def test_the_database_itself_refuses_what_two_officers_did_not_decide(instance: Instance) -> None:
    accepted()
    issued("first")
    reference = opened()
    piece = with_extract(reference)
    assert piece
    row = StructureChange.objects.get()

    def refused(match: str, **changes: Any) -> None:
        with pytest.raises(IntegrityError, match=match), transaction.atomic():
            StructureChange.objects.filter(pk=row.pk).update(**changes)

    alice, bruno = ALICE.national_id.text, BRUNO.national_id.text
    both: dict[str, Any] = {
        "state": "confirmed",
        "proposed_by": alice,
        "proposed_card": "1",
        "confirmed_by": bruno,
        "confirmed_card": "2",
        "confirmed_at": NOON,
    }
    refused("has its answer", **both)
    answered(reference)
    refused("two officers|two_people", **both | {"confirmed_by": alice})
    refused("two officers", **both | {"confirmed_by": STRANGER.national_id.text})
    confirm_employee(CHLOE.actor, structure_id=OLD, person=BRUNO.person)
    refused("own structure", **both)
    refused("never change", kind="closed")
    propose_structure_change(ALICE.actor, reference=reference, version=seen(reference).version)
    confirm_structure_change(CHLOE.actor, reference=reference, version=seen(reference).version)
    refused("stays so", confirmed_by=bruno)
    refused("everything is done", state="done", ended_by="x", ended_at=NOON)
    lines = StructureChangeLine.objects.filter(thing="certificate")
    with pytest.raises(IntegrityError, match="only move away"), transaction.atomic():
        lines.update(revoke_on=date(2026, 12, 30), replace_before=date(2026, 12, 24))
    for table in ("records_structurechange", "records_structurechangeline"):
        with pytest.raises(IntegrityError, match="never removed"), transaction.atomic():
            connection.cursor().execute(f"DELETE FROM {table}")


def test_reminders_and_the_calendar_follow_the_plan(instance: Instance) -> None:
    with_mail(instance)
    ContractParty.objects.filter(contract__number=CONTRACT).update(email="dir@chu-exemple.fr")
    accepted()
    first = issued("first")
    remind()  # the walk begins
    reference = opened()
    with_extract(reference)
    answered(reference)
    confirmed(reference)
    secret = make_feed(ALICE.actor, structure=OLD)
    feed = read_feed(secret)
    assert feed is not None
    told = feed.decode().replace("\r\n ", "")
    assert f"remplacer le certificat {first}" in told
    assert "20261224" in told
    assert "20270124" in told
    remind()
    make_mails()
    instance.clock.forward(days=24)
    remind()
    kinds = Notice.objects.filter(subject=first, kind__startswith="reminder.replacement")
    assert sorted(kinds.values_list("kind", flat=True)) == ["reminder.replacement.7"]
    make_mails()
    mail = Mail.objects.filter(template="certificate-to-replace").first()
    assert mail is not None
    assert "24 décembre 2026" in mail.subject
    assert "24 janvier 2027" in mail.text
    confirmation = Mail.objects.filter(template="change-confirmed").first()
    assert confirmation is not None
    assert NEW in confirmation.text


def unreplaced(instance: Instance) -> tuple[str, str]:
    """A certificate whose last day to be replaced has gone by; the change and the certificate."""
    with_mail(instance)
    ContractParty.objects.filter(contract__number=CONTRACT).update(email="dir@chu-exemple.fr")
    accepted()
    first = issued("first")
    reference = opened()
    with_extract(reference)
    answered(reference)
    confirmed(reference)
    instance.clock.forward(days=30)
    advance_structure_changes()
    assert not DeskTask.objects.exists(), "the last day is still a day"
    instance.clock.forward(days=1)
    advance_structure_changes()
    return reference, first


def test_a_certificate_not_replaced_on_its_day_is_told_before_and_after_it_ends(instance: Instance) -> None:
    reference, first = unreplaced(instance)
    task = DeskTask.objects.get()
    assert (task.code, task.subject, task.done_at) == ("task.certificate-unreplaced", first, None)
    told = dict(task.details)
    assert told["names"] == "www.chu-exemple.fr"
    assert told["day"] == "24 janvier 2027"
    assert REPRESENTATIVE.surname in told["told"]
    advance_structure_changes()
    assert DeskTask.objects.count() == 1, "told once"
    make_mails()
    mail = Mail.objects.filter(template="certificate-unreplaced").first()
    assert mail is not None
    assert "24 janvier 2027" in mail.subject
    instance.clock.forward(days=31)
    advance_structure_changes()
    assert is_over(first) == "affiliationChanged"
    task.refresh_from_db()
    assert task.done_by == "machine"
    after = DeskTask.objects.get(code="task.certificate-ended-unreplaced")
    assert (after.subject, after.done_at) == (first, None)
    make_mails()
    assert Mail.objects.filter(template="certificate-revoked").exists()
    kinds = set(JournalEntry.objects.filter(subject=first).values_list("kind", flat=True))
    assert {"certificate.unreplaced", "certificate.ended-unreplaced", "certificate.revoked"} <= kinds
    assert reference


def test_a_certificate_that_was_replaced_is_nobodys_task(instance: Instance) -> None:
    base = accepted().line.reference
    first = issued("first")
    reference = opened()
    with_extract(reference)
    answered(reference)
    confirmed(reference)
    taken_over(reference, base)
    new = Habilitation.objects.get(structure__national_id=NEW).reference
    issued("second", right=new)
    instance.clock.forward(days=62)
    advance_structure_changes()
    assert is_over(first) == "affiliationChanged"
    assert not DeskTask.objects.exists()


def test_past_its_day_a_certificate_gets_more_time_by_two_officers_only(instance: Instance) -> None:
    reference, first = unreplaced(instance)
    march = date(2027, 3, 1)
    later = LaterDays((first,), march, "Migration retardée")
    assert refusal(move_change_days, ALICE.actor, reference=reference, later=later) == {"change.late-alone"}
    asked: dict[str, Any] = {"reference": reference, "entry": GraceEntry((first,), march, "Panne du CHU")}
    assert refusal(ask_grace, REPRESENTATIVE.actor, **asked) >= {"change.not-desk"}
    near = GraceEntry((first,), date(2027, 1, 20), "Non")
    assert refusal(ask_grace, ALICE.actor, reference=reference, entry=near) == {"change.days-nearer"}
    ask_grace(ALICE.actor, **asked)
    assert refusal(ask_grace, BRUNO.actor, **asked) == {"change.grace-there"}
    (grace,) = seen(reference).graces
    decide: dict[str, Any] = {"reference": reference, "grace": grace.reference, "granted": True}
    assert refusal(decide_grace, ALICE.actor, **decide) == {"change.grace-same-officer"}
    confirm_employee(BRUNO.actor, structure_id=OLD, person=CHLOE.person)
    assert refusal(decide_grace, CHLOE.actor, **decide) == {"change.own-structure"}
    line = StructureChangeLine.objects.get(thing="certificate")
    with pytest.raises(IntegrityError, match="two officers only"), transaction.atomic():
        StructureChangeLine.objects.filter(pk=line.pk).update(revoke_on=march)
    row = ChangeGrace.objects.filter(reference=grace.reference)
    both: dict[str, Any] = {"state": "granted", "decided_at": NOON, "decided_card": "1"}
    for officer, match in (
        (ALICE, "two officers|two_people"),
        (STRANGER, "two officers"),
        (CHLOE, "own structure"),
    ):
        with pytest.raises(IntegrityError, match=match), transaction.atomic():
            row.update(decided_by=officer.national_id.text, **both)
    with pytest.raises(IntegrityError, match="never removed"), transaction.atomic():
        connection.cursor().execute("DELETE FROM records_changegrace")
    with pytest.raises(IntegrityError, match="never change"), transaction.atomic():
        row.update(revoke_on=date(2028, 1, 1))
    decide_grace(BRUNO.actor, **decide)
    with pytest.raises(IntegrityError, match="stays so"), transaction.atomic():
        row.update(state="refused")
    assert refusal(decide_grace, BRUNO.actor, **decide) == {"change.grace-unknown"}
    make_mails()
    mail = Mail.objects.filter(template="certificate-rescheduled").first()
    assert mail is not None
    assert "1er mars 2027" in mail.subject
    instance.clock.forward(days=40)
    advance_structure_changes()
    assert is_over(first) == ""
    instance.clock.forward(days=40)
    advance_structure_changes()
    assert is_over(first) == "affiliationChanged"


def test_a_grace_that_is_refused_or_comes_too_late_moves_nothing(instance: Instance) -> None:
    reference, first = unreplaced(instance)
    entry = GraceEntry((first,), date(2027, 3, 1), "Panne")
    ask_grace(ALICE.actor, reference=reference, entry=entry)
    (grace,) = seen(reference).graces
    decide_grace(ALICE.actor, reference=reference, grace=grace.reference, granted=False)
    ask_grace(ALICE.actor, reference=reference, entry=entry)
    instance.clock.forward(days=31)
    advance_structure_changes()
    assert is_over(first) == "affiliationChanged"
    assert [one.state for one in seen(reference).graces] == ["refused", "dropped"]
