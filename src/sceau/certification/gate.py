"""The gate before the key: warrant and request in, examined and linted draft out, or every reason why not.

The one place where a draft is made. Each step can only refuse; none can be left out, since the draft asks for
the linter's verdict on its own bytes. Needs neither clock nor chance nor CA key: all three are brought or
absent.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sceau.catalogue import Catalogue, SanRule
from sceau.certification.build import Particulars, build_tbs
from sceau.certification.csr import CertificationRequest
from sceau.certification.csr_names import check_request_names
from sceau.certification.draft import Draft, IssuerFacts
from sceau.certification.examine import Expected, examine
from sceau.certification.issuer import decide_validity, read_issuer
from sceau.certification.keys import SubjectKey, read_key, reuse_findings
from sceau.certification.known_keys import NOTHING_KNOWN, KeyFacts
from sceau.certification.lint import LintKey, lint_by_shape
from sceau.certification.mould import mould_for
from sceau.certification.serial import is_serial
from sceau.certification.subject_name import subject_name
from sceau.registration import ProfessionalSubject, Subject, Warrant
from sceau.vocabulary import Finding, HostName, Mailbox, Reading, Refused, Validity, errors

_WARRANT_LIVES = timedelta(minutes=15)
_SKEW = timedelta(minutes=1)
_KINDS: dict[SanRule, type[HostName] | type[Mailbox] | None] = {
    SanRule.DNS: HostName,
    SanRule.RFC822: Mailbox,
    SanRule.UPN: Mailbox,
    SanRule.NONE: None,
}


def prepare(
    warrant: Warrant,
    csr: CertificationRequest,
    issuer: IssuerFacts,
    *,
    catalogue: Catalogue,
    serial: int,
    at: datetime,
    lint_key: LintKey,
    facts: KeyFacts = NOTHING_KNOWN,
) -> Draft:
    """The draft of a certificate made at `at` (UTC) under `issuer`, ready to be stored and then signed.

    `serial` comes from `draw_serial`, `lint_key` is a throw-away key of the issuer's kind, `facts` is what
    the records know of the request's key. Raises `Refused` with every finding, `Fault` when issuer or linter
    are unusable.
    """
    validity = decide_validity(issuer, at=at, term=warrant.term)
    profile = catalogue.profiles[catalogue.products[warrant.product].profile]
    subject = subject_name(warrant.subject, profile)
    key = _read_key(csr, warrant, issuer, validity=validity, facts=facts)
    found = [*validity.findings, *subject.findings, *key.findings, *check_request_names(csr, warrant.names)]
    found += _check_orders(warrant, issuer, catalogue=catalogue, serial=serial, at=at)
    if key.value is None or validity.value is None or errors(found):
        raise Refused(found)
    mould = mould_for(warrant.product, issuer, catalogue)
    own = Particulars(warrant, subject, key.value, serial, validity.value, at)
    tbs = build_tbs(mould, own)
    return _pass(tbs, own, issuer, catalogue=catalogue, lint_key=lint_key, told=found)


def holder_of(subject: Subject) -> str:
    """Who a key belongs to, for the rule that one key serves one holder: the structure, or the
    professional.
    """
    return subject.national_id.text if isinstance(subject, ProfessionalSubject) else subject.structure_id.text


def _read_key(
    csr: CertificationRequest,
    warrant: Warrant,
    issuer: IssuerFacts,
    *,
    validity: Reading[Validity],
    facts: KeyFacts,
) -> Reading[SubjectKey]:
    """The request's key under the whole policy; test hierarchies outlive the end of RSA-2048 [décision 7]."""
    until = None if validity.value is None else validity.value.not_after
    reading = read_key(csr.key.spki, until=until, facts=facts, deadline=issuer.environment == "production")
    if not facts.uses:
        return reading
    reused = reuse_findings(facts, product=warrant.product, holder=holder_of(warrant.subject))
    found = (*reading.findings, *reused)
    return Reading(None if errors(found) else reading.value, found)


def _check_orders(
    warrant: Warrant, issuer: IssuerFacts, *, catalogue: Catalogue, serial: int, at: datetime
) -> list[Finding]:
    """What the caller brought: the product's own issuer, a fresh warrant, a serial of our form, names of the
    kind.
    """
    product = catalogue.products[warrant.product]
    found = []
    if product.issuer != issuer.code:
        found.append(Finding.error("draft.wrong-issuer", issuer.code, product=product.code))
    if not -_SKEW <= at - warrant.at <= _WARRANT_LIVES:
        found.append(Finding.error("draft.warrant-stale", product.code))
    if not is_serial(serial):
        found.append(Finding.error("draft.serial", f"{serial:X}"))
    kind = _KINDS[catalogue.profiles[product.profile].san]
    if kind is not None and (
        not warrant.names or not all([isinstance(name, kind) for name in warrant.names])
    ):
        found.append(Finding.error("draft.names", product.code))
    return found


def _pass(
    tbs: bytes,
    own: Particulars,
    issuer: IssuerFacts,
    *,
    catalogue: Catalogue,
    lint_key: LintKey,
    told: list[Finding],
) -> Draft:
    """The examiner, then the linter; what both let through is a draft."""
    differences = examine(tbs, Expected(own.warrant, own.key.spki, own.serial, own.at, issuer, catalogue))
    if errors(differences):
        raise Refused([*told, *differences])
    authority = read_issuer(issuer.certificate)
    verdict = lint_by_shape(tbs, issuer=authority, key=lint_key, environment=issuer.environment)
    product = catalogue.products[own.warrant.product]
    return Draft(
        tbs=tbs,
        issuer=issuer.code,
        generation=issuer.generation,
        serial=own.serial,
        product=product.code,
        profile=product.profile,
        subject=own.subject.rfc4514,
        names=tuple([name.text for name in own.warrant.names]),
        not_before=own.validity.not_before,
        not_after=own.validity.not_after,
        spki_sha256=own.key.sha256,
        lint=verdict,
        findings=tuple(dict.fromkeys(told)),
    )
