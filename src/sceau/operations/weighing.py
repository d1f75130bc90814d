"""A request weighed: the leave and the draft, or every reason why not. The preview keeps nothing."""

from __future__ import annotations

from dataclasses import dataclass

from sceau.certification import (
    CertificationRequest,
    Draft,
    IssuerFacts,
    draw_serial,
    prepare,
    preview_subject,
    read_csr,
)
from sceau.operations.acts import Act
from sceau.operations.ground import CertificateRequest, Ground, Plea, gather, ground_of, read_for
from sceau.operations.machine import Actor
from sceau.registration import Warrant, decide_names, own_card_warrant, shortened, warrant_for
from sceau.vocabulary import Finding, Refused


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
    act = Act.at_now(actor, "certificate.intended")
    try:
        ground = gather(actor, request, at=act.at)
        warrant = warrant_of(ground, request, act)
    except Refused as refused:
        return Preview((), "", (), refused.findings)
    catalogue = act.machine.catalogue
    shown = preview_subject(warrant, catalogue=catalogue)
    said = list(shown.findings)
    right = ground.standing.right
    if right is not None:
        said += decide_names(request.product, right.facts.scope, request.names, catalogue).findings
    if request.csr:
        said += _verdict_on_csr(act, request)
    names = tuple(name.text for name in warrant.names)
    return Preview(shown.lines, shown.rfc4514, names, tuple(dict.fromkeys(said)))


def weigh(act: Act, request: CertificateRequest) -> Weighed:
    """Everything that can refuse one request, as the records stand now."""
    plea = Plea(act.actor, request, read_csr(request.csr).require())
    return weigh_on(act, plea, ground_of(plea, read_for([plea], at=act.at)))


def weigh_on(act: Act, plea: Plea, ground: Ground) -> Weighed:
    """The warrant, then the gate. `Refused` with every reason, `Fault` when issuer or linter are unusable."""
    warrant = warrant_of(ground, plea.request, act)
    issuer = act.machine.issuer_of(plea.request.product, at=act.at)
    draft = prepare(
        warrant,
        _brought(plea),
        issuer,
        catalogue=act.machine.catalogue,
        serial=draw_serial(act.at, act.machine.random),
        at=act.at,
        lint_key=act.machine.lint_key(issuer),
        facts=ground.key,
    )
    return Weighed(plea.request, ground, warrant, draft, issuer)


def warrant_of(ground: Ground, request: CertificateRequest, act: Act) -> Warrant:
    """The leave, from the right or from the professional's own card. `Refused` with every reason."""
    standing = ground.standing
    if standing.right is None:
        return own_card_warrant(
            person=standing.person,
            card=standing.card,
            product=request.product,
            mailbox=ground.mailbox,
            at=act.at,
            catalogue=act.machine.catalogue,
        )
    warrant = warrant_for(
        habilitation=standing.right.facts,
        person=standing.person,
        card=standing.card,
        product=request.product,
        names=request.names,
        holder=ground.holder,
        at=act.at,
        catalogue=act.machine.catalogue,
    )
    return shortened(warrant, request.term)


def _brought(plea: Plea) -> CertificationRequest:
    if plea.csr is None:
        raise ValueError("what is weighed for a certificate brings its request")
    return plea.csr


def _verdict_on_csr(act: Act, request: CertificateRequest) -> tuple[Finding, ...]:
    try:
        return weigh(act, request).draft.findings
    except Refused as refused:
        return refused.findings
