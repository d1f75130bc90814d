"""Whether a request asks for names beyond those that were asked for in the open [décision 8; F25, F29].

Each entry of its subjectAltName must be one of the names requested, in its canonical form and of its own
kind; the certificate carries the names requested, all of them, and nothing is taken from here. A subject CN
that is itself a host name or a mailbox is held to the same rule: somebody believed it would be certified.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Protocol

from sceau.certification.alternative_names import AlternativeName, NameKind
from sceau.registration import Name
from sceau.vocabulary import (
    ApplicationName,
    Finding,
    HostName,
    Mailbox,
    displayed,
    read_host_name,
    read_mailbox,
)

_DOTS = str.maketrans({"\u3002": ".", "\uff61": "."})
_HOST_SHAPED = re.compile(r"(?:[\w*-]+\.)+[\w-]*[^\W\d_][\w-]*\.?(?::\d+)?")
_ADDRESS_SHAPED = re.compile(r"\[?(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:]*:[0-9a-f:.]*)\]?")
_MAILBOX_SHAPED = re.compile(r"[^\s@]+@[^\s@]+")
_URL_SHAPED = re.compile(r"[a-z][a-z0-9+.-]*://\S+")


class AskingNames(Protocol):
    """Whatever carries names asked for: a request that was accepted, or what could be read of one that was
    not.
    """

    @property
    def common_names(self) -> Sequence[str]:
        """The CNs of the subject."""
        ...

    @property
    def alternative_names(self) -> Sequence[AlternativeName]:
        """The entries of the subjectAltName."""
        ...


def check_request_names(csr: AskingNames, names: Iterable[Name]) -> tuple[Finding, ...]:
    """Every name in `csr` that is not among `names`, the names that the certificate will carry."""
    if not csr.alternative_names and not csr.common_names:
        return ()
    asked = tuple(names)
    found = [
        Finding.error("csr.name-not-requested", displayed(entry.value), kind=entry.kind)
        for entry in csr.alternative_names
        if not _is_among(entry, asked)
    ]
    found += [
        Finding.error("csr.common-name-not-requested", displayed(text))
        for text in csr.common_names
        if not _is_harmless(text, asked)
    ]
    return tuple(dict.fromkeys(found))


def _is_among(entry: AlternativeName, asked: tuple[Name, ...]) -> bool:
    """A host only by a dNSName, a mailbox only by an rfc822Name or a UPN: an application's name is never a
    SAN.
    """
    if entry.kind is NameKind.DNS:
        host = read_host_name(entry.value).value
        return host is not None and any(isinstance(name, HostName) and name == host for name in asked)
    if entry.kind in (NameKind.RFC822, NameKind.UPN):
        mailbox = read_mailbox(entry.value).value
        return mailbox is not None and any(isinstance(name, Mailbox) and name == mailbox for name in asked)
    return False


def _is_harmless(common_name: str, asked: tuple[Name, ...]) -> bool:
    if any(isinstance(name, ApplicationName) and name.text == common_name for name in asked):
        return True
    plain = _plain(common_name)
    if "@" in plain:
        return not _MAILBOX_SHAPED.fullmatch(plain) or _is_among(
            AlternativeName(NameKind.RFC822, plain), asked
        )
    if _URL_SHAPED.fullmatch(plain.lower()) or _ADDRESS_SHAPED.fullmatch(plain.lower()):
        return False
    if _HOST_SHAPED.fullmatch(plain):
        return plain.isascii() and _is_among(AlternativeName(NameKind.DNS, plain), asked)
    return True


def _plain(text: str) -> str:
    """As a careless reader would see it: compatibility forms folded, what is invisible taken out, edges
    trimmed.
    """
    folded = unicodedata.normalize("NFKC", text).translate(_DOTS)
    return "".join(char for char in folded if unicodedata.category(char) != "Cf").strip()
