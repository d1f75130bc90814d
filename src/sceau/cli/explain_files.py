"""Reading the file that a question names: plain, of a bearable size, and nothing that hangs a batch."""

from __future__ import annotations

import os
import stat
from typing import Final

from sceau.vocabulary import Finding, Reading, displayed, read_ok, read_refused

LARGEST_FILE: Final = 1 << 20  # far above any request or key; certification has its own, lower bounds


def read_question_file(path: object) -> Reading[bytes]:
    """The bytes of the file at `path`. Refused: no such file, a folder, a pipe, a device, too large."""
    if not isinstance(path, str) or not path:
        return read_refused(Finding.error("explain.no-file", "file"))
    about = displayed(path)
    try:
        # Without O_NONBLOCK, opening a named pipe waits for somebody to write to it.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "nom de fichier impossible"
        return read_refused(Finding.error("explain.file-not-opened", about, reason=reason))
    try:
        return _read_plain(handle, about)
    except OSError as problem:
        return read_refused(Finding.error("explain.file-not-opened", about, reason=problem.strerror))
    finally:
        os.close(handle)


def _read_plain(handle: int, about: str) -> Reading[bytes]:
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        return read_refused(Finding.error("explain.not-a-plain-file", about))
    content = b""
    while len(content) <= LARGEST_FILE:
        piece = os.read(handle, LARGEST_FILE)
        if not piece:
            return read_ok(content)
        content += piece
    return read_refused(Finding.error("explain.file-too-large", about, most=LARGEST_FILE))
