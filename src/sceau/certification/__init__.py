"""The certification authority: from a warrant and a request to a certificate, through one gate.

Decides what a certificate contains and whether it may be signed; holds no key and knows no clock. `read_csr`
and `read_key` look at what is brought, `prepare` makes the examined draft, `sign` has exactly its bytes
signed.
"""

from sceau.certification import encode
from sceau.certification.again import Kept, recheck_bytes, recheck_content, recheck_lint
from sceau.certification.csr import CertificationRequest, read_csr
from sceau.certification.csr_names import check_request_names
from sceau.certification.draft import Draft, IssuerFacts, SignatureAsk, Signer
from sceau.certification.examine import Expected, examine, examine_for_signing
from sceau.certification.gate import holder_of, prepare
from sceau.certification.issuer import choose_issuer, decide_validity, life_of_issuer
from sceau.certification.judging import judge_csr
from sceau.certification.key_challenge import challenge_text, check_signature, read_signature
from sceau.certification.key_forms import KEY_PROOF_TEXT, read_key_proof, read_public_key
from sceau.certification.keys import KeyKind, SubjectKey, judge_key, read_key
from sceau.certification.known_keys import KeyFacts, KeyUse, KnownModuli, WeakKeyList
from sceau.certification.life import CERTIFICATE_LIFE, CertificateEvent, CertificateState
from sceau.certification.lint import LintKey, LintVerdict, prepare_linter
from sceau.certification.post_quantum import (
    ML_DSA_KINDS,
    MlDsaPrivateKey,
    MlDsaPublicKey,
    ml_dsa_algorithm,
    ml_dsa_kind,
)
from sceau.certification.presented import Presented, Provenance, provenance_of, read_presented
from sceau.certification.preview import SubjectPreview, preview_subject
from sceau.certification.private_keys import holds_private_key
from sceau.certification.serial import compose_serial, draw_serial
from sceau.certification.shape import is_what_it_seems, read_time, take_apart
from sceau.certification.shared_factors import Comparison, FreshModuli, pairs_among, shared_among
from sceau.certification.signing import sign, sign_many

__all__ = [
    "CERTIFICATE_LIFE",
    "KEY_PROOF_TEXT",
    "ML_DSA_KINDS",
    "CertificateEvent",
    "CertificateState",
    "CertificationRequest",
    "Comparison",
    "Draft",
    "Expected",
    "FreshModuli",
    "IssuerFacts",
    "Kept",
    "KeyFacts",
    "KeyKind",
    "KeyUse",
    "KnownModuli",
    "LintKey",
    "LintVerdict",
    "MlDsaPrivateKey",
    "MlDsaPublicKey",
    "Presented",
    "Provenance",
    "SignatureAsk",
    "Signer",
    "SubjectKey",
    "SubjectPreview",
    "WeakKeyList",
    "challenge_text",
    "check_request_names",
    "check_signature",
    "choose_issuer",
    "compose_serial",
    "decide_validity",
    "draw_serial",
    "encode",
    "examine",
    "examine_for_signing",
    "holder_of",
    "holds_private_key",
    "is_what_it_seems",
    "judge_csr",
    "judge_key",
    "life_of_issuer",
    "ml_dsa_algorithm",
    "ml_dsa_kind",
    "pairs_among",
    "prepare",
    "prepare_linter",
    "preview_subject",
    "provenance_of",
    "read_csr",
    "read_key",
    "read_key_proof",
    "read_presented",
    "read_public_key",
    "read_signature",
    "read_time",
    "recheck_bytes",
    "recheck_content",
    "recheck_lint",
    "shared_among",
    "sign",
    "sign_many",
    "take_apart",
]
