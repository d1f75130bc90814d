"""Custody: the only room with private keys.

The CA keys are in a process of their own (`run_signer`, `python -m sceau.custody`), reached by
`SignerClient` and by nothing else. The keys of OCSP responders, of the journal's heads and of a
development instance's TLS and test cards are here too, each apart from the CA keys. Imported by
operations, site and cli only.
"""

from sceau.custody.authorities import fingerprint
from sceau.custody.cabinet import PieceCabinet
from sceau.custody.cards import CardOrder, CardPress, Employer, TestCard
from sceau.custody.ceremony import (
    Room,
    ask_elsewhere,
    certify_requests,
    found_hierarchy,
    install_certificates,
    open_room,
)
from sceau.custody.client import SignerClient
from sceau.custody.head_key import create_head_key, open_head_key
from sceau.custody.hierarchy import Hierarchy, create_hierarchy, public_path
from sceau.custody.holdings import Held, SignerFolder
from sceau.custody.ledger import ledger_lines
from sceau.custody.ledger_lines import (
    Intent,
    Line,
    Outcome,
    OutcomeKind,
    Signature,
    SignatureKind,
    signatures,
)
from sceau.custody.passphrase import (
    make_passphrase_file,
    passphrase_from_descriptor,
    passphrase_from_file,
    passphrase_from_prompt,
)
from sceau.custody.plan import Plan, read_plan
from sceau.custody.process import development_passphrase, run_signer
from sceau.custody.responders import Responder, ResponderFolder
from sceau.custody.root_list import make_root_lists, place_root_list
from sceau.custody.shares import Share, draw_secret, join, passphrase_of, read_share, split, write_share
from sceau.custody.throwaway import request_and_forget
from sceau.custody.tls import TlsFiles, ensure_tls
from sceau.custody.transcript import Transcript, check_transcript, write_transcript

__all__ = [
    "CardOrder",
    "CardPress",
    "Employer",
    "Held",
    "Hierarchy",
    "Intent",
    "Line",
    "Outcome",
    "OutcomeKind",
    "PieceCabinet",
    "Plan",
    "Responder",
    "ResponderFolder",
    "Room",
    "Share",
    "Signature",
    "SignatureKind",
    "SignerClient",
    "SignerFolder",
    "TestCard",
    "TlsFiles",
    "Transcript",
    "ask_elsewhere",
    "certify_requests",
    "check_transcript",
    "create_head_key",
    "create_hierarchy",
    "development_passphrase",
    "draw_secret",
    "ensure_tls",
    "fingerprint",
    "found_hierarchy",
    "install_certificates",
    "join",
    "ledger_lines",
    "make_passphrase_file",
    "make_root_lists",
    "open_head_key",
    "open_room",
    "passphrase_from_descriptor",
    "passphrase_from_file",
    "passphrase_from_prompt",
    "passphrase_of",
    "place_root_list",
    "public_path",
    "read_plan",
    "read_share",
    "request_and_forget",
    "run_signer",
    "signatures",
    "split",
    "write_share",
    "write_transcript",
]
