"""What an act stops: found before it is confirmed, and then done, thing by thing, as was answered.

Orders under way, rights, live certificates. Nothing is decided here: which answers are possible and that
every thing has one is `registration`'s; each change has its own entry in the journal.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.db.models import Exists, F, OuterRef, QuerySet

from sceau.catalogue import Quality, StoppingAct
from sceau.certification import CertificateState
from sceau.operations.acts import Act
from sceau.operations.desk_cases import follow_case
from sceau.operations.endings import end_certificate
from sceau.operations.typed import canonical, digest_of
from sceau.records.models import (
    Certificate,
    Contract,
    Custody,
    Habilitation,
    HabilitationVersion,
    Leave,
    Order,
    OrderNote,
)
from sceau.registration import (
    HABILITATION_LIFE,
    ORDER_LIFE,
    HabilitationEvent,
    HabilitationState,
    OrderEvent,
    OrderState,
    Stops,
)
from sceau.vocabulary import Finding, Refused

_UNDER_WAY = (OrderState.RECEIVED, OrderState.UNDER_REVIEW, OrderState.INCOMPLETE)
_TOLD = {"suspend": "habilitation.suspended", "withdraw": "habilitation.withdrawn"}


def stops_of_right(right: Habilitation, at: datetime, *, most: int | None = None) -> Stops:
    """A right, and the certificates in service that it gave and nobody else looks after: the first `most`."""
    versions = HabilitationVersion.objects.filter(habilitation=right, number=right.current_version)
    return _stops(Order.objects.none(), versions, _left_by_right(right), at, most=most)


def live_of_right(right: Habilitation, at: datetime) -> int:
    """How many certificates `stops_of_right` finds in all."""
    return _live(_left_by_right(right), at).count()


def live_of_contract(contract: Contract, at: datetime) -> int:
    """How many certificates `stops_of_contract` finds in all."""
    return _live(Certificate.objects.filter(contract=contract), at).count()


def _left_by_right(right: Habilitation) -> QuerySet[Certificate]:
    entrusted = Custody.objects.filter(certificate_id=OuterRef("pk")).exclude(person=right.person_id)
    return Certificate.objects.filter(~Exists(entrusted), habilitation=right)


def stops_of_contract(contract: Contract, at: datetime, *, most: int | None = None) -> Stops:
    """Everything that stands on this contract at `at`, of its certificates the first `most`."""
    orders = Order.objects.filter(contract_number=contract.number, state__in=_UNDER_WAY)
    versions = HabilitationVersion.objects.filter(
        contract=contract, number=F("habilitation__current_version")
    ).exclude(habilitation__state=HabilitationState.WITHDRAWN)
    return _stops(orders, versions, Certificate.objects.filter(contract=contract), at, most=most)


def stops_of_leave(leave: Leave, at: datetime) -> Stops:
    """Everything that rests on this leave at `at`: rights, and the certificates they gave."""
    versions = HabilitationVersion.objects.filter(
        leave=leave, number=F("habilitation__current_version")
    ).exclude(habilitation__state=HabilitationState.WITHDRAWN)
    certificates = Certificate.objects.filter(
        habilitation__versions__leave=leave, habilitation_version=F("habilitation__versions__number")
    )
    return _stops(Order.objects.none(), versions, certificates, at)


def stops_of_designations(designations: Collection[int], at: datetime) -> Stops:
    """What teams hold and obtained under these designations (keys) at `at`: rights, certificates."""
    versions = HabilitationVersion.objects.filter(
        designation__designation__in=designations, number=F("habilitation__current_version")
    ).exclude(habilitation__state=HabilitationState.WITHDRAWN)
    certificates = Certificate.objects.filter(
        habilitation__versions__designation__designation__in=designations,
        habilitation_version=F("habilitation__versions__number"),
    )
    return _stops(Order.objects.none(), versions, certificates, at)


def fingerprint(stops: Stops, **besides: object) -> str:
    """Hex SHA-256 of the orders and rights that an act touches, and of what else was looked at (`besides`):
    what is confirmed is what was looked at. Certificates come as long as the right serves: each must have its
    answer when the act is done.
    """
    orders, rights = stops.ground
    return digest_of(canonical({"orders": list(orders), "rights": list(rights), **besides}))


def check_few(act: Act, decided: Mapping[str, Mapping[str, str]], stopping: StoppingAct) -> None:
    """Ending many certificates is a run of its own, decided by as many people as its rule asks."""
    rules = act.machine.catalogue.runs
    most = rules.alone_up_to if stopping.officers == 1 else rules.slice
    count = len(_chosen(decided["certificates"], "revoke"))
    if count > most:
        raise Refused([Finding.error("contract.too-many-to-revoke", "certificates", count=count, most=most)])


def as_stored(stops: Stops) -> dict[str, list[str]]:
    """The things as a row keeps them."""
    return {
        "orders": list(stops.orders),
        "rights": list(stops.rights),
        "certificates": list(stops.certificates),
    }


def from_stored(stored: Mapping[str, Iterable[str]]) -> Stops:
    """The same, back."""
    return Stops(*(tuple(stored.get(kind, ())) for kind in ("orders", "rights", "certificates")))


def carry_out(
    act: Act,
    decided: Mapping[str, Mapping[str, str]],
    stopping: StoppingAct,
    *,
    why: str,
    quality: Quality = Quality.DESK,
) -> dict[str, int]:
    """Do what was answered; how many of each were stopped. Rows are held in the order they were made.
    `quality` is in which certificates are revoked.
    """
    return {
        "orders": _abandon(act, _chosen(decided["orders"], "abandon"), why),
        "rights": sum(
            _stop_rights(act, _chosen(decided["rights"], answer), answer, why)
            for answer in ("suspend", "withdraw")
        ),
        "certificates": _revoke(
            act, _chosen(decided["certificates"], "revoke"), stopping.revocation_reason, (why, quality)
        ),
    }


def hold_rights(stops: Stops) -> None:
    """Hold the rights until the end of the transaction: a request is decided before this act, or sees it."""
    list(Habilitation.objects.select_for_update().filter(reference__in=stops.rights).order_by("id"))


def _stops(
    orders: QuerySet[Order],
    versions: QuerySet[HabilitationVersion],
    certificates: QuerySet[Certificate],
    at: datetime,
    *,
    most: int | None = None,
) -> Stops:
    live = _live(certificates, at)
    ordered = live.order_by("reference") if most is None else live.order_by("id")[:most]
    return Stops(
        tuple(orders.order_by("reference").values_list("reference", flat=True)),
        tuple(versions.order_by("habilitation__reference").values_list("habilitation__reference", flat=True)),
        tuple(ordered.values_list("reference", flat=True)),
    )


def _live(certificates: QuerySet[Certificate], at: datetime) -> QuerySet[Certificate]:
    return certificates.filter(
        state__in=(CertificateState.ISSUED, CertificateState.COLLECTED), revocation=None, not_after__gt=at
    )


def _chosen(answers: Mapping[str, str], answer: str) -> list[str]:
    return [reference for reference, given in answers.items() if given == answer]


def _abandon(act: Act, references: list[str], why: str) -> int:
    rows = Order.objects.select_for_update().filter(reference__in=references).order_by("id")
    for order in rows:
        before = order.state
        order.state = ORDER_LIFE.after(
            OrderState(before), OrderEvent.ABANDON, subject=order.reference
        ).require()
        order.reason, order.changed_at = why, act.at
        order.save(update_fields=["state", "reason", "changed_at"])
        follow_case(act, order)
        OrderNote.objects.create(
            order=order,
            kind="decision",
            audience="requester",
            author=act.actor.person_id,
            text=why,
            at=act.at,
        )
        public = {"before": before, "state": order.state, "by": act.telling.kind}
        act.also("order.abandoned", order.reference, public=public, personal={"text": why})
    return len(rows)


def _stop_rights(act: Act, references: list[str], answer: str, why: str) -> int:
    event = HabilitationEvent.SUSPEND if answer == "suspend" else HabilitationEvent.WITHDRAW
    rows = Habilitation.objects.select_for_update().filter(reference__in=references).order_by("id")
    done = 0
    for right in rows:
        following = HABILITATION_LIFE.after(
            HabilitationState(right.state), event, subject=right.reference
        ).value
        if following is None:
            continue  # suspended already
        public = {"before": right.state, "state": str(following), "by": act.telling.kind}
        right.state, right.reason, right.changed_at = following, why, act.at
        right.save(update_fields=["state", "reason", "changed_at"])
        act.also(_TOLD[answer], right.reference, public=public, personal={"reason": why})
        done += 1
    return done


def _revoke(act: Act, references: list[str], reason: str, said: tuple[str, Quality]) -> int:
    why, quality = said
    rows = Certificate.objects.select_for_update().filter(reference__in=references).order_by("id")
    done = 0
    for row in rows:
        decision = end_certificate(act, row, reason=reason, quality=quality, explanation=why)
        if not decision.changed:
            continue
        public = {"issuer": row.issuer, "serial": row.serial, "reason": reason, "quality": str(quality)}
        act.also("certificate.revoked", row.reference, public=public, personal={"explanation": why})
        done += 1
    return done
