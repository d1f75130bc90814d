"""Some hundreds of certificates with everything they are compared with, in a handful of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sceau.operations.recheck_run import Run
from sceau.records.models import (
    Card,
    Certificate,
    HabilitationVersion,
    JournalEntry,
    KeptRequest,
    KeyUse,
    Person,
)
from sceau.vocabulary import Finding

SIZE = 400
_OF_THE_PERSON = ("subject", "extension 1.2.250.1.71.1.2.7", "extension 1.2.250.1.71.4.2.5")


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows, and by key the versions of rights, entries, people and cards that they name, the requests kept
    (DER, by the row's identifier), and what the register of keys says of theirs (by digest).
    """

    rows: tuple[Certificate, ...]
    versions: dict[tuple[int, int], HabilitationVersion]
    entries: dict[str, list[JournalEntry]]
    people: dict[str, Person]
    cards: dict[str, Card]
    requests: dict[int, bytes]
    uses: dict[str, KeyUse]

    def version_of(self, row: Certificate) -> HabilitationVersion | None:
        """The exact text of the right that the certificate was issued under."""
        if row.habilitation_id is None or row.habilitation_version is None:
            return None
        return self.versions.get((row.habilitation_id, row.habilitation_version))

    def origin_findings(self, row: Certificate) -> Iterator[Finding]:
        """Whether the row's structure, contract and asker are those of its right."""
        version = self.version_of(row)
        if version is None:
            if row.habilitation_id is not None:
                number = row.habilitation_version
                yield Finding.error("recheck.version-missing", row.reference, version=number)
            return
        right = version.habilitation
        for part, holds in (
            ("structure", row.structure_id == right.structure_id),
            ("contract", row.contract_id == version.contract_id),
            ("asked_by", row.asked_by == right.person.national_id),
            ("product", row.product == right.product),
        ):
            if not holds:
                yield Finding.error("recheck.row-differs", row.reference, part=part)

    def told_of_person(self, row: Certificate, findings: Iterable[Finding]) -> Iterator[Finding]:
        """The findings; where they are about a person whom the register knows otherwise since, for a person
        to look at.
        """
        person = self.people.get(row.holder or row.asked_by)
        is_told = False
        for finding in findings:
            part = dict(finding.details).get("part", "")
            about_person = part in _OF_THE_PERSON and (row.holder or row.habilitation_id is None)
            if about_person and person is not None and _changed_since(person, row):
                if not is_told:
                    yield Finding.warning("recheck.person-changed", row.reference, part=part)
                is_told = True
            else:
                yield finding


def _changed_since(person: Person, row: Certificate) -> bool:
    told = JournalEntry.objects.filter(subject=f"person/{person.pk}", at__gt=row.asked_at)
    return told.filter(kind="person.registered").exists()


def batches(run: Run) -> Iterator[Batch]:
    """The certificates that the order names, by age; those asked for after the start are left out."""
    wanted = Certificate.objects.filter(asked_at__lte=run.began)
    if run.order.since is not None:
        wanted = wanted.filter(asked_at__gte=run.order.since)
    if run.order.only:
        wanted = wanted.filter(reference=run.order.only)
    wanted = (
        wanted.select_related("habilitation", "revocation", "structure")
        .prefetch_related("names")
        .order_by("id")
    )
    last = 0
    while rows := tuple(wanted.filter(id__gt=last)[:SIZE]):
        last = rows[-1].pk
        yield batch_of(rows)


def batch_of(rows: tuple[Certificate, ...]) -> Batch:
    """These rows with what they name."""
    rights = {row.habilitation_id for row in rows if row.habilitation_id is not None}
    versions = HabilitationVersion.objects.select_related("habilitation__person", "contract", "order").filter(
        habilitation_id__in=rights
    )
    entries: defaultdict[str, list[JournalEntry]] = defaultdict(list)
    for entry in (
        JournalEntry.objects.filter(subject__in=[row.reference for row in rows])
        .select_related("leaf")
        .order_by("id")
    ):
        entries[entry.subject].append(entry)
    people = {row.asked_by for row in rows} | {row.holder for row in rows}
    cards = Card.objects.select_related("person").filter(number__in={row.asked_with for row in rows})
    return Batch(
        rows,
        {(one.habilitation_id, one.number): one for one in versions},
        entries,
        {one.national_id: one for one in Person.objects.filter(national_id__in=people)},
        {one.number: one for one in cards},
        {
            one.certificate_id: bytes(one.der)
            for one in KeptRequest.objects.filter(certificate_id__in=[row.pk for row in rows])
        },
        {
            one.spki_sha256: one
            for one in KeyUse.objects.filter(spki_sha256__in={row.spki_sha256 for row in rows})
        },
    )
