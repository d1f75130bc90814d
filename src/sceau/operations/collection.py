"""The hand-over: terms accepted, revocation code chosen, certificate given."""

from __future__ import annotations

from sceau.operations.machine import Actor
from sceau.records import CertificateFile


def collect_certificate(
    actor: Actor, *, reference: str, terms_accepted: bool, code: str, code_again: str
) -> CertificateFile:
    """Give the certificate to who asked for it. The code (typed twice) is kept only as a salted hash.

    Refused: not yours, terms not accepted, codes that differ or are too easy, already collected, revoked.
    """
    raise NotImplementedError
