"""`sceau journal`: show, export and prove the journal of an instance, and verify one with nothing but its
files.

`verify FOLDER` and `check FILE` need no instance, no database and no Django: they are what a third party
runs. Exit codes: 0 it holds or is done, 1 it does not hold, 2 misuse, 3 a machine failed.
"""

from __future__ import annotations

import base64
import json
from contextlib import ExitStack
from itertools import islice, takewhile
from pathlib import Path
from typing import Annotated, Any

import typer

from sceau.catalogue import load_catalogue
from sceau.cli.journal_files import (
    DISCLOSURES,
    ENTRIES,
    HEADS,
    KEY,
    LEAVES,
    UnreadableError,
    open_export,
    text_of,
    verifiers_of,
    write_lines,
)
from sceau.journal import (
    Export,
    HeadVerifier,
    InclusionProof,
    JournalFlaw,
    Verification,
    inclusion_proof,
    leaf_hash,
    nodes_of,
    read_entry,
    read_head,
    read_verifier,
    split_notes,
    verify_export,
    verify_inclusion,
)
from sceau.vocabulary import Finding, displayed

app = typer.Typer(
    help="Montrer, exporter et vérifier le journal.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

AsJson = Annotated[bool, typer.Option("--json", help="Répondre en JSON.")]
Data = Annotated[
    Path,
    typer.Option("--data", help="Dossier des données de l'instance.", envvar="SCEAU_DATA", file_okay=False),
]
KeyFile = Annotated[
    Path | None,
    typer.Option("--key", help="Clé publique obtenue ailleurs (key.pub).", exists=True, dir_okay=False),
]
_DATA = Path("data")


@app.callback()
def journal() -> None:
    """Montrer, exporter et vérifier le journal."""


@app.command()
def verify(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[DOSSIER]", exists=True, file_okay=False, help="Journal exporté."),
    ] = None,
    *,
    data: Data = _DATA,
    key: KeyFile = None,
    head: Annotated[
        list[Path] | None,
        typer.Option("--head", help="Tête signée gardée ailleurs.", exists=True, dir_okay=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Vérifier un journal exporté, hors ligne ; sans dossier, celui de l'instance."""
    try:
        if folder is None:
            found = _verify_instance(data, key, head or [])
        else:
            with ExitStack() as files:
                found = verify_export(open_export(folder, files, key=key, witnessed=head or ()))
    except UnreadableError as problem:
        raise typer.BadParameter(str(problem)) from problem
    if as_json:
        _echo_json(_verification(found))
    else:
        _say_verification(found)
    raise typer.Exit(1 if found.flaws else 0)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(metavar="DOSSIER", help="Dossier à créer.")],
    *,
    data: Data = _DATA,
    personal: Annotated[
        bool, typer.Option("--with-personal-data", help="Joindre les données personnelles et leurs sels.")
    ] = False,
) -> None:
    """Exporter le journal de l'instance dans un dossier que chacun peut vérifier."""
    verifier = _started(data)
    from sceau.records import journal_disclosures, journal_entries, journal_heads, journal_leaves

    heads = list(journal_heads())
    size = heads[-1].size if heads else 0
    try:
        folder.mkdir(parents=True)
    except FileExistsError as problem:
        raise typer.BadParameter(f"{folder} existe déjà : un export n'est jamais écrasé.") from problem
    write_lines(folder / KEY, [verifier.text.encode()])
    write_lines(folder / HEADS, (head.note.encode() for head in heads))
    count = write_lines(folder / ENTRIES, islice(journal_entries(), size))
    write_lines(folder / LEAVES, (leaf.hex().encode() for leaf in islice(journal_leaves(), size)))
    if personal:
        opened = takewhile(lambda one: one.position < size, journal_disclosures())
        write_lines(folder / DISCLOSURES, (one.encode() for one in opened), private=True)
    typer.echo(f"{count} entrée(s), {len(heads)} tête(s) signée(s) : {folder}")
    typer.echo(f"À vérifier, où que ce soit : sceau journal verify {folder}")


@app.command()
def show(
    *,
    last: Annotated[int, typer.Option(min=1, max=10_000, help="Nombre d'entrées, les plus récentes.")] = 20,
    data: Data = _DATA,
    as_json: AsJson = False,
) -> None:
    """Montrer les dernières entrées du journal de l'instance."""
    _started(data)
    from sceau.records import journal_lines, latest_head

    head = latest_head()
    size = head.size if head else 0
    for line in journal_lines(start=max(size - last, 0), limit=last):
        if as_json:
            typer.echo(line.entry)
        else:
            typer.echo(_entry_line(line.position, line.entry))
    if not as_json:
        typer.echo(f"{size} entrée(s) attestée(s) par la dernière tête signée.")


@app.command()
def prove(
    position: Annotated[int, typer.Argument(min=0, help="Position de l'entrée ; la première est 0.")],
    *,
    data: Data = _DATA,
) -> None:
    """Prouver qu'une entrée est dans le journal : un fichier JSON, à vérifier par `sceau journal check`."""
    verifier = _started(data)
    from sceau.records import journal_leaves, journal_lines, latest_head

    head = latest_head()
    if head is None or position >= head.size:
        raise typer.BadParameter(f"le journal a {head.size if head else 0} entrée(s) attestée(s).")
    proof = inclusion_proof(position, head.size, nodes_of(list(islice(journal_leaves(), head.size))))
    entry = journal_lines(start=position, limit=1)[0].entry
    _echo_json(
        {
            "position": position,
            "size": proof.size,
            "entry": base64.b64encode(entry).decode(),
            "path": [node.hex() for node in proof.path],
            "head": head.note,
            "key": verifier.text,
        }
    )


@app.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FICHIER", exists=True, dir_okay=False)],
    *,
    key: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Vérifier hors ligne une preuve faite par `sceau journal prove`."""
    try:
        findings, position, entry = _check_proof(json.loads(text_of(file)), key)
    except (UnreadableError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise typer.BadParameter(f"{file} n'est pas une preuve de `sceau journal prove`.") from problem
    if as_json:
        _echo_json({"holds": not findings, "findings": [_as_json(one) for one in findings]})
    elif findings:
        _say(findings)
    else:
        typer.echo(_entry_line(position, entry))
        typer.echo("Cette entrée est bien dans le journal attesté par la tête signée.")
    raise typer.Exit(1 if findings else 0)


def _check_proof(proof: dict[str, Any], key: Path | None) -> tuple[tuple[Finding, ...], int, bytes]:
    """What is wrong with a proof, the position it is about, and the entry's bytes."""
    verifiers = verifiers_of(key) if key else [read_verifier(proof["key"]).require()]
    head = read_head(proof["head"], verifiers)
    position, entry = int(proof["position"]), base64.b64decode(proof["entry"], validate=True)
    if head.value is None:
        return head.findings, position, entry
    inclusion = InclusionProof(position, head.value.size, tuple(map(bytes.fromhex, proof["path"])))
    return verify_inclusion(inclusion, leaf=leaf_hash(entry), root=head.value.root), position, entry


# --- the instance -----------------------------------------------------------------------------------------


def _started(data: Path) -> HeadVerifier:
    """Start the instance (queries of `records` can be named after that); the verifier of its own heads."""
    from sceau.site import start

    if not data.is_dir():
        raise typer.BadParameter(f"{data} n'est pas le dossier d'une instance.")
    machine = start(data)
    return HeadVerifier.of(machine.origin, machine.head_key)


def _verify_instance(data: Path, key: Path | None, heads: list[Path]) -> Verification:
    """Check the instance's journal as it stands in the database, each thing read as it was written.

    Others may write meanwhile: entries newer than the heads that were read are no flaw if a newer head came
    too.
    """
    verifier = _started(data)
    from sceau.records import journal_heads, latest_head

    verifiers = verifiers_of(key) if key else [verifier]
    witnessed = [note for path in heads for note in split_notes(text_of(path))]
    while True:
        notes = list(journal_heads())
        found = verify_export(_stored([head.note for head in notes], verifiers, witnessed))
        newest, covered = latest_head(), notes[-1].size if notes else 0
        overtaken = newest is not None and newest.size > covered
        if not overtaken or {flaw.finding.code for flaw in found.flaws} != {"journal.not-signed"}:
            return found


def _stored(notes: list[str], verifiers: list[HeadVerifier], witnessed: list[str]) -> Export:
    from sceau.records import journal_disclosures, journal_entries, journal_leaves

    return Export(
        entries=journal_entries(),
        heads=notes,
        verifiers=verifiers,
        leaves=journal_leaves(),
        disclosures=(one.encode() for one in journal_disclosures()),
        witnessed=witnessed,
    )


# --- what is said -----------------------------------------------------------------------------------------


def _verification(found: Verification) -> dict[str, Any]:
    return {
        "holds": not found.flaws,
        "size": found.size,
        "root": base64.b64encode(found.root).decode(),
        "heads": found.heads,
        "disclosures": found.disclosures,
        "first": found.first,
        "flaws": [_flaw(flaw) for flaw in found.flaws],
    }


def _flaw(flaw: JournalFlaw) -> dict[str, Any]:
    return {"position": flaw.position, "through": flaw.through, **_as_json(flaw.finding)}


def _as_json(finding: Finding) -> dict[str, Any]:
    sentence = load_catalogue().say(finding)
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "subject": finding.subject,
        "message": sentence.text,
        "remedy": sentence.remedy,
    }


def _say_verification(found: Verification) -> None:
    opened = f"{found.disclosures} information(s) révélée(s)"
    typer.echo(f"{found.size} entrée(s), {found.heads} tête(s) signée(s), {opened}.")
    if not found.flaws:
        typer.echo("Le journal est entier : rien n'a été modifié, retiré, déplacé ni ajouté.")
        return
    if found.first is not None:
        typer.echo(f"Le journal n'est pas entier. Première position en cause : {found.first}.")
    else:
        typer.echo("Le journal n'est pas attesté comme il devrait l'être.")
    _say(tuple(flaw.finding for flaw in found.flaws))


def _say(findings: tuple[Finding, ...]) -> None:
    for finding in findings:
        sentence = load_catalogue().say(finding)
        typer.echo(f"  - {sentence.text} {sentence.remedy} [{finding.code}]")


def _entry_line(position: int | None, data: bytes) -> str:
    entry = read_entry(data).value
    if entry is None:
        return f"{position}\t(ligne illisible)"
    actor = entry.actor if entry.actor.startswith("machine:") else f"personne {entry.actor[:8]}…"
    public = json.dumps(dict(entry.public), ensure_ascii=True, sort_keys=True)
    about = " ".join(map(displayed, entry.about))
    return f"{position}\t{entry.at:%Y-%m-%d %H:%M:%S}Z\t{entry.kind}\t{about}\t{actor}\t{public}"


def _echo_json(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=2)
    typer.echo(text.encode("utf-8", "backslashreplace"))
