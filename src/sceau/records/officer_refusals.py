"""What the database refuses by itself of roles and passkeys: a role that one person gave, the last authority
taken away, a passkey that nobody second vouched for, an approval by a passkey that is not the officer's.
"""

from __future__ import annotations

from sceau.records.refusals import Refusal, fixed, kept

_AN_AUTHORITY = "EXISTS (SELECT 1 FROM records_role r WHERE r.quality = 'authority')"
_OF_TWO = (
    "EXISTS (SELECT 1 FROM records_roleproposal p WHERE p.person_id = {row}.person_id"
    " AND p.quality = {row}.quality AND p.event = '{event}' AND p.state = 'done' AND p.decided_at {when})"
)
_OWN = "EXISTS (SELECT 1 FROM records_person h WHERE h.id = NEW.person_id AND h.national_id = NEW.{who})"
_OPEN = (
    "EXISTS (SELECT 1 FROM records_passkeyinvitation i WHERE i.id = NEW.invitation_id"
    " AND i.person_id = NEW.person_id AND i.state IN ('open', 'used') AND i.valid_until >= NEW.made_at)"
)
_NOT_THEIR_PASSKEY = (
    "SUBSTR(NEW.card_number, 1, 3) = 'PK-' AND NOT EXISTS (SELECT 1 FROM records_passkey k"
    " JOIN records_person h ON h.id = k.person_id WHERE k.reference = NEW.card_number"
    " AND h.national_id = NEW.officer AND k.ended_at IS NULL)"
)


def _by_own_passkey(table: str, name: str, what: str) -> Refusal:
    return Refusal(
        name,
        table,
        "INSERT",
        f"{what}: by a passkey of the officer that holds",
        _NOT_THEIR_PASSKEY,
        asks="records_passkey",
    )


def _never_for_oneself(table: str, short: str) -> tuple[Refusal, Refusal]:
    told = f"{short}: never for oneself"
    return (
        Refusal(f"{short}_not_own", table, "INSERT", told, _OWN.format(who="asked_by")),
        Refusal(f"{short}_not_own_yes", table, "UPDATE", told, _OWN.format(who="decided_by")),
    )


OFFICERS: tuple[Refusal, ...] = (
    Refusal(
        "role_by_two",
        "records_role",
        "INSERT",
        "role: given by two people once there is an authority",
        f"{_AN_AUTHORITY} AND NOT {_OF_TWO.format(row='NEW', event='give', when='= NEW.since')}",
        asks="records_roleproposal",
    ),
    Refusal(
        "role_taken_by_two",
        "records_role",
        "DELETE",
        "role: taken by two people once there is an authority",
        f"{_AN_AUTHORITY} AND NOT {_OF_TWO.format(row='OLD', event='take', when='>= OLD.since')}",
        asks="records_roleproposal",
    ),
    Refusal(
        "role_last_authority",
        "records_role",
        "DELETE",
        "role: the last authority stays",
        "OLD.quality = 'authority' AND NOT EXISTS"
        " (SELECT 1 FROM records_role r WHERE r.quality = 'authority' AND r.id <> OLD.id)",
        asks="records_roleproposal",
    ),
    fixed("records_role", "person_id", "quality", "since"),
    kept("records_roleproposal"),
    fixed(
        "records_roleproposal",
        *("reference", "person_id", "quality", "event", "reason", "asked_by", "asked_with", "asked_at"),
    ),
    Refusal(
        "roleproposal_ends_once",
        "records_roleproposal",
        "UPDATE",
        "roleproposal: what is over does not change",
        "OLD.state <> 'asked'",
    ),
    *_never_for_oneself("records_roleproposal", "roleproposal"),
    kept("records_passkeyinvitation"),
    fixed(
        "records_passkeyinvitation",
        *("reference", "person_id", "recovers", "reason", "asked_by", "asked_with", "asked_at", "code_hash"),
    ),
    Refusal(
        "passkeyinvitation_ends_once",
        "records_passkeyinvitation",
        "UPDATE",
        "passkeyinvitation: what is over does not change",
        "OLD.state IN ('used', 'dropped')",
    ),
    Refusal(
        "passkeyinvitation_one_link",
        "records_passkeyinvitation",
        "UPDATE",
        "passkeyinvitation: its link and its end are set once",
        "OLD.link_sha256 <> '' AND (NEW.link_sha256 <> OLD.link_sha256"
        " OR NEW.valid_until <> OLD.valid_until OR NEW.decided_by <> OLD.decided_by)",
    ),
    *_never_for_oneself("records_passkeyinvitation", "passkeyinvitation"),
    kept("records_passkey"),
    fixed(
        "records_passkey",
        *("reference", "person_id", "invitation_id", "credential", "credential_sha256", "public_key"),
        *("user_handle", "made_at"),
    ),
    Refusal(
        "passkey_invited",
        "records_passkey",
        "INSERT",
        "passkey: of an invitation that two officers made, in its time",
        f"NOT {_OPEN}",
    ),
    Refusal(
        "passkey_counts_up",
        "records_passkey",
        "UPDATE",
        "passkey: its counter never falls",
        "NEW.sign_count < OLD.sign_count",
    ),
    Refusal(
        "passkey_ends_once",
        "records_passkey",
        "UPDATE",
        "passkey: revoked is final",
        "OLD.ended_at IS NOT NULL AND (NEW.ended_at IS DISTINCT FROM OLD.ended_at"
        " OR NEW.used_at IS DISTINCT FROM OLD.used_at)",
    ),
    _by_own_passkey("records_approval", "approval_by_own_passkey", "approval"),
    _by_own_passkey("records_revocationrunapproval", "run_approval_by_own_passkey", "run approval"),
    _by_own_passkey("records_visaattestation", "attestation_by_own_passkey", "attestation"),
)
