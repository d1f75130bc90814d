"""What the database refuses by itself, whoever writes: histories stay, and nobody accepts an order alone.

The rules are decided in `registration`, `certification` and `status`; these are their last line, for a bug
of ours or a hand in the database [ASSURANCE T45, T46, F16]. The same list serves SQLite and PostgreSQL. A
migration that alters one of these tables ends with `install` (SQLite drops the triggers of a table it
rebuilds).
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from typing import TYPE_CHECKING, Any

from sceau.records.designation_refusals import DESIGNATIONS
from sceau.records.desk_refusals import DESK
from sceau.records.draft_refusals import DRAFTS
from sceau.records.legal_file_refusals import LEGAL_FILE
from sceau.records.life_refusals import LIFE
from sceau.records.mail_refusals import MAILS
from sceau.records.officer_refusals import OFFICERS
from sceau.records.refusals import (
    OFFICER_IS_DESK,
    OFFICER_IS_PARTY,
    Refusal,
    fixed,
    is_of_structure,
    kept,
    unchanging,
)
from sceau.records.register_refusals import REGISTERS
from sceau.records.structure_change_refusals import STRUCTURE_CHANGES

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


_STANDING_APPROVALS = (
    "(SELECT COUNT(DISTINCT a.officer) FROM records_approval a"
    " WHERE a.order_id = NEW.id AND a.version = NEW.current_version)"
)
_PRESENT_VERSION = "(SELECT o.current_version FROM records_order o WHERE o.id = NEW.order_id)"
_LIFE_OF_A_CERTIFICATE = (
    "NEW.state <> OLD.state"
    " AND NOT (OLD.state = 'intended' AND NEW.state IN ('issued', 'collected', 'presumed', 'abandoned'))"
    " AND NOT (OLD.state = 'issued' AND NEW.state = 'collected')"
)
_SIGNED_HOLDS_DRAFT = (  # behind a SEQUENCE of 256 to 65,535 octets
    "length(NEW.draft) = 0 AND NEW.der IS NOT NULL AND substr(NEW.der, 5, length(OLD.draft)) = OLD.draft"
)
_IS_FORMER = (
    "EXISTS (SELECT 1 FROM records_formerkeyuse f"
    " WHERE f.certificate_id = OLD.certificate_id AND f.spki_sha256 = OLD.spki_sha256)"
)
_ACCEPTED_VERSION = (
    "EXISTS (SELECT 1 FROM records_order o WHERE o.id = NEW.order_id"
    " AND o.state = 'accepted' AND o.current_version = NEW.order_version)"
)

_RUN_HAS_ITS_YES = (
    "(SELECT COUNT(DISTINCT a.officer) FROM records_revocationrunapproval a WHERE a.run_id = NEW.id)"
    " >= NEW.deciders_needed"
)
_OFFICER_MAY_END = (
    "EXISTS (SELECT 1 FROM records_role r JOIN records_person h ON h.id = r.person_id"
    " WHERE r.quality IN ('desk', 'authority') AND h.national_id = NEW.officer)"
)
_RUN_ENDS_CERTIFICATES = (
    "EXISTS (SELECT 1 FROM records_revocationrun r"
    " WHERE r.id = NEW.run_id AND r.state = 'running' AND r.secured_at IS NOT NULL)"
    " AND EXISTS (SELECT 1 FROM records_revocation v WHERE v.certificate_id = NEW.certificate_id)"
)

REFUSALS: tuple[Refusal, ...] = (
    *unchanging("records_journalentry"),
    *unchanging("records_journalleaf"),
    *unchanging("records_treehead"),
    *unchanging("records_revocation"),
    *unchanging("records_orderversion"),
    *unchanging("records_orderparty"),
    *unchanging("records_approval"),
    *unchanging("records_habilitationversion"),
    *unchanging("records_certificatename"),
    *unchanging("records_keptrequest"),
    *unchanging("records_blockedkey"),
    *unchanging("records_formerkeyuse"),
    kept("records_order"),
    kept("records_habilitation"),
    kept("records_certificate"),
    kept("records_keyuse"),
    kept("records_crlissue"),
    kept("records_respondercertificate"),
    *unchanging("records_apitokenuse"),
    kept("records_apitoken"),
    fixed(
        "records_apitoken",
        "reference",
        "habilitation_id",
        "secret_sha256",
        "created_by",
        "card_number",
        "created_at",
        "valid_until",
        "per_day",
    ),
    Refusal(
        "token_ends_once",
        "records_apitoken",
        "UPDATE",
        "token: revoked is final",
        "OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at",
    ),
    Refusal(
        "order_begins_open", "records_order", "INSERT", "order: begins as received", "NEW.state <> 'received'"
    ),
    Refusal(
        "order_two_people",
        "records_order",
        "UPDATE",
        "order: accepted by two different officers of its present version only",
        f"NEW.state = 'accepted' AND OLD.state <> 'accepted' AND {_STANDING_APPROVALS} < 2",
    ),
    Refusal(
        "order_decided_once",
        "records_order",
        "UPDATE",
        "order: a decided order does not change",
        "OLD.state IN ('accepted', 'refused', 'abandoned') AND "
        "(NEW.state <> OLD.state OR NEW.current_version <> OLD.current_version)",
    ),
    Refusal(
        "order_versions_grow",
        "records_order",
        "UPDATE",
        "order: versions only grow",
        "NEW.current_version < OLD.current_version",
    ),
    Refusal(
        "approval_not_own",
        "records_approval",
        "INSERT",
        "approval: nobody decides on their own order",
        OFFICER_IS_PARTY,
    ),
    Refusal(
        "approval_not_of_structure",
        "records_approval",
        "INSERT",
        "approval: nobody decides on an order of their own structure",
        is_of_structure("NEW.officer"),
        asks="records_formreceipt",
    ),
    Refusal(
        "approval_by_desk",
        "records_approval",
        "INSERT",
        "approval: by an officer of the desk only",
        f"NOT {OFFICER_IS_DESK}",
    ),
    Refusal(
        "approval_with_card",
        "records_approval",
        "INSERT",
        "approval: with a card in hand only",
        "NEW.card_number = ''",
    ),
    Refusal(
        "approval_of_present",
        "records_approval",
        "INSERT",
        "approval: of the present version only",
        f"NEW.version <> {_PRESENT_VERSION}",
    ),
    Refusal(
        "habilitation_granted",
        "records_habilitationversion",
        "INSERT",
        "habilitation: granted by the accepted version of an order only",
        f"NOT {_ACCEPTED_VERSION}",
    ),
    fixed("records_habilitation", "structure_id", "person_id", "product", "canonical_scope", "reference"),
    Refusal(
        "habilitation_ends_once",
        "records_habilitation",
        "UPDATE",
        "habilitation: withdrawn is final",
        "OLD.state = 'withdrawn' AND NEW.state <> 'withdrawn'",
    ),
    Refusal(
        "certificate_begins",
        "records_certificate",
        "INSERT",
        "certificate: begins as an intent",
        "NEW.state <> 'intended'",
    ),
    Refusal(
        "certificate_life",
        "records_certificate",
        "UPDATE",
        "certificate: its life has no such step",
        _LIFE_OF_A_CERTIFICATE,
    ),
    Refusal(
        "certificate_presumed",
        "records_certificate",
        "UPDATE",
        "certificate: presumed means revoked",
        "NEW.state = 'presumed' AND NOT EXISTS"
        " (SELECT 1 FROM records_revocation r WHERE r.certificate_id = NEW.id)",
    ),
    fixed(
        "records_certificate",
        "reference",
        "issuer",
        "generation",
        "serial",
        "product",
        "spki_sha256",
        "not_before",
        "not_after",
        "habilitation_id",
        "asked_by",
    ),
    Refusal(
        "certificate_draft_stays",
        "records_certificate",
        "UPDATE",
        "certificate: what was meant stays, in the draft or in what was signed",
        f"NEW.draft IS DISTINCT FROM OLD.draft AND NOT ({_SIGNED_HOLDS_DRAFT})",
    ),
    Refusal(
        "keyuse_remembers",
        "records_keyuse",
        "UPDATE",
        "key: what it was certified in before stays known",
        "NEW.spki_sha256 <> OLD.spki_sha256"
        f" OR (NEW.certificate_id <> OLD.certificate_id AND NOT {_IS_FORMER})",
        asks="records_formerkeyuse",
    ),
    Refusal(
        "certificate_bytes_once",
        "records_certificate",
        "UPDATE",
        "certificate: what was recorded does not change",
        "OLD.der IS NOT NULL AND NEW.der IS DISTINCT FROM OLD.der",
    ),
    Refusal(
        "certificate_of_stopped_issuer",
        "records_certificate",
        "INSERT",
        "certificate: this key of the issuer signs no more",
        "EXISTS (SELECT 1 FROM records_issuerstop s"
        " WHERE s.issuer = NEW.issuer AND s.generation = NEW.generation)",
        asks="records_issuerstop",
    ),
    Refusal(
        "certificate_on_blocked_key",
        "records_certificate",
        "INSERT",
        "certificate: this key is blocked for ever",
        "EXISTS (SELECT 1 FROM records_blockedkey b WHERE b.spki_sha256 = NEW.spki_sha256)",
        asks="records_issuerstop",
    ),
    Refusal(
        "crl_bytes_once",
        "records_crlissue",
        "UPDATE",
        "crl: what was published does not change",
        "NEW.number <> OLD.number"
        " OR (OLD.der IS NOT NULL AND NEW.der IS NOT NULL AND NEW.der IS DISTINCT FROM OLD.der)",
    ),
    Refusal(
        "crl_digest_stays",
        "records_crlissue",
        "UPDATE",
        "crl: the digest of what was published stays",
        "(OLD.sha256 IS NOT NULL AND NEW.sha256 IS DISTINCT FROM OLD.sha256)"
        " OR (OLD.der IS NOT NULL AND NEW.der IS NULL AND OLD.sha256 IS NULL)",
        asks="records_crlsegment",
    ),
    kept("records_crlsegment"),
    fixed("records_crlsegment", "issuer", "generation", "partition", "place", "first"),
    Refusal(
        "certificate_keeps_partition",
        "records_certificate",
        "UPDATE",
        "certificate: its list never changes",
        'NEW."partition" IS DISTINCT FROM OLD."partition"',
        asks="records_crlsegment",
    ),
    Refusal(
        "revocation_in_partition",
        "records_revocation",
        "INSERT",
        "revocation: stands in the list of its certificate",
        'NEW."partition" IS DISTINCT FROM'
        ' (SELECT c."partition" FROM records_certificate c WHERE c.id = NEW.certificate_id)',
        asks="records_crlsegment",
    ),
    Refusal(
        "contract_ends_once",
        "records_contract",
        "UPDATE",
        "contract: terminated is final",
        "OLD.state = 'terminated' AND NEW.state <> 'terminated'",
    ),
    *LEGAL_FILE,
    *REGISTERS,
    *MAILS,
    *DESK,
    *LIFE,
    *STRUCTURE_CHANGES,
    *DESIGNATIONS,
    *DRAFTS,
    *OFFICERS,
    Refusal(
        "card_keeps_holder",
        "records_card",
        "UPDATE",
        "card: its number never changes holder",
        "NEW.person_id <> OLD.person_id OR NEW.number <> OLD.number",
    ),
    kept("records_revocationrun"),
    fixed(
        "records_revocationrun",
        *("reference", "title", "kind", "criterion", "reason", "quality", "explanation"),
        *("created_by", "created_at", "alone_up_to"),
    ),
    Refusal(
        "run_begins",
        "records_revocationrun",
        "INSERT",
        "run: begins as prepared",
        "NEW.state <> 'prepared' OR NEW.done <> 0 OR NEW.secured_at IS NOT NULL",
    ),
    Refusal(
        "run_two_people",
        "records_revocationrun",
        "UPDATE",
        "run: needs the yes of as many different officers as its number asks",
        f"NEW.state IN ('running', 'done') AND NOT ({_RUN_HAS_ITS_YES})",
    ),
    Refusal(
        "run_needs_no_fewer",
        "records_revocationrun",
        "UPDATE",
        "run: the number of deciders never falls",
        "NEW.deciders_needed < OLD.deciders_needed",
    ),
    Refusal(
        "run_ends_once",
        "records_revocationrun",
        "UPDATE",
        "run: what is over does not change",
        "OLD.state IN ('done', 'dropped')",
    ),
    *unchanging("records_revocationrunmember"),
    *unchanging("records_revocationrunapproval"),
    *unchanging("records_revocationrunline"),
    *unchanging("records_issuerstop"),
    *unchanging("records_sharedfactor"),
    Refusal(
        "run_approval_by_officer",
        "records_revocationrunapproval",
        "INSERT",
        "run approval: by an officer of the desk or the authority, with a card in hand",
        f"NEW.card_number = '' OR NOT {_OFFICER_MAY_END}",
    ),
    Refusal(
        "run_line_of_running",
        "records_revocationrunline",
        "INSERT",
        "run line: of a running run only, with its revocation",
        f"NOT ({_RUN_ENDS_CERTIFICATES})",
    ),
)


def statements(vendor: str, tables: Container[str], *, there: Container[str]) -> Iterator[str]:
    """The SQL that makes every trigger of these `tables` anew on `vendor` (``sqlite`` or ``postgresql``), as
    far as the tables it asks are `there`.
    """
    for refusal in REFUSALS:
        if refusal.table not in tables or (refusal.asks and refusal.asks not in there):
            continue
        yield from _sqlite(refusal) if vendor == "sqlite" else _postgresql(refusal)


def install(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  # the signature of a migration's function
    """Make every trigger anew, on the tables there are at this migration. For `migrations.RunPython`."""
    connection = schema_editor.connection
    there = connection.introspection.table_names()
    for statement in statements(connection.vendor, there, there=there):
        schema_editor.execute(statement)


def install_on(*tables: str) -> Callable[[Any, Any], None]:
    """The same for these tables only: those that a migration has just made or rebuilt."""

    def made(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  # as above
        there = schema_editor.connection.introspection.table_names()
        for statement in statements(schema_editor.connection.vendor, tables, there=there):
            schema_editor.execute(statement)

    return made


def remove_from(*tables: str) -> Callable[[Any, Any], None]:
    """Take the triggers of these tables away, until `install_on` of the same migration: SQLite rebuilds no
    table that another's trigger asks.
    """

    def removed(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  # as above
        on_table = schema_editor.connection.vendor != "sqlite"
        for refusal in REFUSALS:
            if refusal.table in tables:
                where = f" ON {refusal.table}" if on_table else ""
                schema_editor.execute(f"DROP TRIGGER IF EXISTS sceau_{refusal.name}{where}")

    return removed


def missing(connection: BaseDatabaseWrapper) -> tuple[str, ...]:
    """The triggers that should be in the database and are not. For the check at start."""
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if connection.vendor == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        found = {str(row[0]) for row in cursor.fetchall()}
    return tuple(refusal.name for refusal in REFUSALS if f"sceau_{refusal.name}" not in found)


def _sqlite(refusal: Refusal) -> Iterator[str]:
    when = f"WHEN {refusal.condition} " if refusal.condition else ""
    yield f"DROP TRIGGER IF EXISTS sceau_{refusal.name}"
    yield (
        f"CREATE TRIGGER sceau_{refusal.name} BEFORE {refusal.event} ON {refusal.table} FOR EACH ROW {when}"
        f"BEGIN SELECT RAISE({_how(refusal)}, 'sceau {refusal.message}'); END"
    )


def _how(refusal: Refusal) -> str:
    """What becomes of the statement. Certificates are written and signed by statements of which each row
    stands by itself, and a row is refused before anything of it is written: there is nothing to undo, so that
    SQLite need not keep every page it touches for that. Who writes several rolls back the transaction.
    """
    is_row_by_row = refusal.table == "records_certificate" and refusal.event in ("INSERT", "UPDATE")
    return "FAIL" if is_row_by_row else "ABORT"


def _postgresql(refusal: Refusal) -> Iterator[str]:
    name = f"sceau_{refusal.name}"
    row = "OLD" if refusal.event == "DELETE" else "NEW"
    test = refusal.condition or "TRUE"
    yield (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN "
        f"IF {test} THEN RAISE EXCEPTION 'sceau {refusal.message}' USING ERRCODE = 'check_violation';"
        f" END IF; "
        f"RETURN {row}; END $body$"
    )
    yield f"DROP TRIGGER IF EXISTS {name} ON {refusal.table}"
    yield (
        f"CREATE TRIGGER {name} BEFORE {refusal.event} ON {refusal.table} "
        f"FOR EACH ROW EXECUTE FUNCTION {name}()"
    )
