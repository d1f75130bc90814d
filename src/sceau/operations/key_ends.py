"""Every certificate on one key, ended: in all structures, for all products [ASSURANCE F17]."""

from __future__ import annotations

from sceau.catalogue import Quality
from sceau.operations.acts import Act
from sceau.operations.endings import KEY_COMPROMISE, end_certificates
from sceau.records import certificates_on, still_to_end

SLICE = 500


def end_on_key(act: Act, key: str, *, quality: Quality, by: str) -> tuple[str, ...]:
    """End as compromised the certificates on `key` that are left, `SLICE` at most, inside the act; their
    references. Each has its entry. `by` is the person who asked, empty for nobody known.
    """
    rows = list(still_to_end(certificates_on(key), act.at).select_for_update().order_by("pk")[:SLICE])
    if not rows:
        return ()
    decisions = end_certificates(act, rows, reason=KEY_COMPROMISE, quality=quality, by=by)
    ended = {(one.issuer, one.serial) for one in decisions}
    mine = [row for row in rows if (row.issuer, int(row.serial, 16)) in ended]
    for row in mine:
        act.also(
            "certificate.revoked",
            row.reference,
            public={
                "issuer": row.issuer,
                "serial": row.serial,
                "reason": KEY_COMPROMISE,
                "quality": str(quality),
                "key": key,
            },
        )
    return tuple(row.reference for row in mine)
