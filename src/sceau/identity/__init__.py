"""Who is at the door: a card's certificate becomes its holder, or findings that say why not.

Pure: the certificate, the trusted authorities, the time and the revocation lists are given. What the holder
may do here is told by the register, not by this room.
"""

from sceau.identity.card import CardHolder, read_card
from sceau.identity.content import CardFamily, CardUse
from sceau.identity.passkey import (
    ALGORITHMS,
    KnownPasskey,
    NewPasskey,
    PasskeyQuestion,
    PasskeyUse,
    check_counter,
    credential_named,
    read_new_passkey,
    read_passkey_use,
)
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
    "ALGORITHMS",
    "CardFamily",
    "CardHolder",
    "CardRevocation",
    "CardTrust",
    "CardUse",
    "KnownPasskey",
    "NewPasskey",
    "PasskeyQuestion",
    "PasskeyUse",
    "PresentedCertificate",
    "PscAnswer",
    "PscHolder",
    "PscQuestion",
    "RevocationLookup",
    "RevocationPolicy",
    "check_counter",
    "credential_named",
    "describe_presented",
    "half_digest",
    "lookup_from_lists",
    "read_card",
    "read_new_passkey",
    "read_passkey_use",
    "read_psc",
]
