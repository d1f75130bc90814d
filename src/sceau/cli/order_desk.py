"""`sceau order`, what the desk does with an order: asks, shares, holds, writes and decides."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from sceau.cli.console import (
    DATA,
    As,
    AsJson,
    Data,
    Reason,
    Reference,
    officer,
    open_instance,
    say,
    someone,
)
from sceau.cli.order_said import Version, answer, file_of, raw_of
from sceau.vocabulary import Finding, Refused

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


def modify(
    reference: Reference,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FICHIER", exists=True, dir_okay=False, help="Le texte tel qu'il doit être."),
    ] = None,
    *,
    as_: As,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Modifier ce qu'une commande acceptée a donné : sans fichier, écrire le texte présent (JSON) ; avec,
    l'envoyer comme la commande qui prend sa place.
    """
    open_instance(data)
    from sceau.operations import amend_grants, start_amendment

    actor = someone(as_)
    if file is None:
        typer.echo(json.dumps(start_amendment(actor, reference=reference), ensure_ascii=False, indent=2))
        return
    raw = raw_of(file)
    answer(amend_grants(actor, amends=reference, raw=raw, channel="cli"), as_json=as_json)


def effects(reference: Reference, *, data: Data = DATA, as_json: AsJson = False) -> None:
    """Ce que change une commande qui en modifie une autre."""
    open_instance(data)
    from sceau.operations import preview_amendment

    found = preview_amendment(reference)
    if found is None:
        raise Refused([Finding.error("amendment.none", reference)])
    lines = [f"retirée {one}" for one in found.effects.lost]
    lines += [f"gardée {one}" for one in found.effects.kept]
    lines += [f"nouvelle {', '.join(one)}" for one in found.effects.gained]
    lines += [
        f"certificat {one.reference}{'' if one.is_covered else ' (plus personne ne pourrait l’obtenir)'}"
        for one in found.effects.certificates
    ]
    say(found, as_json=as_json, lines=[*lines, "a sa réponse" if found.answered else "sans réponse"])


def answer_effects(
    reference: Reference,
    *,
    as_: As,
    revoke: Annotated[list[str] | None, typer.Option("--revoke", help="Un certificat à révoquer.")] = None,
    revoke_all: Annotated[bool, typer.Option("--revoke-all", help="Les révoquer tous.")] = False,
    version: Version = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Répondre pour chaque certificat dont le droit s'en va : gardé, sauf ce que l'on dit de révoquer."""
    open_instance(data)
    from sceau.operations import answer_amendment, preview_amendment
    from sceau.registration import StopPlan

    found = preview_amendment(reference)
    if found is None:
        raise Refused([Finding.error("amendment.none", reference)])
    plan = StopPlan(
        dict.fromkeys(revoke or [], "revoke"), {"certificates": "revoke" if revoke_all else "keep"}
    )
    seen = version or file_of(reference).line.version
    done = answer_amendment(officer(as_), reference=reference, version=seen, seen=found.seen, plan=plan)
    say(done, as_json=as_json, lines=["les effets ont leur réponse"])


def add_to(app: typer.Typer) -> None:
    """Make these commands of `sceau order`."""
    for command in (ask, note, approve, refuse, abandon, assign, release, hold, unhold, comment):
        app.command()(command)
    app.command()(modify)
    app.command()(effects)
    app.command("answer-effects")(answer_effects)
