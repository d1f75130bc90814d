"""The life of an order through the verbs: received, completed, decided by two people, granted."""

from __future__ import annotations

import pytest

from sceau.operations import approve_order, examination_of, take_order
from sceau.records import habilitations_of
from tests.instance import ADMINISTRATOR, ALICE, BRUNO, NOON, Instance, accepted, offer, submitted


def test_an_order_accepted_by_two_officers_gives_its_habilitations(instance: Instance) -> None:
    order = accepted(offer("serv-ssl"), offer("org"))
    assert order.line.state == "accepted"
    rights = habilitations_of(ADMINISTRATOR.national_id.text, at=NOON)
    assert [line.product for line in rights] == ["SERV_SSL", "ORG_AUTH_CLI", "ORG_SIGN", "ORG_CONF"]
    assert {line.usable for line in rights} == {"approved"}
