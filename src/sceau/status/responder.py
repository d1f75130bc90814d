"""The certificate of a delegated OCSP responder: who may answer for an issuer, for a month, and do nothing
else.

Issued by the issuer it answers for, with OCSPSigning as only use and id-pkix-ocsp-nocheck, for nobody asks
about the one who answers [RFC 6960 §4.2.2.2, ASSURANCE F09]. Renewed at half its life, well before the two
thirds allowed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.x509.oid import NameOID

from sceau.certification import encode
from sceau.status.issuing import IssuerIdentity, key_bits_of

_EXTENDED_KEY_USAGE, _KEY_USAGE, _NO_CHECK = "2.5.29.37", "2.5.29.15", "1.3.6.1.5.5.7.48.1.5"
_SUBJECT_KEY, _AUTHORITY_KEY = "2.5.29.14", "2.5.29.35"
_OCSP_SIGNING = "1.3.6.1.5.5.7.3.9"
_DIGITAL_SIGNATURE = bytes.fromhex("03020780")


@dataclass(frozen=True, slots=True)
class ResponderOrder:
    """A responder certificate to be made: for the key in `spki` (DER), under `serial`, from `not_before` on.

    `ends_by` is the issuer's own notAfter, never passed.
    """

    spki: bytes
    serial: int
    not_before: datetime
    days: int
    ends_by: datetime


def build_responder_tbs(order: ResponderOrder, *, issuer: IssuerIdentity) -> bytes:
    """DER of the TBSCertificate. Its subject is the issuer's, with « OCSP » before the CN."""
    begins = order.not_before.replace(microsecond=0)
    ends = min(begins + timedelta(days=order.days) - timedelta(seconds=1), order.ends_by)
    if ends <= begins:
        raise ValueError("the issuer ends before the responder would begin")
    key_identifier = hashlib.sha1(key_bits_of(order.spki), usedforsecurity=False).digest()
    extensions = encode.sequence(
        encode.extension(_KEY_USAGE, _DIGITAL_SIGNATURE, critical=True),
        encode.extension(_EXTENDED_KEY_USAGE, encode.sequence(encode.oid(_OCSP_SIGNING))),
        encode.extension(_NO_CHECK, b"\x05\x00"),
        encode.extension(_SUBJECT_KEY, encode.octets(key_identifier)),
        encode.extension(_AUTHORITY_KEY, encode.sequence(encode.element(0x80, issuer.key_identifier))),
    )
    return encode.sequence(
        encode.explicit(0, encode.integer(2)),
        encode.integer(order.serial),
        issuer.algorithm,
        issuer.name,
        encode.sequence(encode.time(begins), encode.time(ends)),
        _subject(issuer),
        order.spki,
        encode.explicit(3, extensions),
    )


def responder_is_due(*, not_before: datetime, not_after: datetime, at: datetime) -> bool:
    """Whether a responder certificate has to be replaced now: half of its life is over."""
    return at >= not_before + (not_after - not_before) / 2


def _subject(issuer: IssuerIdentity) -> bytes:
    """The issuer's name with an own CN: « OCSP » and the issuer's, cut at the 64 characters a CN may have."""
    name = x509.Name.from_bytes(issuer.name)
    kept = [rdn for rdn in name.rdns if not rdn.get_attributes_for_oid(NameOID.COMMON_NAME)]
    (common_name,) = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    own = x509.NameAttribute(NameOID.COMMON_NAME, f"OCSP {common_name.value!s}"[:64])
    return x509.Name([*kept, x509.RelativeDistinguishedName([own])]).public_bytes()
