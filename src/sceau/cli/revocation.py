"""`sceau revocation`: many certificates at once, and compromised keys.

A run is prepared, looked at, approved (by two above a number), and then does its slices: by the instance's
clockwork, or here at once. A compromised private key may be shown to this command, on this machine: only the
digest of its public half is taken from it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sceau.cli.console import DATA, As, AsJson, Data, Reason, Reference, officer, open_instance, say, topic

if TYPE_CHECKING:
    from sceau.operations import KeyLook
    from sceau.records import RunFile, RunLine, RunPreview

app = topic("Révoquer en masse, et signaler les clés compromises.")

_KINDS = "list, key, administrator, structure, contract ou issuer."
Quality = Annotated[str, typer.Option("--quality", help="En quelle qualité : desk, authority, judge.")]
Explanation = Annotated[str, typer.Option("--explanation", help="Ce qui s'est passé.")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1000)]


@app.command()
def prepare(  # noqa: PLR0913  # each is an option of the command
    *,
    title: Annotated[str, typer.Option("--title", help="Le nom de l'incident ou de l'opération.")],
    by: Annotated[str, typer.Option("--by", help=f"Comment les certificats sont désignés : {_KINDS}")],
    reason: Annotated[str, typer.Option("--reason", help="Code du motif : superseded, keyCompromise…")],
    explanation: Explanation,
    as_: As,
    subject: Annotated[
        str, typer.Option("--subject", help="Personne, structure, contrat, ou autorité/génération.")
    ] = "",
    file: Annotated[
        Path | None,
        typer.Option("--file", exists=True, dir_okay=False, help="La liste (texte ou CSV), ou la clé."),
    ] = None,
    since: Day = None,
    until: Day = None,
    quality: Quality = "desk",
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Préparer une opération et montrer ce qu'elle ferait. Rien n'est révoqué."""
    open_instance(data)
    from sceau.cli.key_files import public_digest
    from sceau.operations import RunRequest, prepare_run

    content = b"" if file is None else file.read_bytes()
    made = prepare_run(
        officer(as_),
        RunRequest(
            title=title,
            kind=by,
            reason=reason,
            quality=quality,
            explanation=explanation,
            subject=subject,
            listed=content.decode("utf-8", "replace") if by == "list" else "",
            key=public_digest(content).encode() if by == "key" and content else b"",
            since=_day(since),
            until=_day(until),
        ),
    )
    _say_whole(made, as_json=as_json)


@app.command("list")
def list_(
    *,
    data: Data = DATA,
    state: Annotated[str, typer.Option("--state", help="prepared, running, paused, done, dropped.")] = "",
    after: Annotated[str, typer.Option("--after", help="Suite de la liste, après cette référence.")] = "",
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Les opérations, de la plus récente à la plus ancienne."""
    open_instance(data)
    from sceau.records import list_runs

    found = list_runs(state=state, after=after, limit=limit)
    say(found, as_json=as_json, lines=map(_line, found))


@app.command()
def show(reference: Reference, *, data: Data = DATA, as_json: AsJson = False) -> None:
    """Une opération : ce qu'elle ferait, ou où elle en est."""
    open_instance(data)
    _say_whole(_file(reference), as_json=as_json)


@app.command()
def approve(reference: Reference, *, as_: As, data: Data = DATA, as_json: AsJson = False) -> None:
    """Approuver ; le dernier accord nécessaire la lance."""
    open_instance(data)
    from sceau.operations import approve_run

    _say(approve_run(officer(as_), reference=reference), as_json=as_json)


@app.command()
def pause(reference: Reference, *, as_: As, data: Data = DATA, as_json: AsJson = False) -> None:
    """Arrêter après la tranche en cours. Ce qui est révoqué le reste."""
    open_instance(data)
    from sceau.operations import pause_run

    _say(pause_run(officer(as_), reference=reference), as_json=as_json)


@app.command()
def resume(reference: Reference, *, as_: As, data: Data = DATA, as_json: AsJson = False) -> None:
    """Reprendre où elle s'est arrêtée."""
    open_instance(data)
    from sceau.operations import resume_run

    _say(resume_run(officer(as_), reference=reference), as_json=as_json)


@app.command()
def drop(
    reference: Reference, *, reason: Reason, as_: As, data: Data = DATA, as_json: AsJson = False
) -> None:
    """Abandonner, définitivement, avant le départ ou en pause. Ce qui est révoqué le reste."""
    open_instance(data)
    from sceau.operations import drop_run

    _say(drop_run(officer(as_), reference=reference, reason=reason), as_json=as_json)


@app.command()
def advance(reference: Reference, *, data: Data = DATA, as_json: AsJson = False) -> None:
    """Faire ici, tout de suite, les tranches d'une opération approuvée, jusqu'à la fin.

    Interrompue, elle reprend ; l'horloge de l'instance la finit aussi sans cette commande.
    """
    open_instance(data)
    from sceau.operations import advance_run

    file = _file(reference)
    while file.line.state == "running":
        line = advance_run(reference)
        if sys.stderr.isatty():
            typer.echo(f"\r{line.done} / {line.total}… ", nl=False, err=True)
        if line.state != "running":
            file = _file(reference)
    _say(file, as_json=as_json)


@app.command()
def report(reference: Reference, *, data: Data = DATA) -> None:
    """Le rapport en CSV : chaque certificat que l'opération a révoqué. Son empreinte est au journal."""
    open_instance(data)
    from sceau.records import run_report

    _file(reference)
    for piece in run_report(reference):
        sys.stdout.buffer.write(piece)


@app.command()
def key(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Clé, certificat, CSR, JWK…")],
    *,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Ce que l'on sait d'une clé. Une clé privée n'est lue qu'ici, et n'est pas gardée."""
    open_instance(data)
    from sceau.cli.key_files import public_digest
    from sceau.operations import look_up_key

    look = look_up_key(public_digest(file.read_bytes()).encode())
    say(look, as_json=as_json, lines=_key_lines(look))


@app.command("report-key")
def report_key_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Clé, certificat, CSR, JWK…")],
    *,
    explanation: Explanation,
    as_: As,
    quality: Quality = "desk",
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Signaler une clé compromise : bloquée pour toujours, et tous ses certificats révoqués."""
    open_instance(data)
    from sceau.cli.key_files import public_digest
    from sceau.operations import report_key

    digest = public_digest(file.read_bytes())
    told = report_key(officer(as_), key=digest, quality=quality, explanation=explanation)
    lines = [f"Clé {told.key} bloquée.", f"{len(told.ended)} certificat(s) révoqué(s).", *told.ended]
    say(told, as_json=as_json, lines=lines)


@app.command("key-challenge")
def key_challenge_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Clé publique, certificat…")],
    *,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """La ligne que le détenteur de la clé signe pour la faire bloquer : une heure, une fois."""
    open_instance(data)
    from sceau.operations import challenge_key

    told = challenge_key(file.read_bytes())
    say(told, as_json=as_json, lines=[told.text])


@app.command("report-key-signed")
def report_key_signed_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Clé publique, certificat…")],
    signature: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Signature, ou son base64")],
    *,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Signaler une clé compromise par la signature de sa ligne (`key-challenge`), sans agent."""
    open_instance(data)
    from sceau.operations import report_key_by_signature

    told = report_key_by_signature(file.read_bytes(), signature.read_bytes())
    lines = [f"Clé {told.key} bloquée.", f"{len(told.ended)} certificat(s) révoqué(s).", *told.ended]
    say(told, as_json=as_json, lines=lines)


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()


def _file(reference: str) -> RunFile:
    from sceau.records import run_file
    from sceau.vocabulary import Finding, Refused

    file = run_file(reference.strip().upper())
    if file is None:
        raise Refused([Finding.error("run.unknown", reference)])
    return file


def _say(file: RunFile, *, as_json: bool) -> None:
    say(file, as_json=as_json, lines=_lines(file))


def _say_whole(file: RunFile, *, as_json: bool) -> None:
    """The run, with what it would do as long as it is not over."""
    from sceau.operations import machine
    from sceau.records import run_preview

    preview = run_preview(file.line.reference, at=machine().clock())
    is_over = file.line.state in {"done", "dropped"} or preview is None
    value = {"run": file, "preview": None if is_over else preview}
    lines = [*_lines(file), *(() if preview is None or is_over else _preview_lines(preview))]
    say(value, as_json=as_json, lines=lines)


def _line(line: RunLine) -> str:
    from sceau.catalogue import load_catalogue

    state = load_catalogue().text(f"run.{line.state}")
    return f"{line.reference}  {state}  {line.done}/{line.total}  {line.title}"


def _lines(file: RunFile) -> Iterator[str]:
    from sceau.catalogue import CriterionKind, load_catalogue

    catalogue = load_catalogue()
    row = catalogue.runs.criteria[CriterionKind(file.line.kind)]
    yield _line(file.line)
    criterion = ", ".join(f"{name} {value}" for name, value in file.criterion.items())
    yield f"  par {row.label.lower()} : {criterion}"
    yield f"  motif : {catalogue.reasons[file.line.reason].label} ; {file.explanation}"
    yield f"  {row.stops}"
    yield f"  accords : {len(file.approvals)} sur {file.deciders_needed}"
    for given in file.approvals:
        yield f"    {given.officer}, le {given.at:%Y-%m-%d %H:%M} UTC"
    if file.report_sha256:
        yield f"  rapport : SHA-256 {file.report_sha256}"


def _preview_lines(seen: RunPreview) -> Iterator[str]:
    from sceau.catalogue import load_catalogue

    texts = load_catalogue().texts
    yield f"{seen.total} certificat(s) à révoquer, {seen.rights} habilitation(s) à suspendre d'abord"
    for share in seen.products:
        yield f"  {share.count:>8}  {share.code}"
    for share in seen.structures:
        yield f"  {share.count:>8}  {share.label or 'en nom propre'} {share.code}"
    for share in seen.states:
        yield f"  {share.count:>8}  {texts.get(f'run-state.{share.code}', share.code)}"
    for share in seen.excluded:
        yield f"exclus : {share.count} {texts.get(f'run-excluded.{share.code}', share.code)}"
    yield f"{seen.in_service} en service, dont {seen.replaced} déjà remplacés"
    yield f"{seen.names_count} nom(s) : {', '.join(seen.names)}"


def _key_lines(look: KeyLook) -> Iterator[str]:
    yield f"SHA-256 de la clé publique : {look.key}"
    yield "Bloquée pour toujours." if look.blocked else "Elle n'est pas bloquée."
    for line in look.lines:
        yield f"{line.reference}  {line.product}  {line.standing}  {line.structure_name}  {line.subject}"
