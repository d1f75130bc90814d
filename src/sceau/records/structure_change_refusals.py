"""What the database refuses by itself of a structure's change: confirmed alone, by its own people, or with
something unanswered; a plan that changes once it was confirmed; one that is over with something left.
"""

from __future__ import annotations

from sceau.records.refusals import Refusal, fixed, kept

_OF_STRUCTURE = (
    "EXISTS (SELECT 1 FROM records_employment e JOIN records_person h ON h.id = e.person_id"
    ' WHERE e.structure_id = NEW.structure_id AND e."until" IS NULL AND h.national_id = OFFICER)'
    " OR EXISTS (SELECT 1 FROM records_contract c"
    " JOIN records_contractparty p ON p.contract_id = c.id"
    " JOIN records_card k ON k.number = p.card_number"
    " JOIN records_person h ON h.id = k.person_id"
    " WHERE c.structure_id = NEW.structure_id AND h.national_id = OFFICER)"
)
_IS_DESK = (
    "EXISTS (SELECT 1 FROM records_role r JOIN records_person h ON h.id = r.person_id"
    " WHERE r.quality = 'desk' AND h.national_id = OFFICER)"
)
_CONFIRMS = "NEW.state = 'confirmed' AND OLD.state <> 'confirmed'"
_UNANSWERED = (
    "EXISTS (SELECT 1 FROM records_structurechangeline l WHERE l.change_id = NEW.id AND l.answer = '')"
)
_UNDONE = (
    "EXISTS (SELECT 1 FROM records_structurechangeline l WHERE l.change_id = NEW.id AND l.done_at IS NULL)"
)
_IS_CONFIRMED = (
    "EXISTS (SELECT 1 FROM records_structurechange c WHERE c.id = NEW.change_id"
    " AND c.state IN ('confirmed', 'done'))"
)
_OF_GRACED = (
    "EXISTS (SELECT 1 FROM records_structurechangeline l"
    " JOIN records_structurechange c ON c.id = l.change_id"
    " WHERE l.id = NEW.line_id AND c.state = 'confirmed'"
    " AND (c.structure_id IN (THEIRS) OR c.successor_id IN (THEIRS)))"
)
_THEIRS = (
    "SELECT e.structure_id FROM records_employment e JOIN records_person h ON h.id = e.person_id"
    ' WHERE e."until" IS NULL AND h.national_id = OFFICER'
    " UNION SELECT k.structure_id FROM records_contract k"
    " JOIN records_contractparty p ON p.contract_id = k.id"
    " JOIN records_card d ON d.number = p.card_number"
    " JOIN records_person h ON h.id = d.person_id WHERE h.national_id = OFFICER"
)
_IS_GRANTED = (
    "EXISTS (SELECT 1 FROM records_changegrace g WHERE g.line_id = NEW.id AND g.state = 'granted'"
    " AND g.revoke_on = NEW.revoke_on)"
)
_GRACE = "records_changegrace"
_GRANTS = "NEW.state = 'granted' AND OLD.state <> 'granted'"
_CHANGED = "records_structurechange"
_LINE = "records_structurechangeline"


def _by(condition: str, officer: str) -> str:
    return condition.replace("THEIRS", _THEIRS).replace("OFFICER", officer)


STRUCTURE_CHANGES: tuple[Refusal, ...] = (
    kept(_CHANGED),
    fixed(
        _CHANGED,
        *("reference", "structure_id", "kind", "becomes", "effective_on", "opened_by", "opened_card"),
        "opened_at",
    ),
    Refusal(
        "structure_change_begins",
        _CHANGED,
        "INSERT",
        "change: begins as open",
        "NEW.state <> 'open'",
    ),
    Refusal(
        "structure_change_ended_once",
        _CHANGED,
        "UPDATE",
        "change: what is over stays so",
        "OLD.state IN ('done', 'dropped')",
    ),
    Refusal(
        "structure_change_by_desk",
        _CHANGED,
        "UPDATE",
        "change: proposed and confirmed by two officers of the desk",
        f"{_CONFIRMS} AND (NOT {_by(_IS_DESK, 'NEW.proposed_by')} OR NOT {_by(_IS_DESK, 'NEW.confirmed_by')}"
        " OR NEW.proposed_by = NEW.confirmed_by)",
    ),
    Refusal(
        "structure_change_not_own",
        _CHANGED,
        "UPDATE",
        "change: nobody confirms one of their own structure",
        f"{_CONFIRMS} AND ({_by(_OF_STRUCTURE, 'NEW.proposed_by')}"
        f" OR {_by(_OF_STRUCTURE, 'NEW.confirmed_by')})",
    ),
    Refusal(
        "structure_change_whole",
        _CHANGED,
        "UPDATE",
        "change: confirmed once everything has its answer",
        f"{_CONFIRMS} AND {_UNANSWERED}",
        asks=_LINE,
    ),
    Refusal(
        "structure_change_done_whole",
        _CHANGED,
        "UPDATE",
        "change: over once everything is done",
        f"NEW.state = 'done' AND OLD.state <> 'done' AND {_UNDONE}",
        asks=_LINE,
    ),
    Refusal(
        "structure_change_confirmed_stays",
        _CHANGED,
        "UPDATE",
        "change: what was confirmed stays so",
        "OLD.state = 'confirmed' AND (NEW.state NOT IN ('confirmed', 'done')"
        " OR NEW.confirmed_by <> OLD.confirmed_by OR NEW.proposed_by <> OLD.proposed_by)",
    ),
    kept(_LINE),
    fixed(_LINE, "change_id", "thing", "reference", "carries"),
    Refusal(
        "structure_change_line_decided",
        _LINE,
        "UPDATE",
        "change: a confirmed answer stays, and its days only move away",
        f"OLD.answer <> '' AND {_IS_CONFIRMED} AND (NEW.answer <> OLD.answer"
        " OR NEW.revoke_on < OLD.revoke_on OR NEW.replace_before < OLD.replace_before)",
    ),
    Refusal(
        "structure_change_line_done",
        _LINE,
        "UPDATE",
        "change: what was done stays so",
        "OLD.done_at IS NOT NULL",
    ),
    Refusal(
        "structure_change_line_graced",
        _LINE,
        "UPDATE",
        "change: past its day, a certificate gets more time by two officers only",
        f"OLD.warned_at IS NOT NULL AND NEW.revoke_on > OLD.revoke_on AND NOT {_IS_GRANTED}",
        asks=_GRACE,
    ),
    kept(_GRACE),
    fixed(_GRACE, "reference", "line_id", "revoke_on", "reason", "asked_by", "asked_card", "asked_at"),
    Refusal("change_grace_begins", _GRACE, "INSERT", "grace: begins as asked", "NEW.state <> 'asked'"),
    Refusal(
        "change_grace_once", _GRACE, "UPDATE", "grace: what was decided stays so", "OLD.state <> 'asked'"
    ),
    Refusal(
        "change_grace_by_desk",
        _GRACE,
        "UPDATE",
        "grace: asked and granted by two officers of the desk",
        f"{_GRANTS} AND (NOT {_by(_IS_DESK, 'NEW.asked_by')} OR NOT {_by(_IS_DESK, 'NEW.decided_by')}"
        " OR NEW.asked_by = NEW.decided_by)",
    ),
    Refusal(
        "change_grace_not_own",
        _GRACE,
        "UPDATE",
        "grace: nobody grants one to their own structure",
        f"{_GRANTS} AND ({_by(_OF_GRACED, 'NEW.asked_by')} OR {_by(_OF_GRACED, 'NEW.decided_by')})",
    ),
)
