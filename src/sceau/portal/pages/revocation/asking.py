"""What every page that revokes asks: the reason in plain words, and that it is understood to be final."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from sceau.catalogue import Quality, Reason
from sceau.operations import revoke_certificate
from sceau.portal.fields import Choice, Field, Sheet
from sceau.portal.language import page_catalogue
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.vocabulary import Finding, Refused


def reasons_for(qualities: Iterable[Quality]) -> list[Reason]:
    """The reasons that one of these qualities may invoke."""
    held = set(qualities)
    return [reason for reason in page_catalogue().reasons.values() if set(reason.who) & held]


def reason_field(sheet: Sheet, reasons: Iterable[Reason]) -> Field:
    """The reasons, each with its plain words."""
    chosen = sheet.values.get("reason")
    choices = [Choice(one.code, one.label, one.code == chosen, one.plain) for one in reasons]
    return sheet.field("reason", kind="radio", label=_("Motif"), choices=choices, required=True)


def quality_fields(sheet: Sheet, qualities: list[Quality]) -> list[Field]:
    """In what quality one acts; nothing to ask when there is one."""
    if len(qualities) < 2:
        return []
    texts = page_catalogue().texts
    chosen = sheet.values.get("quality") or qualities[0].value
    choices = [Choice(one.value, texts.get(f"quality.{one}", one), one.value == chosen) for one in qualities]
    return [sheet.field("quality", kind="radio", label=_("J’agis comme"), choices=choices, required=True)]


def sure_field(sheet: Sheet, label: str = "") -> Field:
    """The box to tick. Never ticked beforehand."""
    return sheet.field(
        "sure",
        kind="checkbox",
        label=label or _("J’ai compris que c’est définitif"),
        required=True,
        value=False,
    )


def unsure(request: PortalRequest) -> tuple[Finding, ...]:
    """What is said when the box is not ticked."""
    sure = request.POST.get("sure") == "oui"
    return () if sure else (Finding.error("portal.confirm", "sure"),)


def unsaid(request: PortalRequest, *, explained: bool) -> tuple[Finding, ...]:
    """What is said when no reason is chosen, or when what happened has to be `explained` and is not."""
    found = []
    if not request.POST.get("reason"):
        found.append(Finding.error("revocation.reason-missing", "reason"))
    if explained and not request.POST.get("explanation", "").strip():
        found.append(Finding.error("revocation.explanation-missing", "explanation"))
    return tuple(found)


def end_as_asked(request: PortalRequest, reference: str, *, explained: bool) -> tuple[Finding, ...]:
    """Revoke what a posted page asks to, as it says; why it was not, nothing when it is done. `explained`:
    what happened has to be said.
    """
    findings = (*unsaid(request, explained=explained), *unsure(request))
    if findings:
        return findings
    try:
        revoke_certificate(
            actor_of(request),
            reference=reference,
            reason=request.POST.get("reason", "")[:40],
            quality=request.POST.get("quality", "")[:40],
            explanation=request.POST.get("explanation", "")[:4000],
        )
    except Refused as refusal:
        return refusal.findings
    return ()
