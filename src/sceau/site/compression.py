"""Pages and our own files leave compressed: a phone in a basement reads the same service.

Pages are gzipped one by one, each with a random length added, so that its size says nothing of what it holds
(BREACH); the token against forgery is masked anew in each answer, and no other site's request comes with a
session. Our own files are compressed once and kept.
"""

from __future__ import annotations

import gzip
import mimetypes
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware

_WRITTEN = frozenset({".js", ".css", ".svg", ".txt"})
_PAGES = ("text/html", "text/plain", "text/csv", "text/calendar", "application/json")
_READ = frozenset({"GET", "HEAD"})


class CompressionMiddleware(GZipMiddleware):
    """Before the middleware that serves files: it takes over those that are worth compressing."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        """One of our own files, compressed, for who can read that; None: somebody else answers."""
        if request.method not in _READ or "gzip" not in request.headers.get("Accept-Encoding", ""):
            return None
        path = _files().get(request.path)
        if path is None:
            return None
        response = HttpResponse(
            _compressed(path, path.stat().st_mtime_ns), content_type=mimetypes.guess_type(path.name)[0]
        )
        response["Content-Encoding"] = "gzip"
        response["Vary"] = "Accept-Encoding"
        response["Cache-Control"] = f"max-age={settings.SERVESTATIC_MAX_AGE}, public"
        return response

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """A page, compressed; what is no text, or is sent piece by piece, as it is."""
        if response.streaming or not response.headers.get("Content-Type", "").startswith(_PAGES):
            return response
        compressed: HttpResponseBase = super().process_response(request, response)
        return compressed


@lru_cache(maxsize=1)
def _files() -> dict[str, Path]:
    """Every file of ours that is text, by its address."""
    return {
        f"{settings.STATIC_URL}{name}": Path(storage.path(name))
        for finder in get_finders()
        for name, storage in finder.list([])
        if Path(name).suffix in _WRITTEN
    }


@lru_cache(maxsize=256)
def _compressed(path: Path, _changed: int) -> bytes:
    return gzip.compress(path.read_bytes(), 9, mtime=0)
