"""What is done to a habilitation after it was granted. Granting itself is the acceptance of an order."""

from __future__ import annotations

from sceau.operations.machine import Actor
from sceau.records import HabilitationFile


def suspend_habilitation(actor: Actor, *, reference: str, reason: str) -> HabilitationFile:
    """Stop its use for a while. By the desk, the authority, or the structure's representative or
    *mandataire*.
    """
    raise NotImplementedError


def resume_habilitation(actor: Actor, *, reference: str, reason: str) -> HabilitationFile:
    """Let it serve again. Desk only."""
    raise NotImplementedError


def withdraw_habilitation(actor: Actor, *, reference: str, reason: str) -> HabilitationFile:
    """End it. Final; a new right needs a new order. Live certificates stay until they are revoked one by
    one.
    """
    raise NotImplementedError
