"""The clock of this instance: nothing is signed at a moment the journal says is past [ASSURANCE F45, T62]."""

from __future__ import annotations

from datetime import timedelta

from sceau.operations.acts import Act, acting
from sceau.operations.machine import Actor
from sceau.operations.standing import AUTHORITY, require_role
from sceau.records import hot
from sceau.records.models import JournalEntry, Setting
from sceau.vocabulary import Fault

_SLACK = timedelta(minutes=5)
_ACCEPTED = "clock.accepted-after-entry"


def require_clock(act: Act) -> None:
    """`Fault` (``operations.clock-back``) when the clock is more than five minutes behind the journal's
    latest.
    """
    latest = hot.latest_entry(after=hot.setting(_ACCEPTED) or 0)
    if latest is not None and act.at < latest - _SLACK:
        detail = f"{act.at:%Y-%m-%dT%H:%M:%SZ} < {latest:%Y-%m-%dT%H:%M:%SZ}"
        raise Fault("operations.clock-back", retryable=False, detail=detail)


def accept_clock(actor: Actor) -> None:
    """The clock had run ahead and was put right: from now on the journal's later entries are no measure.

    By the authority, or by the machine at the operator's console.
    """
    with acting(actor, "clock.accepted", "clock") as act:
        if actor.person_id:
            require_role(act, AUTHORITY)
        last = JournalEntry.objects.order_by("-id").values_list("id", flat=True).first()
        Setting.objects.update_or_create(name=_ACCEPTED, defaults={"value": last or 0})
