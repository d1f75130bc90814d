"""`sceau departure`: an administrator who leaves, seen and decided line by line by a named person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from sceau.cli.console import DATA, As, AsJson, Data, Reason, Reference, open_instance, say, someone, topic
from sceau.vocabulary import Finding, Refused

if TYPE_CHECKING:
    from sceau.records import DepartureView

app = topic("Suivre le départ d'un administrateur, certificat par certificat.")


@app.command("list")
def list_(
    *,
    as_: As,
    state: Annotated[str, typer.Option("--state", help="open, done ou dropped.")] = "",
    after: Annotated[str, typer.Option("--after", help="Suite de la liste, après cette référence.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 50,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Les départs que cette personne peut voir, du plus récent au plus ancien."""
    open_instance(data)
    from sceau.operations import machine
    from sceau.records import list_departures

    found = list_departures(as_, at=machine().clock(), state=state, after=after, limit=limit)
    say(found, as_json=as_json, lines=(_line(one) for one in found))


@app.command()
def show(reference: Reference, *, as_: As, data: Data = DATA, as_json: AsJson = False) -> None:
    """Un départ et ses certificats, décidés ou non."""
    open_instance(data)
    from sceau.operations import machine
    from sceau.records import departure_for

    view = departure_for(reference, as_, at=machine().clock())
    if view is None:
        raise Refused([Finding.error("departure.unknown", reference)])
    _answer(view, as_json=as_json)


@app.command("open")
def open_(
    *,
    person: Annotated[str, typer.Option("--person", help="Identifiant national de qui part.")],
    structure: Annotated[str, typer.Option("--structure", help="Identifiant national de la structure.")],
    as_: As,
    reason: Reason,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Dire que quelqu'un part : ses habilitations s'arrêtent aussitôt, rien n'est révoqué."""
    open_instance(data)
    from sceau.operations import open_departure

    view = open_departure(someone(as_), person_id=person, structure_id=structure, reason=reason)
    _answer(view, as_json=as_json)


@app.command()
def decide(
    reference: Reference,
    *,
    as_: As,
    keep: Annotated[list[str] | None, typer.Option("--keep", help="Un certificat gardé.")] = None,
    revoke: Annotated[list[str] | None, typer.Option("--revoke", help="Un certificat révoqué.")] = None,
    hand_over: Annotated[list[str] | None, typer.Option("--hand-over", help="Un certificat confié.")] = None,
    to: Annotated[str, typer.Option("--to", help="À qui : identifiant national.")] = "",
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Décider de certains certificats ; les autres attendent. Une décision gardée ne se reprend pas."""
    open_instance(data)
    from sceau.operations import LineDecision, decide_departure

    decisions = [LineDecision(one, "keep") for one in keep or []]
    decisions += [LineDecision(one, "revoke") for one in revoke or []]
    decisions += [LineDecision(one, "hand-over", to) for one in hand_over or []]
    _answer(decide_departure(someone(as_), reference=reference, decisions=decisions), as_json=as_json)


@app.command()
def finish(reference: Reference, *, as_: As, data: Data = DATA, as_json: AsJson = False) -> None:
    """Terminer : les habilitations de qui part sont retirées, définitivement."""
    open_instance(data)
    from sceau.operations import finish_departure

    _answer(finish_departure(someone(as_), reference=reference), as_json=as_json)


@app.command()
def drop(
    reference: Reference, *, as_: As, reason: Reason, data: Data = DATA, as_json: AsJson = False
) -> None:
    """C'était une erreur : plus rien n'est décidé, les habilitations restent suspendues."""
    open_instance(data)
    from sceau.operations import drop_departure

    _answer(drop_departure(someone(as_), reference=reference, reason=reason), as_json=as_json)


def _answer(view: DepartureView, *, as_json: bool) -> None:
    say(view, as_json=as_json, lines=_lines(view))


def _line(view: DepartureView) -> str:
    left = f"{view.waiting} à décider" if view.waiting else "tout est décidé"
    return f"{view.reference}  {view.state}  {view.person}, {view.structure}  {left}"


def _lines(view: DepartureView) -> Iterator[str]:
    yield _line(view)
    for line in view.lines:
        names = ", ".join(line.names) or line.product
        to = f" à {line.successor}" if line.successor else ""
        yield f"  {line.certificate}  {names}  {line.answer or 'à décider'}{to}"
