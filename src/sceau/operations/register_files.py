"""A register's file on the disk: which bytes it is, in which encoding, and its lines from any point on.

Reads and counts octets; what a line says is `registration`'s. Never more than a line is in memory, however
long the file makes it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO

from sceau.catalogue import RegisterLayout
from sceau.registration import LONGEST_LINE
from sceau.vocabulary import Finding, Refused

_SAMPLE = 4 << 20
_CHUNK = 1 << 20
_UTF_8_MARK = b"\xef\xbb\xbf"
_OTHER_MARKS = (b"\xff\xfe", b"\xfe\xff")  # UTF-16, which no register is published in
_DAY_IN_NAME = re.compile(r"(?<![0-9])(20[0-9]{2})-?([01][0-9])-?([0-3][0-9])(?![0-9]{6,})")


@dataclass(frozen=True, slots=True)
class Survey:
    """What a file is: its digest, its size in octets, when it was last written (nanoseconds), its encoding,
    its first line, and the octet after it.
    """

    path: Path
    size: int
    written: int
    sha256: str
    encoding: str
    first: str
    body: int

    def is_still(self) -> bool:
        """Whether the file has not been written since."""
        status = self.path.stat()
        return (status.st_size, status.st_mtime_ns) == (self.size, self.written)


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One line of a file and the octet after it. `data` is cut when it `is_too_long` to be one."""

    end: int
    data: bytes
    is_too_long: bool = False


def survey(path: Path, layout: RegisterLayout) -> Survey:
    """Look at a whole file once. `Refused`: it cannot be read, is empty, or is in no encoding of its
    register.
    """
    try:
        status = path.stat()
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            sample = file.read(_SAMPLE)
            file.seek(0)
            first = file.readline(LONGEST_LINE)
    except OSError as error:
        raise Refused([Finding.error("register.no-file", path.name)]) from error
    if not first:
        raise Refused([Finding.error("register.empty", path.name)])
    encoding = _encoding_of(sample, layout, path.name)
    return Survey(
        path=path,
        size=status.st_size,
        written=status.st_mtime_ns,
        sha256=digest,
        encoding=encoding,
        first=first.removeprefix(_UTF_8_MARK).decode(encoding, errors="replace"),
        body=len(first),
    )


def source_lines(path: Path, *, at: int) -> Iterator[SourceLine]:
    """The lines of a file from octet `at` on, which begins a line."""
    with path.open("rb") as file:
        file.seek(at)
        while data := file.readline(LONGEST_LINE + 1):
            at += len(data)
            is_too_long = len(data) > LONGEST_LINE
            if is_too_long and not data.endswith(b"\n"):
                at += _skip_line(file)
            yield SourceLine(at, data, is_too_long)


def day_in_name(name: str) -> date | None:
    """The date that a published file carries in its name, if it does."""
    found = _DAY_IN_NAME.search(name)
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def _skip_line(file: BinaryIO) -> int:
    """Go on to the end of the line; how many octets that was."""
    passed = 0
    while data := file.readline(_CHUNK):
        passed += len(data)
        if data.endswith(b"\n"):
            break
    return passed


def _encoding_of(sample: bytes, layout: RegisterLayout, name: str) -> str:
    """The encoding of the register in which most lines that are not plain ASCII can be read; a few bad lines
    do not make another encoding of it.
    """
    unknown = Finding.error("register.encoding", name, known=", ".join(layout.encodings))
    if sample.startswith(_OTHER_MARKS) or sample[:4096].count(b"\0") > len(sample[:4096]) // 4:
        raise Refused([unknown])
    if sample.startswith(_UTF_8_MARK):
        if "utf-8" in layout.encodings:
            return "utf-8"
        raise Refused([unknown])
    lines = [line for line in sample.splitlines()[:-1] if not line.isascii()]
    for encoding in layout.encodings:
        good = sum(_is_in(line, encoding) for line in lines)
        if good * 2 >= len(lines):
            return encoding
    raise Refused([unknown])


def _is_in(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
