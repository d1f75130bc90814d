"""What the verbs are given to work with: the machine of this instance, and who is acting.

The machine is put together by `site` and installed once; verbs ask for it and never build it. Time, chance
and signatures come from it alone, so that a test can hold all three.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sceau.certification import choose_issuer
from sceau.operations.post import MailRoom
from sceau.status import partition_at

if TYPE_CHECKING:
    from sceau.catalogue import Catalogue
    from sceau.certification import IssuerFacts, LintKey, Signer, WeakKeyList
    from sceau.identity import CardHolder
    from sceau.journal import HeadKey
    from sceau.vocabulary import Reading


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person known by national identifier, with the card in hand (None without one).

    `qualities` are the roles as the door saw them; verbs look them up again in the records, inside the
    transaction. The machine itself acts with an empty `person_id`, under the name `display` (``[a-z0-9-]+``).
    With `token` (the reference of an API token), a program acts for the person, `within` that token's one
    right (its reference as admitted; verbs look it up again); `card` is then the one that made the token.
    With `passkey` (its reference), an officer came in by it, without a card. `hat` is the role they chose to
    act in, empty where none is chosen.
    """

    person_id: str
    card: str | None = None
    qualities: frozenset[str] = frozenset()
    display: str = ""
    token: str = ""
    within: str = ""
    passkey: str = ""
    hat: str = ""

    @property
    def in_hand(self) -> str:
        """What proves who decides: the card's number, else the passkey's reference; empty without either."""
        return self.card or self.passkey

    @classmethod
    def system(cls, name: str = "instance") -> Actor:
        """The machine acting by itself (start-up, publication, recovery): it holds no right of a person."""
        return cls("", None, frozenset({"machine"}), name)


class Responders(Protocol):
    """The keys of delegated OCSP responders, kept apart from the CA keys (`custody.ResponderFolder`)."""

    def is_due(self, issuer: str, generation: int, *, at: datetime) -> bool:
        """Whether a responder certificate has to be made now."""
        ...

    def new_key(self, issuer: str, generation: int) -> bytes:
        """Make a key that waits for its certificate; its DER SubjectPublicKeyInfo."""
        ...

    def install(self, issuer: str, generation: int, certificate: bytes) -> None:
        """Put the waiting key to use with its certificate (DER)."""
        ...


class Cabinet(Protocol):
    """Where the bytes of pieces are kept (`custody.PieceCabinet`): plain under their digest, or sealed."""

    def keep(self, data: bytes) -> str:
        """Keep plain bytes; their hex SHA-256. On the disk when this returns."""
        ...

    def seal(self, reference: str, data: bytes) -> str:
        """Keep bytes encrypted under `reference`; the hex SHA-256 of the plain bytes."""
        ...

    def read(self, digest: str) -> bytes:
        """Plain bytes. Raises `Fault` when they are gone or altered."""
        ...

    def unseal(self, reference: str, digest: str) -> bytes:
        """Sealed bytes, in plain. Raises `Fault` when they are gone or altered."""
        ...

    def discard(self, digest: str) -> None:
        """Remove plain bytes."""
        ...

    def shred(self, reference: str) -> None:
        """Remove sealed bytes with their key."""
        ...

    def leftovers(self, *, known: Callable[[str], bool], older_than: float) -> tuple[str, ...]:
        """What a crash left, without a row."""
        ...

    def throw_away(self, names: Iterable[str]) -> None:
        """Remove what `leftovers` named."""
        ...

    def rotate(self) -> int:
        """Renew the cabinet's key; how many sealed pieces were wrapped anew."""
        ...


@dataclass(frozen=True, slots=True)
class TxtAnswer:
    """What name servers answered to a question for TXT records.

    `outcome`: `found`, `none` (the servers say that there is none) or `silent` (nobody knows: no answer, a
    failure). `records` are the texts; `authenticated` whether the resolver says that it validated DNSSEC;
    `whole` the answer as text, `resolver` who gave it.
    """

    outcome: str
    records: tuple[str, ...]
    authenticated: bool
    whole: str
    resolver: str


class SignerReader(Protocol):
    """Whose card made a signature: `identity.read_card` for the signing key, with the authorities and the
    lists that this instance knows now.
    """

    def __call__(self, certificate: bytes, *, at: datetime) -> Reading[CardHolder]:
        """The holder of the card whose signing certificate (DER) this is, or every reason why not."""
        ...


class TxtLookup(Protocol):
    """The instance's resolver: the system's or the one configured, never one that somebody named."""

    def __call__(self, name: str) -> TxtAnswer:
        """Ask for the TXT records of `name` (ASCII, without a final dot). Never raises for an answer."""
        ...


class Mailer(Protocol):
    """How a short text leaves for one mailbox. Raises `Fault` when it could not be handed over."""

    def __call__(self, *, to: str, subject: str, text: str) -> None:
        """Hand one plain-text mail over."""
        ...


@dataclass(frozen=True, slots=True)
class Machine:
    """Everything outside the database that a verb needs.

    `clock` gives timezone-aware UTC; `random(n)` gives n bytes from the system's generator. `issuers` maps
    an issuer's code to its generations, oldest first; which one signs is chosen by date and product.
    `lint_key(issuer)` gives a throw-away key of the issuer's kind. `origin` names the journal in its heads,
    `head_key` signs them. `shelf` is the public folder. `mail` is how people are written to, None where
    nobody is. `mode` is `development` or `production`.
    """

    catalogue: Catalogue
    environment: str
    signer: Signer
    clock: Callable[[], datetime]
    random: Callable[[int], bytes]
    issuers: Mapping[str, tuple[IssuerFacts, ...]]
    lint_key: Callable[[IssuerFacts], LintKey]
    origin: str
    head_key: HeadKey
    shelf: Path
    responders: Responders | None = None
    mailer: Mailer | None = None
    weak_keys: WeakKeyList | None = None
    mode: str = "production"
    cabinet: Cabinet | None = None
    txt: TxtLookup | None = None
    signing_card: SignerReader | None = None
    mail: MailRoom | None = None

    def issuer_of(self, product: str, *, at: datetime) -> IssuerFacts:
        """The generation of the product's issuer that signs at `at`, with the partition of its list that a
        certificate made then belongs to. `KeyError` for a product of the catalogue's none.
        """
        generations = self.issuers[self.catalogue.products[product].issuer]
        chosen = choose_issuer(generations, product=product, at=at)
        return in_partition(chosen, partition_at(at, partitions=chosen.partitions))


@lru_cache(maxsize=256)
def in_partition(issuer: IssuerFacts, partition: int | None) -> IssuerFacts:
    """The issuer for certificates of that partition of its list."""
    return issuer if partition is None else replace(issuer, partition=partition)


_installed: list[Machine] = []


def install(machine: Machine) -> None:
    """Make `machine` the one that verbs use, in place of any before."""
    _installed[:] = [machine]


def machine() -> Machine:
    """The machine in use. A `LookupError` here is a defect of start-up: `install` was not called."""
    if not _installed:
        raise LookupError("no machine installed: sceau.site.start(data_folder) comes first")
    return _installed[0]
