"""From a request to a recorded certificate: intent first, signature, record; and what is done when that
is cut short.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sceau.operations.machine import Actor
from sceau.records import CertificateFile, CertificateLine
from sceau.vocabulary import Finding

if TYPE_CHECKING:
    from sceau.registration import Person


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """What is asked for. `habilitation` is the right's reference, None for a professional's own card (PS
    products).

    `names` are as typed; `csr` is PEM or DER; `holder` is the person of a PRO certificate [ASSURANCE
    decision 14]; `replaces` is the reference of the certificate renewed.
    """

    product: str
    names: tuple[str, ...]
    csr: bytes = b""
    habilitation: str | None = None
    holder: Person | None = None
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be issued: the subject line by line, its RFC 4514 text, and every finding. Nothing is kept.

    `findings` with an error: it would be refused, and these are all the reasons.
    """

    subject: tuple[tuple[str, str], ...]
    rfc4514: str
    names: tuple[str, ...]
    findings: tuple[Finding, ...]


def preview_certificate(actor: Actor, request: CertificateRequest) -> Preview:
    """The exact subject and the scope's verdict, before asking. With a CSR, the key's verdict too.
    Changes nothing.
    """
    raise NotImplementedError


def issue_certificate(actor: Actor, request: CertificateRequest, *, idempotency_key: str) -> CertificateFile:
    """Certify. The same `idempotency_key` from the same actor gives the first certificate again.

    Refused: every reason at once (right, names, card, contract, CSR, key, lint). Fault: the signer or the
    database failed; when the outcome is unknown the serial is burnt, presumed signed and revoked, and a new
    request is needed.
    """
    raise NotImplementedError


def issue_pair(
    actor: Actor, requests: tuple[CertificateRequest, CertificateRequest], *, idempotency_key: str
) -> tuple[CertificateFile, CertificateFile]:
    """DMP: ORG_AUTH_CLI and ORG_SIGN with one identical subject, from two CSRs with two keys. Both are
    checked first.
    """
    raise NotImplementedError


def recover_intents() -> tuple[CertificateLine, ...]:
    """After a crash: every intent without a record is resumed from the signer's own, or presumed signed
    and revoked.
    """
    raise NotImplementedError
