"""A run of mass revocation out of a posted page. Reads texts, days and a file; the verbs decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from sceau.catalogue import CriterionKind, Quality
from sceau.operations import RunRequest, machine
from sceau.portal.fields import Choice, Field, Sheet
from sceau.portal.language import page_catalogue
from sceau.portal.pages.revocation.asking import quality_fields, reason_field, reasons_for, unsaid
from sceau.portal.uploads import read_upload
from sceau.portal.visitor import PortalRequest
from sceau.vocabulary import Finding

_OF_ROLE = {"desk": (Quality.DESK,), "authority": (Quality.AUTHORITY, Quality.JUDGE)}
_SUBJECTS = {
    CriterionKind.ADMINISTRATOR: (gettext_noop("Identifiant national de la personne"), "3690000005/ADM01"),
    CriterionKind.STRUCTURE: (gettext_noop("Identifiant national de la structure"), "1690000005"),
    CriterionKind.CONTRACT: (gettext_noop("Numéro du contrat"), "C-2026-0012"),
}
_TEXTS = ("title", "reason", "quality", "explanation", "subject", "listed", "since", "until")


@dataclass(frozen=True, slots=True)
class AskedRun:
    """What the page asks for, as typed, and what is wrong with it before the verb is called."""

    request: RunRequest
    typed: dict[str, Any]
    findings: tuple[Finding, ...]


def officer_qualities(request: PortalRequest) -> list[Quality]:
    """In which qualities the visitor may act on anybody's certificates; the verbs ask again."""
    return [quality for role, some in _OF_ROLE.items() if role in request.visitor.roles for quality in some]


def asked_run(request: PortalRequest, kind: CriterionKind) -> AskedRun:
    """The run of the page that was posted for one criterion."""
    typed: dict[str, Any] = {key: request.POST.get(key, "") for key in _TEXTS}
    sent = read_upload(request, "file")
    findings = [*unsaid(request, explained=True)]
    if not typed["title"].strip():
        findings.append(Finding.error("run.title-missing", "title"))
    listed = sent[1].decode("utf-8", "replace") if sent is not None else typed["listed"]
    key = sent[1] if sent is not None else request.POST.get("key", "").encode()
    asked = RunRequest(
        title=typed["title"],
        kind=kind,
        reason=typed["reason"][:40],
        quality=typed["quality"][:40],
        explanation=typed["explanation"],
        subject=typed["subject"],
        listed=listed if kind is CriterionKind.LIST else "",
        key=key if kind is CriterionKind.KEY else b"",
        since=_day(typed["since"], "since", findings),
        until=_day(typed["until"], "until", findings),
    )
    return AskedRun(asked, typed, tuple(findings))


def run_fields(sheet: Sheet, kind: CriterionKind, held: list[Quality]) -> list[Field]:
    """The fields of the page for one criterion."""
    return [
        *_criterion_fields(sheet, kind),
        sheet.field(
            "title",
            label=_("Nom de l’opération"),
            help=_("Celui de l’incident, tel que vous en parlez."),
            example=_("Intrusion du 23 novembre"),
            required=True,
        ),
        reason_field(sheet, reasons_for(held)),
        *quality_fields(sheet, held),
        sheet.field(
            "explanation",
            kind="textarea",
            label=_("Ce qui s’est passé"),
            help=_("Lu par la personne qui approuve, gardé au dossier."),
            required=True,
            rows=4,
        ),
    ]


def _criterion_fields(sheet: Sheet, kind: CriterionKind) -> list[Field]:
    if kind is CriterionKind.LIST:
        label = _("Numéros de série ou de dossier, un par ligne")
        return [sheet.field("listed", kind="textarea", label=label, rows=8)]
    if kind is CriterionKind.KEY:
        help_ = _("Clé publique, certificat, CSR, JWK ou empreinte SHA-256. Jamais une clé privée.")
        return [sheet.field("key", kind="pem", label=_("Clé publique"), help=help_, value="", rows=6)]
    if kind is CriterionKind.ISSUER:
        return _issuer_fields(sheet)
    label, example = _SUBJECTS[kind]
    return [sheet.field("subject", label=_(label), example=example, required=True, autocomplete="off")]


def _issuer_fields(sheet: Sheet) -> list[Field]:
    catalogue, chosen = page_catalogue(), sheet.values.get("subject")
    choices = [
        Choice(
            value,
            _("{common_name}, génération {generation}").format(
                common_name=catalogue.issuers[code].common_name, generation=facts.generation
            ),
            value == chosen,
        )
        for code, several in machine().issuers.items()
        for facts in several
        for value in (f"{code}/{facts.generation}",)
    ]
    return [
        sheet.field("subject", kind="radio", label=_("Clé d’autorité"), choices=choices, required=True),
        sheet.field("since", kind="date", label=_("Demandés depuis le (facultatif)"), width="w14"),
        sheet.field(
            "until",
            kind="date",
            label=_("et jusqu’au, compris (facultatif)"),
            help=_("Vide : jusqu’au bout, et cette clé ne signera plus aucun certificat."),
            width="w14",
        ),
    ]


def _day(text: str, field: str, findings: list[Finding]) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        findings.append(Finding.error("run.day", field, text=text[:20]))
        return None
