"""What is put where forms come in, a PDF or a mail that carries some: each form taken in, told in a line.

A mail is only a channel: nothing is decided by who it says that it is from, and its doubts stand on the file
[ASSURANCE T02].
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sceau.documents import MOST_BYTES, read_form_mail
from sceau.operations.acts import considering
from sceau.operations.form_files import FormFile, FormOutcome, receive_form_file
from sceau.operations.machine import Actor, machine
from sceau.operations.standing import require_role
from sceau.vocabulary import Finding, Refused, errors

MAIL_ROOM = Actor.system("mail-room")
"""Who takes in what comes by a folder, a batch or the desk's hands: the machine, part of no order."""

_PDF = b"%PDF-"


@dataclass(frozen=True, slots=True)
class FormLine:
    """One form of what came in, or the whole of it when no form was found: what became of it, and why."""

    name: str
    outcome: FormOutcome
    order: str
    findings: tuple[Finding, ...]
    signed: bool = False

    @property
    def rejected(self) -> bool:
        """Whether somebody has to look at the file, because no order came of it."""
        return self.outcome is FormOutcome.REJECTED


def bring_forms(officer: Actor, data: bytes, *, name: str) -> tuple[FormLine, ...]:
    """Take in what an officer puts in at the desk: `receive_forms`, with who brought it in the journal.

    The officer only carries what others signed: they are no part of its orders, and may examine them.
    `Refused` without the desk's role; `Fault` as `receive_forms`.
    """
    with considering(officer, "form.received") as act:
        require_role(act, "desk")
    return _received(MAIL_ROOM, FormFile(data, name, brought_by=officer.person_id))


def receive_forms(actor: Actor, data: bytes, *, name: str) -> tuple[FormLine, ...]:
    """Take in every form of a PDF or a mail; a line for each, at least one. Raises `Fault` (retryable) when
    it could not be read now: what was taken before is known again the next time.
    """
    return _received(actor, FormFile(data, name))


def _received(actor: Actor, file: FormFile) -> tuple[FormLine, ...]:
    data, name = file.data, file.name
    if _PDF in data[:1024] and not data[:1024].lstrip().startswith((b"From ", b"Return-Path:", b"Received:")):
        return (_line(actor, file),)
    if len(data) > MOST_BYTES and b"\n" not in data[:1000]:
        return (_rejected(name, (Finding.error("drop.not-a-mail", name),)),)
    mail = read_form_mail(data, name=name)
    if errors(mail.findings):
        return (_rejected(name, mail.findings),)
    doubts = "\n".join(f"- {machine().catalogue.say(finding).text}" for finding in mail.findings)
    told = f"{mail.told}\n{doubts}".strip()
    forms = [replace(file, data=form.data, name=form.name, told=told) for form in mail.forms]
    return tuple(_line(actor, form, mail.findings) for form in forms)


def _line(actor: Actor, file: FormFile, of_mail: tuple[Finding, ...] = ()) -> FormLine:
    try:
        intake = receive_form_file(actor, file)
    except Refused as refused:  # one form that cannot be kept stops none of the others
        return _rejected(file.name, (*of_mail, *refused.findings))
    return FormLine(file.name, intake.outcome, intake.order, (*of_mail, *intake.findings), intake.signed)


def _rejected(name: str, findings: tuple[Finding, ...]) -> FormLine:
    return FormLine(name, FormOutcome.REJECTED, "", findings)
