"""An order that amends another: same desk, two officers; what it takes away is shown, answered, and done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from sceau.operations import (
    abandon_order,
    amend_grants,
    amend_order,
    answer_amendment,
    approve_order,
    create_token,
    issue_certificate,
    preview_amendment,
    receive_form,
    start_amendment,
    take_order,
)
from sceau.records import amended_by, amends, certificate_file, habilitations_of, token_line
from sceau.records.models import Amendment, HabilitationVersion, JournalEntry
from sceau.registration import StopPlan
from sceau.vocabulary import Refused, errors
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    BRUNO,
    CHLOE,
    MANDATAIRE,
    NOON,
    OTHER_CONTRACT,
    OTHER_REPRESENTATIVE,
    OTHER_SIRET,
    REPRESENTATIVE,
    SECOND_ADMINISTRATOR,
    STRANGER,
    Instance,
    Someone,
    accepted,
    form,
    offer,
    right_for,
    server_request,
)

DOMAIN = offer("serv-ssl")
NARROW = offer("serv-ssl", kind="server", declared="www.chu-exemple.fr")
BOTH = (ADMINISTRATOR, SECOND_ADMINISTRATOR)
KEEP, REVOKE = StopPlan(others={"certificates": "keep"}), StopPlan(others={"certificates": "revoke"})


def refusal(verb: Any, *args: Any, **named: Any) -> set[str]:
    with pytest.raises(Refused) as refused:
        verb(*args, **named)
    return {finding.code for finding in errors(refused.value.findings)}


def issued(which: str, name: str, who: Someone = ADMINISTRATOR) -> str:
    request = server_request(name, which=which, habilitation=right_for("SERV_SSL", who=who))
    return issue_certificate(who.actor, request, idempotency_key=which).line.reference


def amended(base: str, *offers: dict[str, Any], by: Someone = REPRESENTATIVE, **changes: Any) -> str:
    order = amend_grants(by.actor, amends=base, raw=form(*offers, **changes)).line.reference
    take_order(ALICE.actor, reference=order)
    return order


def answered(order: str, plan: StopPlan = KEEP, version: int = 1) -> None:
    found = preview_amendment(order)
    assert found is not None
    answer_amendment(ALICE.actor, reference=order, version=version, seen=found.seen, plan=plan)


def approved(order: str, version: int = 1) -> None:
    approve_order(ALICE.actor, reference=order, version=version)
    approve_order(BRUNO.actor, reference=order, version=version)


def rights(who: Someone = ADMINISTRATOR) -> list[tuple[str, str, str]]:
    found = habilitations_of(who.national_id.text, at=NOON)
    return sorted((line.product, line.scope_name, line.state) for line in found)


def is_ended(certificate: str) -> bool:
    file = certificate_file(certificate, at=NOON)
    assert file is not None
    return file.line.revocation is not None


def test_an_amendment_narrows_the_names_and_does_what_was_answered(instance: Instance) -> None:
    base = accepted(DOMAIN).line.reference
    old = right_for("SERV_SSL")
    token = create_token(
        ADMINISTRATOR.actor,
        habilitation=old,
        label="machine",
        valid_until=NOON + timedelta(days=9),
        terms_accepted=True,
    ).line.reference
    inside, outside = issued("in", "www.chu-exemple.fr"), issued("out", "api.chu-exemple.fr")
    order = amended(base, NARROW)
    assert (amends(order), amended_by(base)) == (base, (order,))
    shown = preview_amendment(order)
    assert shown is not None
    assert not shown.answered
    assert (shown.effects.lost, shown.effects.kept, shown.tokens) == ((old,), (), (token,))
    assert {one.reference: one.is_covered for one in shown.effects.certificates} == {
        inside: True,
        outside: False,
    }
    plan = StopPlan({outside: "revoke"}, {"certificates": "keep"})
    answered(order, plan)
    assert (is_ended(outside), rights()) == (False, [("SERV_SSL", "chu-exemple.fr", "active")])
    approve_order(ALICE.actor, reference=order, version=1)
    assert not is_ended(outside)
    approve_order(BRUNO.actor, reference=order, version=1)
    assert (is_ended(inside), is_ended(outside)) == (False, True)
    states = {state: name for _, name, state in rights()}
    assert states == {"withdrawn": "chu-exemple.fr", "active": "www.chu-exemple.fr"}
    line = token_line(token, at=NOON)
    assert line is not None
    assert line.revoked_at is not None
    row = Amendment.objects.get()
    assert row.done == {"orders": 0, "rights": 1, "certificates": 1, "tokens": 1, "kept": 0, "gained": 1}
    assert JournalEntry.objects.filter(kind="amendment.done", subject=order).count() == 1


def test_who_stays_gets_a_version_and_who_is_left_out_loses_the_right(instance: Instance) -> None:
    base = accepted(DOMAIN, administrators=BOTH).line.reference
    kept, lost = right_for("SERV_SSL"), right_for("SERV_SSL", who=SECOND_ADMINISTRATOR)
    issued("mine", "www.chu-exemple.fr")
    theirs = issued("theirs", "api.chu-exemple.fr", SECOND_ADMINISTRATOR)
    order = amended(base, DOMAIN, offer("org", products=["ORG_SIGN"]))
    shown = preview_amendment(order)
    assert shown is not None
    assert (shown.effects.lost, shown.effects.kept) == ((lost,), (kept,))
    assert shown.effects.gained == ((ADMINISTRATOR.national_id.text, "ORG_SIGN", "-"),)
    assert [(one.reference, one.is_covered) for one in shown.effects.certificates] == [(theirs, True)]
    answered(order)
    approved(order)
    versions = HabilitationVersion.objects.filter(habilitation__reference=kept).order_by("number")
    assert [one.order.reference for one in versions] == [base, order]
    assert rights(SECOND_ADMINISTRATOR) == [("SERV_SSL", "chu-exemple.fr", "withdrawn")]
    assert {state for _, _, state in rights()} == {"active"}
    assert not is_ended(theirs)


def test_nobody_approves_what_was_not_answered_and_an_edit_asks_again(instance: Instance) -> None:
    base = accepted(DOMAIN).line.reference
    issued("one", "www.chu-exemple.fr")
    order = amended(base, NARROW)
    approve: dict[str, Any] = {"reference": order, "version": 1}
    assert refusal(approve_order, ALICE.actor, **approve) == {"amendment.unanswered"}
    shown = preview_amendment(order)
    assert shown is not None
    ask = {"reference": order, "version": 1, "seen": shown.seen}
    assert refusal(answer_amendment, ALICE.actor, **ask, plan=StopPlan()) == {"contract.stop-unanswered"}
    assert refusal(answer_amendment, ALICE.actor, **ask | {"seen": "x"}, plan=KEEP) == {
        "amendment.effects-changed"
    }
    for who in (REPRESENTATIVE, ADMINISTRATOR, STRANGER):
        assert "order.not-desk" in refusal(answer_amendment, who.actor, **ask, plan=KEEP)
    answered(order)
    approve_order(ALICE.actor, **approve)
    assert refusal(answer_amendment, CHLOE.actor, **ask, plan=REVOKE) == {"amendment.approved-already"}
    raw = form(NARROW) | {"usage": {"description": "Autre", "editor": "", "solution": ""}}
    amend_order(ALICE.actor, reference=order, version=1, raw=raw, why="Usage corrigé")
    assert refusal(approve_order, BRUNO.actor, reference=order, version=2) >= {"amendment.unanswered"}
    assert rights() == [("SERV_SSL", "chu-exemple.fr", "active")]


def test_what_changes_between_two_yeses_stops_the_second(instance: Instance) -> None:
    base = accepted(DOMAIN).line.reference
    first = issued("first", "api.chu-exemple.fr")
    order = amended(base, NARROW)
    answered(order, StopPlan({first: "revoke"}))
    approve_order(ALICE.actor, reference=order, version=1)
    issued("second", "extra.chu-exemple.fr")
    assert refusal(approve_order, BRUNO.actor, reference=order, version=1) == {"amendment.effects-changed"}
    assert not is_ended(first)
    assert rights() == [("SERV_SSL", "chu-exemple.fr", "active")]


@pytest.mark.parametrize("by", [REPRESENTATIVE, MANDATAIRE])
def test_one_amendment_at_a_time_and_of_what_stands(instance: Instance, by: Someone) -> None:
    base = accepted(DOMAIN).line.reference
    raw = start_amendment(by.actor, reference=base)
    assert raw["offers"][0]["declared"] == "chu-exemple.fr"
    assert "visa" not in raw
    order = amended(base, NARROW, by=REPRESENTATIVE)
    assert refusal(start_amendment, by.actor, reference=base) == {"amendment.under-way"}
    assert refusal(amend_grants, by.actor, amends=base, raw=form(DOMAIN)) == {"amendment.under-way"}
    assert refusal(amend_grants, by.actor, amends=order, raw=form(DOMAIN)) == {"amendment.not-accepted"}
    abandon_order(REPRESENTATIVE.actor, reference=order)
    again = amended(base, NARROW)
    answered(again)
    approved(again)
    assert refusal(start_amendment, by.actor, reference=base) == {"amendment.superseded"}
    assert start_amendment(by.actor, reference=again)["offers"][0]["declared"] == "www.chu-exemple.fr"


def test_an_amendment_is_for_its_structure_and_by_its_people(instance: Instance) -> None:
    base = accepted(DOMAIN).line.reference
    for who in (STRANGER, OTHER_REPRESENTATIVE):
        assert refusal(start_amendment, who.actor, reference=base) == {"order.unknown"}
        assert refusal(amend_grants, who.actor, amends=base, raw=form(NARROW)) == {"order.unknown"}
    other = form(DOMAIN)
    other["structure"] |= {"siret": OTHER_SIRET, "name": "Clinique voisine"}
    other["contract"] = {"number": OTHER_CONTRACT}
    before = JournalEntry.objects.filter(kind="order.received").count()
    assert refusal(amend_grants, ALICE.actor, amends=base, raw=other, channel="desk") == {
        "amendment.other-structure"
    }
    assert JournalEntry.objects.filter(kind="order.received").count() == before
    assert not Amendment.objects.exists()


def test_the_same_sending_twice_is_one_amendment(instance: Instance) -> None:
    base = accepted(DOMAIN).line.reference
    send: dict[str, Any] = {"amends": base, "raw": form(NARROW), "idempotency_key": "one-click"}
    first = amend_grants(REPRESENTATIVE.actor, **send).line.reference
    assert amend_grants(REPRESENTATIVE.actor, **send).line.reference == first
    assert Amendment.objects.count() == 1
    plain = receive_form(REPRESENTATIVE.actor, raw=form(DOMAIN), channel="web", idempotency_key="plain")
    assert preview_amendment(plain.line.reference) is None


def test_the_database_itself_refuses_an_amendment_done_before_its_order(instance: Instance) -> None:
    base = accepted(DOMAIN).line.reference
    order = amended(base, NARROW)
    answered(order)
    with pytest.raises(IntegrityError, match="acceptance"), transaction.atomic():
        Amendment.objects.update(done_at=NOON)
    approved(order)
    with pytest.raises(IntegrityError, match="stays so"), transaction.atomic():
        Amendment.objects.update(done={})
    with pytest.raises(IntegrityError, match="never removed"), transaction.atomic():
        connection.cursor().execute("DELETE FROM records_amendment")
