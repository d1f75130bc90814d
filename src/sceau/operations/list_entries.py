"""The kept entries of lists: segments that only grow, and are made anew from the revocations when their time
is over, or when their octets are not those that were written.

A list costs a copy of them. N revocations, one by one or thousands at once, cost N entries: whoever revokes
writes the rows (with the certificate's `partition`), and the next publication adds them here in one go.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

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
    revoked_pieces,
)
from sceau.records.models import CrlSegment
from sceau.status import dropped_from

_COUNTED_AGAIN = 8
_SMALL, _SHARE = 1_000, 20


@dataclass(slots=True)
class KeptEntries:
    """The entries of a list, in pieces. `is_new` when they do not simply begin with those of the list before:
    then the list before has to be compared with them.
    """

    pieces: list[bytes] = field(default_factory=list)
    count: int = 0
    is_new: bool = False

    @property
    def size(self) -> int:
        """Octets of all of them."""
        return sum(map(len, self.pieces))


def keep_entries(series: Iterable[Series], *, ended_before: datetime | None, turn: int) -> KeptEntries:
    """Bring the segments of `series` up to the revocations of now, and give their entries.

    Inside the transaction of a list, its turn taken. Certificates that ended before `ended_before` may leave
    [RFC 5280 §3.3]; they do when a twentieth of their segment has ended. `turn` says which segments have
    their revocations counted again this time: all of a small list, eight of a large one, the next eight next
    time.

    Raises `Fault`: ``crl.revocation-lost`` when a segment tells a revocation that the records no longer have,
    ``crl.entries-joined-wrong``.
    """
    kept = KeptEntries()
    for one in series:
        keeper = _Keeper(one, ended_before)
        keeper.renew(turn)
        keeper.grow()
        kept.pieces += [bytes(segment.entries) for segment in keeper.segments if segment.count]
        kept.count += sum(segment.count for segment in keeper.segments)
        kept.is_new = kept.is_new or keeper.is_new
    return kept


class _Keeper:
    """The segments of one series, in the present transaction."""

    def __init__(self, series: Series, ended_before: datetime | None) -> None:
        self._series = series
        self._ended_before = ended_before
        self.segments = kept_segments(series)
        self.is_new = not self.segments

    def renew(self, turn: int) -> None:
        """Make anew what was altered, what is over, and what the revocations do not bear out."""
        for segment in self.segments:
            if check_tag(bytes(segment.entries)) != bytes(segment.check_tag):
                self.is_new = True
                self._make(segment)
            elif self._is_over(segment):
                self._make_smaller(segment)
        for segment in _some(self.segments, turn):
            rows = count_between(self._series, segment.first, segment.last, last_list=segment.left_before)
            if rows != segment.count:
                self.is_new = True
                self._make_smaller(segment)

    def grow(self) -> None:
        """Add what was revoked since, to the last segment as long as it has room."""
        last = self.segments[-1] if self.segments else None
        left_before = None if self.segments else self._ended_before
        checked = False
        while True:
            room = 0 if last is None else SEGMENT_ENTRIES - last.count
            after = 0 if last is None else last.last
            pieces = revoked_pieces(
                self._series, after=after, last_list=left_before, size=room if room > 0 else SEGMENT_ENTRIES
            )
            piece = next(pieces, None)
            if piece is None:
                return
            if not checked:
                check_joining(self._series, piece, after, last_list=left_before)
                checked = True
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
        segment.entries = bytes(segment.entries) + piece.entries
        segment.count += piece.count
        segment.last = piece.last
        self._seal(segment)

    def _is_over(self, segment: CrlSegment) -> bool:
        ended = self._ended_before
        return ended is not None and segment.leaves_at is not None and segment.leaves_at < ended

    def _make_smaller(self, segment: CrlSegment) -> None:
        """Make it anew, and see that nothing leaves but what has ended."""
        before = bytes(segment.entries)
        self._make(segment)
        dropped = dropped_from(before, [bytes(segment.entries)])
        require_ended(self._series, dropped, last_list=segment.left_before)

    def _make(self, segment: CrlSegment) -> None:
        left = [at for at in (segment.left_before, self._ended_before) if at is not None]
        segment.left_before = max(left, default=None)
        piece = entries_between(self._series, segment.first, segment.last, last_list=segment.left_before)
        check_joining(self._series, piece, segment.first, last_list=segment.left_before)
        segment.entries, segment.count = piece.entries, piece.count
        self._seal(segment)

    def _seal(self, segment: CrlSegment) -> None:
        segment.check_tag = check_tag(bytes(segment.entries))
        segment.leaves_at = end_of_share(
            self._series,
            segment.first,
            segment.last,
            last_list=segment.left_before,
            share=0 if segment.count <= _SMALL else segment.count // _SHARE,
        )
        segment.save()


def _some(segments: Sequence[CrlSegment], turn: int) -> Iterable[CrlSegment]:
    """Those whose turn it is to be counted again."""
    if len(segments) <= _COUNTED_AGAIN:
        return tuple(segments)
    begin = turn * _COUNTED_AGAIN
    return (segments[(begin + at) % len(segments)] for at in range(_COUNTED_AGAIN))
