"""A right stopped for itself: what goes with it is shown, answered for, and done; by whom data says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sceau.operations import (
    Actor,
    ContractDemand,
    PieceEntry,
    abandon_order,
    act_on_contract,
    add_piece,
    approve_order,
    create_token,
    decide_departure,
    invite_passkey,
    issue_certificate,
    make_feed,
    note_order,
    open_departure,
    preview_right_act,
    propose_role,
    resume_habilitation,
    revoke_certificate,
    revoke_passkey,
    right_acts,
    suspend_habilitation,
    take_order,
    withdraw_habilitation,
)
from sceau.operations.structure_change import ChangeEntry, open_structure_change
from sceau.records import certificate_file, habilitation_file, token_line
from sceau.records.models import JournalEntry
from sceau.registration import StopPlan
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    BRUNO,
    CHLOE,
    CONTRACT,
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
    give_role,
    right_for,
    server_request,
    submitted,
)
from tests.integration.test_departures import BOTH, leaving, over, refusal
from tests.passkey_kit import device, registered
from tests.portal import staff_the_door, tls_layer, visitor


def issued(which: str, name: str = "www.chu-exemple.fr", who: Someone = ADMINISTRATOR) -> str:
    request = server_request(name, which=which, habilitation=right_for("SERV_SSL", who=who))
    return issue_certificate(who.actor, request, idempotency_key=which).line.reference


def token(right: str) -> str:
    return create_token(
        ADMINISTRATOR.actor,
        habilitation=right,
        label="machine",
        valid_until=NOON + timedelta(days=9),
        terms_accepted=True,
    ).line.reference


def end_of(certificate: str) -> tuple[str, str] | None:
    file = certificate_file(certificate, at=NOON)
    assert file is not None
    end = file.line.revocation
    return None if end is None else (end.reason, end.quality)


def state(right: str) -> str:
    file = habilitation_file(right, at=NOON)
    assert file is not None
    return file.line.state


def is_over(token_reference: str) -> bool:
    line = token_line(token_reference, at=NOON)
    assert line is not None
    return line.revoked_at is not None


@pytest.mark.parametrize(
    ("by", "quality"),
    [
        (ALICE, "desk"),
        (REPRESENTATIVE, "representative"),
        (MANDATAIRE, "mandataire"),
        (ADMINISTRATOR, "administrator"),
    ],
)
def test_a_right_is_withdrawn_with_what_was_answered_for_each_certificate(
    instance: Instance, by: Someone, quality: str
) -> None:
    accepted()
    right = right_for("SERV_SSL")
    kept, ended = issued("kept"), issued("ended", "api.chu-exemple.fr")
    made = token(right)
    found = preview_right_act(right)
    assert (found.stops.rights, found.stops.certificates) == ((right,), tuple(sorted((kept, ended))))
    assert (found.tokens, found.being_signed) == ((made,), 0)
    plan = StopPlan({ended: "revoke"}, {"certificates": "keep"})
    file = withdraw_habilitation(by.actor, reference=right, reason="Fin", plan=plan)
    assert file.line.state == "withdrawn"
    assert (end_of(kept), end_of(ended)) == (None, ("cessationOfOperation", quality))
    assert is_over(made)
    assert JournalEntry.objects.filter(kind="certificate.revoked", subject=ended).count() == 1


def test_a_suspension_stops_tokens_without_ending_them_and_is_lifted_by_the_desk(instance: Instance) -> None:
    accepted()
    right = right_for("SERV_SSL")
    first, made = issued("first"), token(right)
    suspend_habilitation(REPRESENTATIVE.actor, reference=right, reason="Doute")
    assert (state(right), end_of(first), is_over(made)) == ("suspended", None, False)
    assert refusal(issued, "second") == {"right.habilitation-suspended"}
    assert right_acts(ALICE.actor, reference=right) == ("resume", "withdraw")
    assert right_acts(ADMINISTRATOR.actor, reference=right) == ("withdraw",)
    assert refusal(resume_habilitation, REPRESENTATIVE.actor, reference=right, reason="x") == {
        "habilitation.not-yours-to-resume"
    }
    resume_habilitation(ALICE.actor, reference=right, reason="Levé")
    assert issued("second")


@pytest.mark.parametrize("by", [STRANGER, OTHER_REPRESENTATIVE, SECOND_ADMINISTRATOR])
def test_for_everybody_else_the_right_is_not_there(instance: Instance, by: Someone) -> None:
    accepted(administrators=BOTH)
    right = right_for("SERV_SSL")
    assert right_acts(by.actor, reference=right) == ()
    ask: dict[str, Any] = {"reference": right, "reason": "x"}
    assert refusal(suspend_habilitation, by.actor, **ask) == {"habilitation.unknown"}
    assert refusal(withdraw_habilitation, by.actor, **ask) == {"habilitation.unknown"}
    assert refusal(suspend_habilitation, ADMINISTRATOR.actor, **ask) == {"habilitation.unknown"}
    assert state(right) == "active"


def test_an_officer_whose_hand_is_a_passkey_stops_a_right_and_lets_it_serve_again(
    instance: Instance,
) -> None:
    accepted()
    staff_the_door()
    right = right_for("SERV_SSL")
    key = registered(CHLOE, device("clé de Chloé"))
    actor = Actor(CHLOE.national_id.text, passkey=key, hat="desk")
    suspend_habilitation(actor, reference=right, reason="Doute")
    assert state(right) == "suspended"
    resume_habilitation(actor, reference=right, reason="Levé")
    assert state(right) == "active"
    first = issued("first")
    withdraw_habilitation(actor, reference=right, reason="Fin", plan=StopPlan({first: "revoke"}))
    assert end_of(first) == ("cessationOfOperation", "desk")
    revoke_passkey(ALICE.actor, reference=key, reason="Perdue")
    assert refusal(suspend_habilitation, actor, reference=right, reason="x") == {"passkey.ended"}


def test_a_passkey_does_nothing_that_its_holders_card_does_for_a_structure(instance: Instance) -> None:
    accepted()
    staff_the_door()
    give_role(REPRESENTATIVE, "auditor")
    right = right_for("SERV_SSL")
    key = registered(REPRESENTATIVE, device("clé"))
    ask: dict[str, Any] = {"reference": right, "reason": "x"}
    for hat in ("", "auditor", "holder", "desk"):
        actor = Actor(REPRESENTATIVE.national_id.text, passkey=key, hat=hat)
        assert refusal(suspend_habilitation, actor, **ask) == {"habilitation.unknown"}
    assert state(right) == "active"


@pytest.mark.parametrize(
    ("hat", "may"),
    [
        ("", ("suspend", "withdraw")),
        ("desk", ("suspend", "withdraw")),
        ("holder", ("withdraw",)),
        ("authority", ()),
        ("auditor", ()),
    ],
)
def test_a_hat_does_only_what_it_is_for(instance: Instance, hat: str, may: tuple[str, ...]) -> None:
    """The administrator is of the desk too: in the holder's hat the right is theirs to give back, no more."""
    accepted()
    give_role(ADMINISTRATOR, "desk")
    right = right_for("SERV_SSL")
    actor = replace(ADMINISTRATOR.actor, hat=hat)
    assert right_acts(actor, reference=right) == may
    if "suspend" not in may:
        assert refusal(suspend_habilitation, actor, reference=right, reason="x") == {"habilitation.unknown"}


def test_nothing_is_stopped_without_a_card_or_without_every_answer(instance: Instance) -> None:
    accepted()
    right = right_for("SERV_SSL")
    first = issued("first")
    ask: dict[str, Any] = {"reference": right, "reason": "Fin"}
    bare = Actor(ALICE.national_id.text, None, frozenset({"desk"}), "Alice")
    for verb in (suspend_habilitation, withdraw_habilitation):
        assert refusal(verb, bare, **ask) == {"habilitation.card-needed"}
        assert refusal(verb, ALICE.actor, **ask, plan=StopPlan()) == {"contract.stop-unanswered"}
        assert refusal(verb, ALICE.actor, **ask, plan=StopPlan({first: "hand-over"})) == {
            "contract.stop-answer"
        }
        assert refusal(verb, ALICE.actor, **ask | {"reason": " "})
    assert (state(right), end_of(first)) == ("active", None)


HELD_BY_NO_OTHER_HAT: dict[str, Callable[[Actor, str, str], Any]] = {
    "note": lambda actor, order, cert: note_order(actor, reference=order, text="x"),
    "take": lambda actor, order, cert: take_order(actor, reference=order),
    "approve": lambda actor, order, cert: approve_order(actor, reference=order, version=1),
    "abandon": lambda actor, order, cert: abandon_order(actor, reference=order, reason="x"),
    "revoke": lambda actor, order, cert: revoke_certificate(
        actor, reference=cert, reason="superseded", quality="desk"
    ),
    "departure": lambda actor, order, cert: open_departure(
        actor, person_id=SECOND_ADMINISTRATOR.national_id.text, structure_id=f"3{SIRET}", reason="x"
    ),
    "change": lambda actor, order, cert: open_structure_change(
        actor, ChangeEntry(f"3{SIRET}", "closed", NOON.date(), "x", None)
    ),
    "contract": lambda actor, order, cert: act_on_contract(
        actor, ContractDemand(CONTRACT, "suspend", "x", seen="", plan=StopPlan())
    ),
    "piece": lambda actor, order, cert: add_piece(
        actor, PieceEntry("kbis", b"%PDF-1.4", "x.pdf", NOON.date(), contract=CONTRACT)
    ),
    "feed": lambda actor, order, cert: make_feed(actor, structure=f"3{SIRET}"),
    "role": lambda actor, order, cert: propose_role(
        actor, person_id=STRANGER.national_id.text, quality="desk", event="give", reason="x"
    ),
    "passkey": lambda actor, order, cert: invite_passkey(
        actor, person_id=BRUNO.national_id.text, recovers=False, reason="x"
    ),
}


@pytest.mark.parametrize("hat", ["holder", "auditor"])
@pytest.mark.parametrize("verb", HELD_BY_NO_OTHER_HAT)
def test_no_verb_takes_an_officer_of_the_desk_for_one_in_another_hat(
    instance: Instance, verb: str, hat: str
) -> None:
    """Alice holds the desk's role, and her card is in her hand: only the hat says that she does not act as
    it. Nothing that any of these verbs keeps is written.
    """
    accepted()
    cert = issued("theirs")
    order = submitted().line.reference
    actor = replace(ALICE.actor, hat=hat)
    before = JournalEntry.objects.exclude(kind__startswith="refused.").count()
    assert refusal(HELD_BY_NO_OTHER_HAT[verb], actor, order, cert)
    assert JournalEntry.objects.exclude(kind__startswith="refused.").count() == before


def test_what_was_entrusted_to_somebody_else_is_no_longer_stopped_with_the_right(instance: Instance) -> None:
    accepted(administrators=BOTH)
    right, given = right_for("SERV_SSL"), issued("given")
    decide_departure(REPRESENTATIVE.actor, reference=leaving(), decisions=[over(given)])
    assert preview_right_act(right).stops.certificates == ()
    plan = StopPlan(others={"certificates": "revoke"})
    withdraw_habilitation(ALICE.actor, reference=right, reason="Fin", plan=plan)
    assert end_of(given) is None


def test_the_page_shows_what_stops_and_does_it_for_the_structure_and_for_the_desk(instance: Instance) -> None:
    accepted()
    right = right_for("SERV_SSL")
    kept, ended = issued("kept"), issued("ended", "api.chu-exemple.fr")
    staff_the_door()
    with tls_layer():
        browser, desk = visitor(REPRESENTATIVE), visitor(ALICE)
        assert (
            f"/habilitations/{right}/acte/suspend/"
            in browser.get(f"/habilitations/{right}/").content.decode()
        )
        shown = browser.get(f"/habilitations/{right}/acte/withdraw/").content.decode()
        assert kept in shown
        assert ended in shown
        answers = {f"each.{ended}": "revoke", "others.certificates": "keep", "reason": ""}
        refused = browser.post(f"/habilitations/{right}/acte/withdraw/", answers)
        assert refused.status_code == 422
        assert state(right) == "active"
        sent = browser.post(f"/habilitations/{right}/acte/withdraw/", answers | {"reason": "Fin"})
        assert sent["location"] == f"/habilitations/{right}/"
        assert (state(right), end_of(kept)) == ("withdrawn", None)
        assert end_of(ended) is not None
        assert browser.get(f"/habilitations/{right}/acte/resume/").status_code == 404
        assert "retirée" in desk.get(f"/guichet/habilitations/{right}/").content.decode()
        assert desk.get(f"/habilitations/{right}/").status_code == 403
