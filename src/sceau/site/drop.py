"""The folder where forms come in by mail: a maildir, or files put there (``.eml``, ``.pdf``).

Each file is taken in once and moved: to `done`, or to `refused` with its reasons beside it (``.txt``), for
the desk to look at. A file that could not be read now stays, and is taken up at the next turn: the same bytes
make no second order. Whoever may write into the folder may only put forms before the desk: nothing is
approved by it.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from sceau.documents import MOST_MAIL_BYTES
from sceau.operations import MAIL_ROOM, FormLine, machine, receive_forms

DONE, REFUSED = "done", "refused"
_MOST_AT_ONCE = 200
_SETTLED_SECONDS = 5.0
_ODD = re.compile(r"[^A-Za-z0-9._-]+")


def drop_of(environ: Mapping[str, str], data: Path) -> Path:
    """The folder that the operator named (``SCEAU_FORM_DROP``), else `drop` among the instance's data."""
    named = environ.get("SCEAU_FORM_DROP", "")
    return Path(named) if named else data / "drop"


def take_drop(folder: Path, *, settled: float = _SETTLED_SECONDS) -> list[FormLine]:
    """Take in what lies in the folder and was not written to for `settled` seconds; a line for each form."""
    if not folder.is_dir():
        return []
    for name in (DONE, REFUSED):
        (folder / name).mkdir(mode=0o700, exist_ok=True)
    lines = []
    for path in list(_waiting(folder, settled))[:_MOST_AT_ONCE]:
        data = _read(path)
        if data is not None:
            lines += _take(folder, path, data)
    return lines


def describe(line: FormLine) -> str:
    """One form in one line, for a log or a terminal, in French."""
    catalogue = machine().catalogue
    word = catalogue.text(f"form-outcome.{line.outcome}")
    order = f" {line.order}" if line.order else ""
    signed = ", signé" if line.signed else ""
    return f"{line.name} : {word}{order}{signed}"


def reasons(line: FormLine) -> list[str]:
    """Every finding of a form, as sentences with what to do."""
    catalogue = machine().catalogue
    said = [(finding, catalogue.say(finding)) for finding in line.findings]
    return [f"{sentence.text} {sentence.remedy} [{finding.code}]" for finding, sentence in said]


def _waiting(folder: Path, settled: float) -> Iterator[Path]:
    """Ordinary files, oldest name first; a maildir's are complete as soon as they are there."""
    limit = time.time() - settled
    for place in (folder, folder / "new", folder / "cur"):
        if not place.is_dir() or place.is_symlink():
            continue
        for path in sorted(place.iterdir()):
            try:
                facts = path.lstat()
            except OSError:
                continue
            whole = place != folder or facts.st_mtime <= limit
            if stat.S_ISREG(facts.st_mode) and not path.name.startswith(".") and whole:
                yield path


def _read(path: Path) -> bytes | None:
    """The file's bytes, one more than are read of a mail at most; None when it is gone or no plain file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as opened:
        return opened.read(MOST_MAIL_BYTES + 1)


def _take(folder: Path, path: Path, data: bytes) -> list[FormLine]:
    name = _ODD.sub("_", path.name)[:80] or "sans-nom"
    lines = list(receive_forms(MAIL_ROOM, data, name=name))
    kept = folder / (REFUSED if any(line.rejected for line in lines) else DONE)
    target = kept / f"{hashlib.sha256(data).hexdigest()[:12]}-{name}"
    report = [text for line in lines for text in (describe(line), *(f"  - {one}" for one in reasons(line)))]
    target.with_name(target.name + ".txt").write_text("\n".join(report) + "\n", "utf-8")
    path.replace(target)
    return lines
