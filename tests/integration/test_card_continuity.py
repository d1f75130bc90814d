"""The right belongs to the person: a renewed card takes over after a check, an opposed one stops at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sceau.identity import CardFamily, CardHolder
from sceau.operations import (
    Actor,
    RegisterOrder,
    admit_token,
    create_token,
    import_register,
    issue_certificate,
    set_card_status,
    welcome_card,
)
from sceau.records import card_line, list_tasks
from sceau.records.models import Certificate, JournalEntry
from sceau.vocabulary import CardNumber
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    AUTHORITY,
    BRUNO,
    EVERYBODY,
    NOON,
    STRANGER,
    Instance,
    Someone,
    accepted,
    right_for,
    server_request,
)
from tests.integration.test_departures import refusal
from tests.register_files import CARDS_HEAD, card, write

NEW = "2600000777"


def holder_of(someone: Someone, number: str = NEW) -> CardHolder:
    return CardHolder(
        national_id=someone.national_id,
        surname=someone.surname,
        given_names=someone.given_names,
        title=someone.title,
        profession_code=None,
        specialities=(),
        card_number=CardNumber(number),
        family=CardFamily.CDE_CPE,
        structure_id=None,
        structure_name=None,
        department=None,
        test=False,
        not_after=NOON + timedelta(days=900),
        certificate_sha256="00" * 32,
    )


def status(number: str = NEW) -> str:
    line = card_line(number, at=NOON)
    return "" if line is None else line.status


def with_new_card(someone: Someone) -> Actor:
    return replace(someone.actor, card=NEW)


def test_a_renewed_card_waits_for_an_officer_and_then_takes_over_the_same_right(instance: Instance) -> None:
    accepted()
    right = right_for("SERV_SSL")
    assert refusal(welcome_card, holder_of(ADMINISTRATOR)) == {"operations.card-awaiting"}
    assert refusal(welcome_card, holder_of(ADMINISTRATOR)) == {"operations.card-awaiting"}
    assert status() == "unknown"
    (task,) = list_tasks()
    assert (task.code, task.subject) == ("task.card-renewed", f"card/{NEW}")
    request = server_request(which="renewed", habilitation=right)
    renewed = with_new_card(ADMINISTRATOR)
    assert refusal(issue_certificate, renewed, request, idempotency_key="a") == {"right.card-status-unknown"}
    assert welcome_card(holder_of(ADMINISTRATOR, ADMINISTRATOR.card)).card == ADMINISTRATOR.card
    set_card_status(ALICE.actor, number=NEW, status="valid", reason="Carte vue au guichet")
    assert welcome_card(holder_of(ADMINISTRATOR)).card == NEW
    issued = issue_certificate(renewed, request, idempotency_key="b")
    row = Certificate.objects.get(reference=issued.line.reference)
    assert row.habilitation is not None
    assert (row.habilitation.reference, row.habilitation_version, row.asked_with) == (right, 1, NEW)


def test_the_directory_of_cards_confirms_a_renewed_card(instance: Instance, tmp_path: Path) -> None:
    accepted()
    lines = [card(who.card, who.card_type, who.national_id.text, who.surname) for who in EVERYBODY]
    lines.append(card(NEW, "CPE_NOMINATIVE", ADMINISTRATOR.national_id.text, ADMINISTRATOR.surname))
    path = write(tmp_path / "cards.csv", [CARDS_HEAD, *lines])
    import_register(Actor.system("setup"), RegisterOrder("cards", path))
    assert welcome_card(holder_of(ADMINISTRATOR)).card == NEW
    assert status() == "valid"
    assert JournalEntry.objects.filter(kind="card.taken-over").count() == 1
    assert not list_tasks()


def test_a_directory_that_names_another_holder_confirms_nothing(instance: Instance, tmp_path: Path) -> None:
    accepted()
    lines = [card(who.card, who.card_type, who.national_id.text, who.surname) for who in EVERYBODY]
    lines.append(card(NEW, "CPE_NOMINATIVE", STRANGER.national_id.text, STRANGER.surname))
    path = write(tmp_path / "cards.csv", [CARDS_HEAD, *lines])
    import_register(Actor.system("setup"), RegisterOrder("cards", path))
    assert refusal(welcome_card, holder_of(ADMINISTRATOR)) == {"operations.card-awaiting"}


def test_who_holds_nothing_waits_for_nobody(instance: Instance) -> None:
    assert welcome_card(holder_of(STRANGER)).card == NEW
    assert not list_tasks()


def test_no_officer_declares_their_own_card_valid(instance: Instance) -> None:
    assert refusal(welcome_card, holder_of(ALICE)) == {"operations.card-awaiting"}
    own: dict[str, Any] = {"number": NEW, "status": "valid", "reason": "La mienne"}
    assert refusal(set_card_status, ALICE.actor, **own) == {"operations.card-own"}
    set_card_status(BRUNO.actor, **own)
    assert welcome_card(holder_of(ALICE)).qualities == {"desk"}


@pytest.mark.parametrize("state", ["revoked", "lost", "suspended"])
def test_an_opposed_card_stops_at_once_and_the_right_stays_the_persons(
    instance: Instance, state: str
) -> None:
    accepted()
    right = right_for("SERV_SSL")
    token = create_token(
        ADMINISTRATOR.actor,
        habilitation=right,
        label="machine",
        valid_until=NOON + timedelta(days=9),
        terms_accepted=True,
    )
    set_card_status(AUTHORITY.actor, number=ADMINISTRATOR.card, status=state, reason="Opposition")
    request = server_request(which="opposed", habilitation=right)
    assert refusal(issue_certificate, ADMINISTRATOR.actor, request, idempotency_key="a") == {
        f"right.card-{state}"
    }
    assert refusal(admit_token, token.secret) == {"operations.card-not-valid"}
    assert refusal(welcome_card, holder_of(ADMINISTRATOR, ADMINISTRATOR.card)) == {
        "operations.card-not-valid"
    }
    assert refusal(welcome_card, holder_of(ADMINISTRATOR)) == {"operations.card-awaiting"}
    set_card_status(ALICE.actor, number=NEW, status="valid", reason="Carte vue au guichet")
    assert issue_certificate(with_new_card(ADMINISTRATOR), request, idempotency_key="b").line.reference
