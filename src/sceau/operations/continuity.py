"""Before a list is signed: no revocation that the world was told of has left the records.

Compared with the last list of the records and with the one on the shelf, which a restored database has
forgotten. Anything missing stops the publication: the list before stays, and people look.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sceau.certification import IssuerFacts
from sceau.records.models import Certificate
from sceau.status import check_crl_signature, dropped_serials, is_listed, spell_serial
from sceau.vocabulary import Fault

LOST = "crl.revocation-lost"


def require_nothing_lost(
    issuer: IssuerFacts,
    entries: Collection[bytes],
    *,
    told: Iterable[bytes],
    last_list: datetime | None,
) -> None:
    """`Fault` (``crl.revocation-lost``) if a serial on one of the lists `told` (DER) is not among `entries`
    and its certificate has not ended, or is not known.

    A list not signed by this issuer's key says nothing: whoever writes on the shelf is not the authority.
    """
    lost = {
        serial
        for published in set(told)
        if not check_crl_signature(published, issuer.certificate)
        for serial in dropped_serials(published, entries)
        if not _has_left(issuer, serial, last_list)
    }
    if lost:
        named = ", ".join(spell_serial(serial) for serial in sorted(lost)[:5])
        raise Fault("crl.revocation-lost", retryable=False, detail=f"{issuer.code} ({len(lost)}) : {named}")


def _has_left(issuer: IssuerFacts, serial: int, last_list: datetime | None) -> bool:
    """Whether its certificate stood on a list made after its end [RFC 5280 §3.3]. What we do not know has
    not.
    """
    ends = (
        Certificate.objects.filter(
            issuer=issuer.code, generation=issuer.generation, serial=spell_serial(serial)
        )
        .values_list("not_after", flat=True)
        .first()
    )
    return ends is not None and not is_listed(ends, last_list=last_list)
