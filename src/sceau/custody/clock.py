"""The signer's clock: refuses to sign when time went back, or jumped while the signer was running
[ASSURANCE F45].

Two clocks are compared: the wall clock, which somebody may set, and one that only counts (suspended time
included). What was last written in the ledger is the floor that survives a restart.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sceau.vocabulary import Fault

TOLERANCE = timedelta(minutes=5)


def wall_clock() -> datetime:
    """Now, timezone-aware UTC."""
    return datetime.now(UTC)


def steady_clock() -> float:
    """Seconds since the machine started, whatever the wall clock is set to."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class SignerClock:
    """Tells the time, or raises `Fault` when it cannot be believed."""

    def __init__(
        self, wall: Callable[[], datetime] = wall_clock, steady: Callable[[], float] = steady_clock
    ) -> None:
        self._wall = wall
        self._steady = steady
        self._started = (wall(), steady())

    def reading(self) -> datetime:
        """What the wall clock shows, believed or not: for the date of a line that has to be written
        anyway.
        """
        return self._wall()

    def now(self, *, floor: datetime | None) -> datetime:
        """Now. `Fault`: ``signer.clock-back`` when before `floor`, ``signer.clock-jump`` when the two
        clocks part.

        Less than five minutes are forgiven. A jump is forgotten when the signer is started again: that is the
        operator's way to say that the new time is the right one.
        """
        now = self._wall()
        if floor is not None and now < floor - TOLERANCE:
            raise Fault(
                "signer.clock-back", retryable=True, detail=f"{now.isoformat()} < {floor.isoformat()}"
            )
        wall, steady = self._started
        drift = (now - wall) - timedelta(seconds=self._steady() - steady)
        if abs(drift) > TOLERANCE:
            raise Fault("signer.clock-jump", retryable=True, detail=str(drift))
        return now
