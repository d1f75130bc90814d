"""`sceau crl`: read a revocation list from a file, publish fresh ones, and say which ones are late.

`show` needs no instance. `publish` has every authority's lists signed anew by the running signer and put
on the shelf; `check` is for an alarm: it fails as long as a list is late.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from sceau.cli.console import DATA, AsJson, Data, open_instance, say, topic
from sceau.records import CrlLine
from sceau.status import CrlSummary, check_crl_signature, read_crl
from sceau.vocabulary import Refused, errors

app = topic("Publier et lire les listes de révocation.")


@app.command()
def show(
    *,
    file: Annotated[
        Path, typer.Argument(metavar="FICHIER", exists=True, dir_okay=False, help="Liste en DER ou en PEM.")
    ],
    authority: Annotated[
        Path | None,
        typer.Option(
            "--ca", exists=True, dir_okay=False, help="Certificat de l'autorité : vérifie la signature."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ce que dit une liste : autorité, numéro, dates, nombre de certificats révoqués."""
    data = file.read_bytes()
    summary = read_crl(data).require()
    verified: bool | None = None
    if authority is not None:
        findings = check_crl_signature(data, authority.read_bytes())
        if errors(findings):
            raise Refused(findings)
        verified = True
    value = _as_value(summary, verified)
    say(value, as_json=as_json, lines=_lines(summary, verified))


@app.command()
def publish(
    *,
    data: Data = DATA,
    issuer: Annotated[
        list[str] | None,
        typer.Option("--issuer", help="Code d'une autorité ; répétez l'option. Toutes par défaut."),
    ] = None,
    due_only: Annotated[
        bool, typer.Option("--due-only", help="Seulement les listes dont c'est le moment.")
    ] = False,
    delta: Annotated[
        bool, typer.Option("--delta", help="Les listes différentielles, au lieu des complètes.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Faire signer et publier une liste fraîche pour chaque autorité, et pour chaque partition."""
    open_instance(data)
    from sceau.operations import publish_crls, publish_deltas

    publish_them = publish_deltas if delta else publish_crls
    made = publish_them(only=tuple(issuer or ()), due_only=due_only)
    lines = [
        f"{_named(one)} : n° {one.number}, {_entries(one.entries)}, jusqu'au {_date(one.next_update)}"
        for one in made
    ]
    say(made, as_json=as_json, lines=lines or ["Aucune liste n'était à faire."])


@app.command()
def check(*, data: Data = DATA, as_json: AsJson = False) -> None:
    """Dire quelles listes sont en retard ; échoue s'il y en a une. Pour une alarme."""
    open_instance(data)
    from sceau.operations import late_lists

    findings = late_lists()
    if errors(findings):
        raise Refused(findings)
    say(findings, as_json=as_json, lines=["Toutes les listes complètes sont à l'heure."])


def _as_value(summary: CrlSummary, verified: bool | None) -> dict[str, Any]:
    facts = summary.facts
    return {
        "issuer": summary.issuer,
        "number": facts.number,
        "this_update": facts.this_update,
        "next_update": facts.next_update,
        "late": datetime.now(UTC) > facts.next_update,
        "entries": summary.count,
        "base": summary.base,
        "partition": summary.partition or None,
        "signature_algorithm": summary.signature_algorithm,
        "signature_verified": verified,
    }


def _lines(summary: CrlSummary, verified: bool | None) -> Iterator[str]:
    facts = summary.facts
    late = " : périmée" if datetime.now(UTC) > facts.next_update else ""
    yield f"Autorité           {summary.issuer}"
    yield f"Numéro             {facts.number}"
    if summary.base is not None:
        yield f"Complète           la liste n° {summary.base}"
    if summary.partition:
        yield f"Partition          {summary.partition}"
    yield f"Faite le           {_date(facts.this_update)}"
    yield f"À refaire avant le {_date(facts.next_update)}{late}"
    yield f"Contient           {_entries(summary.count)}"
    if verified:
        yield "Signature          vérifiée avec le certificat donné"


def _named(line: CrlLine) -> str:
    return line.issuer if line.partition is None else f"{line.issuer}, partition {line.partition}"


def _entries(count: int) -> str:
    return f"{count} certificat{'s' if count > 1 else ''} révoqué{'s' if count > 1 else ''}"


def _date(at: datetime) -> str:
    return f"{at.astimezone(UTC):%d/%m/%Y à %H:%M:%S} UTC"
