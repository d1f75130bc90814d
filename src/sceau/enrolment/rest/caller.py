"""Who calls: a card proven by the TLS layer, or a token in its one header. Every call is asked again.

No header is ever read for a certificate [ASSURANCE T06]. At each call the card is read under the lists of
that moment (whoever hands `read_card` over sees to the cost), and the register is asked about it [T03].
"""

from __future__ import annotations

import hashlib
import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from threading import Lock

from sceau.enrolment.rest.problems import stop
from sceau.identity import CardHolder
from sceau.operations import Actor, admit_token, machine, welcome_card
from sceau.records import card_line
from sceau.vocabulary import Finding, Reading, Refused

ReadCard = Callable[[bytes, datetime], Reading[CardHolder]]
"""How the door's keeper reads a certificate (DER) at an instant."""

MOST_KEPT = 2_000
MOST_FAILURES = 20
TRUSTED_SECONDS = 600.0
LONGEST_TOKEN = 256


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a call shows of who makes it: the address, the certificate proven, the `Authorization` headers.

    `digest` is the SHA-256 of what is shown, to know it again without keeping it.
    """

    address: str
    certificate: bytes | None
    authorization: tuple[bytes, ...]
    digest: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        octets = b"\n".join(self.authorization) or self.certificate or b""
        object.__setattr__(self, "digest", hashlib.sha256(octets).digest())


@dataclass(slots=True)
class Brake:
    """Counts failures by address in each minute of `clock` (seconds): a brake. The 256 bits are the wall."""

    clock: Callable[[], float] = time.monotonic
    _minute: int = -1
    _failures: dict[str, int] = field(default_factory=dict)
    _admitted: dict[tuple[str, bytes], float] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def is_on(self, address: str, credential: bytes) -> bool:
        """Whether this address has failed too often in this minute. What was admitted from there lately still
        passes: a neighbour's mistakes behind one address stop nobody else's program.
        """
        with self._lock:
            self._turn()
            if self._failures.get(address, 0) < MOST_FAILURES:
                return False
            return self._admitted.get((address, credential), 0.0) < self.clock()

    def admitted(self, address: str, credential: bytes) -> None:
        """Note a success. `credential` is a digest."""
        with self._lock:
            if len(self._admitted) >= MOST_KEPT:
                self._admitted.clear()
            self._admitted[address, credential] = self.clock() + TRUSTED_SECONDS

    def failed(self, address: str) -> None:
        """Count a failure."""
        with self._lock:
            self._turn()
            self._failures[address] = self._failures.get(address, 0) + 1

    def seconds_left(self) -> int:
        """Until the next minute."""
        return max(1, 60 - int(self.clock() % 60))

    def _turn(self) -> None:
        minute = int(self.clock() // 60)
        if minute != self._minute:
            self._minute = minute
            self._failures.clear()


class Reception:
    """Turns credentials into who acts, or stops the call with 401 or 429."""

    def __init__(self, read_card: ReadCard, *, brake: Brake | None = None) -> None:
        self._read_card = read_card
        self._brake = brake or Brake()
        self._welcomed: dict[bytes, CardHolder] = {}

    def admit(self, shown: Credentials) -> Actor:
        """Who acts. A token, when there is one, is what counts: a card beside it adds nothing to it."""
        secret = self.secret_of(shown)
        try:
            actor = admit_token(secret) if secret else self._holder_of(shown.certificate)
        except Refused as refused:
            self.settle(shown, refused)
            raise stop(401, refused.findings) from refused
        self.settle(shown, None)
        return actor

    def secret_of(self, shown: Credentials) -> str:
        """The secret of the token that is shown, still to be admitted; empty when none is. Stops who failed
        too often, and what is no token.
        """
        if self.is_braked(shown):
            raise stop(
                429,
                [Finding.error("api.too-many-failures", shown.address)],
                retry_after=str(self._brake.seconds_left()),
            )
        if not shown.authorization:
            return ""
        try:
            return _token_in(shown.authorization)
        except Refused as refused:
            self.settle(shown, refused)
            raise stop(401, refused.findings) from refused

    def is_braked(self, shown: Credentials) -> bool:
        """Whether who shows this has failed too often to be heard now."""
        return self._brake.is_on(shown.address, shown.digest)

    def settle(self, shown: Credentials, refused: Refused | None) -> None:
        """Count what became of the credentials shown."""
        if refused is None:
            self._brake.admitted(shown.address, shown.digest)
        else:
            self._brake.failed(shown.address)

    def _holder_of(self, certificate: bytes | None) -> Actor:
        if certificate is None:
            raise Refused([Finding.error("api.nobody", "Authorization")])
        digest = hashlib.sha256(certificate).digest()
        at = machine().clock()
        holder = self._read_card(certificate, at).require()
        if self._welcomed.get(digest) == holder:
            return _known(holder, at)
        actor = welcome_card(holder)
        if len(self._welcomed) >= MOST_KEPT:
            self._welcomed.clear()
        self._welcomed[digest] = holder
        return actor


def _known(holder: CardHolder, at: datetime) -> Actor:
    """The holder of a card welcomed before, if the register still says that it is valid and theirs."""
    line = card_line(holder.card_number.text, at=at)
    if line is None or line.person.national_id != holder.national_id.text or line.status != "valid":
        return welcome_card(holder)
    person = line.person
    return Actor(person.national_id, line.number, person.roles, person.display)


def _token_in(headers: tuple[bytes, ...]) -> str:
    """The token of the one `Authorization: Bearer` header. Nothing of it is ever repeated."""
    scheme, _, secret = headers[0].partition(b" ")
    if len(headers) != 1 or scheme.lower() != b"bearer" or len(secret) > LONGEST_TOKEN:
        raise Refused([Finding.error("api.authorization", "Authorization")])
    return secret.strip().decode("latin-1") or "-"


@lru_cache(maxsize=4096)
def address_group(client: str) -> str:
    """The address that failures are counted by: an IPv6 client has a whole /64 to itself."""
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return client
    if isinstance(address, ipaddress.IPv4Address):
        return client
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))
