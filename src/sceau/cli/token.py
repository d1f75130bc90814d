"""`sceau token`: leave for a program to ask for certificates under one right; made, listed, ended.

The secret is written once, alone on the standard output, and kept nowhere.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from sceau.cli.console import DATA, As, AsJson, Data, Reference, open_instance, say, someone, topic

if TYPE_CHECKING:
    from sceau.records import TokenLine

app = topic("Créer, lister et révoquer les jetons de l'interface programmable.")


@app.command()
def create(
    *,
    habilitation: Annotated[str, typer.Option("--habilitation", help="La seule habilitation du jeton.")],
    label: Annotated[str, typer.Option("--label", help="Où il servira : « serveur de messagerie »…")],
    as_: As,
    card: Annotated[str, typer.Option("--card", help="Numéro de la carte présentée.")],
    accept_terms: Annotated[
        bool, typer.Option("--accept-terms", help="Accepter les conditions, pour tout ce qu'il obtiendra.")
    ] = False,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="Durée de vie, en jours.")] = 365,
    per_day: Annotated[int, typer.Option("--per-day", help="Certificats par 24 heures, au plus.")] = 500,
    data: Data = DATA,
) -> None:
    """Créer un jeton, pour la personne --as, carte --card en main.

    Son secret est écrit une seule fois, seul sur la sortie ; le reste va sur la sortie d'erreur.
    """
    open_instance(data)
    from sceau.operations import TokenLimits, create_token, machine

    made = create_token(
        someone(as_, card=card),
        habilitation=habilitation,
        label=label,
        valid_until=machine().clock() + timedelta(days=days),
        terms_accepted=accept_terms,
        limits=TokenLimits(per_day),
    )
    typer.echo(_line(made.line), err=True)
    typer.echo("Ce secret n'est montré qu'une fois : en-tête « Authorization: Bearer ».", err=True)
    typer.echo(made.secret)


@app.command("list")
def list_(
    *,
    data: Data = DATA,
    as_: Annotated[
        str, typer.Option("--as", metavar="IDENTIFIANT", help="Les jetons créés par cette personne.")
    ] = "",
    habilitation: Annotated[
        str, typer.Option("--habilitation", help="Les jetons de cette habilitation.")
    ] = "",
    after: Annotated[str, typer.Option("--after", help="Suite de la liste, après cette référence.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 50,
    as_json: AsJson = False,
) -> None:
    """Les jetons, du plus ancien au plus récent. Aucun secret n'y figure : nous ne les avons pas."""
    open_instance(data)
    from sceau.operations import machine
    from sceau.records import list_tokens

    found = list_tokens(
        at=machine().clock(), created_by=as_, habilitation=habilitation, after=after, limit=limit
    )
    say(found, as_json=as_json, lines=(_line(line) for line in found))


@app.command()
def revoke(reference: Reference, *, as_: As, data: Data = DATA, as_json: AsJson = False) -> None:
    """Révoquer un jeton, définitivement. Les certificats qu'il a obtenus restent en service."""
    open_instance(data)
    from sceau.operations import revoke_token

    line = revoke_token(someone(as_), reference=reference)
    say(line, as_json=as_json, lines=[_line(line)])


def _line(line: TokenLine) -> str:
    from sceau.catalogue import load_catalogue

    standing = load_catalogue().text(f"token.{line.standing}")
    until = f"jusqu'au {line.valid_until:%Y-%m-%d}"
    used = f"{line.used} certificat(s), {line.per_day} par jour au plus"
    return f"{line.reference}  {standing}  {line.habilitation} {line.product}  {until}  {used}  {line.label}"
