"""From a right to a certificate in service: asked, weighed, intended, signed, recorded, collected."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509

from sceau.operations import (
    Actor,
    CertificateRequest,
    accept_clock,
    collect_certificate,
    confirm_employee,
    confirm_mailbox,
    issue_certificate,
    issue_pair,
    preview_certificate,
    resume_habilitation,
    revoke_certificate,
    send_mailbox_code,
    set_card_status,
    suspend_habilitation,
    withdraw_habilitation,
)
from sceau.records import certificate_for, certificates_of, certificates_on, journal_lines
from sceau.records.models import Certificate, Habilitation, HabilitationVersion, JournalEntry
from sceau.registration import Person
from sceau.vocabulary import Fault, PersonId, Refused, errors
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    DOCTOR,
    NOON,
    REPRESENTATIVE,
    STRANGER,
    Instance,
    accepted,
    csr,
    offer,
    right_for,
    server_request,
    set_contract_state,
)
from tests.integration.test_orders import refusal

CODE = "un-code-choisi"


def issue(request: CertificateRequest | None = None, *, key: str = "k1", actor: Actor | None = None) -> Any:
    return issue_certificate(actor or ADMINISTRATOR.actor, request or server_request(), idempotency_key=key)


def collect(reference: str, *, code: str = CODE, again: str | None = None, terms: bool = True) -> Any:
    return collect_certificate(
        ADMINISTRATOR.actor,
        reference=reference,
        terms_accepted=terms,
        code=code,
        code_again=code if again is None else again,
    )


@pytest.fixture
def habilitated(instance: Instance) -> Instance:
    """The administrator may ask for server and application certificates."""
    accepted(offer("serv-ssl"), offer("org"))
    return instance


def test_a_certificate_says_what_the_right_and_the_request_say(habilitated: Instance) -> None:
    issued = issue()
    read = x509.load_der_x509_certificate(issued.der)
    assert read.serial_number == int(issued.line.serial, 16)
    assert [attribute.value for attribute in read.subject] == [
        "FR",
        "Rhône (69)",
        "Centre hospitalier de l'Exemple",
        "318751275100020",
        "www.chu-exemple.fr",
    ]
    assert issued.line.names == ("www.chu-exemple.fr",)
    assert issued.line.standing == "to-collect"
    assert (issued.line.habilitation, issued.habilitation_version) == (right_for("SERV_SSL"), 1)
    assert read.not_valid_before_utc == NOON


def test_the_intent_is_committed_before_the_signer_is_asked(habilitated: Instance) -> None:
    seen: list[tuple[str, str, bool]] = []

    def look(kind: str) -> None:
        from django.db import connection

        row = Certificate.objects.get()
        told = JournalEntry.objects.filter(kind="certificate.intended", subject=row.reference).exists()
        seen.append((row.state, kind, told and not connection.in_atomic_block))

    habilitated.signer.before = look
    issue()
    assert seen == [("intended", "certificate", True)]


def test_what_was_signed_is_the_stored_draft(habilitated: Instance) -> None:
    import hashlib

    issued = issue()
    row = Certificate.objects.get(reference=issued.line.reference)
    assert row.meant in bytes(row.der or b"")
    assert bytes(row.draft) == b""  # it stands in what was signed: kept once
    assert habilitated.signer.drafts() == [hashlib.sha256(row.meant).hexdigest()]
    entries = [json.loads(line.entry) for line in journal_lines(subject=issued.line.reference)]
    assert [entry["kind"] for entry in entries] == ["certificate.intended", "certificate.issued"]
    assert entries[0]["public"]["tbs"] == habilitated.signer.drafts()[0]


def test_a_name_outside_the_scope_is_refused_and_nothing_is_signed(habilitated: Instance) -> None:
    assert "scope.label-boundary" in refusal(issue, server_request("evilchu-exemple.fr"))
    assert habilitated.signer.signatures == []
    assert Certificate.objects.count() == 0


def test_the_journal_keeps_a_refusal_with_its_codes_and_no_personal_data(habilitated: Instance) -> None:
    refusal(issue, server_request("autre.fr"))
    entry = JournalEntry.objects.get(kind="refused.certificate.intended")
    public = json.loads(bytes(entry.entry))["public"]
    assert public == {"findings": ["scope.outside"]}
    assert b"autre.fr" not in bytes(entry.entry)
    said = entry.disclosures.get(name="findings").data
    assert said[0][:2] == ["scope.outside", "autre.fr"]


@pytest.mark.parametrize("someone", [STRANGER, REPRESENTATIVE, ALICE])
def test_a_right_is_nobody_elses(habilitated: Instance, someone: Any) -> None:
    mine = server_request()
    nothing = server_request(habilitation="HAB-00000-00000")
    assert refusal(issue, mine, actor=someone.actor) == {"habilitation.unknown"}
    assert refusal(issue, nothing, actor=someone.actor) == {"habilitation.unknown"}


def test_a_product_not_on_the_form_is_refused(habilitated: Instance) -> None:
    other = CertificateRequest("SERV_CONF", ("a@chu-exemple.fr",), csr("s"), right_for("SERV_SSL"))
    assert "right.product-not-habilitated" in refusal(issue, other)


@pytest.mark.parametrize("state", ["suspended", "terminated"])
def test_no_certificate_without_a_contract_in_force(habilitated: Instance, state: str) -> None:
    set_contract_state(state=state)
    assert refusal(issue) == {f"right.contract-{state}"}


def test_no_certificate_with_a_card_that_was_opposed(habilitated: Instance) -> None:
    set_card_status(Actor.system(), number=ADMINISTRATOR.card, status="revoked", reason="Opposition")
    assert refusal(issue) == {"right.card-revoked"}


def test_a_suspended_right_gives_nothing_a_withdrawn_one_neither(habilitated: Instance) -> None:
    right = right_for("SERV_SSL")
    suspend_habilitation(ALICE.actor, reference=right, reason="Vérification")
    assert refusal(issue) == {"right.habilitation-suspended"}
    withdraw_habilitation(ALICE.actor, reference=right, reason="Fin")
    assert refusal(issue) == {"right.habilitation-withdrawn"}


def test_the_first_use_of_a_right_needs_the_card_itself(habilitated: Instance) -> None:
    without = Actor(ADMINISTRATOR.national_id.text, None, frozenset(), "e-CPS")
    assert refusal(issue, actor=without) == {"issuance.card-needed"}
    issue()
    assert issue(server_request("b.chu-exemple.fr", which="b"), key="k2", actor=without).line.names == (
        "b.chu-exemple.fr",
    )


def test_the_same_key_of_idempotency_gives_the_first_certificate(habilitated: Instance) -> None:
    first, second = issue(), issue()
    assert first.line.reference == second.line.reference
    assert len(habilitated.signer.signatures) == 1
    assert refusal(issue, server_request("x.chu-exemple.fr", which="x")) == {"issuance.key-for-another"}
    assert (
        issue(server_request("x.chu-exemple.fr", which="x"), key="k2").line.reference != first.line.reference
    )


def test_a_key_of_idempotency_gives_nobody_elses_certificate(habilitated: Instance) -> None:
    request = server_request()
    first = issue(request)
    for someone in (STRANGER, REPRESENTATIVE, ALICE):
        assert refusal(issue, request, actor=someone.actor) == {"habilitation.unknown"}
    assert issue(request).line.reference == first.line.reference


def test_a_key_serves_one_product_of_one_structure_once(habilitated: Instance) -> None:
    issue()
    assert "key.used-before" in refusal(issue, server_request("autre.chu-exemple.fr"), key="k2")
    application = CertificateRequest("ORG_AUTH_CLI", ("INSI-AUTO",), csr("server"), right_for("ORG_AUTH_CLI"))
    assert "key.used-for-another-product" in refusal(issue, application, key="k3")


def test_a_key_that_is_tried_again_is_found_in_both_its_certificates(habilitated: Instance) -> None:
    def away(kind: str) -> None:
        raise Fault("signer.unreachable", retryable=True, detail="away")

    habilitated.signer.before = away
    with pytest.raises(Fault):
        issue(key="k1")
    habilitated.signer.before = lambda kind: None
    issued = issue(key="k2")
    first, second = Certificate.objects.order_by("id")
    assert (first.state, second.reference) == ("abandoned", issued.line.reference)
    assert set(certificates_on(first.spki_sha256)) == {first, second}
    assert bytes(first.draft) == first.meant != second.meant
    assert not certificates_on("0" * 64).exists()


def test_a_compromised_key_is_never_certified_again(habilitated: Instance) -> None:
    issued = issue()
    revoke_certificate(
        ADMINISTRATOR.actor,
        reference=issued.line.reference,
        reason="keyCompromise",
        quality="administrator",
    )
    assert "key.blocked" in refusal(issue, server_request("autre.chu-exemple.fr"), key="k2")


def test_a_preview_shows_the_exact_subject_and_keeps_nothing(habilitated: Instance) -> None:
    before = JournalEntry.objects.count()
    seen = preview_certificate(ADMINISTRATOR.actor, server_request())
    assert seen.rfc4514.startswith("CN=www.chu-exemple.fr,OU=318751275100020")
    assert seen.names == ("www.chu-exemple.fr",)
    assert errors(seen.findings) == ()
    assert {finding.code for finding in seen.findings} >= {"scope.is-below"}
    refused = preview_certificate(ADMINISTRATOR.actor, server_request("autre.fr"))
    assert [finding.code for finding in errors(refused.findings)] == ["scope.outside"]
    assert (JournalEntry.objects.count(), Certificate.objects.count()) == (before, 0)


def test_a_preview_with_a_request_says_what_is_wrong_with_it(habilitated: Instance) -> None:
    request = server_request()
    broken = CertificateRequest(request.product, request.names, b"rien", request.habilitation)
    seen = preview_certificate(ADMINISTRATOR.actor, broken)
    assert errors(seen.findings)
    assert seen.subject


def test_the_pair_of_the_dmp_has_one_subject_and_two_keys(habilitated: Instance) -> None:
    requests = (
        CertificateRequest("ORG_AUTH_CLI", ("DMP",), csr("auth"), right_for("ORG_AUTH_CLI")),
        CertificateRequest("ORG_SIGN", ("DMP",), csr("sign"), right_for("ORG_SIGN")),
    )
    first, second = issue_pair(ADMINISTRATOR.actor, requests, idempotency_key="dmp")
    subjects = [x509.load_der_x509_certificate(one.der).subject for one in (first, second)]
    assert subjects[0].public_bytes() == subjects[1].public_bytes()
    again = issue_pair(ADMINISTRATOR.actor, requests, idempotency_key="dmp")
    assert [one.line.reference for one in again] == [first.line.reference, second.line.reference]


@pytest.mark.parametrize(
    ("names", "keys", "code"),
    [
        (("DMP", "DMP-2"), ("auth", "sign"), "issuance.pair-subjects"),
        (("DMP", "DMP"), ("auth", "auth"), "issuance.pair-keys"),
        (("DMP", "DMP "), ("auth", "sign"), "application.spaces"),
    ],
)
def test_a_pair_that_does_not_match_leaves_no_half(
    habilitated: Instance, names: tuple[str, str], keys: tuple[str, str], code: str
) -> None:
    requests = (
        CertificateRequest("ORG_AUTH_CLI", names[:1], csr(keys[0]), right_for("ORG_AUTH_CLI")),
        CertificateRequest("ORG_SIGN", names[1:], csr(keys[1]), right_for("ORG_SIGN")),
    )
    refused = refusal(issue_pair, ADMINISTRATOR.actor, requests, idempotency_key="dmp")
    assert code in refused
    assert Certificate.objects.count() == 0


def test_a_professional_is_certified_from_the_card_alone(instance: Instance) -> None:
    request = CertificateRequest("PS_SIGN", ("geraldine@cabinet.fr",), csr("ps"))
    assert refusal(issue, request, actor=DOCTOR.actor) == {"issuance.mailbox-not-confirmed"}
    send_mailbox_code(DOCTOR.actor, mailbox="geraldine@cabinet.fr")
    ((to, _, text),) = instance.outbox.mails
    assert to == "geraldine@cabinet.fr"
    code = next(word for word in text.split() if word.isdecimal() and len(word) == 8)
    assert refusal(confirm_mailbox, DOCTOR.actor, mailbox=to, code="00000000") == {"mailbox.code-wrong"}
    confirm_mailbox(DOCTOR.actor, mailbox=to, code=code)
    issued = issue(request, actor=DOCTOR.actor)
    read = x509.load_der_x509_certificate(issued.der)
    assert "899700041983" in read.subject.rfc4514_string()
    assert issued.line.habilitation == ""
    assert issued.line.issuer == "el-pp"
    assert certificates_of(DOCTOR.national_id.text, at=NOON)[0].reference == issued.line.reference
    two = ("geraldine@cabinet.fr", "autre@cabinet.fr")
    assert refusal(issue, replace(request, names=two), actor=DOCTOR.actor, key="two") == {
        "issuance.one-mailbox"
    }
    instance.clock.forward(days=367)
    later = replace(request, csr=csr("ps, a year later"))
    assert refusal(issue, later, actor=DOCTOR.actor, key="later") == {"right.mailbox-stale"}


def test_a_mailed_code_does_not_last_and_is_not_guessed(instance: Instance) -> None:
    send_mailbox_code(DOCTOR.actor, mailbox="geraldine@cabinet.fr")
    for _ in range(5):
        guess = {"mailbox": "geraldine@cabinet.fr", "code": "12345678"}
        assert refusal(confirm_mailbox, DOCTOR.actor, **guess) == {"mailbox.code-wrong"}
    assert refusal(confirm_mailbox, DOCTOR.actor, **guess) == {"mailbox.no-code"}
    for _ in range(4):
        send_mailbox_code(DOCTOR.actor, mailbox="geraldine@cabinet.fr")
    assert refusal(send_mailbox_code, DOCTOR.actor, mailbox="geraldine@cabinet.fr") == {
        "mailbox.too-many-codes"
    }
    instance.clock.forward(minutes=31)
    assert refusal(confirm_mailbox, DOCTOR.actor, **guess) == {"mailbox.no-code"}


def test_an_employee_is_named_once_the_desk_confirmed_them(instance: Instance) -> None:
    accepted(offer("pro"))
    employee = Person(
        PersonId("3", "690000001", "INF07"), "Infirmier", "Ivan", "Personnel santé ou social", None
    )
    request = CertificateRequest(
        "PRO_SIGN", ("ivan@chu-exemple.fr",), csr("pro"), right_for("PRO_SIGN"), holder=employee
    )
    assert "right.holder-unconfirmed" in refusal(issue, request)
    confirm_employee(ALICE.actor, structure_id="318751275100020", person=employee)
    issued = issue(request)
    assert issued.holder == employee.national_id.text
    other_name = Person(employee.national_id, "Autre", "Ivan", employee.title, None)
    lie = CertificateRequest(
        "PRO_SIGN", ("ivan@chu-exemple.fr",), csr("pro2"), right_for("PRO_SIGN"), holder=other_name
    )
    assert refusal(issue, lie, key="k2") == {"issuance.holder-differs"}


def test_collection_gives_the_certificate_to_who_asked_for_it_only(habilitated: Instance) -> None:
    reference = issue().line.reference
    stranger = {"reference": reference, "terms_accepted": True, "code": CODE, "code_again": CODE}
    assert refusal(collect_certificate, STRANGER.actor, **stranger) == {"certificate.unknown"}
    assert refusal(collect, reference, terms=False) == {"collection.terms"}
    assert refusal(collect, reference, again="autre") == {"collection.codes-differ"}
    assert refusal(collect, reference, code="court") == {"collection.code-length"}
    assert refusal(collect, reference, code="aaaaaaaaaa") == {"collection.code-easy"}
    collected = collect(reference)
    assert collected.line.standing == "in-service"
    assert collect(reference).line.standing == "in-service"
    assert refusal(collect, reference, code="un-autre-code") == {"life.not-now"}


def test_the_revocation_code_is_kept_as_a_salted_hash_only(habilitated: Instance) -> None:
    reference = issue().line.reference
    collect(reference)
    kept = Certificate.objects.get(reference=reference).code_hash
    assert kept.startswith("scrypt$16384$")
    assert CODE not in kept
    for entry in JournalEntry.objects.filter(subject=reference):
        assert CODE.encode() not in bytes(entry.entry)
        assert all(CODE not in json.dumps(shown.data) for shown in entry.disclosures.all())


def test_a_certificate_renewed_names_the_one_it_replaces_and_only_ones_own(habilitated: Instance) -> None:
    first = issue()
    renewal = server_request(which="new", replaces=first.line.reference)
    second = issue(renewal, key="k2")
    assert second.replaces == first.line.reference
    seen = certificate_for(first.line.reference, viewer=ADMINISTRATOR.national_id.text, at=NOON)
    assert seen is not None
    assert seen.replaced_by == second.line.reference
    application = CertificateRequest(
        "ORG_AUTH_CLI", ("DMP",), csr("o"), right_for("ORG_AUTH_CLI"), replaces=first.line.reference
    )
    assert refusal(issue, application, key="k3") == {"issuance.replaces-other"}


def test_a_certificate_is_seen_by_who_asked_and_whom_the_contract_names(habilitated: Instance) -> None:
    reference = issue().line.reference
    for viewer in (ADMINISTRATOR, REPRESENTATIVE):
        assert certificate_for(reference, viewer=viewer.national_id.text, at=NOON) is not None
    for viewer in (STRANGER, DOCTOR):
        assert certificate_for(reference, viewer=viewer.national_id.text, at=NOON) is None


def test_nothing_is_signed_when_the_clock_went_back(habilitated: Instance) -> None:
    habilitated.clock.forward(minutes=-4)
    issue()
    habilitated.clock.forward(minutes=-2)
    with pytest.raises(Fault) as caught:
        issue(server_request("b.chu-exemple.fr", which="b"), key="k2")
    assert caught.value.code == "operations.clock-back"
    assert len(habilitated.signer.signatures) == 1
    accept_clock(Actor.system("console"))
    issue(server_request("b.chu-exemple.fr", which="b"), key="k2")


def test_a_right_altered_in_the_database_gives_nothing(habilitated: Instance) -> None:
    from django.db import connection

    right = right_for("SERV_SSL")
    with connection.cursor() as cursor:
        drop = "DROP TRIGGER sceau_habilitationversion_no_update"
        cursor.execute(drop if connection.vendor == "sqlite" else f"{drop} ON records_habilitationversion")
    changed = HabilitationVersion.objects.filter(habilitation__reference=right)
    assert changed.update(scope_name="banque-exemple.fr") == 1
    with pytest.raises(Fault) as caught:
        issue(server_request("www.banque-exemple.fr"))
    assert caught.value.code == "issuance.right-altered"
    changed.update(digest="0" * 64)
    with pytest.raises(Fault):
        issue(server_request("www.banque-exemple.fr"))
    assert habilitated.signer.signatures == []


def test_a_suspension_lifted_in_the_database_gives_nothing(habilitated: Instance) -> None:
    right = right_for("SERV_SSL")
    suspend_habilitation(ALICE.actor, reference=right, reason="départ annoncé")
    assert Habilitation.objects.filter(reference=right).update(state="active") == 1
    with pytest.raises(Fault) as caught:
        issue()
    assert caught.value.code == "issuance.right-altered"
    assert habilitated.signer.signatures == []
    Habilitation.objects.filter(reference=right).update(state="suspended")
    resume_habilitation(ALICE.actor, reference=right, reason="il reste")
    assert issue().line.state == "issued"


def test_a_serial_drawn_twice_is_drawn_again(habilitated: Instance) -> None:

    from sceau.operations import install

    real = habilitated.machine.random
    kept: list[bytes] = []

    def stuck(count: int) -> bytes:
        """The first two serials drawn are the same."""
        drawn = real(count)
        if count == 16 and len(kept) < 2:
            kept.append(drawn)
            return kept[0]
        return drawn

    install(replace(habilitated.machine, random=stuck))
    first = issue()
    second = issue(server_request("b.chu-exemple.fr", which="b"), key="k2")
    assert len(kept) == 2
    assert first.line.serial != second.line.serial
    assert len(set(habilitated.signer.drafts())) == 2


def test_rights_are_looked_at_again_at_each_request(habilitated: Instance) -> None:
    issue()
    habilitated.clock.forward(days=1)
    set_contract_state(state="terminated")
    with pytest.raises(Refused):
        issue(server_request("b.chu-exemple.fr", which="b"), key="k2")
    assert habilitated.clock() - NOON == timedelta(days=1)
