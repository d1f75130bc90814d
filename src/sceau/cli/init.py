"""`sceau init`: make an instance, its hierarchy first. Development by default; other environments ask
for a passphrase.

Nothing is ever written over. A development instance is ready for `sceau run`; it would have been made
at its first start too. Another environment's ceremony leaves encrypted keys, the journal's key and the
public certificates.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from sceau.catalogue import Catalogue, Environment, load_catalogue
from sceau.cli.console import DATA, AsJson, Data, say, topic
from sceau.custody import (
    Held,
    SignerFolder,
    create_head_key,
    create_hierarchy,
    fingerprint,
    passphrase_from_descriptor,
    passphrase_from_file,
    passphrase_from_prompt,
)
from sceau.vocabulary import Finding, Refused

app = topic("Créer une instance : hiérarchie, base, clés.")

_DEVELOPMENT = "development"


@app.command()
def init(
    *,
    data: Data = DATA,
    environment: Annotated[
        str, typer.Option("--environment", help="development, test ou production.")
    ] = _DEVELOPMENT,
    publication_port: Annotated[int, typer.Option(help="Port de la publication (développement).")] = 8480,
    publication: Annotated[
        str | None, typer.Option(help="Adresse de publication écrite dans les certificats.")
    ] = None,
    ocsp: Annotated[str | None, typer.Option(help="Adresse OCSP écrite dans les certificats.")] = None,
    passphrase_fd: Annotated[
        int | None, typer.Option("--passphrase-fd", help="Descripteur où lire la phrase secrète.")
    ] = None,
    passphrase_file: Annotated[
        Path | None,
        typer.Option("--passphrase-file", help="Fichier fermé aux autres où lire la phrase secrète."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Créer la hiérarchie d'autorités et les clés d'une instance neuve."""
    catalogue = load_catalogue()
    if environment not in catalogue.environments:
        raise typer.BadParameter(", ".join(catalogue.environments), param_hint="--environment")
    folder = data.absolute()
    if SignerFolder(folder / "signer").contents.exists():
        raise Refused([Finding.error("init.exists", str(folder))])
    if environment == _DEVELOPMENT:
        if passphrase_fd is not None or passphrase_file is not None:
            raise typer.BadParameter(
                "une instance de développement tire la sienne au hasard", param_hint="--passphrase-…"
            )
        _make_development(folder, publication_port)
    else:
        place = catalogue.environments[environment].moved(publication=publication, ocsp=ocsp)
        _make_ceremony(folder, _passphrase(passphrase_fd, passphrase_file), catalogue, place)
    _report(folder, catalogue, as_json=as_json)


def _make_development(folder: Path, publication_port: int) -> None:
    """Everything that the first `sceau run` would make: keys, tables, people with their cards."""
    from sceau.site.instance import Places, only_one, prepare

    with only_one(folder):
        prepare(folder, Places("localhost", 8443, 8444, publication_port), say=_progress)


def _make_ceremony(folder: Path, passphrase: bytes, catalogue: Catalogue, place: Environment) -> None:
    create_hierarchy(folder, passphrase, catalogue=catalogue, environment=place, at=datetime.now(UTC))
    create_head_key(folder / "journal-head.key")


def _passphrase(descriptor: int | None, file: Path | None) -> bytes:
    if descriptor is not None:
        return passphrase_from_descriptor(descriptor)
    return passphrase_from_prompt(twice=True) if file is None else passphrase_from_file(file)


def _report(folder: Path, catalogue: Catalogue, *, as_json: bool) -> None:
    signer = SignerFolder(folder / "signer")
    environment, held = signer.environment(catalogue), signer.held()
    value = {
        "data": str(folder),
        "environment": environment.code,
        "issuers": [
            {
                "code": one.code,
                "generation": one.generation,
                "common_name": environment.common_name(catalogue.issuers[one.code]),
                "file": environment.file(catalogue.issuers[one.code].of_generation(one.generation)),
                "sha256": fingerprint(one.certificate),
            }
            for one in held
        ],
    }
    say(value, as_json=as_json, lines=_lines(folder, held, catalogue, environment))


def _lines(
    folder: Path, held: tuple[Held, ...], catalogue: Catalogue, environment: Environment
) -> Iterator[str]:
    yield f"Instance créée dans {folder} (environnement : {environment.label})."
    yield "Autorités :"
    for one in held:
        row = catalogue.issuers[one.code].of_generation(one.generation)
        yield f"  {one.code:<8} {environment.common_name(row)}  ({environment.file(row)}.cer)"
        if row.parent is None:
            yield f"           empreinte SHA-256 {fingerprint(one.certificate)}"
    yield f"Clés chiffrées     {folder / 'signer' / 'keys'}"
    yield f"Fichiers publics   {folder / 'public'}"
    if environment.code == _DEVELOPMENT:
        yield "Suite : « sceau run » lance tout le service."
    else:
        yield "Vérifiez les empreintes des racines avec un second témoin ; sauvegardez le dossier « signer »."
        yield "Suite : lancez le signataire et le service ; la phrase secrète sera redemandée."


def _progress(line: str) -> None:
    typer.echo(line, err=True)
