"""Files of the public shelf: put there at once and whole, compared by their digest."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def replace_on_shelf(path: Path, content: bytes) -> None:
    """Put a file on the shelf at once and whole; it is on the disk before its name changes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def digest_on_shelf(path: Path) -> str:
    """SHA-256 of the file in hexadecimal, empty when there is none."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, IsADirectoryError):
        return ""
