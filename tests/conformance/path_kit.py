"""Our own path validation (`identity.read_card`) as one more harness of the suites that others wrote.

The suites' certificates are no cards: what `read_card` says of cards only (marker, type, holder's name) is
set apart here, by code, and everything else decides.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from datetime import datetime

from cryptography.utils import CryptographyDeprecationWarning

from sceau.identity import CardTrust, RevocationPolicy, lookup_from_lists, read_card
from sceau.vocabulary import errors

OF_CARDS_ONLY = frozenset(
    {
        "card.cpf",
        "card.identity-unreadable",
        "card.no-marker",
        "card.not-nominative",
        "card.number-missing",
        "card.security-module",
        "card.service-card",
        "card.software-certificate",
        "card.test-card",
        "card.type-missing",
        "card.type-unknown",
    }
)


def why_refused(
    leaf: bytes,
    *,
    roots: Iterable[bytes],
    issuers: Iterable[bytes],
    at: datetime,
    lists: Iterable[bytes] | None = None,
    policy_arcs: tuple[str, ...] = ("2",),
    apart: frozenset[str] = OF_CARDS_ONLY,
) -> tuple[str, ...]:
    """The codes of what is wrong with the path, empty when it is accepted.

    `lists` None leaves revocation out (the suites' cases without lists). ``trust`` stands for authorities
    that cannot be pinned at all.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        try:
            trust = CardTrust(tuple(roots), tuple(issuers), test_allowed=True, policy_arcs=policy_arcs)
        except ValueError:
            return ("trust",)
        reading = read_card(
            leaf,
            trust=trust,
            at=at,
            revoked=None if lists is None else lookup_from_lists(lists, trust=trust, at=at),
            policy=RevocationPolicy.TOLERANT if lists is None else RevocationPolicy.REQUIRED,
        )
    return tuple(sorted({one.code for one in errors(reading.findings)} - apart))
