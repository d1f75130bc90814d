"""After an amendment, a departure and a renewal by who took over, the nightly reading finds nothing to say:
each right has its signed text, each certificate its warrant.
"""

from __future__ import annotations

from datetime import timedelta

from sceau.operations import (
    decide_departure,
    finish_departure,
    issue_certificate,
    publish_crls,
    seal_journal,
)
from sceau.records import habilitations_of
from sceau.records.models import Habilitation, HabilitationVersion, Order
from tests.instance import ALICE, SECOND_ADMINISTRATOR, offer, right_for, server_request
from tests.integration.test_amendments import KEEP, amended, answered, approved
from tests.integration.test_departures import BOTH, leaving, over
from tests.integration.test_recheck import House
from tests.integration.test_recheck import house as _house

house = _house


def test_the_nightly_reading_agrees_with_what_the_life_of_rights_left(house: House) -> None:
    base = Order.objects.get().reference
    order = amended(base, offer("serv-ssl"), administrators=BOTH)
    answered(order, KEEP)
    approved(order)
    at = house.instance.clock.now
    assert {line.state for line in habilitations_of(SECOND_ADMINISTRATOR.national_id.text, at=at)} == {
        "active"
    }
    reference = leaving()
    decide_departure(ALICE.actor, reference=reference, decisions=[over(house.good)])
    finish_departure(ALICE.actor, reference=reference)
    renewal = server_request(
        "www.chu-exemple.fr",
        which="again",
        habilitation=right_for("SERV_SSL", who=SECOND_ADMINISTRATOR),
        replaces=house.good,
    )
    assert issue_certificate(SECOND_ADMINISTRATOR.actor, renewal, idempotency_key="again").line.reference
    house.instance.clock.now += timedelta(minutes=5)
    publish_crls()
    seal_journal()
    house.instance.clock.now += timedelta(hours=1)
    assert house.codes() == {}
    for right in Habilitation.objects.all():
        texts = HabilitationVersion.objects.filter(habilitation=right).order_by("number")
        assert [text.number for text in texts] == list(range(1, right.current_version + 1))
        assert {text.order.state for text in texts} == {"accepted"}
