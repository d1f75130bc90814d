"""`sceau demo`: the whole of the notice, played by the made-up people of a development instance.

Starts a real instance in a new folder (every process, on free ports), shows each card at the door, calls
the verbs that the pages call, and then lets programs that we did not write judge the result. Every file it
speaks of is there to be looked at. It stops at the first thing that is not as it should be, with exit
code 3.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from sceau.vocabulary import Fault

app = typer.Typer(add_completion=False)
_PATIENCE_SECONDS = 180.0


@app.command()
def demo(
    data: Annotated[
        Path, typer.Option(help="Dossier à créer ; il ne doit pas exister.", file_okay=False)
    ] = Path("build/demo"),
) -> None:
    """Jouer toute la notice, du formulaire 413 au certificat révoqué, avec de vrais fichiers."""
    folder = data.absolute()
    if folder.exists():
        typer.echo(f"{folder} existe déjà. Supprimez-le, ou donnez un autre dossier avec --data.", err=True)
        raise typer.Exit(2)
    folder.mkdir(parents=True, mode=0o700)
    with instance(folder / "instance") as environment:
        os.environ.update(environment)
        _start(folder / "instance")
        from sceau.cli.demo_story import play

        play(folder / "instance", folder)
    typer.echo(f"\nTous les fichiers sont dans {folder}.")


def _start(data: Path) -> None:
    """Settings first: the story's modules name models."""
    from sceau.site import start

    start(data)


@contextmanager
def instance(data: Path) -> Iterator[dict[str, str]]:
    """A running development instance under `data`, on free ports; gives its settings. Stopped at the end.

    Raises `Fault` (``site.part-failed``) when it does not get ready.
    """
    portal, door, publication = _free_ports(3)
    log = data.parent / "instance.log"
    command = [
        *(sys.executable, "-m", "sceau.cli", "run", "--data", str(data)),
        *(
            "--portal-port",
            str(portal),
            "--door-port",
            str(door),
            "--publication-port",
            str(publication),
            "--api-port",
            "0",
        ),
    ]
    typer.echo("Démarrage d'une instance de développement : elle crée ses clés, une demi-minute environ…")
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)  # noqa: S603 - our own command
        try:
            _wait_ready(process, log)
            yield {
                "SCEAU_PORTAL_ADDRESS": f"https://localhost:{portal}",
                "SCEAU_DOOR_ADDRESS": f"https://localhost:{door}",
                "SCEAU_PUBLICATION_ADDRESS": f"http://localhost:{publication}",
            }
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


def _free_ports(count: int) -> list[int]:
    holders = [socket.create_server(("localhost", 0)) for _ in range(count)]
    ports = [holder.getsockname()[1] for holder in holders]
    for holder in holders:
        holder.close()
    return ports


def _wait_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    limit = time.monotonic() + _PATIENCE_SECONDS
    while "Sceau est prêt" not in log.read_text(encoding="utf-8"):
        if process.poll() is not None or time.monotonic() > limit:
            typer.echo(log.read_text(encoding="utf-8"), err=True)
            raise Fault("site.part-failed", retryable=False, detail=str(log))
        time.sleep(0.2)
