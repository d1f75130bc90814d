"""The journal: what happened, in an order that nobody can rearrange.

Entries are leaves of an RFC 6962 Merkle tree; signed heads vouch for it; proofs and the offline verifier let
a third party check it without us. Pure: times, salts and keys are arguments, and nothing is stored here.

In use: `encode_entry(Entry(...))` gives the leaf's bytes, `leaf_hash` of them is appended to the `Frontier`,
`sign_head(TreeHead(origin, frontier.size, frontier.root()), key)` makes the head.
"""

from sceau.journal.entries import (
    MAX_ENTRY_BYTES,
    SALT_BYTES,
    Disclosure,
    Entry,
    canonical,
    commit,
    commit_to,
    read_disclosure,
    read_entry,
)
from sceau.journal.evidence import (
    MOST_EVIDENCE_BYTES,
    EvidenceFile,
    EvidencePoint,
    EvidenceVerdict,
    open_evidence,
    verify_evidence,
    write_evidence,
)
from sceau.journal.heads import (
    HeadKey,
    HeadVerifier,
    TreeHead,
    read_head,
    read_verifier,
    sign_head,
    split_notes,
)
from sceau.journal.late_nodes import nodes_after
from sceau.journal.moulds import EntryMould, encode_entry, mould_of
from sceau.journal.tree import (
    ConsistencyProof,
    Frontier,
    InclusionProof,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    nodes_of,
    root_from_leaves,
    verify_consistency,
    verify_inclusion,
)
from sceau.journal.verify import Export, Verification, verify_export
from sceau.journal.walk import JournalFlaw

__all__ = [
    "MAX_ENTRY_BYTES",
    "MOST_EVIDENCE_BYTES",
    "SALT_BYTES",
    "ConsistencyProof",
    "Disclosure",
    "Entry",
    "EntryMould",
    "EvidenceFile",
    "EvidencePoint",
    "EvidenceVerdict",
    "Export",
    "Frontier",
    "HeadKey",
    "HeadVerifier",
    "InclusionProof",
    "JournalFlaw",
    "TreeHead",
    "Verification",
    "canonical",
    "commit",
    "commit_to",
    "consistency_proof",
    "encode_entry",
    "inclusion_proof",
    "leaf_hash",
    "mould_of",
    "nodes_after",
    "nodes_of",
    "open_evidence",
    "read_disclosure",
    "read_entry",
    "read_head",
    "read_verifier",
    "root_from_leaves",
    "sign_head",
    "split_notes",
    "verify_consistency",
    "verify_evidence",
    "verify_export",
    "verify_inclusion",
    "write_evidence",
]
