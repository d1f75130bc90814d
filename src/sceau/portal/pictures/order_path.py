"""The path of an order: the stations it goes through, where it stands, and where it may leave the way."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _

from sceau.portal.pictures.canvas import Picture, Spot, dot, line, shortened, words

_STEP, _X, _MOST = 46, 18, 42


class Stage(StrEnum):
    """Where a station stands beside the order: behind it, at it, before it, or where it left the way."""

    DONE = "done"
    NOW = "now"
    AHEAD = "ahead"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Station:
    """One station: its name, how the order stands to it, and what is to be known."""

    name: str
    stage: Stage
    told: str = ""


_MARKS = {Stage.DONE: "✓", Stage.NOW: "●", Stage.AHEAD: "", Stage.STOP: "×"}


def stations_of(state: str, *, approvals: int, needed: int) -> tuple[Station, ...]:
    """The stations of an order in `state` with so many of the approvals it needs."""
    if state in {"refused", "abandoned"}:
        end = _("Refusée") if state == "refused" else _("Abandonnée")
        return (Station(_("Envoyée au guichet"), Stage.DONE), Station(end, Stage.STOP))
    over = state == "accepted"
    begun = over or state in {"under-review", "incomplete"}
    examined = Stage.DONE if over or approvals else Stage.NOW if begun else Stage.AHEAD
    stations = [
        Station(_("Envoyée au guichet"), Stage.DONE),
        Station(_("Examinée"), examined, _("votre réponse est attendue") if state == "incomplete" else ""),
    ]
    for number in range(1, needed + 1):
        given = over or number <= approvals
        next_one = not given and number == approvals + 1 and approvals > 0
        stage = Stage.DONE if given else Stage.NOW if next_one else Stage.AHEAD
        stations.append(Station(_approved(number), stage))
    return (*stations, Station(_("Habilitations ouvertes"), Stage.DONE if over else Stage.AHEAD))


def path_picture(stations: tuple[Station, ...]) -> Picture:
    """The stations as a line with its stops, from the top."""
    shapes = []
    for number, one in enumerate(stations):
        y = 20 + number * _STEP
        if number + 1 < len(stations):
            look = "way" if stations[number + 1].stage is not Stage.AHEAD else "way ahead"
            shapes.append(line(Spot(_X, y), Spot(_X, y + _STEP), look))
        shapes.append(dot(Spot(_X, y, 12), one.stage.value))
        shapes.append(words(Spot(_X, y + 5), _MARKS[one.stage], f"mid mark {one.stage.value}"))
        shapes.append(words(Spot(_X + 24, y - 1), shortened(one.name, _MOST), "strong"))
        told = f"{_said(one.stage)}{f', {one.told}' if one.told else ''}"
        shapes.append(words(Spot(_X + 24, y + 15), told, "small"))
    title = _("Le chemin de la commande, et où elle en est. La liste dit la même chose.")
    return Picture("chemin", title, 20 + (len(stations) - 1) * _STEP + 24, tuple(shapes))


def _said(stage: Stage) -> str:
    said = {Stage.DONE: _("fait"), Stage.NOW: _("en cours"), Stage.AHEAD: _("à venir")}
    return said.get(stage, _("arrêtée ici"))


def _approved(number: int) -> str:
    if number == 1:
        return _("Approuvée par une première personne")
    return (
        _("Approuvée par une deuxième personne") if number == 2 else _("Approuvée par une personne de plus")
    )
