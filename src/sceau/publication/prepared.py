"""Prepared answers: a file for each CertID that may be asked by GET, for any static server or CDN to give.

The path of a file is the path of the question: `ocsp/<the request in base64>`, where a slash of the base64 is
one of the path. So a server needs no rule to find it, and asks the embedded one for whatever is not there
[RFC 5019 §5, deploy/nginx]. One question in two hundred ends with a slash, names no file and has none.
Files are put there whole, each by one renaming.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
from datetime import datetime
from pathlib import Path

from sceau.status import AnswerWindow, read_own_answer, write_ocsp_question

_MARK = ".mark"
_UNNAMED = "unnamed"
_LARGEST_ANSWER = 16 * 1024


class PreparedShelf:
    """The prepared answers under `folder`. One process writes, any may read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path_of(self, asked: bytes) -> Path | None:
        """Where the answer about the CertID `asked` (DER) lies for another server; None when its question
        names no file (one in two hundred ends with a slash): the server behind gives that one.
        """
        text = base64.b64encode(write_ocsp_question(asked)).decode("ascii")
        return None if text.endswith("/") else self._folder / "ocsp" / text

    def _place_of(self, asked: bytes) -> Path:
        """Where it lies, named by its question or not."""
        digest = hashlib.sha256(asked).hexdigest()
        return self.path_of(asked) or self._folder / _UNNAMED / digest

    def find(self, asked: bytes) -> tuple[bytes, AnswerWindow] | None:
        """The answer prepared for `asked` and its window, if there is one and it is about that."""
        path = self._place_of(asked)
        try:
            with path.open("rb") as file:
                answer = file.read(_LARGEST_ANSWER)
        except OSError:
            return None
        read = read_own_answer(answer)
        return (answer, read[1]) if read is not None and read[0] == asked else None

    def put(self, asked: bytes, answer: bytes, *, made: datetime) -> None:
        """Put an answer in the place of the one before, if any. The file bears the time the answer was made,
        which a server says as Last-Modified.

        It is not waited for until it is on the disk: after a power failure all are made anew.
        """
        path = self._place_of(asked)
        beside = path.with_name(path.name + ".new")
        try:
            descriptor = os.open(beside, _FRESH, 0o644)
        except FileNotFoundError:
            path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            descriptor = os.open(beside, _FRESH, 0o644)
        try:
            os.write(descriptor, answer)
            os.utime(descriptor, (made.timestamp(), made.timestamp()))
        finally:
            os.close(descriptor)
        beside.replace(path)

    @property
    def mark(self) -> int:
        """The mark of the records up to which revocations are here, as last noted; -1 when nothing is."""
        try:
            return int((self._folder / _MARK).read_text("ascii"))
        except (OSError, ValueError):
            return -1

    @mark.setter
    def mark(self, mark: int) -> None:
        self._folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        fresh = self._folder / f"{_MARK}.new"
        fresh.write_text(f"{mark}\n", "ascii")
        fresh.replace(self._folder / _MARK)

    def drop(self, asked: bytes) -> None:
        """Take the answer away, and the folder if it was made for it alone."""
        path = self._place_of(asked)
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            path.unlink()
        for folder in path.parents:
            if folder == self._folder or self._folder not in folder.parents:
                return
            try:
                folder.rmdir()
            except OSError:
                return


_FRESH = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
