"""Before a list is signed: no revocation that the world was told of has left the records.

A list mostly begins with the very octets of the one before; then nothing can be missing. Otherwise it is
compared with the last list of the records and with the one on the shelf, which a restored database has
forgotten. Anything missing stops the publication: the list before stays, and people look.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from sceau.certification import IssuerFacts
from sceau.records import Series
from sceau.records.models import Certificate
from sceau.status import check_crl_signature, dropped_serials, is_listed, spell_serial
from sceau.vocabulary import Fault

LOST = "crl.revocation-lost"
_ASKED_AT_ONCE = 500


def require_nothing_lost(
    issuer: IssuerFacts,
    entries: Collection[bytes],
    *,
    told: Iterable[bytes],
    last_list: datetime | None,
) -> None:
    """`Fault` (``crl.revocation-lost``) if a serial on one of the lists `told` (DER) is not among `entries`
    (in pieces) and its certificate has not ended, or is not known.

    A list not signed by this issuer's key says nothing: whoever writes on the shelf is not the authority.
    """
    for published in told:
        if not check_crl_signature(published, issuer.certificate):
            dropped = dropped_serials(published, entries)
            require_ended(Series(issuer.code, issuer.generation), dropped, last_list=last_list)


def require_ended(series: Series, serials: Collection[int], *, last_list: datetime | None) -> None:
    """`Fault` (``crl.revocation-lost``) unless each of these stood on a list made after its certificate's end
    [RFC 5280 §3.3]. What we do not know has not.
    """
    lost = list(_not_ended(series, list(serials), last_list))
    if lost:
        named = ", ".join(sorted(lost)[:5])
        raise Fault("crl.revocation-lost", retryable=False, detail=f"{series.issuer} ({len(lost)}) : {named}")


def _not_ended(series: Series, serials: list[int], last_list: datetime | None) -> Iterator[str]:
    for at in range(0, len(serials), _ASKED_AT_ONCE):
        asked = [spell_serial(serial) for serial in serials[at : at + _ASKED_AT_ONCE]]
        ends = dict(
            Certificate.objects.filter(
                issuer=series.issuer, generation=series.generation, serial__in=asked
            ).values_list("serial", "not_after")
        )
        for spelt in asked:
            if spelt not in ends or is_listed(ends[spelt], last_list=last_list):
                yield spelt
