"""The mailbox folder into which a mail server puts what comes back (`SCEAU_BOUNCES`, a Maildir): read once a
minute, each notice put aside once it is dealt with.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from sceau.operations import note_bounce, read_notification

log = logging.getLogger("sceau.bounces")
_ROUND = 200


def folder_of(environ: Mapping[str, str]) -> Path | None:
    """The Maildir of this instance, None when there is none."""
    folder = environ.get("SCEAU_BOUNCES", "")
    return Path(folder).absolute() if folder else None


def take_bounces(folder: Path) -> int:
    """Deal with what came; how many mails were found to have come back. A notice is moved from ``new`` to
    ``cur`` after it is dealt with: a stop in between has it read twice, which changes nothing.
    """
    taken = 0
    (folder / "cur").mkdir(parents=True, exist_ok=True)
    for path in sorted((folder / "new").glob("*"))[:_ROUND]:
        if path.is_symlink() or not path.is_file():
            continue
        with path.open("rb") as file:
            reading = read_notification(file.read(512 * 1024))
        if reading.value is None:
            log.warning("%s is no delivery status notification", path.name)
        for bounce in reading.value or ():
            taken += note_bounce(bounce, told_by="maildir")
        path.rename(folder / "cur" / f"{path.name.partition(':')[0]}:2,S")
    return taken
