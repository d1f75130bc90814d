"""The right that holds a name, looked up among the declared names [PERFORMANCE 7; N413 4.2]."""

from __future__ import annotations

from sceau.operations import suspend_habilitation, withdraw_habilitation
from sceau.records.models import Habilitation
from sceau.records.queries import HeldName, right_holding
from sceau.vocabulary import HostName, Mailbox, read_host_name, read_mailbox
from tests.instance import ADMINISTRATOR, ALICE, DOCTOR, Instance, Someone, accepted, offer, right_for


def held(name: str, product: str = "SERV_SSL", who: Someone = ADMINISTRATOR) -> HeldName | None:
    read: HostName | Mailbox
    read = read_mailbox(name).require() if "@" in name else read_host_name(name).require()
    structure = Habilitation.objects.order_by("id")[0].structure.national_id
    return right_holding(name=read, product=product, person_id=who.national_id.text, structure_id=structure)


def test_the_nearest_right_that_holds_a_name_is_found(instance: Instance) -> None:
    accepted(offer("serv-ssl"))
    wide = right_for("SERV_SSL")
    for name in ("chu-exemple.fr", "www.chu-exemple.fr", "a.b.c.chu-exemple.fr"):
        found = held(name)
        assert found is not None
        assert (found.reference, found.state, found.scope.canonical) == (
            wide,
            "active",
            "under:chu-exemple.fr",
        )
    accepted(offer("serv-ssl", kind="server", declared="www.chu-exemple.fr"))
    nearest = held("www.chu-exemple.fr")
    assert nearest is not None
    assert nearest.scope.canonical == "only:www.chu-exemple.fr"
    assert nearest.reference != wide
    below = held("x.www.chu-exemple.fr")  # a server holds nothing below it
    assert below is not None
    assert below.reference == wide


def test_a_name_that_no_right_holds_is_not_found(instance: Instance) -> None:
    accepted(offer("serv-ssl"))
    for name in ("evilchu-exemple.fr", "chu-exemple.fr.evil.fr", "exemple.fr", "autre.fr"):
        assert held(name) is None
    assert held("www.chu-exemple.fr", "SERV_SIGN") is None
    assert held("www.chu-exemple.fr", who=DOCTOR) is None
    assert held("contact@chu-exemple.fr", "SERV_SSL") is None


def test_a_mailbox_is_found_by_its_domain(instance: Instance) -> None:
    accepted(offer("serv-mail", products=["SERV_SIGN"]))
    found = held("contact@chu-exemple.fr", "SERV_SIGN")
    assert found is not None
    assert found.scope.canonical == "under:@chu-exemple.fr"
    assert held("contact@chu-exemple.com", "SERV_SIGN") is None


def test_a_suspended_right_is_told_and_a_withdrawn_one_holds_nothing(instance: Instance) -> None:
    accepted(offer("serv-ssl"))
    suspend_habilitation(ALICE.actor, reference=right_for("SERV_SSL"), reason="Doute")
    found = held("www.chu-exemple.fr")
    assert found is not None
    assert found.state == "suspended"
    withdraw_habilitation(ALICE.actor, reference=right_for("SERV_SSL"), reason="Fin")
    assert held("www.chu-exemple.fr") is None
