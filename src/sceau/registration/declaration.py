"""Reading a declared scope: the name, its kind and the restriction box, as a form or a question gives them.

Decides what may be declared at all [decisions 2 to 6]: a valid name, that one structure can own. Whether
*this* structure owns it is for the desk (the declaration, or the holder's letter). Doubt never widens: what
cannot be understood is refused, and a kind that does not fit its name is a question for the desk (a
warning).
"""

from __future__ import annotations

from typing import Final

from sceau.catalogue import Catalogue, ScopeFamily
from sceau.registration.scope import Scope, ScopeKind, in_words
from sceau.vocabulary import (
    Finding,
    HostName,
    Reading,
    displayed,
    errors,
    is_public_suffix,
    public_suffix,
    read_declared_host_name,
    read_ok,
    read_refused,
    special_use,
)

MAX_COMMON_NAME: Final = 64  # ub-common-name [RFC 5280 appendix A]; decision 4


def read_scope(
    *, kind: object, declared: object, restricted: object, catalogue: Catalogue, product: str | None = None
) -> Reading[Scope]:
    """The scope that is declared, or every reason why it cannot be.

    `restricted` must be a true boolean for mail, and is not looked at for host kinds [decision 5]. With
    `product`, the kind must also be one that the product asks for. Values are as they came (of any type);
    findings are about the declared text, `.about(path)` gives them the path of a field.
    """
    about = displayed(declared) if isinstance(declared, str) and declared else "declared"
    known = _read_kind(kind)
    findings = known.findings + _check_box(known.value, restricted)
    if known.value is not None and product is not None:
        findings += check_family(known.value, product, catalogue)
    name = _read_declared(known.value, declared, about)
    findings += name.findings
    if name.value is not None:
        findings += _check_owner(known.value, name.value, catalogue)
    if known.value is None or name.value is None or errors(findings):
        return read_refused(*findings)
    scope = Scope(known.value, name.value, known.value is ScopeKind.MAIL and restricted is True)
    return read_ok(scope, *findings, *_remark_kind(scope, catalogue), in_words(scope))


def check_family(kind: ScopeKind, product: str, catalogue: Catalogue) -> tuple[Finding, ...]:
    """Whether a product is ordered under this kind of scope: hosts, mail, or none."""
    known = catalogue.products.get(product)
    if known is None:
        return (Finding.error("right.product-unknown", displayed(product)),)
    if known.scope_family is None:
        return (Finding.error("scope.not-for-product", "declared", product=product),)
    family = ScopeFamily.MAIL if kind is ScopeKind.MAIL else ScopeFamily.HOST
    if family is not known.scope_family:
        return (Finding.error("scope.wrong-family", "kind", kind=kind, product=product),)
    return ()


def _read_kind(kind: object) -> Reading[ScopeKind]:
    if kind is None:
        return read_refused(Finding.error("scope.kind-missing", "kind"))
    if isinstance(kind, str) and kind in set(ScopeKind):
        return read_ok(ScopeKind(kind))
    return read_refused(Finding.error("scope.kind-unknown", "kind", kind=displayed(str(kind))))


def _check_box(kind: ScopeKind | None, restricted: object) -> tuple[Finding, ...]:
    """The restriction box [decision 5, T17]: `"false"`, 0 and null are doubts, and doubt never widens."""
    if kind is not ScopeKind.MAIL or isinstance(restricted, bool):
        return ()
    if restricted is None:
        return (Finding.error("scope.restricted-missing", "restricted"),)
    return (Finding.error("scope.restricted-not-boolean", "restricted"),)


def _read_declared(kind: ScopeKind | None, declared: object, about: str) -> Reading[HostName]:
    if declared is not None and not isinstance(declared, str):
        return read_refused(Finding.error("scope.declared-not-text", "declared"))
    if not declared or declared == "@":
        return read_refused(Finding.error("scope.declared-missing", "declared"))
    if kind is not ScopeKind.MAIL:
        return _within_common_name(read_declared_host_name(declared, subject=about), about)
    domain = declared.removeprefix("@")  # « uniquement le nom de domaine », « ex : @domaine.fr » [F413 4.3]
    if "@" in domain:
        return read_refused(Finding.error("scope.mailbox-declared", about))
    return read_declared_host_name(domain, subject=about)


def _within_common_name(reading: Reading[HostName], about: str) -> Reading[HostName]:
    """A host scope that no CN could hold grants nothing: refused [decision 4]."""
    if reading.value is None or len(reading.value.text) <= MAX_COMMON_NAME:
        return reading
    return read_refused(
        *reading.findings, Finding.error("scope.too-long", about, length=len(reading.value.text))
    )


def _check_owner(kind: ScopeKind | None, name: HostName, catalogue: Catalogue) -> tuple[Finding, ...]:
    """Names that are nobody's: no structure can have a habilitation on them [decision 6, T14]."""
    about = f"@{name.text}" if kind is ScopeKind.MAIL else name.text
    reserved = special_use(name)
    if reserved is not None:
        return (Finding.error("scope.special-use", about, reserved=reserved),)
    if public_suffix(name) is None:
        return (Finding.error("scope.unknown-tld", about, tld=name.labels[-1]),)
    if is_public_suffix(name):
        return (Finding.error("scope.public-suffix", about),)
    if name.text in catalogue.shared_suffixes:
        return (Finding.error("scope.shared-suffix", about),)
    provider = _listed_above(name, catalogue.public_mail_providers)
    if kind is ScopeKind.MAIL and provider is not None:
        return (Finding.error("scope.public-mail", about, provider=provider),)
    return ()


def _listed_above(name: HostName, names: frozenset[str]) -> str | None:
    """The longest of `names` that `name` is or lies under."""
    labels = name.labels
    branches = (".".join(labels[at:]) for at in range(len(labels)))
    return next((branch for branch in branches if branch in names), None)


def _remark_kind(scope: Scope, catalogue: Catalogue) -> tuple[Finding, ...]:
    """A kind that does not fit its name is a question for the desk [decision 4]. Any name may be a server."""
    suffix = _listed_above(scope.name, catalogue.shared_suffixes) or public_suffix(scope.name) or ""
    below = len(scope.name.labels) - len(suffix.split("."))
    if scope.kind is ScopeKind.DOMAIN and below > 1:
        return (Finding.warning("scope.not-a-domain", scope.declared, suffix=suffix),)
    if scope.kind is ScopeKind.SUBDOMAIN and below == 1:
        return (Finding.warning("scope.not-a-subdomain", scope.declared, suffix=suffix),)
    return ()
