"""An order written in steps: kept as it is written, handed over and back, sent once, erased in time."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from sceau.catalogue import load_catalogue
from sceau.operations import (
    Actor,
    EntrustTo,
    Written,
    delete_draft,
    entrust_technical_part,
    expire_drafts,
    give_back_technical_part,
    open_amendment,
    open_correction,
    open_draft,
    part_digest,
    save_draft,
    send_draft,
    start_amendment,
    take_back_technical_part,
    take_order,
)
from sceau.records import DraftFile, draft_for, drafts_of, journal_lines, order_for, orders_of
from sceau.records.models import Order, OrderDraft, OrderParty
from sceau.registration import TECHNICAL
from sceau.vocabulary import Fault, Refused
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    BRUNO,
    MANDATAIRE,
    NOON,
    REPRESENTATIVE,
    STRANGER,
    Instance,
    Someone,
    accepted,
    form,
    offer,
    submitted,
)

KEPT = load_catalogue().drafts.kept


def drafted(someone: Someone = REPRESENTATIVE, **changes: Any) -> DraftFile:
    return open_draft(someone.actor, raw=form(**changes), origin="blank")


def write(someone: Someone, file: DraftFile, section: str, value: Any, *, seen: Any = ...) -> DraftFile:
    before = file.raw.get(section) if seen is ... else seen
    written = Written({section: value}, {section: part_digest(before)}, section)
    return save_draft(someone.actor, reference=file.line.reference, written=written)


def again(file: DraftFile, someone: Someone = REPRESENTATIVE) -> DraftFile:
    found = draft_for(file.line.reference, viewer=someone.national_id.text, at=NOON)
    assert found is not None
    return found


def codes(refusal: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {finding.code for finding in refusal.value.findings}


def test_a_draft_is_kept_as_it_is_written_however_wrong(instance: Instance) -> None:
    file = open_draft(REPRESENTATIVE.actor, raw={"edition": "web"}, origin="blank")
    file = write(
        REPRESENTATIVE, file, "usage", {"description": "", "editor": "Éditeur & fils", "solution": ""}
    )
    file = write(REPRESENTATIVE, file, "structure", {"name": "Hôpital", "siret": "1"})
    assert again(file).raw["usage"]["editor"] == "Éditeur & fils"
    assert again(file).raw["structure"] == {"name": "Hôpital", "siret": "1"}
    assert again(file).visited == {"usage", "structure"}
    assert Order.objects.count() == 0


def test_nobody_else_sees_a_draft_or_writes_in_it(instance: Instance) -> None:
    file = drafted()
    for other in (MANDATAIRE, ADMINISTRATOR, ALICE, STRANGER):
        assert draft_for(file.line.reference, viewer=other.national_id.text, at=NOON) is None
        assert drafts_of(other.national_id.text, at=NOON) == ()
        with pytest.raises(Refused) as refusal:
            write(other, file, "usage", {"description": "x", "editor": "", "solution": ""})
        assert codes(refusal) == {"order-draft.unknown"}
    assert draft_for(file.line.reference, viewer="", at=NOON) is None


def test_two_windows_do_not_overwrite_each_other_unseen(instance: Instance) -> None:
    file = drafted()
    before = file.raw["usage"]
    write(REPRESENTATIVE, file, "usage", {**before, "editor": "A"})
    with pytest.raises(Refused) as refusal:
        write(REPRESENTATIVE, file, "usage", {**before, "editor": "B"}, seen=before)
    assert codes(refusal) == {"order-draft.changed-meanwhile"}
    write(REPRESENTATIVE, file, "contract", {"number": "X"})  # another part: nothing was overwritten
    kept = again(file).raw
    assert (kept["usage"]["editor"], kept["contract"]["number"]) == ("A", "X")


def test_it_is_sent_once_signed_by_the_card_and_nothing_typed_stays_behind(instance: Instance) -> None:
    file = drafted()
    order = send_draft(REPRESENTATIVE.actor, reference=file.line.reference)
    assert order.raw["visa"]["signed"] is True
    assert send_draft(REPRESENTATIVE.actor, reference=file.line.reference).line == order.line
    assert Order.objects.count() == 1
    row = OrderDraft.objects.get()
    assert (row.state, row.raw, row.visited) == ("sent", "", [])
    with pytest.raises(Refused) as refusal:
        write(REPRESENTATIVE, file, "contract", {"number": "X"})
    assert codes(refusal) == {"order-draft.over"}
    told = [line.kind for line in journal_lines(subject=order.line.reference)]
    assert "order.received" in told


def test_what_is_wrong_is_said_all_at_once_and_the_draft_stays(instance: Instance) -> None:
    file = drafted()
    file = write(REPRESENTATIVE, file, "usage", {"description": "", "editor": "", "solution": ""})
    file = write(REPRESENTATIVE, file, "structure", {**file.raw["structure"], "siret": "1", "finess": ""})
    with pytest.raises(Refused) as refusal:
        send_draft(REPRESENTATIVE.actor, reference=file.line.reference)
    subjects = {finding.subject for finding in refusal.value.findings}
    assert {"usage.description", "structure.siret"} <= subjects
    assert again(file).line.state == "writing"
    assert Order.objects.count() == 0


@pytest.mark.parametrize("to", [ADMINISTRATOR.card, ADMINISTRATOR.national_id.text])
def test_the_technical_part_goes_to_a_named_person_and_comes_back(instance: Instance, to: str) -> None:
    file = drafted()
    reference = file.line.reference
    entrust_technical_part(
        REPRESENTATIVE.actor, reference=reference, to=EntrustTo(person=to), word="Avant vendredi"
    )
    theirs = again(file, ADMINISTRATOR)
    assert theirs.line.writer == "helper"
    assert set(theirs.raw) == {"edition", "structure"} | TECHNICAL
    assert theirs.raw["structure"] == {"name": file.raw["structure"]["name"]}
    assert [line.reference for line in drafts_of(ADMINISTRATOR.national_id.text, at=NOON)] == [reference]
    write(ADMINISTRATOR, theirs, "offers", [offer("serv-ssl", declared="autre-exemple.fr")])
    with pytest.raises(Refused) as refusal:
        write(ADMINISTRATOR, theirs, "signatory", {}, seen=file.raw["signatory"])
    assert codes(refusal) == {"order-draft.not-yours-to-write"}
    for act in (send_draft, delete_draft, take_back_technical_part):
        with pytest.raises(Refused) as refusal:
            act(ADMINISTRATOR.actor, reference=reference)
        assert codes(refusal) == {"order-draft.not-yours-to-do"}
    with pytest.raises(Refused) as refusal:
        write(REPRESENTATIVE, again(file), "offers", [])
    assert codes(refusal) == {"order-draft.entrusted"}
    with pytest.raises(Refused) as refusal:
        send_draft(REPRESENTATIVE.actor, reference=reference)
    assert codes(refusal) == {"life.not-now"}
    give_back_technical_part(ADMINISTRATOR.actor, reference=reference, word="Voilà")
    assert draft_for(reference, viewer=ADMINISTRATOR.national_id.text, at=NOON) is None
    back = again(file)
    assert back.came_back is not None
    assert (back.came_back.answer, back.raw["offers"][0]["declared"]) == ("Voilà", "autre-exemple.fr")
    assert back.visited & {"usage", "offres", "administrateurs"} == set()
    writers = [line.kind for line in journal_lines(subject=reference)]
    assert {"draft.entrusted", "draft.saved", "draft.given-back"} <= set(writers)


def test_who_held_the_technical_part_sees_nothing_of_the_order_and_decides_nothing_on_it(
    instance: Instance,
) -> None:
    file = drafted()
    reference = file.line.reference
    entrust_technical_part(
        REPRESENTATIVE.actor, reference=reference, to=EntrustTo(person=BRUNO.card), word=""
    )
    give_back_technical_part(BRUNO.actor, reference=reference, word="")
    order = send_draft(REPRESENTATIVE.actor, reference=reference).line.reference
    assert OrderParty.objects.filter(order__reference=order, role="technical").count() == 1
    assert order_for(order, viewer=BRUNO.national_id.text) is None
    assert order not in {line.reference for line in orders_of(BRUNO.national_id.text)}
    with pytest.raises(Refused) as refusal:
        take_order(BRUNO.actor, reference=order)
    assert codes(refusal) == {"order.own-order"}


def test_it_is_entrusted_to_somebody_else_who_can_be_read(instance: Instance) -> None:
    reference = drafted().line.reference
    cases = {"": "helper-missing", "Jean": "helper-unreadable", REPRESENTATIVE.card: "helper-is-owner"}
    cases[REPRESENTATIVE.national_id.text] = "helper-is-owner"
    for to, code in cases.items():
        with pytest.raises(Refused) as refusal:
            entrust_technical_part(
                REPRESENTATIVE.actor, reference=reference, to=EntrustTo(person=to), word=""
            )
        assert codes(refusal) == {f"order-draft.{code}"}, to
    taken = "2600301752"
    entrust_technical_part(REPRESENTATIVE.actor, reference=reference, to=EntrustTo(person=taken), word="")
    take_back_technical_part(REPRESENTATIVE.actor, reference=reference)
    assert OrderDraft.objects.get().state == "writing"


def test_a_deleted_draft_is_empty_and_stays_so(instance: Instance) -> None:
    file = drafted()
    delete_draft(REPRESENTATIVE.actor, reference=file.line.reference)
    row = OrderDraft.objects.get()
    assert (row.state, row.raw) == ("dropped", "")
    assert drafts_of(REPRESENTATIVE.national_id.text, at=NOON, gone=KEPT) == ()
    with pytest.raises(Refused):
        send_draft(REPRESENTATIVE.actor, reference=file.line.reference)


def test_time_erases_what_nobody_took_up_again_and_its_owner_reads_so(instance: Instance) -> None:
    file = drafted()
    instance.clock.forward(days=KEPT.days - 1)
    write(REPRESENTATIVE, file, "contract", {"number": "X"})  # which puts the end off
    instance.clock.forward(days=2)
    assert expire_drafts() == 0
    instance.clock.forward(days=KEPT.days)
    now = instance.clock()
    assert draft_for(file.line.reference, viewer=REPRESENTATIVE.national_id.text, at=now) is None
    with pytest.raises(Refused) as refusal:
        send_draft(REPRESENTATIVE.actor, reference=file.line.reference)
    assert codes(refusal) == {"order-draft.unknown"}
    assert expire_drafts() == 1
    assert expire_drafts() == 0
    assert OrderDraft.objects.get().raw == ""
    gone = load_catalogue().drafts.gone
    (line,) = drafts_of(REPRESENTATIVE.national_id.text, at=now, gone=gone)
    assert line.by_time
    assert drafts_of(REPRESENTATIVE.national_id.text, at=now + gone, gone=gone) == ()


def test_one_person_has_so_many_drafts_and_no_more(instance: Instance) -> None:
    most = load_catalogue().drafts.most
    for _ in range(most):
        drafted()
    with pytest.raises(Refused) as refusal:
        drafted()
    assert codes(refusal) == {"order-draft.too-many"}
    drafted(MANDATAIRE)


def test_an_order_that_was_sent_is_corrected_in_the_same_steps(instance: Instance) -> None:
    order = submitted()
    reference = order.line.reference
    file = open_correction(REPRESENTATIVE.actor, reference=reference)
    assert open_correction(REPRESENTATIVE.actor, reference=reference).line.reference == file.line.reference
    file = write(REPRESENTATIVE, file, "offers", [offer("serv-ssl", declared="autre-exemple.fr")])
    corrected = send_draft(REPRESENTATIVE.actor, reference=file.line.reference, why="Domaine")
    assert (corrected.line.reference, corrected.line.version) == (reference, 2)
    assert corrected.raw["offers"][0]["declared"] == "autre-exemple.fr"
    with pytest.raises(Refused):
        open_correction(STRANGER.actor, reference=reference)


def test_a_modification_is_declared_anew_and_follows_the_identity_that_its_structure_takes(
    instance: Instance,
) -> None:
    base = accepted().line.reference
    me = REPRESENTATIVE.actor
    raw = start_amendment(me, reference=base)
    file = open_amendment(me, reference=base, raw=raw, version=1)
    assert "declarations" in raw
    assert "declarations" not in file.raw
    file = write(REPRESENTATIVE, file, "offers", [offer("serv-ssl", declared="autre-exemple.fr")])
    again = open_amendment(me, reference=base, raw=raw, version=1)
    assert (again.line.reference, again.raw) == (file.line.reference, file.raw)
    renamed = raw | {"structure": raw["structure"] | {"name": "CHU renommé"}}
    moved = open_amendment(me, reference=base, raw=renamed, version=1)
    assert moved.line.reference == file.line.reference
    assert moved.raw["structure"]["name"] == "CHU renommé"
    assert moved.raw["offers"] == file.raw["offers"]


def test_the_database_keeps_what_is_over_as_it_is(instance: Instance) -> None:
    file = drafted()
    send_draft(REPRESENTATIVE.actor, reference=file.line.reference)
    for change in ({"state": "writing"}, {"raw": "{}"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            OrderDraft.objects.update(**change)
    other = drafted(MANDATAIRE)
    for change in ({"owner": "x"}, {"state": "sent"}):  # sent with its text still there
        with pytest.raises(IntegrityError), transaction.atomic():
            OrderDraft.objects.filter(reference=other.line.reference).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        OrderDraft.objects.all().delete()


def test_the_machine_itself_writes_no_draft(instance: Instance) -> None:
    with pytest.raises(Refused):
        open_draft(Actor.system(), raw=form(), origin="blank")
    with pytest.raises(Fault):
        open_draft(REPRESENTATIVE.actor, raw=form(), origin="nowhere")
