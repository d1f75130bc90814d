"""Mails that come back: notices read from a mailbox or a call, addresses that die, who is written to next."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sceau.operations import (
    make_mails,
    read_call,
    read_notification,
    send_mails,
    suspend_habilitation,
)
from sceau.records.models import ContractParty, DeadAddress, DeskTask, Mail
from sceau.site.bounces import take_bounces
from tests.instance import ALICE, CONTRACT, Instance, accepted, offer, right_for
from tests.postal import with_mail

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
