"""What lists there are: of each living key of an issuer the whole one and each partition's, where each lies
and which were made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from django.db.models import QuerySet

from sceau.certification import IssuerFacts, life_of_issuer
from sceau.operations.machine import machine
from sceau.records import Series, series_of
from sceau.records.models import CrlIssue
from sceau.status import CrlCalendar, CrlFacts


@dataclass(frozen=True, slots=True)
class Scope:
    """What a list speaks of: one key of an issuer, all its certificates (None) or a partition of them."""

    issuer: IssuerFacts
    partition: int | None = None

    @property
    def subject(self) -> str:
        """As the journal and findings name it."""
        part = "" if self.partition is None else f"/P{self.partition}"
        return f"{self.issuer.code}/{self.issuer.generation}{part}"

    @property
    def series(self) -> tuple[Series, ...]:
        """Whose revocations it holds."""
        code, generation = self.issuer.code, self.issuer.generation
        return (
            series_of(code, generation)
            if self.partition is None
            else (Series(code, generation, self.partition),)
        )

    def issues(self, *, delta: bool) -> QuerySet[CrlIssue]:
        """Its signed lists of one kind, the last first, without their bytes."""
        rows = CrlIssue.objects.filter(
            issuer=self.issuer.code, generation=self.issuer.generation, partition=self.partition
        )
        return rows.filter(base__isnull=not delta, sha256__isnull=False).order_by("-number").defer("der")


def crl_path(issuer: IssuerFacts, *, partition: int | None = None, delta: bool = False) -> Path:
    """Where a list of `issuer` lies on the shelf: the path its certificates name [IGC-SANTE 1.3]."""
    address = list_address(issuer, partition, delta=delta)
    environment = issuer.addresses or machine().catalogue.environments[issuer.environment]
    return machine().shelf / unquote(address.removeprefix(environment.publication).lstrip("/"))


def partitions_of(issuer: IssuerFacts) -> tuple[int | None, ...]:
    """What lists there are of an issuer's key: the whole one (None), and each partition's."""
    return (None, *(range(1, issuer.partitions + 1) if issuer.partitions > 1 else ()))


def living_issuers(only: tuple[str, ...] = ()) -> tuple[IssuerFacts, ...]:
    """Every generation whose certificate has not ended: no certificate under it outlives it, so that its
    status is told to the last.
    """
    now = machine().clock()
    return tuple(
        facts
        for code, generations in machine().issuers.items()
        if not only or code in only
        for facts in generations
        if now <= life_of_issuer(facts).not_after
    )


def list_address(issuer: IssuerFacts, partition: int | None, *, delta: bool = False) -> str:
    """The address of a list, as certificates and lists name it."""
    catalogue = machine().catalogue
    environment = issuer.addresses or catalogue.environments[issuer.environment]
    authority = catalogue.issuers[issuer.code].of_generation(issuer.generation)
    return environment.crl_uri(authority, partition=partition, delta=delta)


def scopes(only: tuple[str, ...] = ()) -> Iterator[Scope]:
    """Every list there must be, of these issuers (all when none is named)."""
    for issuer in living_issuers(only):
        for partition in partitions_of(issuer):
            yield Scope(issuer, partition)


def calendar_of(*, delta: bool) -> CrlCalendar:
    """How often, and for how long."""
    row = machine().catalogue.calendar
    return CrlCalendar.of_deltas(row) if delta else CrlCalendar.of(row)


def facts_of(row: CrlIssue | None) -> CrlFacts | None:
    """Number and dates of a list made."""
    return None if row is None else CrlFacts(row.number, row.this_update, row.next_update)
