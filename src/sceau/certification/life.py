"""The life of a certificate: intended before it is signed, issued, collected; or presumed signed and burnt,
or abandoned.

Revocation is no state here: it is a separate, final fact about a certificate that exists or is presumed to.
*Expired* is the date's. Who may bring an event about is decided elsewhere.
"""

from __future__ import annotations

from enum import StrEnum

from sceau.vocabulary import Life


class CertificateState(StrEnum):
    """Where a certificate stands.

    `INTENDED`: serial and draft are stored, a signature may be under way. `PRESUMED`: the outcome is
    unknown, so it is held to have been signed, is revoked, and its serial never serves again [ASSURANCE
    decision 10]. `ABANDONED`: the signer said that it signed nothing (away before it was asked, or it
    refused); the serial never serves.
    """

    INTENDED = "intended"
    ISSUED = "issued"
    COLLECTED = "collected"
    PRESUMED = "presumed"
    ABANDONED = "abandoned"


class CertificateEvent(StrEnum):
    """What may happen to a certificate."""

    RECORD = "record"
    PRESUME = "presume"
    ABANDON = "abandon"
    COLLECT = "collect"


CERTIFICATE_LIFE = Life(
    noun="certificate",
    initial=(CertificateState.INTENDED,),
    table={
        (CertificateState.INTENDED, CertificateEvent.RECORD): CertificateState.ISSUED,
        (CertificateState.INTENDED, CertificateEvent.PRESUME): CertificateState.PRESUMED,
        (CertificateState.INTENDED, CertificateEvent.ABANDON): CertificateState.ABANDONED,
        (CertificateState.ISSUED, CertificateEvent.COLLECT): CertificateState.COLLECTED,
    },
)
