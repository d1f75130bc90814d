"""The statements of issuance in plain SQL, a batch at a time. Rows go in and out; nothing is decided here.

Only `operations` uses it, and only inside its acts: what is written here is written in their transactions,
under the same triggers and constraints as everything else [ASSURANCE decision 18]. The rows that come back
are read afresh each time; what is remembered between two readings is how a row was decoded, never that it
is still the same.
"""

from sceau.records.hot.certificates import (
    FirstRow,
    IntendedRow,
    KeyRow,
    NewCertificate,
    NewKeyUse,
    NewName,
    Signed,
    blocked_among,
    first_under,
    intended_rows,
    is_right_used,
    keep_key_uses,
    keep_requests,
    key_rows,
    record_delivered,
    record_signed,
    right_states,
    write_certificates,
    write_names,
)
from sceau.records.hot.journal import (
    NewDisclosure,
    NewEntry,
    append_entries,
    latest_entry,
    seal_entries,
    setting,
)
from sceau.records.hot.link import draw_ids, settle_in
from sceau.records.hot.rights import CardRow, RightRow, card_rows, person_rows, right_rows
from sceau.records.hot.tokens import (
    NewUse,
    TokenRow,
    count_uses,
    count_uses_above,
    token_rows,
    token_rows_of_secrets,
    write_uses,
)

__all__ = [
    "CardRow",
    "FirstRow",
    "IntendedRow",
    "KeyRow",
    "NewCertificate",
    "NewDisclosure",
    "NewEntry",
    "NewKeyUse",
    "NewName",
    "NewUse",
    "RightRow",
    "Signed",
    "TokenRow",
    "append_entries",
    "blocked_among",
    "card_rows",
    "count_uses",
    "count_uses_above",
    "draw_ids",
    "first_under",
    "intended_rows",
    "is_right_used",
    "keep_key_uses",
    "keep_requests",
    "key_rows",
    "latest_entry",
    "person_rows",
    "record_delivered",
    "record_signed",
    "right_rows",
    "right_states",
    "seal_entries",
    "setting",
    "settle_in",
    "token_rows",
    "token_rows_of_secrets",
    "write_certificates",
    "write_names",
    "write_uses",
]
