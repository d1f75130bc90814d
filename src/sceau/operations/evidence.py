"""The evidence file of a right or a certificate: all that stands behind it, gathered, sealed, handed out.

By the desk, an auditor or the authority whole; by whom the right or the certificate belongs to, without the
desk's own notes and without who at the desk did what. Copies of identity documents are named by their digest
only, unless an officer of the desk, card in hand, asks for them; each look is in the journal, and so is each
file handed out.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sceau.catalogue import Medium
from sceau.documents import CONTENT_TYPES, Attached, make_dossier
from sceau.journal import MOST_EVIDENCE_BYTES, write_evidence
from sceau.operations.acts import acting
from sceau.operations.evidence_journal import journal_about
from sceau.operations.evidence_pages import pages_of
from sceau.operations.journal import seal_journal
from sceau.operations.machine import Actor, machine
from sceau.operations.order_facts import examination, form_of
from sceau.operations.pieces import open_piece
from sceau.operations.standing import AUDITOR, AUTHORITY, DESK, require_person, roles_worn
from sceau.operations.typed import canonical, digest_of
from sceau.records import certificate_for, habilitation_for, standing_registers
from sceau.records.models import (
    Approval,
    Certificate,
    Contract,
    DesignationVersion,
    Habilitation,
    HabilitationVersion,
    KeptRequest,
    Leave,
    Order,
    OrderNote,
    OrderVersion,
    Piece,
    Revocation,
    VisaAttestation,
)
from sceau.vocabulary import Finding, Refused, displayed

_OFFICERS = frozenset({DESK, AUDITOR, AUTHORITY})


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sealed file ready to be handed out: its name, its octets, and their hex SHA-256."""

    name: str
    octets: bytes
    sha256: str


@dataclass(slots=True)
class _Gathering:
    """What is being put together: rights with their versions, orders, a certificate, and references of the
    journal's entries.
    """

    subject: str
    whole: bool
    at: datetime
    certificate: Certificate | None
    versions: list[HabilitationVersion]

    @property
    def orders(self) -> list[Order]:
        """Every order that granted a version."""
        numbers = {version.order_id for version in self.versions}
        return list(Order.objects.filter(pk__in=numbers).order_by("id"))

    @property
    def contracts(self) -> list[Contract]:
        """Every contract that a version rests on."""
        numbers = {version.contract_id for version in self.versions}
        return list(Contract.objects.select_related("structure").filter(pk__in=numbers).order_by("id"))

    @property
    def leaves(self) -> list[Leave]:
        """Every leave of a domain's holder that a version rests on."""
        numbers = {version.leave_id for version in self.versions if version.leave_id is not None}
        rows = Leave.objects.select_related("structure", "letter", "identity").filter(pk__in=numbers)
        return list(rows.order_by("id"))

    @property
    def designations(self) -> list[DesignationVersion]:
        """Every version of a designation that gave a version to a third party's team, and what it carries."""
        numbers = {one.designation_id for one in self.versions if one.designation_id is not None}
        rows = DesignationVersion.objects.select_related(
            "designation__structure",
            "designation__contract",
            "designation__third_party__structure",
            "piece",
            "carries",
        )
        found = {one.pk: one for one in rows.filter(pk__in=numbers)}
        while carried := {one.carries_id for one in found.values() if one.carries_id} - set(found):
            found |= {one.pk: one for one in rows.filter(pk__in=carried)}
        return [found[key] for key in sorted(found)]


def export_evidence(actor: Actor, *, reference: str, identities: bool = False) -> Evidence:
    """The sealed evidence file of a habilitation (``HAB-…``) or a certificate (``CRT-…``).

    `identities`: with the copies of identity documents inside; desk only. Refused as unknown
    (``evidence.unknown``) for who may not see it, and (``evidence.too-large``) above what the verifier opens:
    nothing is ever left out to fit.
    """
    whole = _check_reader(actor, reference)
    seal_journal()
    present = machine()
    gathering = _gather(reference, whole=whole, at=present.clock())
    pieces = _pieces(gathering)
    attached = _originals(actor, pieces, identities=identities) if whole else []
    dossier = _dossier(gathering, pieces, {one.file for one in attached})
    title, lead, sections = pages_of(dossier)
    inside = [*_request(gathering), *attached]
    pdf = make_dossier(title, lead, sections, at=gathering.at, attached=inside)
    octets = write_evidence(dossier, pdf, origin=present.origin, key=present.head_key)
    if len(octets) > MOST_EVIDENCE_BYTES:  # said, never cut
        raise Refused([Finding.error("evidence.too-large", reference, size=len(octets) // 2**20)])
    digest = hashlib.sha256(octets).hexdigest()
    with acting(actor, "evidence.exported", reference) as act:
        require_person(act)
        act.tell(sha256=digest, whole=whole, identities=identities)
    return Evidence(f"{reference}.dossier.zip", octets, digest)


def _check_reader(actor: Actor, reference: str) -> bool:
    """Whether the reader sees the whole file; refused who may see none of it."""
    if roles_worn(actor) & _OFFICERS:
        return True
    at = machine().clock()
    look = certificate_for if reference.startswith("CRT-") else habilitation_for
    if actor.person_id and look(reference, viewer=actor.person_id, at=at) is not None:
        return False
    raise Refused([Finding.error("evidence.unknown", displayed(reference) or "—")])


def _gather(reference: str, *, whole: bool, at: datetime) -> _Gathering:
    certificate = Certificate.objects.filter(reference=reference).first()
    if certificate is None:
        right = Habilitation.objects.filter(reference=reference).first()
        if right is None:
            raise Refused([Finding.error("evidence.unknown", displayed(reference) or "—")])
    else:
        right = certificate.habilitation
    versions = (
        []
        if right is None
        else list(
            right.versions.select_related("habilitation__person", "contract", "order").order_by("number")
        )
    )
    return _Gathering(reference, whole, at, certificate, versions)


def _dossier(gathering: _Gathering, pieces: list[Piece], attached: set[str]) -> dict[str, Any]:
    present = machine()
    return {
        "format": "sceau-evidence/1",
        "subject": gathering.subject,
        "made_at": gathering.at.isoformat(),
        "whole": gathering.whole,
        "environment": present.environment,
        "catalogue": present.catalogue.digest,
        "rights": [_right(version) for version in gathering.versions],
        "leaves": [_leave(one) for one in gathering.leaves],
        "designations": [_designation(one) for one in gathering.designations],
        "contracts": [_contract(one) for one in gathering.contracts],
        "orders": [_order(one, whole=gathering.whole) for one in gathering.orders],
        "registers": [
            {"layout": str(subject), "source": line.source} for subject, line in standing_registers().items()
        ],
        "pieces": [_piece(one, attached) for one in pieces],
        "certificate": None if gathering.certificate is None else _certificate(gathering.certificate),
        "journal": journal_about(_subjects(gathering, pieces), whole=gathering.whole),
    }


def _right(version: HabilitationVersion) -> dict[str, Any]:
    right = version.habilitation
    return {
        "reference": right.reference,
        "number": version.number,
        "state": right.state,
        "present": version.number == right.current_version,
        "person": f"{right.person.given_names} {right.person.surname}".strip(),
        "product": right.product,
        "scope": right.canonical_scope,
        "structure": version.structure,
        "order": version.order.reference,
        "order_version": version.order_version,
        "granted_at": version.granted_at.isoformat(),
        "text": canonical(version.content()),
        "digest": version.digest,
    }


def _leave(leave: Leave) -> dict[str, Any]:
    text = canonical(leave.content())
    return {"reference": leave.reference, "text": text, "digest": digest_of(text)}


def _designation(version: DesignationVersion) -> dict[str, Any]:
    return {
        "reference": version.designation.reference,
        "number": version.number,
        "third_party": version.designation.third_party.structure.name,
        "structure": version.designation.structure.name,
        "until": version.until.isoformat(),
        "text": canonical(version.content()),
        "digest": version.digest,
    }


def _contract(contract: Contract) -> dict[str, Any]:
    return {
        "number": contract.number,
        "structure": contract.structure.name,
        "state": contract.state,
        "from": contract.valid_from.isoformat(),
        "until": None if contract.valid_until is None else contract.valid_until.isoformat(),
    }


def _order(order: Order, *, whole: bool) -> dict[str, Any]:
    versions = OrderVersion.objects.filter(order=order).order_by("number")
    notes = OrderNote.objects.filter(order=order).order_by("id")
    checked = examination(order, form_of(order), machine().clock())
    say = machine().catalogue.say
    return {
        "reference": order.reference,
        "state": order.state,
        "channel": order.channel,
        "received_at": order.submitted_at.isoformat(),
        "versions": [
            {
                "order": order.reference,
                "number": one.number,
                "made_at": one.made_at.isoformat(),
                "signed_card": one.signed_card,
                "text": one.raw,
                "digest": one.digest,
            }
            for one in versions
        ],
        "approvals": [
            {"version": one.version, "at": one.at.isoformat(), "officer": one.officer if whole else ""}
            for one in Approval.objects.filter(order=order).order_by("id")
        ],
        "attested": [
            {"version": one.version, "piece": one.piece.reference, "signed_on": one.signed_on.isoformat()}
            for one in VisaAttestation.objects.select_related("piece").filter(order=order).order_by("id")
        ],
        "notes": [
            {"kind": one.kind, "audience": one.audience, "at": one.at.isoformat(), "text": one.text}
            for one in (notes if whole else notes.filter(audience="requester"))
        ],
        "checks_at_export": [
            {
                "check": str(check.kind),
                "light": str(check.light),
                "says": [say(finding).text for finding in check.findings],
            }
            for check in checked.checks
        ],
    }


def _piece(piece: Piece, attached: set[str]) -> dict[str, Any]:
    return {
        "reference": piece.reference,
        "kind": piece.kind,
        "sha256": piece.sha256,
        "size": piece.size,
        "received_at": piece.received_at.isoformat(),
        "issued_on": None if piece.issued_on is None else piece.issued_on.isoformat(),
        "erased_at": None if piece.erased_at is None else piece.erased_at.isoformat(),
        "sealed": piece.sealed,
        "attached": _file_name(piece) if _file_name(piece) in attached else None,
    }


def _certificate(row: Certificate) -> dict[str, Any]:
    ended = Revocation.objects.filter(certificate=row).first()
    asked = _request_of(row)
    return {
        "reference": row.reference,
        "state": row.state,
        "issuer": row.issuer,
        "generation": row.generation,
        "serial": row.serial,
        "profile": row.profile,
        "subject": row.subject,
        "names": list(row.names.order_by("position").values_list("value", flat=True)),
        "habilitation": None if row.habilitation is None else row.habilitation.reference,
        "habilitation_version": row.habilitation_version,
        "contract": None if row.contract is None else row.contract.number,
        "request_digest": row.request_digest,
        "asked_at": row.asked_at.isoformat(),
        "asked_with": row.asked_with,
        "not_before": row.not_before.isoformat(),
        "not_after": row.not_after.isoformat(),
        "collected_at": None if row.collected_at is None else row.collected_at.isoformat(),
        "csr": base64.b64encode(asked).decode(),
        "csr_attached": _request_name(row) if asked else None,
        "draft": base64.b64encode(row.meant).decode(),
        "der": "" if row.der is None else base64.b64encode(bytes(row.der)).decode(),
        "revocation": None
        if ended is None
        else {"at": ended.at.isoformat(), "reason": ended.reason, "quality": ended.quality},
    }


def _request_of(row: Certificate) -> bytes:
    """The request as it came, in DER; empty for a certificate older than their keeping."""
    kept = KeptRequest.objects.filter(certificate=row).first()
    return b"" if kept is None else bytes(kept.der)


def _request_name(row: Certificate) -> str:
    return f"{row.reference}.p10"


def _request(gathering: _Gathering) -> list[Attached]:
    """The certification request, as a file of its own: no secret, everybody who gets the file gets it."""
    row = gathering.certificate
    asked = b"" if row is None else _request_of(row)
    if row is None or not asked:
        return []
    said = f"Demande de certificat (PKCS #10) de {row.reference}"
    return [Attached(_request_name(row), "application/pkcs10", said, asked)]


def _pieces(gathering: _Gathering) -> list[Piece]:
    """The pieces of the orders, of their contracts, and of the leaves that a version rests on."""
    orders, contracts = gathering.orders, gathering.contracts
    found = {one.pk: one for one in Piece.objects.filter(order__in=orders)}
    found |= {one.pk: one for one in Piece.objects.filter(contract__in=contracts)}
    pieces = [one.piece for one in gathering.designations]
    pieces += [piece for leave in gathering.leaves for piece in (leave.letter, leave.identity)]
    found |= {piece.pk: piece for piece in pieces if piece is not None}
    return [found[number] for number in sorted(found)]


def _originals(actor: Actor, pieces: Iterable[Piece], *, identities: bool) -> list[Attached]:
    attached = []
    for piece in pieces:
        if piece.erased_at is None and (identities or not piece.sealed):
            line, data = open_piece(actor, reference=piece.reference)
            said = machine().catalogue.piece_kinds.get(piece.kind)
            label = piece.kind if said is None else said.label
            attached.append(
                Attached(
                    _file_name(piece), CONTENT_TYPES[Medium(line.medium)], f"{label} {piece.reference}", data
                )
            )
    return attached


def _file_name(piece: Piece) -> str:
    return f"{piece.reference}.{piece.medium}"


def _subjects(gathering: _Gathering, pieces: list[Piece]) -> set[str]:
    """The references of everything that the file is about."""
    return {
        gathering.subject,
        *(version.habilitation.reference for version in gathering.versions),
        *(order.reference for order in gathering.orders),
        *(f"contract/{contract.number}" for contract in gathering.contracts),
        *(leave.reference for leave in gathering.leaves),
        *(version.designation.reference for version in gathering.designations),
        *(piece.reference for piece in pieces),
    }
