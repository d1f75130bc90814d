"""`sceau ceremony`: make the authorities of an instance that counts, before witnesses, on an approved plan.

`run` makes a whole hierarchy in one place; `request`, `sign` and `install` make it in two, so that the root
stays on a machine that no network reaches. Each act leaves signed minutes under ``ceremonies/``. A rehearsal
(`--dry-run`) does everything in a folder that is thrown away.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from sceau.catalogue import load_catalogue
from sceau.cli.ceremony_secrets import Sources, deliver, prepared, show_rehearsal
from sceau.cli.console import DATA, Data, topic
from sceau.custody import (
    Plan,
    Room,
    SignerFolder,
    Transcript,
    ask_elsewhere,
    certify_requests,
    check_transcript,
    create_head_key,
    draw_secret,
    found_hierarchy,
    install_certificates,
    join,
    make_root_lists,
    open_head_key,
    open_room,
    passphrase_of,
    place_root_list,
    read_plan,
    read_share,
    split,
    write_transcript,
)
from sceau.vocabulary import Fault, Finding, Refused

app = topic("Tenir une cérémonie : plan, secret partagé, racine hors ligne.")


PlanFile = Annotated[
    Path, typer.Argument(metavar="PLAN", exists=True, dir_okay=False, help="Le plan approuvé (TOML).")
]
ShareFiles = Annotated[
    list[Path] | None,
    typer.Option("--share", exists=True, dir_okay=False, help="Part du secret ; répétez l'option."),
]
SharesFolder = Annotated[
    Path | None, typer.Option("--shares", file_okay=False, help="Dossier où écrire les parts du secret.")
]
OnScreen = Annotated[
    bool, typer.Option("--screen", help="Montrer aussi chaque part, une à une, à son détenteur.")
]
Descriptor = Annotated[
    int | None, typer.Option("--passphrase-fd", help="Descripteur où lire la phrase secrète ou le code PIN.")
]
SecretFile = Annotated[
    Path | None, typer.Option("--passphrase-file", help="Fichier fermé aux autres où les lire.")
]
Out = Annotated[Path, typer.Option("--out", file_okay=False, help="Dossier où écrire ce qui part.")]


@app.command()
def plan() -> None:
    """Donner un modèle de plan."""
    typer.echo(Path(__file__).with_name("ceremony_model.toml").read_text(encoding="utf-8"), nl=False)


@app.command()
def run(
    *,
    file: PlanFile,
    data: Data = DATA,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Répéter, sans rien garder.")] = False,
    shares: SharesFolder = None,
    screen: OnScreen = False,
    share: ShareFiles = None,
    passphrase_fd: Descriptor = None,
    passphrase_file: SecretFile = None,
) -> None:
    """Faire toutes les autorités du plan sur cette machine."""
    raw = file.read_bytes()
    read = read_plan(raw, catalogue=load_catalogue())
    if dry_run:
        _rehearse(read, raw)
        return
    sources = Sources(shares, screen, tuple(share or ()), passphrase_fd, passphrase_file)
    minutes = _minutes("hiérarchie", read, raw)
    with _held(data.absolute(), read, sources, minutes) as room:
        found_hierarchy(room, at=_now(), catalogue=load_catalogue())


@app.command()
def request(
    *,
    file: PlanFile,
    data: Data = DATA,
    out: Out,
    shares: SharesFolder = None,
    screen: OnScreen = False,
    share: ShareFiles = None,
    passphrase_fd: Descriptor = None,
    passphrase_file: SecretFile = None,
) -> None:
    """Faire ici les clés des autorités du plan, et écrire leurs demandes pour la machine de la racine."""
    raw = file.read_bytes()
    read = read_plan(raw, catalogue=load_catalogue())
    sources = Sources(shares, screen, tuple(share or ()), passphrase_fd, passphrase_file)
    minutes = _minutes("demandes à la racine", read, raw)
    with _held(data.absolute(), read, sources, minutes) as room:
        out.mkdir(parents=True, exist_ok=True)
        ask_elsewhere(room, out)


@app.command()
def sign(
    *,
    file: PlanFile,
    requests: Annotated[
        list[Path], typer.Argument(metavar="DEMANDE…", exists=True, dir_okay=False, help="Demandes reçues.")
    ],
    data: Data = DATA,
    out: Out,
    share: ShareFiles = None,
    passphrase_fd: Descriptor = None,
    passphrase_file: SecretFile = None,
) -> None:
    """Sur la machine de la racine : certifier les demandes reçues, comme le plan le prévoit."""
    raw = file.read_bytes()
    catalogue = load_catalogue()
    read = read_plan(raw, catalogue=catalogue)
    minutes = _minutes("certification par la racine", read, raw)
    sources = Sources(None, False, tuple(share or ()), passphrase_fd, passphrase_file)
    brought = {path.name: path.read_bytes() for path in requests}
    with _held(data.absolute(), read, sources, minutes) as room:
        out.mkdir(parents=True, exist_ok=True)
        certify_requests(room, brought, out, at=_now(), catalogue=catalogue)


@app.command()
def install(
    *,
    file: PlanFile,
    certificate: Annotated[list[Path], typer.Option("--certificate", exists=True, dir_okay=False)],
    root: Annotated[list[Path], typer.Option("--root", exists=True, dir_okay=False)],
    data: Data = DATA,
    share: ShareFiles = None,
    passphrase_fd: Descriptor = None,
    passphrase_file: SecretFile = None,
) -> None:
    """Mettre en service les certificats revenus de la racine, dont le plan donne l'empreinte."""
    raw = file.read_bytes()
    catalogue = load_catalogue()
    read = read_plan(raw, catalogue=catalogue)
    minutes = _minutes("installation", read, raw)
    sources = Sources(None, False, tuple(share or ()), passphrase_fd, passphrase_file, is_known=True)
    certificates = {path.name: path.read_bytes() for path in certificate}
    roots = {path.name: path.read_bytes() for path in root}
    with _held(data.absolute(), read, sources, minutes) as room:
        install_certificates(room, certificates, roots, at=_now(), catalogue=catalogue)


@app.command("list")
def root_list(
    *,
    file: PlanFile,
    data: Data = DATA,
    out: Out,
    share: ShareFiles = None,
    passphrase_fd: Descriptor = None,
    passphrase_file: SecretFile = None,
) -> None:
    """Sur la machine de la racine : signer sa liste de révocation, à emporter sur un fichier."""
    raw = file.read_bytes()
    read = read_plan(raw, catalogue=load_catalogue())
    minutes = _minutes("liste de révocation de la racine", read, raw)
    sources = Sources(None, False, tuple(share or ()), passphrase_fd, passphrase_file, is_known=True)
    with _held(data.absolute(), read, sources, minutes) as room:
        out.mkdir(parents=True, exist_ok=True)
        for path in make_root_lists(room, out, at=_now()):
            typer.echo(f"Écrit : {path}")


@app.command()
def place(
    *,
    crl: Annotated[Path, typer.Argument(metavar="LISTE", exists=True, dir_okay=False)],
    data: Data = DATA,
) -> None:
    """Publier ici la liste apportée d'une racine hors ligne."""
    path = place_root_list(data.absolute(), crl.read_bytes(), catalogue=load_catalogue(), at=_now())
    typer.echo(f"Publiée : {path}")


@app.command()
def unlock(
    *,
    shares: Annotated[list[Path], typer.Argument(metavar="PART…", exists=True, dir_okay=False)],
) -> None:
    """Réunir les parts et donner la phrase secrète à un tube (jamais à un écran)."""
    if sys.stdout.isatty():
        raise Refused([Finding.error("ceremony.screen", "stdout")])
    secret = join([read_share(path.read_text(encoding="utf-8")) for path in shares])
    sys.stdout.write(passphrase_of(secret).decode() + "\n")


@app.command()
def verify(
    *,
    file: Annotated[Path, typer.Argument(metavar="PROCÈS-VERBAL", exists=True, dir_okay=False)],
    key: Annotated[str | None, typer.Option(help="La clé du papier, en hexadécimal.")] = None,
) -> None:
    """Vérifier la signature d'un procès-verbal."""
    said = check_transcript(file, expected=key)
    typer.echo(f"Procès-verbal intact. Clé de signature : {said}")


def _rehearse(plan: Plan, raw: bytes) -> None:
    """The same acts on throw-away keys in files, and a secret whose parts may be shown: it opens nothing."""
    minutes = _minutes("hiérarchie", plan, raw, is_rehearsal=True)
    secret = draw_secret()
    with tempfile.TemporaryDirectory(prefix="sceau-repetition-") as place:
        room = open_room(Path(place), replace(plan, place=None), passphrase_of(secret), minutes)
        found_hierarchy(room, at=_now(), catalogue=load_catalogue())
        key = create_head_key(Path(place) / _KEY)
        text = minutes.close(plan, key.public_key().public_bytes_raw())
    if plan.threshold:
        parts = split(secret, threshold=plan.threshold, of=len(plan.custodians))
        show_rehearsal(parts, plan.custodians)
    typer.echo(text.decode())


@contextlib.contextmanager
def _held(data: Path, plan: Plan, sources: Sources, minutes: Transcript) -> Iterator[Room]:
    """An act, and its minutes: those of one that was stopped after it made something say why."""
    room = _open(data, plan, sources, minutes)
    silent = len(minutes.lines)
    try:
        yield room
    except (Refused, Fault) as trouble:
        if len(minutes.lines) > silent:
            minutes.step(f"ACTE INTERROMPU, rien de ce qui précède ne sert : {trouble}")
            _close(room, is_whole=False)
        raise
    _close(room)


def _open(data: Path, plan: Plan, sources: Sources, minutes: Transcript) -> Room:
    """The room, its secret handed out first: keys whose secret nobody holds are never made."""
    folder = SignerFolder(data / "signer")
    given = prepared(plan, folder, sources)
    room = open_room(data, plan, given.secret, minutes)
    for held in folder.held() if folder.contents.exists() else ():
        room.store.open(f"{held.code}-g{held.generation}")  # the secret is that of the keys already here
    deliver(given, plan, sources, minutes)
    return room


def _close(room: Room, *, is_whole: bool = True) -> None:
    """The minutes, signed, and what an instance needs beside its authorities."""
    journal, key_file = room.data / "journal-head.key", room.data / _KEY
    if room.folder.contents.exists() and not journal.exists():
        create_head_key(journal)
        room.transcript.step("clé du journal faite")
    key = open_head_key(key_file) if key_file.exists() else create_head_key(key_file)
    place = room.data / "ceremonies"
    place.mkdir(mode=0o755, exist_ok=True)
    path = place / f"{_now():%Y-%m-%dT%H%M%S.%fZ}{'' if is_whole else '-interrompu'}.md"
    text = room.transcript.close(room.plan, key.public_key().public_bytes_raw())
    for file in write_transcript(path, text, key):
        typer.echo(f"Écrit : {file}", err=not is_whole)


def _minutes(act: str, plan: Plan, raw: bytes, *, is_rehearsal: bool = False) -> Transcript:
    minutes = Transcript(_now, lambda line: typer.echo(line, err=True))
    minutes.begin(act, plan, raw, is_rehearsal=is_rehearsal)
    return minutes


def _now() -> datetime:
    return datetime.now(UTC)


_KEY = "ceremony.key"
