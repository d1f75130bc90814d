"""The issuer as a certificate's maker needs it: its exact name, its key identifier, its dates, how it signs.

Everything comes from the issuer's own certificate, so that what is written under it chains to it. An issuer
whose certificate can't be read, or is no CA's, is a machine that is badly set up: a fault.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from sceau.certification import encode
from sceau.certification.draft import IssuerFacts
from sceau.certification.post_quantum import MlDsaPublicKey, ml_dsa_algorithm
from sceau.vocabulary import Fault, Finding, Reading, Term, Validity, read_ok, read_refused, validity_from

IssuerKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | MlDsaPublicKey

_PKCS1 = padding.PKCS1v15()
_SHORTEST_DAYS = 366
_RSA_SHA256 = encode.sequence(encode.oid("1.2.840.113549.1.1.11"), encode.NULL)
_ECDSA = {
    "secp256r1": (encode.sequence(encode.oid("1.2.840.10045.4.3.2")), hashes.SHA256()),
    "secp384r1": (encode.sequence(encode.oid("1.2.840.10045.4.3.3")), hashes.SHA384()),
}


@dataclass(frozen=True, slots=True)
class IssuerCertificate:
    """What an issuer's certificate says. `name` is its subject's DER, `algorithm` the DER AlgorithmIdentifier
    of its signatures, `hash` the one that goes with it (None for ML-DSA, which hashes by itself),
    `verifying` raises `InvalidSignature` for what is no signature of it; times are UTC.
    """

    name: bytes
    key_identifier: bytes
    not_before: datetime
    not_after: datetime
    public: IssuerKey
    algorithm: bytes
    hash: hashes.HashAlgorithm | None
    verifying: Callable[[bytes, bytes], None]

    def verify(self, signature: bytes, data: bytes) -> None:
        """Raise `InvalidSignature` unless `signature` over `data` is this issuer's."""
        self.verifying(signature, data)


def _verifying(public: IssuerKey, digest: hashes.HashAlgorithm | None) -> Callable[[bytes, bytes], None]:
    """What verifies under `public`: how is settled once, not for each signature."""
    if isinstance(public, MlDsaPublicKey):
        return public.verify
    if digest is None:
        raise TypeError("a key that hashes by itself")
    if isinstance(public, rsa.RSAPublicKey):
        return lambda signature, data: public.verify(signature, data, _PKCS1, digest)
    scheme = ec.ECDSA(digest)
    return lambda signature, data: public.verify(signature, data, scheme)


@lru_cache(maxsize=64)
def read_issuer(certificate: bytes) -> IssuerCertificate:
    """Read an issuer's certificate (DER). Raises `Fault` (``draft.issuer-unusable``)."""
    try:
        read = x509.load_der_x509_certificate(certificate)
        identifier = read.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
        is_authority = read.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (ValueError, x509.ExtensionNotFound) as problem:
        raise Fault("draft.issuer-unusable", retryable=False, detail=str(problem)) from problem
    public = read.public_key()
    if not is_authority or not isinstance(public, IssuerKey):
        raise Fault("draft.issuer-unusable", retryable=False, detail="no certification authority")
    algorithm, digest = _signs_with(public)
    return IssuerCertificate(
        name=read.subject.public_bytes(),
        key_identifier=identifier,
        not_before=read.not_valid_before_utc,
        not_after=read.not_valid_after_utc,
        public=public,
        algorithm=algorithm,
        hash=digest,
        verifying=_verifying(public, digest),
    )


def decide_validity(issuer: IssuerFacts, *, at: datetime, term: Term = Term.WHOLE) -> Reading[Validity]:
    """From `at` (UTC) for three years less a second, or for less where less is asked; ended by the issuer's
    own end when that comes first [décision 12].

    A shorter life is told. Under one year it is refused: the next generation of the issuer should sign by
    then [F46].
    """
    return _decide(issuer.code, issuer.certificate, at, term)


@lru_cache(maxsize=64)  # many in one second
def _decide(code: str, certificate: bytes, at: datetime, term: Term) -> Reading[Validity]:
    end = read_issuer(certificate).not_after
    begin = read_issuer(certificate).not_before
    whole = validity_from(at, term)
    if not begin <= whole.not_before <= end:
        return read_refused(Finding.error("draft.issuer-out-of-dates", code, end=f"{end:%d/%m/%Y}"))
    if whole.not_after <= end:
        return read_ok(whole)
    ended = whole.ended_by(end)
    if term is Term.DAY or (ended.not_after - ended.not_before).days < _SHORTEST_DAYS:
        return read_refused(Finding.error("draft.issuer-ends-too-soon", code, end=f"{end:%d/%m/%Y}"))
    return read_ok(ended, Finding.warning("draft.ended-by-issuer", code, end=f"{end:%d/%m/%Y}"))


def life_of_issuer(issuer: IssuerFacts) -> Validity:
    """From when to when the issuer's certificate is good. Raises `Fault` (``draft.issuer-unusable``)."""
    read = read_issuer(issuer.certificate)
    return Validity(read.not_before, read.not_after)


def choose_issuer(generations: Sequence[IssuerFacts], *, product: str, at: datetime) -> IssuerFacts:
    """Which of an issuer's generations (oldest first, at least one) signs `product` at `at` (UTC).

    The newest that is in service for the product and within its life. When there is none, the newest in
    service, or the oldest: what it then signs is refused for its dates, which tells the operator why.
    """
    serving = [
        one
        for one in generations
        if (one.signs_from is None or one.signs_from <= at)
        and (one.products is None or product in one.products)
    ]
    alive = [one for one in serving if _is_alive(one, at)]
    return (alive or serving or [generations[0]])[-1]


def _is_alive(issuer: IssuerFacts, at: datetime) -> bool:
    life = life_of_issuer(issuer)
    return life.not_before <= at <= life.not_after


def _signs_with(public: IssuerKey) -> tuple[bytes, hashes.HashAlgorithm | None]:
    if isinstance(public, rsa.RSAPublicKey):
        return _RSA_SHA256, hashes.SHA256()
    if isinstance(public, MlDsaPublicKey):
        return ml_dsa_algorithm(public), None
    if public.curve.name in _ECDSA:
        return _ECDSA[public.curve.name]
    raise Fault("draft.issuer-unusable", retryable=False, detail=f"curve {public.curve.name}")
