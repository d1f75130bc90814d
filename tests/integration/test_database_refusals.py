"""What the database refuses by itself, whoever writes and however [ASSURANCE T45, T46]."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from sceau.operations import (
    confirm_employee,
    end_employment,
    issue_certificate,
    publish_crls,
    revoke_certificate,
    seal_journal,
    take_order,
)
from sceau.records import missing_triggers
from sceau.records.models import (
    Approval,
    Certificate,
    FormerKeyUse,
    Habilitation,
    HabilitationVersion,
    Order,
    Person,
    Revocation,
)
from sceau.records.triggers import REFUSALS
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    BRUNO,
    CHLOE,
    CONTRACT,
    NOON,
    REPRESENTATIVE,
    SIRET,
    Instance,
    accepted,
    give_role,
    server_request,
    set_contract_state,
    submitted,
)


def run(statement: str, *values: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def refused(statement: str, *values: Any) -> str:
    """The database's own words when it refuses a statement."""
    with pytest.raises(IntegrityError) as caught:
        run(statement, *values)
    return str(caught.value)


@pytest.fixture
def lived(instance: Instance) -> Instance:
    """An instance in which everything happened once."""
    accepted()
    issued = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    act = {"reference": issued.line.reference, "reason": "superseded", "quality": "administrator"}
    revoke_certificate(ADMINISTRATOR.actor, **act)
    publish_crls()
    seal_journal()
    return instance


HISTORIES = sorted({refusal.table for refusal in REFUSALS if refusal.name.endswith("_no_update")})
KEPT = sorted({refusal.table for refusal in REFUSALS if refusal.name.endswith("_no_delete")})
FILLED = set(KEPT) - {"records_blockedkey", "records_respondercertificate"}
FILLED -= {"records_apitoken", "records_apitokenuse"}  # test_tokens has them
FILLED -= {table for table in KEPT if table.startswith("records_revocationrun")}  # test_revocation_runs does
FILLED -= {"records_issuerstop", "records_sharedfactor"}
FILLED -= {"records_formerkeyuse"}  # test_revocation_runs has it
FILLED -= {"records_piece", "records_leave", "records_extractreading"}  # test_legal_file has them
FILLED -= {"records_visaattestation", "records_contractact"}
FILLED -= {"records_requestitem"}  # test_desk has it
FILLED -= {"records_desktask", "records_registerimport"}  # test_register_imports has them
FILLED -= {"records_notice", "records_mail", "records_calendarfeed"}  # test_mails has them
FILLED -= {"records_departure", "records_departureline", "records_custody"}  # test_departures has them
FILLED -= {"records_amendment"}  # test_amendments has it
FILLED -= {  # test_designations has them
    *("records_thirdparty", "records_teammember", "records_teamcheck", "records_designation"),
    *("records_designationversion", "records_designationattestation"),
}
FILLED -= {"records_formreceipt"}  # test_form_doors has it
FILLED -= {"records_orderdraft", "records_entrusting"}  # test_order_drafts, test_entrusting have them
FILLED -= {"records_roleproposal"}  # test_roles has it
FILLED -= {"records_passkey", "records_passkeyinvitation"}  # test_passkeys has them
FILLED -= {table for table in KEPT if table.startswith("records_structurechange")}  # test_structure_changes
FILLED -= {"records_changegrace"}  # test_structure_changes


@pytest.mark.parametrize("table", [table for table in HISTORIES if table in FILLED])
def test_a_history_is_not_rewritten(lived: Instance, table: str) -> None:
    keys = {"records_journalleaf": "position", "records_keptrequest": "certificate_id"}
    key = keys.get(table, "id")
    assert "never changed" in refused(f"UPDATE {table} SET {key} = {key}")


@pytest.mark.parametrize("table", sorted(FILLED))
def test_what_is_kept_is_not_removed(lived: Instance, table: str) -> None:
    assert "never removed" in refused(f"DELETE FROM {table}")


def test_every_trigger_is_there_and_a_lost_one_is_missed(database: dict[str, Any]) -> None:
    assert missing_triggers(connection) == ()
    drop = "DROP TRIGGER sceau_order_two_people"
    run(drop if connection.vendor == "sqlite" else f"{drop} ON records_order")
    assert missing_triggers(connection) == ("order_two_people",)


def test_the_migrations_say_all_that_the_models_say(database: dict[str, Any]) -> None:
    call_command("makemigrations", "records", check=True, dry_run=True, verbosity=0, skip_checks=True)


def accept_by_sql(reference: str) -> str:
    return refused("UPDATE records_order SET state = 'accepted' WHERE reference = %s", reference)


def approve_by_sql(reference: str, officer: str, *, version: int = 1, card: str = "1") -> None:
    run(
        "INSERT INTO records_approval (order_id, version, officer, card_number, at)"
        " SELECT id, %s, %s, %s, %s FROM records_order WHERE reference = %s",
        version,
        officer,
        card,
        NOON,
        reference,
    )


def test_f40_t45_no_statement_accepts_an_order_alone(instance: Instance) -> None:
    reference = submitted().line.reference
    take_order(ALICE.actor, reference=reference)
    assert "different officers" in accept_by_sql(reference)
    approve_by_sql(reference, ALICE.national_id.text)
    assert "different officers" in accept_by_sql(reference)
    with pytest.raises(IntegrityError):
        approve_by_sql(reference, ALICE.national_id.text, card="0000000000")
    approve_by_sql(reference, BRUNO.national_id.text)
    run("UPDATE records_order SET current_version = 2 WHERE reference = %s", reference)
    assert "different officers" in accept_by_sql(reference)


def test_t45_nobody_decides_by_sql_on_an_order_of_the_structure_they_work_for(instance: Instance) -> None:
    reference = submitted().line.reference
    take_order(BRUNO.actor, reference=reference)
    confirm_employee(CHLOE.actor, structure_id=f"3{SIRET}", person=ALICE.person)
    with pytest.raises(IntegrityError, match="own structure"):
        approve_by_sql(reference, ALICE.national_id.text)
    run("UPDATE records_order SET state = 'refused' WHERE reference = %s", reference)
    close = "UPDATE records_deskcase SET lane = 'closed', decided_at = %s, decided_by = %s"
    assert "own structure" in refused(close, NOON, ALICE.national_id.text)
    assert "part of" in refused(close, NOON, REPRESENTATIVE.national_id.text)
    run(close, NOON, BRUNO.national_id.text)
    other = submitted().line.reference
    end_employment(CHLOE.actor, structure_id=f"3{SIRET}", person_id=ALICE.national_id.text)
    approve_by_sql(other, ALICE.national_id.text)


def test_t45_no_approval_is_written_without_a_card(instance: Instance) -> None:
    reference = submitted().line.reference
    with pytest.raises(IntegrityError, match="card in hand"):
        approve_by_sql(reference, ALICE.national_id.text, card="")
    approve_by_sql(reference, ALICE.national_id.text, card=ALICE.card)


def test_t45_nobody_approves_their_own_order_by_sql(instance: Instance) -> None:
    reference = submitted().line.reference
    give_role(REPRESENTATIVE, "desk")
    with pytest.raises(IntegrityError, match="their own"):
        approve_by_sql(reference, REPRESENTATIVE.national_id.text)
    with pytest.raises(IntegrityError, match="their own"):
        approve_by_sql(reference, BRUNO.national_id.text, card=ADMINISTRATOR.card)


def test_t45_only_an_officer_approves_and_the_present_version_only(instance: Instance) -> None:
    reference = submitted().line.reference
    with pytest.raises(IntegrityError, match="officer of the desk"):
        approve_by_sql(reference, "300000000000/NOBODY")
    with pytest.raises(IntegrityError, match="present version"):
        approve_by_sql(reference, ALICE.national_id.text, version=2)


def test_an_order_begins_as_received_and_a_decided_one_does_not_change(lived: Instance) -> None:
    assert "begins as received" in refused(
        "INSERT INTO records_order (reference, state, current_version, channel, submitted_by, submitted_at,"
        " changed_at, assigned_to, reason, structure_name, structure_number, contract_number)"
        " VALUES ('CMD-X', 'accepted', 1, 'web', '', %s, %s, '', '', '', '', '')",
        NOON,
        NOON,
    )
    assert "does not change" in refused("UPDATE records_order SET state = 'under-review'")
    assert "does not change" in refused("UPDATE records_order SET current_version = 9")


def test_no_right_is_written_without_an_accepted_order(instance: Instance) -> None:
    accepted()
    open_order = submitted()
    version = HabilitationVersion.objects.get()
    version.pk, version.number = None, 2
    version.order = Order.objects.get(reference=open_order.line.reference)
    with pytest.raises(IntegrityError, match="accepted version"), transaction.atomic():
        version.save(force_insert=True)
    version.order = version.habilitation.versions.get().order
    version.order_version = 7
    with pytest.raises(IntegrityError, match="accepted version"), transaction.atomic():
        version.save(force_insert=True)


def test_a_right_never_changes_hands_and_a_withdrawn_one_never_comes_back(lived: Instance) -> None:
    other = Person.objects.get(national_id=BRUNO.national_id.text).pk
    assert "never change" in refused("UPDATE records_habilitation SET person_id = %s", other)
    assert "never change" in refused("UPDATE records_habilitation SET product = 'SERV_CONF'")
    assert "never change" in refused("UPDATE records_habilitation SET canonical_scope = 'under:fr'")
    run("UPDATE records_habilitation SET state = 'withdrawn'")
    assert "final" in refused("UPDATE records_habilitation SET state = 'active'")


def test_one_right_that_is_not_withdrawn_for_each_key(instance: Instance) -> None:
    accepted()
    right = Habilitation.objects.get()
    right.pk, right.reference = None, "HAB-OTHER"
    for state in ("active", "suspended"):
        right.state = state
        with pytest.raises(IntegrityError), transaction.atomic():
            right.save(force_insert=True)
    right.state = "withdrawn"
    right.save(force_insert=True)


def test_a_certificate_keeps_what_it_was_intended_as(instance: Instance) -> None:
    accepted()
    issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    for change in (
        "serial = '01'",
        "issuer = 'el-pp'",
        "asked_by = 'x'",
        "product = 'ORG_SIGN'",
        "habilitation_id = NULL",
    ):
        assert "never change" in refused(f"UPDATE records_certificate SET {change}")
    assert "what was meant stays" in refused("UPDATE records_certificate SET draft = der")
    assert "does not change" in refused("UPDATE records_certificate SET der = draft")
    refused("UPDATE records_certificate SET der = NULL")
    for state in ("intended", "presumed", "abandoned"):
        refused(f"UPDATE records_certificate SET state = '{state}'")


def test_a_draft_goes_only_where_what_was_signed_holds_it(instance: Instance) -> None:
    accepted()
    there = "UPDATE records_certificate SET state = 'issued', draft = %s, der = %s"

    def look(kind: str) -> None:
        draft = bytes(Certificate.objects.get().draft)
        head, signature = b"\x30\x82\x01\x00", b"\x30\x00"
        for left, der in (
            (b"", head + draft[:-1] + signature),
            (b"", draft),
            (draft[:-1], head + draft + signature),
            (draft + b"\x00", head + draft + signature),
        ):
            assert "what was meant stays" in refused(there, left, der)
        assert "what was meant stays" in refused("UPDATE records_certificate SET draft = %s", b"")
        assert "what was meant stays" in refused("UPDATE records_certificate SET draft = draft || draft")

    instance.signer.before = look
    issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    assert len(instance.signer.signatures) == 1


def test_a_key_passes_on_only_with_its_former_certificate_remembered(instance: Instance) -> None:
    accepted()
    first, second = (
        issue_certificate(ADMINISTRATOR.actor, server_request(which=which), idempotency_key=which)
        for which in ("one", "other")
    )
    one, other = (Certificate.objects.get(reference=row.line.reference) for row in (first, second))
    moves = "UPDATE records_keyuse SET certificate_id = %s WHERE certificate_id = %s"
    assert "stays known" in refused(moves, other.pk, one.pk)
    assert "stays known" in refused("UPDATE records_keyuse SET spki_sha256 = %s", "0" * 64)
    FormerKeyUse.objects.create(spki_sha256=one.spki_sha256, certificate=one)
    run(moves, other.pk, one.pk)


def test_presumed_means_revoked(instance: Instance) -> None:
    accepted()

    def look(kind: str) -> None:
        assert "presumed means revoked" in refused("UPDATE records_certificate SET state = 'presumed'")

    instance.signer.before = look
    issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")


def test_f02_a_serial_is_given_once_by_an_issuer(instance: Instance) -> None:
    accepted()
    issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    row = Certificate.objects.get()
    row.pk, row.reference, row.idempotency_key, row.state, row.der = None, "CRT-OTHER", "k2", "intended", None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_a_revocation_has_a_reason_and_there_is_one_for_each_certificate(lived: Instance) -> None:
    end = Revocation.objects.get()
    end.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        end.save(force_insert=True)
    assert refused("UPDATE records_revocation SET reason = ''")


def test_ended_contracts_and_cards_stay_whose_they_were(lived: Instance) -> None:
    set_contract_state(state="terminated")
    assert "contract: " in refused("UPDATE records_contract SET state = 'active' WHERE number = %s", CONTRACT)
    other = Person.objects.get(national_id=BRUNO.national_id.text).pk
    assert "never changes holder" in refused(
        "UPDATE records_card SET person_id = %s WHERE number = %s", other, ADMINISTRATOR.card
    )


def test_a_state_outside_a_life_is_not_stored(instance: Instance) -> None:
    submitted()
    for change in ("state = 'perhaps'", "channel = 'fax'"):
        refused(f"UPDATE records_order SET {change}")
    with pytest.raises(IntegrityError), transaction.atomic():
        Approval.objects.create(order=Order.objects.get(), version=1, officer="", at=NOON)
