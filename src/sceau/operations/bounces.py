"""What comes back: a delivery status notification [RFC 3464], or what a relay calls us with, read into one
value. Reading only; what is done of it, `mails` does.

Both come from strangers: they are bounded, nothing in them is opened, and what is not exactly understood is
refused.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage, Message

from sceau.vocabulary import Finding, Reading, read_ok, read_refused

MOST_BYTES = 256 * 1024
_LATE_SECONDS = 300
_STATUS = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")
_NAME = re.compile(r"<?([!-;=?-~]{3,120})>?")
_OF_ADDRESS = re.compile(r"5\.1\.(?:[0-3]|6|10)|5\.2\.1|5\.4\.4")
"""No such mailbox, no such domain, moved, disabled [RFC 3463 §3]; a full box or a filter is another thing."""


@dataclass(frozen=True, slots=True)
class Bounce:
    """A mail that was not delivered: its name, to whom it was, the enhanced status, what was said."""

    message_id: str
    address: str
    status: str
    diagnostic: str

    @property
    def is_final(self) -> bool:
        """It will not be delivered any more."""
        return self.status.startswith("5.")

    @property
    def is_of_address(self) -> bool:
        """The address itself is the reason."""
        return bool(_OF_ADDRESS.fullmatch(self.status))


def read_notification(octets: bytes) -> Reading[tuple[Bounce, ...]]:
    """The failed deliveries in a delivery status notification; an empty tuple for one of successes or delays.
    Refused: what is no such notification, or does not carry the headers of the mail it is about.
    """
    finding = Finding.error("mail.bounce-unreadable", "avis de non-remise")
    refused: Reading[tuple[Bounce, ...]] = read_refused(finding)
    if len(octets) > MOST_BYTES:
        return refused
    try:
        message = message_from_bytes(octets, policy=policy.default)
        if message.get_content_type() != "multipart/report":
            return refused
        status, name = _status_part(message), _name_of_original(message)
        if status is None or not name:
            return refused
        return read_ok(tuple(_failed(status, name)))
    except (MessageError, ValueError, TypeError, AttributeError, KeyError, LookupError):
        return refused


def read_call(body: bytes, *, stamp: str, signature: str, secret: bytes, now: float) -> Reading[Bounce]:
    """What a relay says by a call: JSON with ``message_id``, ``address``, ``status``, ``diagnostic``, and the
    HMAC-SHA256 of ``stamp.body`` (hex) under the secret shared with it. `stamp` is in seconds; after five
    minutes it is too old.
    """
    refused: Reading[Bounce] = read_refused(Finding.error("mail.bounce-unreadable", "appel"))
    expected = hmac.new(secret, stamp.encode("utf-8", "replace") + b"." + body, hashlib.sha256).hexdigest()
    if not secret or not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
        return refused
    if not stamp.isascii() or not stamp.isdecimal() or len(stamp) > 12:
        return refused
    if abs(now - int(stamp)) > _LATE_SECONDS or len(body) > MOST_BYTES:
        return refused
    try:
        said = json.loads(body)
        bounce = Bounce(
            _plain_name(said["message_id"]), said["address"], said["status"], said.get("diagnostic", "")
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return refused
    texts = (bounce.address, bounce.status, bounce.diagnostic)
    if not all(isinstance(one, str) for one in texts) or not _STATUS.fullmatch(bounce.status):
        return refused
    return read_ok(bounce) if bounce.message_id else refused


def _status_part(message: Message) -> Message | None:
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            return part
    return None


def _failed(status: Message, name: str) -> Iterator[Bounce]:
    blocks = status.get_payload()
    for block in blocks if isinstance(blocks, list) else []:
        if not isinstance(block, Message) or str(block.get("Action", "")).strip().lower() != "failed":
            continue
        code = _STATUS.match(str(block.get("Status", "")).strip())
        recipient = str(block.get("Original-Recipient") or block.get("Final-Recipient") or "")
        address = recipient.partition(";")[2].strip().strip("<>")
        if code and address:
            diagnostic = str(block.get("Diagnostic-Code", ""))[:200]
            yield Bounce(name, address[:254], code.group(), f"{code.group()} {diagnostic}".strip())


def _name_of_original(message: Message) -> str:
    """The Message-ID of the mail that came back: of its copy or of its headers, never of the notification."""
    for part in message.walk():
        kind = part.get_content_type()
        if kind == "message/rfc822":
            inner = part.get_payload()
            if isinstance(inner, list) and isinstance(inner[0], Message):
                return _plain_name(inner[0].get("Message-ID", ""))
        if kind == "text/rfc822-headers" and isinstance(part, EmailMessage):
            kept = part.get_payload(decode=True)
            headers = message_from_bytes(
                (kept if isinstance(kept, bytes) else b"") + b"\n\n", policy=policy.default
            )
            return _plain_name(headers.get("Message-ID", ""))
    return ""


def _plain_name(text: object) -> str:
    found = _NAME.fullmatch(str(text).strip())
    return found.group(1) if found else ""
