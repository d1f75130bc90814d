"""The public shelf: certificates of the authorities, their chain, their lists. Files that anybody may have.

It gives what lies there under the very path that certificates name, and nothing else: a path is looked
up, never followed. Who puts files there is the ceremony and `operations`, each at once and complete.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

_PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}/[A-Za-z0-9][A-Za-z0-9 ._-]{0,127}")
_TYPES = {
    ".cer": "application/pkix-cert",
    ".crl": "application/pkix-crl",
    ".p7b": "application/x-pkcs7-certificates",
    ".pem": "application/x-pem-file",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One file of the shelf. `path` is as in its address (``CRL/ACI-EL-ORG.crl``), `etag` a strong one."""

    path: str
    content: bytes
    content_type: str
    modified: datetime
    etag: str


class Shelf(Protocol):
    """Where public files are taken from. Both calls may be made from many threads."""

    def find(self, path: str) -> Item | None:
        """The file at `path`, whole and of one moment; None when there is none."""
        ...

    def paths(self) -> Sequence[str]:
        """Every path, in order."""
        ...


class FolderShelf:
    """A folder as a shelf: one level of folders, files of the four public kinds, no links. Files stay
    in memory until they change.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: dict[str, tuple[tuple[int, int, int], Item]] = {}

    def find(self, path: str) -> Item | None:
        """The file at `path` as it is now."""
        content_type = _TYPES.get(Path(path).suffix)
        if content_type is None or not _PATH.fullmatch(path) or ".." in path:
            return None
        try:
            # Not blocking: a pipe that somebody left there must not hold a thread.
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            descriptor = os.open(self._folder / path, flags)
        except OSError:
            return None
        try:
            return self._item(path, descriptor, content_type)
        finally:
            os.close(descriptor)

    def _item(self, path: str, descriptor: int, content_type: str) -> Item | None:
        seen = os.fstat(descriptor)
        if not stat.S_ISREG(seen.st_mode):
            return None
        version = (seen.st_ino, seen.st_mtime_ns, seen.st_size)
        kept = self._kept.get(path)
        if kept is not None and kept[0] == version:
            return kept[1]
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            item = _item(path, file.read(), content_type, seen.st_mtime)
        self._kept[path] = (version, item)
        return item

    def paths(self) -> Sequence[str]:
        """Every path, in order."""
        found = (
            f"{file.parent.name}/{file.name}"
            for file in self._folder.glob("*/*")
            if file.suffix in _TYPES and not file.is_symlink()
        )
        return sorted(path for path in found if _PATH.fullmatch(path))


def _item(path: str, content: bytes, content_type: str, modified: float) -> Item:
    when = datetime.fromtimestamp(int(modified), UTC)
    return Item(path, content, content_type, when, f'"{hashlib.sha256(content).hexdigest()[:32]}"')
