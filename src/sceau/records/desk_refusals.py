"""What the database refuses by itself of the desk: rules that change under an order, an acceptance by fewer
officers than they ask, a request or an answer rewritten.
"""

from __future__ import annotations

from sceau.records.refusals import Refusal, fixed, is_of_structure, is_party, kept, unchanging

_STANDING = (
    "(SELECT COUNT(DISTINCT a.officer) FROM records_approval a"
    " WHERE a.order_id = NEW.id AND a.version = NEW.current_version)"
)
_ASKED = "COALESCE((SELECT k.needed FROM records_deskcase k WHERE k.order_id = NEW.id), 2)"
_IS_DECISION = (  # the requester may give up their own order: that decides nothing
    "EXISTS (SELECT 1 FROM records_order d WHERE d.id = NEW.order_id AND d.state IN ('accepted', 'refused'))"
)

DESK: tuple[Refusal, ...] = (
    *unchanging("records_approvalrules"),
    kept("records_deskcase"),
    fixed("records_deskcase", "order_id", "rules_id"),
    Refusal(
        "order_as_many_people",
        "records_order",
        "UPDATE",
        "order: accepted by as many different officers as its rule asks",
        f"NEW.state = 'accepted' AND OLD.state <> 'accepted' AND {_STANDING} < {_ASKED}",
        asks="records_deskcase",
    ),
    Refusal(
        "case_not_own",
        "records_deskcase",
        "UPDATE",
        "case: nobody decides on an order that they are part of, or of their own structure",
        f"NEW.decided_at IS NOT NULL AND OLD.decided_at IS NULL AND {_IS_DECISION}"
        f" AND ({is_party('NEW.decided_by')} OR {is_of_structure('NEW.decided_by')})",
        asks="records_formreceipt",
    ),
    Refusal(
        "case_decided_once",
        "records_deskcase",
        "UPDATE",
        "case: what was decided stays so",
        "OLD.lane = 'closed'",
    ),
    kept("records_requestitem"),
    fixed("records_requestitem", "note_id", "position", "path", "text"),
    Refusal(
        "request_item_answered_once",
        "records_requestitem",
        "UPDATE",
        "request: a point is answered once",
        "OLD.answered_at IS NOT NULL",
    ),
)
