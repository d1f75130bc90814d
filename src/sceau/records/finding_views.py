"""A certificate as anybody may find it: what stands in it and nothing of how it came to be. Plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ListedCertificate:
    """A certificate in service that is listed publicly. `serial` as we print it, `der` its octets."""

    issuer: str
    serial: str
    product: str
    subject: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    der: bytes


@dataclass(frozen=True, slots=True)
class RecordedCertificate:
    """What is told of a certificate to whoever shows it: its product, whether it was collected, its end."""

    product: str
    collected: bool
    revoked_at: datetime | None
    reason: str
