"""From a request to a recorded certificate: weighed, intended, signed, recorded.

The intent (serial and exact bytes) is committed before the signer is asked, so that whatever happens next
there is a record of what was meant. The signer is asked once. What cannot be known is presumed signed, and
revoked.
"""

from __future__ import annotations

from dataclasses import dataclass

from sceau.certification import (
    CERTIFICATE_LIFE,
    CertificateEvent,
    CertificateState,
    Draft,
    IssuerFacts,
    draw_serial,
    holder_of,
    prepare,
    preview_subject,
    read_csr,
    sign,
)
from sceau.operations.acts import Act, acting, considering
from sceau.operations.clock import require_clock
from sceau.operations.confinement import count_use
from sceau.operations.ground import CertificateRequest, Ground, gather
from sceau.operations.intents import Origin, keep_intent
from sceau.operations.machine import Actor, machine
from sceau.operations.outcomes import abandon, presume, revoke_for_lost_right, view
from sceau.operations.typed import read_key
from sceau.records import CertificateFile
from sceau.records.models import Certificate, Habilitation
from sceau.registration import HabilitationState, Warrant, decide_names, own_card_warrant, warrant_for
from sceau.vocabulary import Fault, Finding, Refused

_TRIES = 4
_INTENDED = "certificate.intended"


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be issued: the subject line by line, its RFC 4514 text, the names, and every finding.

    `findings` with an error: it would be refused, and these are all the reasons. The subject is empty when
    no leave can be given at all.
    """

    subject: tuple[tuple[str, str], ...]
    rfc4514: str
    names: tuple[str, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Weighed:
    """A request that passed everything: its ground, its leave, its draft, and the issuer it was made for."""

    request: CertificateRequest
    ground: Ground
    warrant: Warrant
    draft: Draft
    issuer: IssuerFacts


def preview_certificate(actor: Actor, request: CertificateRequest) -> Preview:
    """The exact subject and the scope's verdict, before asking; with a CSR, the whole gate's. Changes
    nothing.
    """
    act = Act.at_now(actor, _INTENDED)
    try:
        ground = gather(actor, request, None, at=act.at)
        warrant = warrant_of(ground, request, act)
    except Refused as refused:
        return Preview((), "", (), refused.findings)
    catalogue = act.machine.catalogue
    shown = preview_subject(warrant, catalogue=catalogue)
    said = list(shown.findings)
    if ground.right is not None:
        said += decide_names(request.product, ground.right.facts.scope, request.names, catalogue).findings
    if request.csr:
        said += _verdict_on_csr(act, request)
    names = tuple(name.text for name in warrant.names)
    return Preview(shown.lines, shown.rfc4514, names, tuple(dict.fromkeys(said)))


def issue_certificate(actor: Actor, request: CertificateRequest, *, idempotency_key: str) -> CertificateFile:
    """Certify. The same `idempotency_key` from the same actor gives the first certificate again.

    Refused: every reason at once (right, names, card, contract, CSR, key, lint). `Fault`: the signer or the
    database failed. ``issuance.outcome-unknown``: the serial is burnt, presumed signed and revoked, and a new
    request is needed; ``issuance.in-progress``: the first request under this key is not finished (ask again).
    """
    about = (request.habilitation,) if request.habilitation else ()
    for _ in range(_TRIES):
        with considering(actor, _INTENDED, *about) as act:
            key = required_key(idempotency_key)
            first = first_under(actor, key, request)
            if first is not None:
                return first
            try:
                weighed = weigh(act, request)
            except Refused:  # its own twin may have been intended meanwhile, with this very key
                first = first_under(actor, key, request)
                if first is None:
                    raise
                return first
        reference = _intend(actor, weighed, key)
        if reference is not None:
            return _finish(actor, weighed, reference)
    raise Fault("operations.conflict", retryable=True, detail="the records keep changing under this request")


def issue_pair(
    actor: Actor, requests: tuple[CertificateRequest, CertificateRequest], *, idempotency_key: str
) -> tuple[CertificateFile, CertificateFile]:
    """DMP: ORG_AUTH_CLI and ORG_SIGN with one identical subject, from two CSRs with two keys.

    Both are weighed before either is intended, so that no half of a pair is left when the other is refused.
    """
    with considering(actor, _INTENDED) as act:
        key = required_key(idempotency_key)
        if tuple(request.product for request in requests) != ("ORG_AUTH_CLI", "ORG_SIGN"):
            raise Refused([Finding.error("issuance.pair-products", "products")])
        keys = (f"{key}/auth", f"{key}/sign")
        if not all(first_under(actor, keys[at], request) for at, request in enumerate(requests)):
            _check_pair(act, requests)
    return (
        issue_certificate(actor, requests[0], idempotency_key=keys[0]),
        issue_certificate(actor, requests[1], idempotency_key=keys[1]),
    )


def weigh(act: Act, request: CertificateRequest) -> Weighed:
    """Everything that can refuse, outside any transaction: the ground, the warrant, the gate."""
    csr = read_csr(request.csr).require()
    ground = gather(act.actor, request, csr, at=act.at)
    warrant = warrant_of(ground, request, act)
    issuer = act.machine.issuer_of(request.product, at=act.at)
    draft = prepare(
        warrant,
        csr,
        issuer,
        catalogue=act.machine.catalogue,
        serial=draw_serial(act.at, act.machine.random),
        at=act.at,
        lint_key=act.machine.lint_key(issuer),
        facts=ground.key,
    )
    return Weighed(request, ground, warrant, draft, issuer)


def warrant_of(ground: Ground, request: CertificateRequest, act: Act) -> Warrant:
    """The leave, from the right or from the professional's own card. `Refused` with every reason."""
    if ground.right is None:
        return own_card_warrant(
            person=ground.person,
            card=ground.card,
            product=request.product,
            mailbox=ground.mailbox,
            at=act.at,
            catalogue=act.machine.catalogue,
        )
    return warrant_for(
        habilitation=ground.right.facts,
        person=ground.person,
        card=ground.card,
        product=request.product,
        names=request.names,
        holder=ground.holder,
        at=act.at,
        catalogue=act.machine.catalogue,
    )


def required_key(text: str) -> str:
    """The idempotency key, which a request for a certificate must have."""
    key = read_key(text)
    if key is None:
        raise Refused([Finding.error("operations.key-unreadable", "idempotency_key")])
    return key


def first_under(actor: Actor, key: str, request: CertificateRequest) -> CertificateFile | None:
    """What the first request under this key gave, None when there was none (or nothing came of it)."""
    row = (
        Certificate.objects.filter(asked_by=actor.person_id, idempotency_key=key)
        .exclude(state=CertificateState.ABANDONED)
        .first()
    )
    if row is None:
        return None
    if row.request_digest != request.digest():
        raise Refused([Finding.error("issuance.key-for-another", "idempotency_key")])
    if row.state == CertificateState.INTENDED:
        raise Fault("issuance.in-progress", retryable=True, detail=row.reference)
    if row.state == CertificateState.PRESUMED:
        raise Fault("issuance.outcome-unknown", retryable=False, detail=row.reference)
    return view(row.reference)


def _intend(actor: Actor, weighed: Weighed, key: str) -> str | None:
    """Store the intent if the ground still is what was weighed; None when it is not: weigh again."""
    request, ground = weighed.request, weighed.ground
    origin = Origin(
        asked_by=ground.person.national_id.text,
        card=ground.card.number.text,
        right=ground.right,
        owner=holder_of(weighed.warrant.subject),
        holder="" if ground.holder is None else ground.holder.person.national_id.text,
        idempotency_key=key,
        request_digest=request.digest(),
        replaces=ground.replaces,
    )
    try:
        with acting(actor, _INTENDED) as act:
            require_clock(act)
            csr = read_csr(request.csr).require()
            if gather(actor, request, csr, at=weighed.warrant.at) != ground:
                act.unchanged()
                return None
            reference = keep_intent(act, weighed.draft, origin)
            count_use(act, reference)
            return reference
    except Fault as fault:
        if (
            fault.code == "operations.conflict"
        ):  # another one took the serial, the key, or this request's place
            return None
        raise


def _finish(actor: Actor, weighed: Weighed, reference: str) -> CertificateFile:
    """Have the stored intent signed, once, and record what came of it."""
    try:
        der = sign(weighed.draft, machine().signer, weighed.issuer)
    except Fault as fault:
        if fault.retryable:  # by its contract: nothing was asked, nothing was signed
            abandon(reference, why=fault.code)
            raise
        presume(reference, why=fault.code)
        raise Fault("issuance.outcome-unknown", retryable=False, detail=str(fault)) from fault
    except Refused as refused:
        abandon(reference, why=refused.findings[0].code)
        raise
    except Exception as error:
        presume(reference, why="defect")
        raise Fault("issuance.outcome-unknown", retryable=False, detail=repr(error)) from error
    return _record(actor, reference, der)


def _record(actor: Actor, reference: str, der: bytes) -> CertificateFile:
    """Keep what was signed. If the right ended meanwhile, it is revoked in the same breath, and refused."""
    outcome = CertificateState.ISSUED
    with acting(actor, "certificate.issued", reference) as act:
        row = Certificate.objects.select_for_update().get(reference=reference)
        if row.state == CertificateState.PRESUMED:  # the answer came after we had given it up
            outcome = CertificateState.PRESUMED
            act.rename("certificate.came-late")
        else:
            row.state = CERTIFICATE_LIFE.after(
                CertificateState(row.state), CertificateEvent.RECORD, subject=reference
            ).require()
        row.der, row.changed_at = der, act.at
        row.save(update_fields=["state", "der", "changed_at"])
        act.tell(issuer=row.issuer, generation=row.generation, serial=row.serial)
        is_lost = outcome is CertificateState.ISSUED and _is_right_lost(row)
        if is_lost:
            revoke_for_lost_right(act, row)
    if outcome is CertificateState.PRESUMED:
        raise Fault("issuance.outcome-unknown", retryable=False, detail=reference)
    if is_lost:
        raise Refused([Finding.error("issuance.right-lost", reference)])
    return view(reference)


def _is_right_lost(row: Certificate) -> bool:
    if row.habilitation_id is None:
        return False
    right = Habilitation.objects.select_for_update().get(pk=row.habilitation_id)
    return right.state != HabilitationState.ACTIVE


def _verdict_on_csr(act: Act, request: CertificateRequest) -> tuple[Finding, ...]:
    try:
        return weigh(act, request).draft.findings
    except Refused as refused:
        return refused.findings


def _check_pair(act: Act, requests: tuple[CertificateRequest, CertificateRequest]) -> None:
    """One subject, two keys; every reason against either."""
    found: list[Finding] = []
    drafts = []
    for request in requests:
        try:
            drafts.append(weigh(act, request).draft)
        except Refused as refused:
            found += refused.findings
    if found:
        raise Refused(dict.fromkeys(found))
    first, second = drafts
    if first.subject != second.subject:
        found.append(Finding.error("issuance.pair-subjects", "names"))
    if first.spki_sha256 == second.spki_sha256:
        found.append(Finding.error("issuance.pair-keys", "csr"))
    if found:
        raise Refused(found)
