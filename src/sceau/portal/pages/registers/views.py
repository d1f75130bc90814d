"""Registers as the desk sees them: imports, what one changed and rejected, and a look-up in those that
stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext as _

from sceau.portal.hats import Hat
from sceau.portal.language import page_catalogue
from sceau.portal.rendering import page
from sceau.portal.visitor import PortalRequest
from sceau.records import (
    RegisterLine,
    find_in_registers,
    list_imports,
    register_changes,
    register_import,
    rejected_lines,
    standing_registers,
)
from sceau.registration import said_day, spreadsheet_row

_PAGE = 25
_CHANGES = 100


def registers(request: PortalRequest) -> HttpResponse:
    """What stands, a look-up, and every import."""
    text = request.GET.get("texte", "")[:80].strip()
    found = list_imports(before=request.GET.get("avant", "")[:20], limit=_PAGE + 1)
    standing = standing_registers()
    missing = [one.label for one in page_catalogue().registers.values() if one.about not in standing]
    entries = find_in_registers(text) if text else ()
    context: dict[str, Any] = {
        "title": _("Registres"),
        "standing": sorted(standing.values(), key=lambda line: line.label),
        "missing": sorted(missing),
        "imports": found[:_PAGE],
        "before": found[_PAGE - 1].reference if len(found) > _PAGE else "",
        "text": text,
        "entries": [{"entry": one, "since": said_day(one.since) if one.since else ""} for one in entries],
    }
    return page(request, "registers/list.html", context)


def one_import(request: PortalRequest, reference: str) -> HttpResponse:
    """One import: its counts, its first changes, its rejected lines to download."""
    line = _required(reference)
    changes = register_changes(reference, limit=_CHANGES)
    context = {
        "title": _("Import {reference}").format(reference=reference),
        "line": line,
        "changes": changes,
        "most": _CHANGES,
        "may_download": bool({Hat.DESK, Hat.AUDITOR} & request.visitor.hats),
    }
    return page(request, "registers/import.html", context)


def rejects(request: PortalRequest, reference: str) -> HttpResponseBase:
    """The rejected lines of an import, as CSV that no spreadsheet runs."""
    del request  # who may, the table of pages says
    _required(reference)
    response = StreamingHttpResponse(_rows(reference), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{reference}-rejets.csv"'
    return response


def _rows(reference: str) -> Iterator[str]:
    text = page_catalogue().text
    yield "\ufeff" + spreadsheet_row(["ligne", "motif", "texte"])
    for line in rejected_lines(reference):
        yield spreadsheet_row([str(line.line), text(f"register-reject.{line.reason}"), line.text])


def _required(reference: str) -> RegisterLine:
    line = register_import(reference)
    if line is None:
        raise Http404
    return line
