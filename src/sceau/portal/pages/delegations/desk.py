"""Third parties at the desk: who they are, who is on their teams and waits for a check, acts on paper."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.operations import (
    PaperAct,
    PieceEntry,
    add_piece,
    attest_designation,
    check_member,
    delegation,
    key_designation,
    machine,
    refuse_member,
    register_third_party,
)
from sceau.portal.fields import Choice, Sheet
from sceau.portal.hats import Hat
from sceau.portal.language import page_catalogue
from sceau.portal.pages.contracts.stopping import plan_of
from sceau.portal.pages.delegations.terms import day_from, terms_fields, terms_from
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.uploads import read_upload
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import (
    DesignationView,
    acts_to_attest,
    list_designations,
    list_third_parties,
    members_to_check,
    team_of,
    third_party_line,
)
from sceau.registration import TermsEntry
from sceau.vocabulary import Finding, Refused

_PAGE = 50


def third_parties(request: PortalRequest) -> HttpResponse:
    """What waits for an officer, and every third party."""
    return _list_page(request)


def register(request: PortalRequest) -> HttpResponse:
    """The holder of a contract is a third party from now on."""
    try:
        line = register_third_party(
            actor_of(request),
            contract=request.POST.get("contract", "")[:40],
            kind=request.POST.get("kind", "")[:16],
        )
    except Refused as refusal:
        return _list_page(request, refusal.findings)
    messages.success(
        request, _("%(name)s est enregistré : les structures peuvent le désigner.") % {"name": line.name}
    )
    return HttpResponseRedirect(reverse("desk-third-party", args=[line.reference]))


def third_party(request: PortalRequest, reference: str) -> HttpResponse:
    """One of them: its team and its clients."""
    at = machine().clock()
    line = third_party_line(reference, at=at)
    if line is None:
        raise Http404
    after = request.GET.get("apres", "")[:20]
    found = list_designations(at=at, third_party=reference, after=after, limit=_PAGE)
    context = {
        "title": line.name,
        "party": line,
        "team": team_of(reference),
        "designations": found,
        "after": found[-1].reference if len(found) == _PAGE else "",
    }
    return page(request, "delegations/desk_party.html", context)


def member(request: PortalRequest, reference: str) -> HttpResponse:
    """An officer's yes to a member, or the desk's no."""
    actor = actor_of(request)
    try:
        if request.POST.get("action") == "refuser":
            line = refuse_member(actor, reference=reference, reason=request.POST.get("reason", "")[:4000])
        else:
            line = check_member(actor, reference=reference)
    except Refused as refusal:
        return _list_page(request, refusal.findings)
    said = {
        "active": _("%(name)s est admis : l’équipe compte une personne de plus, pour tous ses clients."),
        "proposed": _("%(name)s : votre vérification est notée. Un second agent, différent, l’admet."),
        "refused": _("%(name)s n’est pas admis."),
    }
    messages.success(request, said[line.state] % {"name": line.person})
    return HttpResponseRedirect(reverse("desk-third-parties"))


def paper(request: PortalRequest) -> HttpResponse:
    """Key an act on paper, with its scan: the officer who keys it attests it first."""
    if request.method != "POST":
        return _paper_page(request, TermsEntry((), may_fill=True))
    entry = terms_from(request.POST)
    try:
        view = _keyed(request, entry)
    except Refused as refusal:
        return _paper_page(request, entry, refusal.findings)
    said = _("L’acte est saisi et attesté une fois. Un second agent, différent, l’atteste aussi.")
    messages.success(request, said)
    return HttpResponseRedirect(reverse("designation", args=[view.line.reference]))


def _keyed(request: PortalRequest, entry: TermsEntry) -> DesignationView:
    """The scan put on the contract's file, then the act keyed from it."""
    actor, sent = actor_of(request), read_upload(request, "file")
    contract = request.POST.get("contract", "")[:40].strip()
    signed_on = day_from(request.POST.get("signed_on", ""))
    if sent is None:
        raise Refused([Finding.error("portal.no-file", "file")])
    if signed_on is None:
        raise Refused([Finding.error("designation.undated", "signed_on")])
    piece = add_piece(
        actor, PieceEntry("designation", sent[1], sent[0][:200], issued_on=signed_on, contract=contract)
    )
    return key_designation(
        actor,
        contract=contract,
        third_party=request.POST.get("third_party", "")[:20],
        terms=entry,
        paper=PaperAct(request.POST.get("signatory_card", "")[:40], signed_on, piece.reference),
    )


def attest(request: PortalRequest, reference: str) -> HttpResponse:
    """The second officer's attestation of an act on paper."""
    given = request.POST.get("version", "")
    version = int(given) if given.isascii() and given.isdecimal() and len(given) < 6 else 0
    try:
        attest_designation(
            actor_of(request),
            reference=reference,
            version=version,
            answer=delegation.TermsAnswer(request.POST.get("seen", "")[:64], plan_of(request.POST)),
        )
    except Refused as refusal:
        return _list_page(request, refusal.findings)
    messages.success(request, _("L’acte est attesté par deux agents : il tient."))
    return HttpResponseRedirect(reverse("designation", args=[reference]))


def _list_page(request: PortalRequest, findings: tuple[Finding, ...] = ()) -> HttpResponse:
    at = machine().clock()
    text, after = request.GET.get("texte", "")[:80].strip(), request.GET.get("apres", "")[:200]
    found = list_third_parties(at=at, text=text, after=after, limit=_PAGE)
    sheet = Sheet({"contract": request.POST.get("contract", "")}, findings)
    texts = page_catalogue().texts
    kinds = [Choice(one, texts[f"third-party.{one}"], one == "editor") for one in ("editor", "distributor")]
    context = {
        "title": _("Éditeurs et distributeurs"),
        "parties": found,
        "after": found[-1].name if len(found) == _PAGE else "",
        "text": text,
        "members": members_to_check(),
        "acts": acts_to_attest(at=at),
        "me": request.visitor.person_id,
        "is_desk": Hat.DESK in request.visitor.hats,
        "fields": [
            sheet.field(
                "contract",
                label=_("Numéro de son contrat avec l’autorité"),
                help=_("Son représentant légal y est nommé : c’est lui qui accepte et bâtit l’équipe."),
                width="w20",
                required=True,
            ),
            sheet.field("kind", kind="radio", label=_("Sorte"), choices=kinds, required=True),
        ],
        **summary(findings, heading=_("Rien n’a été fait"), fields=["contract", "kind"]),
    }
    return page(request, "delegations/desk_list.html", context, status=422 if findings else 200)


def _paper_page(
    request: PortalRequest, entry: TermsEntry, findings: tuple[Finding, ...] = ()
) -> HttpResponse:
    at = machine().clock()
    keys = ("contract", "third_party", "signatory_card", "signed_on")
    sheet = Sheet({key: request.POST.get(key, "") for key in keys}, findings)
    chosen = request.POST.get("third_party", "")
    parties = [Choice("", _("Choisir…"))]
    parties += [
        Choice(one.reference, one.name, one.reference == chosen)
        for one in list_third_parties(at=at, in_force=True)
    ]
    fields = [
        sheet.field("contract", label=_("Numéro de contrat de la structure"), width="w20", required=True),
        sheet.field("third_party", kind="select", label=_("Qui est désigné"), choices=parties, required=True),
        *terms_fields(entry, findings),
        sheet.field(
            "signatory_card",
            label=_("Numéro de carte du signataire"),
            width="w14",
            inputmode="numeric",
            required=True,
        ),
        sheet.field("signed_on", kind="date", label=_("Date écrite sur l’acte"), width="w14", required=True),
        sheet.field(
            "file",
            kind="file",
            label=_("L’acte numérisé"),
            required=True,
            help=_("PDF ou image ; 5 Mo au plus."),
        ),
    ]
    context = {
        "title": _("Saisir une désignation sur papier"),
        "fields": fields,
        **summary(findings, heading=_("Rien n’est saisi"), fields=[one.path for one in fields]),
    }
    return page(request, "delegations/desk_paper.html", context, status=422 if findings else 200)
