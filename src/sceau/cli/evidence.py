"""Evidence files: exported from the instance, verified anywhere, without it and without a network."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from sceau.catalogue import load_catalogue
from sceau.cli.console import DATA, As, AsJson, Data, Reference, open_instance, registrar, topic
from sceau.cli.journal_files import verifiers_of
from sceau.journal import (
    EvidenceFile,
    EvidencePoint,
    HeadVerifier,
    open_evidence,
    read_verifier,
    verify_evidence,
)
from sceau.vocabulary import Finding

app = topic("Dossiers de preuve : les établir, les vérifier hors ligne.")


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(metavar="FICHIER", exists=True, dir_okay=False)],
    *,
    key: Annotated[
        Path | None, typer.Option("--key", exists=True, dir_okay=False, help="Clé publique du journal.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Vérifier un dossier de preuve hors ligne : sans base, sans réseau, point par point."""
    points, is_known = _points(file.read_bytes(), key)
    findings = [finding for point in points for finding in point.findings]
    if as_json:
        typer.echo(json.dumps(_told(points, is_known), ensure_ascii=False, indent=1))
    else:
        for point in points:
            _say(point)
        if not is_known:
            typer.echo(
                "?  Clé du journal : celle du dossier lui-même. Donnez --key avec la clé obtenue de "
                "l'autorité : sans elle, rien ne dit qui a scellé."
            )
        typer.echo(_verdict(holds=not findings, is_known=is_known))
    raise typer.Exit(1 if findings else 0)


@app.command()
def export(
    reference: Reference,
    *,
    as_: As,
    to: Annotated[Path, typer.Option("--to", help="Dossier où écrire le fichier.", file_okay=False)] = Path(),
    data: Data = DATA,
) -> None:
    """Établir le dossier de preuve d'une habilitation (HAB-…) ou d'un certificat (CRT-…)."""
    open_instance(data)
    from sceau.operations import export_evidence

    made = export_evidence(registrar(as_), reference=reference)
    path = to / made.name
    path.touch(mode=0o600)
    path.write_bytes(made.octets)
    typer.echo(f"{path} : {len(made.octets)} octets, SHA-256 {made.sha256}")


def _verdict(*, holds: bool, is_known: bool) -> str:
    """One line. A file that only agrees with itself is never said to hold: anybody could have sealed it."""
    if not holds:
        return "Le dossier ne tient pas."
    if is_known:
        return "Le dossier tient."
    return "Le dossier s'accorde avec lui-même ; rien ne dit qui l'a scellé."


def _points(octets: bytes, key: Path | None) -> tuple[list[EvidencePoint], bool]:
    opened = open_evidence(octets)
    points = [EvidencePoint("file", 1, opened.findings)]
    if opened.value is None:
        return points, key is not None
    verifiers = verifiers_of(key) if key else _own_key(opened.value)
    if key:
        points.append(EvidencePoint("key", len(verifiers)))
    verdict = verify_evidence(opened.value, verifiers=verifiers)
    points += verdict.points
    if verdict.dossier is not None:
        points.append(_originals(opened.value, verdict.dossier))
    return points, key is not None


def _own_key(file: EvidenceFile) -> list[HeadVerifier]:
    """The key that the file names itself: what it proves is that nothing in it was altered by others."""
    try:
        return [read_verifier(str(json.loads(file.dossier)["journal"]["key"])).require()]
    except Exception:  # whatever it is, there is no key, and the seal will be refused
        return []


def _request(dossier: Any) -> dict[str, str]:
    """The certification request's name among the originals, with its digest."""
    kept = dossier["certificate"] or {}
    if not kept.get("csr_attached"):
        return {}
    return {kept["csr_attached"]: hashlib.sha256(base64.b64decode(kept["csr"])).hexdigest()}


def _originals(file: EvidenceFile, dossier: Any) -> EvidencePoint:
    """The originals inside the pages, by the digests of the dossier: the seal held, so the PDF is ours."""
    from sceau.documents import attachments_of

    named = {one["attached"]: one["sha256"] for one in dossier["pieces"] if one["attached"]} | _request(
        dossier
    )
    try:
        found = attachments_of(file.pdf)
    except ValueError:
        found = {}
    wrong = [
        Finding.error("evidence.original", name)
        for name in sorted(named.keys() | found.keys())
        if hashlib.sha256(found.get(name, b"")).hexdigest() != named.get(name)
    ]
    return EvidencePoint("originals", len(named), tuple(wrong))


def _say(point: EvidencePoint) -> None:
    catalogue = load_catalogue()
    mark = "✗" if point.findings else "✓"
    typer.echo(f"{mark}  {catalogue.text(f'evidence.point.{point.name}')} ({point.count})")
    for finding in point.findings:
        sentence = catalogue.say(finding)
        typer.echo(f"   {sentence.text} {sentence.remedy}")


def _told(points: list[EvidencePoint], is_known: bool) -> dict[str, Any]:
    return {
        "holds": not any(point.findings for point in points),
        "key_given": is_known,
        "points": [
            {
                "point": point.name,
                "count": point.count,
                "findings": [{"code": one.code, "subject": one.subject} for one in point.findings],
            }
            for point in points
        ],
    }
