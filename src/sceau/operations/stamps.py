"""The electronic stamp of a structure on a form: a seal made with a certificate that we issued to it.

It is evidence for the stamp alone [N413 3]: it says that the structure's seal is on this very text. Who
signs for the structure is told by a card and nothing else, so a stamp never makes a visa.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sceau.documents import FormSignature
from sceau.operations.offered import beneficiary_of
from sceau.records import certificates_on
from sceau.records.models import Certificate, Revocation
from sceau.registration import Form413
from sceau.vocabulary import Finding, Refused

HOLDS = "signature.stamp-holds"
_SEALS = "ORG_SIGN"
_SERVED = ("issued", "collected")


def judge_stamps(seals: Iterable[FormSignature], form: Form413 | None, at: datetime) -> tuple[Finding, ...]:
    """What the seals of ours say: ``signature.stamp-holds``, or why a stamp does not count. Nothing of a
    signature that is no seal of ours.
    """
    return tuple(finding for seal in seals for finding in _judge(seal, form, at))


def _judge(seal: FormSignature, form: Form413 | None, at: datetime) -> Iterator[Finding]:
    row = _ours(seal.certificate)
    if row is None:
        return
    named = "—" if row.structure is None else row.structure.name
    if Revocation.objects.filter(certificate=row).exists():
        yield Finding.warning("signature.stamp-revoked", row.reference, structure=named)
    elif not row.not_before <= at <= row.not_after:
        yield Finding.warning("signature.stamp-ended", row.reference, structure=named)
    elif row.structure is None or row.structure.national_id != _structure_of(form):
        yield Finding.warning("signature.stamp-of-another", row.reference, structure=named)
    else:
        yield Finding.info("signature.stamp-holds", row.reference, structure=named)


def _ours(der: bytes) -> Certificate | None:
    """The very certificate, if we issued it for seals: found by its key, compared octet for octet."""
    try:
        key = x509.load_der_x509_certificate(der).public_key()
        spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, UnsupportedAlgorithm):
        return None
    on_key = certificates_on(hashlib.sha256(spki).hexdigest())
    rows = on_key.select_related("structure").filter(product=_SEALS, state__in=_SERVED)
    return next((row for row in rows if row.der is not None and bytes(row.der) == der), None)


def _structure_of(form: Form413 | None) -> str:
    if form is None:
        return ""
    try:
        return beneficiary_of(form).structure_id.text
    except Refused:
        return ""
