"""What the journal tells of the verbs: one entry for each change, personal data apart, heads that verify."""

from __future__ import annotations

import json
from typing import Any

from sceau.journal import Export, HeadVerifier, Verification, read_entry, verify_export
from sceau.operations import Actor, issue_certificate, note_order, seal_journal, take_order
from sceau.records import (
    journal_disclosures,
    journal_entries,
    journal_heads,
    journal_leaves,
    journal_lines,
    latest_head,
)
from sceau.records.models import JournalDisclosure, JournalEntry, JournalPending
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    EVERYBODY,
    Instance,
    accepted,
    server_request,
    submitted,
)
from tests.integration.test_orders import refusal


def verified(instance: Instance) -> Verification:
    return verify_export(
        Export(
            entries=journal_entries(),
            heads=[head.note for head in journal_heads()],
            verifiers=[HeadVerifier.of(instance.machine.origin, instance.machine.head_key)],
            leaves=journal_leaves(),
            disclosures=(disclosure.encode() for disclosure in journal_disclosures()),
        )
    )


def kinds_of(subject: str) -> list[str]:
    return [line.kind for line in journal_lines(subject=subject)]


def test_an_order_and_its_right_are_told_from_end_to_end(instance: Instance) -> None:
    order = accepted()
    assert kinds_of(order.line.reference) == [
        "order.received",
        "order.taken",
        "order.approved",
        "order.accepted",
    ]
    (right,) = order.habilitations
    (granted,) = journal_lines(subject=right)
    public = json.loads(granted.entry)["public"]
    assert granted.kind == "habilitation.granted"
    assert public["product"] == "SERV_SSL"
    assert public["scope"] == "under:chu-exemple.fr"


def test_the_catalogue_in_force_and_the_time_stand_in_each_entry(instance: Instance) -> None:
    submitted()
    for line in (row.entry for row in JournalEntry.objects.all()):
        entry = read_entry(bytes(line)).require()
        assert entry.catalogue == instance.machine.catalogue.digest
        assert entry.at == instance.clock()


def test_no_personal_data_stands_in_an_entry(instance: Instance) -> None:
    order = accepted()
    note_order(ALICE.actor, reference=order.line.reference, text="Rappeler Élodie au 01 23 45 67 89")
    issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    whole = b"\n".join(bytes(row.entry) for row in JournalEntry.objects.all()).decode()
    for someone in EVERYBODY:
        for told in (someone.surname, someone.national_id.text, someone.card):
            assert told not in whole
    assert "01 23 45 67 89" not in whole
    opened = json.dumps([row.data for row in JournalDisclosure.objects.all()], ensure_ascii=False)
    assert ADMINISTRATOR.national_id.text in opened
    assert "01 23 45 67 89" in opened


def test_the_journal_verifies_and_opens_what_it_committed(instance: Instance) -> None:
    accepted()
    refusal(take_order, Actor.system(), reference="CMD-00000-00000")
    head = seal_journal()
    assert head is not None
    found = verified(instance)
    assert found.flaws == ()
    assert found.size == head.size == JournalEntry.objects.count()
    assert found.disclosures == JournalDisclosure.objects.count() > 0


def test_erasing_what_opens_a_commitment_leaves_the_tree_whole(instance: Instance) -> None:
    accepted()
    seal_journal()
    JournalDisclosure.objects.all().delete()
    assert verified(instance).flaws == ()


def test_a_seal_with_nothing_new_signs_nothing(instance: Instance) -> None:
    assert seal_journal() is not None
    head = latest_head()
    assert seal_journal() is None
    assert latest_head() == head
    assert JournalPending.objects.count() == 0


def test_heads_follow_from_one_another(instance: Instance) -> None:
    sizes = []
    for _ in range(4):
        submitted()
        head = seal_journal()
        assert head is not None
        sizes.append(head.size)
    assert sizes == sorted(set(sizes))
    assert verified(instance).heads == 4


def test_many_entries_are_sealed_in_more_than_one_go(instance: Instance, monkeypatch: Any) -> None:
    from sceau.operations import journal

    monkeypatch.setattr(journal, "_LARGEST", 7)
    accepted()
    head = seal_journal()
    assert head is not None
    assert head.size == JournalEntry.objects.count() > 14
    assert verified(instance).flaws == ()


def test_a_refusal_after_login_is_told_with_the_actor_committed(instance: Instance) -> None:
    reference = submitted().line.reference
    refusal(take_order, ADMINISTRATOR.actor, reference=reference)
    told = JournalEntry.objects.get(kind="refused.order.taken")
    assert told.subject == reference
    assert json.loads(bytes(told.entry))["public"] == {"findings": ["order.not-desk", "order.own-order"]}
    opened = told.disclosures.get(name="actor").data
    assert opened["person"] == ADMINISTRATOR.national_id.text
