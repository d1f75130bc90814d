"""`sceau piece`: documents of legal files put on file, listed, erased on schedule; the cabinet's key renewed.

Copies of identity documents are not shown here: the desk sees them in the portal, card in hand, and the
journal says so.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from sceau.cli.console import DATA, As, AsJson, Data, Reference, open_instance, registrar, say, topic
from sceau.vocabulary import Finding, Refused

app = topic("Mettre des pièces au dossier, les voir, les effacer à leur terme.")


@app.command()
def add(
    file: Annotated[Path, typer.Argument(metavar="FICHIER", exists=True, dir_okay=False)],
    *,
    kind: Annotated[str, typer.Option("--kind", help="Une sorte de pieces.toml : kbis, form-scan…")],
    of: Annotated[
        str,
        typer.Option("--of", metavar="DOSSIER", help="contract:NUMÉRO, order:CMD-…, structure:IDENTIFIANT."),
    ],
    issued: Annotated[datetime | None, typer.Option("--issued", formats=["%Y-%m-%d"])] = None,
    as_: As = "",
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Mettre un document au dossier d'un contrat, d'une commande ou d'une structure."""
    open_instance(data)
    from sceau.operations import Actor, PieceEntry, add_piece

    entry = PieceEntry(
        kind=kind,
        data=file.read_bytes(),
        name=file.name,
        issued_on=None if issued is None else issued.date(),
        **_file_of(of),
    )
    line = add_piece(registrar(as_) if as_ else Actor.system("console"), entry)
    say(line, as_json=as_json, lines=[f"{line.reference}  {line.kind}  SHA-256 {line.sha256}"])


def _file_of(text: str) -> dict[str, str]:
    what, colon, reference = text.partition(":")
    if what not in {"contract", "order", "structure"} or not colon:
        raise typer.BadParameter("--of attend contract:NUMÉRO, order:CMD-… ou structure:IDENTIFIANT")
    return {what: reference}


@app.command()
def show(reference: Reference, *, data: Data = DATA, as_json: AsJson = False) -> None:
    """Ce qu'on sait d'une pièce, sans ses octets."""
    open_instance(data)
    from sceau.operations import machine
    from sceau.records import piece_line

    line = piece_line(reference, at=machine().clock())
    if line is None:
        raise Refused([Finding.error("piece.unknown", reference)])
    ends = f"effacée le {line.erased_at:%d/%m/%Y}" if line.erased_at else f"{line.size} octets"
    lines = [f"{line.reference}  {line.kind}  {line.name}  {ends}", f"SHA-256 {line.sha256}"]
    say(line, as_json=as_json, lines=lines)


@app.command()
def erase(*, data: Data = DATA) -> None:
    """Effacer ce qui est à son terme, et les restes d'un arrêt brutal. L'instance le fait d'elle-même."""
    open_instance(data)
    from sceau.operations import erase_pieces

    typer.echo(f"{erase_pieces()} effacée(s).")


@app.command()
def rotate(*, data: Data = DATA) -> None:
    """Renouveler la clé des pièces chiffrées : chacune passe à la nouvelle, l'ancienne est détruite."""
    open_instance(data)
    from sceau.operations import rotate_pieces

    typer.echo(f"{rotate_pieces()} pièce(s) rattachée(s) à la nouvelle clé.")
