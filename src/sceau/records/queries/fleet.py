"""A fleet of certificates: what one person asked for or may revoke, filtered, by key, never counted in full.

Looking is bounded: a page looks at so many certificates and says where to go on, so that a search through a
hundred thousand costs each request the same. What ends soon is looked for from the oldest that can still be
valid, found by halving: certificates are numbered in the order of their beginnings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice

from django.db.models import Q, QuerySet

from sceau.catalogue import load_catalogue
from sceau.records.fleet_views import LONGEST_LIFE, FleetEnds, FleetPage, FleetWish
from sceau.records.models import Certificate, CertificateName, Custody
from sceau.records.queries.certificates import lines_of
from sceau.records.queries.people import contracts_naming
from sceau.records.views import CertificateLine

_SLICE, _ENDS_SLICE = 500, 2_500
_MOST_LOOKED_AT = 3_000
_SLACK = 2_000
_MOST_ENDS = 10_000
_SHOWN = ("structure", "habilitation", "revocation")
_ENDED, _SERVES = Q(revocation__isnull=False), Q(revocation__isnull=True, state="collected")


def fleet_page(
    person_id: str, wish: FleetWish, *, at: datetime, after: str = "", limit: int = 25
) -> FleetPage:
    """The first `limit` certificates of this person that fit, after the one of reference `after`: newest
    first, or by their end when `wish.within_days` asks for what ends soon.
    """
    sources = _sources(person_id, at)
    exact = _named(sources, wish.text)
    if exact is not None:
        kept = _fitting(exact, wish, at, by_text=False)
        shown = _shown(kept[:limit], wish, at)
        return _with_successors(FleetPage(shown, "", len(kept) > limit))
    start = _number_of(after)
    rising = wish.within_days is not None
    if wish.within_days is not None:
        span = (at, at + timedelta(days=wish.within_days))
        sources = [one.filter(not_after__range=span) for one in sources]
    if rising and start is None:
        start = _first_alive(at, wish.longest_life)
    return _with_successors(_gather(_numbers(sources, start, rising=rising), wish, at, limit))


def fleet_ends(
    person_id: str,
    *,
    at: datetime,
    within_days: int,
    most: int = _MOST_ENDS,
) -> FleetEnds:
    """When the person's certificates in service end, of those that do within so many days; looks at no more
    than `most`.
    """
    span = (at, at + timedelta(days=within_days))
    sources = [one.filter(not_after__range=span) for one in _sources(person_id, at)]
    numbers = _numbers(sources, _first_alive(at, LONGEST_LIFE), rising=True)
    looked = 0
    found: list[datetime] = []
    while looked < most and (slice_ := list(islice(numbers, _ENDS_SLICE))):
        looked += len(slice_)
        rows = Certificate.objects.filter(id__in=slice_).filter(_SERVES)
        found += rows.values_list("not_after", flat=True)
    return FleetEnds(tuple(found), looked >= most)


def names_given_under(habilitation: str, *, limit: int = 12) -> tuple[str, ...]:
    """Distinct names that the latest certificates of this right carry, the latest first."""
    rows = (
        Certificate.objects.filter(habilitation__reference=habilitation, der__isnull=False)
        .only("id")
        .prefetch_related("names")
        .order_by("-habilitation_id", "-id")[: 4 * limit]
    )
    found: dict[str, None] = {}
    for row in rows:
        for name in sorted(row.names.all(), key=lambda one: one.position):
            found.setdefault(name.value)
    return tuple(islice(found, limit))


def _sources(person_id: str, at: datetime) -> list[QuerySet[Certificate]]:
    """One indexed walk for what the person asked for, one for each contract that names them."""
    if not person_id:
        return []
    contracts = contracts_naming(person_id, at=at)
    entrusted = Custody.objects.filter(person__national_id=person_id).values("certificate_id")
    found = [Certificate.objects.filter(asked_by=person_id), Certificate.objects.filter(pk__in=entrusted)]
    found += [Certificate.objects.filter(contract_id=contract) for contract in contracts]
    return found


def _numbers(sources: list[QuerySet[Certificate]], start: int | None, *, rising: bool) -> Iterator[int]:
    """The numbers of all sources, each once, in order, fetched slice by slice from their indexes."""
    walks = [_walk(source, start, rising=rising) for source in sources]
    last = None
    for number in merge(*walks, reverse=not rising):
        if number != last:
            yield number
        last = number


def _walk(source: QuerySet[Certificate], start: int | None, *, rising: bool) -> Iterator[int]:
    while True:
        beyond = source
        if start is not None:
            beyond = source.filter(id__gt=start) if rising else source.filter(id__lt=start)
        numbers = list(beyond.order_by("id" if rising else "-id").values_list("id", flat=True)[:_SLICE])
        yield from numbers
        if len(numbers) < _SLICE:
            return
        start = numbers[-1]


def _gather(numbers: Iterator[int], wish: FleetWish, at: datetime, limit: int) -> FleetPage:
    kept: list[int] = []
    looked = 0
    while True:
        slice_ = list(islice(numbers, _SLICE if wish.asks_something else limit + 1))
        rows = _fitting(slice_, wish, at)
        room = limit - len(kept)
        if len(rows) > room:
            kept += rows[:room]
            return _page(kept, kept[-1:], wish, at)
        kept += rows
        looked += len(slice_)
        if len(slice_) < (_SLICE if wish.asks_something else limit + 1):
            return _page(kept, (), wish, at)
        if looked >= _MOST_LOOKED_AT or len(kept) == limit:
            return _page(kept, slice_[-1:], wish, at)


def _page(kept: list[int], last: Sequence[int], wish: FleetWish, at: datetime) -> FleetPage:
    """The lines of these numbers; one goes on after `last`, where there is one."""
    after = Certificate.objects.values_list("reference", flat=True).get(id=last[0]) if last else ""
    return FleetPage(_shown(kept, wish, at), after, bool(last))


def _shown(kept: Sequence[int], wish: FleetWish, at: datetime) -> tuple[CertificateLine, ...]:
    rows = Certificate.objects.filter(id__in=kept).defer("draft", "der")
    rows = rows.select_related(*_SHOWN).prefetch_related("names")
    return lines_of(rows.order_by("id" if wish.within_days is not None else "-id"), at)


def _fitting(numbers: list[int], wish: FleetWish, at: datetime, *, by_text: bool = True) -> list[int]:
    """Those of `numbers` that fit: nothing more of a row is read than what decides."""
    rows = Certificate.objects.filter(id__in=numbers).filter(_conditions(wish, at))
    if by_text and wish.text:
        named = CertificateName.objects.filter(certificate_id__in=numbers, value__contains=wish.text.lower())
        said = Q(subject__icontains=wish.text) | Q(structure__name__icontains=wish.text)
        rows = rows.filter(said | Q(id__in=named.values("certificate_id")))
    return list(rows.order_by("id" if wish.within_days is not None else "-id").values_list("id", flat=True))


def _with_successors(found: FleetPage) -> FleetPage:
    shown = [line.reference for line in found.lines]
    pairs = Certificate.objects.filter(replaces__reference__in=shown, der__isnull=False).order_by("id")
    return replace(found, successors=dict(pairs.values_list("replaces__reference", "reference")))


def _conditions(wish: FleetWish, at: datetime) -> Q:
    found = Q()
    if wish.product:
        found &= Q(product=wish.product)
    if wish.administrator:
        found &= Q(asked_by=wish.administrator)
    if wish.structure:
        found &= Q(structure__national_id=wish.structure)
    if wish.standing:
        found &= _of_standing(wish.standing, at)
    if wish.within_days is not None:
        soon = at + timedelta(days=wish.within_days)
        found &= _SERVES & Q(not_after__gte=at, not_after__lte=soon)
    return found


def _of_standing(standing: str, at: datetime) -> Q:
    if standing == "revoked":
        return _ENDED
    if standing == "expired":
        return Q(revocation__isnull=True, not_after__lt=at, state__in=["issued", "collected"])
    if standing == "to-collect":
        return Q(revocation__isnull=True, not_after__gte=at, state="issued")
    return _SERVES & Q(not_after__gte=at)


def _named(sources: list[QuerySet[Certificate]], text: str) -> list[int] | None:
    """What carries exactly that name, reference or serial among the sources; None to look further."""
    if not text:
        return None
    named = CertificateName.objects.filter(value=text.lower()).values_list("certificate_id", flat=True)
    everything, serial = Certificate.objects.all(), text.replace(":", "").upper()
    spelt = (  # each by its index: an `or` of both would read the whole table
        everything.filter(reference=text.upper()),
        everything.filter(issuer__in=list(load_catalogue().issuers), serial=serial),
    )
    numbers = {*named[:200], *(one for found in spelt for one in found.values_list("id", flat=True)[:50])}
    theirs = {
        number for source in sources for number in source.filter(id__in=numbers).values_list("id", flat=True)
    }
    return sorted(theirs) or None


def _number_of(reference: str) -> int | None:
    return Certificate.objects.filter(reference=reference).values_list("id", flat=True).first()


def _first_alive(at: datetime, longest_life: timedelta) -> int:
    """A number below every certificate that can still be valid: halves the table by its beginnings."""
    last = Certificate.objects.order_by("-id").values_list("id", flat=True).first()
    low, high = 0, last or 0
    born = at - longest_life
    while low < high:
        middle = (low + high) // 2
        row = Certificate.objects.filter(id__gt=middle).order_by("id").values_list("id", "not_before").first()
        if row is None or row[1] >= born:
            high = middle
        else:
            low = row[0]
    return max(0, low - _SLACK)
