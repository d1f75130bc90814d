"""The linter: pkilint reads each draft, signed by a throw-away key under the look-alike of its issuer [F49].

Decides which of its findings refuse: every error, and every warning that is not excused below by name with a
reason. A linter that fails is a refusal too. What comes out is a verdict on exactly these bytes; without one
no draft is made.

pkilint reads one draft of each shape, whole (`shape`): the next ones of that shape differ from it in the
contents of the holes only, and pass when each hole holds what none of its rules could object to. What is
laid out otherwise, or holds anything less plain, is read whole.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sceau.certification import encode
from sceau.certification.issuer import IssuerCertificate, IssuerKey
from sceau.certification.post_quantum import MlDsaPrivateKey, ml_dsa_kind
from sceau.certification.remembered import Remembered
from sceau.certification.shape import Skeleton, is_what_it_seems, take_apart
from sceau.vocabulary import Fault, Finding, Refused

if TYPE_CHECKING:
    from pkilint.validation import ValidatorContainer

LintKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | MlDsaPrivateKey


@dataclass(frozen=True, slots=True)
class Excuse:
    """A finding of pkilint that doesn't refuse: its exact code, in one environment, about one thing, for a
    reason.
    """

    code: str
    environment: str
    about: str
    reason: str


EXCUSED = (
    Excuse(
        code="pkix.invalid_uri_syntax",
        environment="development",
        about='"http://localhost:',
        reason="a development instance publishes on its own machine, whose name has one label",
    ),
)


@dataclass(frozen=True, slots=True)
class LintVerdict:
    """These very bytes passed. Made in this module only (a test holds that).

    `tbs_sha256` is their digest, `linted_sha256` that of the draft that pkilint read whole: the same one, or
    the first of their shape. `remarks` are pkilint's codes on the latter.
    """

    tbs_sha256: str
    linted_sha256: str
    remarks: tuple[str, ...] = ()


Shape = tuple[str, bytes, Skeleton]
"""Environment (it excuses), AlgorithmIdentifier of the outer signature, and what the shape fixes."""
_MOST_SHAPES = 2048
_LINTED: Remembered[Shape, LintVerdict] = Remembered(_MOST_SHAPES)


def lint_by_shape(tbs: bytes, *, issuer: IssuerCertificate, key: LintKey, environment: str) -> LintVerdict:
    """`lint`, but for a draft of a shape that passed before, whose holes are all plain. Raises what `lint`
    does.

    The throw-away key signs only what pkilint is to read.
    """
    taken = take_apart(tbs)
    if taken is None or not taken.is_plain:
        return lint(tbs, issuer=issuer, key=key, environment=environment)
    shape = (environment, issuer.algorithm, taken.skeleton)
    first = _LINTED.get(shape)
    if first is not None:
        return LintVerdict(hashlib.sha256(tbs).hexdigest(), first.linted_sha256, first.remarks)
    verdict = lint(tbs, issuer=issuer, key=key, environment=environment)
    if is_what_it_seems(tbs, taken):
        _LINTED.keep(shape, verdict)
    return verdict


def prepare_linter() -> None:
    """Make pkilint's rules now, half a second, rather than at the first draft."""
    _linter()


def forget_shapes() -> None:
    """Have pkilint read the next draft of each shape again."""
    _LINTED.forget()


def lint(tbs: bytes, *, issuer: IssuerCertificate, key: LintKey, environment: str) -> LintVerdict:
    """Lint `tbs`. `key` is a throw-away key of the issuer's kind, used for nothing else and kept nowhere.

    Raises `Refused` (``draft.lint``) with every finding that refuses, `Fault` (``draft.lint-failed``) when
    the linter itself fails or the key is the issuer's own.
    """
    certificate = sign_with_lint_key(tbs, issuer=issuer, key=key)
    try:
        found = _findings(certificate)
    except Exception as problem:  # a linter that fails has not passed anything
        raise Fault("draft.lint-failed", retryable=False, detail=_spelt(problem)) from problem
    refusing = [one for one in found if one.refuses and not _is_excused(one, environment)]
    if refusing:
        raise Refused([Finding.error("draft.lint", one.code, says=one.says) for one in refusing])
    digest = hashlib.sha256(tbs).hexdigest()
    return LintVerdict(digest, digest, tuple(sorted({one.code for one in found})))


def _spelt(problem: Exception) -> str:
    """What an exception says; pkilint's own can fail to say it."""
    try:
        return repr(problem)
    except Exception:
        return type(problem).__name__


def _is_excused(one: Remark, environment: str) -> bool:
    return any(
        excuse.code == one.code and excuse.environment == environment and excuse.about in one.says
        for excuse in EXCUSED
    )


def sign_with_lint_key(tbs: bytes, *, issuer: IssuerCertificate, key: LintKey) -> bytes:
    """A certificate that looks like the issuer's and verifies under no key that matters."""
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if public == issuer.public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo):
        raise Fault("draft.lint-failed", retryable=False, detail="the throw-away key is the issuer's own")
    if _family(key.public_key()) != _family(issuer.public):
        raise Fault("draft.lint-failed", retryable=False, detail="the throw-away key is of another kind")
    if isinstance(key, rsa.RSAPrivateKey):
        signature = key.sign(tbs, padding.PKCS1v15(), hashes.SHA256())
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        signature = key.sign(tbs, ec.ECDSA(issuer.hash or hashes.SHA256()))
    else:
        signature = key.sign(tbs)
    return encode.sequence(tbs, issuer.algorithm, encode.element(0x03, b"\x00", signature))


def _family(public: IssuerKey) -> str:
    """RSA, a curve, or the parameter set of ML-DSA: signatures of one kind have one shape."""
    if isinstance(public, rsa.RSAPublicKey):
        return "rsa"
    return ml_dsa_kind(public) or "ec"


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that pkilint reports."""

    code: str
    severity: str
    says: str

    @property
    def refuses(self) -> bool:
        """Errors and warnings refuse; notices and information are kept with the verdict."""
        return self.severity not in ("NOTICE", "INFO", "DEBUG")


def _findings(certificate: bytes) -> list[Remark]:
    """Everything that pkilint reports."""
    from pkilint import loader

    document = loader.load_der_certificate(certificate, "draft")
    results = _linter().validate(document.root)
    return [
        Remark(one.finding.code, one.finding.severity.name, str(one.message or one.finding.code))
        for result in results
        for one in result.finding_descriptions
    ]


@lru_cache(maxsize=1)
def _linter() -> ValidatorContainer:
    """pkilint's RFC 5280 rules, made once: half a second the first time, milliseconds after."""
    from pkilint.pkix import certificate, extension, name

    return certificate.create_pkix_certificate_validator_container(
        certificate.create_decoding_validators(name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS),
        [
            certificate.create_issuer_validator_container([]),
            certificate.create_validity_validator_container(),
            certificate.create_subject_validator_container([]),
            certificate.create_extensions_validator_container([]),
        ],
    )
