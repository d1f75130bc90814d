"""A form 413 that comes in as a file: read apart, judged, made an order once, and kept.

The file is the same whichever way it comes (a page, the command line, a mail): the way is only a channel, and
nothing is believed for it [ASSURANCE T02]. A signature that holds, of the right person, is the visa; anything
weaker is for a person, with the reasons on the file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sceau.catalogue import Medium
from sceau.documents import FormPdf, FormSignature, read_form_pdf
from sceau.operations.acts import Act, acting, refuse_with
from sceau.operations.machine import Actor, machine
from sceau.operations.order_facts import contract_facts, known_cards, present_version, reading_of
from sceau.operations.order_texts import receive_signed, sign_by_file, write_note
from sceau.operations.pieces import PieceEntry, PieceFileOf, piece_of
from sceau.operations.stamps import HOLDS as STAMP_HOLDS
from sceau.operations.stamps import judge_stamps
from sceau.operations.standing import require_person
from sceau.records.models import PARIS, FormReceipt, Order
from sceau.registration import ORDER_LIFE, Form413, OrderEvent, OrderState, SignerFacts, check_form_signature
from sceau.vocabulary import Fault, Finding, Refused, Severity, displayed

_KIND = "form-pdf"
_LONGEST_NOTE = 3_900


class FormOutcome(StrEnum):
    """What became of a file."""

    RECEIVED = "received"
    SIGNED = "signed"
    JOINED = "joined"
    KNOWN = "known"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class FormFile:
    """A file that somebody sent. `name` is what it was called; `told` what its channel says of it, for a
    person to read (who a mail says that it is from): words, and no proof of anything. `brought_by` is the
    officer who put it in at the desk: a carrier, and no part of the order.
    """

    data: bytes
    name: str = ""
    told: str = ""
    brought_by: str = ""


@dataclass(frozen=True, slots=True)
class FormIntake:
    """What became of a file: the order it made, signed, joined or was known by (empty: rejected), and every
    finding.
    """

    outcome: FormOutcome
    order: str
    sha256: str
    findings: tuple[Finding, ...]

    @property
    def signed(self) -> bool:
        """Whether the signature that it bears is the visa."""
        return any(finding.code == "signature.holds" for finding in self.findings)


@dataclass(frozen=True, slots=True)
class _Judged:
    """The signatures of a file: the card that settles the visa (empty: none does), when, the findings, and
    whether the structure's own seal is on it.
    """

    card: str
    day: str
    findings: tuple[Finding, ...]
    stamped: bool = False


def receive_form_file(actor: Actor, file: FormFile) -> FormIntake:
    """Take in one PDF. The same bytes a second time give the order that they made the first time.

    Brought by two at one moment, too: the database keeps one order for one file, and both are told which.

    By anybody known, who is then part of the order, or by the machine (a mail, a batch). A form that says to
    be made from an order still open, and bears its text, signs that order, or joins its file; any other opens
    an order of its own. What cannot be read is rejected: the journal says so, and whoever sent it keeps it.
    Raises `Fault` as `documents.read_form_pdf` does.
    """
    pdf = read_form_pdf(file.data)
    if pdf.raw is None:
        return _reject(actor, pdf, file)
    known = _known_order(pdf.sha256)
    if known:
        return FormIntake(FormOutcome.KNOWN, known, pdf.sha256, pdf.findings)
    try:
        with acting(actor, "form.received", f"form/{pdf.sha256[:16]}") as act:
            if actor.person_id:
                require_person(act)
            reading = reading_of(pdf.raw)
            judged = _judge(pdf, reading.value, act.at)
            findings = (*pdf.findings, *judged.findings, *reading.findings)
            return _take(act, file, pdf, judged=judged, findings=tuple(dict.fromkeys(findings)))
    except Fault as fault:
        known = _known_order(pdf.sha256) if fault.code == "operations.conflict" else ""
        if not known:
            raise
        return FormIntake(FormOutcome.KNOWN, known, pdf.sha256, pdf.findings)  # its twin was faster


def judge_signature(
    signature: FormSignature | None, form: Form413 | None, at: datetime
) -> tuple[SignerFacts | None, tuple[Finding, ...]]:
    """Who signed, and whether it is the visa: `signature.holds`, or the warnings that say why a person
    looks.
    """
    if signature is None:
        return None, ()
    reader = machine().signing_card
    if reader is None:
        return None, (Finding.warning("signature.not-checked", signature.field),)
    read = reader(signature.certificate, at=at)
    told = tuple(_milder(finding) for finding in read.findings)
    holder = read.value
    if holder is None:
        return None, told
    signer = SignerFacts(
        holder.national_id.text,
        holder.card_number.text,
        f"{holder.given_names} {holder.surname}",
        signature.at,
    )
    if form is None:
        return signer, told
    found = check_form_signature(
        form,
        signer,
        contract=contract_facts(form.contract_number, at) if form.contract_number else None,
        cards=known_cards([signer.card_number, form.signatory.person.card_number.text], at),
        at=at,
    )
    if signature.doubts or any(one.severity is Severity.WARNING for one in told):
        found = tuple(one for one in found if one.code != "signature.holds")
    return signer, (*told, *found)


def _judge(pdf: FormPdf, form: Form413 | None, at: datetime) -> _Judged:
    stamps = judge_stamps(pdf.seals, form, at)
    judged = _judge_signature(pdf.signature, form, at)
    stamped = any(one.code == STAMP_HOLDS for one in stamps)
    return replace(judged, findings=(*judged.findings, *stamps), stamped=stamped)


def _judge_signature(signature: FormSignature | None, form: Form413 | None, at: datetime) -> _Judged:
    signer, findings = judge_signature(signature, form, at)
    holds = any(finding.code == "signature.holds" for finding in findings)
    if not holds or signer is None or signer.signed_at is None:
        return _Judged("", "", findings)
    day = min(signer.signed_at, at).astimezone(PARIS).date().isoformat()
    return _Judged(signer.card_number, day, findings)


def _milder(finding: Finding) -> Finding:
    """What closes a door sends a form to a person: the paper may still be signed."""
    return replace(finding, severity=Severity.WARNING) if finding.severity is Severity.ERROR else finding


def _take(
    act: Act, file: FormFile, pdf: FormPdf, *, judged: _Judged, findings: tuple[Finding, ...]
) -> FormIntake:
    raw = _with_visa(dict(pdf.raw or {}), judged)
    outcome, order = _answered(act, pdf, raw, judged)
    if order is None or outcome is None:
        if outcome is None:
            findings = (*findings, Finding.warning("signature.another-text", pdf.order))
        key = f"pdf:{pdf.sha256[:56]}"
        reference = receive_signed(act.actor, raw, key=key, signed=judged.card)
        outcome, order = FormOutcome.RECEIVED, Order.objects.select_for_update().get(reference=reference)
    piece = piece_of(
        act,
        act.machine.catalogue.piece_kinds[_KIND],
        Medium.PDF,
        entry=PieceEntry(kind=_KIND, data=file.data, name=file.name, order=order.reference),
        file=PieceFileOf(order=order),
    )
    FormReceipt.objects.create(sha256=pdf.sha256, order=order, by=act.actor.person_id, at=act.at)
    act.about(order.reference, piece.reference)
    act.tell(outcome=str(outcome), sha256=pdf.sha256, signed=bool(judged.card), **_carrier(file))
    _write_findings(act, order, file, findings)
    return FormIntake(outcome, order.reference, pdf.sha256, findings)


def _answered(
    act: Act, pdf: FormPdf, raw: Mapping[str, Any], judged: _Judged
) -> tuple[FormOutcome | None, Order | None]:
    """The open order that the form was made from, if it still bears its text: signed, or only joined.
    Neither outcome nor order: it names one, and says something else.
    """
    if not pdf.order:
        return FormOutcome.RECEIVED, None
    order = Order.objects.select_for_update().filter(reference=pdf.order).first()
    if (
        order is None
        or not ORDER_LIFE.after(OrderState(order.state), OrderEvent.AMEND, subject=order.reference).value
    ):
        return None, None
    present = json.loads(present_version(order).raw)
    if _text_of(present) is None or _text_of(present) != _text_of(raw):
        return None, None
    if not judged.card:
        return FormOutcome.JOINED, order
    why = "Visa par signature électronique du formulaire"
    signed = present | {"visa": raw["visa"], "declarations": raw["declarations"]}
    sign_by_file(act, order, signed, why=why, signed=judged.card)
    return FormOutcome.SIGNED, order


def _text_of(raw: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a form asks for, without what differs between the page and the paper: edition, visa,
    declarations, and the letter, which the desk receives.
    """
    form = reading_of(raw).value
    if form is None:
        return None
    text = form.as_raw()
    for key in ("edition", "visa", "declarations"):
        del text[key]
    lines = [{key: value for key, value in line.items() if key != "letter"} for line in text["offers"]]
    text["offers"] = sorted(lines, key=lambda line: json.dumps(line, sort_keys=True))
    return text


def _with_visa(raw: dict[str, Any], judged: _Judged) -> dict[str, Any]:
    if judged.card:
        raw["visa"] = {"date": judged.day, "signed": True, "stamped": judged.stamped}
    elif judged.stamped:
        raw["visa"] = {**raw.get("visa", {}), "stamped": True}
    return raw


def _known_order(sha256: str) -> str:
    """The order on whose file these very bytes are."""
    kept = FormReceipt.objects.filter(sha256=sha256)
    return kept.values_list("order__reference", flat=True).first() or ""


def _reject(actor: Actor, pdf: FormPdf, file: FormFile) -> FormIntake:
    """Say in the journal that a file was not taken, and why."""
    try:
        with acting(actor, "form.received", f"form/{pdf.sha256[:16]}") as act:
            act.tell(sha256=pdf.sha256, **_carrier(file))
            refuse_with(pdf.findings)
    except Refused:
        pass
    return FormIntake(FormOutcome.REJECTED, "", pdf.sha256, pdf.findings)


def _carrier(file: FormFile) -> dict[str, str]:
    """Who brought the file to the desk, for the journal; nothing when it came by itself."""
    return {"brought_by": file.brought_by} if file.brought_by else {}


def _write_findings(act: Act, order: Order, file: FormFile, findings: tuple[Finding, ...]) -> None:
    """What is to be known of the file, as a note for the desk."""
    say = act.machine.catalogue.say
    told = [line for line in (file.told, file.name and f"Fichier : {displayed(file.name)[:120]}") if line]
    told += [f"- {say(one).text}" for one in findings if one.code.startswith(("pdf.", "signature.", "card."))]
    if told:
        text = "\n".join(told)[:_LONGEST_NOTE]
        write_note(act, order, kind="note", audience="desk", text=text)
