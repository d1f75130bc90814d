"""How a mail leaves: by SMTP where the operator named a server, into a folder in a development instance;
signed where the operator gave a certificate (`SCEAU_MAIL_CERTIFICATE`, `SCEAU_MAIL_KEY`).

Headers are made by the standard library's message class, which refuses a line break in any of them
[ASSURANCE T38]. A server that was not given the end of a mail has not taken it; from the moment the end is
sent until it answers, nobody knows.
"""

from __future__ import annotations

import os
import re
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7

from sceau.operations import Delivery, Fate, Letter, MailRoom
from sceau.site.environment import Place
from sceau.vocabulary import Fault, read_email

_SECONDS = 15.0
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_DOT = re.compile(rb"(?m)^\.")
_BAD_ADDRESS = re.compile(r"\b5\.1\.[1236]\b")


@dataclass(frozen=True, slots=True)
class MailSigner:
    """A certificate and its key, under which mails are signed (S/MIME, detached); `authorities` go along, so
    that a reader who knows the root alone can follow.
    """

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    authorities: tuple[x509.Certificate, ...] = ()

    def sign(self, message: EmailMessage) -> bytes:
        """The mail with its headers, its content signed as a whole [RFC 8551 §3.5.3]."""
        headers = [(name, value) for name, value in message.items() if not _is_of_content(name)]
        content = message_from_bytes(bytes(message), policy=policy.SMTP)
        for name in {name for name, _ in headers}:
            del content[name]
        builder = pkcs7.PKCS7SignatureBuilder().set_data(content.as_bytes(policy=policy.SMTP))
        builder = builder.add_signer(self.certificate, self.key, hashes.SHA256())
        for authority in self.authorities:
            builder = builder.add_certificate(authority)
        signed = builder.sign(serialization.Encoding.SMIME, [pkcs7.PKCS7Options.DetachedSignature])
        lines = b"".join(f"{name}: {value}\r\n".encode("ascii") for name, value in _ascii(message, headers))
        return lines + re.sub(rb"\r?\n", b"\r\n", signed)


@dataclass(frozen=True, slots=True)
class Envelope:
    """From whom mails come, and what they are signed with (None: nothing)."""

    sender: str
    signer: MailSigner | None = None

    def octets(self, letter: Letter) -> bytes:
        """The whole mail as it goes over the wire. Raises ValueError for a line break in a header."""
        try:
            message = message_of(
                self.sender, to=letter.to, subject=letter.subject, text=letter.text, at=letter.at
            )
            message["Message-ID"] = f"<{letter.message_id}>"
        except MessageError as error:  # the parser's own error is no ValueError
            raise ValueError(str(error)) from error
        message.add_alternative(letter.html, subtype="html")
        return bytes(message) if self.signer is None else self.signer.sign(message)


@dataclass(frozen=True, slots=True)
class FolderPostman:
    """Writes each mail to a file: nothing leaves a development instance."""

    folder: Path
    envelope: Envelope

    def deliver(self, letter: Letter) -> Delivery:
        """Keep one mail, under its date and its name."""
        try:
            octets = self.envelope.octets(letter)
        except ValueError as error:
            return Delivery(Fate.REFUSED, f"en-tête refusé : {error}"[:200])
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{letter.at:%Y%m%d-%H%M%S-%f}-{letter.message_id[:8]}.eml"
        (self.folder / name).write_bytes(octets)
        return Delivery(Fate.ACCEPTED, "dossier")


@dataclass(frozen=True, slots=True)
class SmtpPostman:
    """Hands each mail to a server (see `connected`)."""

    address: str
    envelope: Envelope

    def deliver(self, letter: Letter) -> Delivery:
        """Hand one over."""
        try:
            octets = self.envelope.octets(letter)
        except ValueError as error:
            return Delivery(Fate.REFUSED, f"en-tête refusé : {error}"[:200])
        try:
            server = connected(self.address)
        except (OSError, smtplib.SMTPException) as error:
            return Delivery(Fate.LATER, _said(error))
        try:
            return _hand_over(server, self.envelope.sender, letter.to, octets)
        finally:
            server.close()


def connected(address: str) -> smtplib.SMTP:
    """A server ready to take mails: ``smtps://user:password@host:465``, ``smtp://host:587`` with STARTTLS
    required, or ``smtp+plain://localhost:25`` for a relay on this very machine. Raises OSError or
    SMTPException.
    """
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme == "smtp+plain" and host not in _LOOPBACK:
        raise OSError(f"{host}: en clair vers une autre machine")
    context = ssl.create_default_context()
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=_SECONDS, context=context)
    else:
        server = smtplib.SMTP(host, parts.port or 587, timeout=_SECONDS)
    try:
        if parts.scheme == "smtp":
            server.starttls(context=context)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
    except (OSError, smtplib.SMTPException):
        server.close()
        raise
    return server


def _hand_over(server: smtplib.SMTP, sender: str, to: str, octets: bytes) -> Delivery:
    """Sender, recipient, content; every answer looked at. Until the last line is sent nothing was taken."""
    try:
        server.ehlo_or_helo_if_needed()
        for is_recipient, (code, reply) in (
            (False, server.mail(sender)),
            (True, server.rcpt(to)),
            (False, server.docmd("DATA")),
        ):
            if code not in {250, 251, 354}:
                return _refusal(code, reply, of_address=is_recipient)
        body = _DOT.sub(b"..", octets if octets.endswith(b"\r\n") else octets + b"\r\n")
        server.send(body)
    except (OSError, smtplib.SMTPException) as error:
        return Delivery(Fate.LATER, _said(error))
    try:
        server.send(b".\r\n")
        code, reply = server.getreply()
    except (OSError, smtplib.SMTPException) as error:
        return Delivery(Fate.UNKNOWN, _said(error))
    if code != 250:
        return _refusal(code, reply, of_address=False)
    return Delivery(Fate.ACCEPTED, _text(code, reply))


def _refusal(code: int, reply: bytes, *, of_address: bool) -> Delivery:
    text = _text(code, reply)
    if not 500 <= code < 600:
        return Delivery(Fate.LATER, text)
    bad = of_address and (code in {550, 551, 553} or bool(_BAD_ADDRESS.search(text)))
    return Delivery(Fate.REFUSED, text, address_is_bad=bad)


def _text(code: int, reply: bytes) -> str:
    return f"{code} {reply.decode('utf-8', 'replace')}".replace("\n", " ")[:300]


def _said(error: Exception) -> str:
    return f"{type(error).__name__} {error}".replace("\n", " ")[:300]


def message_of(sender: str, *, to: str, subject: str, text: str, at: datetime) -> EmailMessage:
    """A plain-text mail without its name. Raises ValueError for a line break in a header."""
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = Address(addr_spec=sender)
    message["To"] = Address(addr_spec=to)
    message["Subject"] = subject
    message["Date"] = format_datetime(at)
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = "fr"
    message.set_content(text, cte="quoted-printable")
    return message


def _is_of_content(name: str) -> bool:
    return name.lower().startswith("content-") or name.lower() == "mime-version"


def _ascii(message: EmailMessage, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Headers as they travel: encoded words for what is not ASCII, no folding left to guess."""
    folded = [(name, message[name]) for name, _ in headers]
    return [(name, policy.SMTP.fold(name, value).partition(":")[2].strip()) for name, value in folded]


def mail_room_of(place: Place, *, contact: str, environ: Mapping[str, str] = os.environ) -> MailRoom | None:
    """Who writes to people for this instance: by `SCEAU_SMTP`, into a folder in development, else nobody."""
    sender = environ.get("SCEAU_MAIL_FROM", "sceau@localhost.localdomain")
    server = environ.get("SCEAU_SMTP", "")
    if not server and not place.is_development:
        return None
    envelope = Envelope(sender, signer_of(environ))
    postman = SmtpPostman(server, envelope) if server else FolderPostman(place.data / "mail", envelope)
    secret = environ.get("SCEAU_BOUNCE_SECRET", "")
    kept = Path(secret).read_bytes().strip() if secret else b""
    desk = environ.get("SCEAU_MAIL_DESK", "")
    if desk and read_email(desk).value is None:
        raise Fault("site.mail-desk", retryable=False, detail=desk[:80])
    return MailRoom(postman, sender.rpartition("@")[2], place.portal_address, contact, kept, desk)


def signer_of(environ: Mapping[str, str]) -> MailSigner | None:
    """The certificate and key that mails are signed with; the certificate's file may hold its authorities
    after it. Raises `Fault` (``site.mail-signer``) when they cannot be read or do not belong together.
    """
    certificate, key = environ.get("SCEAU_MAIL_CERTIFICATE", ""), environ.get("SCEAU_MAIL_KEY", "")
    if not certificate and not key:
        return None
    try:
        read, *authorities = x509.load_pem_x509_certificates(Path(certificate).read_bytes())
        private = serialization.load_pem_private_key(Path(key).read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise Fault("site.mail-signer", retryable=False, detail=certificate or key) from error
    if (
        not isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
        or private.public_key() != read.public_key()
    ):
        raise Fault("site.mail-signer", retryable=False, detail=certificate)
    return MailSigner(read, private, tuple(authorities))
