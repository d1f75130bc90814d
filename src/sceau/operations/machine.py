"""What the verbs are given to work with: the machine of this instance, and who is acting.

The machine is put together by `site` and installed once; verbs ask for it and never build it. Time, chance
and signatures come from it alone, so that a test can hold all three.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sceau.certification import choose_issuer

if TYPE_CHECKING:
    from sceau.catalogue import Catalogue
    from sceau.certification import IssuerFacts, LintKey, Signer, WeakKeyList
    from sceau.journal import HeadKey


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person known by national identifier, with the card in hand (None without one).

    `qualities` are the roles as the door saw them; verbs look them up again in the records, inside the
    transaction. The machine itself acts with an empty `person_id`, under the name `display` (``[a-z0-9-]+``).
    With `token` (the reference of an API token), a program acts for the person, `within` that token's one
    right (its reference as admitted; verbs look it up again); `card` is then the one that made the token.
    """

    person_id: str
    card: str | None = None
    qualities: frozenset[str] = frozenset()
    display: str = ""
    token: str = ""
    within: str = ""

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
    `head_key` signs them. `shelf` is the public folder. `mode` is `development` or `production`.
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

    def issuer_of(self, product: str, *, at: datetime) -> IssuerFacts:
        """The generation of the product's issuer that signs at `at`. `KeyError` for a product of the
        catalogue's none.
        """
        generations = self.issuers[self.catalogue.products[product].issuer]
        return choose_issuer(generations, product=product, at=at)


_installed: list[Machine] = []


def install(machine: Machine) -> None:
    """Make `machine` the one that verbs use, in place of any before."""
    _installed[:] = [machine]


def machine() -> Machine:
    """The machine in use. A `LookupError` here is a defect of start-up: `install` was not called."""
    if not _installed:
        raise LookupError("no machine installed: sceau.site.start(data_folder) comes first")
    return _installed[0]
