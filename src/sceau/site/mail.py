"""How a short mail leaves: by SMTP where the operator named a server, into a folder in a development
instance.

Headers are made by the standard library's message class, which refuses a line break in any of them
[ASSURANCE T38].
"""

from __future__ import annotations

import os
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sceau.operations import Mailer
from sceau.site.environment import Place, now
from sceau.vocabulary import Fault

_SECONDS = 15.0
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class FolderMailer:
    """Writes each mail to a file: nothing leaves a development instance."""

    folder: Path
    sender: str

    def __call__(self, *, to: str, subject: str, text: str) -> None:
        """Keep one mail."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        message = message_of(self.sender, to=to, subject=subject, text=text)
        name = now().strftime("%Y%m%d-%H%M%S-%f")
        (self.folder / f"{name}.eml").write_bytes(bytes(message))


@dataclass(frozen=True, slots=True)
class SmtpMailer:
    """Hands each mail to a server: ``smtps://user:password@host:465``, or ``smtp://host:587`` with STARTTLS
    required.
    """

    address: str
    sender: str

    def __call__(self, *, to: str, subject: str, text: str) -> None:
        """Hand one mail over. Raises `Fault` (``site.mail``, retryable)."""
        parts = urlsplit(self.address)
        message = message_of(self.sender, to=to, subject=subject, text=text)
        context = ssl.create_default_context()
        host = parts.hostname or ""
        try:
            if parts.scheme == "smtps":
                server: smtplib.SMTP = smtplib.SMTP_SSL(
                    host, parts.port or 465, timeout=_SECONDS, context=context
                )
            else:
                server = smtplib.SMTP(host, parts.port or 587, timeout=_SECONDS)
            with server:
                if parts.scheme == "smtp":
                    server.starttls(context=context)
                if parts.username:
                    server.login(unquote(parts.username), unquote(parts.password or ""))
                server.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            raise Fault("site.mail", retryable=True, detail=host) from error


def message_of(sender: str, *, to: str, subject: str, text: str) -> EmailMessage:
    """A plain-text mail. Raises ValueError for a line break in a header."""
    message = EmailMessage()
    message["From"] = Address(addr_spec=sender)
    message["To"] = Address(addr_spec=to)
    message["Subject"] = subject
    message["Date"] = format_datetime(now())
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message


def mailer_of(place: Place, environ: Mapping[str, str] = os.environ) -> Mailer | None:
    """The mailer of an instance: by `SCEAU_SMTP`, into a folder in development, else none."""
    sender = environ.get("SCEAU_MAIL_FROM", "sceau@localhost.localdomain")
    server = environ.get("SCEAU_SMTP", "")
    if server:
        return SmtpMailer(server, sender)
    return FolderMailer(place.data / "mail", sender) if place.is_development else None


def mails_kept(folder: Path) -> tuple[str, ...]:
    """The last mails of a development instance, newest first, as text."""
    paths = sorted(folder.glob("*.eml"), reverse=True)[:_SHOWN] if folder.is_dir() else []
    return tuple(_shown(path) for path in paths)


def _shown(path: Path) -> str:
    from email import policy
    from email.parser import BytesParser

    message = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
    body = message.get_body(("plain",))
    text = body.get_content() if body is not None else ""
    return f"À : {message['To']}\nObjet : {message['Subject']}\n\n{text}"
