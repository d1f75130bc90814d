"""Read queries: frozen views of the records. Nothing here changes anything.

`*_for` queries take the national identifier of who asks and give None for what is not theirs, exactly as
for what does not exist (a page then answers 404 in both cases). The others are for the desk, status
services and the operator. Every list is paged by key: pass the last line's reference as `after`.
"""

from sceau.records.queries.certificates import (
    certificate_by_serial,
    certificate_file,
    certificate_for,
    certificates_of,
    find_certificates,
    is_serial_given,
)
from sceau.records.queries.habilitations import (
    habilitation_file,
    habilitation_for,
    habilitations_of,
    list_habilitations,
)
from sceau.records.queries.journal import (
    journal_disclosures,
    journal_entries,
    journal_heads,
    journal_leaves,
    journal_lines,
    latest_head,
)
from sceau.records.queries.lists import (
    SEGMENT_ENTRIES,
    Piece,
    Series,
    check_joining,
    check_tag,
    count_between,
    end_of_share,
    entries_between,
    has_revoked_since,
    kept_segments,
    last_revocation,
    latest_crl,
    revoked_entries,
    revoked_pieces,
    series_of,
)
from sceau.records.queries.orders import desk_queue, order_file, order_for, orders_of
from sceau.records.queries.people import (
    card_line,
    cards_of,
    contract_line,
    officers,
    person_line,
    roles_of,
    structures_of,
    valid_cards_of,
)
from sceau.records.queries.revocation_runs import (
    find_on_key,
    is_key_blocked,
    list_runs,
    rights_under,
    run_file,
    run_preview,
    run_report,
    still_to_end,
    under_criterion,
)
from sceau.records.queries.status import StatusRecords
from sceau.records.queries.tokens import (
    certificate_under,
    certificates_under,
    digests_under,
    list_tokens,
    token_line,
)
from sceau.records.triggers import missing as missing_triggers
from sceau.records.turns import Turn, hold_issuance, take_turn

__all__ = [
    "SEGMENT_ENTRIES",
    "Piece",
    "Series",
    "StatusRecords",
    "Turn",
    "card_line",
    "cards_of",
    "certificate_by_serial",
    "certificate_file",
    "certificate_for",
    "certificate_under",
    "certificates_of",
    "certificates_under",
    "check_joining",
    "check_tag",
    "contract_line",
    "count_between",
    "desk_queue",
    "digests_under",
    "end_of_share",
    "entries_between",
    "find_certificates",
    "find_on_key",
    "habilitation_file",
    "habilitation_for",
    "habilitations_of",
    "has_revoked_since",
    "hold_issuance",
    "is_key_blocked",
    "is_serial_given",
    "journal_disclosures",
    "journal_entries",
    "journal_heads",
    "journal_leaves",
    "journal_lines",
    "kept_segments",
    "last_revocation",
    "latest_crl",
    "latest_head",
    "list_habilitations",
    "list_runs",
    "list_tokens",
    "missing_triggers",
    "officers",
    "order_file",
    "order_for",
    "orders_of",
    "person_line",
    "revoked_entries",
    "revoked_pieces",
    "rights_under",
    "roles_of",
    "run_file",
    "run_preview",
    "run_report",
    "series_of",
    "still_to_end",
    "structures_of",
    "take_turn",
    "token_line",
    "under_criterion",
    "valid_cards_of",
]
