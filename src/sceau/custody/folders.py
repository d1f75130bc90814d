"""Files that hold or lead to keys: made once, closed to others, on the disk before anybody relies on them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from sceau.vocabulary import Fault


def make_private_folder(folder: Path) -> None:
    """Make `folder` (and its parents) for its owner only, or check that it is. Raises `Fault`
    ``folder.open``.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    check_private_folder(folder)


def check_private_folder(folder: Path) -> None:
    """Raise `Fault` (``folder.open``) unless `folder` is ours and closed to everybody else."""
    seen = folder.stat()
    if not stat.S_ISDIR(seen.st_mode) or seen.st_mode & 0o077 or seen.st_uid != os.geteuid():
        raise Fault("folder.open", retryable=False, detail=str(folder))


def write_new_file(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write a file that must not exist yet; on the disk, name included, when this returns.

    Raises `Fault` (``folder.file-exists``) when it is there already: a key is never written over.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    except FileExistsError as error:
        raise Fault("folder.file-exists", retryable=False, detail=str(path)) from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def replace_file(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Put `data` in place of what `path` held, at once for every reader, on the disk when this returns."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    write_new_file(fresh, data, mode=mode)
    fresh.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the folder's names on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
