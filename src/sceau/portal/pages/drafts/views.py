"""A draft's pages: where it stands, each step, what it will look like, sending it. What is typed is kept
at each post; a step is never held back for what is still wrong in it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.documents import fill_form
from sceau.operations import (
    Written,
    check_order,
    doubts_about_form,
    machine,
    part_digest,
    save_draft,
    send_draft,
)
from sceau.portal.language import page_catalogue
from sceau.portal.pages.drafts.changing import changes_of
from sceau.portal.pages.drafts.naming import names_context
from sceau.portal.pages.drafts.progress import (
    Progress,
    about,
    address_of,
    after,
    before,
    in_hand,
    lacking,
    progress_of,
    said_with_addresses,
    whole,
    worth_knowing,
)
from sceau.portal.pages.orders.checking import check_products, from_registers, theirs_to_mend
from sceau.portal.pages.orders.editing import edited
from sceau.portal.pages.orders.raw import Raw, raw_from
from sceau.portal.pages.orders.sheet import OrderSheet, offers_to_add
from sceau.portal.refusals import refused
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import DraftFile, draft_for, terms_of_hands
from sceau.registration import STEPS, DraftState, DraftStep, Writer
from sceau.vocabulary import Finding, Refused, errors

_LAST = STEPS[-1]
_GOES_ON = frozenset({"suivant", "plus-tard"})
_ANCHORS = {"ajouter-offre": "offers", "ajouter-administrateur": "administrators"}


def draft(request: PortalRequest, reference: str) -> HttpResponse:
    """Where the draft stands: its steps, what is missing, who has what in hand, until when it is kept."""
    file = theirs(request, reference)
    if file.line.state == DraftState.SENT and file.line.became:
        return HttpResponseRedirect(reverse("order", args=[file.line.became]))
    if file.line.state == DraftState.DROPPED:
        return page(request, "drafts/over.html", {"title": _("Brouillon effacé"), "file": file}, status=410)
    progress = progress_of(file)
    rules = page_catalogue().drafts
    context = {
        "title": _("Commande en préparation"),
        "file": file,
        "owns": file.line.writer == Writer.OWNER,
        "lines": progress.lines,
        "next": next((line for line in progress.lines if line.standing not in {"done", "away"}), None),
        "missing": said_with_addresses(progress, lacking(file, progress)),
        "groups": changes_of(file, whole(file)) if file.line.writer == Writer.OWNER else (),
        "goes_soon": file.line.expires_at - machine().clock() <= rules.told,
        "days": rules.kept.days,
    }
    return page(request, "drafts/draft.html", context)


def step(request: PortalRequest, reference: str, code: str) -> HttpResponse:
    """One step: shown as it was left, kept as it is posted."""
    file = theirs(request, reference)
    chosen = _step(file, code)
    if file.line.state not in {DraftState.WRITING, DraftState.ENTRUSTED}:
        return HttpResponseRedirect(reverse("draft", args=[reference]))
    if chosen is _LAST:
        return _last(request, file)
    if request.method != "POST":
        return _step_page(request, file, chosen, whole(file))
    raw = {**whole(file), chosen.section: raw_from(request.POST)[chosen.section]}
    action = request.POST.get("action", "suivant")
    found: tuple[Finding, ...] = ()
    if action == "registre":
        raw, found = from_registers(request, raw)
    elif action not in _GOES_ON:
        raw = edited(raw, action)
    try:
        kept = save_draft(
            actor_of(request),
            reference=reference,
            written=_written(request, raw, chosen, done=action in _GOES_ON),
        )
    except Refused as refusal:
        return _step_page(request, file, chosen, raw, findings=refusal.findings, status=422)
    return _kept(request, kept, chosen, action, found=found)


def preview(request: PortalRequest, reference: str) -> HttpResponse:
    """Form 413 as it will be signed, each page marked as a preview."""
    file = theirs(request, reference)
    if file.line.writer != Writer.OWNER or not file.raw:
        raise Http404
    try:
        made = fill_form(whole(file), preview=True)
    except Refused as refusal:
        return refused(request, refusal, title=_("L’aperçu ne peut pas être fait"))
    response = HttpResponse(made, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="apercu-F413-{reference}.pdf"'
    return response


def send(request: PortalRequest, reference: str) -> HttpResponse:
    """The declarations are kept, the order is sent; signed, when the card at the door is the signatory's."""
    file = theirs(request, reference)
    raw = {**whole(file), "declarations": raw_from(request.POST)["declarations"]}
    why = request.POST.get("why", "")[:500]
    try:
        if file.line.state == DraftState.WRITING:
            file = save_draft(actor_of(request), reference=reference, written=_written(request, raw, _LAST))
            _require(check_products(whole(file)))
        order = send_draft(actor_of(request), reference=reference, why=why)
    except Refused as refusal:
        now = theirs(request, reference)
        if now.line.became and not file.line.became:  # the other click of a double click was faster
            return HttpResponseRedirect(reverse("order", args=[now.line.became]))
        return _last(request, file, refusal.findings, why=why)
    messages.success(request, _sent_as(file) % {"order": order.line.reference})
    return HttpResponseRedirect(reverse("order", args=[order.line.reference]))


def _sent_as(file: DraftFile) -> str:
    if file.line.corrects:
        return _("Vos corrections de la commande %(order)s sont enregistrées.")
    if file.line.amends:
        return _("La modification est envoyée sous le numéro %(order)s.")
    return _("Votre commande est enregistrée sous le numéro %(order)s.")


def _require(found: tuple[Finding, ...]) -> None:
    if found:
        raise Refused(found)


def theirs(request: PortalRequest, reference: str) -> DraftFile:
    """The draft, if it is the visitor's to see."""
    file = draft_for(reference, viewer=request.visitor.person_id, at=machine().clock())
    if file is None:
        raise Http404
    return file


def _step(file: DraftFile, code: str) -> DraftStep:
    """A step that this viewer sees. A helper sees section 4, and nothing else exists for them."""
    seen = (one for one in STEPS if one.code == code)
    chosen = next(seen, None)
    if chosen is None or (file.line.writer == Writer.HELPER and not chosen.technical):
        raise Http404
    return chosen


def _written(request: PortalRequest, raw: Raw, chosen: DraftStep, *, done: bool = True) -> Written:
    seen = {chosen.section: request.POST.get("vu", "")[:64]}
    return Written(parts={chosen.section: raw[chosen.section]}, seen=seen, step=chosen.code, done=done)


def _kept(
    request: PortalRequest, file: DraftFile, chosen: DraftStep, action: str, *, found: tuple[Finding, ...]
) -> HttpResponse:
    """After a step was kept: on to the next one, unless something is to be read here first."""
    reference = file.line.reference
    if action == "plus-tard":
        messages.success(request, _("Ce que vous avez tapé est gardé. Reprenez quand vous voudrez."))
        return HttpResponseRedirect(reverse("draft", args=[reference]))
    if action == "registre":
        return _step_page(request, file, chosen, whole(file), findings=found, heading=_("Les registres"))
    progress = progress_of(file)
    if action != "suivant":
        name = action.partition(":")[0]
        anchor = (
            f"{_ANCHORS[name]}.{len(progress.raw[_ANCHORS[name]]) - 1}"
            if name in _ANCHORS
            else chosen.section
        )
        return HttpResponseRedirect(f"{address_of(reference, chosen.code)}#{anchor}")
    mine = progress.of(chosen.section)
    if errors(mine):
        return _step_page(request, file, chosen, progress.raw, findings=mine, status=422)
    following = after(progress, chosen.code)
    return HttpResponseRedirect(following.address if following else reverse("draft", args=[reference]))


def _step_page(
    request: PortalRequest,
    file: DraftFile,
    chosen: DraftStep,
    raw: Raw,
    *,
    findings: tuple[Finding, ...] = (),
    heading: str = "",
    status: int = 200,
) -> HttpResponse:
    progress = progress_of(file, current=chosen.code)
    shown = findings
    if not findings and chosen.code in file.visited:
        shown = about(progress.findings, chosen.section)
    sheet = OrderSheet(raw, shown, card=request.visitor.card_number)
    following = after(progress, chosen.code)
    reference, is_helper = file.line.reference, file.line.writer == Writer.HELPER
    context: dict[str, Any] = {
        "title": f"{chosen.number}. {page_catalogue().text(f'step.{chosen.code}')}",
        "file": file,
        "owns": file.line.writer == Writer.OWNER,
        "step": chosen,
        "lines": progress.lines,
        "previous": before(progress, chosen.code),
        "following": following,
        "is_away": any(line.current and line.standing == "away" for line in progress.lines),
        "sheet": sheet,
        "seen": part_digest(file.raw.get(chosen.section)),
        "offers_to_add": offers_to_add(),
        "terms": terms_of_hands(reference, at=machine().clock()) if is_helper else None,
        "stays": status == 422,
        **(
            names_context(request, raw, progress.findings if raw == progress.raw else None)
            if chosen.code == "offres"
            else {}
        ),
        **summary(shown, heading=heading or _("À corriger avant l’envoi"), fields=sheet.paths),
    }
    return page(request, "drafts/step.html", context, status=status)


def _last(
    request: PortalRequest, file: DraftFile, findings: tuple[Finding, ...] = (), *, why: str = ""
) -> HttpResponse:
    """Reading the whole again, declaring, signing."""
    progress = progress_of(file, current=_LAST.code)
    found = _all(request, progress, refused_for=findings)
    declared = tuple(one for one in found if one.subject.startswith("declarations"))
    shown = found if findings or _LAST.code in file.visited else ()
    sheet = OrderSheet(progress.raw, declared if shown else (), card=request.visitor.card_number)
    stopping = [one for one in in_hand(progress, errors(found)) if shown or one not in declared]
    context: dict[str, Any] = {
        "title": page_catalogue().text(f"step.{_LAST.code}"),
        "file": file,
        "step": _LAST,
        "lines": progress.lines,
        "previous": before(progress, _LAST.code),
        "sheet": sheet,
        "raw": progress.raw,
        "seen": part_digest(file.raw.get(_LAST.section)),
        "is_away": file.line.state == DraftState.ENTRUSTED,
        "unread": [line for line in progress.lines if line.standing == "again"],
        "missing": said_with_addresses(progress, stopping, here=_LAST.code),
        "known": said_with_addresses(progress, worth_knowing(found), here=_LAST.code),
        "findings_refuse": bool(findings),
        "why": why,
        "groups": changes_of(file, progress.raw),
    }
    return page(request, "drafts/send.html", context, status=422 if findings else 200)


def _all(
    request: PortalRequest, progress: Progress, *, refused_for: tuple[Finding, ...]
) -> tuple[Finding, ...]:
    """What the form itself lacks, and what the contract says of it; what the sending was refused for."""
    agreed = {**progress.raw, "declarations": {"terms": True, "exact": True}}
    weighed = tuple(
        replace(one) for one in check_order(actor_of(request), raw=agreed) if one not in progress.findings
    )
    odd = doubts_about_form(actor_of(request), progress.raw)
    return theirs_to_mend(tuple(dict.fromkeys((*refused_for, *progress.findings, *weighed, *odd))))
