"""What status services publish: lists of revoked certificates, responders' certificates."""

from __future__ import annotations

from sceau.records import CrlLine


def publish_crls(*, only: tuple[str, ...] = ()) -> tuple[CrlLine, ...]:
    """Sign and put on the public shelf a fresh list for each issuer (or those named). Numbers only ever
    grow.
    """
    raise NotImplementedError
