"""Runs of mass revocation: which certificates come under a criterion, what ending them would do, the runs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import astuple
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, QuerySet

from sceau.catalogue import CriterionKind
from sceau.certification import CertificateState
from sceau.records.models import (
    BlockedKey,
    Certificate,
    CertificateName,
    FormerKeyUse,
    Habilitation,
    HabilitationVersion,
    KeyUse,
    Person,
    Revocation,
    RevocationRun,
    RevocationRunLine,
    RevocationRunMember,
)
from sceau.records.queries.certificates import latest_serials, newest
from sceau.records.run_views import RunApproval, RunFile, RunLine, RunPreview, Share
from sceau.records.views import CertificateLine
from sceau.registration import HabilitationState
from sceau.status import RUN_LIFE, RunState

ENDABLE = (CertificateState.INTENDED, CertificateState.ISSUED, CertificateState.COLLECTED)
"""An intent is ended too: what comes of it is then revoked from its first second."""

MOST_COUNTED = 5_000
"""A larger run is counted when it is prepared, and shown as it was counted."""

_COUNTED = (
    *("total", "products", "structures", "structures_count", "states", "excluded", "in_service"),
    *("replaced", "rights", "names", "names_count"),
)
_SHARES = frozenset({"products", "structures", "states", "excluded"})
_FIRST = 20
_FIRST_NAMES = 30
_REPORT = ("certificat", "numéro de série", "autorité", "génération", "produit", "structure", "noms")
_REPORT_END = ("révoqué le", "motif")


def under_criterion(kind: str, criterion: Mapping[str, str], run_id: int) -> QuerySet[Certificate]:
    """Every certificate that comes under a criterion as stored, whatever its state."""
    everything = Certificate.objects.all()
    if kind == CriterionKind.LIST:
        members = RevocationRunMember.objects.filter(run_id=run_id, certificate_id=OuterRef("pk"))
        return everything.filter(Exists(members))
    if kind == CriterionKind.KEY:
        return certificates_on(criterion["key"])
    if kind == CriterionKind.ADMINISTRATOR:
        return everything.filter(asked_by=criterion["person"], habilitation__isnull=False)
    if kind == CriterionKind.STRUCTURE:
        return everything.filter(structure__national_id=criterion["structure"])
    if kind == CriterionKind.CONTRACT:
        return everything.filter(contract__number=criterion["contract"])
    found = everything.filter(issuer=criterion["issuer"], generation=int(criterion["generation"]))
    if "since" in criterion:
        found = found.filter(asked_at__gte=datetime.fromisoformat(criterion["since"]))
    if "until" in criterion:
        found = found.filter(asked_at__lt=datetime.fromisoformat(criterion["until"]))
    return found


def still_to_end(found: QuerySet[Certificate], at: datetime) -> QuerySet[Certificate]:
    """Of these, the ones that a revocation still means something for at `at`."""
    ended = Revocation.objects.filter(certificate_id=OuterRef("pk"))
    return found.filter(~Exists(ended), state__in=ENDABLE, not_after__gte=at)


def certificates_on(*keys: str) -> QuerySet[Certificate]:
    """Every certificate on these keys (hex SHA-256 of their SubjectPublicKeyInfo): of their present uses, and
    of former ones, as they are now.
    """
    present = KeyUse.objects.filter(spki_sha256__in=keys).values_list("certificate_id", flat=True)
    former = FormerKeyUse.objects.filter(spki_sha256__in=keys).values_list("certificate_id", flat=True)
    return Certificate.objects.filter(pk__in={*present, *former})


def find_on_key(key: str, *, at: datetime, limit: int = 100) -> tuple[CertificateLine, ...]:
    """The certificates on a key (hex SHA-256 of its SubjectPublicKeyInfo), whoever's, newest first."""
    return newest(certificates_on(key), at, after="", limit=limit)


def is_key_blocked(key: str) -> bool:
    """Whether this key is never certified again."""
    return BlockedKey.objects.filter(spki_sha256=key).exists()


def rights_under(kind: str, criterion: Mapping[str, str]) -> QuerySet[Habilitation]:
    """The active rights that could bring new certificates under the criterion; none for a list, key,
    issuer.
    """
    active = Habilitation.objects.filter(state=HabilitationState.ACTIVE)
    if kind == CriterionKind.ADMINISTRATOR:
        return active.filter(person__national_id=criterion["person"])
    if kind == CriterionKind.STRUCTURE:
        return active.filter(structure__national_id=criterion["structure"])
    if kind == CriterionKind.CONTRACT:
        present = HabilitationVersion.objects.filter(
            contract__number=criterion["contract"], number=F("habilitation__current_version")
        )
        return active.filter(pk__in=present.values("habilitation_id"))
    return active.none()


def run_preview(reference: str, *, at: datetime) -> RunPreview | None:
    """What the run would end if it went on now; None when there is no such run."""
    row = RevocationRun.objects.filter(reference=reference).first()
    if row is None:
        return None
    return count_run(row, at=at) if row.total <= MOST_COUNTED or not row.counted else _as_counted(row, at)


def count_run(row: RevocationRun, *, at: datetime) -> RunPreview:
    """The same, counted now, certificate by certificate."""
    criterion = json.loads(row.criterion)
    found = under_criterion(row.kind, criterion, row.pk)
    left = still_to_end(found, at)
    structures = _shares(left, "structure__national_id", "structure__name")
    states = _shares(left, "state")
    names = CertificateName.objects.filter(certificate__in=left.values("pk"))
    delivered = left.filter(state=CertificateState.COLLECTED)
    return RunPreview(
        total=sum(share.count for share in states),
        products=_shares(left, "product"),
        structures=structures[:_FIRST],
        structures_count=len(structures),
        states=states,
        excluded=_excluded(found, at),
        in_service=delivered.count(),
        replaced=delivered.filter(Exists(_successors(at))).count(),
        rights=rights_under(row.kind, criterion).count(),
        names=tuple(names.order_by("value").values_list("value", flat=True).distinct()[:_FIRST_NAMES]),
        names_count=names.values("value").distinct().count(),
        lines=newest(left, at, after="", limit=_FIRST),
    )


def counted_as_stored(found: RunPreview) -> dict[str, Any]:
    """What was counted, as the run keeps it: everything but the certificates themselves."""
    return {
        name: [list(astuple(share)) for share in value] if name in _SHARES else value
        for name in _COUNTED
        for value in (getattr(found, name),)
    }


def _as_counted(row: RevocationRun, at: datetime) -> RunPreview:
    """What was counted when a large run was prepared, less what is done; the latest certificates as they
    stand.
    """
    stored: dict[str, Any] = dict(row.counted or {})
    for name in _SHARES:
        stored[name] = tuple(Share(*one) for one in stored[name])
    stored |= {"total": row.total - row.done, "names": tuple(stored["names"])}
    left = still_to_end(under_criterion(row.kind, json.loads(row.criterion), row.pk), at)
    if (
        row.kind == CriterionKind.ISSUER
    ):  # nearly all there is: serials rise with time, and are in order already
        lines = latest_serials(left, at, limit=_FIRST)
    else:
        lines = newest(left, at, after="", limit=_FIRST)
    return RunPreview(**stored, lines=lines, counted_at=row.created_at)


def list_runs(*, state: str = "", after: str = "", limit: int = 50) -> tuple[RunLine, ...]:
    """The runs, newest first."""
    rows = RevocationRun.objects.all()
    if state:
        rows = rows.filter(state=state)
    last = RevocationRun.objects.filter(reference=after).first() if after else None
    if last is not None:
        rows = rows.filter(pk__lt=last.pk)
    kept = list(rows.order_by("-id")[:limit])
    names = _names({row.created_by for row in kept})
    return tuple(_line(row, names) for row in kept)


def run_file(reference: str) -> RunFile | None:
    """A run with everything on file; None when there is none."""
    row = RevocationRun.objects.filter(reference=reference).first()
    if row is None:
        return None
    approvals = list(row.approvals.order_by("id"))
    names = _names({row.created_by, *(one.officer for one in approvals)})
    return RunFile(
        line=_line(row, names),
        criterion=json.loads(row.criterion),
        explanation=row.explanation,
        approvals=tuple(
            RunApproval(one.officer, names.get(one.officer, one.officer), one.at) for one in approvals
        ),
        deciders_needed=row.deciders_needed,
        alone_up_to=row.alone_up_to,
        started_at=row.started_at,
        secured_at=row.secured_at,
        ended_at=row.ended_at,
        why=row.why,
        report_sha256=row.report_sha256,
        events=tuple(str(event) for event in RUN_LIFE.events(RunState(row.state))),
    )


def run_report(reference: str) -> Iterator[bytes]:
    """The report of a run, as CSV in UTF-8, line by line: every certificate that it ended. The same bytes
    each time for the same lines.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")

    def told() -> bytes:
        text = buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        return text.encode()

    writer.writerow((*_REPORT, *_REPORT_END))
    yield told()
    lines = (
        RevocationRunLine.objects.filter(run__reference=reference)
        .select_related("certificate__structure", "certificate__revocation")
        .prefetch_related("certificate__names")
        .order_by("id")
    )
    for line in lines.iterator(500):
        writer.writerow(_report_line(line.certificate))
        yield told()


def _report_line(row: Certificate) -> tuple[str, ...]:
    names = sorted(row.names.all(), key=lambda name: name.position)
    cells = (
        row.reference,
        row.serial,
        row.issuer,
        str(row.generation),
        row.product,
        row.structure.national_id if row.structure else "",
        " ".join(name.value for name in names),
        row.revocation.at.isoformat(),
        row.revocation.reason,
    )
    return tuple(map(_harmless, cells))


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell


def _successors(at: datetime) -> QuerySet[Certificate]:
    ended = Revocation.objects.filter(certificate_id=OuterRef("pk"))
    after = Certificate.objects.filter(replaces_id=OuterRef("pk"), state=CertificateState.COLLECTED)
    return after.filter(~Exists(ended), not_after__gte=at)


def _excluded(found: QuerySet[Certificate], at: datetime) -> tuple[Share, ...]:
    ended = Revocation.objects.filter(certificate_id=OuterRef("pk"))
    counts = {
        "revoked": found.filter(Exists(ended)).count(),
        "expired": found.filter(~Exists(ended), state__in=ENDABLE, not_after__lt=at).count(),
        "never-signed": found.filter(~Exists(ended), state=CertificateState.ABANDONED).count(),
    }
    return tuple(Share(why, "", count) for why, count in counts.items() if count)


def _shares(found: QuerySet[Certificate], code: str, label: str = "") -> tuple[Share, ...]:
    """How many of each, the most numerous first."""
    named = found.values(share=F(code), words=F(label or code))
    rows = named.annotate(count=Count("pk")).order_by("-count", "share")
    return tuple(
        Share(str(row["share"] or ""), str(row["words"] or "") if label else "", row["count"]) for row in rows
    )


def _names(people: set[str]) -> dict[str, str]:
    known = Person.objects.filter(national_id__in=people)
    return {one.national_id: f"{one.given_names} {one.surname}".strip() for one in known}


def _line(row: RevocationRun, names: Mapping[str, str]) -> RunLine:
    return RunLine(
        reference=row.reference,
        title=row.title,
        kind=row.kind,
        reason=row.reason,
        quality=row.quality,
        state=row.state,
        created_by=names.get(row.created_by, row.created_by),
        created_at=row.created_at,
        changed_at=row.changed_at,
        total=row.total,
        done=row.done,
    )
