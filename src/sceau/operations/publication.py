"""Certificates of OCSP responders, made anew in time. Lists are `lists`'."""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography import x509

from sceau.certification import IssuerFacts, draw_serial
from sceau.operations.acts import acting
from sceau.operations.clock import require_clock
from sceau.operations.list_scopes import living_issuers
from sceau.operations.machine import Actor, machine
from sceau.records.models import ResponderCertificate
from sceau.status import ResponderOrder, build_responder_tbs, issuer_identity, spell_serial

_PUBLISHER = Actor.system("publication")


def refresh_responders() -> tuple[str, ...]:
    """Make a new responder certificate for each issuer whose present one is half through its life.

    Gives the issuers' codes. The serial and the exact bytes are stored before the signature, as for any
    other.
    """
    responders = machine().responders
    if responders is None:
        return ()
    renewed = []
    for issuer in living_issuers():
        if responders.is_due(issuer.code, issuer.generation, at=machine().clock()):
            spki = responders.new_key(issuer.code, issuer.generation)
            responders.install(issuer.code, issuer.generation, _certify_responder(issuer, spki))
            renewed.append(issuer.code)
    return tuple(renewed)


def _certify_responder(issuer: IssuerFacts, spki: bytes) -> bytes:
    identity = issuer_identity(issuer.code, issuer.generation, issuer.certificate)
    ends = x509.load_der_x509_certificate(issuer.certificate).not_valid_after_utc
    with acting(_PUBLISHER, "responder.intended", f"responder/{issuer.code}") as act:
        require_clock(act)
        serial = draw_serial(act.at, act.machine.random)
        days = act.machine.catalogue.calendar.ocsp_responder_days
        order = ResponderOrder(spki=spki, serial=serial, not_before=act.at, days=days, ends_by=ends)
        tbs = build_responder_tbs(order, issuer=identity)
        row = ResponderCertificate.objects.create(
            issuer=issuer.code,
            generation=issuer.generation,
            serial=spell_serial(serial),
            draft=tbs,
            not_before=act.at.replace(microsecond=0),
            not_after=_end_of(act.at, days, ends),
        )
        act.tell(issuer=issuer.code, serial=row.serial)
    der = machine().signer.sign(
        kind="ocsp-responder", issuer=issuer.code, generation=issuer.generation, tbs=tbs
    )
    with acting(_PUBLISHER, "responder.issued", f"responder/{issuer.code}") as act:
        row.der = der
        row.save(update_fields=["der"])
        act.tell(issuer=issuer.code, serial=row.serial)
    return der


def _end_of(begin: datetime, days: int, latest: datetime) -> datetime:
    return min(begin.replace(microsecond=0) + timedelta(days=days) - timedelta(seconds=1), latest)
