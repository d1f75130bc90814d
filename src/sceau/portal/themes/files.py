"""The files of the State's design system that our pages use, out of the package's thousands: one style sheet,
its fonts and its icons. Served by us like our own; no page asks anybody else for anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

_USED = ("dsfr.main.min.css", "fonts/Marianne-*.woff2", "icons/*.svg")
_PREFIX = "dsfr"


def dsfr_folder() -> Path | None:
    """Where the package keeps the design system; None when it is not installed. Nothing of it is run."""
    found = find_spec("dsfr")
    places = list(found.submodule_search_locations or ()) if found else []
    return Path(places[0]) / "static" / "dsfr" / "dist" if places else None


class DsfrFinder(BaseFinder):
    """Finds ``dsfr/…`` among the files that are used, and nothing else of the package."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        self.folder = dsfr_folder()
        self.storage: Any = None
        if self.folder is not None:
            self.storage = FileSystemStorage(location=str(self.folder))
            self.storage.prefix = _PREFIX

    def check(self, **_kwargs: Any) -> list[Any]:
        """Nothing of its own: `site.checks` asks whether the package is there."""
        return []

    def find(self, path: str, find_all: bool = False, **_kwargs: Any) -> Any:
        """The file at `path`, or a list with it where Django asks for every one."""
        head, _, tail = path.partition("/")
        found = self._file(tail) if head == _PREFIX else None
        if find_all:
            return [] if found is None else [found]
        return [] if found is None else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[Any]:
        """Every file that is used, with its storage."""
        if self.folder is None:
            return
        for path in sorted(self.folder.rglob("*")):
            name = path.relative_to(self.folder).as_posix()
            ignored = any(fnmatch(name, pattern) for pattern in ignore_patterns or ())
            if path.is_file() and not ignored and self._file(name) is not None:
                yield name, self.storage

    def _file(self, name: str) -> str | None:
        if self.folder is None or ".." in name or not any(fnmatch(name, one) for one in _USED):
            return None
        path = self.folder / name
        return str(path) if path.is_file() else None
