"""The results of renewing many, shown as they come: the page arrives in pieces, a few results at a time.

A page that is still arriving needs no script. What was done stays done whatever becomes of the page: the same
form sent again (the browser's reload) asks under the same keys, and so gets the same answers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from sceau.portal.visitor import PortalRequest

_HERE = "<!-- ici -->"
_TEMPLATES = "portal/certificates"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one file: the new certificate's reference, or why there is none (what, and what to do)."""

    name: str
    old: str
    new: str
    said: tuple[tuple[str, str], ...]


def shown_as_they_come(
    request: PortalRequest, batches: Iterable[Callable[[], tuple[Result, ...]]], *, expected: int
) -> StreamingHttpResponse:
    """The page: its head at once, the results of each of `batches` when it is done, what to do next last."""
    pieces = _pieces(request, batches, expected)
    served: HttpRequest = request
    return StreamingHttpResponse(_later(pieces) if isinstance(served, ASGIRequest) else pieces)


async def _later(pieces: Iterator[str]) -> AsyncIterator[str]:
    """The same, each piece made in the thread where a page's work is done."""
    following = sync_to_async(lambda: next(pieces, None), thread_sensitive=True)
    while (piece := await following()) is not None:
        yield piece


def _pieces(
    request: PortalRequest, batches: Iterable[Callable[[], tuple[Result, ...]]], expected: int
) -> Iterator[str]:
    language = translation.get_language() or "fr"
    context = {"title": _("Renouveler plusieurs certificats"), "expected": expected}
    head, _sep, foot = _rendered(request, "renew_running", context).partition(_HERE)
    yield head
    results: list[Result] = []
    for batch in batches:
        done = batch()
        with translation.override(language):
            rows = {"results": done, "before": len(results), "expected": expected}
            results += done
            yield _rendered(request, "renewed_rows", rows)
    new = [one.new for one in results if one.new]
    with translation.override(language):
        end = {"new": new, "results": results, "references": " ".join(new)}
        yield "</tbody></table>" + _rendered(request, "renewed_end", end) + foot


def _rendered(request: PortalRequest, name: str, context: dict[str, Any]) -> str:
    return render_to_string(f"{_TEMPLATES}/{name}.html", context, request=request)
