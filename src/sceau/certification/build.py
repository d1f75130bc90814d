"""Building the bytes to be signed from a warrant and a key: the mould of the profile, and what is this
certificate's.

TBSCertificate [RFC 5280 §4.1.2]. Takes nothing from a request but the octets of its key. Decides nothing:
what may be built was decided before, what was built is examined after, by code that shares none of this.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sceau.certification import encode
from sceau.certification.keys import SubjectKey
from sceau.certification.mould import Mould, alternative_names, key_usage_period, private_extensions
from sceau.certification.subject_name import SubjectName
from sceau.registration import Warrant
from sceau.vocabulary import Validity

_VERSION_3 = encode.explicit(0, encode.integer(2))


@dataclass(frozen=True, slots=True)
class Particulars:
    """What is one certificate's own: its warrant, its subject as written, its key, serial and dates; made
    `at` (UTC).
    """

    warrant: Warrant
    subject: SubjectName
    key: SubjectKey
    serial: int
    validity: Validity
    at: datetime


def build_tbs(mould: Mould, own: Particulars) -> bytes:
    """The DER to be signed: the same arguments always give the same bytes."""
    profile, dates = mould.profile, own.validity
    extensions = b"".join(
        (
            mould.opening,
            own.key.identifier,
            mould.usages if own.key.modulus is not None else mould.usages_on_curve,
            key_usage_period(profile, dates.not_before, dates.not_after),
            alternative_names(profile.san, own.warrant.names),
            mould.addresses,
            private_extensions(mould, own.warrant.subject),
        )
    )
    return encode.sequence(
        _VERSION_3,
        encode.integer(own.serial),
        mould.issuer,
        _validity(dates.not_before, dates.not_after),
        own.subject.der,
        own.key.spki,
        _before_extensions(len(extensions)),
        extensions,
    )


@lru_cache(maxsize=1024)
def _before_extensions(size: int) -> bytes:
    """What stands before extensions that fill `size` octets."""
    return encode.explicit(3, encode.sequence(bytes(size)))[:-size]


@lru_cache(maxsize=64)  # many in one second
def _validity(begin: datetime, end: datetime) -> bytes:
    return encode.sequence(encode.time(begin), encode.time(end))
