"""Custody: the only room with private keys.

The CA keys are in a process of their own (`run_signer`, `python -m sceau.custody`), reached by
`SignerClient` and by nothing else. The keys of OCSP responders, of the journal's heads and of a
development instance's TLS and test cards are here too, each apart from the CA keys. Imported by
operations, site and cli only.
"""

from sceau.custody.authorities import fingerprint
from sceau.custody.cards import CardOrder, CardPress, Employer, TestCard
from sceau.custody.client import SignerClient
from sceau.custody.head_key import create_head_key, open_head_key
from sceau.custody.hierarchy import Hierarchy, create_hierarchy, public_path
from sceau.custody.holdings import Held, SignerFolder
from sceau.custody.ledger import ledger_lines
from sceau.custody.ledger_lines import Intent, Outcome, OutcomeKind, Signature, SignatureKind, signatures
from sceau.custody.passphrase import (
    make_passphrase_file,
    passphrase_from_descriptor,
    passphrase_from_file,
    passphrase_from_prompt,
)
from sceau.custody.process import development_passphrase, run_signer
from sceau.custody.responders import Responder, ResponderFolder
from sceau.custody.tls import TlsFiles, ensure_tls

__all__ = [
    "CardOrder",
    "CardPress",
    "Employer",
    "Held",
    "Hierarchy",
    "Intent",
    "Outcome",
    "OutcomeKind",
    "Responder",
    "ResponderFolder",
    "Signature",
    "SignatureKind",
    "SignerClient",
    "SignerFolder",
    "TestCard",
    "TlsFiles",
    "create_head_key",
    "create_hierarchy",
    "development_passphrase",
    "ensure_tls",
    "fingerprint",
    "ledger_lines",
    "make_passphrase_file",
    "open_head_key",
    "passphrase_from_descriptor",
    "passphrase_from_file",
    "passphrase_from_prompt",
    "public_path",
    "run_signer",
    "signatures",
]
