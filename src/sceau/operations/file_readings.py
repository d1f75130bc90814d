"""What officers read on pieces: an extract's name and number, the visa on the scan of a signed form."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

from sceau.operations.acts import acting
from sceau.operations.machine import Actor, machine
from sceau.operations.order_facts import lock_order, order_facts, present_version
from sceau.operations.order_texts import amend_order, view
from sceau.operations.standing import DESK, officer_of, require_role
from sceau.operations.structures import identifier_mode
from sceau.operations.typed import canonical, digest_of, read_text
from sceau.records import OrderFile, PieceLine, piece_line
from sceau.records.models import PARIS, ExtractReading, OrderVersion, Piece, VisaAttestation
from sceau.registration import check_officer
from sceau.vocabulary import Finding, Refused, displayed, read_siret


@dataclass(frozen=True, slots=True)
class ExtractEntry:
    """What stands on an extract, as an officer types it."""

    piece: str
    name: str
    siret: str
    legal_form: str = ""
    postcode: str = ""
    commune: str = ""


def read_extract(actor: Actor, entry: ExtractEntry) -> PieceLine:
    """Write down what stands on an extract; read again, the last reading counts. Desk only."""
    with acting(actor, "piece.read", entry.piece or "—") as act:
        officer = require_role(act, DESK)
        piece = _piece(entry.piece)
        if not act.machine.catalogue.piece_kinds[piece.kind].is_extract:
            raise Refused([Finding.error("extract.not-an-extract", piece.reference)])
        siret = read_siret(entry.siret, subject="siret", mode=identifier_mode()).require()
        postcode = "".join(entry.postcode.split())
        if postcode and not (len(postcode) == 5 and postcode.isascii() and postcode.isdigit()):
            raise Refused([Finding.error("extract.postcode", "postcode")])
        reading = ExtractReading.objects.create(
            piece=piece,
            name=_line(entry.name, "name", 200),
            siret=siret.text,
            legal_form=_line(entry.legal_form, "legal_form", 120, required=False),
            postcode=postcode,
            commune=_line(entry.commune, "commune", 80, required=False),
            read_by=officer.national_id,
            read_at=act.at,
        )
        act.tell(sha256=piece.sha256, siret=reading.siret, name=reading.name)
    line = piece_line(entry.piece, at=machine().clock())
    if line is None:
        raise LookupError(f"piece {entry.piece} was just read")
    return line


@dataclass(frozen=True, slots=True)
class VisaEntry:
    """What an officer sees on the scan of a hand-signed form."""

    order: str
    version: int
    piece: str
    signed_on: date
    stamped: bool


def attest_visa(actor: Actor, entry: VisaEntry) -> OrderFile:
    """An officer says that the scan on file bears the signature of the signatory, dated and stamped or not.
    The order's text then says so, in a version of its own if it did not before, and what was approved before
    no longer counts.

    Desk only, card in hand, by nobody who is part of the order; the piece is of a kind that bears a visa and
    is on that order's file.
    """
    with acting(actor, "order.visa-attested") as act:
        order = lock_order(act, entry.order)
        officer = officer_of(act)
        findings = list(check_officer(order_facts(order), officer))
        if not officer.card:
            findings.append(Finding.error("order.card-needed", order.reference))
        piece = Piece.objects.filter(reference=entry.piece, order=order).first()
        if piece is None or piece.kind not in {"form-scan", "form-pdf"} or piece.erased_at is not None:
            findings.append(Finding.error("piece.no-visa", displayed(entry.piece) or "—"))
        if entry.signed_on > act.at.astimezone(PARIS).date():
            findings.append(Finding.error("piece.visa-of-tomorrow", "visa.date"))
        if findings or piece is None:
            raise Refused(findings)
        raw = json.loads(present_version(order).raw)
        raw["visa"] = {"date": entry.signed_on.isoformat(), "signed": True, "stamped": entry.stamped}
        why = f"Visa attesté d'après la pièce {piece.reference}"
        amend_order(actor, reference=order.reference, version=entry.version, raw=raw, why=why)
        present = OrderVersion.objects.filter(order=order).order_by("-number")[0]
        if present.digest != digest_of(canonical(raw)):
            raise LookupError(f"order {order.reference} does not say what was attested")
        VisaAttestation.objects.create(
            order=order,
            version=present.number,
            digest=present.digest,
            piece=piece,
            signed_on=entry.signed_on,
            stamped=entry.stamped,
            officer=officer.person_id,
            card_number=officer.card,
            at=act.at,
        )
        act.tell(version=present.number, piece=piece.reference, sha256=piece.sha256, stamped=entry.stamped)
    return view(entry.order)


def _piece(reference: str) -> Piece:
    piece = Piece.objects.filter(reference=reference).first()
    if piece is None:
        raise Refused([Finding.error("piece.unknown", displayed(reference) or "—")])
    if piece.erased_at is not None:
        raise Refused([Finding.error("piece.erased", reference, date=f"{piece.erased_at:%d/%m/%Y}")])
    return piece


def _line(text: str, subject: str, longest: int, *, required: bool = True) -> str:
    words = " ".join(read_text(text, subject=subject, required=required).split())
    if len(words) > longest:
        raise Refused([Finding.error("operations.text-too-long", subject, longest=longest)])
    return words
