"""The request's own signature: which algorithms are believed, and whether it proves possession of the key
[F22, F37].

RSA (PKCS #1 v1.5 and PSS) and ECDSA with SHA-256, SHA-384 or SHA-512. MD5 and SHA-1 prove nothing any more
and are refused by name; so is an algorithm that is not the key's. The signature is verified over the octets
of the request as they came, never over octets written again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from sceau.certification.der import INTEGER, NULL, Flaw, Node, NotStrictError, parse
from sceau.certification.keys import SubjectKey
from sceau.vocabulary import Finding

_SUBJECT = "csr"
_PKCS1 = padding.PKCS1v15()
_PSS = "1.2.840.113549.1.1.10"
_MGF1 = "1.2.840.113549.1.1.8"
HashClass = type[hashes.SHA256] | type[hashes.SHA384] | type[hashes.SHA512]
_RSA: dict[str, HashClass] = {
    "1.2.840.113549.1.1.11": hashes.SHA256,
    "1.2.840.113549.1.1.12": hashes.SHA384,
    "1.2.840.113549.1.1.13": hashes.SHA512,
}
_ECDSA: dict[str, HashClass] = {
    "1.2.840.10045.4.3.2": hashes.SHA256,
    "1.2.840.10045.4.3.3": hashes.SHA384,
    "1.2.840.10045.4.3.4": hashes.SHA512,
}
_HASHES: dict[str, HashClass] = {
    "2.16.840.1.101.3.4.2.1": hashes.SHA256,
    "2.16.840.1.101.3.4.2.2": hashes.SHA384,
    "2.16.840.1.101.3.4.2.3": hashes.SHA512,
}
_DIGESTS = {hash_: hash_() for hash_ in _HASHES.values()}
_ECDSA_WITH = {hash_: ec.ECDSA(digest) for hash_, digest in _DIGESTS.items()}
_WEAK = {
    "1.2.840.113549.1.1.2": "MD2",
    "1.2.840.113549.1.1.4": "MD5",
    "1.2.840.113549.1.1.5": "SHA-1",
    "1.3.14.3.2.29": "SHA-1",
    "1.2.840.10040.4.3": "SHA-1",
    "1.2.840.10045.4.1": "SHA-1",
    "1.2.840.113549.1.1.14": "SHA-224",
    "1.2.840.10045.4.3.1": "SHA-224",
}


@dataclass(frozen=True, slots=True)
class Scheme:
    """A signature algorithm that is believed. `salt` is the length of the PSS salt, None for PKCS #1 v1.5."""

    hash: HashClass
    for_rsa: bool
    salt: int | None = None


USUAL = {
    bytes.fromhex("300d06092a864886f70d01010b0500"): Scheme(hashes.SHA256, for_rsa=True),
    bytes.fromhex("300d06092a864886f70d01010c0500"): Scheme(hashes.SHA384, for_rsa=True),
    bytes.fromhex("300d06092a864886f70d01010d0500"): Scheme(hashes.SHA512, for_rsa=True),
    bytes.fromhex("300a06082a8648ce3d040302"): Scheme(hashes.SHA256, for_rsa=False),
    bytes.fromhex("300a06082a8648ce3d040303"): Scheme(hashes.SHA384, for_rsa=False),
    bytes.fromhex("300a06082a8648ce3d040304"): Scheme(hashes.SHA512, for_rsa=False),
}
"""The algorithms as nearly everybody writes them, octet for octet."""


def read_scheme(algorithm: Node) -> Scheme | Finding:
    """The scheme in an AlgorithmIdentifier, or why it is not believed. Raises `NotStrictError` if it has
    another shape.
    """
    parts = algorithm.sequence(1, 2)
    oid, parameters = parts[0].oid(), parts[1] if len(parts) == 2 else None
    if oid in _WEAK:
        return Finding.error("csr.weak-signature", _SUBJECT, hash=_WEAK[oid])
    if oid in _RSA:
        return _no_parameters(Scheme(_RSA[oid], for_rsa=True), parameters, null=True)
    if oid in _ECDSA:
        return _no_parameters(Scheme(_ECDSA[oid], for_rsa=False), parameters, null=False)
    if oid == _PSS:
        return _read_pss(parameters)
    return Finding.error("csr.signature-algorithm-off", _SUBJECT, algorithm=oid)


def possession_findings(
    scheme: Scheme, key: SubjectKey, signature: bytes, signed: bytes
) -> tuple[Finding, ...]:
    """Whether `signature` over exactly `signed` was made by the private half of `key`."""
    public = key.public
    if scheme.for_rsa is (key.modulus is None):
        return (Finding.error("csr.signature-not-of-this-key-kind", _SUBJECT, kind=key.kind),)
    try:
        if isinstance(public, rsa.RSAPublicKey):
            public.verify(signature, signed, _padding(scheme), _DIGESTS[scheme.hash])
        else:
            _require_strict_pair(signature)
            public.verify(signature, signed, _ECDSA_WITH[scheme.hash])
    except (InvalidSignature, ValueError):
        return (Finding.error("csr.no-possession", _SUBJECT),)
    return ()


def _padding(scheme: Scheme) -> padding.AsymmetricPadding:
    if scheme.salt is None:
        return _PKCS1
    return padding.PSS(mgf=padding.MGF1(scheme.hash()), salt_length=scheme.salt)


def _require_strict_pair(signature: bytes) -> None:
    """ECDSA-Sig-Value: two positive integers, in strict DER [RFC 3279 §2.2.3]."""
    if _PAIR.fullmatch(signature) and _has_lengths(signature):
        return
    if any(part.integer() <= 0 for part in parse(signature).sequence(2)):
        raise NotStrictError(Flaw.VALUE, 0)


# Lengths of one octet; each number positive and as short as can be. Whether the lengths are right is counted.
_PAIR = re.compile(
    rb"\x30[\x08-\x7f]"
    rb"\x02[\x01-\x7f](?:\x00[\x80-\xff]|[\x01-\x7f]).*",
    re.DOTALL,
)


def _has_lengths(signature: bytes) -> bool:
    """Whether the two numbers fill the pair to its end, the second being positive and short too."""
    second = 4 + signature[3]
    start = second + 2
    return (
        signature[1] + 2 == len(signature)
        and start + 1 < len(signature)
        and signature[second] == INTEGER
        and signature[second + 1] == len(signature) - start
        and (0 < signature[start] < 0x80 or (signature[start] == 0 and signature[start + 1] >= 0x80))
    )


def _no_parameters(scheme: Scheme, parameters: Node | None, *, null: bool) -> Scheme | Finding:
    """RSA asks for NULL and tolerates nothing at all [RFC 4055 §5]; ECDSA asks for nothing [RFC 5758
    §3.2].
    """
    if parameters is None or (null and parameters.tag == NULL):
        return scheme
    return Finding.error("csr.signature-parameters", _SUBJECT)


def _read_pss(parameters: Node | None) -> Scheme | Finding:
    """RSASSA-PSS-params [RFC 4055 §3.1]. What is left out means SHA-1."""
    fields = {} if parameters is None else {field.tag: field for field in parameters.sequence(0, 4)}
    if parameters is not None and list(fields) != sorted(fields):
        raise NotStrictError(Flaw.ORDER, parameters.start)
    if parameters is not None and len(fields) != len(parameters.children):
        raise NotStrictError(Flaw.SHAPE, parameters.start)
    if set(fields) - {0xA0, 0xA1, 0xA2} or any(len(field.children) != 1 for field in fields.values()):
        return Finding.error("csr.signature-parameters", _SUBJECT)
    if 0xA0 not in fields or 0xA1 not in fields:
        return Finding.error("csr.weak-signature", _SUBJECT, hash="SHA-1")
    chosen = _read_hash(fields[0xA0].children[0])
    generator, generator_parameters = fields[0xA1].children[0].sequence(2)
    if chosen is None or generator.oid() != _MGF1 or _read_hash(generator_parameters) is not chosen:
        return Finding.error("csr.signature-parameters", _SUBJECT)
    salt = fields[0xA2].children[0].integer() if 0xA2 in fields else 20
    if not 0 <= salt <= 512 or (0xA2 in fields and salt == 20):
        return Finding.error("csr.signature-parameters", _SUBJECT)
    return Scheme(chosen, for_rsa=True, salt=salt)


def _read_hash(algorithm: Node) -> HashClass | None:
    parts = algorithm.sequence(1, 2)
    if len(parts) == 2 and parts[1].tag != NULL:
        return None
    return _HASHES.get(parts[0].oid())
