"""The policy of subscribers' keys: which ones may be certified, until when [décision 7, 9; F18–F21; T28,
T29].

RSA of 2048, 3072 or 4096 bits with exponent 65537, and the curves P-256 and P-384, encoded in the one way
their standards ask. Everything else is off and refused by its name. Sizes are looked at before any
arithmetic. Possession of the private key is proved in `csr`; what can be factored is found in `weakness` and
`known_keys`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sceau.certification import curves, weakness
from sceau.certification.armour import NoDerError, Trouble, take_element
from sceau.certification.der import NULL, OID, SEQUENCE, Node, NotStrictError, parse
from sceau.certification.known_keys import NOTHING_KNOWN, KeyFacts
from sceau.certification.reading import library_key
from sceau.vocabulary import Finding, Reading, errors, read_ok, read_refused, three_years_from

RSA_2048_UNTIL = datetime(2030, 12, 31, 23, 59, 59, tzinfo=UTC)
"""Last second at which a certificate on RSA-2048 may still be valid [décision 7, RGS B1]."""

_SUBJECT = "key"
_SPKI_LABELS = frozenset({"PUBLIC KEY"})
_RSA_OID = "1.2.840.113549.1.1.1"
_EC_OID = "1.2.840.10045.2.1"
_EXPONENT = 65537
_OFF = {
    "1.2.840.113549.1.1.10": "RSASSA-PSS",
    "1.2.840.113549.1.1.7": "RSAES-OAEP",
    "1.2.840.10040.4.1": "DSA",
    "1.2.840.10046.2.1": "Diffie-Hellman",
    "1.2.840.113549.1.3.1": "Diffie-Hellman",
    "1.3.132.1.12": "ECDH",
    "1.3.132.1.13": "ECMQV",
    "1.3.101.110": "X25519",
    "1.3.101.111": "X448",
    "1.3.101.112": "Ed25519",
    "1.3.101.113": "Ed448",
    "1.2.643.7.1.1.1.1": "GOST R 34.10-2012",
    "1.2.643.2.2.19": "GOST R 34.10-2001",
    "2.16.840.1.101.3.4.3.17": "ML-DSA-44",
    "2.16.840.1.101.3.4.3.18": "ML-DSA-65",
    "2.16.840.1.101.3.4.3.19": "ML-DSA-87",
    "2.16.840.1.101.3.4.4.1": "ML-KEM-512",
    "2.16.840.1.101.3.4.4.2": "ML-KEM-768",
    "2.16.840.1.101.3.4.4.3": "ML-KEM-1024",
}

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


class KeyKind(StrEnum):
    """The kinds of key that are open."""

    RSA_2048 = "RSA-2048"
    RSA_3072 = "RSA-3072"
    RSA_4096 = "RSA-4096"
    P_256 = "P-256"
    P_384 = "P-384"


_RSA_KINDS = {2048: KeyKind.RSA_2048, 3072: KeyKind.RSA_3072, 4096: KeyKind.RSA_4096}
_EC_KINDS = {curves.P_256.oid: KeyKind.P_256, curves.P_384.oid: KeyKind.P_384}


@dataclass(frozen=True, slots=True)
class _Frame:
    """What stands before and after the number or the point in every good key of a kind. `material` is where
    the content of the BIT STRING begins.
    """

    kind: KeyKind
    head: bytes
    material: int
    tail: bytes = b""
    curve: curves.Curve | None = None


def _rsa_frame(kind: KeyKind, lengths: str, key: str) -> _Frame:
    material = (
        bytes.fromhex(f"3082{lengths}300d06092a864886f70d01010105000382") + bytes.fromhex(key[:4]) + b"\0"
    )
    return _Frame(kind, material + bytes.fromhex(key[4:]), len(material), bytes.fromhex("0203010001"))


_FRAMES = {
    294: _rsa_frame(KeyKind.RSA_2048, "0122", "010f3082010a0282010100"),
    422: _rsa_frame(KeyKind.RSA_3072, "01a2", "018f3082018a0282018100"),
    550: _rsa_frame(KeyKind.RSA_4096, "0222", "020f3082020a0282020100"),
    91: _Frame(
        KeyKind.P_256,
        bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004"),
        26,
        curve=curves.P_256,
    ),
    120: _Frame(
        KeyKind.P_384,
        bytes.fromhex("3076301006072a8648ce3d020106052b8104002203620004"),
        23,
        curve=curves.P_384,
    ),
}


@dataclass(frozen=True, slots=True)
class SubjectKey:
    """A public key of an open kind. `spki` are the octets as given, which are the ones certified.

    `sha256` is the hex digest of `spki`; `identifier` the SHA-1 of the key's own bits [RFC 5280 §4.2.1.2
    (1)]; `modulus` is None for a curve.
    """

    spki: bytes
    kind: KeyKind
    public: PublicKey
    sha256: str
    identifier: bytes
    modulus: int | None = None


@lru_cache(maxsize=1024)
def read_shape(spki: bytes) -> Reading[SubjectKey]:
    """The key as encoded: algorithm, size, exponent, curve, point. Cheap, and enough to verify a signature
    safely.

    Kept for the next look at the same octets: a request is read, then judged, then certified.
    """
    return _read_usual(spki) or _read_any(spki)


def is_framed(spki: bytes) -> bool:
    """Whether `spki` is a key in strict DER as far as its encoding goes: between the octets that all keys of
    its kind share, with a positive number as short as can be, or a point. False says nothing.
    """
    frame = _FRAMES.get(len(spki))
    return (
        frame is not None
        and spki.startswith(frame.head)
        and spki.endswith(frame.tail)
        and (frame.curve is not None or spki[len(frame.head)] >= 0x80)
    )


def forget_keys(*, verdicts: bool = True) -> None:
    """Look at the next key of each kind as if it had never been seen; `verdicts` False keeps what was found
    about its modulus. For measures.
    """
    read_shape.cache_clear()
    library_key.cache_clear()
    if verdicts:
        _modulus_findings.cache_clear()


def _read_usual(spki: bytes) -> Reading[SubjectKey] | None:
    """A key between the octets that all good keys of its kind share; None for one to be read step by step.

    Nothing is accepted here that the long way refuses (tested): the octets around are those it reads.
    """
    frame = _FRAMES.get(len(spki))
    if frame is None or not spki.startswith(frame.head) or not spki.endswith(frame.tail):
        return None
    start = len(frame.head)
    if frame.curve is not None:
        point = spki[start:]
        holds = frame.curve.holds(*frame.curve.coordinates(b"\x04" + point))
        return _agreed(spki, frame.kind, b"\x04" + point, None) if holds else None
    number = spki[start : -len(frame.tail)]
    if number[0] < 0x80 or number[-1] % 2 == 0:
        return None
    return _agreed(spki, frame.kind, spki[frame.material :], int.from_bytes(number, "big"))


def _read_any(spki: bytes) -> Reading[SubjectKey]:
    try:
        algorithm, bits = parse(spki).sequence(2)
        parts = algorithm.sequence(1, 2)
        oid, parameters = parts[0].oid(), parts[1] if len(parts) == 2 else None
        material = bits.bits()
        if oid == _RSA_OID:
            return _read_rsa(spki, material, parameters)
        if oid == _EC_OID:
            return _read_ec(spki, material, parameters)
    except NotStrictError as problem:
        return read_refused(_malformed(problem))
    return read_refused(Finding.error("key.algorithm-off", _SUBJECT, algorithm=_OFF.get(oid, oid)))


def read_key(
    spki: bytes, *, until: datetime | None, facts: KeyFacts = NOTHING_KNOWN, deadline: bool = True
) -> Reading[SubjectKey]:
    """A key that may be certified until `until` (UTC; None when no date is at stake), or every reason why
    not.

    `deadline` False is for test and bench hierarchies, which the end of RSA-2048 does not bind [décision 7].
    """
    shape = read_shape(spki)
    if shape.value is None:
        return shape
    key = shape.value
    found = [*_deadline_findings(key, until if deadline else None), *_facts_findings(key, facts)]
    if key.modulus is None:
        found.extend(_curve_findings(key))
    else:
        found.extend(_modulus_findings(key.modulus))
    if not found:
        return shape
    return read_refused(*found) if errors(found) else read_ok(key, *found)


def reuse_findings(facts: KeyFacts, *, product: str, holder: str) -> tuple[Finding, ...]:
    """Whether this key already serves: another holder, another product, or the same one again [F19, décision
    9].
    """
    found: list[Finding] = []
    for use in facts.uses:
        if use.holder != holder:
            found.append(Finding.error("key.used-by-another", _SUBJECT))
        elif use.product != product:
            found.append(Finding.error("key.used-for-another-product", _SUBJECT, product=use.product))
        elif not facts.renewable:
            found.append(Finding.error("key.used-before", _SUBJECT, reference=use.reference))
        else:
            found.append(Finding.warning("key.renewed", _SUBJECT, reference=use.reference))
    return tuple(dict.fromkeys(found))


def judge_key(data: bytes, *, at: datetime) -> tuple[Finding, ...]:
    """What `explain key` says of a SubjectPublicKeyInfo file, DER or PEM, for a certificate made at `at`
    (UTC).
    """
    try:
        spki = take_element(data, _SPKI_LABELS).data
    except NoDerError as problem:
        return (_not_a_key(problem),)
    except NotStrictError as problem:
        return (_malformed(problem),)
    return read_key(spki, until=three_years_from(at).not_after).findings


def _malformed(problem: NotStrictError) -> Finding:
    return Finding.error("key.malformed", _SUBJECT, flaw=problem.flaw, offset=problem.offset)


def _not_a_key(problem: NoDerError) -> Finding:
    if problem.trouble is Trouble.PRIVATE_KEY:
        return Finding.error("key.private-key", _SUBJECT)
    if problem.trouble is Trouble.TOO_LONG:
        return Finding.error("key.too-long", _SUBJECT)
    if problem.trouble is Trouble.OTHER:
        return Finding.error("key.other-block", _SUBJECT, label=problem.label)
    return Finding.error("key.unreadable", _SUBJECT)


def _read_rsa(spki: bytes, material: bytes, parameters: Node | None) -> Reading[SubjectKey]:
    if parameters is None or parameters.tag != NULL:
        return read_refused(Finding.error("key.rsa-parameters", _SUBJECT))
    modulus, exponent = (part.integer() for part in parse(material).sequence(2))
    found = []
    kind = _RSA_KINDS.get(modulus.bit_length())
    if modulus <= 0 or kind is None:
        found.append(Finding.error("key.rsa-size", _SUBJECT, bits=modulus.bit_length()))
    if exponent != _EXPONENT:
        found.append(Finding.error("key.rsa-exponent", _SUBJECT, exponent=_short(exponent)))
    if modulus % 2 == 0:
        found.append(Finding.error("key.rsa-even", _SUBJECT))
    if found or kind is None:
        return read_refused(*found)
    return _agreed(spki, kind, material, modulus)


def _read_ec(spki: bytes, material: bytes, parameters: Node | None) -> Reading[SubjectKey]:
    if parameters is None or parameters.tag == NULL:
        return read_refused(Finding.error("key.curve-missing", _SUBJECT))
    if parameters.tag == SEQUENCE:
        return read_refused(Finding.error("key.curve-explicit", _SUBJECT))
    oid = parameters.expect(OID).oid()
    kind = _EC_KINDS.get(oid)
    if kind is None:
        return read_refused(Finding.error("key.curve-off", _SUBJECT, curve=curves.NAMES.get(oid, oid)))
    flaw = _point_finding(curves.BY_OID[oid], material)
    return _agreed(spki, kind, material, None) if flaw is None else read_refused(flaw)


def _point_finding(curve: curves.Curve, material: bytes) -> Finding | None:
    """Uncompressed only: [RFC 5480 §2.2] lets one refuse the rest, and real samples have nothing else."""
    if material == b"\x00":
        return Finding.error("key.point-infinity", _SUBJECT)
    if material[:1] in (b"\x02", b"\x03"):
        return Finding.error("key.point-compressed", _SUBJECT)
    if material[:1] != b"\x04" or len(material) != 1 + 2 * curve.octets:
        return Finding.error("key.point-malformed", _SUBJECT)
    return (
        None if curve.holds(*curve.coordinates(material)) else Finding.error("key.point-off-curve", _SUBJECT)
    )


def _agreed(spki: bytes, kind: KeyKind, material: bytes, modulus: int | None) -> Reading[SubjectKey]:
    """The second parser must read the same key and write it back as the same octets [T65]."""
    public = library_key(spki)
    if (
        not isinstance(public, PublicKey)
        or public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != spki
    ):
        return read_refused(Finding.error("key.parsers-differ", _SUBJECT))
    identifier = hashlib.sha1(material, usedforsecurity=False).digest()
    return read_ok(SubjectKey(spki, kind, public, hashlib.sha256(spki).hexdigest(), identifier, modulus))


def _deadline_findings(key: SubjectKey, until: datetime | None) -> list[Finding]:
    if key.kind is not KeyKind.RSA_2048 or until is None or until <= RSA_2048_UNTIL:
        return []
    return [Finding.error("key.rsa-2048-ends", _SUBJECT, until=f"{until:%d/%m/%Y}")]


def _facts_findings(key: SubjectKey, facts: KeyFacts) -> list[Finding]:
    found = []
    if key.sha256 in facts.blocked:
        found.append(Finding.error("key.blocked", _SUBJECT))
    if key.modulus is not None and facts.weak is not None and facts.weak.lists(key.modulus):
        found.append(Finding.error("key.on-weak-list", _SUBJECT))
    if key.modulus is not None and facts.moduli is not None and facts.moduli.share_a_factor_with(key.modulus):
        found.append(Finding.error("key.shared-factor", _SUBJECT))
    return found


def _curve_findings(key: SubjectKey) -> list[Finding]:
    curve = curves.P_256 if key.kind is KeyKind.P_256 else curves.P_384
    octets = key.spki[-2 * curve.octets : -curve.octets]
    trivial = int.from_bytes(octets, "big") in curves.trivial_abscissas(curve)
    return [Finding.error("key.trivial", _SUBJECT)] if trivial else []


@lru_cache(maxsize=1024)
def _modulus_findings(modulus: int) -> tuple[Finding, ...]:
    """Arithmetic only, so kept for the next look at the same key: preview, judgement and issuance each take
    one.
    """
    found = []
    if weakness.small_factor(modulus) is not None:
        found.append(Finding.error("key.small-factor", _SUBJECT))
    if weakness.has_close_primes(modulus):
        found.append(Finding.error("key.close-primes", _SUBJECT))
    if weakness.has_roca_fingerprint(modulus):
        found.append(Finding.error("key.roca", _SUBJECT))
    if weakness.is_perfect_power(modulus):
        found.append(Finding.error("key.power", _SUBJECT))
    if weakness.has_long_run(modulus):
        found.append(Finding.error("key.pattern", _SUBJECT))
    if not found and weakness.is_probable_prime(modulus):
        found.append(Finding.error("key.prime-modulus", _SUBJECT))
    return tuple(found)


def _short(number: int) -> str:
    return str(number) if number.bit_length() < 128 else f"{number.bit_length()} bits"
