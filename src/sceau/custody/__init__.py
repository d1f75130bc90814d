"""Custody: the only room with private keys."""

from sceau.custody.client import SignerClient
from sceau.custody.desk import SigningDesk
from sceau.custody.examination import SigningIssuer, signing_issuer
from sceau.custody.ledger import Ledger, ledger_lines
from sceau.custody.server import SignerServer
from sceau.custody.software import SoftwareKeyStore

__all__ = [
    "Ledger",
    "SignerClient",
    "SignerServer",
    "SigningDesk",
    "SigningIssuer",
    "SoftwareKeyStore",
    "ledger_lines",
    "signing_issuer",
]
