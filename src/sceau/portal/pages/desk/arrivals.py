"""Forms 413 that the desk received, put in together: a line for each, and what to do with those rejected.

The officer carries them and signs nothing: what each says, and who signed it, is read from the file alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.utils.translation import gettext as _

from sceau.operations import FormLine, bring_forms
from sceau.portal.language import page_catalogue
from sceau.portal.limits import too_often
from sceau.portal.rendering import page
from sceau.portal.saying import say, summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.vocabulary import Fault, Finding, Refused

MOST_FILES = 20
_PER_MINUTE = 6


@dataclass(frozen=True, slots=True)
class Arrival:
    """One form put in: its line (None: it could not be read now), and what is to be known of it (what, and
    what to do).
    """

    name: str
    line: FormLine | None
    said: tuple[tuple[str, str], ...]


def arrivals(request: PortalRequest) -> HttpResponse:
    """Put forms in, PDF or mails. The same file again is known by its bytes: nothing is made twice."""
    if request.method != "POST":
        return _page(request)
    sent = request.FILES.getlist("forms")
    findings = []
    if too_often(request, "forms", per_minute=_PER_MINUTE):
        findings.append(Finding.error("portal.too-often", "forms"))
    if not sent:
        findings.append(Finding.error("portal.no-forms", "forms"))
    if len(sent) > MOST_FILES:
        findings.append(Finding.error("portal.too-many-forms", "forms", found=len(sent), limit=MOST_FILES))
    if findings:
        return _page(request, findings=tuple(findings))
    try:
        found = [one for file in sent for one in _taken(request, str(file.name)[:200], bytes(file.read()))]
    except Refused as refused:  # the officer may not, so none was taken
        return _page(request, findings=refused.findings)
    return _page(request, found=tuple(found))


def _taken(request: PortalRequest, name: str, data: bytes) -> tuple[Arrival, ...]:
    """The forms of one file. One that cannot be read now stops none of the others."""
    try:
        lines = bring_forms(actor_of(request), data, name=name)
    except Fault as fault:
        sentence = page_catalogue().say_fault(fault)
        return (Arrival(name, None, ((sentence.text, sentence.remedy),)),)
    return tuple(Arrival(line.name, line, _said(line)) for line in lines)


def _said(line: FormLine) -> tuple[tuple[str, str], ...]:
    return tuple((said.text, said.remedy) for said in say(line.findings))


def _page(
    request: PortalRequest, findings: tuple[Finding, ...] = (), found: tuple[Arrival, ...] = ()
) -> HttpResponse:
    context = {
        "title": _("Déposer des formulaires reçus"),
        "found": found,
        "most": MOST_FILES,
        **summary(findings, heading=_("Aucun formulaire n’a été lu"), fields=["forms"]),
    }
    return page(request, "desk/arrivals.html", context, status=422 if findings else 200)
