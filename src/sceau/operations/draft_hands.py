"""In whose hands section 4 of a draft is: a named person's, or those of a designated third party's team.

Who holds it is read from the records at each act: a card renewed, a member removed, a designation ended or
suspended count from that moment.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sceau.operations.acts import Act
from sceau.operations.delegation.sides import is_of_team, require_apart
from sceau.operations.typed import canonical, digest_of
from sceau.records import cards_of
from sceau.records.models import Designation, DesignationVersion, Entrusting, Order, OrderDraft, OrderParty
from sceau.registration import STEPS, TECHNICAL, DraftState, Writer, check_technical
from sceau.vocabulary import Finding, Refused


@dataclass(frozen=True, slots=True)
class Hands:
    """Where section 4 of a draft was put, as a verb holds it."""

    row: Entrusting
    version: DesignationVersion | None = None

    @property
    def team(self) -> Designation | None:
        """The designation whose third party has it; None for a named person."""
        return self.row.designation


def hands_of(draft: OrderDraft) -> Hands | None:
    """In whose hands the draft's section 4 is now; None when in its owner's."""
    row = (
        Entrusting.objects.select_related(
            "designation__contract",
            "designation__structure",
            "designation__third_party__contract",
            "designation__third_party__structure",
        )
        .filter(draft=draft, ended_at=None)
        .first()
    )
    if row is None:
        return None
    return Hands(row, None if row.designation is None else version_of(row.designation))


def version_of(designation: Designation) -> DesignationVersion | None:
    """The present version of a designation; None before its first act is whole."""
    version = designation.versions.filter(number=designation.current_version).first()
    if version is not None:
        version.designation = designation
    return version


def writer_of(draft: OrderDraft, hands: Hands | None, person: str, act: Act) -> Writer | None:
    """What this person is to the draft now; None: nothing, and then it does not exist for them."""
    if draft.owner == person:
        return Writer.OWNER
    if hands is None or draft.state != DraftState.ENTRUSTED:
        return None
    if hands.team is not None:
        in_force = hands.version is not None and hands.version.may_fill and hands.version.is_in_force(act.at)
        return Writer.HELPER if in_force and is_of_team(person, hands.team.third_party) else None
    row = hands.row
    is_named = row.person_id == person or (bool(row.card_number) and row.card_number in cards_of(person))
    return Writer.HELPER if is_named else None


def check_written(act: Act, hands: Hands | None, writer: Writer, parts: Mapping[str, Any]) -> None:
    """What a team writes lies within its designation; meanwhile the owner leaves the contract that the
    designation stands under. Else `Refused`.
    """
    if hands is None or hands.team is None or hands.version is None:
        return
    if writer is Writer.OWNER:
        require_contract_of(parts, hands.team)
        return
    found = check_technical(parts, hands.version.terms())
    if found:
        raise Refused(found)
    act.tell(designation=hands.team.reference, designation_version=hands.version.number)


def note_writer(act: Act, hands: Hands | None, writer: Writer) -> None:
    """Who of a team changed something is kept with it."""
    person = act.actor.person_id
    if hands is None or hands.team is None or writer is Writer.OWNER or person in hands.row.writers:
        return
    hands.row.writers = sorted([*hands.row.writers, person])
    hands.row.save(update_fields=["writers"])


def require_contract_of(parts: Mapping[str, Any], designation: Designation) -> None:
    """The form, as far as `parts` say, is of the contract under which the third party is designated."""
    if "contract" not in parts:
        return
    contract = parts["contract"]
    number = contract.get("number") if isinstance(contract, Mapping) else None
    if number != designation.contract.number:
        raise Refused([Finding.error("technical.other-contract", "contract.number")])


def come_back(act: Act, draft: OrderDraft, hands: Hands, *, returned: str, answer: str = "") -> None:
    """Section 4 is the owner's again, as it stands; `returned` is how (`drafts.RETURNS`)."""
    row = hands.row
    raw = json.loads(draft.raw)
    row.digest = digest_of(canonical({name: raw.get(name) for name in sorted(TECHNICAL)}))
    row.ended_at, row.ended_by, row.returned = act.at, act.actor.person_id, returned
    row.answer = answer
    row.save(update_fields=["digest", "ended_at", "ended_by", "returned", "answer"])


def recall(act: Act, draft: OrderDraft, *, returned: str, about: tuple[str, ...] = ()) -> bool:
    """Whoever has section 4 in hand has it no more, by an act about something else; whether somebody had."""
    hands = hands_of(draft)
    if hands is None:
        return False
    come_back(act, draft, hands, returned=returned)
    public = {"by": act.telling.kind, "returned": returned}
    act.also("draft.taken-back", draft.reference, *about, public=public)
    return True


def forget_words(draft: OrderDraft) -> None:
    """Over, and no order came of it: nothing of what was typed to one another stays."""
    Entrusting.objects.filter(draft=draft).update(word="", answer="")


def name_hands(act: Act, draft: OrderDraft, order: Order) -> None:
    """Who had the technical part in hand, and who of a team wrote in it, is part of the order, and will not
    decide on it [ASSURANCE T45]. Nobody of a team sends what it filled.
    """
    rows = Entrusting.objects.select_related("designation__third_party__contract").filter(draft=draft)
    for row in rows.order_by("number"):
        if row.designation is not None:
            require_apart(act, row.designation.third_party, subject=draft.reference)
        named = [(row.person_id, row.card_number)] if row.designation is None else []
        for person, card in [*named, *((writer, "") for writer in row.writers)]:
            OrderParty.objects.get_or_create(
                order=order,
                version=order.current_version,
                role="technical",
                card_number=card,
                person_id=person,
            )


def read_again(draft: OrderDraft) -> None:
    """What somebody else may have written is for the owner to go through."""
    theirs = {step.code for step in STEPS if step.technical}
    draft.visited = sorted(set(draft.visited) - theirs)
