"""ML-DSA [FIPS 204] as the key of an authority: an experiment, end to end, that nobody comes to by accident.

Says which keys are ML-DSA and how their signatures are named in X.509 [RFC 9881 §2: parameters absent, pure
mode, empty context]. It does not decide who may have such a key: a ceremony's plan must ask for it by name,
and subscribers never may (`keys`).
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import mldsa

from sceau.certification import encode

MlDsaPublicKey = mldsa.MLDSA44PublicKey | mldsa.MLDSA65PublicKey | mldsa.MLDSA87PublicKey
MlDsaPrivateKey = mldsa.MLDSA44PrivateKey | mldsa.MLDSA65PrivateKey | mldsa.MLDSA87PrivateKey

_SETS: tuple[tuple[str, type[MlDsaPublicKey], str], ...] = (
    ("ml-dsa-44", mldsa.MLDSA44PublicKey, "2.16.840.1.101.3.4.3.17"),
    ("ml-dsa-65", mldsa.MLDSA65PublicKey, "2.16.840.1.101.3.4.3.18"),
    ("ml-dsa-87", mldsa.MLDSA87PublicKey, "2.16.840.1.101.3.4.3.19"),
)
ML_DSA_KINDS = tuple(kind for kind, _, _ in _SETS)
"""The names by which a plan asks for them."""


def ml_dsa_kind(key: object) -> str | None:
    """The name of a public key's parameter set, None when it is no ML-DSA key."""
    return next((kind for kind, known, _ in _SETS if isinstance(key, known)), None)


def ml_dsa_algorithm(key: MlDsaPublicKey) -> bytes:
    """DER AlgorithmIdentifier of the signatures of `key`."""
    return next(encode.sequence(encode.oid(oid)) for _, known, oid in _SETS if isinstance(key, known))
