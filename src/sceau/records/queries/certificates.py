"""Certificates as who asked for them, their structure's representatives and the desk see them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from sceau.catalogue import load_catalogue
from sceau.certification import CERTIFICATE_LIFE, CertificateState
from sceau.records.models import Certificate, Custody, Person, Revocation
from sceau.records.queries.people import contracts_naming
from sceau.records.views import CertificateFile, CertificateLine, RevocationLine
from sceau.status import spell_serial

_SHOWN = ("structure", "habilitation", "revocation")
_LOOKED_THROUGH, _MOST_BEARING = 20_000, 1_000


def certificates_of(
    person_id: str, *, at: datetime, after: str = "", limit: int = 50
) -> tuple[CertificateLine, ...]:
    """Certificates that this person asked for or may revoke (the contract names them), newest first."""
    return newest(_theirs(person_id, at), at, after=after, limit=limit)


def certificate_for(reference: str, *, viewer: str, at: datetime) -> CertificateFile | None:
    """The certificate if `viewer` asked for it or represents its structure."""
    return file_of(_theirs(viewer, at).filter(reference=reference).first(), at)


def certificate_file(reference: str, *, at: datetime) -> CertificateFile | None:
    """A certificate with everything on file, for the desk."""
    return file_of(Certificate.objects.filter(reference=reference).first(), at)


def certificate_by_serial(serial: int, *, at: datetime, issuer: str = "") -> CertificateFile | None:
    """The certificate of this number (read it with `status.read_serial`); None too when two issuers gave
    it.
    """
    several = list(bearing_serial(serial, issuer=issuer)[:2])
    return file_of(several[0], at) if len(several) == 1 else None


def is_serial_given(serial: int) -> bool:
    """Whether any issuer of ours ever gave this number (for `status.choose_serial`)."""
    return bearing_serial(serial).exists()


def bearing_serial(serial: int, *, issuer: str = "") -> QuerySet[Certificate]:
    """The certificates of this number, of one issuer or any: the index of serials begins with the issuer."""
    issuers = [issuer] if issuer else list(load_catalogue().issuers)
    return Certificate.objects.filter(issuer__in=issuers, serial=spell_serial(serial))


def certificate_lines(references: Collection[str], *, at: datetime) -> tuple[CertificateLine, ...]:
    """The certificates of these references, in their order, for the desk."""
    rows = Certificate.objects.filter(reference__in=references).select_related(*_SHOWN)
    found = {line.reference: line for line in lines_of(rows.prefetch_related("names"), at)}
    return tuple(found[one] for one in references if one in found)


def latest_under(
    habilitation: str, *, viewer: str | None, at: datetime, limit: int = 50
) -> tuple[CertificateLine, ...]:
    """Of the latest certificates of this right, those that `viewer` may see (None: the desk, all of them),
    newest first.
    """
    under = Certificate.objects.filter(habilitation__reference=habilitation)
    numbers = list(under.order_by("-habilitation_id", "-id").values_list("id", flat=True)[:limit])
    seen = Certificate.objects.all() if viewer is None else _theirs(viewer, at)
    return newest(seen.filter(id__in=numbers), at, after="", limit=limit)


def find_certificates(
    *, at: datetime, text: str = "", structure_id: str = "", after: str = "", limit: int = 50
) -> tuple[CertificateLine, ...]:
    """Certificates by exact name, reference or serial; when nothing bears it, by part of the subject among
    the latest twenty thousand. Newest first. A million are never read through for a word.
    """
    found = Certificate.objects.all()
    if text:
        exact = _bearing(text)
        latest = Certificate.objects.order_by("-id").values_list("id", flat=True).first() or 0
        within = Q(id__gt=latest - _LOOKED_THROUGH, subject__icontains=text)
        found = found.filter(Q(id__in=exact) if exact else within)
    if structure_id:
        found = found.filter(structure__national_id=structure_id)
    return newest(found, at, after=after, limit=limit)


def _bearing(text: str) -> list[int]:
    """The certificates that this is the reference, the serial or a name of, each found by its index."""
    everything = Certificate.objects.all()
    spelt = text.replace(":", "").upper()
    by_number = everything.filter(issuer__in=list(load_catalogue().issuers), serial=spelt)
    asked = (
        everything.filter(reference=text.upper()),
        by_number,
        everything.filter(names__value=text.lower()),
    )
    return [pk for found in asked for pk in found.values_list("id", flat=True)[:_MOST_BEARING]]


def _theirs(person_id: str, at: datetime) -> QuerySet[Certificate]:
    if not person_id:
        return Certificate.objects.none()
    spoken_for = contracts_naming(person_id, at=at)
    entrusted = Custody.objects.filter(person__national_id=person_id).values("certificate_id")
    return Certificate.objects.filter(
        Q(asked_by=person_id) | Q(pk__in=entrusted) | Q(contract_id__in=spoken_for)
    )


def newest(
    found: QuerySet[Certificate], at: datetime, *, after: str, limit: int
) -> tuple[CertificateLine, ...]:
    """The first `limit` of `found` after the one of reference `after`, newest first."""
    last = Certificate.objects.filter(reference=after).first() if after else None
    if last is not None:
        found = found.filter(id__lt=last.id)
    rows = list(found.select_related(*_SHOWN).prefetch_related("names").order_by("-id")[:limit])
    return lines_of(rows, at)


def latest_serials(found: QuerySet[Certificate], at: datetime, *, limit: int) -> tuple[CertificateLine, ...]:
    """The first `limit` of `found`, all of one issuer, by their serials, whose time prefix makes the latest
    the highest: the order of an index, where `newest` would sort an issuer's whole life.
    """
    rows = list(
        found.select_related(*_SHOWN).prefetch_related("names").order_by("-issuer", "-serial")[:limit]
    )
    return lines_of(rows, at)


def lines_of(rows: Iterable[Certificate], at: datetime) -> tuple[CertificateLine, ...]:
    """The views of rows read with `structure`, `habilitation`, `revocation` and `names`, in their order."""
    kept = list(rows)
    people = Person.objects.filter(national_id__in={row.asked_by for row in kept})
    names = {person.national_id: f"{person.given_names} {person.surname}".strip() for person in people}
    return tuple(_line(row, at, names) for row in kept)


def _line(row: Certificate, at: datetime, people: dict[str, str]) -> CertificateLine:
    revocation = _revocation(row)
    return CertificateLine(
        reference=row.reference,
        product=row.product,
        issuer=row.issuer,
        generation=row.generation,
        serial=row.serial,
        state=row.state,
        standing=_standing(row, at, revoked=revocation is not None),
        subject=row.subject,
        names=tuple(name.value for name in sorted(row.names.all(), key=lambda name: name.position)),
        not_before=row.not_before,
        not_after=row.not_after,
        structure_name=row.structure.name if row.structure else "",
        structure_id=row.structure.national_id if row.structure else "",
        asked_by=people.get(row.asked_by, row.asked_by),
        habilitation=row.habilitation.reference if row.habilitation else "",
        revocation=revocation,
    )


def _standing(row: Certificate, at: datetime, *, revoked: bool) -> str:
    state = CertificateState(row.state)
    if state is CertificateState.INTENDED:
        return "in-progress"
    if state in {CertificateState.PRESUMED, CertificateState.ABANDONED}:
        return "failed"
    if revoked:
        return "revoked"
    if row.not_after < at:
        return "expired"
    return "to-collect" if state is CertificateState.ISSUED else "in-service"


def _revocation(row: Certificate) -> RevocationLine | None:
    try:
        end = row.revocation
    except Revocation.DoesNotExist:
        return None
    return RevocationLine(reason=end.reason, at=end.at, quality=end.quality, by=end.by)


def file_of(row: Certificate | None, at: datetime) -> CertificateFile | None:
    """The view of a row with everything on file; None for None."""
    if row is None:
        return None
    successor = row.successors.order_by("-id").first()
    return CertificateFile(
        line=lines_of([row], at)[0],
        der=b"" if row.der is None else bytes(row.der),
        profile=row.profile,
        spki_sha256=row.spki_sha256,
        habilitation_version=row.habilitation_version,
        holder=row.holder,
        collected_at=row.collected_at,
        replaces=row.replaces.reference if row.replaces else "",
        replaced_by=successor.reference if successor else "",
        has_code=bool(row.code_hash),
        events=_events(row, at),
    )


def _events(row: Certificate, at: datetime) -> tuple[str, ...]:
    """What may still be asked: `collect`, and `revoke` as long as it is neither revoked nor past its end."""
    state = CertificateState(row.state)
    unsigned = state in {CertificateState.INTENDED, CertificateState.ABANDONED}
    if unsigned or _revocation(row) is not None or row.not_after < at:
        return ()
    return (*(str(event) for event in CERTIFICATE_LIFE.events(state)), "revoke")
