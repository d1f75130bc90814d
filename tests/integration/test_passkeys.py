"""Passkeys, from the invitation of two officers to the session, and every way in which one may be tricked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction

from sceau.identity import NewPasskey
from sceau.operations import (
    Actor,
    approve_order,
    confirm_invitation,
    drop_invitation,
    invite_passkey,
    issue_certificate,
    look_at_invitation,
    register_passkey,
    register_person,
    revoke_passkey,
    take_order,
    welcome_by_passkey,
)
from sceau.records import passkey_invitations, passkeys_of, sessions_of
from sceau.records.models import (
    Approval,
    JournalEntry,
    OpenSession,
    Passkey,
    PasskeyInvitation,
    SpentChallenge,
)
from sceau.registration import Person
from sceau.vocabulary import PersonId, Refused, errors
from tests.authenticator import Lie, octets
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    AUDITOR,
    AUTHORITY,
    BRUNO,
    CHLOE,
    STRANGER,
    Instance,
    Someone,
    accepted,
    give_role,
    offer,
    server_request,
    submitted,
    take_role,
)
from tests.passkey_kit import device, enters, invited, options_in, passkey_visitor, registered
from tests.portal import DoorClient, staff_the_door, tls_layer, visitor


@pytest.fixture
def portal(instance: Instance) -> Iterator[Instance]:
    staff_the_door()
    with tls_layer():
        yield instance


def text(answer: Any) -> str:
    return str(answer.content.decode()).replace("\u00a0", " ").replace("&#x27;", "'")


def refusal(act: Callable[[], object]) -> set[str]:
    with pytest.raises(Refused) as caught:
        act()
    return {finding.code for finding in errors(caught.value.findings)}


def kinds() -> list[str]:
    return list(JournalEntry.objects.order_by("pk").values_list("kind", flat=True))


def ask(by: Someone = ALICE, who: Someone = CHLOE, *, recovers: bool = False) -> Any:
    return invite_passkey(by.actor, person_id=who.national_id.text, recovers=recovers, reason="Sans carte")


# -- the way that it is meant to go


def test_an_officer_without_a_card_is_invited_by_two_registers_comes_in_and_decides(portal: Instance) -> None:
    paula = Someone(PersonId("3", "690000005", "DSK77"), "Sanscarte", "Paula", "", "")
    register_person(ALICE.actor, Person(paula.national_id, "Sanscarte", "Paula", "Agent", None))
    give_role(paula, "desk")
    made = device("clé USB")
    reference = registered(paula, made)
    browser = enters(made)
    page = text(browser.get("/guichet/"))
    assert "Paula Sanscarte" in page
    assert "Clé d’accès" in page
    order = submitted(offer("serv-ssl")).line.reference
    assert browser.post(f"/guichet/{order}/prendre/").status_code == 302
    assert browser.post(f"/guichet/{order}/approuver/", {"version": "1"}).status_code == 302
    approval = Approval.objects.get()
    assert (approval.officer, approval.card_number) == (paula.national_id.text, reference)
    assert "passkey.registered" in kinds()
    assert "passkey.used" in kinds()
    assert approve_order(BRUNO.actor, reference=order, version=1).line.state == "accepted"


def test_the_journal_says_in_which_hat_and_with_which_key(portal: Instance) -> None:
    browser = passkey_visitor(CHLOE)
    order = submitted(offer("serv-ssl")).line.reference
    browser.post(f"/guichet/{order}/prendre/")
    entry = JournalEntry.objects.order_by("-pk")[0]
    assert b'"hat":"desk"' in bytes(entry.entry)


def test_several_passkeys_each_with_its_name_are_listed_and_revoked_one_by_one(portal: Instance) -> None:
    first, second = device("clé bleue"), device("téléphone")
    registered(CHLOE, first)
    registered(CHLOE, second)
    here, there = enters(first), enters(second)
    page = text(here.get("/mes-cles/"))
    assert "clé bleue" in page
    assert "téléphone" in page
    keys = {one.name: one.reference for one in passkeys_of(CHLOE.national_id.text)}
    assert here.post(f"/mes-cles/{keys['téléphone']}/revoquer/").status_code == 302
    assert there.get("/guichet/").status_code == 403
    assert here.get("/guichet/").status_code == 200
    answer = DoorClient(at_door=False)
    asked = options_in(answer.get("/cle-acces/"))
    assert answer.post("/cle-acces/", {"reponse": second.use(asked)}).status_code == 403


def test_the_same_authenticator_is_told_which_keys_it_has_already(portal: Instance) -> None:
    made = device("clé")
    registered(CHLOE, made)
    code, opened = invited(CHLOE)
    page = DoorClient(at_door=False).post(f"/cle-acces/inscription/{opened.link}/", {"code": code})
    import json

    asked = json.loads(options_in(page))
    assert [octets(one["id"]) for one in asked["excludeCredentials"]] == [made.keys[0].credential]
    assert octets(asked["user"]["id"]) == made.keys[0].user
    assert asked["attestation"] == "none"
    assert asked["authenticatorSelection"]["userVerification"] == "required"


# -- two officers, never one


def test_one_officer_alone_invites_nobody(portal: Instance) -> None:
    asked = ask()
    assert refusal(lambda: confirm_invitation(ALICE.actor, reference=asked.reference)) == {"role.same-person"}
    assert refusal(lambda: confirm_invitation(CHLOE.actor, reference=asked.reference)) == {"role.own"}
    assert refusal(lambda: ask(by=CHLOE)) == {"role.own"}
    assert refusal(lambda: confirm_invitation(AUDITOR.actor, reference=asked.reference)) == {
        "role.no-voucher"
    }
    assert refusal(lambda: look_at_invitation(link="", code=asked.code)) == {"passkey.invitation-over"}
    assert kinds()[-1] == "refused.passkey.invitation-confirmed"


def test_neither_half_opens_the_invitation(portal: Instance) -> None:
    code, opened = invited(CHLOE)
    for link, typed in ((opened.link, "AAAAA-AAAAA"), ("x" * 43, code), (opened.link, "")):
        with pytest.raises(Refused):
            look_at_invitation(link=link, code=typed)
    assert look_at_invitation(link=opened.link, code=code.lower().replace("-", " ")).display == "Chloé Tiers"


def test_what_opens_an_invitation_is_nowhere_in_the_records(portal: Instance) -> None:
    code, opened = invited(CHLOE)
    row = PasskeyInvitation.objects.get()
    kept = " ".join(str(getattr(row, one.attname)) for one in row._meta.concrete_fields)
    entries = b" ".join(bytes(one.entry) for one in JournalEntry.objects.all())
    for secret in (code, code.replace("-", ""), opened.link):
        assert secret not in kept
        assert secret.encode() not in entries


def test_a_code_is_guessed_five_times_and_no_more(portal: Instance) -> None:
    code, opened = invited(CHLOE)
    browser, address = DoorClient(at_door=False), f"/cle-acces/inscription/{opened.link}/"
    for _ in range(5):
        assert browser.post(address, {"code": "AAAAA-AAAAA"}).status_code == 422
    assert "n'existe pas, a déjà servi" in text(browser.post(address, {"code": code}))


def test_an_invitation_serves_once(portal: Instance) -> None:
    code, opened = invited(CHLOE)
    new = NewPasskey(b"c" * 32, b"k", 0, backed_up=False)
    register_passkey(link=opened.link, code=code, made=new, name="clé")
    again = NewPasskey(b"d" * 32, b"k", 0, backed_up=False)
    assert refusal(lambda: register_passkey(link=opened.link, code=code, made=again, name="x")) == {
        "passkey.invitation-over"
    }


def test_an_invitation_ends_by_itself_before_and_after_its_confirmation(portal: Instance) -> None:
    code, opened = invited(CHLOE)
    portal.clock.forward(minutes=31)
    browser = DoorClient(at_door=False)
    answer = browser.post(f"/cle-acces/inscription/{opened.link}/", {"code": code})
    assert answer.status_code == 422
    assert "son temps est passé" in text(answer)
    (line,) = passkey_invitations(at=portal.clock())
    assert line.state == "over"
    waiting = ask()
    portal.clock.forward(hours=73)
    assert refusal(lambda: confirm_invitation(BRUNO.actor, reference=waiting.reference)) == {
        "passkey.invitation-over"
    }


def test_an_invitation_is_closed_by_any_officer_and_by_a_newer_one(portal: Instance) -> None:
    asked = ask()
    drop_invitation(CHLOE.actor, reference=asked.reference)
    assert refusal(lambda: confirm_invitation(BRUNO.actor, reference=asked.reference)) == {
        "passkey.invitation-over"
    }
    code, opened = invited(CHLOE)
    ask()
    assert refusal(lambda: look_at_invitation(link=opened.link, code=code)) == {"passkey.invitation-over"}
    assert refusal(lambda: drop_invitation(AUDITOR.actor, reference=asked.reference)) == {
        "operations.role-missing"
    }


def test_who_has_no_role_gets_no_key(portal: Instance) -> None:
    assert refusal(lambda: ask(who=STRANGER)) == {"passkey.no-role"}
    code, opened = invited(CHLOE)
    take_role(CHLOE, "desk")
    assert refusal(lambda: look_at_invitation(link=opened.link, code=code)) == {"passkey.invitation-over"}


# -- attacks at the registration and at the door

LIES = [
    Lie(origin="https://portail.example"),
    Lie(relying_party="portail.example"),
    Lie(challenge=b"x" * 56),
    Lie(verified=False),
    Lie(cross_origin=True),
    Lie(kind="payment.get"),
]


@pytest.mark.parametrize("lie", LIES, ids=lambda one: repr(one)[4:60])
def test_an_answer_that_lies_registers_nothing_and_opens_nothing(portal: Instance, lie: Lie) -> None:
    made = device("clé")
    registered(CHLOE, made)
    browser = DoorClient(at_door=False)
    answer = browser.post("/cle-acces/", {"reponse": made.use(options_in(browser.get("/cle-acces/")), lie)})
    assert answer.status_code == 403
    assert browser.get("/guichet/").status_code == 403
    code, opened = invited(BRUNO)
    address = f"/cle-acces/inscription/{opened.link}/"
    asked = options_in(browser.post(address, {"code": code}))
    told = device("autre").make(asked, lie)
    assert browser.post(address, {"code": code, "reponse": told}).status_code == 422
    assert Passkey.objects.count() == 1


def test_an_answer_serves_once(portal: Instance) -> None:
    made = device("clé", counts=False)
    registered(CHLOE, made)
    browser = DoorClient(at_door=False)
    told = made.use(options_in(browser.get("/cle-acces/")))
    assert browser.post("/cle-acces/", {"reponse": told}).status_code == 302
    browser.post("/sortie/")
    again = browser.post("/cle-acces/", {"reponse": told})
    assert again.status_code == 403
    assert "ne sert qu'une fois" in text(again)


def test_an_answer_is_good_for_five_minutes_in_the_browser_that_was_asked(portal: Instance) -> None:
    made = device("clé")
    registered(CHLOE, made)
    browser, thief = DoorClient(at_door=False), DoorClient(at_door=False)
    told = made.use(options_in(browser.get("/cle-acces/")))
    thief.get("/cle-acces/")
    assert thief.post("/cle-acces/", {"reponse": told}).status_code == 403
    portal.clock.forward(minutes=6)
    assert browser.post("/cle-acces/", {"reponse": told}).status_code == 403


def test_a_question_of_one_page_is_not_answered_on_another(portal: Instance) -> None:
    made = device("clé")
    registered(CHLOE, made)
    browser = enters(made)
    portal.clock.forward(minutes=16)
    asked = options_in(browser.post("/guichet/CMD-00000-00000/approuver/"))
    other = DoorClient(at_door=False)
    other.cookies = browser.cookies
    assert other.post("/cle-acces/", {"reponse": made.use(asked)}).status_code == 403


@pytest.mark.parametrize("shown", [0, 1, 2])
def test_a_counter_that_does_not_go_up_opens_nothing_and_is_in_the_journal(
    portal: Instance, shown: int
) -> None:
    made = device("clé")
    registered(CHLOE, made)
    enters(made)
    browser = DoorClient(at_door=False)
    told = made.use(options_in(browser.get("/cle-acces/")), Lie(count=shown))
    answer = browser.post("/cle-acces/", {"reponse": told})
    assert answer.status_code == 403
    assert "copiée" in text(answer)
    assert kinds()[-1] == "refused.passkey.used"


def test_of_two_who_show_the_same_answer_one_is_let_in(portal: Instance) -> None:
    made = device("clé", counts=False)
    reference = registered(CHLOE, made)
    welcome_by_passkey(reference=reference, sign_count=0, challenge=b"c" * 56)
    assert refusal(lambda: welcome_by_passkey(reference=reference, sign_count=0, challenge=b"c" * 56)) == {
        "passkey.challenge"
    }


def test_an_unknown_key_and_a_wrong_answer_write_nothing(portal: Instance) -> None:
    registered(CHLOE, device("clé"))
    before = JournalEntry.objects.count(), Session.objects.count(), SpentChallenge.objects.count()
    browser = DoorClient(at_door=False)
    stranger = device("inconnue")
    stranger.make(options_in_register())
    for answer in ("", "{}", "x" * 9000, stranger.use(options_in(browser.get("/cle-acces/")))):
        assert browser.post("/cle-acces/", {"reponse": answer}).status_code == 403
    assert (
        JournalEntry.objects.count(),
        Session.objects.count(),
        SpentChallenge.objects.count(),
    ) == before


def options_in_register() -> str:
    return '{"challenge": "eHh4", "rp": {"id": "localhost"}, "user": {"id": "dXU"}}'


def test_the_door_tells_nothing_of_who_has_a_key(portal: Instance) -> None:
    """No list of credentials is sent, and an unknown one and a revoked one are refused alike."""
    made, stranger = device("clé"), device("inconnue")
    reference = registered(CHLOE, made)
    stranger.make(options_in_register())
    revoke_passkey(ALICE.actor, reference=reference, reason="perdue")
    browser = DoorClient(at_door=False)
    asked = options_in(browser.get("/cle-acces/"))
    assert "allowCredentials" not in asked
    pages = [text(browser.post("/cle-acces/", {"reponse": one.use(asked)})) for one in (made, stranger)]
    assert len({one.count("n'ouvre pas ce service") for one in pages} - {0}) == 1


def test_the_door_of_passkeys_is_braked(portal: Instance) -> None:
    from sceau.portal import post_brakes

    post_brakes(None)
    browser = DoorClient(at_door=False)
    answers = [browser.post("/cle-acces/", {"reponse": "{}"}).status_code for _ in range(25)]
    assert set(answers) == {403, 429}
    post_brakes(None)


# -- the session


def test_a_session_of_a_passkey_lives_on_the_public_listener_only(portal: Instance) -> None:
    browser = passkey_visitor(CHLOE)
    from sceau.portal import TlsFacts

    browser.facts = TlsFacts(asks_for_cards=True, peer_certificate=None)
    assert browser.get("/guichet/").status_code == 403
    browser.facts = TlsFacts(asks_for_cards=False, peer_certificate=None)
    assert browser.get("/guichet/").status_code == 200


def test_it_ends_with_its_key_with_its_role_and_with_time(portal: Instance) -> None:
    made = device("clé")
    reference = registered(CHLOE, made)
    browser = enters(made)
    revoke_passkey(ALICE.actor, reference=reference, reason="perdue")
    assert OpenSession.objects.filter(card_number=reference).count() == 0
    assert browser.get("/guichet/").status_code == 403
    other = passkey_visitor(BRUNO)
    portal.clock.forward(minutes=31)
    assert other.get("/guichet/").status_code == 403
    third = passkey_visitor(AUDITOR)
    take_role(AUDITOR, "auditor")
    assert third.get("/guichet/").status_code == 403


def test_it_is_listed_as_what_it_is(portal: Instance) -> None:
    browser = passkey_visitor(CHLOE)
    (line,) = sessions_of(CHLOE.national_id.text, at=portal.clock())
    assert line.means == "passkey"
    assert f"Clé d’accès {line.card_number}" in text(browser.get("/connexions/"))


def test_it_wears_an_officers_hat_and_never_the_holders(portal: Instance) -> None:
    accepted(offer("serv-ssl"))
    give_role(ADMINISTRATOR, "desk")
    browser = passkey_visitor(ADMINISTRATOR)
    assert browser.get("/guichet/").status_code == 200
    for address in ("/commandes/", "/certificats/", "/demander/", "/habilitations/"):
        assert browser.get(address).status_code == 403
    assert browser.post("/role/", {"role": "holder"}).status_code == 404


def test_no_certificate_is_ever_issued_by_a_passkey(portal: Instance) -> None:
    accepted(offer("serv-ssl"))
    issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="first")
    give_role(ADMINISTRATOR, "desk")
    made = device("clé")
    reference = registered(ADMINISTRATOR, made)
    actor = Actor(ADMINISTRATOR.national_id.text, passkey=reference)
    assert refusal(
        lambda: issue_certificate(actor, server_request(which="other"), idempotency_key="second")
    ) == {"issuance.card-needed"}


def test_a_decision_late_in_a_session_asks_for_the_passkey_again(portal: Instance) -> None:
    made = device("clé")
    registered(CHLOE, made)
    browser = enters(made)
    order = submitted(offer("serv-ssl")).line.reference
    take_order(CHLOE.actor, reference=order)
    portal.clock.forward(minutes=16)
    address = f"/guichet/{order}/approuver/"
    asked = browser.post(address, {"version": "1"})
    assert asked.status_code == 403
    assert Approval.objects.count() == 0
    ticket = ticket_in(asked)
    sent = {"preuve": "1", "gardee": ticket}
    assert browser.post(address, sent).status_code == 403  # a click is no proof
    lie = made.use(options_in(asked), Lie(verified=False))
    assert browser.post(address, {**sent, "reponse": lie}).status_code == 403
    assert browser.post(address, {**sent, "reponse": made.use(options_in(asked))}).status_code == 302
    assert Approval.objects.count() == 1


def test_nobody_elses_passkey_proves_it(portal: Instance) -> None:
    mine, theirs = device("à moi"), device("à Bruno")
    registered(CHLOE, mine)
    registered(BRUNO, theirs)
    browser = enters(mine)
    portal.clock.forward(minutes=16)
    address = "/guichet/CMD-00000-00000/approuver/"
    asked = browser.post(address)
    sent = {"preuve": "1", "gardee": ticket_in(asked), "reponse": theirs.use(options_in(asked))}
    answer = browser.post(address, sent)
    assert answer.status_code == 403
    assert "autre personne" in text(answer)


def ticket_in(answer: Any) -> str:
    import re

    found = re.search(r'name="gardee" value="([^"]+)"', answer.content.decode())
    assert found
    return found[1]


# -- recovery


def test_recovery_takes_two_officers_and_ends_the_keys_and_sessions_of_before(portal: Instance) -> None:
    lost = device("perdue")
    registered(CHLOE, lost)
    browser = enters(lost)
    asked = ask(recovers=True)
    assert browser.get("/guichet/").status_code == 200  # one officer alone ends nothing
    opened = confirm_invitation(BRUNO.actor, reference=asked.reference)
    assert browser.get("/guichet/").status_code == 403
    assert sessions_of(CHLOE.national_id.text, at=portal.clock()) == ()
    assert kinds()[-2:] == ["passkey.invitation-confirmed", "passkey.revoked"]
    new = device("neuve")
    page, address = DoorClient(at_door=False), f"/cle-acces/inscription/{opened.link}/"
    question = options_in(page.post(address, {"code": asked.code}))
    page.post(address, {"code": asked.code, "name": "neuve", "reponse": new.make(question)})
    assert enters(new).get("/guichet/").status_code == 200
    keys = {one.name: one.ended_why for one in passkeys_of(CHLOE.national_id.text)}
    assert keys == {"perdue": "récupération", "neuve": ""}


def test_any_officer_stops_a_colleagues_key_and_an_auditor_or_a_stranger_does_not(portal: Instance) -> None:
    reference = registered(CHLOE, device("clé"))
    for someone in (AUDITOR, STRANGER):
        assert refusal(
            lambda one=someone: revoke_passkey(one.actor, reference=reference, reason="x")  # type: ignore[misc]
        ) == {"passkey.unknown"}
    revoke_passkey(BRUNO.actor, reference=reference, reason="départ")
    assert passkeys_of(CHLOE.national_id.text)[0].ended_why == "départ"


# -- what the database refuses by itself


def refused_by_database(act: Callable[[], Any], words: str) -> None:
    with pytest.raises(IntegrityError, match=words), transaction.atomic():
        act()


def test_the_database_takes_no_key_without_two_officers_and_no_counter_that_falls(portal: Instance) -> None:
    made = device("clé")
    reference = registered(CHLOE, made)
    enters(made)
    row = Passkey.objects.get()
    waiting = PasskeyInvitation.objects.get(reference=ask(who=BRUNO, by=CHLOE).reference)
    copy = {
        one.attname: getattr(row, one.attname) for one in row._meta.concrete_fields if one.attname != "id"
    }
    copy |= {
        "reference": "PK-X",
        "credential_sha256": "x",
        "invitation_id": waiting.pk,
        "person_id": waiting.person_id,
    }
    refused_by_database(lambda: Passkey.objects.create(**copy), "two officers made")
    refused_by_database(lambda: Passkey.objects.filter(pk=row.pk).update(sign_count=0), "never falls")
    refused_by_database(lambda: Passkey.objects.filter(pk=row.pk).update(public_key=b"x"), "never change")
    refused_by_database(lambda: Passkey.objects.filter(pk=row.pk).delete(), "never removed")
    told = {"decided_with": "x", "state": "open", "link_sha256": "y", "valid_until": portal.clock()}
    mine = PasskeyInvitation.objects.filter(pk=waiting.pk)
    refused_by_database(mine.delete, "never removed")
    refused_by_database(
        lambda: mine.update(**told, decided_by=CHLOE.national_id.text), "invitation_two_people"
    )
    refused_by_database(lambda: mine.update(**told, decided_by=BRUNO.national_id.text), "never for oneself")
    revoke_passkey(ALICE.actor, reference=reference, reason="x")
    refused_by_database(lambda: Passkey.objects.filter(pk=row.pk).update(ended_at=None), "final")


def test_the_database_takes_no_approval_by_a_key_that_is_not_the_officers(portal: Instance) -> None:
    reference = registered(CHLOE, device("clé"))
    order = submitted(offer("serv-ssl")).line.reference
    take_order(ALICE.actor, reference=order)
    approve_order(ALICE.actor, reference=order, version=1)
    given = Approval.objects.get()
    copy = {
        one.attname: getattr(given, one.attname) for one in given._meta.concrete_fields if one.attname != "id"
    }
    copy |= {"officer": BRUNO.national_id.text, "card_number": reference}
    refused_by_database(lambda: Approval.objects.create(**copy), "by a passkey of the officer")


def test_a_key_that_ended_decides_nothing(portal: Instance) -> None:
    reference = registered(CHLOE, device("clé"))
    order = submitted(offer("serv-ssl")).line.reference
    actor = Actor(CHLOE.national_id.text, passkey=reference)
    take_order(actor, reference=order)
    revoke_passkey(ALICE.actor, reference=reference, reason="x")
    assert refusal(lambda: approve_order(actor, reference=order, version=1)) == {"passkey.ended"}
    stolen = Actor(BRUNO.national_id.text, passkey=registered(CHLOE, device("autre")))
    assert refusal(lambda: approve_order(stolen, reference=order, version=1)) == {"passkey.ended"}


# -- the pages of the officers


def test_two_officers_do_it_all_on_the_page_of_agents(portal: Instance) -> None:
    import re

    anne, alice = visitor(AUTHORITY), visitor(ALICE)
    sent = {"role.person": STRANGER.card, "role.quality": "desk", "role.event": "give"}
    assert anne.post("/agents/roles/", sent).status_code == 422  # no reason given
    assert anne.post("/agents/roles/", {**sent, "role.reason": "Arrivée"}).status_code == 302
    page = text(alice.get("/agents/"))
    (reference,) = set(re.findall(r"ROL-\w{5}-\w{5}", page))
    assert "Confirmer" not in text(anne.get("/agents/")).split("Qui a quel rôle")[0]
    assert alice.post(f"/agents/roles/{reference}/confirmer/").status_code == 302
    key = {"key.person": STRANGER.national_id.text, "key.kind": "add", "key.reason": "Sans carte"}
    asked = text(alice.post("/agents/invitations/", key))
    (code,) = re.findall(r"\b[A-Z0-9]{5}-[A-Z0-9]{5}\b(?=</pre>)", asked)
    assert code not in text(anne.get("/agents/"))
    (invitation,) = set(re.findall(r"INV-\w{5}-\w{5}", asked))
    opened = text(anne.post(f"/agents/invitations/{invitation}/confirmer/"))
    (link,) = re.findall(r"/cle-acces/inscription/[\w-]{43}/", opened)
    made, page_of_sam = device("clé de Sam"), DoorClient(at_door=False)
    question = options_in(page_of_sam.post(link, {"code": code}))
    done = page_of_sam.post(link, {"code": code, "name": "clé", "reponse": made.make(question)})
    assert "est enregistrée" in text(done)
    assert enters(made).get("/guichet/").status_code == 200


def test_who_is_known_by_no_card_is_made_known_on_the_page(portal: Instance) -> None:
    alice = visitor(ALICE)
    sent = {"person.national_id": "3690000005/NEUF1", "person.surname": "Neuf", "person.given_names": "Nina"}
    assert alice.post("/agents/personnes/", {**sent, "person.national_id": "x"}).status_code == 422
    assert alice.post("/agents/personnes/", sent).status_code == 302
    give_role(Someone(PersonId("3", "690000005", "NEUF1"), "Neuf", "Nina", "", ""), "auditor")
    assert "Nina Neuf" in text(alice.get("/agents/"))


def test_the_auditor_reads_the_page_of_agents_and_finds_no_button(portal: Instance) -> None:
    ask()
    page = text(visitor(AUDITOR).get("/agents/"))
    assert "Une clé d’accès de plus" in page
    assert 'action="/agents/' not in page
    assert 'action="/agents/' in text(visitor(AUTHORITY).get("/agents/"))
