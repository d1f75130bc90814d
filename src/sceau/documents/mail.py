"""A mail that brings forms: the PDFs attached to it, and what it says of its sender, which proves nothing.

Decides which parts of a mail are PDFs, by their bytes and never by their announced type or name. Who a mail
says that it is from is told as words [ASSURANCE T02].
"""

from __future__ import annotations

from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parseaddr

from sceau.vocabulary import Finding, displayed

MOST_MAIL_BYTES = 30 * 1024 * 1024
MOST_PARTS = 60
MOST_FORMS = 10
_PDF = b"%PDF-"
_LOOKED_AT = 1024


@dataclass(frozen=True, slots=True)
class Attachment:
    """A PDF in a mail: its name as announced, its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class FormMail:
    """The PDFs of a mail, what it says of itself in words, and what is to be told of it."""

    forms: tuple[Attachment, ...]
    told: str
    findings: tuple[Finding, ...]


def read_form_mail(data: bytes, *, name: str) -> FormMail:
    """The PDFs in a mail (RFC 5322), and its warnings; errors say why there is none to take."""
    if len(data) > MOST_MAIL_BYTES:
        size = Finding.error("drop.too-large", displayed(name), found=len(data), most=MOST_MAIL_BYTES)
        return FormMail((), "", (size,))
    try:
        message = BytesParser(EmailMessage, policy=policy.default).parsebytes(data)
        headers = bool(message["From"] or message["Date"] or message["Message-ID"])
        forms = _forms(message)
        told, findings = _sender(message)
    except Exception:  # the parser of the standard library raises many things on hostile headers
        return FormMail((), "", (Finding.error("drop.not-a-mail", displayed(name)),))
    if not headers:
        return FormMail((), "", (Finding.error("drop.not-a-mail", displayed(name)),))
    if forms is None:
        return FormMail((), told, (Finding.error("drop.too-many", displayed(name), most=MOST_FORMS),))
    if not forms:
        return FormMail((), told, (Finding.error("drop.no-pdf", displayed(name)), *findings))
    return FormMail(tuple(forms), told, tuple(findings))


def _forms(message: EmailMessage) -> list[Attachment] | None:
    """Every part that is a PDF; None when there are too many parts to be an order."""
    found = []
    for count, part in enumerate(message.walk()):
        if count > MOST_PARTS:
            return None
        if part.is_multipart():
            continue
        content = part.get_payload(decode=True)
        if isinstance(content, bytes) and _PDF in content[:_LOOKED_AT]:
            found.append(Attachment(displayed(part.get_filename() or "sans-nom.pdf")[:120], content))
    return None if len(found) > MOST_FORMS else found


def _sender(message: EmailMessage) -> tuple[str, list[Finding]]:
    sender = _address(message, "From")
    reply = _address(message, "Reply-To")
    findings = []
    if reply and reply.casefold() != sender.casefold():
        findings.append(
            Finding.warning(
                "drop.reply-elsewhere", "courriel", reply=displayed(reply), sender=displayed(sender)
            )
        )
    if message["DKIM-Signature"] is None:
        findings.append(Finding.warning("drop.unsigned", "courriel", sender=displayed(sender or "–")))
    date = displayed(str(message["Date"] or "–"))[:60]
    return f"Courriel qui se dit de {displayed(sender or '–')}, du {date}.", findings


def _address(message: EmailMessage, header: str) -> str:
    return parseaddr(str(message[header] or ""))[1][:200]
