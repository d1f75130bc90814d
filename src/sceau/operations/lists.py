"""Lists of revoked certificates, published: complete ones, by partition, and their deltas.

A list's number is taken and committed before it is signed, so that it never serves twice; what was signed
is kept, then put on the public shelf at once and whole. All lists of one key share one sequence of numbers,
deltas and partitions too, so that the signer can hold every one of them to it. What each is made of is
`list_entries`', what it must not lose `continuity`'s.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta

from sceau.operations.acts import Act, acting
from sceau.operations.clock import require_clock
from sceau.operations.continuity import LOST, require_nothing_lost
from sceau.operations.list_entries import keep_entries
from sceau.operations.list_scopes import (
    Scope,
    calendar_of,
    crl_path,
    facts_of,
    list_address,
    partitions_of,
    scopes,
)
from sceau.operations.machine import Actor, machine
from sceau.operations.shelf_files import digest_on_shelf, replace_on_shelf
from sceau.records import (
    CrlLine,
    Turn,
    has_revoked_since,
    last_revocation,
    latest_crl,
    revoked_pieces,
    take_turn,
)
from sceau.records.models import CrlIssue
from sceau.status import (
    CrlFacts,
    CrlForm,
    CrlWriter,
    crl_is_due,
    issuer_identity,
    next_crl,
    read_crl,
)
from sceau.vocabulary import Fault, Refused

_PUBLISHER = Actor.system("publication")
_KEPT_WHOLE = 5_000  # entries
_SECOND = timedelta(seconds=1)


def publish_crls(*, only: tuple[str, ...] = (), due_only: bool = False) -> tuple[CrlLine, ...]:
    """Sign and put on the public shelf a fresh complete list for each issuer (or those named), and for each
    partition of it; gives the lists made.

    With `due_only`, where one is due alone: something was revoked, or a period is over. Numbers only ever
    grow, also above the one on the shelf (after a restore of the database). Raises `Fault` when the signer
    cannot be had; and, once the other issuers have theirs, when a revocation that was published is missing
    from the records (``crl.revocation-lost``): the list before stays.
    """
    return _publish_each(only, delta=False, due_only=due_only)


def publish_deltas(*, only: tuple[str, ...] = (), due_only: bool = False) -> tuple[CrlLine, ...]:
    """The same for deltas [RFC 5280 §5.2.4]: what was revoked since the oldest complete list that is still
    good, so that whoever holds any good one can add it. Where there is no complete list yet, none is made.
    """
    return _publish_each(only, delta=True, due_only=due_only)


def _publish_each(only: tuple[str, ...], *, delta: bool, due_only: bool) -> tuple[CrlLine, ...]:
    made: list[CrlLine] = []
    lost: Fault | None = None
    for scope in scopes(only):
        if (due_only and not _is_due(scope, delta=delta)) or (delta and _base_of(scope) is None):
            continue
        try:
            made.append(_publish(scope, delta=delta))
        except Fault as fault:
            if fault.code != LOST:
                raise
            lost = lost or fault
    if lost is not None:
        raise lost
    return tuple(made)


def _is_due(scope: Scope, *, delta: bool) -> bool:
    last = scope.issues(delta=delta).first()
    return crl_is_due(
        facts_of(last),
        at=machine().clock(),
        calendar=calendar_of(delta=delta),
        changed=last is not None and has_revoked_since(scope.series, last.through),
        entries=0 if last is None else last.entries,
    )


def _base_of(scope: Scope) -> CrlIssue | None:
    """The complete list that a delta made now adds to: the oldest that is still good."""
    return scope.issues(delta=False).filter(next_update__gt=machine().clock()).order_by("number").first()


def _publish(scope: Scope, *, delta: bool) -> CrlLine:
    issuer = scope.issuer
    kind = "delta-crl" if delta else "crl"
    row, tbs = _intend(scope, delta=delta, floor=0)
    try:
        der = machine().signer.sign(kind=kind, issuer=issuer.code, generation=issuer.generation, tbs=tbs)
    except Refused as refused:
        floor = _number_in_ledger(refused)
        if floor is None:
            raise
        # the database was restored: the signer remembers further
        row, tbs = _intend(scope, delta=delta, floor=floor)
        der = machine().signer.sign(kind=kind, issuer=issuer.code, generation=issuer.generation, tbs=tbs)
    del tbs
    with acting(_PUBLISHER, "crl.published", f"crl/{issuer.code}/{row.number}") as act:
        row.der, row.sha256 = der, hashlib.sha256(der).hexdigest()
        row.save(update_fields=["der", "sha256"])
        _forget_large(scope, delta=delta, before=row.number)
        _tell(act, scope, row)
    replace_on_shelf(crl_path(issuer, partition=scope.partition, delta=delta), der)
    return CrlLine(
        *(row.issuer, row.generation, row.number, row.this_update, row.next_update, row.entries, der),
        partition=row.partition,
        base=row.base,
    )


def _tell(act: Act, scope: Scope, row: CrlIssue) -> None:
    act.tell(
        issuer=scope.issuer.code,
        generation=scope.issuer.generation,
        number=row.number,
        entries=row.entries,
    )
    if row.partition is not None:
        act.tell(partition=row.partition)
    if row.base is not None:
        act.tell(base=row.base)


def _intend(scope: Scope, *, delta: bool, floor: int) -> tuple[CrlIssue, bytes]:
    """Take the next number, and write the list that will bear it."""
    issuer = scope.issuer
    with acting(_PUBLISHER, "crl.intended") as act:
        act.unchanged()  # its publication is the event
        take_turn(Turn.LISTS)
        require_clock(act)
        last = (
            CrlIssue.objects.filter(issuer=issuer.code, generation=issuer.generation)
            .order_by("-number")
            .defer("der")
            .first()
        )
        shelf = _Shelf(scope, delta=delta)
        facts = _after(
            next_crl(
                facts_of(last), at=act.at, calendar=calendar_of(delta=delta), floor=max(floor, shelf.number())
            ),
            scope.issues(delta=not delta).first(),
        )
        base = _base_of(scope) if delta else None
        through = last_revocation()
        writer = CrlWriter()
        if base is None:
            count = _all_entries(scope, shelf, turn=facts.number, into=writer)
        else:
            count = _added_since(scope, base, into=writer)
        row = CrlIssue.objects.create(
            issuer=issuer.code,
            generation=issuer.generation,
            partition=scope.partition,
            base=None if base is None else base.number,
            number=facts.number,
            this_update=facts.this_update,
            next_update=facts.next_update,
            entries=count,
            through=through,
        )
    identity = issuer_identity(issuer.code, issuer.generation, issuer.certificate)
    return row, bytes(writer.body(facts, issuer=identity, form=_form(scope, base)))


def _form(scope: Scope, base: CrlIssue | None) -> CrlForm:
    """A delta's issuingDistributionPoint is its complete list's [RFC 5280 §5.2.4]."""
    part = "" if scope.partition is None else list_address(scope.issuer, scope.partition)
    if base is not None:
        return CrlForm(partition=part, base=base.number)
    return CrlForm(partition=part, freshest=list_address(scope.issuer, scope.partition, delta=True))


def _after(facts: CrlFacts, other: CrlIssue | None) -> CrlFacts:
    """Never at the same second as the last list of the other kind: they would have to bear one number [RFC
    5280 §5.2.3].
    """
    if other is None or facts.this_update > other.this_update:
        return facts
    begins = other.this_update + _SECOND
    return CrlFacts(facts.number, begins, begins + (facts.next_update - facts.this_update))


def _added_since(scope: Scope, base: CrlIssue, *, into: CrlWriter) -> int:
    """How many were revoked since `base`; what ended before the last complete list left with it."""
    last = scope.issues(delta=False).first()
    count = 0
    for one in scope.series:
        for piece in revoked_pieces(
            one, after=base.through, last_list=None if last is None else last.this_update
        ):
            into.add(piece.entries)
            count += piece.count
    return count


def _all_entries(scope: Scope, shelf: _Shelf, *, turn: int, into: CrlWriter) -> int:
    """How many a complete list holds, none of them lost."""
    ended_before = _listed_everywhere(scope)
    kept = keep_entries(scope.series, ended_before=ended_before, turn=turn, into=into)
    told = list(shelf.told())
    if kept.is_new and shelf.last is not None:
        line = latest_crl(scope.issuer.code, scope.issuer.generation, partition=scope.partition)
        told += [] if line is None else [line.der]
    if told:
        require_nothing_lost(scope.issuer, [into.entries()], told=told, last_list=ended_before)
    return kept.count


def _listed_everywhere(scope: Scope) -> datetime | None:
    """When the older of the last lists was made on which a certificate of this scope must have stood after
    its end: its partition's, and the whole. None when one of them was never made.
    """
    parts = partitions_of(scope.issuer) if scope.partition is None else (None, scope.partition)
    lists = [Scope(scope.issuer, part).issues(delta=False).first() for part in parts]
    made = [one.this_update for one in lists if one is not None]
    return min(made) if len(made) == len(parts) else None


class _Shelf:
    """What lies on the public shelf where a list will go, read only when it is not the last one made."""

    def __init__(self, scope: Scope, *, delta: bool) -> None:
        self._path = crl_path(scope.issuer, partition=scope.partition, delta=delta)
        self.last = scope.issues(delta=delta).first()
        digest = digest_on_shelf(self._path)
        self._is_other = bool(digest) and (self.last is None or digest != self.last.sha256)

    def number(self) -> int:
        """Its number, 0 when there is none."""
        found = read_crl(self._path.read_bytes()).value if self._is_other else None
        return 0 if found is None else found.facts.number

    def told(self) -> Iterator[bytes]:
        """The list there that the records do not know."""
        if self._is_other:
            yield self._path.read_bytes()


def _forget_large(scope: Scope, *, delta: bool, before: int) -> None:
    """Of a large list that another one followed, only the digest is kept: what it held is in the records."""
    older = scope.issues(delta=delta).filter(number__lt=before, der__isnull=False)
    older.filter(entries__gt=_KEPT_WHOLE).update(der=None)


def _number_in_ledger(refused: Refused) -> int | None:
    """The last number that the signer's own record holds, when that is why it refused."""
    for finding in refused.findings:
        last = dict(finding.details).get("last", "")
        if finding.code == "crl.number-not-rising" and last.isdecimal():
            return int(last)
    return None
