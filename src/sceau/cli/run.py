"""`sceau run`: the whole service on this machine, in one command, until Ctrl-C."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from sceau.site.instance import Places, check_ports, only_one, prepare
from sceau.site.processes import Part, Supervisor, python_part
from sceau.vocabulary import Fault

app = typer.Typer(add_completion=False)


@app.command()
def run(
    *,
    data: Annotated[
        Path, typer.Option(help="Dossier des données de l'instance.", envvar="SCEAU_DATA")
    ] = Path("data"),
    host: Annotated[str, typer.Option(help="Nom ou adresse où écouter.", envvar="SCEAU_HOST")] = "localhost",
    portal_port: Annotated[int, typer.Option(help="Port du portail.")] = 8443,
    door_port: Annotated[int, typer.Option(help="Port de la porte des cartes.")] = 8444,
    publication_port: Annotated[int, typer.Option(help="Port de la publication.")] = 8480,
    api_port: Annotated[
        int, typer.Option(help="Port de l'interface programmable ; 0 : elle n'est pas ouverte.")
    ] = 8445,
    passphrase_fd: Annotated[int | None, typer.Option(help="Descripteur où lire la phrase secrète.")] = None,
    passphrase_file: Annotated[
        Path | None, typer.Option(help="Fichier fermé aux autres où lire la phrase secrète.")
    ] = None,
) -> None:
    """Lancer tout le service : signataire, portail, cartes, programmes, publication, horloge."""
    places = Places(host, portal_port, door_port, publication_port, api_port)
    folder = data.absolute()
    try:
        _refuse_taken_ports(places)
        with only_one(folder):
            prepare(folder, places, say=_say)
            secret = _passphrase(folder, passphrase_fd, passphrase_file)
            stages = (
                [python_part("signer", secret=secret)],
                [
                    python_part("clockwork"),
                    python_part("web"),
                    *_publication(places),
                    *_door_for_programs(places),
                    *_prepared(),
                ],
            )
            supervisor = Supervisor(stages, environment=places.environment(folder), say=_say)
            supervisor.run(ready=lambda: _welcome(folder, places))
    except Fault as fault:
        _complain(fault)
        raise typer.Exit(3) from fault
    _say("Tout est arrêté.")


def _refuse_taken_ports(places: Places) -> None:
    taken = check_ports(places)
    if not taken:
        return
    options = {
        places.portal_port: "--portal-port",
        places.door_port: "--door-port",
        places.publication_port: "--publication-port",
        places.api_port: "--api-port",
    }
    for port in taken:
        typer.echo(
            f"Le port {port} est déjà utilisé sur {places.host}. Arrêtez le programme qui l'occupe, "
            f"ou choisissez un autre port avec {options[port]}.",
            err=True,
        )
    raise typer.Exit(3)


def _passphrase(data: Path, descriptor: int | None, file: Path | None) -> bytes | None:
    """The passphrase of the keys; None in a development instance, whose signer finds its own beside them."""
    from sceau.custody import passphrase_from_descriptor, passphrase_from_file, passphrase_from_prompt
    from sceau.site.environment import DEVELOPMENT, environment_written_in

    if descriptor is not None:
        return passphrase_from_descriptor(descriptor)
    if file is not None:
        return passphrase_from_file(file)
    return None if environment_written_in(data) == DEVELOPMENT else passphrase_from_prompt()


def _door_for_programs(places: Places) -> list[Part]:
    return [python_part("enrolment")] if places.api_port else []


def _publication(places: Places) -> list[Part]:
    """The public shelf: one process, or as many as `SCEAU_PUBLICATION_PROCESSES` says, on the one port."""
    from sceau.site.environment import publication_processes_of

    count = publication_processes_of(os.environ)
    return [python_part("publication", probe=lambda: _answers(places)) for _ in range(count)]


def _prepared() -> list[Part]:
    """Who keeps the OCSP answers that another server gives; nobody, unless `SCEAU_OCSP_SHELF` says where."""
    from sceau.site.environment import ocsp_shelf_of

    return [python_part("answers")] if ocsp_shelf_of(os.environ) else []


def _answers(places: Places) -> bool:
    """Whether the public shelf takes connections."""
    import socket

    try:
        with socket.create_connection((places.host, places.publication_port), timeout=1):
            return True
    except OSError:
        return False


def _welcome(data: Path, places: Places) -> None:
    """Where to go, and with which card."""
    from sceau.site.drawer import drawer_lines

    _say("")
    _say("Sceau est prêt.")
    _say(f"  Portail            {places.portal}")
    _say(f"  Porte des cartes   {places.door}/porte/")
    _say(f"  Publication        {places.publication}  (listes de révocation, OCSP, autorités)")
    if places.api_port:
        _say(f"  Programmes (API)   {places.api}/api/v1/openapi.json")
    authority = data / "tls" / "ca.pem"
    if authority.exists():
        _say(f"  Le navigateur avertit une fois : le certificat du portail vient de {authority}")
    lines = drawer_lines(data)
    if lines:
        _say("")
        _say("Personnes fictives : cliquez sur leur carte dans le tiroir de la première page,")
        _say(f"ou importez {data / 'cards'}/<nom>.p12 dans le navigateur (mot de passe : carte).")
        for line in lines:
            _say(f"  {line.slug:<10} {line.display} : {line.role}")
    _say("")
    _say("Ctrl-C arrête tout.")


def _complain(fault: Fault) -> None:
    from sceau.catalogue import load_catalogue

    sentence = load_catalogue().say_fault(fault)
    typer.echo(f"{sentence.text} {sentence.remedy} [{fault.code}]", err=True)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
