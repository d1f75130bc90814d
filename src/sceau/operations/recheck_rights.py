"""Every right again: what the journal says was granted, on an order that two people had accepted [T46, T45].

The text of a right is compared with the digest in the entry that granted it; its state with what the journal
last told of it; the order's text with its own digest; the approvals are counted anew, by people.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta

from sceau.operations.recheck_entries import entry_of
from sceau.operations.recheck_run import Run
from sceau.operations.typed import canonical, digest_of
from sceau.records.models import (
    Approval,
    Card,
    HabilitationVersion,
    JournalEntry,
    OrderParty,
    OrderVersion,
)
from sceau.registration import HabilitationState
from sceau.vocabulary import Finding

_SIZE = 400
_TURN = timedelta(minutes=1)
_GRANTED = ("habilitation.granted", "habilitation.extended")
_STATES = {
    "habilitation.granted": HabilitationState.ACTIVE,
    "habilitation.suspended": HabilitationState.SUSPENDED,
    "habilitation.resumed": HabilitationState.ACTIVE,
    "habilitation.withdrawn": HabilitationState.WITHDRAWN,
}


def recheck_rights(run: Run) -> None:
    """Every version of every right."""
    wanted = HabilitationVersion.objects.filter(granted_at__lte=run.began).order_by("id")
    if run.order.since is not None:
        wanted = wanted.filter(granted_at__gte=run.order.since)
    wanted = wanted.select_related("habilitation__person", "contract", "order")
    last = 0
    while rows := list(wanted.filter(id__gt=last)[:_SIZE]):
        last = rows[-1].pk
        run.note(_rights(run, rows))
        run.tick("rights", len(rows))


def _rights(run: Run, rows: Sequence[HabilitationVersion]) -> Iterator[Finding]:
    told: defaultdict[str, list[JournalEntry]] = defaultdict(list)
    subjects = {row.habilitation.reference for row in rows}
    kinds = {*_GRANTED, *_STATES}
    for entry in (
        JournalEntry.objects.filter(subject__in=subjects, kind__in=kinds)
        .select_related("leaf")
        .order_by("id")
    ):
        told[entry.subject].append(entry)
    for row in rows:
        yield from _text(row, told[row.habilitation.reference])
        yield from _standing(run, row, told[row.habilitation.reference])
        yield from _order(row)


def _text(row: HabilitationVersion, told: Sequence[JournalEntry]) -> Iterator[Finding]:
    reference = row.habilitation.reference
    digest = digest_of(canonical(row.content()))
    grants = [entry_of(one) for one in told if one.kind in _GRANTED]
    mine = [public for public in grants if public is not None and public.get("version") == row.number]
    if not mine:
        yield Finding.error("recheck.grant-not-told", reference, version=row.number)
    elif digest != row.digest or any(public.get("digest") != digest for public in mine):
        yield Finding.error("recheck.right-altered", reference, version=row.number)


def _standing(run: Run, row: HabilitationVersion, told: Sequence[JournalEntry]) -> Iterator[Finding]:
    """The state, as it was last told. What changed during the reading is left to the next night."""
    right = row.habilitation
    last = next((one for one in reversed(told) if one.kind in _STATES), None)
    if right.current_version != row.number or last is None or last.at > run.began - _TURN:
        return
    if right.state != _STATES[last.kind]:
        yield Finding.error(
            "recheck.standing-differs", right.reference, state=right.state, told=_STATES[last.kind]
        )


def _order(row: HabilitationVersion) -> Iterator[Finding]:
    """The order's text is what was approved, by two different people who are no part of it, before the
    grant.
    """
    order, reference = row.order, row.habilitation.reference
    text = OrderVersion.objects.filter(order=order, number=row.order_version).first()
    if text is None or digest_of(text.raw) != text.digest:
        yield Finding.error("recheck.order-altered", reference, order=order.reference)
    approvals = Approval.objects.filter(order=order, version=row.order_version, at__lte=row.granted_at)
    officers = set(approvals.values_list("officer", flat=True))
    parties = OrderParty.objects.filter(order=order)
    people = set(parties.values_list("person_id", flat=True))
    cards = parties.exclude(card_number="").values_list("card_number", flat=True)
    people |= set(Card.objects.filter(number__in=list(cards)).values_list("person__national_id", flat=True))
    if len(officers - people) < 2:
        yield Finding.error("recheck.not-two-people", reference, order=order.reference)
