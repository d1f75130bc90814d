"""The desk's mails, a relay's calls, calendars and evidence files, as a browser meets them."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest
from icalendar import Calendar

from sceau.journal import HeadVerifier, open_evidence, verify_evidence
from sceau.operations import (
    issue_certificate,
    machine,
    make_mails,
    send_mails,
    suspend_habilitation,
)
from sceau.operations.post import MailRoom
from sceau.records.models import DeadAddress, Mail, MailContact, Structure
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    AUDITOR,
    OTHER_REPRESENTATIVE,
    REPRESENTATIVE,
    STRANGER,
    Instance,
    accepted,
    offer,
    right_for,
    server_request,
)
from tests.portal import DoorClient, staff_the_door, tls_layer, visitor
from tests.postal import Desk, with_mail


@pytest.fixture
def desk(instance: Instance) -> Iterator[Desk]:
    staff_the_door()
    postman = with_mail(instance)
    accepted(offer("serv-ssl"))
    make_mails()
    send_mails()
    with tls_layer():
        yield postman


def test_the_desk_sees_what_was_sent_sends_it_again_once_and_prints_it(desk: Desk) -> None:
    browser = visitor(ALICE)
    listed = browser.get("/guichet/courriels/").content.decode()
    mail = Mail.objects.order_by("pk")[0]
    assert mail.subject in listed
    assert "envoyé" in listed
    shown = browser.get(f"/guichet/courriels/{mail.pk}/").content.decode()
    assert mail.message_id in shown
    again = browser.post(f"/guichet/courriels/{mail.pk}/renvoyer/", follow=True)
    assert "Une copie part" in again.content.decode()
    assert browser.post(f"/guichet/courriels/{mail.pk}/renvoyer/").status_code == 422
    letter = browser.post(f"/guichet/courriels/{mail.pk}/lettre/")
    assert letter.content.startswith(b"%PDF-1.7")
    assert visitor(AUDITOR).get("/guichet/courriels/").status_code == 200
    assert visitor(AUDITOR).post(f"/guichet/courriels/{mail.pk}/lettre/").status_code == 403
    assert visitor(REPRESENTATIVE).get("/guichet/courriels/").status_code == 403


def test_a_contact_on_file_is_written_to_after_the_first_address_died(desk: Desk) -> None:
    browser = visitor(ALICE)
    structure = Structure.objects.get(name__startswith="Centre").national_id
    sent = {"structure": structure, "role": "administrator", "address": "astreinte@chu-exemple.fr"}
    assert browser.post("/guichet/courriels/contacts/", sent).status_code == 302
    assert MailContact.objects.get().address == "astreinte@chu-exemple.fr"
    wrong = browser.post("/guichet/courriels/contacts/", sent | {"address": "a@b\r\nBcc: c@d.fr"})
    assert wrong.status_code == 422
    mail = Mail.objects.get(template="right-granted")
    call(mail.message_id, mail.address)
    send_mails()
    assert desk.letters[-1].to == "astreinte@chu-exemple.fr"
    revived = {"action": "retablir", "address": mail.address, "reason": "Vérifiée au téléphone"}
    assert browser.post("/guichet/courriels/contacts/", revived).status_code == 302
    assert not DeadAddress.objects.exists()


def call(name: str, address: str, *, secret: bytes = b"partage") -> int:
    """What a relay tells, signed."""
    room = machine().mail
    assert room is not None
    from dataclasses import replace

    from sceau.operations import install

    install(
        replace(
            machine(),
            mail=MailRoom(room.postman, room.domain, room.portal, room.contact, b"partage"),
        )
    )
    body = json.dumps({"message_id": name, "address": address, "status": "5.1.1", "diagnostic": "550"})
    stamp = str(int(machine().clock().timestamp()))
    signature = hmac.new(secret, f"{stamp}.{body}".encode(), hashlib.sha256).hexdigest()
    answer = DoorClient(at_door=False, enforce_csrf_checks=True).post(
        "/courriels/rebonds/",
        body,
        content_type="application/json",
        headers={"Sceau-Date": stamp, "Sceau-Signature": signature},
    )
    return int(answer.status_code)


def test_a_relay_is_believed_under_its_secret_only(desk: Desk) -> None:
    mail = Mail.objects.get(template="right-granted")
    assert call(mail.message_id, mail.address, secret=b"autre") == 403
    assert not DeadAddress.objects.exists()
    assert call(mail.message_id, mail.address) == 204
    assert DeadAddress.objects.get().told_by == "webhook"


def test_a_calendar_is_read_by_its_address_until_it_is_revoked(desk: Desk) -> None:
    file = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    structure = Structure.objects.get(name__startswith="Centre").national_id
    for stranger in (STRANGER, OTHER_REPRESENTATIVE):
        refused = visitor(stranger).post(f"/echeances/{structure}/", {"action": "faire"})
        assert "/calendrier/" not in refused.content.decode()
    browser = visitor(REPRESENTATIVE)
    said = browser.post(f"/echeances/{structure}/", {"action": "faire"}).content.decode()
    address = said.partition("https://portail.autorite.example")[2].partition("<")[0]
    anybody = DoorClient(at_door=False)
    answer = anybody.get(address)
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(answer.content)
    events: dict[str, Any] = {str(one["summary"]): one for one in calendar.walk("VEVENT")}
    event = events["Fin : Certificat de serveur SSL www.chu-exemple.fr"]
    assert event["dtstart"].dt == file.line.not_after.date()
    assert len(event.walk("VALARM")) == 2
    assert "Lefèvre" not in answer.content.decode()
    browser.post(f"/echeances/{structure}/", {"action": "revoquer"})
    assert anybody.get(address).status_code == 404
    assert anybody.get("/calendrier/devine.ics").status_code == 404


def test_an_evidence_file_is_one_click_for_who_may_have_it(desk: Desk) -> None:
    right = right_for("SERV_SSL")
    for who, whole in ((ALICE, True), (AUDITOR, True), (ADMINISTRATOR, False), (REPRESENTATIVE, False)):
        answer = visitor(who).post(f"/dossiers/{right}/")
        assert answer.status_code == 200
        opened = open_evidence(answer.content).require()
        verdict = verify_evidence(opened, verifiers=[HeadVerifier.of(machine().origin, machine().head_key)])
        assert verdict.findings == ()
        assert verdict.dossier is not None
        assert verdict.dossier["whole"] is whole
    for stranger in (STRANGER, OTHER_REPRESENTATIVE):
        assert visitor(stranger).post(f"/dossiers/{right}/")["Content-Type"].startswith("text/html")


def test_a_dead_end_is_a_task_with_its_letter(desk: Desk) -> None:
    right = right_for("SERV_SSL")
    suspend_habilitation(ALICE.actor, reference=right, reason="Essai")
    make_mails()
    send_mails()
    for mail in Mail.objects.filter(template="right-suspended"):
        call(mail.message_id, mail.address)
    tasks = visitor(ALICE).get("/guichet/taches/").content.decode()
    assert f"au sujet de {right}" in tasks
