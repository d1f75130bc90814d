"""The nightly comparison of RSA keys: those certified since the last time against all others [F20].

Two keys with a prime in common are no keys any more. Each such key is noted for good, the re-reading raises
an alarm as long as a certificate stands on it, and a run that ends those certificates is proposed to the
officers, who decide. What was compared once is not compared again: a night takes the new keys in steps, each
noted when it is done, so that a night cut short goes on from there; up to `MOST_A_NIGHT` keys, which is the
whole store of most authorities the first time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db.models import QuerySet

from sceau.catalogue import CriterionKind, Quality
from sceau.certification import Comparison, FreshModuli, pairs_among, shared_among
from sceau.operations.acts import Act, acting
from sceau.operations.endings import KEY_COMPROMISE
from sceau.operations.machine import Actor
from sceau.operations.revocation_runs import keep_run
from sceau.operations.run_requests import Chosen, RunRequest
from sceau.records import certificates_on, still_to_end
from sceau.records.models import Certificate, Setting, SharedFactor

MOST_FRESH = 4_096
"""Keys compared with all others in one step."""

MOST_A_NIGHT = 131_072
"""Keys compared in one night. More of them wait for the next."""

_GROUP = 1_024
_THROUGH = "shared-factors.through"
_COMPARER = Actor.system("shared-factors")


@dataclass(frozen=True, slots=True)
class FactorReport:
    """What one comparison found: how many new keys were compared, the keys that share a prime and were not
    known to (hex SHA-256 of their SubjectPublicKeyInfo), the run proposed (empty when there is nothing to
    end).
    """

    compared: int
    found: tuple[str, ...]
    run: str = ""


@dataclass(frozen=True, slots=True)
class _Seen:
    """The RSA keys of some certificates, by modulus, and the last certificate looked at."""

    keys: dict[int, str]
    last: int


def find_all_shared_factors() -> FactorReport:
    """A night's comparison: steps, until nothing new is left or the night has had its measure. What they
    found together; the run is the last proposed.
    """
    compared, found, run = 0, list[str](), ""
    while compared < MOST_A_NIGHT:
        before = _through()
        report = find_shared_factors()
        compared += report.compared
        found += report.found
        run = report.run or run
        if _through() == before:
            break
    return FactorReport(compared, tuple(found), run)


def find_shared_factors() -> FactorReport:
    """Compare the keys certified since the last comparison, `MOST_FRESH` at most, with each other and with
    every key before them. May be cut short at any moment: then it is done again from the same key.
    """
    through = _through()
    fresh = _read(Certificate.objects.filter(pk__gt=through), limit=MOST_FRESH)
    before = certificates_on(*fresh.keys.values()).filter(pk__lte=through)
    known = set(before.values_list("spki_sha256", flat=True))
    new = FreshModuli.of(modulus for modulus, key in fresh.keys.items() if key not in known)
    pairs = [(fresh.keys[one], fresh.keys[other]) for one, other in shared_among(new)]
    comparison = Comparison(new)
    for group in _groups(through):
        comparison.take(group)
    suspects = comparison.suspects()
    for group in _groups(through) if suspects else ():
        pairs += [(fresh.keys[one], group[other]) for one, other in pairs_among(suspects, tuple(group))]
    return _note(pairs, compared=len(new.moduli), last=max(fresh.last, through))


def _through() -> int:
    row = Setting.objects.filter(name=_THROUGH).first()
    return 0 if row is None else int(row.value)


def _groups(through: int) -> Iterator[dict[int, str]]:
    """The keys compared before, some at a time."""
    last = 0
    while True:
        seen = _read(Certificate.objects.filter(pk__gt=last, pk__lte=through), limit=_GROUP)
        if seen.keys:
            yield seen.keys
        if seen.last == last or not seen.last:
            return
        last = seen.last


def _read(rows: QuerySet[Certificate], *, limit: int) -> _Seen:
    """The RSA keys of the first `limit` of these certificates."""
    keys: dict[int, str] = {}
    last = 0
    signed = rows.exclude(der=None).order_by("pk").values_list("pk", "spki_sha256", "der")
    for number, key, der in islice(signed.iterator(500), limit):
        last = number
        public = x509.load_der_x509_certificate(bytes(der or b"")).public_key()
        if isinstance(public, rsa.RSAPublicKey):
            keys[public.public_numbers().n] = key
    return _Seen(keys, last)


def _note(pairs: list[tuple[str, str]], *, compared: int, last: int) -> FactorReport:
    """Write what was found and how far it went, and propose the run, in one transaction."""
    with acting(_COMPARER, "revocation-run.prepared") as act:
        Setting.objects.update_or_create(name=_THROUGH, defaults={"value": last})
        found = _keep(act, pairs)
        run = _propose(act, found) if found else ""
        if not found:
            act.unchanged()
        elif not run:
            act.rename("key.factor-shared")
            act.about(found[0])
            act.tell(keys=list(found))
    return FactorReport(compared, found, run)


def _keep(act: Act, pairs: list[tuple[str, str]]) -> tuple[str, ...]:
    """Note the keys that were not noted yet; which they are."""
    others = {other: one for one, other in pairs} | dict(pairs)
    noted = set(SharedFactor.objects.filter(spki_sha256__in=others).values_list("spki_sha256", flat=True))
    found = sorted(set(others) - noted)
    SharedFactor.objects.bulk_create(
        SharedFactor(spki_sha256=key, other=others[key], found_at=act.at) for key in found
    )
    return tuple(found)


def _propose(act: Act, keys: tuple[str, ...]) -> str:
    """A run for what stands on these keys, prepared for the officers; empty when nothing does."""
    rows = still_to_end(certificates_on(*keys), act.at)
    members = tuple(rows.order_by("pk").values_list("pk", flat=True))
    if not members:
        return ""
    texts = act.machine.catalogue.texts
    asked = RunRequest(
        title=texts["run.shared-factors"],
        kind=CriterionKind.LIST,
        reason=KEY_COMPROMISE,
        quality=Quality.AUTHORITY,
        explanation=texts["run.shared-factors-why"],
    )
    row = keep_run(act, asked, Chosen({"certificates": str(len(members))}, members))
    act.tell(keys=list(keys))
    return row.reference
