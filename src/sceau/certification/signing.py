"""Having a draft signed, and believing nothing of what comes back [F02, F22, lesson 2].

The signer is asked once. What it returns must be exactly the draft under a signature of the issuer's own key;
anything else is a fault that is never tried again, since something may have been signed.
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.exceptions import InvalidSignature

from sceau.certification import encode
from sceau.certification.der import NotStrictError, parse
from sceau.certification.draft import Draft, IssuerFacts, SignatureAsk, Signer
from sceau.certification.issuer import IssuerCertificate, read_issuer
from sceau.vocabulary import Fault, Refused


def sign(draft: Draft, signer: Signer, issuer: IssuerFacts) -> bytes:
    """The certificate (DER) over exactly `draft`, signed by `issuer`.

    Raises `Fault`: the signer's own, or ``draft.other-bytes`` (not retryable: the serial must be burnt).
    """
    _require_its_own(draft, issuer)
    certificate = signer.sign(
        kind="certificate", issuer=draft.issuer, generation=draft.generation, tbs=draft.tbs
    )
    check_signed(certificate, draft.tbs, read_issuer(issuer.certificate))
    return certificate


def sign_many(
    drafts: Sequence[Draft], signer: Signer, issuers: Sequence[IssuerFacts]
) -> list[bytes | Refused | Fault]:
    """What `sign` would return or raise for each of `drafts`, in their order; `issuers[n]` is `drafts[n]`'s.

    The signer is asked once, for all. When it has no answer for each, the outcome of each is unknown.
    """
    for draft, issuer in zip(drafts, issuers, strict=True):
        _require_its_own(draft, issuer)
    asks = [SignatureAsk("certificate", one.issuer, one.generation, one.tbs) for one in drafts]
    try:
        answers = signer.sign_all(asks)
    except (Fault, Refused) as problem:
        return [problem] * len(drafts)
    if len(answers) != len(drafts):
        unknown = Fault("draft.other-bytes", retryable=False, detail=f"{len(answers)} answers")
        return [unknown] * len(drafts)
    return [
        _believed(answer, draft, issuer)
        for answer, draft, issuer in zip(answers, drafts, issuers, strict=True)
    ]


def _believed(answer: bytes | Refused | Fault, draft: Draft, issuer: IssuerFacts) -> bytes | Refused | Fault:
    if isinstance(answer, Refused | Fault):
        return answer
    try:
        check_signed(answer, draft.tbs, read_issuer(issuer.certificate))
    except Fault as fault:
        return fault
    return answer


def _require_its_own(draft: Draft, issuer: IssuerFacts) -> None:
    if (draft.issuer, draft.generation) != (issuer.code, issuer.generation):
        raise ValueError("a draft is signed by the issuer it was made for")


def check_signed(certificate: bytes, tbs: bytes, issuer: IssuerCertificate) -> None:
    """Refuse to believe a certificate that is not `tbs` signed by `issuer`. Raises `Fault`
    (``draft.other-bytes``).
    """
    try:
        signature = _signature_over(certificate, tbs, issuer.algorithm)
        issuer.verify(signature, tbs)
    except (NotStrictError, InvalidSignature) as problem:
        raise Fault("draft.other-bytes", retryable=False, detail=repr(problem)) from problem


def _signature_over(certificate: bytes, tbs: bytes, algorithm: bytes) -> bytes:
    """The octets of the signature, once all that stands before them is as it must be, to the octet."""
    start = _STARTS.get(certificate[1:2], 2)
    middle = start + len(tbs)
    head = b"\x30" + encode.length(max(0, len(certificate) - start))
    if not (
        certificate.startswith(head)
        and len(head) == start
        and certificate.startswith(tbs, start)
        and certificate.startswith(algorithm, middle)
    ):
        raise Fault("draft.other-bytes", retryable=False, detail="other bytes or another algorithm")
    last = certificate[middle + len(algorithm) :]
    header = _BITS.get(len(last))
    if header is not None and last.startswith(header):
        return last[len(header) :]
    return parse(last).bits()


def _heads(*sizes: int) -> dict[int, bytes]:
    """What stands before so many octets in a BIT STRING, by the length of the whole."""
    whole = {size: encode.bits(bytes(size)) for size in sizes}
    return {len(one): one[: len(one) - size] for size, one in whole.items()}


_STARTS = {b"\x81": 3, b"\x82": 4}
_BITS = _heads(*range(64, 112), 256, 384, 512)  # a pair on a curve; RSA of 2048, 3072, 4096 bits
