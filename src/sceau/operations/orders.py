"""What is done to an order: received, examined, completed, decided."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from sceau.operations.machine import Actor
from sceau.records import OrderFile

if TYPE_CHECKING:
    from sceau.registration import Examination


def receive_form(
    actor: Actor, *, raw: Mapping[str, Any], channel: str, idempotency_key: str = ""
) -> OrderFile:
    """Open an order from a raw form 413. `channel`: `web`, `pdf`, `desk` or `cli`.

    From `web` a form with errors is refused, with all of them (`Refused`): the person is there to mend it.
    From the other channels it is kept as it came, and its errors are the desk's to complete [ASSURANCE
    decision 15]. The same `idempotency_key` from the same actor gives the first order again.
    """
    raise NotImplementedError


def amend_order(actor: Actor, *, reference: str, version: int, raw: Mapping[str, Any], why: str) -> OrderFile:
    """A new version of the form: earlier approvals no longer count. `version` is the one the editor had
    before them.

    By the desk while under review or received; by the submitter or a representative while received or
    incomplete.
    """
    raise NotImplementedError


def settle_scope_kind(
    actor: Actor,
    *,
    reference: str,
    version: int,
    offer: int,
    kind: str | None,
    restricted: bool | None = None,
) -> OrderFile:
    """The desk's answer to what the form did not say of its `offer`-th offer: an edit like another
    [decision 4, 5].
    """
    raise NotImplementedError


def take_order(actor: Actor, *, reference: str) -> OrderFile:
    """An officer starts (or takes over) the review. Desk only."""
    raise NotImplementedError


def ask_for_more(actor: Actor, *, reference: str, text: str, due: date | None = None) -> OrderFile:
    """The file is incomplete: say what is missing, in words for the requester. Desk only."""
    raise NotImplementedError


def answer_request(
    actor: Actor, *, reference: str, version: int, text: str, raw: Mapping[str, Any] | None = None
) -> OrderFile:
    """The requester answers; with `raw`, the form is amended at once. Back under review."""
    raise NotImplementedError


def note_order(actor: Actor, *, reference: str, text: str) -> OrderFile:
    """An internal note on the file. Desk only."""
    raise NotImplementedError


def approve_order(actor: Actor, *, reference: str, version: int) -> OrderFile:
    """One officer's yes to this version; the second different one accepts the order and grants its
    habilitations.

    Refused: not the desk, part of the order, not the present version, a red check in the examination.
    """
    raise NotImplementedError


def refuse_order(actor: Actor, *, reference: str, reason: str) -> OrderFile:
    """The desk says no, and why, in words for the requester. Final."""
    raise NotImplementedError


def abandon_order(actor: Actor, *, reference: str, reason: str = "") -> OrderFile:
    """The requester gives up (or the desk, when nobody answers). Final."""
    raise NotImplementedError


def examination_of(reference: str) -> Examination:
    """Every check of the order's present version, with its evidence, as things stand now. Changes nothing."""
    raise NotImplementedError
