"""Mailboxes: an address as it may stand in a certificate's rfc822Name, ASCII, unquoted, with a real domain.

Decides the shape of a name asked for; whether the mail domain is the asker's is decided by the scope. The
contact address of a person (`read_email`) is another thing, and never becomes a scope [ASSURANCE F30].
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sceau.vocabulary.findings import Finding, Reading, errors, read_ok, read_refused
from sceau.vocabulary.host_names import HostName, read_host_name
from sceau.vocabulary.spelling import characters_named, displayed, is_control, is_space

MAX_LOCAL = 64  # [RFC 5321 §4.5.3.1.1]
MAX_MAILBOX = 254  # a path of 256 without its brackets [RFC 5321 §4.5.3.1.3]
_LONGEST_WORTH_READING = 1_000

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_DOT_ATOM = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")  # [RFC 5321 §4.1.2, Dot-string]
# "user%host@relay", "host!user@relay" and "*@domain" were routes and patterns long before mailboxes.
_ROUTE_OR_PATTERN = re.compile(r"(?:^|[A-Za-z0-9.])[%!*](?:$|[A-Za-z0-9.])")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """``local@domain``: the local part as written, the domain canonical. Made by `read_mailbox`."""

    local: str
    domain: HostName

    def __post_init__(self) -> None:
        if len(self.local) > MAX_LOCAL or not _DOT_ATOM.fullmatch(self.local):
            raise ValueError(f"not a local part: {self.local!r}")

    @property
    def text(self) -> str:
        """The whole address."""
        return f"{self.local}@{self.domain.text}"

    def __str__(self) -> str:
        return self.text


def read_mailbox(text: str, *, subject: str | None = None) -> Reading[Mailbox]:
    """The mailbox in `text`, or every finding: no quotes, comments, routes, spaces or foreign letters."""
    about = subject or displayed(text)
    refusal = _check_whole(text, about)
    if refusal:
        return read_refused(*refusal)
    local, _, domain = text.partition("@")
    found = _check_local(local, about)
    host = read_host_name(domain, subject=about)
    if host.value is None or errors(found):
        return read_refused(*found, *host.findings)
    mailbox = Mailbox(local, host.value)
    if len(mailbox.text) > MAX_MAILBOX:
        return read_refused(Finding.error("mailbox.too-long", about, length=len(mailbox.text)))
    return read_ok(mailbox, *host.findings)


def _check_whole(text: str, about: str) -> tuple[Finding, ...]:
    if not text:
        return (Finding.error("mailbox.empty", about),)
    if len(text) > _LONGEST_WORTH_READING:
        return (Finding.error("mailbox.too-long", about, length=len(text)),)
    if '"' in text or "\\" in text:
        return (Finding.error("mailbox.quoted", about),)
    count = text.count("@")
    if count == 0:
        return (Finding.error("mailbox.no-at", about),)
    if count > 1:
        return (Finding.error("mailbox.many-at", about),)
    return ()


def _check_local(local: str, about: str) -> tuple[Finding, ...]:
    if not local:
        return (Finding.error("mailbox.no-local-part", about),)
    found: list[Finding] = []
    if len(local) > MAX_LOCAL:
        found.append(Finding.error("mailbox.local-too-long", about, length=len(local)))
    if any(is_control(char) for char in local):
        found.append(Finding.error("mailbox.control", about, characters=characters_named(local, is_control)))
    if any(is_space(char) for char in local):
        found.append(Finding.error("mailbox.space", about))
    foreign = characters_named(local, _is_foreign)
    if foreign:
        found.append(Finding.error("mailbox.not-ascii", about, characters=foreign))
    if "(" in local or ")" in local:
        found.append(Finding.error("mailbox.comment", about))
    if found:
        return tuple(found)
    return _check_dot_atom(local, about)


def _check_dot_atom(local: str, about: str) -> tuple[Finding, ...]:
    if "" in local.split("."):
        return (Finding.error("mailbox.dots", about),)
    if not _DOT_ATOM.fullmatch(local):
        others = " ".join(sorted({char for char in local if char != "." and not re.fullmatch(_ATOM, char)}))
        return (Finding.error("mailbox.character", about, characters=others),)
    if _ROUTE_OR_PATTERN.search(local):
        return (Finding.error("mailbox.route-or-pattern", about),)
    return ()


def _is_foreign(char: str) -> bool:
    return not char.isascii() and not is_control(char) and not is_space(char)
