"""What is asked under a scope: each name decided, all of them or none, every answer with its reason.

Decides names only. Whether the asker may order at all (contract, card, habilitation) is `right`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sceau.catalogue import Catalogue, Holder, NameNeed, Product
from sceau.registration.declaration import MAX_COMMON_NAME, check_family
from sceau.registration.scope import Scope, ScopeKind
from sceau.vocabulary import (
    ApplicationName,
    Finding,
    HostName,
    Mailbox,
    Reading,
    displayed,
    errors,
    read_application_name,
    read_host_name,
    read_mailbox,
    read_ok,
    read_refused,
)

Name = HostName | Mailbox | ApplicationName
MOST_NAMES: Final = 1_000  # of one certificate: more would be a certificate that no client reads


def decide_name(scope: Scope, requested: str) -> Reading[HostName | Mailbox]:
    """The requested host or mailbox when the scope covers it, with the reason; else every reason why not.

    Cost: O(labels). A wildcard, an IP address, a U-label never gets as far as the comparison.
    """
    if scope.kind is ScopeKind.MAIL:
        mailbox = read_mailbox(requested)
        if mailbox.value is None:
            return read_refused(*mailbox.findings)
        return _decide(scope, mailbox.value, mailbox.value.domain, mailbox.findings)
    host = read_host_name(requested)
    if host.value is None:
        return read_refused(*host.findings)
    return _decide(scope, host.value, host.value, host.findings + _check_length(host.value))


def decide_names(
    product: str, scope: Scope | None, names: Sequence[object], catalogue: Catalogue
) -> Reading[tuple[Name, ...]]:
    """The names of one certificate, in the order asked, repetitions dropped: all of them or none [F29].

    ORG products take one application name and no scope; PS products take no declared name at all.
    """
    known = catalogue.products.get(product)
    if known is None:
        return read_refused(Finding.error("right.product-unknown", displayed(product)))
    if len(names) > MOST_NAMES:
        return read_refused(Finding.error("names.too-many", "names", count=len(names), most=MOST_NAMES))
    findings = [*_check_fit(known, scope, catalogue), *_check_count(known, names)]
    kept: dict[Name, None] = {}
    for name in names:
        reading = _decide_one(known, scope, name)
        findings += reading.findings
        if reading.value is None:
            continue
        if reading.value in kept:
            findings.append(Finding.warning("names.twice", reading.value.text))
        kept[reading.value] = None
    if errors(findings):
        return read_refused(*findings)
    return read_ok(tuple(kept), *findings)


def plainly_covered(scope: Scope, names: Sequence[object]) -> tuple[Name, ...] | None:
    """The host names of one certificate, where `decide_names` gives them without a word but that each is
    covered; None wherever it has more to say, or may have. For a product whose names come under `scope`.
    """
    if scope.kind is ScopeKind.MAIL or not 0 < len(names) <= MOST_NAMES:
        return None
    kept: dict[str, HostName] = {}
    for name in names:
        host = read_host_name(name) if isinstance(name, str) else None
        if host is None or host.value is None or host.findings or not scope.holds(host.value):
            return None
        if len(host.value.text) > MAX_COMMON_NAME:
            return None
        kept[host.value.text] = host.value
    return tuple(kept.values()) if len(kept) == len(names) else None


def decide_declared_names(
    product: str, scope: Reading[Scope] | None, names: Sequence[object], catalogue: Catalogue
) -> Reading[tuple[Name, ...]]:
    """`decide_names` under a scope as it was read: its findings come first; a refused one covers nothing."""
    if scope is None:
        return decide_names(product, None, names, catalogue)
    decided = decide_names(product, scope.value, names, catalogue)
    if scope.value is not None:
        return Reading(decided.value, scope.findings + decided.findings)
    shapes = tuple(finding for finding in decided.findings if finding.code != "scope.missing")
    return read_refused(*scope.findings, *shapes)


def read_name(product: Product, text: str) -> Reading[Name]:
    """A name of the kind that the product carries, by its shape alone."""
    if product.name_need is NameNeed.APPLICATION:
        return _as_name(read_application_name(text))
    if product.name_need is NameNeed.HOST:
        return _as_name(read_host_name(text))
    return _as_name(read_mailbox(text))


def _check_fit(product: Product, scope: Scope | None, catalogue: Catalogue) -> tuple[Finding, ...]:
    if scope is not None:
        return check_family(scope.kind, product.code, catalogue)
    if product.scope_family is not None:
        return (Finding.error("scope.missing", "declared", product=product.code),)
    if product.name_need is not NameNeed.APPLICATION:
        return (Finding.error("names.own-card-only", product.code),)
    return ()


def _check_count(product: Product, names: Sequence[object]) -> tuple[Finding, ...]:
    if not names:
        return (Finding.error("names.none", "names"),)
    if product.name_need is NameNeed.APPLICATION and len(set(map(str, names))) > 1:
        return (Finding.error("names.one-application", "names", count=len(names)),)
    return ()


def _decide_one(product: Product, scope: Scope | None, name: object) -> Reading[Name]:
    """One name; where product and scope do not fit (said already), its shape alone is judged."""
    if not isinstance(name, str):
        return read_refused(Finding.error("names.not-text", "names"))
    if scope is not None and scope.family is product.scope_family:
        decided = decide_name(scope, name)
        return _as_name(decided, _check_server_mailbox(product, decided.value))
    return read_name(product, name)


def _as_name(
    reading: Reading[ApplicationName] | Reading[HostName] | Reading[Mailbox] | Reading[HostName | Mailbox],
    more: tuple[Finding, ...] = (),
) -> Reading[Name]:
    if reading.value is None or errors(more):
        return read_refused(*reading.findings, *more)
    return read_ok(reading.value, *reading.findings, *more)


def _decide(
    scope: Scope, name: HostName | Mailbox, host: HostName, findings: tuple[Finding, ...]
) -> Reading[HostName | Mailbox]:
    if not scope.holds(host):
        return read_refused(*findings, _why_outside(scope, name.text, host))
    if errors(findings):
        return read_refused(*findings)
    return read_ok(name, *findings, _why_inside(scope, name.text, host))


def _why_inside(scope: Scope, about: str, host: HostName) -> Finding:
    if scope.kind is ScopeKind.SERVER:
        return Finding.info("scope.is-the-server", about, declared=scope.declared)
    if scope.restricted:
        return Finding.info("scope.is-the-mail-domain", about, declared=scope.declared)
    if host == scope.name:
        return Finding.info("scope.is-the-name-itself", about, declared=scope.declared)
    return Finding.info("scope.is-below", about, declared=scope.declared)


def _why_outside(scope: Scope, about: str, host: HostName) -> Finding:
    """Why not, as near as can be said: this is what a person mends a request by."""
    declared = scope.declared
    if host.lies_under(scope.name):  # below a point
        if scope.kind is ScopeKind.MAIL:
            return Finding.error("scope.below-restricted-mail", about, declared=declared)
        return Finding.error("scope.below-server", about, declared=declared)
    if scope.name.lies_under(host):
        return Finding.error("scope.above", about, declared=declared)
    if host.text.endswith(scope.name.text):
        return Finding.error("scope.label-boundary", about, declared=declared)
    return Finding.error("scope.outside", about, declared=declared)


def _check_length(host: HostName) -> tuple[Finding, ...]:
    """A host goes into the CN, which holds 64 characters [decision 4]."""
    if len(host.text) <= MAX_COMMON_NAME:
        return ()
    return (Finding.error("names.too-long", displayed(host.text), length=len(host.text)),)


def _check_server_mailbox(product: Product, name: HostName | Mailbox | None) -> tuple[Finding, ...]:
    """A mail server's CN is its mailbox, or else its mail domain: one of them must fit."""
    if product.holder is not Holder.SERVER or not isinstance(name, Mailbox):
        return ()
    return _check_length(name.domain)
