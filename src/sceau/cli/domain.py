"""`sceau domain`: the machine form of a domain holder's letter, a TXT record that our resolver looks up."""

from __future__ import annotations

from typing import Annotated

import typer

from sceau.cli.console import DATA, As, AsJson, Data, Reference, open_instance, registrar, say, topic

app = topic("Faire placer un enregistrement DNS par le détenteur d'un nom, et le contrôler.")


@app.command()
def challenge(
    name: Annotated[str, typer.Argument(metavar="NOM", help="Le nom de domaine accordé.")],
    *,
    structure: Annotated[str, typer.Option("--structure", help="Identifiant national de la structure.")],
    holder: Annotated[str, typer.Option("--holder", help="Le détenteur du nom.")],
    use: Annotated[str, typer.Option("--use", help="any, dmp, mssante, mail ou web.")] = "any",
    alone: Annotated[bool, typer.Option("--alone", help="Ce nom seul, rien en dessous.")] = False,
    as_: As,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Préparer le texte que le détenteur place dans sa zone."""
    open_instance(data)
    from sceau.operations import LeaveEntry, challenge_domain, record_name

    entry = LeaveEntry(
        name=name,
        holder=holder,
        use=use,
        whole=not alone,
        structure=structure,
    )
    line = challenge_domain(registrar(as_), entry)
    lines = [f"{line.reference}  {line.state}", f'{record_name(line.name)}.  IN TXT  "{line.challenge}"']
    say(line, as_json=as_json, lines=lines)


@app.command()
def check(reference: Reference, *, as_: As, data: Data = DATA, as_json: AsJson = False) -> None:
    """Chercher l'enregistrement maintenant ; la réponse entière est gardée au dossier."""
    open_instance(data)
    from sceau.operations import check_domain

    line = check_domain(registrar(as_), reference=reference)
    say(line, as_json=as_json, lines=[f"{line.reference}  {line.name}  {line.state}"])
