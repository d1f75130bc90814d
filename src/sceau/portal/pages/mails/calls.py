"""Doors without a card: a relay that says what came back, and a calendar under its secret address."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from sceau.operations import machine, make_feed, note_bounce, read_call, read_feed, revoke_feed
from sceau.portal.rendering import page
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import has_feed


@csrf_exempt  # no session opens this: a signature under the secret shared with the relay does
def bounce(request: HttpRequest) -> HttpResponse:
    """A relay says that a mail came back: 204 when it was read, 403 when its signature does not hold."""
    room = machine().mail
    reading = read_call(
        request.body,
        stamp=request.headers.get("Sceau-Date", ""),
        signature=request.headers.get("Sceau-Signature", ""),
        secret=b"" if room is None else room.relay_secret,
        now=machine().clock().timestamp(),
    )
    if reading.value is None:
        return HttpResponse(status=403)
    note_bounce(reading.value, told_by="webhook")
    return HttpResponse(status=204)


def feed(request: HttpRequest, secret: str) -> HttpResponse:  # noqa: ARG001  # a view's signature
    """The calendar behind a secret; 404 for any other address."""
    calendar = read_feed(secret[:64])
    if calendar is None:
        raise Http404
    return HttpResponse(calendar, content_type="text/calendar; charset=utf-8")


def calendar(request: PortalRequest, structure: str) -> HttpResponse:
    """A structure's calendar: make its address (told once), or revoke it. Who may, the verb decides."""
    address = ""
    if request.method == "POST":
        if request.POST.get("action") == "revoquer":
            revoke_feed(actor_of(request), structure=structure)
        else:
            secret = make_feed(actor_of(request), structure=structure)
            room = machine().mail
            portal = request.build_absolute_uri("/").rstrip("/") if room is None else room.portal
            address = f"{portal}/calendrier/{secret}.ics"
    context = {
        "title": _("Calendrier des échéances"),
        "structure": structure,
        "address": address,
        "has_feed": has_feed(structure) if request.method == "POST" else False,
        "asked": request.method != "POST",
    }
    return page(request, "mails/calendar.html", context)
