"""The fleet: every certificate of the visitor and of the structures they speak for; filters, ends, a
table to take away. Looks at a bounded number at a time, and counts nothing in full.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, StreamingHttpResponse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from sceau.operations import machine
from sceau.portal.language import page_catalogue
from sceau.portal.pages.certificates.ends import picture_of
from sceau.portal.pages.certificates.renewing import is_to_renew
from sceau.portal.pictures import Lifetime, timeline_picture
from sceau.portal.rendering import page
from sceau.portal.visitor import PortalRequest
from sceau.records import (
    CertificateLine,
    FleetWish,
    certificate_for,
    fleet_ends,
    fleet_page,
    habilitations_of,
)

_PAGE = 25
_STANDINGS = ("to-collect", "in-service", "expired", "revoked")
_WITHIN = (30, 60, 90, 180, 365)
_YEAR = 365
_ASKED = ("texte", "produit", "etat", "dans", "admin", "structure")
_MOST_EXPORTED = 50_000
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_COLUMNS = (
    *(gettext_noop("référence"), gettext_noop("produit"), gettext_noop("noms"), gettext_noop("structure")),
    *(gettext_noop("demandé par"), gettext_noop("début"), gettext_noop("fin")),
    *(gettext_noop("état"), gettext_noop("série")),
)


def certificates(request: PortalRequest) -> HttpResponse:
    """The visitor's certificates that fit what was asked, newest first; by their end when that was asked."""
    now, wish = machine().clock(), wish_of(request)
    after = request.GET.get("apres", "")[:20]
    found = fleet_page(request.visitor.person_id, wish, at=now, after=after, limit=_PAGE)
    context = {
        "title": _("Mes certificats"),
        "rows": [
            (line, found.successors.get(line.reference, ""), is_to_renew(line, at=now))
            for line in found.lines
        ],
        "more": f"?{_query(request, apres=found.after)}" if found.more and found.after else "",
        "export": _query(request),
        "wish": wish,
        "standings": _STANDINGS,
        "within": _WITHIN,
        **_choices(request, now),
    }
    return page(request, "certificates/list.html", context)


def ends(request: PortalRequest) -> HttpResponse:
    """What ends when, over a year: a picture, the same in words, and the first ones to come."""
    now, visitor = machine().clock(), request.visitor.person_id
    found = fleet_ends(visitor, at=now, within_days=_YEAR)
    coming = fleet_page(visitor, FleetWish(within_days=_YEAR), at=now, limit=_PAGE)
    rows = [(line, _successor(request, coming.successors.get(line.reference, ""))) for line in coming.lines]
    context = {
        "title": _("Échéances"),
        "picture": picture_of(found.instants, now),
        "more": found.more,
        "rows": rows,
        "timeline": timeline_picture([_lifetime(line, then) for line, then in rows], now=now),
    }
    return page(request, "certificates/ends.html", context)


def _successor(request: PortalRequest, reference: str) -> CertificateLine | None:
    """What has taken the place of a certificate, if anything has."""
    viewer, now = request.visitor.person_id, machine().clock()
    file = certificate_for(reference, viewer=viewer, at=now) if reference else None
    return file.line if file else None


def _lifetime(line: CertificateLine, then: CertificateLine | None) -> Lifetime:
    name = line.names[0] if line.names else line.subject
    return Lifetime(name, line.not_after, then.not_after if then else None)


def export(request: PortalRequest) -> StreamingHttpResponse:
    """What fits, as a table for a spreadsheet; no cell is ever read as a formula."""
    lines = _every_line(request.visitor.person_id, wish_of(request), machine().clock())
    response = StreamingHttpResponse(_table(lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="certificats.csv"'
    return response


def wish_of(request: PortalRequest) -> FleetWish:
    """What the address asks for; what cannot be read is not asked."""
    asked = request.GET
    days, standing = asked.get("dans", ""), asked.get("etat", "")
    return FleetWish(
        text=asked.get("texte", "")[:100].strip(),
        product=asked.get("produit", "") if asked.get("produit", "") in page_catalogue().products else "",
        standing=standing if standing in _STANDINGS else "",
        within_days=int(days) if days in {str(one) for one in _WITHIN} else None,
        administrator=asked.get("admin", "")[:64],
        structure=asked.get("structure", "")[:20],
    )


def plain_cell(text: str) -> str:
    """The text as a spreadsheet shows it, never as it would compute it."""
    return f"'{text}" if text.startswith(_STARTS_A_FORMULA) else text


def _choices(request: PortalRequest, now: datetime) -> dict[str, Any]:
    """What may be chosen in the filter: products, structures and administrators of the visitor's rights."""
    rights = habilitations_of(request.visitor.person_id, at=now)
    structures = {one.structure.national_id: one.structure.name for one in rights}
    people = {one.person_id: one.person for one in rights}
    return {
        "products": sorted({one.product for one in rights}),
        "structures": sorted(structures.items(), key=lambda one: one[1]) if len(structures) > 1 else [],
        "administrators": sorted(people.items(), key=lambda one: one[1]) if len(people) > 1 else [],
    }


def _query(request: PortalRequest, **changes: str) -> str:
    kept = {
        key: request.GET.get(key, "") for key in ("texte", "produit", "etat", "dans", "admin", "structure")
    }
    return urlencode({key: value[:100] for key, value in {**kept, **changes}.items() if value})


def _every_line(visitor: str, wish: FleetWish, now: datetime) -> Iterator[CertificateLine]:
    after, given = "", 0
    while given < _MOST_EXPORTED:
        found = fleet_page(visitor, wish, at=now, after=after, limit=500)
        yield from found.lines
        given += len(found.lines)
        if not found.more or not found.after:
            return
        after = found.after


def _table(lines: Iterator[CertificateLine]) -> Iterator[str]:
    yield "\N{ZERO WIDTH NO-BREAK SPACE}" + _row(tuple(_(one) for one in _COLUMNS))
    texts = page_catalogue().texts
    for line in lines:
        days = (f"{localtime(one):%d/%m/%Y}" for one in (line.not_before, line.not_after))
        standing = texts.get(f"standing.{line.standing}", line.standing)
        names, where = " ".join(line.names), line.structure_name
        yield _row((line.reference, line.product, names, where, line.asked_by, *days, standing, line.serial))


def _row(cells: tuple[str, ...]) -> str:
    written = StringIO()
    csv.writer(written, delimiter=";", lineterminator="\r\n").writerow([plain_cell(one) for one in cells])
    return written.getvalue()
