"""`sceau ledger`: the signer's own record, read again line by line with nothing but its files.

It needs no instance, no database and no key: an auditor runs it on a copy. Exit codes: 0 it holds, 1 it does
not, 2 misuse.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from sceau.cli.console import DATA, AsJson, Data, said, say, topic
from sceau.custody import Intent, Line, OutcomeKind, SignatureKind, SignerFolder, ledger_lines
from sceau.vocabulary import Fault, Finding

app = topic("Relire le registre du signataire.")

_KINDS = {
    SignatureKind.CERTIFICATE: "certificat(s)",
    SignatureKind.OCSP_RESPONDER: "certificat(s) de répondeur OCSP",
    SignatureKind.CRL: "liste(s) de révocation",
}
_OUTCOMES = {
    OutcomeKind.SIGNED: "signé(s)",
    OutcomeKind.FAILED: "manqué(s) par la clé",
    OutcomeKind.UNSENT: "jamais parvenu(s) à la clé",
    OutcomeKind.UNKNOWN: "d'issue inconnue, présumé(s) signé(s)",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What a whole reading counted. `last` is the latest time seen."""

    lines: int
    asked: dict[str, int]
    came_of_it: dict[str, int]
    under_way: int
    last: datetime | None


@app.callback()
def ledger() -> None:
    """Relire le registre du signataire."""


@app.command()
def verify(
    file: Annotated[
        Path | None, typer.Argument(metavar="FICHIER", help="Une copie de ledger.jsonl, son dossier à côté.")
    ] = None,
    *,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Relire chaque ligne, chaque scellé et chaque index : la chaîne tient, ou voici où elle rompt."""
    path = file or SignerFolder(data / "signer").ledger
    if not path.is_file():
        raise typer.BadParameter(f"{path} n'est pas un fichier", param_hint="FICHIER")
    try:
        found = _counted(ledger_lines(path))
    except Fault as fault:
        (told,) = said([Finding.error("ledger.broken", fault.detail)])
        say(
            {"file": str(path), "holds": False, "where": fault.detail},
            as_json=as_json,
            lines=[f"{told['message']} {fault.detail}", told["remedy"]],
        )
        raise typer.Exit(1) from fault
    value = {"file": str(path), "holds": True, "lines": found.lines, "last": found.last}
    counts = {"asked": found.asked, "came_of_it": found.came_of_it, "under_way": found.under_way}
    say({**value, **counts}, as_json=as_json, lines=_lines(path, found))


def _counted(lines: Iterator[Line]) -> Reading:
    asked: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    count, last = 0, None
    for line in lines:
        count += 1
        last = line.what.at if last is None else max(last, line.what.at)
        if isinstance(line.what, Intent):
            asked[line.what.kind.value] += 1
        else:
            outcomes[line.what.kind.value] += 1
    return Reading(count, dict(asked), dict(outcomes), asked.total() - outcomes.total(), last)


def _lines(path: Path, found: Reading) -> Iterator[str]:
    yield f"{path} : {found.lines} ligne(s), la chaîne tient."
    if found.last is not None:
        yield f"  dernière écriture le {found.last:%d/%m/%Y à %H:%M:%S} UTC"
    for kind, label in _KINDS.items():
        if kind in found.asked:
            yield f"  {found.asked[kind]} {label}"
    for outcome, label in _OUTCOMES.items():
        if outcome in found.came_of_it:
            yield f"  {found.came_of_it[outcome]} {label}"
    if found.under_way:
        yield f"  {found.under_way} en cours"
