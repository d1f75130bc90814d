"""Third parties: designated by a signed act, a team that holds what it gives and no more, ended at will."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from sceau.journal import open_evidence, verify_evidence
from sceau.operations import (
    Actor,
    DesignationEnd,
    PaperAct,
    PieceEntry,
    accept_designation,
    add_piece,
    amend_designation,
    amend_grants,
    answer_amendment,
    approve_order,
    attest_designation,
    check_member,
    create_token,
    decline_designation,
    delegation,
    designate,
    end_designation,
    export_evidence,
    issue_certificate,
    key_designation,
    make_mails,
    preview_amendment,
    preview_designation_end,
    propose_member,
    refuse_member,
    register_third_party,
    remove_member,
    take_order,
)
from sceau.operations.typed import canonical, digest_of
from sceau.records import (
    CertificateFile,
    certificate_file,
    clients_of,
    designation_for,
    designation_view,
    designations_by,
    habilitations_of,
    obtained_under,
    sides_of,
    team_of,
    token_line,
)
from sceau.records.models import (
    Designation,
    DesignationVersion,
    Habilitation,
    HabilitationVersion,
    JournalEntry,
    Mail,
    TeamMember,
)
from sceau.registration import StopPlan
from sceau.vocabulary import Refused, errors
from tests.designations import (
    EDITOR,
    EDITOR_CONTRACT,
    LAST_DAY,
    SECOND_TECHNICIAN,
    TECHNICIAN,
    admitted,
    designated,
    editor_registered,
    offered,
    proposed,
    terms,
    terms_changed,
    third_party,
)
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    AUDITOR,
    BRUNO,
    CHLOE,
    CONTRACT,
    MANDATAIRE,
    NOON,
    OTHER_CONTRACT,
    OTHER_REPRESENTATIVE,
    REPRESENTATIVE,
    SECOND_ADMINISTRATOR,
    STRANGER,
    Instance,
    Someone,
    accepted,
    form,
    give_role,
    offer,
    right_for,
    server_request,
    set_contract_state,
)
from tests.integration.test_evidence import dossier_of, verifier
from tests.pdfmaker import blank
from tests.postal import with_mail

KEEP = StopPlan(others={"certificates": "keep"})


@pytest.fixture
def editor(instance: Instance) -> Instance:
    """An instance where an editor is registered."""
    editor_registered()
    return instance


def refusal(verb: Any, *args: Any, **named: Any) -> set[str]:
    with pytest.raises(Refused) as refused:
        verb(*args, **named)
    return {finding.code for finding in errors(refused.value.findings)}


def rights(who: Someone = TECHNICIAN, at: Any = NOON) -> set[tuple[str, str, str]]:
    """What somebody holds and that was not withdrawn: product, name, what it is worth."""
    lines = habilitations_of(who.national_id.text, at=at)
    return {(line.product, line.scope_name, line.usable) for line in lines if line.state != "withdrawn"}


SSL = ("SERV_SSL", "chu-exemple.fr", "approved")


def issued(which: str, who: Someone = TECHNICIAN, name: str = "www.chu-exemple.fr") -> CertificateFile:
    """A certificate that somebody of the team obtains for the hospital."""
    right = next(
        line.reference
        for line in habilitations_of(who.national_id.text, at=NOON)
        if line.product == "SERV_SSL" and line.state != "withdrawn"
    )
    return issue_certificate(
        who.actor, server_request(name, which=which, habilitation=right), idempotency_key=which
    )


def ended(reference: str, by: Someone = REPRESENTATIVE, plan: StopPlan = KEEP) -> Any:
    seen = preview_designation_end(reference).seen
    return end_designation(by.actor, DesignationEnd(reference, "Nous changeons d'éditeur", seen, plan))


def test_a_team_gets_its_rights_once_designated_and_accepted_and_issues(editor: Instance) -> None:
    accepted()
    admitted()
    view = offered()
    assert view.line.state == "offered"
    assert rights() == set()
    accept_designation(EDITOR.actor, reference=view.line.reference, version=1)
    assert rights() == {SSL}
    certificate = issued("first")
    right = Habilitation.objects.get(person__national_id=TECHNICIAN.national_id.text)
    version = HabilitationVersion.objects.get(habilitation=right, number=right.current_version)
    designation = version.designation
    assert designation is not None
    assert (designation.designation.reference, designation.number) == (view.line.reference, 1)
    told = JournalEntry.objects.get(subject=right.reference, kind="habilitation.granted")
    assert b'"designation_version":1' in bytes(told.entry)
    assert view.line.reference.encode() in bytes(told.entry)
    (line,) = obtained_under(view.line.reference, at=NOON)
    assert (line.reference, line.designation_version, line.right) == (
        certificate.line.reference,
        1,
        right.reference,
    )


def test_a_new_member_gets_every_clients_rights_after_two_different_officers(editor: Instance) -> None:
    accepted()
    designated()
    member = proposed()
    assert refusal(check_member, REPRESENTATIVE.actor, reference=member) == {"operations.role-missing"}
    check_member(ALICE.actor, reference=member)
    assert check_member(ALICE.actor, reference=member).state == "proposed"
    assert rights() == set()
    assert check_member(BRUNO.actor, reference=member).state == "active"
    assert rights() == {SSL}
    assert team_of(third_party())[0].checked_by == (
        ALICE.national_id.text,
        BRUNO.national_id.text,
    )


def test_the_team_is_its_representatives_to_build(editor: Instance) -> None:
    card = TECHNICIAN.card
    for stranger in (STRANGER, TECHNICIAN, REPRESENTATIVE):
        found = refusal(
            propose_member, stranger.actor, third_party=third_party(), card_number=card, email="a@b.fr"
        )
        assert found == {"third-party.unknown"}
    assert refusal(
        propose_member, EDITOR.actor, third_party=third_party(), card_number="2699999999", email="?"
    ) >= {"team.card-unknown"}
    member = proposed()
    assert refusal(proposed) == {"team.twice"}
    assert refuse_member(ALICE.actor, reference=member, reason="Inconnu").state == "refused"
    assert refusal(check_member, BRUNO.actor, reference=member) == {"life.not-now"}


def test_a_removed_member_holds_nothing_from_that_moment(editor: Instance) -> None:
    accepted()
    member = admitted()
    admitted(SECOND_TECHNICIAN)
    designated()
    token = create_token(
        TECHNICIAN.actor,
        habilitation=habilitations_of(TECHNICIAN.national_id.text, at=NOON)[0].reference,
        label="machine",
        valid_until=NOON + timedelta(days=9),
        terms_accepted=True,
    ).line.reference
    first = issued("first")
    right = habilitations_of(TECHNICIAN.national_id.text, at=NOON)[0].reference
    assert refusal(remove_member, STRANGER.actor, reference=member, reason="?") == {"third-party.unknown"}
    remove_member(EDITOR.actor, reference=member, reason="A quitté l'entreprise")
    assert rights() == set()
    assert rights(SECOND_TECHNICIAN) == {SSL}
    line = token_line(token, at=NOON)
    assert line is not None
    assert line.revoked_at is not None
    assert refusal(
        issue_certificate,
        TECHNICIAN.actor,
        server_request(which="second", habilitation=right),
        idempotency_key="second",
    ) == {"right.habilitation-withdrawn"}
    kept = certificate_file(first.line.reference, at=NOON)
    assert kept is not None
    assert kept.line.revocation is None


def test_only_the_structures_signatory_designates_and_never_the_third_party(editor: Instance) -> None:
    assert refusal(offered, STRANGER) == {"designation.not-signatory"}
    assert refusal(offered, ADMINISTRATOR) == {"designation.not-signatory"}
    assert refusal(offered, EDITOR) == {"designation.not-signatory"}
    assert refusal(offered, OTHER_REPRESENTATIVE) == {"designation.not-signatory"}
    without = Actor(REPRESENTATIVE.national_id.text, None, frozenset(), "Sans carte")
    assert refusal(designate, without, contract=CONTRACT, third_party=third_party(), terms=terms()) == {
        "designation.card-needed"
    }
    assert refusal(offered, EDITOR, EDITOR_CONTRACT) == {"designation.self"}
    propose_member(
        EDITOR.actor, third_party=third_party(), card_number=MANDATAIRE.card, email="deux@editeur.fr"
    )
    assert refusal(offered, MANDATAIRE) == {"designation.third-party-side"}
    view = offered()
    assert refusal(offered) == {"designation.there"}
    for other in (REPRESENTATIVE, STRANGER, TECHNICIAN):
        assert refusal(accept_designation, other.actor, reference=view.line.reference, version=1) == {
            "designation.unknown"
        }


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"products": ()}, "designation.no-product"),
        ({"products": ("PS_AUTH",)}, "designation.product"),
        ({"may_fill": False, "may_administer": False}, "designation.nothing"),
        ({"until": date(2026, 11, 23)}, "designation.until"),
        ({"until": None}, "designation.until"),
        ({"names": ("pas un nom",)}, "host.space"),
    ],
)
def test_terms_that_do_not_hold_are_refused(editor: Instance, changes: Any, code: str) -> None:
    assert code in refusal(offered, **changes)
    assert not Designation.objects.exists()


def test_a_team_never_gets_more_than_the_structure_holds_or_designated(editor: Instance) -> None:
    accepted(offer("serv-ssl"), offer("org"))
    admitted()
    reference = designated(names=("api.chu-exemple.fr", "ailleurs.fr"))
    assert rights() == {("SERV_SSL", "api.chu-exemple.fr", "approved")}
    issued("inside", name="one.api.chu-exemple.fr")
    assert refusal(issued, "outside", name="www.chu-exemple.fr") == {"scope.outside"}
    terms_changed(reference, products=("ORG_AUTH_CLI",))
    assert rights() == {("ORG_AUTH_CLI", "", "approved")}
    view = terms_changed(reference, may_administer=False)
    assert view.line.version == 3
    assert rights() == set()


def test_a_new_version_renews_the_rights_it_still_gives(editor: Instance) -> None:
    accepted()
    admitted()
    reference = designated()
    right = habilitations_of(TECHNICIAN.national_id.text, at=NOON)[0].reference
    amend_designation(MANDATAIRE.actor, reference=reference, version=1, terms=terms(until=date(2026, 12, 31)))
    (line,) = [
        one for one in habilitations_of(TECHNICIAN.national_id.text, at=NOON) if one.reference == right
    ]
    assert (line.version, line.designation_version, line.state) == (2, 2, "active")
    editor.clock.now = NOON + timedelta(days=60)
    assert rights(at=editor.clock.now) == {("SERV_SSL", "chu-exemple.fr", "expired")}
    assert refusal(issued, "late") == {"right.habilitation-expired", "right.term-past"}
    assert refusal(
        amend_designation, REPRESENTATIVE.actor, reference=reference, version=1, terms=terms()
    ) == {"designation.version"}


def test_other_terms_show_what_they_touch_line_by_line_and_do_what_was_answered(editor: Instance) -> None:
    accepted(offer("serv-ssl"), offer("org"))
    admitted()
    reference = designated(products=("SERV_SSL", "ORG_AUTH_CLI"))
    kept, gone = issued("kept").line.reference, issued("gone", name="b.chu-exemple.fr").line.reference
    narrower = terms(products=("ORG_AUTH_CLI",))
    effects = delegation.preview_terms(reference, terms=narrower)
    who = f"{TECHNICIAN.given_names} {TECHNICIAN.surname}"
    assert [(one.person, one.product, one.scope) for one in effects.withdrawn] == [
        (who, "SERV_SSL", "chu-exemple.fr")
    ]
    assert [(one.product, one.scope) for one in effects.renewed] == [("ORG_AUTH_CLI", "")]
    assert (effects.given, set(effects.stops.certificates)) == ((), {kept, gone})
    wider = delegation.preview_terms(
        reference, terms=terms(products=("SERV_SSL", "ORG_AUTH_CLI", "ORG_SIGN"))
    )
    assert (wider.withdrawn, [one.product for one in wider.given]) == ((), ["ORG_SIGN"])
    assert rights() == {SSL, ("ORG_AUTH_CLI", "", "approved")}, "looking changes nothing"
    sign: dict[str, Any] = {"reference": reference, "version": 1, "terms": narrower}
    each = StopPlan(each={kept: "keep", gone: "revoke"})
    unseen = delegation.TermsAnswer(plan=each)
    assert refusal(amend_designation, REPRESENTATIVE.actor, **sign) == {"designation.effects-changed"}
    assert refusal(amend_designation, REPRESENTATIVE.actor, **sign, answer=unseen) == {
        "designation.effects-changed"
    }
    half = delegation.TermsAnswer(effects.seen, StopPlan(each={gone: "revoke"}))
    assert refusal(amend_designation, REPRESENTATIVE.actor, **sign, answer=half) == {
        "contract.stop-unanswered"
    }
    other = sign | {"terms": terms(products=("ORG_SIGN",))}
    whole = delegation.TermsAnswer(effects.seen, each)
    assert refusal(amend_designation, REPRESENTATIVE.actor, **other, answer=whole) == {
        "designation.effects-changed"
    }
    amend_designation(REPRESENTATIVE.actor, **sign, answer=whole)
    assert rights() == {("ORG_AUTH_CLI", "", "approved")}
    files = {one: certificate_file(one, at=NOON) for one in (kept, gone)}
    ends = {
        one: "" if file is None or file.line.revocation is None else file.line.revocation.reason
        for one, file in files.items()
    }
    assert ends == {kept: "", gone: "privilegeWithdrawn"}


def test_ending_shows_its_effects_and_does_them(editor: Instance) -> None:
    accepted()
    admitted()
    reference = designated()
    kept, revoked = issued("kept").line.reference, issued("revoked", name="b.chu-exemple.fr").line.reference
    effects = preview_designation_end(reference)
    assert len(effects.stops.rights) == 1
    assert set(effects.stops.certificates) == {kept, revoked}
    end = DesignationEnd(reference, "Fin du marché", effects.seen, StopPlan(each={revoked: "revoke"}))
    assert refusal(end_designation, REPRESENTATIVE.actor, end) == {"contract.stop-unanswered"}
    for nobody in (STRANGER, ADMINISTRATOR, TECHNICIAN):
        assert refusal(end_designation, nobody.actor, end) == {"designation.unknown"}
    view = ended(reference, plan=StopPlan(each={revoked: "revoke", kept: "keep"}))
    assert (view.line.state, view.ended_as, view.rights) == ("ended", "representative", 0)
    assert rights() == set()
    states = {one: certificate_file(one, at=NOON) for one in (kept, revoked)}
    staying = states[kept]
    assert staying is not None
    assert staying.line.revocation is None
    ending = states[revoked]
    assert ending is not None
    assert ending.line.revocation is not None
    assert ending.line.revocation.reason == "privilegeWithdrawn"
    assert refusal(end_designation, REPRESENTATIVE.actor, end) >= {"designation.effects-changed"}
    right = Habilitation.objects.get(person__national_id=TECHNICIAN.national_id.text).reference
    asked = server_request(which="after", habilitation=right)
    assert refusal(issue_certificate, TECHNICIAN.actor, asked, idempotency_key="after") == {
        "right.habilitation-withdrawn"
    }
    again = offered()
    assert again.line.reference != reference


def test_effects_that_changed_meanwhile_are_looked_at_again(editor: Instance) -> None:
    accepted()
    reference = designated()
    seen = preview_designation_end(reference).seen
    admitted()
    end = DesignationEnd(reference, "Fin", seen, KEEP)
    assert refusal(end_designation, REPRESENTATIVE.actor, end) == {"designation.effects-changed"}
    assert rights() == {SSL}


def test_the_third_party_gives_up_without_touching_its_clients_certificates(editor: Instance) -> None:
    accepted()
    admitted()
    reference = designated()
    one = issued("one").line.reference
    view = ended(reference, by=EDITOR, plan=StopPlan(each={one: "revoke"}))
    assert (view.line.state, view.ended_as) == ("ended", "third-party")
    file = certificate_file(one, at=NOON)
    assert file is not None
    assert file.line.revocation is None
    assert rights() == set()


@pytest.mark.parametrize("number", [CONTRACT, EDITOR_CONTRACT])
def test_a_suspended_contract_stops_the_team_and_a_terminated_one_ends_it(
    editor: Instance, number: str
) -> None:
    accepted()
    admitted()
    reference = designated()
    set_contract_state(number, state="suspended")
    assert {worth for _, _, worth in rights()} <= {"suspended", "expired"}
    assert refusal(issued, "no") & {"right.habilitation-suspended", "right.contract-suspended"}
    set_contract_state(number, state="active")
    assert rights() == {SSL}
    issued("yes")
    set_contract_state(number, state="terminated")
    view = designation_view(reference, at=NOON)
    assert view is not None
    assert (view.line.state, view.ended_as, view.rights) == ("ended", "contract", 0)
    assert rights() == set()


def test_who_joins_while_a_contract_is_suspended_gets_rights_when_it_resumes(editor: Instance) -> None:
    accepted()
    designated()
    set_contract_state(CONTRACT, state="suspended")
    admitted()
    assert rights() == set()
    set_contract_state(CONTRACT, state="active")
    assert rights() == {SSL}


def paper(card: str = REPRESENTATIVE.card) -> PaperAct:
    piece = add_piece(
        ALICE.actor,
        PieceEntry("designation", blank(), "acte.pdf", issued_on=date(2026, 11, 20), contract=CONTRACT),
    )
    return PaperAct(card, date(2026, 11, 20), piece.reference)


def test_an_act_on_paper_holds_once_two_different_officers_attested_it(editor: Instance) -> None:
    accepted()
    admitted()
    act = paper()
    keyed: dict[str, Any] = {"contract": CONTRACT, "third_party": third_party(), "terms": terms()}
    assert refusal(key_designation, REPRESENTATIVE.actor, **keyed, paper=act) == {"operations.role-missing"}
    assert refusal(key_designation, ALICE.actor, **keyed, paper=paper(STRANGER.card)) == {
        "designation.not-signatory"
    }
    view = key_designation(ALICE.actor, **keyed, paper=act)
    reference = view.line.reference
    assert (view.line.state, view.line.version) == ("prepared", 0)
    assert refusal(attest_designation, ALICE.actor, reference=reference, version=1) == {
        "designation.same-officer"
    }
    assert refusal(accept_designation, EDITOR.actor, reference=reference, version=0) == {"life.not-now"}
    assert attest_designation(BRUNO.actor, reference=reference, version=1).line.state == "offered"
    accept_designation(EDITOR.actor, reference=reference, version=1)
    assert rights() == {SSL}
    changed = key_designation(BRUNO.actor, **(keyed | {"terms": terms(may_administer=False)}), paper=act)
    assert (changed.line.version, changed.versions[-1].waits) == (1, True)
    assert rights() == {SSL}
    last: dict[str, Any] = {"reference": reference, "version": 2}
    assert refusal(attest_designation, CHLOE.actor, **last) == {"designation.effects-changed"}
    effects = delegation.preview_version(reference, version=2)
    assert [one.product for one in effects.withdrawn] == ["SERV_SSL"]
    attest_designation(CHLOE.actor, **last, answer=delegation.TermsAnswer(effects.seen))
    assert rights() == set()
    assert refusal(attest_designation, ALICE.actor, reference=reference, version=2) == {
        "designation.nothing-to-attest"
    }


def test_declined_before_it_is_accepted_it_gives_nothing(editor: Instance) -> None:
    first = offered().line.reference
    assert refusal(decline_designation, STRANGER.actor, reference=first, reason="?") == {
        "designation.unknown"
    }
    assert decline_designation(EDITOR.actor, reference=first, reason="Pas notre client").line.state == (
        "declined"
    )
    second = offered().line.reference
    assert decline_designation(REPRESENTATIVE.actor, reference=second, reason="Erreur").line.state == (
        "declined"
    )
    assert refusal(accept_designation, EDITOR.actor, reference=second, version=1) == {"life.not-now"}


def test_an_amendment_of_the_order_carries_the_teams_rights_or_takes_them_away(editor: Instance) -> None:
    base = accepted().line.reference
    admitted()
    designated()
    first = issued("first").line.reference
    kept = amended(base, form(offer("serv-ssl"), administrators=(SECOND_ADMINISTRATOR,)))
    (line,) = [one for one in habilitations_of(TECHNICIAN.national_id.text, at=NOON)]
    assert (line.state, line.version, line.order_reference) == ("active", 2, kept)
    issued("second")
    gone = form(offer("serv-ssl", declared="autre-exemple.fr"), administrators=(SECOND_ADMINISTRATOR,))
    order = amended(kept, gone, sees={first})
    assert rights() == {("SERV_SSL", "autre-exemple.fr", "approved")}
    (after,) = [
        one for one in habilitations_of(TECHNICIAN.national_id.text, at=NOON) if one.state == "active"
    ]
    assert after.order_reference == order


def amended(base: str, raw: dict[str, Any], sees: frozenset[str] | set[str] = frozenset()) -> str:
    """An accepted amendment of an order; its reference. `sees`: certificates among its effects."""
    order = amend_grants(REPRESENTATIVE.actor, amends=base, raw=raw).line.reference
    take_order(ALICE.actor, reference=order)
    found = preview_amendment(order)
    assert found is not None
    assert {one.reference for one in found.effects.certificates} >= set(sees)
    answer_amendment(
        ALICE.actor,
        reference=order,
        version=1,
        seen=found.seen,
        plan=StopPlan(others={"certificates": "keep"}),
    )
    approve_order(ALICE.actor, reference=order, version=1)
    approve_order(BRUNO.actor, reference=order, version=1)
    return order


def test_what_an_order_gives_later_the_designated_team_gets_too(editor: Instance) -> None:
    admitted()
    designated(products=("SERV_SSL", "ORG_AUTH_CLI"))
    assert rights() == set()
    accepted(offer("serv-ssl"), offer("org"))
    assert rights() == {SSL, ("ORG_AUTH_CLI", "", "approved")}


def test_who_is_an_administrator_already_keeps_that_right_when_the_designation_ends(
    editor: Instance,
) -> None:
    accepted(administrators=(TECHNICIAN,))
    admitted()
    admitted(SECOND_TECHNICIAN)
    reference = designated()
    assert rights(SECOND_TECHNICIAN) == {SSL}
    ended(reference)
    assert rights() == {SSL}
    assert rights(SECOND_TECHNICIAN) == set()


def test_each_side_sees_its_own_and_strangers_nothing(editor: Instance) -> None:
    admitted()
    reference = designated()
    expected = {
        REPRESENTATIVE: {"client"},
        MANDATAIRE: {"client"},
        EDITOR: {"third-party", "representative"},
        TECHNICIAN: {"third-party"},
        ALICE: {"reader"},
        AUDITOR: {"reader"},
        STRANGER: set(),
        SECOND_TECHNICIAN: set(),
        OTHER_REPRESENTATIVE: set(),
    }
    for who, sides in expected.items():
        viewer = who.national_id.text
        assert sides_of(reference, viewer=viewer, at=NOON) == sides
        assert (designation_for(reference, viewer=viewer, at=NOON) is None) == (not sides)
    assert [line.reference for line in designations_by(MANDATAIRE.national_id.text, at=NOON)] == [reference]
    assert designations_by(EDITOR.national_id.text, at=NOON) == ()


def test_the_view_over_many_clients_takes_as_many_statements_as_over_one(editor: Instance) -> None:
    accepted()
    admitted()
    designated()
    issued("first")
    with CaptureQueriesContext(connection) as one:
        (line,) = clients_of(third_party(), at=NOON)
    assert (line.certificates, line.ending, line.waiting) == (1, 0, 0)
    assert line.next_end is not None
    other = offered(OTHER_REPRESENTATIVE, OTHER_CONTRACT)
    accept_designation(EDITOR.actor, reference=other.line.reference, version=1)
    with CaptureQueriesContext(connection) as two:
        lines = clients_of(third_party(), at=NOON)
    assert [found.certificates for found in lines] == [1, 0]
    assert len(two) == len(one)
    assert clients_of(third_party(), at=NOON, text="Clinique") == (lines[1],)
    assert clients_of(third_party(), at=NOON, after=lines[0].designation.reference) == (lines[1],)


def test_the_desk_registers_third_parties_under_a_contract_in_force(editor: Instance) -> None:
    assert refusal(register_third_party, REPRESENTATIVE.actor, contract=OTHER_CONTRACT, kind="editor") == {
        "operations.role-missing"
    }
    assert refusal(register_third_party, ALICE.actor, contract="?", kind="editor") == {
        "operations.contract-unknown"
    }
    assert refusal(register_third_party, ALICE.actor, contract=OTHER_CONTRACT, kind="x") == {
        "third-party.kind"
    }
    again = register_third_party(ALICE.actor, contract=EDITOR_CONTRACT, kind="distributor")
    assert (again.reference, again.kind) == (third_party(), "distributor")


def test_the_database_itself_refuses_a_right_without_a_designation_in_force(editor: Instance) -> None:
    accepted()
    member = admitted()
    reference = designated()
    row = Designation.objects.get(reference=reference)
    attempts = (
        "UPDATE records_designation SET state = 'ended', ended_at = made_at",
        "UPDATE records_designation SET current_version = 7",
        "UPDATE records_designationversion SET products = '[]'",
        "DELETE FROM records_designation",
        "UPDATE records_teammember SET state = 'removed'",
        "DELETE FROM records_teamcheck",
    )
    for attempt in attempts:
        with (
            pytest.raises(IntegrityError, match="sceau "),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(attempt)
    remove_member(EDITOR.actor, reference=member, reason="Parti")
    right = Habilitation.objects.get(person__national_id=TECHNICIAN.national_id.text)
    text = HabilitationVersion.objects.get(habilitation=right)
    text.pk, text.number = None, 2
    with pytest.raises(IntegrityError, match="by the version in force"), transaction.atomic():
        text.save(force_insert=True)
    alone = TeamMember.objects.get(reference=proposed(SECOND_TECHNICIAN))
    check_member(ALICE.actor, reference=alone.reference)
    alone.state = "active"
    with pytest.raises(IntegrityError, match="two different officers"), transaction.atomic():
        alone.save(update_fields=["state"])
    assert DesignationVersion.objects.filter(designation=row).count() == 1
    assert DesignationVersion.objects.get(designation=row).until == LAST_DAY


def test_nobody_of_the_third_party_or_of_its_client_checks_or_attests(editor: Instance) -> None:
    for who in (EDITOR, REPRESENTATIVE):
        give_role(who, "desk")
    member = proposed()
    assert refusal(check_member, EDITOR.actor, reference=member) == {"designation.own"}
    keyed: dict[str, Any] = {"contract": CONTRACT, "third_party": third_party(), "terms": terms()}
    act = paper()
    assert refusal(key_designation, REPRESENTATIVE.actor, **keyed, paper=act) == {"designation.own"}
    assert refusal(key_designation, EDITOR.actor, **keyed, paper=act) == {"designation.own"}


def test_rights_of_a_team_are_what_the_journal_says(editor: Instance) -> None:
    accepted()
    admitted()
    designated()
    right = right_for("SERV_SSL", who=TECHNICIAN)
    row = Habilitation.objects.get(reference=right)
    text = HabilitationVersion.objects.select_related("habilitation", "designation__designation").get(
        habilitation=row, number=row.current_version
    )
    assert text.digest == digest_of(canonical(text.content()))


def test_the_other_side_is_told_by_mail_of_what_was_done(editor: Instance) -> None:
    with_mail(editor)
    accepted()
    member = admitted()
    reference = designated()
    remove_member(EDITOR.actor, reference=member, reason="Parti")
    ended(reference)
    make_mails()
    told: dict[str, set[str]] = {}
    for mail in Mail.objects.all():
        told.setdefault(mail.template, set()).add(mail.address)
    assert told["designation-offered"] == {"contact@editeur.fr"}
    assert "contact@editeur.fr" in told["designation-ended"]
    assert "equipe@editeur.fr" in told["right-granted"]
    assert told["team-changed"] == {"contact@editeur.fr"}


def test_the_evidence_of_a_certificate_holds_the_act_that_designated(editor: Instance) -> None:
    accepted()
    admitted()
    reference = designated()
    certificate = issued("first").line.reference
    evidence = export_evidence(ALICE.actor, reference=certificate)
    opened = open_evidence(evidence.octets).require()
    dossier = dossier_of(evidence.octets)
    (act,) = dossier["designations"]
    assert (act["reference"], act["number"], act["third_party"]) == (reference, 1, "Éditeur de l'Exemple")
    assert act["digest"] == DesignationVersion.objects.get().digest
    verdict = verify_evidence(opened, verifiers=[verifier()])
    assert not verdict.findings
    assert {point.name: point.count for point in verdict.points}["designations"] == 1
