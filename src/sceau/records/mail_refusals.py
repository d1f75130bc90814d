"""What the database refuses by itself of mails: one that vanishes, or whose words, address or name change."""

from __future__ import annotations

from sceau.records.refusals import Refusal, fixed, kept

MAILS: tuple[Refusal, ...] = (
    kept("records_notice"),
    fixed("records_notice", "kind", "subject", "at"),
    Refusal("notice_made_once", "records_notice", "UPDATE", "notice: made once", "OLD.made_at IS NOT NULL"),
    kept("records_mail"),
    fixed(
        "records_mail", *("key", "about", "address", "subject", "text", "html", "message_id", "again_of_id")
    ),
    Refusal(
        "mail_sent_once",
        "records_mail",
        "UPDATE",
        "mail: what left never leaves again",
        "OLD.state NOT IN ('waiting', 'sending') AND NEW.state IN ('waiting', 'sending')",
    ),
    kept("records_calendarfeed"),
    fixed("records_calendarfeed", "structure_id", "secret_sha256", "made_by", "made_at"),
)
