"""Who is at the door: a card's certificate becomes its holder, or findings that say why not.

Pure: the certificate, the trusted authorities, the time and the revocation lists are given. What the holder
may do here is told by the register, not by this room.
"""

from sceau.identity.card import CardHolder, read_card
from sceau.identity.content import CardFamily, CardUse
from sceau.identity.presented import PresentedCertificate, describe_presented
from sceau.identity.psc import PscAnswer, PscHolder, PscQuestion, half_digest, read_psc
from sceau.identity.revocation import (
    CardRevocation,
    RevocationLookup,
    RevocationPolicy,
    lookup_from_lists,
)
from sceau.identity.trust import CardTrust

__all__ = [
    "CardFamily",
    "CardHolder",
    "CardRevocation",
    "CardTrust",
    "CardUse",
    "PresentedCertificate",
    "PscAnswer",
    "PscHolder",
    "PscQuestion",
    "RevocationLookup",
    "RevocationPolicy",
    "describe_presented",
    "half_digest",
    "lookup_from_lists",
    "read_card",
    "read_psc",
]
