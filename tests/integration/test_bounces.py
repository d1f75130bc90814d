"""Mails that come back: notices read from a mailbox or a call, addresses that die, who is written to next."""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sceau.operations import (
    Delivery,
    Fate,
    Letter,
    add_contact,
    letter_of,
    mails,
    make_mails,
    read_call,
    read_notification,
    resend_mail,
    send_mails,
    suspend_habilitation,
)
from sceau.records.models import ContractParty, DeadAddress, DeskTask, Mail, Structure
from sceau.site.bounces import take_bounces
from tests.instance import ALICE, CONTRACT, Instance, accepted, offer, right_for, submitted
from tests.postal import Desk, with_mail

ON_FORM = "contact@chu-exemple.fr"
DSN = """\
Return-Path: <>
From: MAILER-DAEMON@relais.example
To: sceau@autorite.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <other@relais.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain

It did not go.

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; relais.example

Final-Recipient: rfc822; {address}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 no such user

--B
Content-Type: {kind}

From: sceau@autorite.example
To: {address}
Message-ID: <{name}>
Subject: x

--B--
"""


def notice(name: str, address: str = ON_FORM, **said: str) -> bytes:
    told = {"action": "failed", "status": "5.1.1", "kind": "text/rfc822-headers"} | said
    return DSN.format(name=name, address=address, **told).encode()


def drop(folder: Path, name: str, octets: bytes) -> None:
    (folder / "new").mkdir(parents=True, exist_ok=True)
    (folder / "new" / name).write_bytes(octets)


@pytest.mark.parametrize("kind", ["text/rfc822-headers", "message/rfc822"])
def test_a_notice_says_which_mail_to_whom_and_why(kind: str) -> None:
    (bounce,) = read_notification(notice("abc@autorite.example", kind=kind)).require()
    assert (bounce.message_id, bounce.address, bounce.status) == ("abc@autorite.example", ON_FORM, "5.1.1")
    assert bounce.is_final
    assert bounce.is_of_address


def test_a_delay_a_full_box_and_a_filter_are_no_dead_address() -> None:
    assert read_notification(notice("abc@x", action="delayed", status="4.4.1")).require() == ()
    for status in ("5.2.2", "5.7.1"):
        (bounce,) = read_notification(notice("abc@x", status=status)).require()
        assert bounce.is_final
        assert not bounce.is_of_address


@given(st.binary(max_size=400))
def test_whatever_comes_is_read_or_refused(octets: bytes) -> None:
    whole = notice("abc@x")
    for data in (octets, whole[:200] + octets + whole[200:], whole[: len(octets)]):
        reading = read_notification(data)
        assert reading.value is not None or reading.findings


def test_a_dead_address_hands_on_to_the_second_contact_then_the_desk(
    instance: Instance, tmp_path: Path
) -> None:
    desk = with_mail(instance)
    accepted(offer("serv-ssl"))
    ContractParty.objects.filter(contract__number=CONTRACT, quality="representative").update(
        email="direction@chu-exemple.fr"
    )
    make_mails()
    send_mails()
    right = right_for("SERV_SSL")
    suspend_habilitation(ALICE.actor, reference=right, reason="Essai")
    make_mails()
    send_mails()
    first = Mail.objects.get(template="right-suspended", address=ON_FORM)
    drop(tmp_path, "1", notice(first.message_id))
    drop(tmp_path, "2", notice(first.message_id))
    drop(tmp_path, "3", b"Subject: hello\n\nspam")
    assert take_bounces(tmp_path) == 1
    assert list((tmp_path / "new").iterdir()) == []
    assert DeadAddress.objects.get().address == ON_FORM
    second = Mail.objects.get(before=first)
    assert second.address == "direction@chu-exemple.fr"
    desk.letters.clear()
    send_mails()
    assert [one.to for one in desk.letters] == ["direction@chu-exemple.fr"]
    assert not DeskTask.objects.filter(code="mail.nobody-reached").exists()
    drop(tmp_path, "4", notice(second.message_id, "direction@chu-exemple.fr"))
    take_bounces(tmp_path)
    assert DeskTask.objects.get(code="mail.nobody-reached").subject == right


def test_a_stranger_cannot_bury_an_address(instance: Instance, tmp_path: Path) -> None:
    with_mail(instance)
    accepted(offer("serv-ssl"))
    make_mails()
    send_mails()
    mail = Mail.objects.filter(address=ON_FORM).first()
    assert mail is not None
    drop(tmp_path, "1", notice("guessed@autorite.example"))
    drop(tmp_path, "2", notice(mail.message_id, "autre@chu-exemple.fr"))
    assert take_bounces(tmp_path) == 0
    assert not DeadAddress.objects.exists()


SECRET, NOW = b"partage-avec-le-relais", 1_800_000_000
BODY = json.dumps({"message_id": "<abc@x.fr>", "address": ON_FORM, "status": "5.1.1"}).encode()


def signed(body: bytes, stamp: str, secret: bytes = SECRET) -> str:
    return hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def test_a_call_is_believed_under_the_secret_and_in_its_time_only() -> None:
    stamp = str(NOW)
    good = read_call(BODY, stamp=stamp, signature=signed(BODY, stamp), secret=SECRET, now=NOW + 10)
    assert good.require().message_id == "abc@x.fr"
    old = read_call(BODY, stamp=stamp, signature=signed(BODY, stamp), secret=SECRET, now=NOW + 301)
    other = read_call(BODY, stamp=stamp, signature=signed(BODY, stamp, b"x"), secret=SECRET, now=NOW)
    altered = read_call(BODY + b" ", stamp=stamp, signature=signed(BODY, stamp), secret=SECRET, now=NOW)
    moved = read_call(BODY, stamp=str(NOW + 1), signature=signed(BODY, stamp), secret=SECRET, now=NOW)
    none = read_call(BODY, stamp=stamp, signature=signed(BODY, stamp, b""), secret=b"", now=NOW)
    assert [one.value for one in (old, other, altered, moved, none)] == [None] * 5


class Stop(Exception):
    """The process dies here."""


def dying(*_: object, **__: object) -> None:
    raise Stop


@contextmanager
def stopping(monkeypatch: pytest.MonkeyPatch, step: str) -> Iterator[None]:
    """The process dies at this step of the mails; empty: wherever it is made to."""
    with monkeypatch.context() as at:
        if step:
            at.setattr(mails, step, dying)
        with pytest.raises(Stop):
            yield


def nobody_left(instance: Instance) -> tuple[Desk, Mail]:
    """A mail that insists, sent to the last address there is."""
    desk = with_mail(instance)
    accepted(offer("serv-ssl"))
    make_mails()
    send_mails()
    suspend_habilitation(ALICE.actor, reference=right_for("SERV_SSL"), reason="Essai")
    make_mails()
    send_mails()
    return desk, Mail.objects.get(template="right-suspended")


def test_a_stop_before_the_task_leaves_nothing_of_the_bounce_and_its_notice_is_read_again(
    instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, mail = nobody_left(instance)
    drop(tmp_path, "1", notice(mail.message_id))
    with stopping(monkeypatch, "raise_tasks"):
        take_bounces(tmp_path)
    mail.refresh_from_db()
    assert mail.state == "sent"
    assert not DeadAddress.objects.exists()
    assert not DeskTask.objects.filter(code="mail.nobody-reached").exists()
    assert len(list((tmp_path / "new").iterdir())) == 1
    assert take_bounces(tmp_path) == 1
    assert DeskTask.objects.filter(code="mail.nobody-reached").count() == 1
    assert DeadAddress.objects.count() == 1


def test_a_stop_after_a_refusal_before_its_task_is_presumed_and_its_notice_still_escalates(
    instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server refused, and the process died before it could write so: nothing half done is left."""
    desk = with_mail(instance)
    accepted(offer("serv-ssl"))
    make_mails()
    send_mails()
    desk.answers[ON_FORM] = Delivery(Fate.REFUSED, "550 5.1.1 no such user", address_is_bad=True)
    suspend_habilitation(ALICE.actor, reference=right_for("SERV_SSL"), reason="Essai")
    make_mails()
    with stopping(monkeypatch, "raise_tasks"):
        send_mails()
    mail = Mail.objects.get(template="right-suspended")
    assert mail.state == "sending"
    assert not DeadAddress.objects.exists()
    desk.letters.clear()
    instance.clock.forward(minutes=11)
    send_mails()
    assert desk.letters == []
    mail.refresh_from_db()
    assert mail.state == "presumed"
    drop(tmp_path, "1", notice(mail.message_id))
    assert take_bounces(tmp_path) == 1
    assert DeskTask.objects.filter(code="mail.nobody-reached").count() == 1


@pytest.mark.parametrize("point", ["before the server", "after the server", "while it is noted"])
def test_one_mail_is_never_sent_twice_whatever_stops(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    class Dying(Desk):
        def deliver(self, letter: Letter) -> Delivery:
            if point == "before the server":
                raise Stop
            super().deliver(letter)
            if point == "after the server":
                raise Stop
            return Delivery(Fate.ACCEPTED, "250 OK")

    dead = with_mail(instance, Dying())
    submitted(offer("serv-ssl"))
    make_mails()
    with stopping(monkeypatch, "_note" if point == "while it is noted" else ""):
        send_mails()
    desk = with_mail(instance)
    for _ in range(3):
        instance.clock.forward(minutes=11)
        make_mails()
        send_mails()
    assert len(dead.letters) + len(desk.letters) <= 1
    assert Mail.objects.get().state == "presumed"
    copy = resend_mail(ALICE.actor, number=Mail.objects.get().pk)
    for _ in range(3):
        instance.clock.forward(minutes=11)
        send_mails()
    assert [one.message_id for one in desk.letters] == [Mail.objects.get(pk=copy).message_id]


def test_a_stop_while_mails_are_made_makes_each_once(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = with_mail(instance)
    submitted(offer("serv-ssl"))
    with stopping(monkeypatch, "raise_tasks"):
        make_mails()
    assert not Mail.objects.exists()
    make_mails()
    send_mails()
    assert len(desk.letters) == 1


def test_the_order_is_second_contact_representative_telephone_and_letter(
    instance: Instance, tmp_path: Path
) -> None:
    """Each address is tried once, the next only when the one before came back; then a person calls and
    posts.
    """
    desk = with_mail(instance)
    accepted(offer("serv-ssl"))
    ContractParty.objects.filter(contract__number=CONTRACT, quality="representative").update(
        email="direction@chu-exemple.fr"
    )
    structure = Structure.objects.get(name__startswith="Centre").national_id
    for address in ("astreinte@chu-exemple.fr", "dsi@chu-exemple.fr"):
        add_contact(ALICE.actor, structure=structure, role="administrator", address=address)
    make_mails()
    send_mails()
    suspend_habilitation(ALICE.actor, reference=right_for("SERV_SSL"), reason="Essai")
    make_mails()
    desk.letters.clear()
    send_mails()
    tried = [one.to for one in desk.letters]
    assert tried == [ON_FORM, "direction@chu-exemple.fr"]  # to the administrator, and to the representative
    mail = Mail.objects.get(template="right-suspended", role="administrator")
    seen = [mail.address]
    while True:
        drop(tmp_path, str(len(seen)), notice(mail.message_id, mail.address))
        take_bounces(tmp_path)
        send_mails()
        further = Mail.objects.filter(before=mail).first()
        if further is None:
            break
        assert not DeskTask.objects.filter(code="mail.nobody-reached").exists()
        mail = further
        seen.append(mail.address)
    assert seen == [
        ON_FORM,
        "astreinte@chu-exemple.fr",
        "dsi@chu-exemple.fr",
        "direction@chu-exemple.fr",
    ]
    task = DeskTask.objects.get(code="mail.nobody-reached")
    assert task.about == [right_for("SERV_SSL"), f"mail/{mail.pk}"]
    letter = letter_of(ALICE.actor, number=mail.pk)
    text = subprocess.run(
        ["pdftotext", "-", "-"], input=letter, capture_output=True, check=True
    ).stdout.decode()
    assert "Essai" in text
    assert "Centre hospitalier de l" in text
