"""A life as a table: what comes of it, and what it refuses to be."""

from __future__ import annotations

from enum import StrEnum

import pytest

from sceau.certification import CERTIFICATE_LIFE
from sceau.registration import DEPARTURE_LIFE, HABILITATION_LIFE, ORDER_LIFE
from sceau.vocabulary import Life


class State(StrEnum):
    ASLEEP = "asleep"
    WIDE_AWAKE = "wide-awake"
    GONE = "gone"


class Event(StrEnum):
    WAKE = "wake"
    YAWN = "yawn"
    LEAVE = "leave"


DAY = Life(
    noun="day",
    initial=(State.ASLEEP,),
    table={
        (State.ASLEEP, Event.WAKE): State.WIDE_AWAKE,
        (State.WIDE_AWAKE, Event.YAWN): State.WIDE_AWAKE,
        (State.WIDE_AWAKE, Event.LEAVE): State.GONE,
    },
)


def test_a_life_says_what_comes_after_and_what_cannot_happen() -> None:
    assert DAY.after(State.ASLEEP, Event.WAKE, subject="x").value is State.WIDE_AWAKE
    refused = DAY.after(State.ASLEEP, Event.LEAVE, subject="x")
    assert [(finding.code, finding.subject) for finding in refused.findings] == [("life.not-now", "x")]
    assert DAY.events(State.WIDE_AWAKE) == (Event.YAWN, Event.LEAVE)
    assert DAY.final() == (State.GONE,)
    assert DAY.values() == ("asleep", "wide-awake", "gone")


def test_a_life_with_a_state_nothing_leads_to_is_no_life() -> None:
    with pytest.raises(ValueError, match="gone"):
        Life("day", (State.ASLEEP,), {(State.ASLEEP, Event.WAKE): State.WIDE_AWAKE})
    island = {(State.ASLEEP, Event.WAKE): State.WIDE_AWAKE, (State.GONE, Event.YAWN): State.GONE}
    with pytest.raises(ValueError, match="gone"):
        Life("day", (State.ASLEEP,), island)


def test_a_table_does_not_change_behind_its_life() -> None:
    table = dict(DAY.table)
    life = Life("day", (State.ASLEEP,), table)
    table.clear()
    assert life.events(State.ASLEEP) == (Event.WAKE,)
    with pytest.raises(TypeError):
        life.table[State.ASLEEP, Event.LEAVE] = State.GONE  # type: ignore[index]


def test_a_life_draws_itself() -> None:
    assert DAY.mermaid() == (
        "stateDiagram-v2\n"
        "    [*] --> asleep\n"
        "    asleep --> wide_awake: wake\n"
        "    wide_awake --> wide_awake: yawn\n"
        "    wide_awake --> gone: leave\n"
        "    gone --> [*]\n"
    )


@pytest.mark.parametrize(
    ("life", "final"),
    [
        (ORDER_LIFE, ("accepted", "refused", "abandoned")),
        (HABILITATION_LIFE, ("withdrawn",)),
        (DEPARTURE_LIFE, ("done", "dropped")),
        (CERTIFICATE_LIFE, ("collected", "presumed", "abandoned")),
    ],
)
def test_the_ends_of_our_lives(life: Life[State, Event], final: tuple[str, ...]) -> None:
    assert tuple(str(state) for state in life.final()) == final
