"""SIGNED{} [RFC 5280 §4.1, §5.1]: a body, the algorithm it names itself, and a signature, as one DER."""

from __future__ import annotations

from sceau.certification import encode
from sceau.status import der


def signature_algorithm(tbs: bytes) -> bytes:
    """DER of the AlgorithmIdentifier inside a TBSCertificate or TBSCertList.

    Raises `ValueError` when there is none.
    """
    fields = der.Reader(tbs).enter(der.SEQUENCE)
    while (tag := fields.next_tag()) is not None:
        if tag == der.SEQUENCE:
            return fields.take_whole(tag)
        fields.take(tag)
    raise der.NotDerError("no algorithm")


def signed_der(tbs: bytes, signature: bytes) -> bytes:
    """The complete object: `tbs`, the algorithm it names, `signature`. An empty one serves readers that know
    complete objects only.
    """
    return encode.sequence(tbs, signature_algorithm(tbs), encode.bits(signature))
