"""The intent: serial, exact bytes and ground of a certificate, committed before any signature."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sceau.catalogue import NameNeed
from sceau.certification import CertificateState, Draft
from sceau.operations.acts import Act
from sceau.operations.ground import Right
from sceau.operations.references import CERTIFICATE, draw_reference
from sceau.records.models import Certificate, CertificateName, KeyUse
from sceau.status import spell_serial
from sceau.vocabulary import Fault


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a certificate comes from: who asked, with which card and right, under which key of idempotency.

    `owner` is whom the public key belongs to from now on, `holder` the person named in it, if any.
    """

    asked_by: str
    card: str
    right: Right | None
    owner: str
    holder: str
    idempotency_key: str
    request_digest: str
    replaces: int | None


def keep_intent(act: Act, draft: Draft, origin: Origin) -> str:
    """Write the intent, inside the transaction of `act`; the new certificate's reference.

    A serial, a key or a request that is already there stops the transaction (``operations.conflict``).
    """
    right = origin.right
    row = Certificate.objects.create(
        reference=draw_reference(CERTIFICATE, act.machine.random),
        issuer=draft.issuer,
        generation=draft.generation,
        serial=spell_serial(draft.serial),
        state=CertificateState.INTENDED,
        product=draft.product,
        profile=draft.profile,
        subject=draft.subject,
        draft=draft.tbs,
        spki_sha256=draft.spki_sha256,
        not_before=draft.not_before,
        not_after=draft.not_after,
        structure_id=right.structure if right else None,
        habilitation_id=right.habilitation if right else None,
        habilitation_version=right.facts.version if right else None,
        contract_id=right.contract if right else None,
        asked_by=origin.asked_by,
        asked_with=origin.card,
        holder=origin.holder,
        asked_at=act.at,
        changed_at=act.at,
        idempotency_key=origin.idempotency_key,
        request_digest=origin.request_digest,
        replaces_id=origin.replaces,
    )
    kind = _KINDS[act.machine.catalogue.products[draft.product].name_need]
    CertificateName.objects.bulk_create(
        CertificateName(certificate=row, position=at, kind=kind, value=name)
        for at, name in enumerate(draft.names)
    )
    _keep_key(row, origin)
    _tell(act, row, draft, origin)
    return row.reference


_KINDS = {
    NameNeed.HOST: "host",
    NameNeed.MAILBOX: "mailbox",
    NameNeed.APPLICATION: "application",
    NameNeed.NONE: "host",
}


def _keep_key(row: Certificate, origin: Origin) -> None:
    """From now on this key is this owner's, for this product [decision 9]. Raced for: one wins."""
    use, is_new = KeyUse.objects.select_for_update().get_or_create(
        spki_sha256=row.spki_sha256,
        defaults={"product": row.product, "owner": origin.owner, "certificate": row},
    )
    if is_new:
        return
    state = CertificateState(use.certificate.state)
    again = state is CertificateState.PRESUMED and (use.product, use.owner) == (row.product, origin.owner)
    if state is not CertificateState.ABANDONED and not again:
        raise Fault("operations.conflict", retryable=True, detail="the key was taken meanwhile")
    use.product, use.owner, use.certificate = row.product, origin.owner, row
    use.save(update_fields=["product", "owner", "certificate"])


def _tell(act: Act, row: Certificate, draft: Draft, origin: Origin) -> None:
    right = origin.right
    act.about(row.reference, *((right.facts.reference,) if right else ()))
    act.tell(
        issuer=row.issuer,
        generation=row.generation,
        serial=row.serial,
        product=row.product,
        profile=row.profile,
        tbs=hashlib.sha256(draft.tbs).hexdigest(),
        key=row.spki_sha256,
        habilitation_version=row.habilitation_version,
        lint=list(draft.lint.remarks),
    )
    act.keep(subject=draft.subject, names=list(draft.names))
