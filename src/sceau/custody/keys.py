"""Private keys as the rest of custody sees them: something that signs, known by its public half, never
handed out.

Two backends keep the same promise: encrypted files (`software`) and PKCS#11 tokens (`pkcs11_keys`). Which
key an issuer's generation uses is a name; what may be signed with it is decided in `examination`, not here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, mldsa, padding, rsa

from sceau.certification import MlDsaPrivateKey, MlDsaPublicKey, ml_dsa_algorithm
from sceau.vocabulary import Fault

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | MlDsaPrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | MlDsaPublicKey
_ML_DSA: Mapping[str, Callable[[], MlDsaPrivateKey]] = {
    "ml-dsa-44": mldsa.MLDSA44PrivateKey.generate,
    "ml-dsa-65": mldsa.MLDSA65PrivateKey.generate,
    "ml-dsa-87": mldsa.MLDSA87PrivateKey.generate,
}

# DER AlgorithmIdentifiers: sha256WithRSAEncryption with NULL [RFC 4055 §5], ecdsa-with-SHA256 and -SHA384
# without parameters [RFC 5758 §3.2].
RSA_SHA256 = bytes.fromhex("300d06092a864886f70d01010b0500")
ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
ECDSA_SHA384 = bytes.fromhex("300a06082a8648ce3d040303")


class SigningKey(Protocol):
    """A private key in its store.

    `algorithm` is the DER AlgorithmIdentifier of its signatures, `public_key` the DER SubjectPublicKeyInfo.
    `sign` raises `Fault`: retryable only if nothing was sent to the store, whatever else came of it is
    unknown.
    """

    @property
    def algorithm(self) -> bytes: ...
    @property
    def public_key(self) -> bytes: ...
    def ready(self) -> None:
        """Raise a retryable `Fault` while the key is known to be out of reach. Asked before an intent is
        written, so that a store that is down costs no serial.
        """
        ...

    def sign(self, data: bytes) -> bytes:
        """The signature over `data`, hashed as `algorithm` says."""
        ...


class KeyStore(Protocol):
    """Where private keys are kept, each under a name (``el-org-g1``).

    `create` is durable when it returns, and never replaces: raises `Fault` (``folder.file-exists``). `open`
    raises `Fault`: ``keys.missing``, ``keys.locked`` (wrong passphrase or PIN: never tried again by
    itself).
    """

    def create(self, name: str, kind: str) -> SigningKey:
        """Make a new key of `kind` (``rsa:3072``, ``ec:P-256``…) under `name`."""
        ...

    def open(self, name: str) -> SigningKey:
        """The key under `name`, ready to sign."""
        ...


def key_name(issuer: str, generation: int) -> str:
    """The name under which a generation of an issuer keeps its key."""
    return f"{issuer}-g{generation}"


def make_private_key(kind: str) -> PrivateKey:
    """A new key: ``rsa:2048|3072|4096`` (e = 65537), ``ec:P-256|P-384`` [décision 7], ``ml-dsa-44|65|87``
    (experimental). Others are a `Fault`.
    """
    if kind in _ML_DSA:
        return _ML_DSA[kind]()
    family, _, size = kind.partition(":")
    if family == "rsa" and size in ("2048", "3072", "4096"):
        return rsa.generate_private_key(65537, int(size))
    if family == "ec" and size in ("P-256", "P-384"):
        return ec.generate_private_key(ec.SECP256R1() if size == "P-256" else ec.SECP384R1())
    raise Fault("keys.kind", retryable=False, detail=kind)


def signing_with(key: PrivateKey) -> Callable[[bytes], bytes]:
    """What gives the signature of `key` over data, as `algorithm_of` names it: how is settled once, not for
    each signature.
    """
    if isinstance(key, rsa.RSAPrivateKey):
        return _rsa_signing(key)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return _curve_signing(key)
    return key.sign


def _rsa_signing(key: rsa.RSAPrivateKey) -> Callable[[bytes], bytes]:
    scheme, digest = padding.PKCS1v15(), hashes.SHA256()
    return lambda data: key.sign(data, scheme, digest)


def _curve_signing(key: ec.EllipticCurvePrivateKey) -> Callable[[bytes], bytes]:
    scheme = ec.ECDSA(classical_algorithm_of(key.public_key())[1])
    return lambda data: key.sign(data, scheme)


def algorithm_of(key: PublicKey) -> bytes:
    """How a key signs: the DER AlgorithmIdentifier."""
    if isinstance(key, MlDsaPublicKey):
        return ml_dsa_algorithm(key)
    return classical_algorithm_of(key)[0]


def classical_algorithm_of(
    key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
) -> tuple[bytes, hashes.SHA256 | hashes.SHA384]:
    """How such a key signs: the DER AlgorithmIdentifier and the hash. SHA-1 and MD5 exist nowhere here
    [F37].
    """
    if isinstance(key, rsa.RSAPublicKey):
        return RSA_SHA256, hashes.SHA256()
    if key.curve.name == "secp384r1":
        return ECDSA_SHA384, hashes.SHA384()
    return ECDSA_SHA256, hashes.SHA256()
