"""The legal file by its verbs: contracts and what their end stops, pieces, extracts, leaves."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from sceau.operations import (
    Actor,
    ContractDemand,
    ExtractEntry,
    LeaveEnd,
    LeaveEntry,
    PartyEntry,
    PieceEntry,
    VisaEntry,
    act_on_contract,
    add_party,
    add_piece,
    approve_order,
    attest_visa,
    challenge_domain,
    check_domain,
    complete_leave,
    confirm_contract_act,
    drop_contract_act,
    end_party,
    erase_pieces,
    examination_of,
    issue_certificate,
    open_piece,
    preview_contract_act,
    preview_leave_end,
    read_extract,
    receive_form,
    receive_leave,
    recheck_domains,
    refuse_leave,
    revoke_certificate,
    suspend_habilitation,
    take_order,
    verify_leave,
    withdraw_leave,
)
from sceau.records import (
    certificate_file,
    contract_file,
    contract_for,
    habilitation_file,
    leave_line,
    list_contracts,
    order_file,
    piece_line,
    structures_of,
)
from sceau.records.models import Contract, ContractParty, JournalEntry, Leave, Piece, VisaAttestation
from sceau.registration import Light, StopPlan
from sceau.vocabulary import Fault
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    AUDITOR,
    AUTHORITY,
    BRUNO,
    CHLOE,
    CONTRACT,
    KEEP_ALL,
    MANDATAIRE,
    NOON,
    OTHER_REPRESENTATIVE,
    REPRESENTATIVE,
    SIRET,
    STRANGER,
    Instance,
    Someone,
    accepted,
    form,
    offer,
    right_for,
    server_request,
    set_contract_state,
    submitted,
)
from tests.integration.test_orders import by_mail, refusal


def plain_pdf(script: str = "") -> bytes:
    """One blank page; with `script`, one that runs when it is opened."""
    pdf, out = pikepdf.new(), BytesIO()
    pdf.add_blank_page()
    if script:
        pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String(script))
    pdf.save(out)
    return out.getvalue()


PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 100
JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 100
STRUCTURE = "3" + SIRET
LENT = "autre-exemple.fr"
TODAY = date(2026, 11, 24)


def kinds(subject: str) -> list[str]:
    return list(JournalEntry.objects.filter(subject=subject).order_by("id").values_list("kind", flat=True))


def entry_of(kind: str) -> dict[str, Any]:
    row = JournalEntry.objects.filter(kind=kind).order_by("-id")[0]
    found: dict[str, Any] = json.loads(bytes(row.entry))
    return found


# -- contracts: what an act stops is shown, asked for, done


def stopped(event: str, plan: StopPlan, *, who: Someone = ALICE, reason: str = "Essai") -> Any:
    seen = preview_contract_act(CONTRACT).seen
    return act_on_contract(who.actor, ContractDemand(CONTRACT, event, reason, seen, plan))


def test_suspending_a_contract_shows_what_it_stops_and_does_what_was_answered(instance: Instance) -> None:
    accepted()
    waiting, kept = submitted().line.reference, submitted(offer("org")).line.reference
    right = right_for("SERV_SSL")
    lost = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="a").line.reference
    other = issue_certificate(
        ADMINISTRATOR.actor, server_request(which="other"), idempotency_key="b"
    ).line.reference
    preview = preview_contract_act(CONTRACT)
    assert set(preview.stops.orders) == {waiting, kept}
    assert preview.stops.rights == (right,)
    assert set(preview.stops.certificates) == {lost, other}
    plan = StopPlan(
        {waiting: "abandon", lost: "revoke"}, {"orders": "keep", "rights": "suspend", "certificates": "keep"}
    )
    assert stopped("suspend", plan).state == "suspended"
    states = {one: file.line.state for one in (waiting, kept) if (file := order_file(one))}
    assert states == {waiting: "abandoned", kept: "received"}
    line = habilitation_file(right, at=NOON)
    assert line is not None
    assert line.line.state == "suspended"
    ends = {one: ended.line.revocation for one in (lost, other) if (ended := certificate_file(one, at=NOON))}
    assert ends[other] is None
    end = ends[lost]
    assert end is not None
    assert end.reason == "privilegeWithdrawn"
    assert kinds(f"contract/{CONTRACT}")[-1] == "contract.suspended"
    assert (kinds(waiting)[-1], kinds(right)[-1], kinds(lost)[-1]) == (
        "order.abandoned",
        "habilitation.suspended",
        "certificate.revoked",
    )
    told = entry_of("contract.suspended")["public"]
    assert (told["orders"], told["rights"], told["certificates"]) == (1, 1, 1)


def test_what_was_not_answered_for_stops_nothing(instance: Instance) -> None:
    accepted()
    issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="a")
    seen = preview_contract_act(CONTRACT).seen
    demand = ContractDemand(CONTRACT, "suspend", "Essai", seen, StopPlan(others={"rights": "keep"}))
    assert refusal(act_on_contract, ALICE.actor, demand) == {"contract.stop-unanswered"}
    assert Contract.objects.get(number=CONTRACT).state == "active"


def test_what_changed_since_it_was_looked_at_is_looked_at_again(instance: Instance) -> None:
    seen = preview_contract_act(CONTRACT).seen
    submitted()
    demand = ContractDemand(CONTRACT, "suspend", "Essai", seen, KEEP_ALL)
    assert refusal(act_on_contract, ALICE.actor, demand) == {"contract.stops-changed"}


def test_a_contract_that_is_not_in_force_gives_no_certificate_whatever_was_answered(
    instance: Instance,
) -> None:
    accepted()
    stopped("suspend", KEEP_ALL)
    assert refusal(issue_certificate, ADMINISTRATOR.actor, server_request(), idempotency_key="a") == {
        "right.contract-suspended"
    }
    set_contract_state(state="active")
    assert issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="b").line.names


def test_ending_a_contract_takes_two_different_officers(instance: Instance) -> None:
    accepted()
    right = right_for("SERV_SSL")
    plan = StopPlan(others={"orders": "keep", "rights": "withdraw", "certificates": "keep"})
    assert stopped("terminate", plan).state == "active"
    file = contract_file(CONTRACT, at=NOON)
    assert file is not None
    (act,) = file.acts
    assert (act.event, act.state, act.officers) == ("terminate", "asked", 2)
    assert refusal(confirm_contract_act, ALICE.actor, reference=act.reference) == {"contract.same-officer"}
    assert refusal(stopped, "suspend", plan) == {"contract.act-waits"}
    assert confirm_contract_act(BRUNO.actor, reference=act.reference).state == "terminated"
    line = habilitation_file(right, at=NOON)
    assert line is not None
    assert line.line.state == "withdrawn"
    assert refusal(confirm_contract_act, CHLOE.actor, reference=act.reference) == {"contract.act-decided"}


def test_a_second_officer_confirms_what_the_first_saw_or_nothing(instance: Instance) -> None:
    stopped("terminate", KEEP_ALL)
    file = contract_file(CONTRACT, at=NOON)
    assert file is not None
    reference = file.acts[0].reference
    submitted()
    assert refusal(confirm_contract_act, BRUNO.actor, reference=reference) == {"contract.stops-changed"}
    drop_contract_act(BRUNO.actor, reference=reference, reason="À revoir")
    stopped("terminate", KEEP_ALL)
    assert kinds(f"contract/{CONTRACT}").count("contract.act-asked") == 2


def test_a_certificate_issued_while_an_end_waits_is_answered_with_the_others(instance: Instance) -> None:
    accepted()
    plan = StopPlan(others={"orders": "keep", "rights": "keep", "certificates": "revoke"})
    stopped("terminate", plan)
    late = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="a").line.reference
    file = contract_file(CONTRACT, at=NOON)
    assert file is not None
    confirm_contract_act(BRUNO.actor, reference=file.acts[0].reference)
    ended = certificate_file(late, at=NOON)
    assert ended is not None
    assert ended.line.standing == "revoked"


@pytest.mark.parametrize("someone", [REPRESENTATIVE, MANDATAIRE, ADMINISTRATOR, STRANGER, AUDITOR])
def test_nobody_but_officers_acts_on_a_contract(instance: Instance, someone: Someone) -> None:
    assert refusal(stopped, "suspend", KEEP_ALL, who=someone) == {"operations.role-missing"}


def test_an_officer_acts_with_a_card_and_never_on_their_own_contract(instance: Instance) -> None:
    demand = ContractDemand(CONTRACT, "suspend", "x", preview_contract_act(CONTRACT).seen, KEEP_ALL)
    assert refusal(act_on_contract, replace(ALICE.actor, card=None), demand) == {"contract.card-needed"}
    add_party(
        AUTHORITY.actor,
        number=CONTRACT,
        party=PartyEntry("mandataire", ALICE.surname, ALICE.given_names, ALICE.card),
    )
    assert refusal(act_on_contract, ALICE.actor, demand) == {"contract.own"}


def test_the_database_ends_no_contract_without_a_decided_act(instance: Instance) -> None:
    with pytest.raises(IntegrityError, match="decided act"), transaction.atomic():
        Contract.objects.filter(number=CONTRACT).update(state="terminated")
    stopped("terminate", KEEP_ALL)
    with pytest.raises(IntegrityError, match="decided act"), transaction.atomic():
        Contract.objects.filter(number=CONTRACT).update(state="terminated")
    contract = Contract.objects.get(number=CONTRACT)
    with pytest.raises(IntegrityError), transaction.atomic():
        contract.acts.update(state="done", decided_by=ALICE.national_id.text, decided_card=ALICE.card)


def test_a_contracts_term_is_moved(instance: Instance) -> None:
    def renewed(until: date | None) -> Any:
        seen = preview_contract_act(CONTRACT).seen
        return act_on_contract(
            ALICE.actor, ContractDemand(CONTRACT, "renew", "Avenant", seen, StopPlan(), until)
        )

    assert renewed(TODAY).valid_until == TODAY
    assert refusal(renewed, TODAY - timedelta(days=1)) == {"operations.contract-dates"}
    instance.clock.forward(days=1)
    (line,) = list_contracts(at=instance.clock(), text="exemple")
    assert line.state == "expired"
    assert renewed(date(2028, 1, 1)).state == "active"
    assert renewed(None).valid_until is None


# -- powers


def test_a_mandate_that_ended_no_longer_opens_anything(instance: Instance) -> None:
    accepted()
    right = right_for("SERV_SSL")
    mandataire = MANDATAIRE.national_id.text
    assert [one.number for one in structures_of(mandataire, at=NOON)] == [CONTRACT]
    end_party(
        ALICE.actor,
        number=CONTRACT,
        card_number=MANDATAIRE.card,
        quality="mandataire",
        until=TODAY - timedelta(days=1),
        reason="Mandat repris",
    )
    assert structures_of(mandataire, at=NOON) == ()
    assert contract_for(CONTRACT, viewer=mandataire, at=NOON) is None
    assert refusal(suspend_habilitation, MANDATAIRE.actor, reference=right, reason="x") == {
        "habilitation.unknown"
    }
    signed = form(offer("org"), signatory=MANDATAIRE)
    signed["signatory"]["quality"] = "mandataire"
    assert refusal(receive_form, MANDATAIRE.actor, raw=signed, channel="web") == {"order.under-no-contract"}


def test_a_power_that_was_not_given_is_not_used(instance: Instance) -> None:
    accepted()
    right = right_for("SERV_SSL")
    add_party(
        ALICE.actor,
        number=CONTRACT,
        party=PartyEntry(
            "mandataire", STRANGER.surname, STRANGER.given_names, STRANGER.card, powers=("file",)
        ),
    )
    assert refusal(suspend_habilitation, STRANGER.actor, reference=right, reason="x") == {
        "habilitation.unknown"
    }
    signed = form(offer("org"), signatory=STRANGER)
    signed["signatory"]["quality"] = "mandataire"
    assert refusal(receive_form, STRANGER.actor, raw=signed, channel="web") == {"order.signatory-no-power"}
    certificate = issued("www.chu-exemple.fr")
    act = {"reference": certificate, "reason": "superseded", "quality": "mandataire"}
    assert refusal(revoke_certificate, STRANGER.actor, **act) == {"certificate.unknown"}
    assert revoke_certificate(MANDATAIRE.actor, **act).line.standing == "revoked"


def test_a_party_known_before_mandates_were_dated_speaks_since_its_contract_began(instance: Instance) -> None:
    ContractParty.objects.update(valid_from=date(2000, 1, 1), powers=[])
    migration = import_module("sceau.records.migrations.0008_legal_file")
    migration.date_mandates(apps, None)
    for party in ContractParty.objects.select_related("contract"):
        assert party.valid_from == party.contract.valid_from
        assert set(party.powers) == set(instance.machine.catalogue.powers)


@pytest.mark.parametrize("changes", [{"contract": {"number": "C-1"}}, {"signatory": STRANGER}])
def test_on_line_an_order_needs_a_contract_and_who_may_sign_and_a_stranger_learns_no_more(
    instance: Instance, changes: dict[str, Any]
) -> None:
    assert refusal(receive_form, ADMINISTRATOR.actor, raw=form(**changes), channel="web") == {
        "order.under-no-contract"
    }
    assert by_mail(**changes).line.state == "received"


def test_the_same_person_is_named_once_and_what_is_unknown_is_refused(instance: Instance) -> None:
    again = PartyEntry("mandataire", "Mandat", "Marc", MANDATAIRE.card)
    assert refusal(add_party, ALICE.actor, number=CONTRACT, party=again) == {"contract.party-twice"}
    odd = replace(again, card_number=STRANGER.card, powers=("tout",))
    assert refusal(add_party, ALICE.actor, number=CONTRACT, party=odd) == {"contract.power-unknown"}
    own = PartyEntry("mandataire", ALICE.surname, ALICE.given_names, ALICE.card)
    assert refusal(add_party, ALICE.actor, number=CONTRACT, party=own) == {"contract.own"}
    assert refusal(add_party, REPRESENTATIVE.actor, number=CONTRACT, party=odd) == {"operations.role-missing"}


# -- pieces


def kbis(data: bytes = PNG, **changes: Any) -> PieceEntry:
    kept: dict[str, Any] = {"kind": "kbis", "data": data, "name": "kbis.png", "contract": CONTRACT}
    return PieceEntry(**kept | {"issued_on": date(2026, 11, 2)} | changes)


def test_a_piece_is_kept_with_its_digest_and_who_brought_it(instance: Instance) -> None:
    line = add_piece(ALICE.actor, kbis())
    assert line.valid_until == date(2027, 2, 2)
    assert (line.structure, line.contract, line.medium) == (STRUCTURE, CONTRACT, "png")
    assert line.brought_by == ALICE.national_id.text
    assert add_piece(ALICE.actor, kbis()) == line
    assert kinds(line.reference) == ["piece.added"]
    assert open_piece(AUDITOR.actor, reference=line.reference)[1] == PNG


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": "rien"}, "piece.kind-unknown"),
        ({"data": b""}, "piece.empty"),
        ({"data": b"MZ" + PNG}, "piece.medium-unknown"),
        ({"data": b"<html><script>"}, "piece.medium-unknown"),
        ({"data": PNG + b"<svg onload=x>"}, "piece.two-in-one"),
        ({"data": b"II*\x00" + b"\x00" * 20}, "piece.medium"),
        ({"data": PNG + b"\x00" * 5_000_000}, "piece.too-large"),
        ({"data": b"%PDF-1.7\nnothing\n%%EOF"}, "pdf.damaged"),
        ({"data": b"%PDF-1.7\n"}, "pdf.truncated"),
        ({"issued_on": None}, "piece.undated"),
        ({"issued_on": date(2026, 11, 25)}, "piece.of-tomorrow"),
        ({"contract": "C-0"}, "operations.contract-unknown"),
        ({"contract": ""}, "piece.of-nobody"),
        ({"kind": "dns-answer"}, "piece.medium"),
    ],
)
def test_what_is_no_piece_is_not_kept(
    instance: Instance, tmp_path: Path, changes: dict[str, Any], code: str
) -> None:
    assert refusal(add_piece, ALICE.actor, kbis(**changes)) == {code}
    assert Piece.objects.count() == 0
    assert list((tmp_path / "pieces").glob("*/*")) == []


def test_a_pdf_is_opened_apart_and_one_that_acts_is_refused(instance: Instance) -> None:
    line = add_piece(ALICE.actor, kbis(plain_pdf()))
    assert line.medium == "pdf"
    assert refusal(add_piece, ALICE.actor, kbis(plain_pdf(script="app.alert(1)"))) >= {"pdf.javascript"}


@pytest.mark.parametrize(
    ("someone", "kind", "code"),
    [
        (REPRESENTATIVE, "kbis", ""),
        (MANDATAIRE, "holder-letter", ""),
        (REPRESENTATIVE, "identity-copy", "piece.kind-of-the-desk"),
        (OTHER_REPRESENTATIVE, "kbis", "operations.role-missing"),
        (ADMINISTRATOR, "kbis", "operations.role-missing"),
        (AUDITOR, "kbis", "operations.role-missing"),
    ],
)
def test_who_speaks_for_the_structure_brings_what_is_theirs_to_bring(
    instance: Instance, someone: Someone, kind: str, code: str
) -> None:
    if code:
        assert refusal(add_piece, someone.actor, kbis(kind=kind)) == {code}
    else:
        assert add_piece(someone.actor, kbis(kind=kind)).brought_by == someone.national_id.text


def test_a_crash_between_the_bytes_and_the_row_leaves_nothing_that_anybody_relies_on(
    instance: Instance, tmp_path: Path
) -> None:
    cabinet = instance.machine.cabinet
    assert cabinet is not None
    cabinet.keep(b"orphan")
    line = add_piece(ALICE.actor, kbis())
    instance.clock.forward(days=400)
    assert erase_pieces() == 1
    assert [path.name for path in (tmp_path / "pieces").glob("*/*")] == [line.sha256]


def identity(data: bytes = JPEG) -> str:
    entry = PieceEntry("identity-copy", data, name="cni.jpg", structure=STRUCTURE)
    return add_piece(ALICE.actor, entry).reference


def test_an_identity_copy_is_sealed_and_each_look_at_it_is_told(instance: Instance, tmp_path: Path) -> None:
    reference = identity()
    stored = [path for path in (tmp_path / "pieces").rglob("*") if path.is_file()]
    assert [path.name for path in stored] == [reference]
    assert JPEG not in stored[0].read_bytes()
    assert refusal(open_piece, AUDITOR.actor, reference=reference) == {"piece.desk-only"}
    assert refusal(open_piece, AUTHORITY.actor, reference=reference) == {"piece.desk-only"}
    assert refusal(open_piece, REPRESENTATIVE.actor, reference=reference) == {"piece.desk-only"}
    assert refusal(open_piece, replace(ALICE.actor, card=None), reference=reference) == {"piece.card-needed"}
    assert open_piece(ALICE.actor, reference=reference)[1] == JPEG
    assert open_piece(BRUNO.actor, reference=reference)[1] == JPEG
    assert kinds(reference).count("piece.seen") == 2
    assert kinds(reference).count("refused.piece.seen") == 4


def test_an_identity_copy_is_erased_on_schedule_and_its_digest_stays(
    instance: Instance, tmp_path: Path
) -> None:
    reference = identity()
    line = piece_line(reference, at=NOON)
    assert line is not None
    assert line.erase_after == TODAY + timedelta(days=180)
    instance.clock.forward(days=180)
    assert erase_pieces() == 0
    instance.clock.forward(days=1)
    assert erase_pieces() == 1
    after = piece_line(reference, at=instance.clock())
    assert after is not None
    assert after.erased_at is not None
    assert after.sha256 == line.sha256
    assert not [path for path in (tmp_path / "pieces").rglob("*") if path.is_file()]
    assert kinds(reference)[-1] == "piece.erased"
    assert refusal(open_piece, ALICE.actor, reference=reference) == {"piece.erased"}


def test_bytes_changed_behind_our_back_are_an_alarm(instance: Instance, tmp_path: Path) -> None:
    line = add_piece(ALICE.actor, kbis())
    next((tmp_path / "pieces").glob("*/*")).write_bytes(PNG + b"!")
    with pytest.raises(Fault, match=r"piece\.altered"):
        open_piece(ALICE.actor, reference=line.reference)


def test_the_database_keeps_a_piece_as_it_was(instance: Instance) -> None:
    add_piece(ALICE.actor, kbis())
    with pytest.raises(IntegrityError, match="never change"), transaction.atomic():
        Piece.objects.update(sha256="0" * 64)
    with pytest.raises(IntegrityError, match="never removed"), transaction.atomic():
        Piece.objects.all().delete()


# -- what is read on pieces


def lights(reference: str) -> dict[str, tuple[Light, set[str]]]:
    return {
        check.kind: (check.light, {finding.code for finding in check.findings})
        for check in examination_of(reference).checks
    }


def test_an_extract_read_by_an_officer_is_compared_with_the_order(instance: Instance) -> None:
    reference = submitted().line.reference
    assert lights(reference)["extract"] == (Light.AMBER, {"extract.missing"})
    piece = add_piece(ALICE.actor, kbis(contract="", order=reference)).reference
    read = ExtractEntry(piece, "CENTRE HOSPITALIER DE L'EXEMPLE", SIRET, "EPS", "69003", "LYON")
    assert refusal(read_extract, REPRESENTATIVE.actor, read) == {"operations.role-missing"}
    read_extract(ALICE.actor, read)
    assert lights(reference)["extract"] == (Light.GREEN, {"extract.agrees"})
    read_extract(ALICE.actor, replace(read, siret="35600000000048"))
    assert lights(reference)["extract"] == (Light.RED, {"extract.siret-differs"})
    instance.clock.forward(days=71)
    read_extract(ALICE.actor, read)
    assert lights(reference)["extract"] == (Light.AMBER, {"extract.too-old"})


def test_an_extract_on_the_structures_file_serves_every_order(instance: Instance) -> None:
    accepted()  # from here on the structure is known by its number
    piece = add_piece(ALICE.actor, kbis()).reference
    read_extract(ALICE.actor, ExtractEntry(piece, "Centre hospitalier de l'Exemple", SIRET))
    assert lights(submitted().line.reference)["extract"][0] is Light.GREEN


def test_an_officer_attests_the_visa_of_a_scan(instance: Instance) -> None:
    reference = by_mail(visa={"date": "", "signed": False, "stamped": False}).line.reference
    take_order(ALICE.actor, reference=reference)
    assert lights(reference)["visa"][0] is Light.RED
    scan = add_piece(
        ALICE.actor, PieceEntry("form-scan", PNG, issued_on=date(2026, 11, 20), order=reference)
    ).reference
    entry = VisaEntry(reference, 1, scan, date(2026, 11, 20), stamped=True)
    assert refusal(attest_visa, REPRESENTATIVE.actor, entry) >= {"order.not-desk"}
    assert refusal(attest_visa, ALICE.actor, replace(entry, piece="PIE-00000-00000")) == {"piece.no-visa"}
    assert refusal(attest_visa, ALICE.actor, replace(entry, signed_on=date(2026, 11, 25))) == {
        "piece.visa-of-tomorrow"
    }
    assert attest_visa(ALICE.actor, entry).line.version == 2
    assert lights(reference)["visa"] == (Light.GREEN, {"order.visa-whole"})
    told = entry_of("order.visa-attested")["public"]
    line = piece_line(scan, at=NOON)
    assert line is not None
    assert told["sha256"] == line.sha256
    approve_order(ALICE.actor, reference=reference, version=2)
    assert approve_order(BRUNO.actor, reference=reference, version=2).line.state == "accepted"


def test_what_is_changed_after_the_attestation_is_a_question_again(instance: Instance) -> None:
    from sceau.operations import amend_order

    reference = by_mail().line.reference
    take_order(ALICE.actor, reference=reference)
    scan = add_piece(ALICE.actor, PieceEntry("form-scan", PNG, issued_on=TODAY, order=reference)).reference
    attest_visa(ALICE.actor, VisaEntry(reference, 1, scan, TODAY, stamped=True))
    file = order_file(reference)
    assert file is not None
    raw = dict(file.raw) | {"offers": [offer("org")]}
    amend_order(ALICE.actor, reference=reference, version=file.line.version, raw=raw, why="x")
    assert lights(reference)["visa"] == (Light.AMBER, {"order.visa-attested-before"})
    with pytest.raises(IntegrityError, match="never change"), transaction.atomic():
        VisaAttestation.objects.update(version=3)


# -- the leave of a domain's holder


def letter(**changes: Any) -> str:
    """A letter on file, with its pieces."""
    scan = add_piece(
        ALICE.actor, PieceEntry("holder-letter", PNG, issued_on=date(2026, 11, 10), structure=STRUCTURE)
    ).reference
    kept: dict[str, Any] = {
        "name": LENT,
        "holder": "Mairie d'Exemple",
        "use": "any",
        "structure": STRUCTURE,
        "letter": scan,
        "identity": identity(),
        "signed": True,
    }
    return receive_leave(ALICE.actor, LeaveEntry(**kept | changes)).reference


def lent(**changes: Any) -> dict[str, Any]:
    return offer("serv-ssl", declared=LENT, owner="holder", **changes)


def issued(name: str = f"www.{LENT}", which: str = "server") -> str:
    return issue_certificate(
        ADMINISTRATOR.actor, server_request(name, which=which), idempotency_key=which
    ).line.reference


def test_a_letter_gives_nothing_before_it_is_verified_and_limits_what_it_gives(instance: Instance) -> None:
    reference = letter()
    order = submitted(lent()).line.reference
    assert lights(order)["domain-right"] == (Light.RED, {"order.letter-unverified"})
    assert refusal(verify_leave, AUDITOR.actor, reference=reference) == {"operations.role-missing"}
    line = verify_leave(BRUNO.actor, reference=reference)
    assert line.state == "standing"
    copy = piece_line(line.identity, at=NOON)
    assert copy is not None
    assert copy.erase_after == TODAY + timedelta(days=30)
    assert lights(order)["domain-right"] == (Light.GREEN, {"order.letter-whole"})
    accepted(lent())
    assert issued()


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"signed": False}, {"letter.unsigned"}),
        ({"letter": ""}, {"letter.unsigned"}),
        ({"identity": ""}, {"letter.no-id-copy"}),
    ],
)
def test_a_letter_is_verified_whole_or_not_at_all(
    instance: Instance, changes: dict[str, Any], codes: set[str]
) -> None:
    reference = letter(**changes)
    assert refusal(verify_leave, ALICE.actor, reference=reference) == codes
    with pytest.raises(IntegrityError), transaction.atomic():
        Leave.objects.filter(reference=reference).update(state="standing")
    if "identity" in changes:
        complete_leave(ALICE.actor, reference=reference, identity=identity(JPEG + b"2"))
        assert verify_leave(ALICE.actor, reference=reference).state == "standing"


def test_a_withdrawn_leave_stops_issuance_and_lists_the_live_certificates(instance: Instance) -> None:
    reference = letter()
    verify_leave(ALICE.actor, reference=reference)
    accepted(lent())
    right, first, second = right_for("SERV_SSL"), issued(), issued(which="second")
    own = accepted(offer("serv-ssl")).habilitations
    stops, seen = preview_leave_end(reference)
    assert (stops.rights, set(stops.certificates)) == ((right,), {first, second})
    assert set(own).isdisjoint(stops.rights)
    plan = StopPlan({first: "revoke"}, {"rights": "keep", "certificates": "keep"})
    withdraw_leave(CHLOE.actor, LeaveEnd(reference, "Accord repris par courrier", seen, plan))
    assert refusal(
        issue_certificate,
        ADMINISTRATOR.actor,
        server_request(f"api.{LENT}", which="third", habilitation=right),
        idempotency_key="third",
    ) == {"right.letter-withdrawn"}
    standings = [file.line.standing for one in (first, second) if (file := certificate_file(one, at=NOON))]
    assert standings == ["revoked", "to-collect"]
    assert preview_leave_end(reference)[0].certificates == (second,)
    with pytest.raises(IntegrityError, match="final"), transaction.atomic():
        Leave.objects.filter(reference=reference).update(state="standing")


def test_a_leave_that_ended_serves_until_its_last_day(instance: Instance) -> None:
    reference = letter(ends=TODAY)
    verify_leave(ALICE.actor, reference=reference)
    accepted(lent())
    assert issued()
    instance.clock.forward(days=1)
    assert refusal(issued, which="second") == {"right.letter-ended"}


def test_a_leave_for_one_use_gives_no_other(instance: Instance) -> None:
    reference = letter(use="dmp")
    verify_leave(ALICE.actor, reference=reference)
    order = submitted(lent()).line.reference
    assert lights(order)["domain-right"] == (Light.RED, {"order.letter-other-use"})
    mail = offer("serv-mail", declared=f"@{LENT}", owner="holder", products=["SERV_SIGN"])
    assert lights(submitted(mail).line.reference)["domain-right"][0] is Light.GREEN
    everything = offer("serv-mail", declared=f"@{LENT}", owner="holder")
    assert lights(submitted(everything).line.reference)["domain-right"][0] is Light.RED


def test_a_right_whose_leave_is_not_found_gives_nothing(instance: Instance) -> None:
    """The row says that it rests on a leave: without one, doubt refuses."""
    from sceau.records.models import ON_LEAVE, HabilitationVersion

    reference = letter()
    verify_leave(ALICE.actor, reference=reference)
    accepted(lent())
    version = HabilitationVersion.objects.select_related("habilitation__person", "contract").get()
    assert version.holder_letter == ON_LEAVE
    assert version.facts(NOON).holder_letter == "verified"
    version.leave_id = None
    assert version.facts(NOON).holder_letter == "missing"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": "gouv.fr"}, "scope.public-suffix"),
        ({"name": "mssante.fr"}, "scope.shared-suffix"),
        ({"name": "a_b.fr"}, ""),
        ({"use": "rien"}, "letter.use"),
        ({"use": "other"}, "letter.use"),
        ({"use": "other", "products": ("ORG_SIGN",)}, "letter.product"),
        ({"structure": "3000"}, "operations.structure-unknown"),
        ({"letter": "PIE-00000-00000"}, "letter.piece"),
        ({"ends": date(2026, 1, 1)}, "letter.dates"),
    ],
)
def test_what_nobody_can_lend_is_no_leave(instance: Instance, changes: dict[str, Any], code: str) -> None:
    found = refusal(letter, **changes)
    assert found == {code} if code else found
    assert Leave.objects.count() == 0


def test_a_letter_that_does_not_do_is_refused_for_good(instance: Instance) -> None:
    reference = letter()
    assert refuse_leave(ALICE.actor, reference=reference, reason="Pas le détenteur").state == "refused"
    assert refusal(verify_leave, ALICE.actor, reference=reference) == {"life.not-now"}


def test_an_officer_who_is_part_of_an_order_of_the_structure_verifies_no_letter_for_it(
    instance: Instance,
) -> None:
    by_mail(lent(), administrators=(ADMINISTRATOR, ALICE))
    reference = letter()
    assert refusal(verify_leave, ALICE.actor, reference=reference) == {"letter.own"}
    assert verify_leave(BRUNO.actor, reference=reference).state == "standing"


# -- the machine form: a record in the DNS


def challenged(**changes: Any) -> Any:
    kept: dict[str, Any] = {"name": LENT, "holder": "Mairie d'Exemple", "use": "any", "structure": STRUCTURE}
    return challenge_domain(ALICE.actor, LeaveEntry(**kept | changes))


def test_a_record_in_the_dns_gives_leave_for_as_long_as_it_is_there(instance: Instance) -> None:
    line = challenged()
    assert STRUCTURE in line.challenge
    place = f"_sceau-challenge.{LENT}"
    assert check_domain(ALICE.actor, reference=line.reference).state == "received"
    instance.zone.records[place] = ("v=spf1 -all", line.challenge)
    assert check_domain(ALICE.actor, reference=line.reference).state == "standing"
    accepted(lent())
    assert issued()
    instance.clock.forward(hours=25)
    instance.zone.silent = True
    assert recheck_domains() == 1
    still = leave_line(line.reference, at=instance.clock())
    assert still is not None
    assert still.state == "standing"
    instance.zone.silent = False
    instance.zone.records[place] = (challenged().challenge,)
    instance.clock.forward(hours=25)
    assert recheck_domains() == 1
    assert refusal(issued, which="second") == {"right.letter-withdrawn"}
    instance.zone.records[place] = (line.challenge,)
    check_domain(ALICE.actor, reference=line.reference)
    assert issued(which="third")
    assert set(instance.zone.asked) == {place}
    answers = Piece.objects.filter(kind="dns-answer").order_by("id")
    assert answers.count() == 5
    told = json.loads(open_piece(ALICE.actor, reference=answers[1].reference)[1])
    assert told["expected"] == line.challenge
    assert told["outcome"] == "found"
    assert told["dnssec"] is False


def test_silence_holds_for_a_while_and_no_longer(instance: Instance) -> None:
    line = challenged()
    instance.zone.records[f"_sceau-challenge.{LENT}"] = (line.challenge,)
    check_domain(ALICE.actor, reference=line.reference)
    instance.zone.silent = True
    instance.clock.forward(days=14)
    assert check_domain(ALICE.actor, reference=line.reference).state == "standing"
    instance.clock.forward(hours=1)
    assert check_domain(ALICE.actor, reference=line.reference).state == "lapsed"


def test_a_record_made_for_another_structure_name_or_use_gives_nothing(instance: Instance) -> None:
    first = challenged()
    for other in (challenged(use="web"), challenged(name=f"sous.{LENT}")):
        instance.zone.records[f"_sceau-challenge.{LENT}"] = (other.challenge, first.challenge[:-1])
        assert check_domain(ALICE.actor, reference=first.reference).state == "received"


def test_nobody_but_the_desk_has_a_name_looked_up(instance: Instance) -> None:
    line = challenged()
    for someone in (REPRESENTATIVE, STRANGER, AUDITOR):
        assert refusal(check_domain, someone.actor, reference=line.reference) == {"operations.role-missing"}
        entry = LeaveEntry(name=LENT, holder="x", use="any", structure=STRUCTURE)
        assert refusal(challenge_domain, someone.actor, entry) == {"operations.role-missing"}
    assert instance.zone.asked == []
    assert refusal(verify_leave, ALICE.actor, reference=line.reference) >= {"letter.by-dns"}


def test_too_many_certificates_are_a_run_of_their_own(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted()
    for which in ("server", "second"):
        issued("www.chu-exemple.fr", which)
    rules = replace(instance.machine.catalogue.runs, alone_up_to=1)
    instance.at_another(catalogue=replace(instance.machine.catalogue, runs=rules))
    plan = StopPlan(others={"orders": "keep", "rights": "keep", "certificates": "revoke"})
    assert refusal(stopped, "suspend", plan) == {"contract.too-many-to-revoke"}


def test_a_certificate_already_revoked_is_not_listed(instance: Instance) -> None:
    accepted()
    reference = issued("www.chu-exemple.fr")
    revoke_certificate(ADMINISTRATOR.actor, reference=reference, reason="superseded", quality="administrator")
    assert preview_contract_act(CONTRACT).stops.certificates == ()


def test_the_machine_puts_what_came_by_mail_on_file(instance: Instance) -> None:
    line = add_piece(Actor.system("mail-room"), kbis())
    assert (line.brought_by, line.brought_as) == ("", "mail-room")


def test_nothing_of_a_legal_file_is_removed_and_no_history_is_rewritten(instance: Instance) -> None:
    reference = by_mail().line.reference
    scan = add_piece(ALICE.actor, PieceEntry("form-scan", PNG, issued_on=TODAY, order=reference)).reference
    take_order(ALICE.actor, reference=reference)
    attest_visa(ALICE.actor, VisaEntry(reference, 1, scan, TODAY, stamped=True))
    read_extract(ALICE.actor, ExtractEntry(add_piece(ALICE.actor, kbis()).reference, "Nom", SIRET))
    challenged()
    stopped("suspend", KEEP_ALL)
    histories = {"visaattestation", "extractreading"}
    for short in ("piece", "leave", "contractact", "contractparty", *histories):
        table = f"records_{short}"
        with pytest.raises(IntegrityError, match="never removed"), transaction.atomic():
            run(f"DELETE FROM {table}")
        if short in histories:
            with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
                run(f"UPDATE {table} SET id = id")
    with pytest.raises(IntegrityError, match="never change"), transaction.atomic():
        run("UPDATE records_leave SET name = 'wider.fr'")
    with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
        run("UPDATE records_contractact SET state = 'asked'")


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
