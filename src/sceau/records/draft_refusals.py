"""What the database refuses by itself of drafts: one that is over comes back, or changes owner; a hand that
held section 4 is forgotten.
"""

from __future__ import annotations

from sceau.records.refusals import Refusal, fixed, kept

DRAFTS: tuple[Refusal, ...] = (
    kept("records_orderdraft"),
    fixed("records_orderdraft", "reference", "owner", "origin", "created_at", "corrects_id", "from_version"),
    Refusal(
        "draft_ends_once",
        "records_orderdraft",
        "UPDATE",
        "draft: sent and dropped are final",
        "OLD.state IN ('sent', 'dropped')",
    ),
    Refusal(
        "draft_over_is_empty",
        "records_orderdraft",
        "UPDATE",
        "draft: nothing typed is kept of one that is over",
        "NEW.state IN ('sent', 'dropped') AND NEW.raw <> ''",
    ),
    Refusal(
        "draft_amends_fixed",
        "records_orderdraft",
        "UPDATE",
        "draft: what it amends never changes",
        "NEW.amends_id IS DISTINCT FROM OLD.amends_id",
        asks="records_entrusting",
    ),
    kept("records_entrusting"),
    Refusal(
        "entrusting_fixed",
        "records_entrusting",
        "UPDATE",
        "entrusting: whose, when and under which designation never change, nor how it ended",
        "NEW.draft_id <> OLD.draft_id OR NEW.number <> OLD.number OR NEW.at <> OLD.at"
        " OR NEW.designation_id IS DISTINCT FROM OLD.designation_id"
        " OR (OLD.ended_at IS NOT NULL AND (NEW.returned <> OLD.returned"
        " OR NEW.ended_at IS DISTINCT FROM OLD.ended_at OR NEW.digest <> OLD.digest))",
    ),
)
