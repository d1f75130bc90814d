"""Mail for tests: a real SMTP server on this machine, and a postman whose answers a test chooses."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from sceau.operations import Delivery, Fate, Letter, MailRoom
from tests.instance import Instance


@dataclass
class Desk:
    """A postman that keeps what it is given and answers what it is told to, address by address."""

    answers: dict[str, Delivery] = field(default_factory=dict)
    letters: list[Letter] = field(default_factory=list)

    def deliver(self, letter: Letter) -> Delivery:
        self.letters.append(letter)
        return self.answers.get(letter.to, Delivery(Fate.ACCEPTED, "250 OK"))


def with_mail(instance: Instance, postman: Any = None) -> Desk:
    """From now on people are written to."""
    desk = postman or Desk()
    instance.at_another(
        mail=MailRoom(desk, "autorite.example", "https://portail.autorite.example", "aide@autorite.example")
    )
    return desk


@dataclass
class Received:
    """What a server took."""

    mails: list[EmailMessage] = field(default_factory=list)
    octets: list[bytes] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    reply_to_data: str = "250 pris"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.refused:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if not self.reply_to_data.startswith("2"):
            return self.reply_to_data
        self.octets.append(envelope.content)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.mails.append(message)
        return self.reply_to_data


@contextmanager
def smtp_server() -> Iterator[tuple[str, Received]]:
    """A server in a thread of its own; its address and what it took."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    received = Received()
    controller = Controller(received, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield f"smtp+plain://127.0.0.1:{port}", received
    finally:
        controller.stop()
