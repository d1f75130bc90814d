"""What the verbs are given to work with: the machine of this instance, and who is acting.

The machine is put together by `site` and installed once; verbs ask for it and never build it. Time, chance
and signatures come from it alone, so that a test can hold all three.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sceau.catalogue import Catalogue
    from sceau.certification import IssuerFacts, Signer


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person known by national identifier, with the card in hand (None without one).

    `qualities` are the hats worn for this act (`desk`, `authority`, `administrator`…): verbs check them
    again against the records, inside the transaction. The machine itself acts with an empty `person_id`.
    """

    person_id: str
    card: str | None = None
    qualities: frozenset[str] = frozenset()
    display: str = ""

    @classmethod
    def system(cls, name: str = "instance") -> Actor:
        """The machine acting by itself (start-up, publication, recovery): it holds no right of a person."""
        return cls("", None, frozenset({"machine"}), name)


@dataclass(frozen=True, slots=True)
class Machine:
    """Everything outside the database that a verb needs.

    `clock` gives timezone-aware UTC; `random(n)` gives n bytes from the system's generator. `issuers` maps
    an issuer's code to its generations, oldest first; the last one signs. `lint_key(issuer_public_key)`
    gives a throw-away key. `mode` is `development` or `production`.
    """

    catalogue: Catalogue
    environment: str
    signer: Signer
    clock: Callable[[], datetime]
    random: Callable[[int], bytes]
    issuers: Mapping[str, tuple[IssuerFacts, ...]]
    lint_keys: Any
    head_signer: Any
    public: Path
    mode: str = "production"
    settings: Mapping[str, Any] = field(default_factory=dict)


_installed: list[Machine] = []


def install(machine: Machine) -> None:
    """Make `machine` the one that verbs use, in place of any before."""
    _installed[:] = [machine]


def machine() -> Machine:
    """The machine in use. A `LookupError` here is a defect of start-up: `install` was not called."""
    if not _installed:
        raise LookupError("no machine installed: sceau.site.start(data_folder) comes first")
    return _installed[0]
