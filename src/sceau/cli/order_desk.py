"""`sceau order`, what the desk does with an order: asks, shares, holds, writes and decides."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import typer

from sceau.cli.console import DATA, As, AsJson, Data, Reason, Reference, officer, open_instance
from sceau.cli.order_said import Version, answer, file_of

Day = Annotated[datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="Jusqu'à ce jour.")]


def ask(
    reference: Reference,
    *,
    text: Annotated[str, typer.Option("--text", help="Ce qui manque, en mots pour le demandeur.")],
    as_: As,
    due: Annotated[datetime | None, typer.Option("--due", formats=["%Y-%m-%d"], help="Pour quand.")] = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Demander ce qui manque au dossier."""
    open_instance(data)
    from sceau.operations import ask_for_more

    day: date | None = due.date() if due else None
    answer(ask_for_more(officer(as_), reference=reference, text=text, due=day), as_json=as_json)


def note(
    reference: Reference,
    *,
    text: Annotated[str, typer.Option("--text", help="Pour le guichet seulement.")],
    as_: As,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Écrire une note interne au dossier."""
    open_instance(data)
    from sceau.operations import note_order

    answer(note_order(officer(as_), reference=reference, text=text), as_json=as_json)


def approve(
    reference: Reference, *, as_: As, version: Version = None, data: Data = DATA, as_json: AsJson = False
) -> None:
    """Approuver ; la seconde personne différente accepte la commande et accorde les habilitations."""
    open_instance(data)
    from sceau.operations import approve_order

    seen = version or file_of(reference).line.version
    answer(approve_order(officer(as_), reference=reference, version=seen), as_json=as_json)


def refuse(
    reference: Reference,
    *,
    as_: As,
    reason: Reason = "",
    code: Annotated[
        str, typer.Option("--code", help="Un motif du catalogue, dont la phrase vient d'abord.")
    ] = "",
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Refuser, avec le motif que lira le demandeur. Définitif."""
    open_instance(data)
    from sceau.operations import refuse_order

    answer(refuse_order(officer(as_), reference=reference, reason=reason, code=code), as_json=as_json)


def abandon(
    reference: Reference, *, as_: As, reason: Reason = "", data: Data = DATA, as_json: AsJson = False
) -> None:
    """Clore sans suite une commande à laquelle personne ne répond plus. Définitif."""
    open_instance(data)
    from sceau.operations import abandon_order

    answer(abandon_order(officer(as_), reference=reference, reason=reason), as_json=as_json)


def assign(
    reference: Reference,
    *,
    to: Annotated[str, typer.Option("--to", metavar="IDENTIFIANT", help="L'agent qui la suivra.")],
    as_: As,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Confier la commande à un autre agent, qui n'en est pas partie."""
    open_instance(data)
    from sceau.operations import assign_order

    answer(assign_order(officer(as_), reference=reference, to=to), as_json=as_json)


def release(reference: Reference, *, as_: As, data: Data = DATA, as_json: AsJson = False) -> None:
    """Ne plus la suivre : elle est à qui la prendra."""
    open_instance(data)
    from sceau.operations import release_order

    answer(release_order(officer(as_), reference=reference), as_json=as_json)


def hold(
    reference: Reference,
    *,
    why: Annotated[str, typer.Option("--why", help="Pourquoi elle attend.")],
    as_: As,
    until: Day = None,
    event: Annotated[str, typer.Option("--event", help="text ou piece : ce qui la fera revenir.")] = "",
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """La mettre de côté jusqu'à un jour, ou jusqu'à ce que vienne un texte ou une pièce."""
    open_instance(data)
    from sceau.operations import Hold, hold_order

    asked = Hold(why=why, until=until.date() if until else None, event=event)
    answer(hold_order(officer(as_), reference=reference, hold=asked), as_json=as_json)


def unhold(reference: Reference, *, as_: As, data: Data = DATA, as_json: AsJson = False) -> None:
    """La reprendre avant son jour."""
    open_instance(data)
    from sceau.operations import unhold_order

    answer(unhold_order(officer(as_), reference=reference), as_json=as_json)


def comment(
    reference: Reference,
    *,
    text: Annotated[str, typer.Option("--text", help="Ce que lira le demandeur.")],
    as_: As,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Écrire au demandeur quelque chose qui n'attend pas de réponse."""
    open_instance(data)
    from sceau.operations import comment_order

    answer(comment_order(officer(as_), reference=reference, text=text), as_json=as_json)


def add_to(app: typer.Typer) -> None:
    """Make these commands of `sceau order`."""
    for command in (ask, note, approve, refuse, abandon, assign, release, hold, unhold, comment):
        app.command()(command)
