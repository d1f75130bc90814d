"""An administrator leaves a structure: their rights stop at once, and each certificate they look after gets
one decision, when somebody comes to it.

Opened by the administrator, whom a contract of the structure names, or the desk, card in hand; decided by the
same but for who leaves. What is decided is done at once and stays done, so that the list may be left and
taken up again. Finished, no right is left. The rule of who may take over is `registration.departure`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F

from sceau.catalogue import Quality
from sceau.operations.acts import Act, acting, refuse_with
from sceau.operations.endings import end_certificate
from sceau.operations.machine import Actor, machine
from sceau.operations.references import DEPARTURE, draw_reference
from sceau.operations.right_ends import end_tokens, names_of, present_version
from sceau.operations.standing import require_person, structure_quality
from sceau.operations.stops import carry_out
from sceau.operations.typed import read_text
from sceau.records import DepartureView, departure_for, departure_of, left_by, left_to_team
from sceau.records.models import (
    Certificate,
    Custody,
    Departure,
    DepartureLine,
    Habilitation,
    Person,
    Structure,
    TeamMember,
)
from sceau.registration import (
    DEPARTURE_LIFE,
    DepartureEvent,
    DepartureState,
    LeftCertificate,
    LineAnswer,
    MemberState,
    Successor,
    check_hand_over,
)
from sceau.vocabulary import Finding, Refused, displayed

MOST_AT_ONCE = 500
_WHY = "Départ de l'administrateur"


@dataclass(frozen=True, slots=True)
class LineDecision:
    """What becomes of one certificate (its reference): `keep`, `hand-over` to a person (national identifier),
    or `revoke`.
    """

    certificate: str
    answer: str
    successor: str = ""


def open_departure(actor: Actor, *, person_id: str, structure_id: str, reason: str) -> DepartureView:
    """Somebody leaves: their rights for the structure are suspended and their tokens end, now; the list of
    what they look after is made. One that is open already is given again.
    """
    with acting(actor, "departure.opened") as act:
        leaver, structure, quality = _parties(act, person_id, structure_id)
        there = departure_of(person_id, structure_id)
        if there:
            act.unchanged()
            return _view(there, leaver.national_id)
        words = read_text(reason, subject="reason")
        rights = _held(leaver, structure)
        certificates = list(left_by(leaver.national_id, structure.pk, at=act.at))
        if not rights and not certificates:
            raise Refused([Finding.error("departure.nothing", displayed(structure_id))])
        row = Departure.objects.create(
            reference=draw_reference(DEPARTURE, act.machine.random),
            structure=structure,
            person=leaver,
            state=DepartureState.OPEN,
            reason=words,
            opened_by=actor.person_id,
            opened_card=actor.in_hand,
            opened_at=act.at,
        )
        act.about(row.reference, f"structure/{structure.national_id}", f"person/{leaver.pk}")
        stopped = _stop(act, rights, "suspend")
        tokens = end_tokens(act, [right.reference for right in rights])
        _add_lines(row, certificates)
        act.tell(quality=quality, rights=stopped, tokens=tokens, certificates=len(certificates))
        act.keep(person=leaver.national_id, reason=words)
    return _view(row.reference, leaver.national_id)


def decide_departure(actor: Actor, *, reference: str, decisions: Sequence[LineDecision]) -> DepartureView:
    """Decide on some of the certificates, all of these or none. The same answer again changes nothing;
    another one is refused. Not by who leaves.
    """
    with acting(actor, "departure.decided", reference) as act:
        row, quality = _open(act, reference)
        if len(decisions) > MOST_AT_ONCE:
            raise Refused([Finding.error("departure.too-many", reference, most=MOST_AT_ONCE)])
        lines = _lines(row, decisions)
        refuse_with(_check(row, lines, quality))
        done = [_decide(act, line, decision, quality) for line, decision in lines]
        counts = {str(answer): done.count(answer) for answer in LineAnswer if answer in done}
        if not counts:
            act.unchanged()
        act.tell(quality=quality, **{name.replace("-", "_"): count for name, count in counts.items()})
    return _view(reference, row.person.national_id)


def finish_departure(actor: Actor, *, reference: str) -> DepartureView:
    """Close the list once every certificate has its decision: the rights are withdrawn, for ever.

    A certificate that came after the list was made is added to it, and the departure stays open.
    """
    with acting(actor, "departure.finished", reference) as act:
        row, quality = _open(act, reference)
        rights = [] if row.member is not None else _held(row.person, row.structure)
        if _is_lengthened(act, row):
            act.rename("departure.lengthened" if row.member is None else "team.lengthened")
        else:
            waiting = row.lines.filter(answer="").count()
            if waiting:
                raise Refused([Finding.error("departure.undecided", reference, count=waiting)])
            withdrawn = _stop(act, rights, "withdraw")
            tokens = end_tokens(act, [right.reference for right in rights])
            _end(act, row, DepartureEvent.FINISH)
            if row.member is not None:
                act.rename("team.settled")
            act.tell(quality=quality, rights=withdrawn, tokens=tokens)
    return _view(reference, row.person.national_id)


def drop_departure(actor: Actor, *, reference: str, reason: str) -> DepartureView:
    """It was a mistake: nothing more is decided. What was decided stays done, and the rights stay suspended
    until the desk resumes them.
    """
    with acting(actor, "departure.dropped", reference) as act:
        row, quality = _open(act, reference)
        if row.member is not None:
            raise Refused([Finding.error("departure.team-stays", reference)])
        words = read_text(reason, subject="reason")
        _end(act, row, DepartureEvent.DROP)
        act.tell(quality=quality)
        act.keep(reason=words)
    return _view(reference, row.person.national_id)


def departure_quality(actor: Actor, *, structure_id: str) -> Quality | None:
    """In which quality the actor may decide on departures of this structure; None when in none."""
    structure = Structure.objects.filter(national_id=structure_id).first()
    return None if structure is None else structure_quality(actor, structure)


def _parties(act: Act, person_id: str, structure_id: str) -> tuple[Person, Structure, str]:
    """Who leaves, what, and in which quality the actor says so."""
    person = require_person(act)
    _require_card(act)
    leaver = Person.objects.filter(national_id=person_id).first()
    structure = Structure.objects.select_for_update().filter(national_id=structure_id).first()
    if leaver is None or structure is None:
        raise Refused([Finding.error("departure.unknown", displayed(person_id) or "—")])
    if leaver.pk == person.pk:
        return leaver, structure, "administrator"
    quality = structure_quality(act.actor, structure)
    if quality is None:
        raise Refused([Finding.error("departure.unknown", displayed(person_id) or "—")])
    return leaver, structure, str(quality)


def _open(act: Act, reference: str) -> tuple[Departure, Quality]:
    """The departure, held, and the quality in which the actor decides on it."""
    person = require_person(act)
    _require_card(act)
    row = (
        Departure.objects.select_for_update(of=("self",))
        .select_related("person", "structure", "member__third_party")
        .filter(reference=reference)
        .first()
    )
    quality = None if row is None else structure_quality(act.actor, row.structure)
    if row is None or (quality is None and row.person_id != person.pk):
        raise Refused([Finding.error("departure.unknown", displayed(reference) or "—")])
    act.about(row.reference, f"structure/{row.structure.national_id}")
    if row.person_id == person.pk or quality is None:
        raise Refused([Finding.error("departure.own", reference)])
    if row.state != DepartureState.OPEN:
        raise Refused([Finding.error("life.not-now", reference)])
    return row, quality


def _require_card(act: Act) -> None:
    if not act.actor.in_hand:
        raise Refused([Finding.error("departure.card-needed", "card")])


def _held(leaver: Person, structure: Structure) -> list[Habilitation]:
    """The rights of a person for a structure not withdrawn, held until the end of the transaction."""
    rows = Habilitation.objects.select_for_update().filter(person=leaver, structure=structure)
    return list(rows.exclude(state="withdrawn").order_by("id"))


def _stop(act: Act, rights: Sequence[Habilitation], answer: str) -> int:
    stopping = act.machine.catalogue.stops["departure"]
    answers = {right.reference: answer for right in rights}
    decided: dict[str, dict[str, str]] = {"orders": {}, "rights": answers, "certificates": {}}
    return carry_out(act, decided, stopping, why=_WHY)["rights"]


def _add_lines(row: Departure, certificates: Sequence[Certificate]) -> None:
    lines = [DepartureLine(departure=row, certificate=one) for one in certificates]
    DepartureLine.objects.bulk_create(lines, batch_size=MOST_AT_ONCE)


def _lines(row: Departure, decisions: Sequence[LineDecision]) -> list[tuple[DepartureLine, LineDecision]]:
    """The lines that these decisions are about, in the order they were made: so are they held."""
    wanted = {decision.certificate: decision for decision in decisions}
    rows = (
        DepartureLine.objects.select_for_update(of=("self",))
        .select_related("certificate", "successor")
        .filter(departure=row, certificate__reference__in=list(wanted))
        .order_by("id")
    )
    found = [(line, wanted[line.certificate.reference]) for line in rows]
    known = {line.certificate.reference for line, _ in found}
    strangers = [one for one in wanted if one not in known]
    refuse_with([Finding.error("departure.not-on-list", displayed(one)) for one in strangers[:20]])
    return found


def _check(
    row: Departure, lines: Sequence[tuple[DepartureLine, LineDecision]], quality: Quality
) -> list[Finding]:
    """Every reason why these decisions cannot be taken. A certificate that a team obtained is its client's:
    the third party keeps it or hands it over, and revokes none.
    """
    allowed = machine().catalogue.stops["departure"].certificates
    is_clients = row.member is not None and quality not in {Quality.DESK, Quality.AUTHORITY}
    successors: dict[tuple[str, int | None], Successor | None] = {}
    found: list[Finding] = []
    for line, decision in lines:
        reference = line.certificate.reference
        if decision.answer not in allowed:
            found.append(Finding.error("departure.answer", reference, answer=displayed(decision.answer)))
        elif is_clients and decision.answer == LineAnswer.REVOKE:
            found.append(Finding.error("departure.clients-own", reference))
        elif line.answer and not _is_same(line, decision):
            found.append(Finding.error("departure.decided-already", reference))
        elif decision.answer == LineAnswer.HAND_OVER and not line.answer:
            key = (decision.successor, line.certificate.structure_id)
            if key not in successors:
                successors[key] = _successor(row, *key)
            successor = successors[key]
            found += (
                (Finding.error("departure.successor-unknown", reference),)
                if successor is None
                else check_hand_over(_left(line.certificate), successor, leaver=row.person.national_id)
            )
    return found


def _is_same(line: DepartureLine, decision: LineDecision) -> bool:
    successor = "" if line.successor is None else line.successor.national_id
    return (line.answer, successor) == (decision.answer, decision.successor)


def _left(row: Certificate) -> LeftCertificate:
    return LeftCertificate(row.reference, row.product, names_of(row))


def _successor(row: Departure, person_id: str, structure: int | None) -> Successor | None:
    """Who is to take over, with their rights for the structure whose certificate it is (its key); None:
    nobody known, or somebody who is not of the team.
    """
    person = Person.objects.filter(national_id=person_id).first()
    if person is None:
        return None
    at = machine().clock()
    rights = Habilitation.objects.filter(person=person, structure=structure, state="active")
    if row.member is not None:
        party = row.member.third_party_id
        team = TeamMember.objects.filter(third_party=party, person=person, state=MemberState.ACTIVE)
        if not team.exists():
            return None
        rights = rights.filter(
            versions__number=F("current_version"),
            versions__designation__designation__third_party=party,
        )
    return Successor(
        person_id=person.national_id,
        is_leaving=row.member is None and bool(departure_of(person_id, row.structure.national_id)),
        rights=tuple(present_version(right.pk).facts(at) for right in rights),
    )


def _decide(act: Act, line: DepartureLine, decision: LineDecision, quality: Quality) -> LineAnswer | None:
    """Do what was decided of one certificate; None when it was done before."""
    if line.answer:
        return None
    answer = LineAnswer(decision.answer)
    certificate = Certificate.objects.select_for_update().get(pk=line.certificate_id)
    if answer is LineAnswer.HAND_OVER:
        line.successor = Person.objects.get(national_id=decision.successor)
    line.answer, line.decided_by, line.decided_at = answer, act.actor.person_id, act.at
    line.save(update_fields=["answer", "successor", "decided_by", "decided_at"])
    if answer is LineAnswer.HAND_OVER:
        _hand_over(act, line, certificate)
    elif answer is LineAnswer.REVOKE:
        _revoke(act, certificate, quality)
    return answer


def _hand_over(act: Act, line: DepartureLine, certificate: Certificate) -> None:
    successor = line.successor
    if successor is None:
        raise LookupError("a line handed over has its successor")
    Custody.objects.update_or_create(
        certificate=certificate,
        defaults={"person": successor, "departure": line.departure, "since": act.at},
    )
    act.also(
        "certificate.entrusted",
        certificate.reference,
        line.departure.reference,
        public={"by": act.telling.kind},
        personal={"person": successor.national_id},
    )


def _revoke(act: Act, certificate: Certificate, quality: Quality) -> None:
    reason = act.machine.catalogue.stops["departure"].revocation_reason
    decision = end_certificate(act, certificate, reason=reason, quality=quality, explanation=_WHY)
    if decision.changed:
        public = {
            "issuer": certificate.issuer,
            "serial": certificate.serial,
            "reason": reason,
            "quality": str(quality),
        }
        act.also("certificate.revoked", certificate.reference, public=public, personal={"explanation": _WHY})


def _is_lengthened(act: Act, row: Departure) -> bool:
    """Write down what ended by itself, and add what came meanwhile; whether anything came."""
    person = row.person.national_id
    live = (
        left_by(person, row.structure_id, at=act.at)
        if row.member is None
        else left_to_team(person, row.member.third_party_id, at=act.at)
    )
    known = row.lines.values("certificate_id")
    late = list(live.exclude(pk__in=known))
    _add_lines(row, late)
    ended = row.lines.filter(answer="").exclude(certificate_id__in=live.values("pk"))
    ended.update(answer=LineAnswer.ENDED, decided_by=act.actor.person_id, decided_at=act.at)
    act.tell(certificates=len(late))
    return bool(late)


def _end(act: Act, row: Departure, event: DepartureEvent) -> None:
    row.state = DEPARTURE_LIFE.after(DepartureState(row.state), event, subject=row.reference).require()
    row.ended_by, row.ended_at = act.actor.person_id, act.at
    row.save(update_fields=["state", "ended_by", "ended_at"])


def _view(reference: str, viewer: str) -> DepartureView:
    found = departure_for(reference, viewer, at=machine().clock())
    if found is None:
        raise LookupError(f"departure {reference} was just written")
    return found
