"""`sceau register import` and what goes with it: national registers in, what they say out.

Progress goes to standard error, in lines and octets only: nothing of what the lines say. An import that was
stopped goes on when the same command is given again.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sceau.cli.console import DATA, As, AsJson, Data, open_instance, registrar, say
from sceau.vocabulary import Finding, Refused

if TYPE_CHECKING:
    from sceau.operations import Actor, Progress
    from sceau.records import RegisterLine

Kind = Annotated[str, typer.Argument(metavar="REGISTRE", help="finess-et, sirene-etablissement, cards…")]
Source = Annotated[Path, typer.Argument(metavar="FICHIER", help="Le fichier publié, décompressé.")]
Import = Annotated[str, typer.Argument(metavar="IMPORT", help="REG-…")]


def import_(
    kind: Kind,
    file: Source,
    *,
    dated: Annotated[
        datetime | None,
        typer.Option("--dated", formats=["%Y-%m-%d"], help="Date du registre, si le fichier ne la dit pas."),
    ] = None,
    accept_shrunk: Annotated[
        bool, typer.Option("--accept-shrunk", help="Accepter un fichier bien plus petit, ou plus ancien.")
    ] = False,
    as_: As = "",
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Importer un registre, et le mettre en service d'un coup. Relancé, un import interrompu reprend."""
    open_instance(data)
    from sceau.operations import RegisterOrder, import_register

    order = RegisterOrder(kind, file, None if dated is None else dated.date(), accept_shrunk)
    line = import_register(_actor(as_), order, tell=_teller(quiet=as_json))
    say(line, as_json=as_json, lines=_said(line))


def imports(*, data: Data = DATA, as_json: AsJson = False) -> None:
    """Lister les imports, du plus récent au plus ancien."""
    open_instance(data)
    from sceau.records import list_imports

    found = list_imports()
    say(found, as_json=as_json, lines=[_short(line) for line in found] or ["Aucun registre n'est chargé."])


def rejected(
    reference: Import,
    *,
    data: Data = DATA,
) -> None:
    """Écrire les lignes rejetées d'un import, en CSV : numéro de ligne, motif, texte."""
    open_instance(data)
    from sceau.catalogue import load_catalogue
    from sceau.records import register_import, rejected_lines
    from sceau.registration import spreadsheet_row

    if register_import(reference) is None:
        raise Refused([Finding.error("register.import-unknown", reference)])
    texts = load_catalogue().text
    sys.stdout.write(spreadsheet_row(["ligne", "motif", "texte"]))
    for line in rejected_lines(reference):
        why = texts(f"register-reject.{line.reason}")
        sys.stdout.write(spreadsheet_row([str(line.line), why, line.text]))


def look_up(
    text: Annotated[str, typer.Argument(metavar="TEXTE", help="SIRET, FINESS, RPPS, carte, début du nom.")],
    *,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Chercher dans les registres en service."""
    open_instance(data)
    from sceau.catalogue import load_catalogue
    from sceau.records import find_in_registers

    word = load_catalogue().text
    found = find_in_registers(text)
    lines = [
        f"{one.key}  {word(f'register-about.{one.about}')}  {word(f'register-entry.{one.state}')}  "
        f"{one.given_names} {one.name}  {one.postcode} {one.commune}  [{one.source}]"
        for one in found
    ]
    say(found, as_json=as_json, lines=lines or ["Aucun registre en service ne le connaît."])


def tasks(*, done: bool = False, data: Data = DATA, as_json: AsJson = False) -> None:
    """Lister les tâches du guichet, la plus ancienne d'abord."""
    open_instance(data)
    from sceau.catalogue import load_catalogue
    from sceau.records import list_tasks

    found = list_tasks(done=done)
    catalogue = load_catalogue()
    lines = []
    for one in found:
        sentence = catalogue.say(one.why)
        lines.append(f"{one.reference}  {sentence.text} {sentence.remedy}")
    say(found, as_json=as_json, lines=lines or ["Rien à faire."])


def add_to(app: typer.Typer) -> None:
    """Put these commands under `sceau register`."""
    for name, command in (
        ("import", import_),
        ("imports", imports),
        ("rejected", rejected),
        ("look-up", look_up),
        ("tasks", tasks),
    ):
        app.command(name)(command)


def _actor(person_id: str) -> Actor:
    from sceau.operations import Actor

    return registrar(person_id) if person_id else Actor.system("console")


def _teller(*, quiet: bool) -> Callable[[Progress], None]:
    """A line on standard error each time another twentieth is done."""
    told = [0]

    def tell(progress: Progress) -> None:
        part = 20 if not progress.size else 20 * progress.position // progress.size
        if quiet or part == told[0]:
            return
        told[0] = part
        print(
            f"{progress.reference}  {part * 5} %  {progress.lines} lignes, {progress.rejected} rejetées",
            file=sys.stderr,
            flush=True,
        )

    return tell


def _short(line: RegisterLine) -> str:
    from sceau.catalogue import load_catalogue

    state = load_catalogue().text(f"register-state.{line.state}")
    return f"{line.reference}  {line.source}  {line.label}  {state}  {line.kept} lignes"


def _said(line: RegisterLine) -> list[str]:
    return [
        _short(line),
        f"lues {line.lines}, rejetées {line.rejected}, répétées {line.repeated} ; "
        f"changées {line.changed}, disparues {line.gone}",
        f"SHA-256 {line.sha256}",
    ]
