"""`sceau habilitation`: the rights of an instance, seen, stopped, ended by a named officer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from sceau.cli.console import (
    DATA,
    As,
    AsJson,
    Data,
    Reason,
    Reference,
    Revoke,
    RevokeAll,
    officer,
    open_instance,
    say,
    topic,
)
from sceau.vocabulary import Finding, Refused

if TYPE_CHECKING:
    from sceau.records import HabilitationFile, HabilitationLine
    from sceau.registration import StopPlan

app = topic("Voir, suspendre et retirer les habilitations.")


@app.command("list")
def list_(
    *,
    data: Data = DATA,
    person: Annotated[str, typer.Option("--person", help="Identifiant national du titulaire.")] = "",
    structure: Annotated[str, typer.Option("--structure", help="Identifiant national de la structure.")] = "",
    state: Annotated[str, typer.Option("--state", help="active, suspended ou withdrawn.")] = "",
    after: Annotated[str, typer.Option("--after", help="Suite de la liste, après cette référence.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 50,
    as_json: AsJson = False,
) -> None:
    """Les habilitations, de la plus ancienne à la plus récente."""
    open_instance(data)
    from sceau.operations import machine
    from sceau.records import habilitations_of, list_habilitations

    at = machine().clock()
    found = (
        habilitations_of(person, at=at)
        if person
        else list_habilitations(at=at, structure_id=structure, state=state, after=after, limit=limit)
    )
    say(found, as_json=as_json, lines=(_line(line) for line in found))


@app.command()
def show(reference: Reference, *, data: Data = DATA, as_json: AsJson = False) -> None:
    """Une habilitation, ce qu'elle couvre, et les certificats qui en viennent."""
    open_instance(data)
    from sceau.operations import machine
    from sceau.records import habilitation_file

    file = habilitation_file(reference, at=machine().clock())
    if file is None:
        raise Refused([Finding.error("habilitation.unknown", reference)])
    _answer(file, as_json=as_json)


@app.command()
def effects(reference: Reference, *, data: Data = DATA, as_json: AsJson = False) -> None:
    """Ce que toucherait une suspension ou un retrait : certificats, jetons, signatures en cours."""
    open_instance(data)
    from sceau.operations import preview_right_act

    found = preview_right_act(reference)
    lines = [f"certificat {one}" for one in found.stops.certificates]
    lines += [f"jeton {one}" for one in found.tokens]
    say(found, as_json=as_json, lines=[*lines, f"{found.being_signed} signature(s) en cours"])


@app.command()
def suspend(
    reference: Reference,
    *,
    as_: As,
    reason: Reason,
    revoke: Revoke = None,
    revoke_all: RevokeAll = False,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Suspendre : rien ne peut plus être demandé, jusqu'à ce qu'elle soit rétablie."""
    open_instance(data)
    from sceau.operations import suspend_habilitation

    plan = _plan(revoke or [], everything=revoke_all)
    _answer(
        suspend_habilitation(officer(as_), reference=reference, reason=reason, plan=plan), as_json=as_json
    )


@app.command()
def resume(
    reference: Reference, *, as_: As, reason: Reason, data: Data = DATA, as_json: AsJson = False
) -> None:
    """Rétablir une habilitation suspendue."""
    open_instance(data)
    from sceau.operations import resume_habilitation

    _answer(resume_habilitation(officer(as_), reference=reference, reason=reason), as_json=as_json)


@app.command()
def withdraw(
    reference: Reference,
    *,
    as_: As,
    reason: Reason,
    revoke: Revoke = None,
    revoke_all: RevokeAll = False,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Retirer, définitivement. Les certificats en service restent, sauf ceux que l'on dit de révoquer."""
    open_instance(data)
    from sceau.operations import withdraw_habilitation

    plan = _plan(revoke or [], everything=revoke_all)
    _answer(
        withdraw_habilitation(officer(as_), reference=reference, reason=reason, plan=plan), as_json=as_json
    )


def _plan(revoke: list[str], *, everything: bool) -> StopPlan:
    from sceau.registration import StopPlan

    others = "revoke" if everything else "keep"
    return StopPlan(dict.fromkeys(revoke, "revoke"), {"certificates": others})


def _answer(file: HabilitationFile, *, as_json: bool) -> None:
    say(file, as_json=as_json, lines=_lines(file))


def _line(line: HabilitationLine) -> str:
    from sceau.catalogue import load_catalogue

    usable = load_catalogue().text(f"usable.{line.usable}")
    scope = f"  {line.scope_name}" if line.scope_name else ""
    whose = f"{line.person}, {line.structure.name}"
    return f"{line.reference}  v{line.version}  {usable}  {line.product}{scope}  {whose}"


def _lines(file: HabilitationFile) -> Iterator[str]:
    yield _line(file.line)
    if file.line.scope_words:
        yield f"  {file.line.scope_words}"
    line = file.line
    yield f"  commande {line.order_reference} v{line.order_version}, contrat {line.contract_number}"
    for reference in file.certificates:
        yield f"  certificat {reference}"
