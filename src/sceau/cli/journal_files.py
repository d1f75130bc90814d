"""The folder of an exported journal, as `docs/journal.md` describes it: written once, read by anybody.

Nothing is decided here: what the files prove is said by `sceau.journal`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from sceau.journal import Export, HeadVerifier, read_verifier, split_notes
from sceau.vocabulary import Finding, Refused

ENTRIES, LEAVES, HEADS, KEY, DISCLOSURES = (
    "entries.jsonl",
    "leaves.txt",
    "heads.txt",
    "key.pub",
    "disclosures.jsonl",
)
_LONGEST_LINE = 16 * 1024 * 1024


class UnreadableError(Exception):
    """A file of the export is missing or cannot be opened: a misuse, said with its name."""


def open_export(
    folder: Path, files: ExitStack, *, key: Path | None = None, witnessed: Iterable[Path] = ()
) -> Export:
    """The export in `folder` as streams that `files` will close. `key` replaces the folder's own key.

    Raises `UnreadableError`, or `Refused` when the key is none.
    """
    lines = files.enter_context(_opened(folder / ENTRIES))
    leaves = _optional(folder / LEAVES, files)
    disclosures = _optional(folder / DISCLOSURES, files)
    return Export(
        entries=_lines(lines),
        heads=split_notes(text_of(folder / HEADS)),
        verifiers=verifiers_of(key or folder / KEY),
        leaves=None if leaves is None else map(_digest, _lines(leaves)),
        disclosures=() if disclosures is None else _lines(disclosures),
        witnessed=[note for path in witnessed for note in split_notes(text_of(path))],
    )


def verifiers_of(path: Path) -> list[HeadVerifier]:
    """The public keys in a file, one a line. Raises `Refused` when there is none or one is unreadable."""
    texts = [line for line in text_of(path).splitlines() if line.strip()]
    if not texts:
        raise Refused([Finding.error("journal.key-unreadable", str(path))])
    return [read_verifier(text).require() for text in texts]


def text_of(path: Path) -> str:
    """A small text file. Raises `UnreadableError`."""
    with _opened(path) as file:
        return file.read().decode("utf-8", "replace")


def write_lines(path: Path, lines: Iterable[bytes], *, private: bool = False) -> int:
    """Write a new file, one line each; gives their number. A private file is readable by its owner only."""
    count = 0
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o644)
    with os.fdopen(handle, "wb") as file:
        for line in lines:
            file.write(line + b"\n")
            count += 1
        file.flush()
        os.fsync(file.fileno())
    return count


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as problem:
        raise UnreadableError(f"{path} : {problem.strerror}") from problem


def _optional(path: Path, files: ExitStack) -> BinaryIO | None:
    return files.enter_context(_opened(path)) if path.exists() else None


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Lines without their end; an endless one is cut, and will be no entry."""
    while line := file.readline(_LONGEST_LINE):
        yield line.removesuffix(b"\n")


def _digest(line: bytes) -> bytes:
    """A leaf hash in hex; what is no digest equals no leaf hash."""
    try:
        return bytes.fromhex(line.decode("ascii"))
    except ValueError:
        return line
