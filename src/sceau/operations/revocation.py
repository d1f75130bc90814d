"""The end of a certificate: final, with a reason and the quality of who asks."""

from __future__ import annotations

from sceau.operations.machine import Actor
from sceau.records import CertificateFile


def revoke_certificate(
    actor: Actor, *, reference: str, reason: str, quality: str, explanation: str = ""
) -> CertificateFile:
    """Revoke as `quality` (`holder`, `administrator`, `representative`, `mandataire`, `desk`, `authority`,
    `judge`).

    The quality is checked against the records; reason × quality is the catalogue's table. Revoking again
    changes nothing and gives the same answer. A reason of key compromise blocks the key for ever.
    """
    raise NotImplementedError


def revoke_by_code(*, serial: str, code: str, reason: str) -> CertificateFile:
    """Revoke with the code chosen at collection, without a login. `serial` in any usual spelling, or the
    reference.

    Wrong serial and wrong code give the same answer, in the same time; too many tries close the door for a
    while.
    """
    raise NotImplementedError
