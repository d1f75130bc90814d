"""A professional's mailbox, reached by a code mailed to it: the one name of PS certificates [decision 14]."""

from __future__ import annotations

from datetime import timedelta

from sceau.operations.acts import acting
from sceau.operations.codes import draw_digits, hash_code, is_code
from sceau.operations.machine import Actor, machine
from sceau.operations.standing import require_person
from sceau.records.models import MailboxConfirmation
from sceau.vocabulary import Fault, Finding, Refused, read_mailbox

GOOD_FOR = timedelta(minutes=30)
MOST_FAILURES = 5
MOST_CODES = 5
_PERIOD = timedelta(hours=1)


def send_mailbox_code(actor: Actor, *, mailbox: str) -> str:
    """Mail a code to `mailbox`; gives the mailbox in its canonical spelling. At most five codes an hour.

    `Fault` (``mailbox.no-mail``) when this instance cannot send mail.
    """
    present = machine()
    if present.mailer is None:
        raise Fault("mailbox.no-mail", retryable=False)
    code = draw_digits(present.random)
    with acting(actor, "mailbox.code-sent") as act:
        person = require_person(act)
        act.about(f"person/{person.pk}")
        read = read_mailbox(mailbox, subject="mailbox").require()
        recent = MailboxConfirmation.objects.filter(person=person, sent_at__gt=act.at - _PERIOD).count()
        if recent >= MOST_CODES:
            raise Refused([Finding.error("mailbox.too-many-codes", read.text)])
        MailboxConfirmation.objects.create(
            person=person,
            mailbox=read.text,
            code_hash=hash_code(code, present.random),
            sent_at=act.at,
        )
        act.keep(mailbox=read.text)
    texts = present.catalogue
    present.mailer(
        to=read.text,
        subject=texts.text("mail.mailbox-code.subject"),
        text=texts.text("mail.mailbox-code.text").format(code=code, minutes=GOOD_FOR.seconds // 60),
    )
    return read.text


def confirm_mailbox(actor: Actor, *, mailbox: str, code: str) -> str:
    """The code came back: from now on the mailbox may stand in this person's certificates."""
    failed = False
    with acting(actor, "mailbox.confirmed") as act:
        person = require_person(act)
        act.about(f"person/{person.pk}")
        read = read_mailbox(mailbox, subject="mailbox").require()
        row = (
            MailboxConfirmation.objects.select_for_update()
            .filter(person=person, mailbox=read.text, confirmed_at=None, sent_at__gt=act.at - GOOD_FOR)
            .order_by("-sent_at")
            .first()
        )
        if row is None or row.failures >= MOST_FAILURES:
            raise Refused([Finding.error("mailbox.no-code", read.text)])
        act.keep(mailbox=read.text)
        if is_code(code.strip(), row.code_hash):
            row.confirmed_at = act.at
        else:
            row.failures += 1
            failed = True
            act.rename("mailbox.code-wrong")
        row.save(update_fields=["confirmed_at", "failures"])
    if failed:
        raise Refused([Finding.error("mailbox.code-wrong", "code")])
    return read.text
