"""What the database refuses by itself of drafts: one that is over comes back, or changes owner."""

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
)
