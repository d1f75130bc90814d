"""The certification authority: from a warrant and a request to a certificate, through one gate.

Decides what a certificate contains and whether it may be signed; holds no key and knows no clock. `read_csr`
and `read_key` look at what is brought, `prepare` makes the examined draft, `sign` has exactly its bytes
signed.
"""

from sceau.certification.csr import CertificationRequest, read_csr
from sceau.certification.csr_names import check_request_names
from sceau.certification.draft import Draft, IssuerFacts, Signer
from sceau.certification.judging import judge_csr
from sceau.certification.keys import KeyKind, SubjectKey, judge_key, read_key
from sceau.certification.known_keys import KeyFacts, KeyUse, KnownModuli, WeakKeyList
from sceau.certification.life import CERTIFICATE_LIFE, CertificateEvent, CertificateState

__all__ = [
    "CERTIFICATE_LIFE",
    "CertificateEvent",
    "CertificateState",
    "CertificationRequest",
    "Draft",
    "IssuerFacts",
    "KeyFacts",
    "KeyKind",
    "KeyUse",
    "KnownModuli",
    "Signer",
    "SubjectKey",
    "WeakKeyList",
    "check_request_names",
    "judge_csr",
    "judge_key",
    "read_csr",
    "read_key",
]
