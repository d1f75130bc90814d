"""What the database refuses by itself of a legal file: a contract ended without a decided act, a piece that
changes, a leave that comes back, a visa attested by somebody who is part of the order.
"""

from __future__ import annotations

from sceau.records.refusals import (
    OFFICER_IS_DESK,
    OFFICER_IS_PARTY,
    Refusal,
    fixed,
    is_of_structure,
    kept,
    unchanging,
)

_DECIDED_ACT = (
    "EXISTS (SELECT 1 FROM records_contractact a WHERE a.contract_id = NEW.id AND a.state = 'done'"
    " AND a.event = CASE NEW.state WHEN 'suspended' THEN 'suspend' WHEN 'active' THEN 'resume'"
    " ELSE 'terminate' END)"
)

LEGAL_FILE: tuple[Refusal, ...] = (
    Refusal(
        "contract_by_act",
        "records_contract",
        "UPDATE",
        "contract: stopped, resumed and ended by a decided act only",
        f"NEW.state <> OLD.state AND NOT {_DECIDED_ACT}",
        asks="records_contractact",
    ),
    kept("records_contractparty"),
    fixed("records_contractparty", "contract_id", "quality", "card_number"),
    kept("records_contractact"),
    fixed(
        "records_contractact",
        *("contract_id", "event", "officers", "reason", "asked_by", "asked_card", "asked_at"),
    ),
    Refusal(
        "contractact_decided_once",
        "records_contractact",
        "UPDATE",
        "contract: a decided act does not change",
        "OLD.state <> 'asked'",
    ),
    kept("records_piece"),
    fixed(
        "records_piece",
        *("reference", "kind", "medium", "sha256", "size", "sealed", "brought_by", "received_at"),
    ),
    Refusal(
        "piece_erased_once",
        "records_piece",
        "UPDATE",
        "piece: erased is final",
        "OLD.erased_at IS NOT NULL AND NEW.erased_at IS DISTINCT FROM OLD.erased_at",
    ),
    *unchanging("records_formreceipt"),
    *unchanging("records_extractreading"),
    *unchanging("records_visaattestation"),
    Refusal(
        "attestation_not_own",
        "records_visaattestation",
        "INSERT",
        "attestation: nobody attests the visa of their own order",
        OFFICER_IS_PARTY,
    ),
    Refusal(
        "attestation_not_of_structure",
        "records_visaattestation",
        "INSERT",
        "attestation: nobody attests the visa of an order of their own structure",
        is_of_structure("NEW.officer"),
        asks="records_formreceipt",
    ),
    Refusal(
        "attestation_by_desk",
        "records_visaattestation",
        "INSERT",
        "attestation: by an officer of the desk only",
        f"NOT {OFFICER_IS_DESK}",
    ),
    kept("records_leave"),
    fixed(
        "records_leave",
        *("reference", "structure_id", "form", "name", "whole", "use", "products", "holder", "begins"),
        "challenge",
    ),
    Refusal(
        "leave_ends_once",
        "records_leave",
        "UPDATE",
        "leave: withdrawn and refused are final",
        "OLD.state IN ('withdrawn', 'refused') AND NEW.state <> OLD.state",
    ),
)
