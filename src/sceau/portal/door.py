"""The door: which certificate came with the connection, and whose card it is.

The certificate comes from the TLS layer of our own listener and from nowhere else: no header is ever read
for it [ASSURANCE T06]. Whom to trust is handed over by `site`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sceau.identity import CardHolder, CardTrust, RevocationPolicy, lookup_from_lists, read_card
from sceau.vocabulary import Finding, Reading, read_refused

TLS_EXTENSION = "sceau.tls"
"""Key of the ASGI scope's extensions under which our listener puts `TlsFacts`."""


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """What the listener knows of a connection: does it ask for cards, and which certificate was proven
    (DER).
    """

    asks_for_cards: bool
    peer_certificate: bytes | None


@dataclass(frozen=True, slots=True)
class TestCard:
    """A card of the drawer of a development instance: whose it is, and its stored certificate (DER)."""

    __test__ = False  # for pytest: not a test

    slug: str
    display: str
    role: str
    card_type: str
    certificate: bytes


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """Whom to let in: trusted authorities, where revocation lists come from, what to do without, and the
    drawer.

    `lists` gives the CRLs (DER) known now; `drawer` and `mails` (what was
    mailed) are empty but in a development instance.
    """

    trust: CardTrust
    lists: Callable[[], Iterable[bytes]]
    policy: RevocationPolicy = RevocationPolicy.REQUIRED
    drawer: tuple[TestCard, ...] = ()
    mails: Callable[[], tuple[str, ...]] = tuple

    def read(self, certificate: bytes | None, *, at: datetime) -> Reading[CardHolder]:
        """The holder of the card behind `certificate`, or every reason why not."""
        if certificate is None:
            return read_refused(Finding.error("card.none", "carte"))
        lookup = lookup_from_lists(self.lists(), trust=self.trust, at=at)
        return read_card(certificate, trust=self.trust, at=at, revoked=lookup, policy=self.policy)


_posted: list[Doorkeeper] = []


def post(doorkeeper: Doorkeeper) -> None:
    """Put `doorkeeper` at the door, in place of any before."""
    _posted[:] = [doorkeeper]


def doorkeeper() -> Doorkeeper:
    """The doorkeeper in place. A `LookupError` is a defect of start-up."""
    if not _posted:
        raise LookupError("no doorkeeper: site.start comes first")
    return _posted[0]


def tls_facts(scope: Mapping[str, Any]) -> TlsFacts:
    """What our listener wrote of this connection; a connection it knows nothing of shows no card."""
    facts = (scope.get("extensions") or {}).get(TLS_EXTENSION)
    return facts if isinstance(facts, TlsFacts) else TlsFacts(asks_for_cards=False, peer_certificate=None)


def peer_certificate(scope: Mapping[str, Any]) -> bytes | None:
    """The certificate (DER) whose possession the client proved in the handshake, or None. The only way to
    it.
    """
    return tls_facts(scope).peer_certificate
