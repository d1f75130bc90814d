"""A right stopped for itself: what goes with it is shown, answered for, and done; by whom data says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sceau.operations import (
    Actor,
    create_token,
    decide_departure,
    issue_certificate,
    preview_right_act,
    resume_habilitation,
    right_acts,
    suspend_habilitation,
    withdraw_habilitation,
)
from sceau.records import certificate_file, habilitation_file, token_line
from sceau.records.models import JournalEntry
from sceau.registration import StopPlan
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    MANDATAIRE,
    NOON,
    OTHER_REPRESENTATIVE,
    REPRESENTATIVE,
    SECOND_ADMINISTRATOR,
    STRANGER,
    Instance,
    Someone,
    accepted,
    right_for,
    server_request,
)
from tests.integration.test_departures import BOTH, leaving, over, refusal
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
