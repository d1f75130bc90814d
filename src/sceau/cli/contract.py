"""`sceau contract`: contracts as the desk sees them, what an act on one would stop, who speaks for it.

Reading and naming people is done as the registers are kept. An act that stops things engages an officer: it
is done in the portal, card in hand; here in a development instance only.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from sceau.cli.console import DATA, As, AsJson, Data, Reason, officer, open_instance, registrar, say, topic
from sceau.vocabulary import Finding, Refused

app = topic("Voir les contrats, ce qui y tient, et qui parle pour la structure.")

Number = Annotated[str, typer.Argument(metavar="CONTRAT", help="Le numéro du contrat.")]
_KINDS = ("orders", "rights", "certificates")
Answers = Annotated[
    list[str] | None,
    typer.Option(
        "--answer",
        metavar="QUOI=RÉPONSE",
        help="Une ligne (HAB-…=keep), ou toutes les autres d'une sorte : orders=keep, rights=suspend…",
    ),
]


@app.command("list")
def list_(text: str = typer.Argument(""), *, data: Data = DATA, as_json: AsJson = False) -> None:
    """Les contrats, par numéro ; TEXTE cherche un numéro, une structure ou un identifiant."""
    open_instance(data)
    from sceau.operations import machine
    from sceau.records import list_contracts

    found = list_contracts(at=machine().clock(), text=text, limit=200)
    say(found, as_json=as_json, lines=[f"{one.number}  {one.state}  {one.structure.name}" for one in found])


@app.command()
def show(number: Number, *, data: Data = DATA, as_json: AsJson = False) -> None:
    """Le dossier d'un contrat : personnes, pièces, accords, actes."""
    open_instance(data)
    from sceau.operations import machine
    from sceau.records import contract_file

    file = contract_file(number, at=machine().clock())
    if file is None:
        raise Refused([Finding.error("operations.contract-unknown", number)])
    line = file.line
    lines = [f"{line.number}  {line.state}  {line.structure.name}"]
    lines += [
        f"  {one.quality}  {one.card_number}  {one.given_names} {one.surname}  "
        f"{one.valid_from} – {one.valid_until or '…'}  {', '.join(one.powers)}"
        for one in line.parties
    ]
    lines += [f"  {one.reference}  {one.kind}  {one.issued_on or '–'}" for one in file.pieces]
    lines += [f"  {one.reference}  {one.name}  {one.form}  {one.state}" for one in file.leaves]
    lines += [f"  {one.reference}  {one.event}  {one.state}  {one.reason}" for one in file.acts]
    say(file, as_json=as_json, lines=lines)


@app.command()
def stops(number: Number, *, data: Data = DATA, as_json: AsJson = False) -> None:
    """Ce qu'arrêterait une suspension ou une résiliation, maintenant. Ne change rien."""
    open_instance(data)
    from sceau.operations import preview_contract_act

    found = preview_contract_act(number).stops
    lines = [*found.orders, *found.rights, *found.certificates] or ["Rien."]
    say(found, as_json=as_json, lines=lines)


@app.command()
def act(
    number: Number,
    event: Annotated[str, typer.Argument(metavar="ACTE", help="suspend, resume, renew ou terminate.")],
    *,
    reason: Reason,
    as_: As,
    answers: Answers = None,
    until: Annotated[datetime | None, typer.Option("--until", formats=["%Y-%m-%d"])] = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Faire un acte sur un contrat, ou le demander s'il en faut deux. Hors développement : au portail."""
    open_instance(data)
    from sceau.operations import ContractDemand, act_on_contract, preview_contract_act
    from sceau.registration import StopPlan

    seen = preview_contract_act(number).seen
    given = _pairs(answers)
    plan = StopPlan(
        {what: answer for what, answer in given.items() if what not in _KINDS},
        {what: answer for what, answer in given.items() if what in _KINDS},
    )
    last = None if until is None else until.date()
    line = act_on_contract(officer(as_), ContractDemand(number, event, reason, seen, plan, last))
    say(line, as_json=as_json, lines=[f"{line.number}  {line.state}  {line.structure.name}"])


@app.command()
def confirm(
    reference: Annotated[str, typer.Argument(metavar="RÉFÉRENCE", help="L'acte qui attend (ACT-…).")],
    *,
    as_: As,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Confirmer l'acte qu'une autre personne a demandé. Hors développement : au portail."""
    open_instance(data)
    from sceau.operations import confirm_contract_act

    line = confirm_contract_act(officer(as_), reference=reference)
    say(line, as_json=as_json, lines=[f"{line.number}  {line.state}  {line.structure.name}"])


@app.command("end-party")
def end_party_(
    number: Number,
    card_number: Annotated[str, typer.Argument(metavar="CARTE")],
    quality: Annotated[str, typer.Argument(metavar="QUALITÉ", help="representative ou mandataire.")],
    until: Annotated[datetime, typer.Argument(metavar="JOUR", formats=["%Y-%m-%d"])],
    *,
    reason: Reason,
    as_: As = "",
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Mettre fin au mandat d'une personne, au soir du JOUR."""
    open_instance(data)
    from sceau.operations import Actor, end_party

    line = end_party(
        registrar(as_) if as_ else Actor.system("console"),
        number=number,
        card_number=card_number,
        quality=quality,
        until=until.date(),
        reason=reason,
    )
    say(line, as_json=as_json, lines=[f"{line.number}  {line.state}  {line.structure.name}"])


def _pairs(given: list[str] | None) -> dict[str, str]:
    found = {}
    for one in given or ():
        name, equals, answer = one.partition("=")
        if not equals:
            raise typer.BadParameter(f"« {one} » n'est pas de la forme NOM=RÉPONSE")
        found[name] = answer
    return found
