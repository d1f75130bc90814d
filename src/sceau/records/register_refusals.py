"""What the database refuses by itself of registers and tasks: an import whose file changes, a standing one
taken back to loading, a task done twice or undone.
"""

from __future__ import annotations

from sceau.records.refusals import Refusal, fixed, kept

REGISTERS: tuple[Refusal, ...] = (
    kept("records_registerimport"),
    fixed("records_registerimport", *("reference", "layout", "sha256", "size", "began_by", "began_at")),
    Refusal(
        "registerimport_ends_once",
        "records_registerimport",
        "UPDATE",
        "register import: what stood never loads again",
        "OLD.state <> 'loading' AND NEW.state = 'loading'",
    ),
    kept("records_desktask"),
    fixed("records_desktask", *("reference", "key", "code", "subject", "raised_at", "raised_by")),
    Refusal(
        "desktask_done_once",
        "records_desktask",
        "UPDATE",
        "task: done once",
        "OLD.done_at IS NOT NULL",
    ),
)
