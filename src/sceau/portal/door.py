"""The door: which certificate came with the connection, and whose card it is.

The certificate comes from the TLS layer of our own listener and from nowhere else: no header is ever read
for it [ASSURANCE T06]. Whom to trust is handed over by `site`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sceau.identity import (
    CardHolder,
    CardTrust,
    RevocationLookup,
    RevocationPolicy,
    lookup_from_lists,
    read_card,
)
from sceau.vocabulary import Finding, Reading, read_refused

TLS_EXTENSION = "sceau.tls"
"""Key of the ASGI scope's extensions under which our listener puts `TlsFacts`."""


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """What the listener knows of a connection: does it ask for cards, and which certificate was proven
    (DER), `proven_at` when its handshake ended (None: whoever tells does not know).
    """

    asks_for_cards: bool
    peer_certificate: bytes | None
    proven_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TestCard:
    """A card of the drawer of a development instance: whose it is, and its stored certificate (DER)."""

    __test__ = False  # for pytest: not a test

    slug: str
    display: str
    role: str
    card_type: str
    certificate: bytes


_KEPT = timedelta(minutes=1)
_MOST_KEPT = 2_000


@dataclass(slots=True)
class _Readings:
    """What was read under these very lists, in the last minute: other lists, and all of it is forgotten."""

    lists: tuple[bytes, ...]
    lookup: tuple[datetime, RevocationLookup] | None = None
    holders: dict[bytes, tuple[datetime, Reading[CardHolder]]] = field(default_factory=dict)

    def of(self, digest: bytes, at: datetime) -> Reading[CardHolder] | None:
        """The reading kept of a card (SHA-256 of its certificate) that is still to be believed at `at`."""
        kept = self.holders.get(digest)
        if kept is None or abs(at - kept[0]) > _KEPT or kept[1].require().not_after <= at:
            return None
        return kept[1]

    def keep(self, digest: bytes, reading: Reading[CardHolder], at: datetime) -> None:
        """Keep a reading, if the card is good: a refusal is thought over each time."""
        if reading.value is None:
            return
        if len(self.holders) >= _MOST_KEPT:
            self.holders.clear()
        self.holders[digest] = (at, reading)


@dataclass(slots=True)
class _Memory:
    """The readings under the lists in force. Whoever reads under older lists keeps them in an object that
    nobody looks at any more.
    """

    readings: _Readings = field(default_factory=lambda: _Readings(()))

    def under(self, lists: tuple[bytes, ...]) -> _Readings:
        """The readings under `lists`; comparing costs nothing while they are the same objects."""
        readings = self.readings
        if readings.lists != lists:
            readings = self.readings = _Readings(lists)
        return readings


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """Whom to let in: trusted authorities, where revocation lists come from, what to do without, and the
    drawer.

    `lists` gives the CRLs (DER) known now; `drawer` and `mails` (what was
    mailed) are empty but in a development instance. A good reading is kept a minute for the same certificate
    under the same lists, so that the question can be asked at each request [ASSURANCE T03].
    """

    trust: CardTrust
    lists: Callable[[], Iterable[bytes]]
    policy: RevocationPolicy = RevocationPolicy.REQUIRED
    drawer: tuple[TestCard, ...] = ()
    mails: Callable[[], tuple[str, ...]] = tuple
    _memory: _Memory = field(default_factory=_Memory, init=False, repr=False, compare=False)

    def read(self, certificate: bytes | None, *, at: datetime) -> Reading[CardHolder]:
        """The holder of the card behind `certificate`, or every reason why not."""
        if certificate is None:
            return read_refused(Finding.error("card.none", "carte"))
        readings = self._memory.under(tuple(self.lists()))
        digest = hashlib.sha256(certificate).digest()
        kept = readings.of(digest, at)
        if kept is not None:
            return kept
        lookup = self._lookup(readings, at)
        reading = read_card(certificate, trust=self.trust, at=at, revoked=lookup, policy=self.policy)
        readings.keep(digest, reading, at)
        return reading

    def _lookup(self, readings: _Readings, at: datetime) -> RevocationLookup:
        kept = readings.lookup
        if kept is None or abs(at - kept[0]) > _KEPT:
            kept = readings.lookup = (at, lookup_from_lists(readings.lists, trust=self.trust, at=at))
        return kept[1]


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
