"""`sceau form`: read a form 413, the authority's PDF or a raw form in JSON, and print what it says; make ours
from an order; take in a batch.

`read` needs no database, no Django: the same reader as the portal's and the desk's. Exit codes: 0 read, 1
refused, 2 misuse, 3 a machine failed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from sceau.catalogue import Catalogue, load_catalogue
from sceau.cli.console import DATA, AsJson, Data, Reference, open_instance
from sceau.registration import Form413, OfferLine, open_questions, read_form
from sceau.vocabulary import Finding, IdentifierMode, Severity, errors

app = typer.Typer(
    help="Lire, éditer et recevoir des formulaires 413.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def form() -> None:
    """Lire, éditer et recevoir des formulaires 413."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A form file as read: the form if there is one, and every finding, of the file and of the form."""

    form: Form413 | None
    findings: tuple[Finding, ...]
    sha256: str
    values: dict[str, Any]
    raw: Any = None


@app.command("read")
def read(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, metavar="FICHIER", help="PDF ou JSON.")
    ],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Répondre en JSON.")] = False,
    test_identifiers: Annotated[
        bool, typer.Option("--test-identifiers", help="Admettre les identifiants des données de test.")
    ] = False,
) -> None:
    """Lire un formulaire 413 rempli (le PDF de l'autorité, ou un formulaire brut en JSON)."""
    mode = IdentifierMode.TEST if test_identifiers else IdentifierMode.REAL
    catalogue = load_catalogue()
    found = _read_file(_bytes_of(file), catalogue, mode)
    if as_json:
        _print_json(found, catalogue)
    else:
        for line in _lines(found, catalogue):
            typer.echo(line)
    raise typer.Exit(0 if found.form is not None else 1)


@app.command("make")
def make(
    reference: Reference,
    *,
    data: Data = DATA,
    out: Annotated[
        Path | None, typer.Option("--out", dir_okay=False, help="Fichier à écrire (sortie standard sinon).")
    ] = None,
) -> None:
    """Éditer le formulaire 413 d'une commande (PDF à signer à la main ou avec une carte)."""
    open_instance(data)
    from sceau.documents import fill_form
    from sceau.records import order_file
    from sceau.vocabulary import Refused

    file = order_file(reference)
    if file is None:
        raise Refused([Finding.error("order.unknown", reference)])
    made = fill_form(file.raw, order=file.line.reference, version=file.line.version)
    if out is None:
        typer.echo(made, nl=False)
    else:
        out.write_bytes(made)
        typer.echo(f"{out} : formulaire de la commande {reference}, version {file.line.version}")


@app.command("import")
def import_(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="FICHIERS…", exists=True, help="PDF, courriels (.eml), ou leurs dossiers."),
    ],
    *,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Recevoir des formulaires 413 par lots, une ligne pour chacun. Les mêmes octets font une commande."""
    open_instance(data)
    from sceau.operations import MAIL_ROOM, receive_forms
    from sceau.site.drop import describe, reasons

    rejected = 0
    for path in _files_in(paths):
        for line in receive_forms(MAIL_ROOM, _mail_bytes(path), name=path.name):
            rejected += line.rejected
            if as_json:
                said = {
                    "file": str(path),
                    "form": line.name,
                    "outcome": line.outcome,
                    "order": line.order,
                    "signed": line.signed,
                    "findings": [one.code for one in line.findings],
                }
                typer.echo(json.dumps(said, ensure_ascii=False))
                continue
            typer.echo(describe(line))
            for reason in reasons(line) if line.rejected else ():
                typer.echo(f"  - {reason}")
    raise typer.Exit(1 if rejected else 0)


def _files_in(paths: list[Path]) -> Iterator[Path]:
    """The files named, and those that lie in the folders named, hidden ones left out."""
    for path in paths:
        if path.is_dir():
            yield from sorted(one for one in path.iterdir() if one.is_file() and not one.name.startswith("."))
        else:
            yield path


def _mail_bytes(file: Path) -> bytes:
    from sceau.documents import MOST_MAIL_BYTES

    with file.open("rb") as opened:
        return opened.read(MOST_MAIL_BYTES + 1)


def _bytes_of(file: Path) -> bytes:
    from sceau.documents import MOST_BYTES

    try:
        with file.open("rb") as opened:
            return opened.read(MOST_BYTES + 1)
    except OSError as problem:
        raise typer.BadParameter(f"le fichier ne peut pas être lu : {problem.strerror}") from problem


def _read_file(data: bytes, catalogue: Catalogue, mode: IdentifierMode) -> _Read:
    if data.lstrip()[:1] == b"{":
        return _read_json(data, catalogue, mode)
    from sceau.documents import read_form_pdf  # late: a JSON form needs no PDF library

    pdf = read_form_pdf(data)
    if pdf.raw is None:
        return _Read(None, pdf.findings, pdf.sha256, dict(pdf.values))
    reading = read_form(pdf.raw, catalogue=catalogue, mode=mode)
    return _Read(reading.value, pdf.findings + reading.findings, pdf.sha256, dict(pdf.values), pdf.raw)


def _read_json(data: bytes, catalogue: Catalogue, mode: IdentifierMode) -> _Read:
    import hashlib

    digest = hashlib.sha256(data).hexdigest()
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError):
        return _Read(None, (Finding.error("form.not-a-form", "form"),), digest, {})
    reading = read_form(raw, catalogue=catalogue, mode=mode)
    return _Read(reading.value, reading.findings, digest, {}, raw)


def _print_json(found: _Read, catalogue: Catalogue) -> None:
    answer = {
        "form": found.form.as_raw() if found.form else None,
        "findings": [_as_json(finding, catalogue) for finding in found.findings],
        "sha256": found.sha256,
        "raw": found.raw,
        "values": found.values,
    }
    text = json.dumps(answer, ensure_ascii=False, indent=2)
    # Half of a surrogate pair, which a PDF can hold and UTF-8 cannot, becomes its JSON escape.
    typer.echo(text.encode("utf-8", "backslashreplace"))


def _as_json(finding: Finding, catalogue: Catalogue) -> dict[str, str]:
    sentence = catalogue.say(finding)
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "subject": finding.subject,
        "message": sentence.text,
        "remedy": sentence.remedy,
        "clause": sentence.clause,
    }


# --- for people -------------------------------------------------------------------------------------------


def _lines(found: _Read, catalogue: Catalogue) -> Iterator[str]:
    yield f"Fichier : SHA-256 {found.sha256}"
    if found.form is not None:
        yield from _form_lines(found.form, catalogue)
    questions = open_questions(found.findings)
    told = [f for f in found.findings if f.severity is not Severity.ERROR and f not in questions]
    for title, findings in (
        ("À corriger", errors(found.findings)),
        ("À compléter ou à trancher au guichet", questions),
        ("À savoir", told),
    ):
        if findings:
            yield ""
            yield f"{title} :"
            for finding in findings:
                sentence = catalogue.say(finding)
                yield f"  - {sentence.text} {sentence.remedy} [{finding.code}]"
    yield ""
    yield "Lu." if found.form is not None else "Refusé : ce formulaire n'est pas lisible tel quel."


def _form_lines(form: Form413, catalogue: Catalogue) -> Iterator[str]:
    raw = form.as_raw()
    yield f"Édition : {catalogue.editions[form.edition].title}"
    for section in ("structure", "contract", "signatory", "visa", "usage"):
        yield from _section(section, raw[section], catalogue)
    yield ""
    for line in form.offers:
        yield from _offer_lines(line, catalogue)
    yield ""
    for person in form.administrators:
        phone = person.phone.national if person.phone else "-"
        email = person.email.text if person.email else "-"
        yield (
            f"Administrateur technique : {person.surname} {person.given_names}, "
            f"carte {person.card_number.text}, {phone}, {email}"
        )
    yield from _section("declarations", raw["declarations"], catalogue)


def _section(section: str, values: dict[str, Any], catalogue: Catalogue) -> Iterator[str]:
    for key, value in values.items():
        label = catalogue.help.get(f"{section}.{key}")
        if label is not None and value not in ("", None, []):
            yield f"{label.label} : {_shown(value)}"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "oui" if value else "non"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value).replace("\n", "\n    ")


def _offer_lines(line: OfferLine, catalogue: Catalogue) -> Iterator[str]:
    yield f"Offre {catalogue.offers[line.offer].short} : {', '.join(line.products)}"
    if line.scope is not None:
        yield f"    {line.scope.words}"
    elif line.declared:
        yield f"    {line.declared} (étendue à préciser)"
