"""`sceau explain`: ask the rule itself, yes or no and why, without a database, with the code that decides.

One question by options, with an answer for people or, with ``--json``, for scripts; or ``--batch``, one JSON
request a line. Exit codes: 0 accepted, 1 refused, 2 misuse; a batch read to its end exits 0.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from sceau.cli.explain_batch import LONGEST_LINE, answer_batch, answer_line, answer_safely, as_answer
from sceau.cli.explain_questions import Asker, new_asker
from sceau.vocabulary import IdentifierMode

app = typer.Typer(
    help="Demander à la règle : oui ou non, et pourquoi. Sans base de données.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

_MARKS: Final = {"error": "non ", "warning": "?   ", "info": "    "}

Product = Annotated[str, typer.Option(help="Code du produit, par exemple SERV_SSL.")]
Kind = Annotated[str, typer.Option(help="domain, subdomain, server ou mail.")]
Declared = Annotated[str, typer.Option(help="Nom déclaré : mon-domaine.fr, @mon-domaine.fr.")]
Restricted = Annotated[bool, typer.Option("--restricted", help="La case de restriction est cochée (mail).")]
AsJson = Annotated[bool, typer.Option("--json", help="Répondre en JSON, sur une ligne.")]
TestMode = Annotated[
    bool, typer.Option("--test-identifiers", help="Admettre les identifiants à lettres des données de test.")
]


@app.callback(invoke_without_command=True)
def explain(
    ctx: typer.Context,
    *,
    batch: Annotated[
        bool, typer.Option("--batch", help="Une question JSON par ligne, sur l'entrée standard.")
    ] = False,
    source: Annotated[
        str, typer.Option("--from", help="Fichier de questions d'un lot, au lieu de l'entrée.")
    ] = "",
    test_identifiers: TestMode = False,
    as_json: AsJson = False,
) -> None:
    """Demander à la règle : oui ou non, et pourquoi. Sans base de données."""
    ctx.obj = {"json": as_json, "test": test_identifiers}
    if batch and ctx.invoked_subcommand is not None:
        raise typer.BadParameter("--batch ne prend pas de sous-commande : une question JSON par ligne.")
    if batch:
        _run_batch(_asker(test_identifiers), source)
    elif ctx.invoked_subcommand is None:
        raise typer.BadParameter("il manque la question : name, scope, csr, key, id, right, ou --batch.")


@app.command("name")
def explain_name(
    ctx: typer.Context,
    *,
    names: Annotated[list[str], typer.Argument(metavar="NOM...", help="Noms demandés.")],
    product: Product,
    kind: Kind = "",
    declared: Declared = "",
    restricted: Restricted = False,
    as_json: AsJson = False,
) -> None:
    """Ces noms peuvent-ils être demandés sous ce nom déclaré ?"""
    scope = _scope(kind, declared, restricted)
    _answer(ctx, {"explain": "name", "product": product, "names": names} | scope, as_json=as_json)


@app.command("scope")
def explain_scope(
    ctx: typer.Context,
    *,
    kind: Kind,
    declared: Declared,
    restricted: Restricted = False,
    as_json: AsJson = False,
) -> None:
    """Ce nom peut-il être déclaré sur un formulaire ?"""
    request = {"explain": "scope", "kind": kind, "declared": declared, "restricted": restricted}
    _answer(ctx, request, as_json=as_json)


@app.command("csr")
def explain_csr(
    ctx: typer.Context,
    *,
    file: Annotated[Path, typer.Argument(metavar="FICHIER", help="Demande PKCS#10, PEM ou DER.")],
    product: Product,
    name: Annotated[list[str], typer.Option("--name", help="Nom demandé ; autant de fois que de noms.")],
    kind: Kind = "",
    declared: Declared = "",
    restricted: Restricted = False,
    as_json: AsJson = False,
) -> None:
    """Cette demande serait-elle certifiée pour ces noms ?"""
    request = {"explain": "csr", "product": product, "names": name, "file": _existing(file)}
    scope = _scope(kind, declared, restricted)
    _answer(ctx, request | scope, as_json=as_json)


@app.command("key")
def explain_key(
    ctx: typer.Context,
    *,
    file: Annotated[Path, typer.Argument(metavar="FICHIER", help="Clé publique (SubjectPublicKeyInfo).")],
    as_json: AsJson = False,
) -> None:
    """Cette clé publique serait-elle certifiée ?"""
    _answer(ctx, {"explain": "key", "file": _existing(file)}, as_json=as_json)


@app.command("id")
def explain_identifier(
    ctx: typer.Context,
    *,
    kind: Annotated[str, typer.Argument(metavar="TYPE", help="siret, siren, finess, rpps, card, postcode…")],
    value: Annotated[str, typer.Argument(metavar="VALEUR")],
    commune: Annotated[str, typer.Option(help="Commune, pour un code postal.")] = "",
    test_identifiers: TestMode = False,
    as_json: AsJson = False,
) -> None:
    """Cet identifiant est-il bien formé ?"""
    request = {"explain": "id", "type": kind, "value": value} | ({"commune": commune} if commune else {})
    _answer(ctx, request, as_json=as_json, test=test_identifiers)


@app.command("right")
def explain_right(
    ctx: typer.Context,
    *,
    file: Annotated[
        Path, typer.Option("--file", help="La question en JSON, comme dans un lot ; - : l'entrée standard.")
    ] = Path("-"),
    as_json: AsJson = False,
) -> None:
    """Ce produit peut-il être commandé ? La question est longue : elle se pose en JSON."""
    if str(file) == "-":
        line = sys.stdin.buffer.read(LONGEST_LINE + 1)
    else:
        with Path(_existing(file)).open("rb") as opened:
            line = opened.read(LONGEST_LINE + 1)
    asker = _asker(ctx.obj["test"])
    said = answer_line(line if len(line) <= LONGEST_LINE else None, asker, only="right")
    _show(said, as_json=as_json or ctx.obj["json"])


def _asker(test: bool) -> Asker:
    mode = IdentifierMode.TEST if test else IdentifierMode.REAL
    return new_asker(lambda: datetime.now(UTC), mode)


def _scope(kind: str, declared: str, restricted: bool) -> dict[str, object]:
    """The declared scope of a question; left out altogether where no option gives one."""
    if not kind and not declared and not restricted:
        return {}
    return {"kind": kind or None, "declared": declared or None, "restricted": restricted}


def _existing(file: Path) -> str:
    if not file.is_file():
        raise typer.BadParameter(f"{file} n'est pas un fichier.")
    return str(file)


def _answer(ctx: typer.Context, request: dict[str, Any], *, as_json: bool, test: bool = False) -> None:
    asker = _asker(test or ctx.obj["test"])
    said = as_answer(answer_safely(request, asker), asker.catalogue)
    _show(said, as_json=as_json or ctx.obj["json"])


def _show(said: dict[str, Any], *, as_json: bool) -> None:
    """Print one answer, and exit with its code."""
    if as_json:
        typer.echo(json.dumps(said))
    else:
        typer.echo("OUI" if said["verdict"] == "accept" else "NON")
        for finding in said["findings"]:
            typer.echo(f"  {_MARKS[finding['severity']]}{finding['message']} [{finding['code']}]")
    raise typer.Exit(0 if said["verdict"] == "accept" else 1)


def _run_batch(asker: Asker, source: str) -> None:
    try:
        if not source:
            answer_batch(sys.stdin.buffer, sys.stdout.buffer, asker)
            return
        with Path(_existing(Path(source))).open("rb") as requests:
            answer_batch(requests, sys.stdout.buffer, asker)
    except BrokenPipeError:
        # Whoever asked went away. Python would try to flush once more at exit: it may, into nothing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None
