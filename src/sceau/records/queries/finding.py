"""Certificates as anybody finds them: in service and of a listed product, by a whole name; or the very
octets shown.

What is unknown, not listed, ended, revoked or not yet collected is told apart by nobody [ASSURANCE T18].
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import QuerySet

from sceau.certification import CertificateState
from sceau.records.finding_views import ListedCertificate, RecordedCertificate
from sceau.records.models import Certificate, CertificateName, Revocation
from sceau.status import spell_serial

_MOST_NAMED = 1000


def listed_certificates(
    names: Collection[str], *, products: Collection[str], at: datetime, most: int
) -> tuple[ListedCertificate, ...]:
    """Those that bear exactly one of `names`, newest first. Of a name, the newest `_MOST_NAMED` are looked
    at.
    """
    named = CertificateName.objects.filter(value__in=set(names)).order_by("-certificate_id")
    numbers = list(named.values_list("certificate_id", flat=True)[:_MOST_NAMED])
    rows = _listed(products, at).filter(pk__in=numbers).prefetch_related("names").order_by("-id")
    return tuple(_line(row) for row in rows[:most])


def listed_certificate(
    issuer: str, serial: str, *, products: Collection[str], at: datetime
) -> ListedCertificate | None:
    """The one of that number (as we print it), as long as it may be found; None for any other."""
    row = _listed(products, at).filter(issuer=issuer, serial=serial).first()
    return None if row is None else _line(row)


def recorded_certificate(der: bytes, *, issuer: str, serial: int) -> RecordedCertificate | None:
    """What is recorded of these very octets; None when others, or none, were issued under that number."""
    spelt = spell_serial(serial)
    row = Certificate.objects.filter(issuer=issuer, serial=spelt).first()
    if row is None or row.der is None or bytes(row.der) != der:
        return None
    end = Revocation.objects.filter(certificate=row).first()
    return RecordedCertificate(
        product=row.product,
        collected=row.state == CertificateState.COLLECTED,
        revoked_at=end.at if end else None,
        reason=end.reason if end else "",
    )


def _listed(products: Collection[str], at: datetime) -> QuerySet[Certificate]:
    return Certificate.objects.filter(
        product__in=products,
        state=CertificateState.COLLECTED,
        not_before__lte=at,
        not_after__gte=at,
        revocation__isnull=True,
    )


def _line(row: Certificate) -> ListedCertificate:
    return ListedCertificate(
        issuer=row.issuer,
        serial=row.serial,
        product=row.product,
        subject=row.subject,
        names=tuple(one.value for one in sorted(row.names.all(), key=lambda one: one.position)),
        not_before=row.not_before,
        not_after=row.not_after,
        der=bytes(row.der or b""),
    )
