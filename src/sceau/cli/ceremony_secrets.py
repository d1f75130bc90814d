"""The secret of a ceremony: drawn and handed out in parts, or given by who holds it.

Parts go to files, one each, closed to others. On a screen they come one at a time, each after its custodian
says to be alone before it, and are wiped after; in a rehearsal, whose secret opens nothing, all together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from sceau.custody import (
    Plan,
    Share,
    SignerFolder,
    Transcript,
    draw_secret,
    join,
    passphrase_from_descriptor,
    passphrase_from_file,
    passphrase_from_prompt,
    passphrase_of,
    read_share,
    split,
    write_share,
)
from sceau.vocabulary import Finding, Refused


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the operator said that secrets come from and go to. `is_known`: none is set, one exists."""

    folder: Path | None
    screen: bool
    shares: tuple[Path, ...]
    descriptor: int | None
    file: Path | None
    is_known: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """The secret that opens the keys, and the parts to hand out when it is new."""

    secret: bytes
    shares: tuple[Share, ...]


def prepared(plan: Plan, folder: SignerFolder, sources: Sources) -> Prepared:
    """The secret: of the keys that are here, of the token, or a new one.

    Raises `Refused`, `Fault` as `custody` does.
    """
    is_known = sources.is_known or folder.contents.exists() or plan.place is not None
    if plan.threshold and not is_known:
        if sources.folder is None:
            raise Refused([Finding.error("ceremony.no-output", "shares")])
        secret = draw_secret()
        parts = split(secret, threshold=plan.threshold, of=len(plan.custodians))
        join(parts[-plan.threshold :])  # what can't be put together again is never handed out
        return Prepared(passphrase_of(secret), parts)
    return Prepared(_given(sources, is_new=not is_known), ())


def deliver(given: Prepared, plan: Plan, sources: Sources, minutes: Transcript) -> None:
    """Hand the parts out, if there are any, and note it."""
    if sources.folder is None or not given.shares:
        return
    for share, name in zip(given.shares, plan.custodians, strict=True):
        path = sources.folder / f"part-{share.number}.txt"
        text = share_text(share, name, plan.title)
        write_share(path, text)
        digest = hashlib.sha256(text.encode()).hexdigest()
        minutes.step(
            f"part {share.number}/{share.of} du secret {share.about} pour {name}, SHA-256 `{digest}`"
        )
    if sources.screen:
        for share, name in zip(given.shares, plan.custodians, strict=True):
            _show_alone(share, name)


def show_rehearsal(shares: Sequence[Share], names: Sequence[str]) -> None:
    """All parts of a secret that opens nothing."""
    for share, name in zip(shares, names, strict=True):
        typer.echo(f"[répétition] {name} : {share.line}", err=True)


def share_text(share: Share, name: str, title: str) -> str:
    """What a custodian gets on paper or on a key."""
    return (
        f"{title}\n"
        f"Part {share.number} sur {share.of} du secret des clés, pour {name}\n\n"
        f"{share.line}\n\n"
        f"Il faut {share.threshold} parts pour ouvrir les clés ; une seule n'apprend rien à personne.\n"
        "À garder sous enveloppe scellée, hors ligne, loin des autres parts.\n"
        f"Sans ce logiciel : ssss-combine -t {share.threshold} -x -D, avec l'avant-dernier mot de la ligne.\n"
    )


def _show_alone(share: Share, name: str) -> None:
    typer.confirm(f"{name} est seul(e) devant l'écran ?", abort=True)
    typer.echo(share.line)
    typer.confirm("Recopié et relu ? L'écran sera effacé.", abort=True)
    typer.echo("\x1b[2J\x1b[3J\x1b[H", nl=False)  # what the terminal could scroll back to, too


def _given(sources: Sources, *, is_new: bool) -> bytes:
    if sources.shares:
        return passphrase_of(join([read_share(path.read_text(encoding="utf-8")) for path in sources.shares]))
    if sources.descriptor is not None:
        return passphrase_from_descriptor(sources.descriptor)
    if sources.file is not None:
        return passphrase_from_file(sources.file)
    return passphrase_from_prompt(twice=is_new)
