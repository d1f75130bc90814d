"""Which card authorities an instance trusts, and where their revocation lists lie.

A development or test instance trusts its own card authorities. Where cards come from another authority, the
operator names its certificates (`SCEAU_CARD_AUTHORITIES`, one PEM file) and the folder where its lists are
put each day (`SCEAU_CARD_LISTS`, ``*.crl`` in DER). Nothing is fetched from an address that stands in a
card.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from sceau.catalogue import Catalogue, Environment, Range
from sceau.certification import IssuerFacts
from sceau.custody import public_path
from sceau.identity import CardTrust
from sceau.vocabulary import Fault

_CARD_RANGES = (Range.STANDARD, Range.STRONG)
Issuers = Mapping[str, tuple[IssuerFacts, ...]]


@dataclass(frozen=True, slots=True)
class CardAuthorities:
    """Roots and issuers of cards (DER), and where their lists lie now."""

    roots: tuple[bytes, ...]
    issuers: tuple[bytes, ...]
    lists: Callable[[], list[Path]]

    def trust(self, *, test_allowed: bool) -> CardTrust:
        """As the doorkeeper needs them. Raises `Fault` (``site.card-authorities``) when they do not hold
        together.
        """
        try:
            return CardTrust(roots=self.roots, issuers=self.issuers, test_allowed=test_allowed)
        except ValueError as error:
            raise Fault("site.card-authorities", retryable=False, detail=str(error)) from error


def card_authorities(data: Path, issuers: Issuers, catalogue: Catalogue) -> CardAuthorities:
    """Those that the operator named, else the instance's own."""
    named = os.environ.get("SCEAU_CARD_AUTHORITIES", "")
    return _named(Path(named)) if named else _own(data, issuers, catalogue)


def _named(path: Path) -> CardAuthorities:
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        raise Fault("site.card-authorities", retryable=False, detail=str(path)) from error
    roots = [one for one in found if one.issuer == one.subject]
    below = [one for one in found if one.issuer != one.subject]
    folder = Path(os.environ.get("SCEAU_CARD_LISTS", str(path.parent)))
    return CardAuthorities(_ders(roots), _ders(below), lambda: sorted(folder.glob("*.crl")))


def _own(data: Path, issuers: Issuers, catalogue: Catalogue) -> CardAuthorities:
    facts = [
        one
        for code, several in issuers.items()
        for one in several
        if catalogue.issuers[code].range in _CARD_RANGES
    ]
    roots = tuple(one.certificate for one in facts if catalogue.issuers[one.code].parent is None)
    below = tuple(one.certificate for one in facts if catalogue.issuers[one.code].cards)
    paths = [
        data / "public" / public_path(addresses(one, catalogue).crl_uri(row.of_generation(one.generation)))
        for one in facts
        for row in (catalogue.issuers[one.code],)
    ]
    return CardAuthorities(roots, below, lambda: paths)


def addresses(facts: IssuerFacts, catalogue: Catalogue) -> Environment:
    """Where this issuer publishes: as the operator moved it, else the catalogue's own."""
    return facts.addresses or catalogue.environments[facts.environment]


def _ders(certificates: Iterable[x509.Certificate]) -> tuple[bytes, ...]:
    return tuple(one.public_bytes(Encoding.DER) for one in certificates)


class FileLists:
    """Revocation lists in files, read again when one changes."""

    def __init__(self, paths: Callable[[], list[Path]]) -> None:
        self._paths = paths
        self._kept: dict[Path, tuple[int, bytes]] = {}

    def __call__(self) -> list[bytes]:
        """The lists there are now (DER)."""
        found = []
        for path in self._paths():
            try:
                changed = path.stat().st_mtime_ns
                if path not in self._kept or self._kept[path][0] != changed:
                    self._kept[path] = (changed, path.read_bytes())
            except OSError:
                continue
            found.append(self._kept[path][1])
        return found
