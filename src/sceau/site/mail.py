"""How a short code leaves, by itself and at once: by SMTP or into a folder, as mails do (`postman`)."""

from __future__ import annotations

import os
import smtplib
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path
from urllib.parse import urlsplit

from sceau.operations import Mailer
from sceau.site.environment import Place, now
from sceau.site.postman import MailSigner, connected, message_of, signer_of
from sceau.vocabulary import Fault

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class FolderMailer:
    """Writes each mail to a file: nothing leaves a development instance."""

    folder: Path
    sender: str
    signer: MailSigner | None = None

    def __call__(self, *, to: str, subject: str, text: str) -> None:
        """Keep one mail."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        message = _named(self.sender, to=to, subject=subject, text=text)
        name = now().strftime("%Y%m%d-%H%M%S-%f")
        (self.folder / f"{name}.eml").write_bytes(_octets(message, self.signer))


@dataclass(frozen=True, slots=True)
class SmtpMailer:
    """Hands each mail to a server."""

    address: str
    sender: str
    signer: MailSigner | None = None

    def __call__(self, *, to: str, subject: str, text: str) -> None:
        """Hand one mail over. Raises `Fault` (``site.mail``, retryable)."""
        message = _named(self.sender, to=to, subject=subject, text=text)
        try:
            with connected(self.address) as server:
                server.sendmail(self.sender, [to], _octets(message, self.signer))
        except (OSError, smtplib.SMTPException) as error:
            host = urlsplit(self.address).hostname or ""
            raise Fault("site.mail", retryable=True, detail=host) from error


def _named(sender: str, *, to: str, subject: str, text: str) -> EmailMessage:
    message = message_of(sender, to=to, subject=subject, text=text, at=now())
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    return message


def _octets(message: EmailMessage, signer: MailSigner | None) -> bytes:
    return bytes(message) if signer is None else signer.sign(message)


def mailer_of(place: Place, environ: Mapping[str, str] = os.environ) -> Mailer | None:
    """The mailer of an instance: by `SCEAU_SMTP`, into a folder in development, else none; signed as mails
    are. Raises `Fault` as `signer_of` does.
    """
    sender = environ.get("SCEAU_MAIL_FROM", "sceau@localhost.localdomain")
    server = environ.get("SCEAU_SMTP", "")
    if server:
        return SmtpMailer(server, sender, signer_of(environ))
    return FolderMailer(place.data / "mail", sender, signer_of(environ)) if place.is_development else None


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
