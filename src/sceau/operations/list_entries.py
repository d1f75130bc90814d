"""The kept entries of lists: segments that only grow, and are made anew from the revocations when their time
is over, or when their octets are not those that were written.

A list costs a copy of them. N revocations, one by one or thousands at once, cost N entries: whoever revokes
writes the rows (with the certificate's `partition`), and the next publication adds them here in one go.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from sceau.operations.continuity import require_ended
from sceau.records import (
    SEGMENT_ENTRIES,
    Piece,
    Series,
    check_joining,
    check_tag,
    count_between,
    end_of_share,
    entries_between,
    kept_segments,
    next_piece,
    segment_entries,
)
from sceau.records.models import CrlSegment
from sceau.status import CrlWriter, dropped_from

_COUNTED_AGAIN = 2
_SMALL, _SHARE = 1_000, 20
_KEPT_SEGMENTS = 64  # some 55 MB


@dataclass(slots=True)
class KeptEntries:
    """What was put in a list: how many entries, and whether they do not simply begin with those of the list
    before (`is_new`): then that one has to be compared with them.
    """

    count: int = 0
    is_new: bool = False


def keep_entries(
    series: Iterable[Series], *, ended_before: datetime | None, turn: int, into: CrlWriter
) -> KeptEntries:
    """Bring the segments of `series` up to the revocations of now, and put their entries `into` a list.

    Inside the transaction of a list, its turn taken. Certificates that ended before `ended_before` may leave
    [RFC 5280 §3.3]; they do when a twentieth of their segment has ended. `turn` says which segments have
    their revocations counted again this time: all of a small list, two of a large one, the next two next
    time.

    Raises `Fault`: ``crl.revocation-lost`` when a segment tells a revocation that the records no longer have,
    ``crl.entries-joined-wrong``.
    """
    kept = KeptEntries()
    for one in series:
        keeper = _Keeper(one, ended_before, into)
        keeper.renew(turn)
        keeper.grow()
        kept.count += sum(segment.count for segment in keeper.segments)
        kept.is_new = kept.is_new or keeper.is_new
    return kept


class _FullSegments:
    """The octets of full segments, which change no more, between one publication of this process and the
    next. Believed only as far as their check is the one that the records hold now.
    """

    def __init__(self) -> None:
        self._kept: dict[int, bytes] = {}
        self._lock = Lock()

    def get(self, segment: CrlSegment) -> bytes | None:
        """Its octets, if they are at hand."""
        with self._lock:
            found = self._kept.get(segment.pk)
        return found if found is not None and check_tag(found) == bytes(segment.check_tag) else None

    def forget(self) -> None:
        """Have nothing at hand, as a process that was just started."""
        with self._lock:
            self._kept.clear()

    def keep(self, segment: CrlSegment, entries: bytes) -> None:
        """Keep them, if it is full; the oldest leave."""
        if segment.count < SEGMENT_ENTRIES:
            return
        with self._lock:
            self._kept[segment.pk] = entries
            while len(self._kept) > _KEPT_SEGMENTS:
                del self._kept[next(iter(self._kept))]


FULL_SEGMENTS = _FullSegments()


class _Keeper:
    """The segments of one series, in the present transaction; their entries go into a list one by one."""

    def __init__(self, series: Series, ended_before: datetime | None, into: CrlWriter) -> None:
        self._series = series
        self._ended_before = ended_before
        self._into = into
        self.segments = kept_segments(series)
        self.is_new = not self.segments

    def renew(self, turn: int) -> None:
        """Take what is kept, made anew where it was altered, is over, or the rows do not bear it out."""
        counted_again = _some(len(self.segments), turn)
        for at, segment in enumerate(self.segments):
            entries = FULL_SEGMENTS.get(segment)
            if entries is None:
                entries = segment_entries(segment)
                if check_tag(entries) != bytes(segment.check_tag):
                    self.is_new = True
                    entries = self._make(segment)
                FULL_SEGMENTS.keep(segment, entries)
            if self._is_over(segment):
                entries = self._make_smaller(segment, entries)
            if at in counted_again and not self._is_borne_out(segment):
                self.is_new = True
                entries = self._make_smaller(segment, entries)
            self._into.add(entries)

    def grow(self) -> None:
        """Add what was revoked since, to the last segment as long as it has room."""
        last = self.segments[-1] if self.segments else None
        left_before = None if self.segments else self._ended_before
        is_first = True
        while True:
            room = 0 if last is None else SEGMENT_ENTRIES - last.count
            after = 0 if last is None else last.last
            size = room if room > 0 else SEGMENT_ENTRIES
            piece = next_piece(self._series, after=after, size=size, last_list=left_before)
            if piece is None:
                return
            if is_first:
                check_joining(self._series, piece, after, last_list=left_before)
                is_first = False
            if last is None or room <= 0:
                last = self._next_segment(after, left_before)
            self._add(last, piece)

    def _next_segment(self, first: int, left_before: datetime | None) -> CrlSegment:
        series = self._series
        made = CrlSegment(
            issuer=series.issuer,
            generation=series.generation,
            partition=series.number,
            place=len(self.segments),
            first=first,
            last=first,
            count=0,
            entries=b"",
            left_before=left_before,
        )
        self.segments.append(made)
        return made

    def _add(self, segment: CrlSegment, piece: Piece) -> None:
        before = segment_entries(segment) if segment.pk else b""
        segment.count += piece.count
        segment.last = piece.last
        self._seal(segment, before + piece.entries)
        self._into.add(piece.entries)

    def _is_borne_out(self, segment: CrlSegment) -> bool:
        rows = count_between(self._series, segment.first, segment.last, last_list=segment.left_before)
        return rows == segment.count

    def _is_over(self, segment: CrlSegment) -> bool:
        ended = self._ended_before
        return ended is not None and segment.leaves_at is not None and segment.leaves_at < ended

    def _make_smaller(self, segment: CrlSegment, before: bytes) -> bytes:
        """Make it anew, and see that nothing leaves but what has ended."""
        entries = self._make(segment)
        require_ended(self._series, dropped_from(before, [entries]), last_list=segment.left_before)
        return entries

    def _make(self, segment: CrlSegment) -> bytes:
        left = [at for at in (segment.left_before, self._ended_before) if at is not None]
        segment.left_before = max(left, default=None)
        piece = entries_between(self._series, segment.first, segment.last, last_list=segment.left_before)
        check_joining(self._series, piece, segment.first, last_list=segment.left_before)
        segment.count = piece.count
        self._seal(segment, piece.entries)
        return piece.entries

    def _seal(self, segment: CrlSegment, entries: bytes) -> None:
        segment.entries, segment.check_tag = entries, check_tag(entries)
        segment.leaves_at = end_of_share(
            self._series,
            segment.first,
            segment.last,
            last_list=segment.left_before,
            share=0 if segment.count <= _SMALL else segment.count // _SHARE,
        )
        segment.save()


def _some(segments: int, turn: int) -> frozenset[int]:
    """The places of those whose turn it is to be counted again."""
    if segments <= _COUNTED_AGAIN:
        return frozenset(range(segments))
    return frozenset((turn * _COUNTED_AGAIN + at) % segments for at in range(_COUNTED_AGAIN))
