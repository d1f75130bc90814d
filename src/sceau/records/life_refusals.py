"""What the database refuses by itself of the life of rights: a departure finished with certificates that
nobody decided on, a decision taken back, a certificate looked after by whom nobody chose.
"""

from __future__ import annotations

from sceau.records.refusals import Refusal, fixed, is_of_structure, is_party, kept

_CHOSEN = (
    "EXISTS (SELECT 1 FROM records_departureline l WHERE l.certificate_id = NEW.certificate_id"
    " AND l.departure_id = NEW.departure_id AND l.answer = 'hand-over'"
    " AND l.successor_id = NEW.person_id)"
)
_UNDECIDED = "EXISTS (SELECT 1 FROM records_departureline l WHERE l.departure_id = NEW.id AND l.answer = '')"
_HOLDS_A_RIGHT = (
    "EXISTS (SELECT 1 FROM records_habilitation h WHERE h.person_id = NEW.person_id"
    " AND h.structure_id = NEW.structure_id AND h.state <> 'withdrawn')"
)

LIFE: tuple[Refusal, ...] = (
    kept("records_departure"),
    fixed(
        "records_departure",
        *("reference", "structure_id", "person_id", "opened_by", "opened_card", "opened_at"),
    ),
    Refusal(
        "departure_ended_once",
        "records_departure",
        "UPDATE",
        "departure: what ended stays so",
        "OLD.state <> 'open'",
    ),
    Refusal(
        "departure_decided_whole",
        "records_departure",
        "UPDATE",
        "departure: finished once every certificate has its decision",
        f"NEW.state = 'done' AND OLD.state <> 'done' AND {_UNDECIDED}",
        asks="records_departureline",
    ),
    Refusal(
        "departure_leaves_no_right",
        "records_departure",
        "UPDATE",
        "departure: finished, it leaves no right behind",
        f"NEW.state = 'done' AND OLD.state <> 'done' AND NEW.member_id IS NULL AND {_HOLDS_A_RIGHT}",
        asks="records_changegrace",
    ),
    Refusal(
        "departure_of_removed_member",
        "records_departure",
        "UPDATE",
        "departure: of a team, finished once its member is removed",
        "NEW.state = 'done' AND NEW.member_id IS NOT NULL AND EXISTS (SELECT 1 FROM records_teammember m"
        " WHERE m.id = NEW.member_id AND m.state <> 'removed')",
        asks="records_changegrace",
    ),
    kept("records_departureline"),
    fixed("records_departureline", "departure_id", "certificate_id"),
    Refusal(
        "departureline_decided_once",
        "records_departureline",
        "UPDATE",
        "departure: a certificate is decided on once",
        "OLD.answer <> ''",
    ),
    kept("records_custody"),
    fixed("records_custody", "certificate_id"),
    Refusal(
        "custody_chosen",
        "records_custody",
        "INSERT",
        "custody: by a decision to hand over only",
        f"NOT {_CHOSEN}",
    ),
    Refusal(
        "custody_chosen_again",
        "records_custody",
        "UPDATE",
        "custody: by a decision to hand over only",
        f"NOT {_CHOSEN}",
    ),
    kept("records_amendment"),
    fixed("records_amendment", "order_id", "amends_id", "made_at"),
    Refusal(
        "amendment_not_own",
        "records_amendment",
        "UPDATE",
        "amendment: answered by nobody who is part of its order, or of their own structure",
        "NEW.planned_by <> '' AND (NEW.planned_by <> OLD.planned_by OR NEW.version <> OLD.version)"
        f" AND ({is_party('NEW.planned_by')} OR {is_of_structure('NEW.planned_by')})",
        asks="records_formreceipt",
    ),
    Refusal(
        "amendment_done_stays",
        "records_amendment",
        "UPDATE",
        "amendment: what was done stays so",
        "OLD.done_at IS NOT NULL",
    ),
    Refusal(
        "amendment_of_accepted",
        "records_amendment",
        "UPDATE",
        "amendment: done with the acceptance of its order only",
        "NEW.done_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM records_order o"
        " WHERE o.id = NEW.order_id AND o.state = 'accepted' AND o.current_version = NEW.version)",
    ),
)
