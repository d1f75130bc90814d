"""The technical part of an order being written (section 4), put in other hands and back: the one door for it.

To a person named by card or national identifier, or to the team of a third party that the structure
designated; at any moment before the order is decided, since what was sent is taken up again in a draft. They
write section 4 and nothing else, see of the rest the structure's name only, and sign nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from sceau.operations.acts import Act, acting
from sceau.operations.delegation.sides import quality_towards, require_apart, unknown
from sceau.operations.draft_hands import come_back, hands_of, read_again, require_contract_of, version_of
from sceau.operations.drafts import after_event, draft_view, lock_draft, touch
from sceau.operations.machine import Actor
from sceau.operations.standing import require_person
from sceau.operations.structures import identifier_mode
from sceau.operations.typed import read_text
from sceau.records import DraftFile, cards_of
from sceau.records.models import Designation, Entrusting, OrderDraft
from sceau.registration import DraftEvent
from sceau.vocabulary import Finding, Refused, read_card_number, read_email, read_person_id

_BLANKS = str.maketrans("", "", " .-\u00a0\u202f")


@dataclass(frozen=True, slots=True)
class EntrustTo:
    """To whom: `designation` (its reference), or `person` (the number of a card, or a national identifier)
    with the address where they are written to, if it is known.
    """

    designation: str = ""
    person: str = ""
    email: str = ""


def entrust_technical_part(actor: Actor, *, reference: str, to: EntrustTo, word: str = "") -> DraftFile:
    """Put section 4 of a draft in somebody's hands. Whether a person is known here is told to nobody; it
    opens the draft to who comes in with that card or identifier, or to whoever is on the team that day.
    """
    with acting(actor, "draft.entrusted", reference) as act:
        row, writer = lock_draft(act, reference)
        row.state = after_event(row, writer, DraftEvent.ENTRUST)
        given = Entrusting(
            draft=row,
            number=row.entrustings.count() + 1,
            word=read_text(word, subject="word", required=False),
            at=act.at,
        )
        if to.designation:
            _to_team(act, row, given, to.designation)
        else:
            _to_person(row, given, to)
        given.save(force_insert=True)
        touch(act, row)
        act.keep(helper=given.person_id or given.card_number or to.designation, word=given.word)
    return draft_view(actor, reference)


def give_back_technical_part(actor: Actor, *, reference: str, word: str = "") -> None:
    """Whoever has it in hand has done: section 4 is the owner's again, to be read before it is sent."""
    with acting(actor, "draft.given-back", reference) as act:
        row, writer = lock_draft(act, reference)
        row.state = after_event(row, writer, DraftEvent.GIVE_BACK)
        _back(act, row, returned="given-back", word=word)


def take_back_technical_part(actor: Actor, *, reference: str) -> DraftFile:
    """The owner takes section 4 back, as it stands."""
    with acting(actor, "draft.taken-back", reference) as act:
        row, writer = lock_draft(act, reference)
        row.state = after_event(row, writer, DraftEvent.TAKE_BACK)
        _back(act, row, returned="taken-back")
    return draft_view(actor, reference)


def _back(act: Act, row: OrderDraft, *, returned: str, word: str = "") -> None:
    hands = hands_of(row)
    if hands is None:
        raise LookupError(f"draft {row.reference} is entrusted to nobody")
    answer = read_text(word, subject="word", required=False)
    come_back(act, row, hands, returned=returned, answer=answer)
    read_again(row)
    touch(act, row)
    act.tell(digest=hands.row.digest)
    if hands.team is not None:
        act.about(row.reference, hands.team.reference)
    if answer:
        act.keep(word=answer)


def _to_team(act: Act, row: OrderDraft, given: Entrusting, reference: str) -> None:
    """By whom the contract names, or by who ordered under it: the designation is in force, lets the third
    party fill section 4, and is of the contract that the form names. Nobody of the third party does it.
    """
    found = Designation.objects.select_related(
        "contract", "structure", "third_party__contract", "third_party__structure"
    )
    designation = found.select_for_update(of=("self",)).filter(reference=reference).first()
    version = None if designation is None else version_of(designation)
    if designation is None or version is None:
        raise unknown(reference)
    base = row.corrects or row.amends
    is_requester = base is not None and base.contract_number == designation.contract.number
    if not is_requester and quality_towards(require_person(act).national_id, designation.contract) is None:
        raise unknown(reference)
    require_apart(act, designation.third_party, subject=reference)
    if not version.may_fill or not version.is_in_force(act.at):
        raise Refused([Finding.error("technical.not-designated", reference)])
    require_contract_of({"contract": None} | json.loads(row.raw), designation)
    given.designation = designation
    act.about(row.reference, designation.reference)
    act.tell(designation=designation.reference, designation_version=version.number)


def _to_person(row: OrderDraft, given: Entrusting, to: EntrustTo) -> None:
    given.person_id, given.card_number = _named(to.person)
    if given.person_id == row.owner or given.card_number in cards_of(row.owner):
        raise Refused([Finding.error("order-draft.helper-is-owner", "to")])
    if to.email.strip():
        given.email = read_email(to.email.strip(), subject="email").require().text


def _named(typed: str) -> tuple[str, str]:
    """A national identifier and a card number, one of them empty."""
    text, mode = typed.strip(), identifier_mode()
    bare = text.translate(_BLANKS)
    if not bare:
        raise Refused([Finding.error("order-draft.helper-missing", "to")])
    card = read_card_number(bare, subject="to", mode=mode)
    if card.value is not None:
        return "", card.value.text
    person = read_person_id(text, subject="to", mode=mode)
    if person.value is not None:
        return person.value.text, ""
    raise Refused([Finding.error("order-draft.helper-unreadable", "to")])
