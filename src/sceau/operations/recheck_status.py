"""What the world is told against what was decided: lists, shelf and OCSP source say one thing [F13]."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from django.db.models import QuerySet

from sceau.certification import CertificateState, IssuerFacts, life_of_issuer
from sceau.operations.list_scopes import crl_path, partitions_of
from sceau.operations.recheck_run import SETTLED, Run
from sceau.records import StatusRecords
from sceau.records.models import Certificate, CrlIssue, Revocation
from sceau.status import Standing, check_crl_signature, crl_entry, spell_serial
from sceau.vocabulary import Finding

_SOURCE = StatusRecords()
_TURN = timedelta(minutes=1)
_UNSIGNED = frozenset({CertificateState.INTENDED, CertificateState.ABANDONED})


def read_lists(run: Run) -> None:
    """Note what the current lists of each issuer's key say, the whole one and its partitions'; and whether
    each, and its delta, is signed, fresh and on the shelf.
    """
    for several in run.machine.issuers.values():
        for issuer in several:
            for partition in partitions_of(issuer):
                run.note(_read_list(run, issuer, partition))


def _read_list(run: Run, issuer: IssuerFacts, partition: int | None) -> Iterator[Finding]:
    row = _lists_of(issuer.code, issuer.generation, partition).first()
    if row is None or row.der is None:
        mine = Certificate.objects.filter(issuer=issuer.code, generation=issuer.generation)
        if mine.filter(asked_at__lte=run.began - SETTLED).exists():
            yield Finding.error("recheck.no-list", _subject(issuer, partition))
        return
    problems = list(_wrong_with(run, issuer, row))
    yield from problems
    if not any(problem.code == "recheck.list-signature" for problem in problems):
        crl = x509.load_der_x509_crl(bytes(row.der))
        entries = ((spell_serial(one.serial_number), one.revocation_date_utc) for one in crl)
        run.scratch.note_listed(_named(issuer.code, partition), issuer.generation, entries)
    delta = _lists_of(issuer.code, issuer.generation, partition, delta=True).first()
    if delta is not None:
        yield from _wrong_with(run, issuer, delta)


def _wrong_with(run: Run, issuer: IssuerFacts, row: CrlIssue) -> Iterator[Finding]:
    subject = _subject(issuer, row.partition)
    der = bytes(row.der or b"")
    if check_crl_signature(der, issuer.certificate):
        yield Finding.error("recheck.list-signature", subject, number=row.number)
        return
    path = crl_path(issuer, partition=row.partition, delta=row.base is not None)
    if run.settled(row.this_update) and (not path.is_file() or path.read_bytes() != der):
        yield Finding.error("recheck.shelf-differs", subject, number=row.number)
    crl = x509.load_der_x509_crl(der)
    if (crl.last_update_utc, crl.next_update_utc) != (row.this_update, row.next_update):
        yield Finding.error("recheck.list-row-differs", subject, number=row.number)
    is_over = life_of_issuer(issuer).not_after < run.began  # its last list stands for ever
    if not is_over and row.next_update <= run.began:
        yield Finding.error("recheck.list-late", subject, number=row.number)


def _subject(issuer: IssuerFacts, partition: int | None) -> str:
    return f"{issuer.code}/{issuer.generation}" + ("" if partition is None else f"/P{partition}")


def _named(issuer: str, partition: int | None) -> str:
    """How the scratch index tells a partition's list from the whole one."""
    return issuer if partition is None else f"{issuer}/P{partition}"


def _lists_of(
    issuer: str, generation: int, partition: int | None, *, delta: bool = False
) -> QuerySet[CrlIssue]:
    """The signed lists of a key or a partition of it, the last first."""
    rows = CrlIssue.objects.filter(
        issuer=issuer, generation=generation, partition=partition, base__isnull=not delta
    )
    return rows.filter(sha256__isnull=False).order_by("-number")


def status_findings(run: Run, row: Certificate) -> Iterator[Finding]:
    """Whether the status source says of one certificate what was decided."""
    end = row.revocation if hasattr(row, "revocation") else None
    state = CertificateState(row.state)
    if state is CertificateState.PRESUMED and end is None:
        yield Finding.error("recheck.presumed-not-revoked", row.reference)
    if end is not None and (end.issuer, end.generation, end.serial, end.not_after) != (
        row.issuer,
        row.generation,
        row.serial,
        row.not_after,
    ):
        yield Finding.error("recheck.revocation-differs", row.reference)
    if end is not None and bytes(end.entry) != _entry_again(end):
        yield Finding.error("recheck.revocation-altered", row.reference)
    said = _SOURCE.status(row.issuer, row.generation, int(row.serial, 16))
    wanted = Standing.UNKNOWN if state in _UNSIGNED else Standing.GOOD
    if end is not None or state is CertificateState.PRESUMED:
        wanted = Standing.REVOKED
    if said.standing is not wanted or (end is not None and said.revoked_at != end.at):
        changed = Revocation.objects.filter(certificate=row, at__gt=run.began - _TURN).exists()
        if not changed:
            yield Finding.error("recheck.status-differs", row.reference, said=said.standing, wanted=wanted)
    if run.order.only and end is not None:
        for partition in _partitions(end):
            previous = _previous(row.issuer, row.generation, partition)
            yield from _on_list(run, end, row.reference, previous)


def _entry_again(end: Revocation) -> bytes:
    """The entry of the lists that this revocation makes; it is kept ready, and lists copy it."""
    return crl_entry(int(end.serial, 16), at=end.at, reason=end.reason_number)


def recheck_lists(run: Run) -> None:
    """Every revocation on the current list of its issuer, and nothing else there."""
    for several in run.machine.issuers.values():
        for issuer in several:
            run.note(_revocations(run, issuer))
    if run.complete:
        run.note(_alone(run))


def _revocations(run: Run, issuer: IssuerFacts) -> Iterator[Finding]:
    lists = {
        partition: _previous(issuer.code, issuer.generation, partition) for partition in partitions_of(issuer)
    }
    rows = (
        Revocation.objects.filter(issuer=issuer.code, generation=issuer.generation)
        .select_related("certificate")
        .order_by("id")
    )
    if run.order.since is not None:
        rows = rows.filter(at__gte=run.order.since)
    for end in rows.iterator(500):
        for partition in _partitions(end):
            made = lists.get(partition, _Made(partition))
            yield from _on_list(run, end, end.certificate.reference, made)
        run.tick("revocations")


def _partitions(end: Revocation) -> tuple[int | None, ...]:
    """The lists that a revocation must stand on: the whole one, and its partition's."""
    return (None,) if end.partition is None else (None, end.partition)


@dataclass(frozen=True, slots=True)
class _Made:
    """The current list of a partition (None: the whole one), and when the one before it was made."""

    partition: int | None
    current: CrlIssue | None = None
    before: datetime | None = None


def _previous(issuer: str, generation: int, partition: int | None) -> _Made:
    two = list(_lists_of(issuer, generation, partition).defer("der")[:2])
    before = two[1].this_update if len(two) > 1 else None
    return _Made(partition, two[0] if two else None, before)


def _on_list(run: Run, end: Revocation, reference: str, made: _Made) -> Iterator[Finding]:
    current, before = made.current, made.before
    at = run.scratch.listed(_named(end.issuer, made.partition), end.generation, end.serial)
    if at is not None:
        if at != end.at.replace(microsecond=0):
            yield Finding.error("recheck.list-differs", reference, at=at.isoformat())
        return
    if before is not None and end.not_after < before:
        return  # it stood on a list made after its end
    is_covered = current is not None and (end.pk <= current.through or end.at < current.this_update - _TURN)
    if is_covered or run.settled(end.at):
        yield Finding.error("recheck.not-listed", reference, issuer=end.issuer)


def _alone(run: Run) -> Iterator[Finding]:
    """What a list holds and no revocation asked for; those listed since the start are not among them."""
    for issuer, serial in run.scratch.listed_alone():
        yield Finding.error("recheck.listed-not-revoked", serial, issuer=issuer)
