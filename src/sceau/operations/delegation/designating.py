"""A structure designates a third party: by its signatory's card, or by an act on paper that two officers
attest; the third party accepts or declines; the structure changes the terms by another signed act.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sceau.catalogue import Quality
from sceau.operations.acts import Act, acting
from sceau.operations.delegation.sides import (
    RIGHTS,
    SIGN,
    lock_designation,
    officer_quality,
    quality_towards,
    require_apart,
    require_card,
    require_hand,
    require_in_force,
    require_officer,
    side_towards,
    unknown,
)
from sceau.operations.delegation.team_rights import settle_teams
from sceau.operations.delegation.touching import TermsAnswer, answered_effects, end_answered
from sceau.operations.machine import Actor, machine
from sceau.operations.references import DESIGNATION, draw_reference
from sceau.operations.standing import contract_qualities
from sceau.operations.typed import canonical, digest_of, read_text
from sceau.records import DesignationView, designation_view
from sceau.records.models import (
    PARIS,
    Card,
    Contract,
    Designation,
    DesignationAttestation,
    DesignationVersion,
    Piece,
    ThirdParty,
)
from sceau.registration import (
    DESIGNATION_LIFE,
    DesignationEvent,
    DesignationState,
    Terms,
    TermsEntry,
    read_terms,
)
from sceau.vocabulary import Finding, Refused, displayed

_OPEN = (DesignationState.PREPARED, DesignationState.OFFERED, DesignationState.ACTIVE)
_UNSEEN = TermsAnswer()
_WHY_AMENDED = "Désignation modifiée par la structure"
PAPER = "designation"
"""The kind of piece that an act on paper is (``pieces.toml``)."""


@dataclass(frozen=True, slots=True)
class PaperAct:
    """An act on paper, as an officer keyed it: the card of who signed it, when, its piece (a reference)."""

    signatory_card: str
    signed_on: date
    piece: str


@dataclass(frozen=True, slots=True)
class _Signature:
    """Who signed an act, in which quality, when; by card, or on a piece."""

    person_id: str
    quality: str
    day: date
    card: str = ""
    piece: Piece | None = None


def designate(actor: Actor, *, contract: str, third_party: str, terms: TermsEntry) -> DesignationView:
    """Designate a third party under a contract (a number), card in hand: that card is the signature.

    By whom the contract names with the power to sign, who is not of the third party. It gives nothing before
    the third party accepts. Refused: a contract not in force, terms that do not hold, one there already.
    """
    with acting(actor, "designation.offered") as act:
        person = require_card(act)
        row, party = _between(act, contract, third_party)
        quality = quality_towards(person.national_id, row, SIGN)
        if quality is None:
            raise Refused([Finding.error("designation.not-signatory", row.number)])
        require_apart(act, party, subject="third_party")
        read = _read(act, terms)
        designation = _new(act, row, party)
        signature = _Signature(person.national_id, str(quality), _today(act), card=actor.card or "")
        _write_version(act, designation, read, signature)
        _step(act, designation, DesignationEvent.SIGN)
    return view_of(designation.reference)


def amend_designation(
    actor: Actor, *, reference: str, version: int, terms: TermsEntry, answer: TermsAnswer = _UNSEEN
) -> DesignationView:
    """Other terms, by the structure's signature, card in hand: at once, for everybody of the team.

    `version` is the one the signatory looked at, `answer` what they saw that the terms take away
    (`delegation.preview_terms`): rights that they do not give are withdrawn, each certificate in service
    that these gave is kept or revoked. Refused when that is no longer what it was.
    """
    with acting(actor, "designation.amended", reference) as act:
        row = lock_designation(act, reference)
        person = require_card(act)
        quality = quality_towards(person.national_id, row.contract, SIGN)
        if quality is None:
            raise unknown(reference)
        require_apart(act, row.third_party, subject=reference)
        require_in_force(row.contract, act.at, subject=reference)
        _require_version(row, version)
        read = _read(act, terms)
        decided = answered_effects(act, row, read, answer)
        signature = _Signature(person.national_id, str(quality), _today(act), card=actor.card or "")
        _write_version(act, row, read, signature)
        _step(act, row, DesignationEvent.AMEND)
        act.tell(**settle_teams(act, [row], why=_WHY_AMENDED).as_told())
        act.tell(certificates=end_answered(act, decided, why=_WHY_AMENDED, quality=quality))
    return view_of(reference)


def key_designation(
    actor: Actor, *, contract: str, third_party: str, terms: TermsEntry, paper: PaperAct
) -> DesignationView:
    """Key an act on paper: a new designation, or other terms of the one there is. The officer who keys it
    attests it; it holds once a second, different one does (`attest_designation`).
    """
    with acting(actor, "designation.keyed") as act:
        row, party = _between(act, contract, third_party, again=True)
        require_officer(act, party, row, subject=row.number)
        quality, signatory = _signatory_on_paper(row, paper, act)
        read = _read(act, terms)
        kept = Piece.objects.filter(reference=paper.piece, kind=PAPER, contract=row, erased_at=None).first()
        if kept is None:
            raise Refused([Finding.error("designation.piece", "piece")])
        designation = _open_between(row, party) or _new(act, row, party)
        signature = _Signature(signatory, quality, paper.signed_on, piece=kept)
        version = _write_version(act, designation, read, signature)
        act.about(designation.reference, f"structure/{row.structure.national_id}", party.reference)
        _attest(act, version)
    return view_of(designation.reference)


def attest_designation(
    actor: Actor, *, reference: str, version: int, answer: TermsAnswer = _UNSEEN
) -> DesignationView:
    """A second officer compares the act on paper with what was keyed: it holds from now on, and what it takes
    away is done as answered (`delegation.preview_version`).
    """
    with acting(actor, "designation.attested", reference) as act:
        row = lock_designation(act, reference)
        officer = require_officer(act, row.third_party, row.contract, subject=reference)
        found = row.versions.filter(number=version, signed_card="").first()
        if found is None or version <= row.current_version or row.state not in _OPEN:
            raise Refused([Finding.error("designation.nothing-to-attest", reference, version=version)])
        require_in_force(row.contract, act.at, subject=reference)
        if found.attestations.filter(officer=officer.national_id).exists():
            raise Refused([Finding.error("designation.same-officer", reference)])
        decided = answered_effects(act, row, found.terms(), answer)
        _attest(act, found)
        row.current_version = found.number
        if row.state == DesignationState.PREPARED:
            act.rename("designation.offered")
            _step(act, row, DesignationEvent.SIGN)
        else:
            _step(act, row, DesignationEvent.AMEND)
            act.tell(**settle_teams(act, [row], why=_WHY_AMENDED).as_told())
            revoked = end_answered(act, decided, why=_WHY_AMENDED, quality=Quality.DESK)
            act.tell(certificates=revoked)
    return view_of(reference)


def accept_designation(actor: Actor, *, reference: str, version: int) -> DesignationView:
    """The third party's representative accepts the terms of `version`: its team has its rights at once."""
    with acting(actor, "designation.accepted", reference) as act:
        row = lock_designation(act, reference)
        person = require_card(act)
        if quality_towards(person.national_id, row.third_party.contract, SIGN) is None:
            raise unknown(reference)
        if contract_qualities(person.national_id, row.contract_id):
            raise Refused([Finding.error("designation.client-side", reference)])
        require_in_force(row.contract, act.at, subject=reference)
        require_in_force(row.third_party.contract, act.at, subject=reference)
        _require_version(row, version)
        row.accepted_by, row.accepted_card, row.accepted_at = actor.person_id, actor.card or "", act.at
        _step(act, row, DesignationEvent.ACCEPT)
        act.tell(**settle_teams(act, [row], why="").as_told())
    return view_of(reference)


def decline_designation(actor: Actor, *, reference: str, reason: str) -> DesignationView:
    """Before it is accepted: the third party does not want it, the structure takes it back, or the desk finds
    that an act on paper does not hold. Final; nothing was given by it.
    """
    with acting(actor, "designation.declined", reference) as act:
        row = lock_designation(act, reference)
        person = require_hand(act).national_id
        quality = (
            side_towards(actor, row.contract, RIGHTS)
            or side_towards(actor, row.third_party.contract, RIGHTS)
            or officer_quality(actor)
        )
        if quality is None:
            raise unknown(reference)
        row.reason = read_text(reason, subject="reason")
        row.ended_by, row.ended_as, row.ended_at = person, str(quality), act.at
        act.keep(reason=row.reason)
        _step(act, row, DesignationEvent.DECLINE)
    return view_of(reference)


def view_of(reference: str) -> DesignationView:
    """The designation as it now stands."""
    found = designation_view(reference, at=machine().clock())
    if found is None:
        raise LookupError(f"designation {reference} was just written")
    return found


def _between(
    act: Act, contract: str, third_party: str, *, again: bool = False
) -> tuple[Contract, ThirdParty]:
    """The contract and the third party, both in force, and apart; `again`: even if one designates the
    other.
    """
    row = Contract.objects.select_related("structure").select_for_update(of=("self",)).filter(number=contract)
    found = row.first()
    if found is None:
        raise Refused([Finding.error("designation.not-signatory", displayed(contract) or "—")])
    party = ThirdParty.objects.select_related("contract", "structure").filter(reference=third_party).first()
    if party is None:
        raise Refused([Finding.error("third-party.unknown", displayed(third_party) or "—")])
    require_in_force(found, act.at, subject="contract")
    require_in_force(party.contract, act.at, subject="third_party")
    if party.structure_id == found.structure_id:
        raise Refused([Finding.error("designation.self", "third_party")])
    there = _open_between(found, party)
    if there is not None and not again:
        raise Refused([Finding.error("designation.there", "third_party", reference=there.reference)])
    return found, party


def _open_between(contract: Contract, party: ThirdParty) -> Designation | None:
    rows = Designation.objects.select_for_update(of=("self",)).select_related(
        "structure", "contract", "third_party__structure", "third_party__contract"
    )
    return rows.filter(structure=contract.structure, third_party=party, state__in=_OPEN).first()


def _new(act: Act, contract: Contract, party: ThirdParty) -> Designation:
    row = Designation.objects.create(
        reference=draw_reference(DESIGNATION, act.machine.random),
        structure=contract.structure,
        contract=contract,
        third_party=party,
        state=DesignationState.PREPARED,
        made_at=act.at,
        changed_at=act.at,
    )
    act.about(row.reference, f"structure/{contract.structure.national_id}", party.reference)
    return row


def _today(act: Act) -> date:
    return act.at.astimezone(PARIS).date()


def _read(act: Act, entry: TermsEntry) -> Terms:
    return read_terms(entry, catalogue=act.machine.catalogue, day=_today(act)).require()


def _write_version(act: Act, row: Designation, terms: Terms, signature: _Signature) -> DesignationVersion:
    last = row.versions.order_by("-number").values_list("number", flat=True).first() or 0
    version = DesignationVersion(
        designation=row,
        number=last + 1,
        products=list(terms.products),
        names=[name.text for name in terms.names],
        may_fill=terms.may_fill,
        may_administer=terms.may_administer,
        until=terms.until,
        signatory=signature.person_id,
        quality=signature.quality,
        signed_card=signature.card,
        signed_on=signature.day,
        piece=signature.piece,
        made_by=act.actor.person_id,
        made_at=act.at,
        party_number=row.third_party.structure.national_id,
    )
    version.digest = digest_of(canonical(version.content()))
    version.save(force_insert=True)
    if signature.card:
        row.current_version = version.number
    act.tell(
        version=version.number,
        digest=version.digest,
        products=version.products,
        names=version.names,
        may_fill=version.may_fill,
        may_administer=version.may_administer,
        until=version.until.isoformat(),
        paper=signature.piece is not None,
    )
    act.keep(signatory=signature.person_id)
    return version


def _signatory_on_paper(contract: Contract, paper: PaperAct, act: Act) -> tuple[str, str]:
    """In which quality, and who, signed on paper: whom the contract named on that day with the power to."""
    number = "".join(paper.signatory_card.split())
    if paper.signed_on > _today(act):
        raise Refused([Finding.error("designation.signed-later", "signed_on")])
    named = contract.parties.filter(card_number=number).order_by("id")
    for party in named:
        if party.mandate().allows(SIGN, day=paper.signed_on):
            holder = Card.objects.filter(number=number).values_list("person__national_id", flat=True).first()
            return party.quality, holder or f"carte {number}"
    raise Refused([Finding.error("designation.not-signatory", "signatory_card")])


def _attest(act: Act, version: DesignationVersion) -> None:
    DesignationAttestation.objects.create(
        version=version, officer=act.actor.person_id, card_number=act.actor.in_hand, at=act.at
    )


def _require_version(row: Designation, seen: int) -> None:
    if seen != row.current_version:
        raise Refused(
            [Finding.error("designation.version", row.reference, seen=seen, now=row.current_version)]
        )


def _step(act: Act, row: Designation, event: DesignationEvent) -> None:
    state = DESIGNATION_LIFE.after(DesignationState(row.state), event, subject=row.reference).require()
    act.tell(before=row.state, state=str(state))
    row.state, row.changed_at = state, act.at
    row.save()
