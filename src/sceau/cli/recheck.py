"""`sceau recheck`: read again everything the instance issued, and say every difference.

Meant for the night (the instance's own clockwork runs it), and for an auditor at any moment. It changes
nothing but its own report, and the list of keys that share a prime, which it brings up to date first. Exit
codes: 0 nothing differs, 1 an alarm, 2 misuse, 3 it could not be done.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sceau.cli.console import DATA, AsJson, Data, open_instance, plain, said, say, topic

if TYPE_CHECKING:
    from sceau.operations import RecheckReport

app = topic("Relire tout ce qui a été délivré, et dire chaque différence.")

_KINDS = {
    "certificates": "certificat(s)",
    "linted": "repassé(s) par pkilint",
    "lists": "liste(s) de révocation",
    "responders": "certificat(s) de répondeur OCSP",
    "signatures": "ligne(s) du registre du signataire",
    "revocations": "révocation(s)",
    "rights": "version(s) d'habilitation",
    "ways-in": "rôle(s), jeton(s) et clé(s) d'accès",
    "entries": "entrée(s) de journal",
}
_EVERY_SECONDS = 2.0


@app.command()
def recheck(
    *,
    data: Data = DATA,
    lint: Annotated[
        str, typer.Option("--lint", metavar="all|sample", help="pkilint sur tout, ou sur un échantillon.")
    ] = "sample",
    since: Annotated[
        datetime | None, typer.Option("--since", help="Seulement depuis cette date (UTC).")
    ] = None,
    only: Annotated[
        str, typer.Option("--only", metavar="RÉFÉRENCE", help="Un seul certificat, par sa référence.")
    ] = "",
    ledger: Annotated[
        Path | None,
        typer.Option("--ledger", help="Registre du signataire, s'il est ailleurs.", dir_okay=False),
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", help="Où écrire le rapport ; sinon dans <data>/recheck/.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Relire certificats, droits, journal, registre du signataire, listes : tout écart est une alarme."""
    open_instance(data)
    from sceau.custody import SignerFolder
    from sceau.operations import LintChoice, RecheckOrder, find_all_shared_factors
    from sceau.operations import recheck as read_again
    from sceau.site.nightly import write_report

    if lint not in set(LintChoice):
        raise typer.BadParameter("all ou sample", param_hint="--lint")
    order = RecheckOrder(
        ledger=ledger or SignerFolder(data / "signer").ledger,
        lint=LintChoice(lint),
        since=None if since is None else since.replace(tzinfo=since.tzinfo or UTC),
        only=only.strip().upper(),
    )
    if not order.only and order.since is None:
        find_all_shared_factors()
    found = read_again(order, progress=_progress(shown=sys.stderr.isatty()))
    findings = said(found.findings)
    value = {**plain(replace(found, findings=())), "findings": findings}
    path = write_report(data, value, report=report)
    say({**value, "report": str(path)}, as_json=as_json, lines=_lines(found, findings, path))
    raise typer.Exit(1 if found.alarms else 0)


def _progress(*, shown: bool) -> Callable[[str, int], None]:
    """A line on the terminal every two seconds; nothing when nobody looks."""
    told = time.monotonic()

    def tell(kind: str, count: int) -> None:
        nonlocal told
        if shown and time.monotonic() - told >= _EVERY_SECONDS:
            told = time.monotonic()
            typer.echo(f"\r{count} {_KINDS[kind]}… ", nl=False, err=True)

    return tell


def _lines(found: RecheckReport, findings: list[dict[str, Any]], path: Path) -> Iterator[str]:
    yield f"Relecture du {found.began:%d/%m/%Y à %H:%M:%S} UTC"
    for kind, label in _KINDS.items():
        if kind in found.read:
            yield f"  {found.read[kind]} {label}"
    for one in findings:
        mark = "ALARME" if one["severity"] == "error" else "à voir"
        yield f"{mark} : {one['message']} {one['remedy']} [{one['code']}]"
    left = sum(found.counts.values()) - len(findings)
    if left:
        yield f"… et {left} autre(s) du même genre."
    yield f"{found.alarms} alarme(s)." if found.alarms else "Rien ne diffère."
    yield f"Rapport : {path}"
