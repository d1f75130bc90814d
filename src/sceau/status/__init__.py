"""Status: whether a certificate is revoked, and how the world is told, by lists (CRL) and by answers (OCSP).

Pure: it decides and builds bytes. Signing is the signer's and the delegated responders', storing
`records`', putting on the shelf `publication`'s.
"""

from sceau.status.answers import (
    GOOD,
    REASONS_SAID,
    UNKNOWN,
    Changes,
    GivenSource,
    GivenStatus,
    SerialStatus,
    Signed,
    Standing,
    StatusSource,
    status_of,
)
from sceau.status.crl import (
    CrlCalendar,
    CrlFacts,
    CrlForm,
    CrlWriter,
    build_crl_tbs,
    crl_entry,
    crl_is_due,
    crl_is_late,
    is_listed,
    next_crl,
)
from sceau.status.crl_continuity import dropped_from, dropped_serials, listed_octets
from sceau.status.crl_examination import (
    CrlSummary,
    EntriesMemory,
    check_crl_signature,
    examine_crl,
    read_crl,
)
from sceau.status.crl_partition import MOST_PARTITIONS, partition_at, season
from sceau.status.issuing import IssuerDirectory, IssuerIdentity, cert_ids, issuer_identity
from sceau.status.ocsp_answer import (
    AnswerWindow,
    OcspSigner,
    OcspTrouble,
    build_ocsp_answer,
    build_ocsp_trouble,
    read_own_answer,
)
from sceau.status.ocsp_question import (
    LARGEST_QUESTION,
    CertId,
    OcspQuestion,
    read_ocsp_question,
    write_ocsp_question,
)
from sceau.status.responder import ResponderOrder, build_responder_tbs, responder_is_due
from sceau.status.revocation import (
    RevocableFacts,
    Revocation,
    RevocationDecision,
    decide_revocation,
    reason_findings,
)
from sceau.status.runs import RUN_LIFE, RunEvent, RunState, decide_run, deciders_needed
from sceau.status.serials import SerialCandidates, choose_serial, read_serial, spell_serial
from sceau.status.signed import signature_algorithm, signed_der

__all__ = [
    "GOOD",
    "LARGEST_QUESTION",
    "MOST_PARTITIONS",
    "REASONS_SAID",
    "RUN_LIFE",
    "UNKNOWN",
    "AnswerWindow",
    "CertId",
    "Changes",
    "CrlCalendar",
    "CrlFacts",
    "CrlForm",
    "CrlSummary",
    "CrlWriter",
    "EntriesMemory",
    "GivenSource",
    "GivenStatus",
    "IssuerDirectory",
    "IssuerIdentity",
    "OcspQuestion",
    "OcspSigner",
    "OcspTrouble",
    "ResponderOrder",
    "RevocableFacts",
    "Revocation",
    "RevocationDecision",
    "RunEvent",
    "RunState",
    "SerialCandidates",
    "SerialStatus",
    "Signed",
    "Standing",
    "StatusSource",
    "build_crl_tbs",
    "build_ocsp_answer",
    "build_ocsp_trouble",
    "build_responder_tbs",
    "cert_ids",
    "check_crl_signature",
    "choose_serial",
    "crl_entry",
    "crl_is_due",
    "crl_is_late",
    "decide_revocation",
    "decide_run",
    "deciders_needed",
    "dropped_from",
    "dropped_serials",
    "examine_crl",
    "is_listed",
    "issuer_identity",
    "listed_octets",
    "next_crl",
    "partition_at",
    "read_crl",
    "read_ocsp_question",
    "read_own_answer",
    "read_serial",
    "reason_findings",
    "responder_is_due",
    "season",
    "signature_algorithm",
    "signed_der",
    "spell_serial",
    "status_of",
    "write_ocsp_question",
]
