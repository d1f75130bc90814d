"""`sceau certificate`: certificates of an instance, issued under a right, seen, revoked, accounted for."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Annotated

import typer

from sceau.cli.console import (
    DATA,
    As,
    AsJson,
    Data,
    Reference,
    open_instance,
    said,
    say,
    someone,
    topic,
)
from sceau.vocabulary import Finding, Refused, Severity

if TYPE_CHECKING:
    from sceau.operations import CertificateRequest
    from sceau.records import CertificateFile, CertificateLine

app = topic("Délivrer, voir et révoquer les certificats.")

Right = Annotated[
    str | None,
    typer.Option("--habilitation", help="Référence de l'habilitation ; aucune pour un produit PS."),
]
Product = Annotated[str, typer.Option("--product", help="Code du produit, tel que dans la notice.")]
Names = Annotated[
    list[str] | None, typer.Option("--name", help="Nom demandé ; répétez l'option pour plusieurs.")
]
CardNumber = Annotated[
    str | None, typer.Option("--card", help="Numéro de la carte présentée (troisième ligne, sous le nom).")
]


@app.command("list")
def list_(
    *,
    data: Data = DATA,
    text: Annotated[str, typer.Option("--text", help="Nom, sujet, numéro de série ou référence.")] = "",
    structure: Annotated[str, typer.Option("--structure", help="Identifiant national de la structure.")] = "",
    after: Annotated[str, typer.Option("--after", help="Suite de la liste, après cette référence.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 50,
    as_json: AsJson = False,
) -> None:
    """Les certificats, du plus récent au plus ancien."""
    open_instance(data)
    from sceau.operations import machine
    from sceau.records import find_certificates

    at = machine().clock()
    found = find_certificates(at=at, text=text, structure_id=structure, after=after, limit=limit)
    say(found, as_json=as_json, lines=(_line(line) for line in found))


@app.command()
def show(
    reference: Reference,
    *,
    data: Data = DATA,
    pem: Annotated[bool, typer.Option("--pem", help="Le certificat lui-même, en PEM.")] = False,
    as_json: AsJson = False,
) -> None:
    """Un certificat, par sa référence ou son numéro de série, écrit de n'importe quelle façon."""
    open_instance(data)
    file = _find(reference)
    if pem:
        typer.echo(ssl.DER_cert_to_PEM_cert(file.der), nl=False)
    else:
        say(file, as_json=as_json, lines=_lines(file))


@app.command()
def preview(
    *,
    product: Product,
    as_: As,
    name: Names = None,
    habilitation: Right = None,
    csr: Annotated[Path | None, typer.Option("--csr", exists=True, dir_okay=False)] = None,
    card: CardNumber = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Le sujet exact et le verdict, sans rien demander."""
    open_instance(data)
    from sceau.operations import preview_certificate

    request = _request(product, name, habilitation, csr)
    seen = preview_certificate(someone(as_, card=card), request)
    value = {
        "subject": seen.subject,
        "rfc4514": seen.rfc4514,
        "names": seen.names,
        "findings": said(seen.findings),
    }
    lines = [
        *(f"{key} = {text}" for key, text in seen.subject),
        *(one["message"] for one in said(seen.findings)),
    ]
    say(value, as_json=as_json, lines=lines)
    raise typer.Exit(1 if any(found.severity is Severity.ERROR for found in seen.findings) else 0)


@app.command()
def issue(
    *,
    product: Product,
    csr: Annotated[Path, typer.Option("--csr", exists=True, dir_okay=False, help="La demande, PEM ou DER.")],
    as_: As,
    name: Names = None,
    habilitation: Right = None,
    card: CardNumber = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Délivrer un certificat à la personne --as, sous son habilitation, avec sa carte --card.

    Le certificat lui-même s'obtient ensuite par « show --pem ».
    """
    open_instance(data)
    from sceau.operations import issue_certificate

    request = _request(product, name, habilitation, csr)
    actor = someone(as_, card=card)
    file = issue_certificate(actor, request, idempotency_key=f"cli-{token_urlsafe(24)}")
    say(file, as_json=as_json, lines=_lines(file))


@app.command()
def revoke(
    reference: Reference,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Code du motif : superseded, keyCompromise…")],
    as_: As,
    quality: Annotated[str, typer.Option("--quality", help="desk, authority, judge…")] = "desk",
    explanation: Annotated[str, typer.Option("--explanation", help="Ce qui s'est passé.")] = "",
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Révoquer, définitivement."""
    open_instance(data)
    from sceau.operations import revoke_certificate

    file = revoke_certificate(
        someone(as_),
        reference=_find(reference).line.reference,
        reason=reason,
        quality=quality,
        explanation=explanation,
    )
    say(file, as_json=as_json, lines=_lines(file))


@app.command("test-set")
def keep_tests(*, data: Data = DATA) -> None:
    """Faire et publier maintenant les certificats d'essai (sinon, l'horloge s'en charge chaque heure).

    Chaque fichier du dossier « test-set » de l'instance en demande un jeu, sous une habilitation ordinaire.
    """
    open_instance(data)
    from sceau.site.test_sets import keep_test_sets

    count = keep_test_sets(data)
    typer.echo(f"{count} jeu(x) de certificats d'essai, publié(s).")


@app.command()
def recover(
    *,
    data: Data = DATA,
    everything: Annotated[
        bool, typer.Option("--everything", help="Sans délai : aucune autre partie de l'instance ne tourne.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Rendre compte des signatures qu'un arrêt brutal a coupées : présumées faites, et révoquées."""
    open_instance(data)
    from sceau.operations import recover_intents

    found = recover_intents(older_than=timedelta(0)) if everything else recover_intents()
    say(found, as_json=as_json, lines=[*map(_line, found), f"{len(found)} signature(s) sans suite."])


def _request(
    product: str, names: list[str] | None, habilitation: str | None, csr: Path | None
) -> CertificateRequest:
    from sceau.operations import CertificateRequest

    return CertificateRequest(
        product=product,
        names=tuple(names or ()),
        csr=csr.read_bytes() if csr is not None else b"",
        habilitation=habilitation,
    )


def _find(text: str) -> CertificateFile:
    """By reference, or by serial in any spelling. What is not found is refused, never guessed."""
    from sceau.operations import machine
    from sceau.records import certificate_by_serial, certificate_file, is_serial_given
    from sceau.status import choose_serial, read_serial

    at = machine().clock()
    file = certificate_file(text.strip().upper(), at=at)
    if file is None:
        candidates = read_serial(text).value
        serial = None if candidates is None else choose_serial(candidates, is_serial_given).value
        file = None if serial is None else certificate_by_serial(serial, at=at)
    if file is None:
        raise Refused([Finding.error("certificate.unknown", text)])
    return file


def _line(line: CertificateLine) -> str:
    from sceau.catalogue import load_catalogue

    standing = load_catalogue().text(f"standing.{line.standing}")
    return f"{line.reference}  {line.product}  {standing}  jusqu'au {line.not_after:%Y-%m-%d}  {line.subject}"


def _lines(file: CertificateFile) -> Iterator[str]:
    yield _line(file.line)
    yield f"  numéro de série {file.line.serial}, délivré par {file.line.issuer}"
    if file.line.names:
        yield f"  noms : {', '.join(file.line.names)}"
    if file.line.habilitation:
        yield f"  habilitation {file.line.habilitation} v{file.habilitation_version}"
    if file.line.revocation:
        end = file.line.revocation
        yield f"  révoqué le {end.at:%Y-%m-%d %H:%M} UTC : {end.reason}"
