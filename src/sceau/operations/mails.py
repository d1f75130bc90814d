"""Notices become mails, mails leave, and each has its fate.

A notice is made into mails once, in one transaction, for what stands then; what happened to several objects
at one moment is one mail to each person. A mail is marked as leaving before it is handed over: after a crash
in between, it is presumed sent and never leaves again by itself. A server that surely did not take it is
asked again, less and less often, until it is given up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from sceau.catalogue import OF_THE_DESK, MailRole, MailTemplate
from sceau.operations.acts import acting
from sceau.operations.addressees import addresses_of, living
from sceau.operations.bounces import Bounce
from sceau.operations.machine import Actor, machine
from sceau.operations.mail_words import About, Letterhead, Words, compose
from sceau.operations.matters import matter_of
from sceau.operations.occasions import Matter, Occasion
from sceau.operations.post import Delivery, Fate, Letter, MailRoom
from sceau.operations.register_tasks import TaskEntry, raise_tasks
from sceau.operations.standing import AUTHORITY, DESK, require_role
from sceau.records.models import DeadAddress, Mail, Notice
from sceau.vocabulary import Fault, Finding, Refused, displayed, read_email

TRIAL = "trial"
_ROUND = 200
_COUNTS = frozenset({"gained", "kept", "rights", "certificates", "tokens"})
_ON_ITS_WAY = timedelta(minutes=10)
"""A mail that has been leaving for so long was left by a crash."""


@dataclass(slots=True)
class _Bundle:
    """What one mail will tell: its template, for which role, to which addresses in turn, about what."""

    template: MailTemplate
    role: MailRole
    addresses: list[str]
    about: list[About] = field(default_factory=list)
    notices: list[int] = field(default_factory=list)


def make_mails() -> int:
    """Make every waiting notice into mails; how many mails. Nothing is made without a postman."""
    made = 0
    while (some := _make_some()) is not None:
        made += some
    return made


def send_mails(*, most: int = _ROUND) -> int:
    """Hand over the mails whose time has come, up to `most`; how many a server took."""
    present = machine()
    if present.mail is None:
        return 0
    presume_sent()
    sent = 0
    for number in (
        Mail.objects.filter(state="waiting", next_at__lte=present.clock())
        .order_by("next_at", "id")[:most]
        .values_list("pk", flat=True)
    ):
        sent += _send(number, present.mail)
    return sent


def presume_sent() -> int:
    """Mails that a crash left on their way: nobody knows whether they were taken, so they were."""
    now = machine().clock()
    return Mail.objects.filter(state="sending", changed_at__lt=now - _ON_ITS_WAY).update(
        state="presumed", changed_at=now, reply="arrêt pendant l'envoi"
    )


def resend_mail(actor: Actor, *, number: int) -> int:
    """Send a mail once more, to the same address, as a copy with a name of its own; the copy's number. By the
    desk, once: a mail has one copy and a copy none [`mail.resent-already`].
    """
    with acting(actor, "mail.resent") as act:
        require_role(act, DESK, AUTHORITY)
        row = Mail.objects.select_for_update().filter(pk=number).first()
        if row is None:
            raise Refused([Finding.error("mail.unknown", displayed(str(number)))])
        act.about(f"mail/{row.pk}", row.about)
        if row.again_of_id is not None or Mail.objects.filter(again_of=row).exists():
            raise Refused([Finding.error("mail.resent-already", str(row.pk))])
        if row.state in {"waiting", "sending"}:
            raise Refused([Finding.error("mail.not-gone", str(row.pk))])
        if not living([row.address]):
            raise Refused([Finding.error("mail.address-dead", row.address)])
        copy = _copy(row, row.address, f"again/{row.pk}", at=act.at)
        copy.again_of, copy.step = row, row.step
        copy.save(force_insert=True)
        act.keep(address=row.address)
    return copy.pk


def try_mail(actor: Actor, *, address: str) -> int:
    """Send a mail that says only that it arrived, now; its number in the outbox, where its fate stands. Desk
    or authority. `Fault` (``mail.no-postman``) when this instance writes to nobody.
    """
    room = machine().mail
    if room is None:
        raise Fault("mail.no-postman", retryable=False)
    with acting(actor, "mail.tried") as act:
        require_role(act, DESK, AUTHORITY)
        read = read_email(address.strip(), subject="email").require().text
        template = machine().catalogue.mail.mails[TRIAL]
        words = compose(
            template, [About(room.domain, {})], head=Letterhead(room.portal, room.contact), most=1
        )
        row = _row(words, read, f"trial/{act.machine.random(16).hex()}", at=act.at)
        row.template, row.role, row.about = TRIAL, str(MailRole.DESK), "essai"
        row.save(force_insert=True)
        act.about(f"mail/{row.pk}")
        act.keep(address=read)
    _send(row.pk, room)
    return row.pk


def revive_address(actor: Actor, *, address: str, reason: str) -> None:
    """An address that was held dead lives: the desk asked, and says how it knows."""
    with acting(actor, "mail.address-revived") as act:
        require_role(act, DESK, AUTHORITY)
        if not reason.strip():
            raise Refused([Finding.error("operations.text-missing", "reason")])
        if not DeadAddress.objects.filter(address=address).delete()[0]:
            raise Refused([Finding.error("mail.address-alive", displayed(address) or "—")])
        act.keep(address=address, reason=reason.strip()[:1000])


def note_bounce(bounce: Bounce, *, told_by: str) -> bool:
    """A notice came that a mail was not delivered; whether it was one of ours, and for good.

    It is believed only if it names a mail by its Message-ID, which only its reader has seen, and the address
    that this mail went to. A delay is none; told twice, nothing happens the second time.
    """
    row = Mail.objects.filter(message_id=bounce.message_id, address__iexact=bounce.address).first()
    if row is None or not bounce.is_final or row.state not in {"sent", "presumed"}:
        return False
    hand_on(row, why=bounce.diagnostic, told_by=told_by, is_dead=bounce.is_of_address)
    return True


def hand_on(mail: Mail, *, why: str, told_by: str, is_dead: bool) -> Mail | None:
    """A mail came back for good: what it said goes on to the next address; with `is_dead`, nothing more is
    sent to this one.

    Gives the next mail; None when no address is left: then the desk has a task, to call and to post the
    letter. All of it in one transaction: a stop leaves nothing of it, and the notice is read again.
    """
    at = machine().clock()
    with transaction.atomic():
        row = Mail.objects.select_for_update().get(pk=mail.pk)
        if row.state == "bounced":
            return None
        if is_dead:
            DeadAddress.objects.get_or_create(
                address=row.address, defaults={"since": at, "why": why[:300], "told_by": told_by}
            )
        row.state, row.changed_at, row.reply = "bounced", at, why[:300]
        row.save(update_fields=["state", "changed_at", "reply"])
        further = _go_on(row, at)
        if further is None:
            _ask_desk(row)
    return further


def _make_some() -> int | None:
    """One round in one transaction; None when nothing waited."""
    present = machine()
    if present.mail is None:
        return None
    with transaction.atomic():
        at = present.clock()
        waiting = Notice.objects.select_for_update().filter(made_at=None).order_by("id")
        rows = list(waiting[:_ROUND])
        if not rows:
            return None
        stale = at - timedelta(days=present.catalogue.mail.sending.stale_after)
        bundles, unreached = _bundles([row for row in rows if row.at > stale], at)
        mails = [_mail(one, present.mail, at) for one in bundles]
        Mail.objects.bulk_create(mails)
        Notice.objects.filter(pk__in=[row.pk for row in rows]).update(made_at=at)
        raise_tasks(unreached, raised_by="courriels")
    return len(mails)


def _bundles(rows: Sequence[Notice], at: datetime) -> tuple[list[_Bundle], list[TaskEntry]]:
    """The mails that `rows` make, those of one moment to one person together; and what nobody can be told."""
    found: dict[tuple[str, str, str], _Bundle] = {}
    unreached = []
    for row in rows:
        matter = matter_of(row.subject, Occasion(row.kind, row.told, row.at))
        for template in _templates(row) if matter is not None else ():
            if matter is None or not _is_due(row, template, matter):
                continue
            about = About(matter.reference, matter.facts | _facts_of(row), matter.quote)
            reached: set[str] = set()
            for role in template.to:
                if role in OF_THE_DESK and _did_it(row, matter, role):
                    continue
                addresses = addresses_of(matter, role, at=at)
                alive = living(addresses)
                if not alive or alive[0] in reached:
                    continue
                reached.add(alive[0])
                key = (template.code, role, alive[0])
                bundle = found.setdefault(key, _Bundle(template, role, addresses))
                bundle.notices.append(row.pk)
                if all(one.reference != about.reference for one in bundle.about):
                    bundle.about.append(about)
            if not reached and template.insists and matter.structure is not None:
                unreached.append(_call(template.code, matter.reference))
    return list(found.values()), unreached


def _did_it(row: Notice, matter: Matter, role: MailRole) -> bool:
    """Whether an officer would be told of their own act."""
    officer = matter.people.get(role)
    return officer is not None and officer.national_id == row.told.get("by")


def _templates(row: Notice) -> tuple[MailTemplate, ...]:
    rules = machine().catalogue.mail
    if row.kind.startswith("reminder."):
        reminder = rules.reminders.get(row.kind.split(".")[1])
        return () if reminder is None else (rules.mails[reminder.mail],)
    return rules.told_by.get(row.kind, ())


def _is_due(row: Notice, template: MailTemplate, matter: Matter) -> bool:
    """A card that became valid again is no opposition; what has ended meanwhile needs no reminder."""
    if template.when and str(row.told.get("status", "")) not in template.when:
        return False
    return not (row.kind.startswith("reminder.") and matter.over)


def _facts_of(row: Notice) -> dict[str, str]:
    """What the act itself said, in words."""
    told = row.told
    texts = machine().catalogue.texts
    state = str(told.get("status") or told.get("state") or "")
    word = texts.get(f"card-status.{state}") or texts.get(f"mail.state.{state}") or state
    days = int(told.get("days", 0))
    return {
        "state": word,
        "card": str(told.get("card", "")),
        "delay": f"dans {days} jours" if days > 1 else "demain" if days == 1 else "dépassée",
        **{name: str(value) for name, value in told.items() if name in _COUNTS and isinstance(value, int)},
    }


def _mail(bundle: _Bundle, room: MailRoom, at: datetime) -> Mail:
    address = living(bundle.addresses)[0]
    words = compose(
        bundle.template,
        bundle.about,
        head=Letterhead(room.portal, room.contact),
        most=machine().catalogue.mail.sending.most_items,
    )
    told = "/".join(map(str, sorted(bundle.notices)))
    row = _row(words, address, f"{bundle.template.code}/{bundle.role}/{address}/{told}", at=at)
    row.template, row.role, row.about = bundle.template.code, bundle.role, bundle.about[0].reference
    row.step = bundle.addresses.index(address)
    return row


def _row(words: Words, address: str, key: str, *, at: datetime) -> Mail:
    """A mail, waiting; its name is drawn, so that whoever names it has seen it."""
    present = machine()
    domain = "localhost" if present.mail is None else present.mail.domain
    return Mail(
        key=hashlib.sha256(key.encode()).hexdigest(),
        address=address,
        subject=words.subject,
        text=words.text,
        html=words.html,
        message_id=f"{present.random(16).hex()}@{domain}",
        state="waiting",
        made_at=at,
        next_at=at,
        changed_at=at,
    )


def _copy(mail: Mail, address: str, key: str, *, at: datetime) -> Mail:
    row = _row(Words(mail.subject, mail.text, mail.html), address, key, at=at)
    row.template, row.role, row.about = mail.template, mail.role, mail.about
    return row


def _send(number: int, room: MailRoom) -> int:
    """Hand one over; 1 when it was taken. Whoever marks it as leaving is the only one who hands it over."""
    clock = machine().clock
    marked = Mail.objects.filter(pk=number, state="waiting").update(state="sending", changed_at=clock())
    if not marked:
        return 0
    row = Mail.objects.get(pk=number)
    letter = Letter(row.address, row.subject, row.text, row.html, row.message_id, row.made_at)
    delivery = room.postman.deliver(letter)
    with transaction.atomic():  # its fate and what follows from it: the next address, the task
        _note(row, delivery, clock())
        if delivery.fate is Fate.REFUSED and delivery.address_is_bad:
            hand_on(row, why=delivery.reply, told_by="smtp", is_dead=True)
        elif row.state in {"refused", "given-up"}:
            _give_up(row, delivery.reply)
    return int(delivery.fate is Fate.ACCEPTED)


def _note(row: Mail, delivery: Delivery, at: datetime) -> None:
    rules = machine().catalogue.mail.sending
    row.tries, row.changed_at, row.reply = row.tries + 1, at, delivery.reply[:300]
    if delivery.fate is Fate.LATER:
        wait = min(rules.first_wait * 2 ** min(row.tries - 1, 12), rules.longest_wait)
        row.next_at = at + timedelta(minutes=wait)
        is_late = at - row.made_at > timedelta(hours=rules.given_up_after)
        row.state = "given-up" if is_late else "waiting"
    else:
        row.state = {Fate.ACCEPTED: "sent", Fate.UNKNOWN: "presumed", Fate.REFUSED: "refused"}[delivery.fate]
        row.sent_at = at if delivery.fate is not Fate.REFUSED else None
    row.save(update_fields=["tries", "changed_at", "reply", "next_at", "state", "sent_at"])


def _give_up(row: Mail, why: str) -> None:
    """It will not leave: what it said goes on to the next address, which may be on a server that answers."""
    at = machine().clock()
    Mail.objects.filter(pk=row.pk, state="refused").update(state="given-up", changed_at=at, reply=why[:300])
    if _go_on(row, at) is None:
        _ask_desk(row)


def _go_on(row: Mail, at: datetime) -> Mail | None:
    """The same words to the next living address, once."""
    existing = Mail.objects.filter(before=row).first()
    if existing is not None:
        return existing
    matter = matter_of(row.about)
    addresses = [] if matter is None else addresses_of(matter, MailRole(row.role), at=at)
    written = _written_to(row)
    for address in living(addresses):
        if address not in written:
            further = _copy(row, address, f"after/{row.pk}", at=at)
            further.before, further.step = row, row.step + 1
            further.save(force_insert=True)
            return further
    return None


def _written_to(row: Mail | None) -> set[str]:
    """Every address that these words went to already."""
    found: set[str] = set()
    while row is not None:
        found.add(row.address)
        row = row.before or row.again_of
    return found


def _ask_desk(row: Mail) -> None:
    """Nobody is left to write to: the desk calls, and posts the letter."""
    template = machine().catalogue.mail.mails.get(row.template)
    if template is not None and template.insists:
        raise_tasks([_call(row.template, row.about, mail=row.pk)], raised_by=f"mail/{row.pk}")


def _call(template: str, reference: str, mail: int | None = None) -> TaskEntry:
    label = machine().catalogue.mail.mails[template].label
    about = (reference,) if mail is None else (reference, f"mail/{mail}")
    return TaskEntry(Finding.warning("mail.nobody-reached", reference, about=label), about)
