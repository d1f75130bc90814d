"""What lists are made from: the entries of revocations as octets, in the order in which they were revoked,
their kept segments, and the lists made.

Entries are joined where they lie, in the database: no row becomes an object here. A *series* is what one key
of an issuer revoked in one partition (None: outside any).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM
from django.db import connection

from sceau.records.models import CrlIssue, CrlSegment, Revocation
from sceau.records.views import CrlLine
from sceau.vocabulary import Fault

SEGMENT_ENTRIES = 20_000
_JOINED = {
    "sqlite": "CAST(group_concat(entry, '') AS BLOB)",
    "postgresql": "string_agg(entry, ''::bytea ORDER BY id)",
}


@dataclass(frozen=True, slots=True)
class Series:
    """What one key of an issuer revoked in one partition; None: outside any."""

    issuer: str
    generation: int
    partition: int | None = None

    @property
    def number(self) -> int:
        """The partition as segments number it: 0 outside any."""
        return self.partition or 0

    @property
    def where(self) -> str:
        """The condition on a revocation, without its values."""
        part = "IS NULL" if self.partition is None else "= %s"
        return f'issuer = %s AND generation = %s AND "partition" {part}'

    @property
    def values(self) -> list[Any]:
        """The values of `where`."""
        return [self.issuer, self.generation, *([] if self.partition is None else [self.partition])]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some entries, one after the other: of the revocations up to the one numbered `last`."""

    entries: bytes
    count: int
    last: int


def revoked_pieces(
    series: Series, *, after: int = 0, last_list: datetime | None = None, size: int = SEGMENT_ENTRIES
) -> Iterator[Piece]:
    """The DER lines of a series, in the order of revocation, at most `size` at a time: those numbered above
    `after`, and not ended before `last_list` was made.

    A revoked certificate stays until it stood on one list made after its own end [RFC 5280 §3.3].
    """
    upto = last_revocation()
    while after < upto:
        last = min(after + size, upto)
        piece = entries_between(series, after, last, last_list=last_list)
        if piece.count:
            yield piece
            after = last
        else:  # none of this series for a while
            following = _last_of(series, last, 1)
            after = upto if following is None else following - 1


def next_piece(series: Series, *, after: int, size: int, last_list: datetime | None = None) -> Piece | None:
    """The next `size` of them, all that there are if they are fewer; None without any."""
    last = _last_of(series, after, size)
    return None if last is None else entries_between(series, after, last, last_list=last_list)


def entries_between(series: Series, first: int, last: int, *, last_list: datetime | None = None) -> Piece:
    """The same for the revocations numbered above `first` up to `last`, in one statement."""
    where, values = _between(series, first, last, last_list)
    rows = _ask(
        f"SELECT {_JOINED[connection.vendor]}, count(*) FROM records_revocation WHERE {where}",  # noqa: S608
        values,
    )
    octets, count = rows[0]
    return Piece(b"" if octets is None else bytes(octets), int(count), last)


def count_between(series: Series, first: int, last: int, *, last_list: datetime | None = None) -> int:
    """How many revocations those are."""
    where, values = _between(series, first, last, last_list)
    return int(_ask(f"SELECT count(*) FROM records_revocation WHERE {where}", values)[0][0])  # noqa: S608


def octets_between(series: Series, first: int, last: int, *, last_list: datetime | None = None) -> int:
    """How many octets their entries are together, counted one by one."""
    where, values = _between(series, first, last, last_list)
    rows = _ask(f"SELECT sum(length(entry)) FROM records_revocation WHERE {where}", values)  # noqa: S608
    return int(rows[0][0] or 0)


def end_of_share(
    series: Series, first: int, last: int, *, last_list: datetime | None, share: int
) -> datetime | None:
    """When the certificate at place `share` (counted from 0, by their ends) ends; None without any."""
    rows = Revocation.objects.filter(
        issuer=series.issuer,
        generation=series.generation,
        partition=series.partition,
        id__gt=first,
        id__lte=last,
    )
    if last_list is not None:
        rows = rows.filter(not_after__gte=last_list)
    found = list(rows.order_by("not_after").values_list("not_after", flat=True)[share : share + 1])
    return found[0] if found else None


def has_revoked_since(series: Sequence[Series], through: int) -> bool:
    """Whether anything was revoked in any of these after the revocation numbered `through`."""
    return any(_last_of(one, through, 1) is not None for one in series)


def last_revocation() -> int:
    """The number of the last revocation of all, 0 without any. Numbers follow the order of commits."""
    return int(_ask("SELECT max(id) FROM records_revocation", [])[0][0] or 0)


def kept_segments(series: Series) -> list[CrlSegment]:
    """The kept segments of a series, in order; their entries are read one by one, by `segment_entries`."""
    mine = CrlSegment.objects.filter(
        issuer=series.issuer, generation=series.generation, partition=series.number
    )
    return list(mine.order_by("place").defer("entries"))


def segment_entries(segment: CrlSegment) -> bytes:
    """The entries of a kept segment."""
    return bytes(_ask("SELECT entries FROM records_crlsegment WHERE id = %s", [segment.pk])[0][0])


def check_tag(entries: bytes) -> bytes:
    """What tells a segment that was torn or altered by accident: GMAC under a key that everybody knows, the
    fastest check there is at 128 bits. No protection against who may write in the database.
    """
    check = Cipher(AES(b"sceau crl check "), GCM(b"segment of a")).encryptor()
    check.authenticate_additional_data(entries)
    check.finalize()
    return check.tag


def revoked_entries(issuer: str, generation: int, *, last_list: datetime | None) -> tuple[bytes, ...]:
    """Every DER line of the next whole list of this issuer in pieces of many, from the rows."""
    found: list[bytes] = []
    for series in series_of(issuer, generation):
        found += [piece.entries for piece in revoked_pieces(series, last_list=last_list)]
    return tuple(found)


def series_of(issuer: str, generation: int) -> tuple[Series, ...]:
    """Every series in which this key revoked something; the one outside any partition first, always."""
    mine = Revocation.objects.filter(issuer=issuer, generation=generation, partition__isnull=False)
    found: list[int] = []
    while True:  # one look in the index for each, instead of one at each revocation
        rest = mine.filter(partition__gt=found[-1]) if found else mine
        following = rest.order_by("partition").values_list("partition", flat=True).first()
        if following is None:
            return (Series(issuer, generation), *(Series(issuer, generation, one) for one in found))
        found.append(following)


def latest_crl(
    issuer: str, generation: int, *, partition: int | None = None, delta: bool = False
) -> CrlLine | None:
    """The last complete list, or delta, signed for this issuer or a partition of it."""
    row = (
        CrlIssue.objects.filter(
            issuer=issuer,
            generation=generation,
            partition=partition,
            base__isnull=not delta,
            der__isnull=False,
        )
        .order_by("-number")
        .first()
    )
    if row is None or row.der is None:
        return None
    return CrlLine(
        issuer=row.issuer,
        generation=row.generation,
        number=row.number,
        this_update=row.this_update,
        next_update=row.next_update,
        entries=row.entries,
        der=bytes(row.der),
        partition=row.partition,
        base=row.base,
    )


def check_joining(series: Series, piece: Piece, first: int, *, last_list: datetime | None = None) -> None:
    """Raise `Fault` (``crl.entries-joined-wrong``) unless the database joined every octet of every entry."""
    if octets_between(series, first, piece.last, last_list=last_list) != len(piece.entries):
        raise Fault("crl.entries-joined-wrong", retryable=False, detail=series.issuer)


def _last_of(series: Series, after: int, size: int) -> int | None:
    """The number of the `size`-th revocation after `after`, of the last one when there are fewer, None
    without any.
    """
    where, values = f"{series.where} AND id > %s", [*series.values, after]
    rows = _ask(
        f"SELECT id FROM records_revocation WHERE {where} ORDER BY id LIMIT 1 OFFSET %s",  # noqa: S608
        [*values, size - 1],
    ) or _ask(f"SELECT max(id) FROM records_revocation WHERE {where}", values)  # noqa: S608
    return None if rows[0][0] is None else int(rows[0][0])


def _between(series: Series, first: int, last: int, last_list: datetime | None) -> tuple[str, list[Any]]:
    where, values = f"{series.where} AND id > %s AND id <= %s", [*series.values, first, last]
    if last_list is not None:
        where += " AND not_after >= %s"
        values.append(connection.ops.adapt_datetimefield_value(last_list))
    return where, values


def _ask(statement: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
