"""A request weighed: the leave and the draft, or every reason why not. The preview keeps nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sceau.certification import (
    CertificationRequest,
    Draft,
    IssuerFacts,
    LintKey,
    draw_serial,
    prepare,
    preview_subject,
    read_csr,
)
from sceau.operations.acts import Act
from sceau.operations.ground import CertificateRequest, Ground, Plea, Standing, gather, ground_of, read_for
from sceau.operations.machine import Actor, Machine
from sceau.registration import (
    Entitlement,
    Warrant,
    decide_names,
    entitlement_of,
    own_card_warrant,
    shortened,
)
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


@dataclass(slots=True)
class Scales:
    """What weighs several requests at one instant: what is the same for them is worked out once."""

    machine: Machine
    at: datetime
    _issuers: dict[str, tuple[IssuerFacts, LintKey]] = field(default_factory=dict)
    _entitled: dict[tuple[int, str], tuple[Standing, Entitlement]] = field(default_factory=dict)

    def issuer_of(self, product: str) -> tuple[IssuerFacts, LintKey]:
        """Who signs this product, and the throw-away key that its drafts are linted under."""
        found = self._issuers.get(product)
        if found is None:
            issuer = self.machine.issuer_of(product, at=self.at)
            found = self._issuers[product] = issuer, self.machine.lint_key(issuer)
        return found

    def warrant_of(self, ground: Ground, request: CertificateRequest) -> Warrant:
        """The leave, from the right or from the professional's own card. `Refused` with every reason."""
        standing = ground.standing
        if standing.right is None:
            return own_card_warrant(
                person=standing.person,
                card=standing.card,
                product=request.product,
                mailbox=ground.mailbox,
                at=self.at,
                catalogue=self.machine.catalogue,
            )
        warrant = self._entitlement_of(standing, request.product).warrant(request.names, holder=ground.holder)
        return shortened(warrant, request.term)

    def _entitlement_of(self, standing: Standing, product: str) -> Entitlement:
        if standing.right is None:
            raise ValueError("an entitlement comes of a right")
        name = (id(standing), product)  # the very one that others of this moment stand on: it is kept, below
        found = self._entitled.get(name)
        if found is None:
            entitlement = entitlement_of(
                habilitation=standing.right.facts,
                person=standing.person,
                card=standing.card,
                product=product,
                at=self.at,
                catalogue=self.machine.catalogue,
            )
            found = self._entitled[name] = standing, entitlement
        return found[1]


def preview_certificate(actor: Actor, request: CertificateRequest) -> Preview:
    """The exact subject and the scope's verdict, before asking; with a CSR, the whole gate's. Changes
    nothing.
    """
    act = Act.at_now(actor, "certificate.intended")
    try:
        ground = gather(actor, request, at=act.at)
        warrant = Scales(act.machine, act.at).warrant_of(ground, request)
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
    return weigh_on(Scales(act.machine, act.at), plea, ground_of(plea, read_for([plea], at=act.at)))


def weigh_on(scales: Scales, plea: Plea, ground: Ground) -> Weighed:
    """The warrant, then the gate. `Refused` with every reason, `Fault` when issuer or linter are unusable."""
    warrant = scales.warrant_of(ground, plea.request)
    issuer, lint_key = scales.issuer_of(plea.request.product)
    draft = prepare(
        warrant,
        _brought(plea),
        issuer,
        catalogue=scales.machine.catalogue,
        serial=draw_serial(scales.at, scales.machine.random),
        at=scales.at,
        lint_key=lint_key,
        facts=ground.key,
    )
    return Weighed(plea.request, ground, warrant, draft, issuer)


def _brought(plea: Plea) -> CertificationRequest:
    if plea.csr is None:
        raise ValueError("what is weighed for a certificate brings its request")
    return plea.csr


def _verdict_on_csr(act: Act, request: CertificateRequest) -> tuple[Finding, ...]:
    try:
        return weigh(act, request).draft.findings
    except Refused as refused:
        return refused.findings
