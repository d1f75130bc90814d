"""Write docs/profiles.md from the catalogue, so that the page and the certificates can't say two things.

python tools/document_catalogue.py           writes the page
python tools/document_catalogue.py --check   says whether the page is that of the catalogue (exit 1 if not)
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from sceau.catalogue import Catalogue, Environment, Mark, Profile, Quality, Source, load_catalogue

PAGE = Path(__file__).parents[1] / "docs" / "profiles.md"
OIDS = {
    "1.3.6.1.5.5.7.3.1": "serverAuth",
    "1.3.6.1.5.5.7.3.2": "clientAuth",
    "1.3.6.1.5.5.7.3.4": "emailProtection",
    "1.3.6.1.4.1.311.20.2.2": "msSmartcardLogin",
    "2.5.29.37.0": "anyExtendedKeyUsage",
}
MARKS = {Mark.SEEN: "●", Mark.INFERRED: "○"}
HEAD = """# What the catalogue holds: products, profiles, issuers, cards, reasons

*Written by `tools/document_catalogue.py` from `src/sceau/catalogue/data`: edit the data, not the page.*

● seen: decoded from a real certificate, or from one that the reference describes. ○ inferred: nothing real
was found, the value is our own reading and its reason stands beside it. Why both are here:
[ADR 6](adr/0006-profile-values-seen-and-inferred.md). References: *N413* is the notice of form 413,
*IGC-SANTE* the domain reference of the project; the others are real certificates by the names of their files.
"""


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; bars inside cells are escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines
    )


def marked(value: str, source: Source) -> str:
    """A value with its mark."""
    return f"{value} {MARKS[source.mark]}"


def written(value: object) -> str:
    """A profile's value as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        items = [str(item) for item in value]
        return ", ".join(OIDS.get(item, item) for item in items)
    return str(value)


def offers(catalogue: Catalogue) -> str:
    """The five offers."""
    rows = [
        (f"`{o.code}`", o.title, o.how, ", ".join(o.products), o.scope_family or "none", o.clause)
        for o in catalogue.offers.values()
    ]
    return table(("offer", "title of the notice", "ordered by", "products", "domain asked", "clause"), rows)


def products(catalogue: Catalogue) -> str:
    """The thirteen products."""
    rows = [
        (f"`{p.code}`", p.label, p.holder, p.name_need, p.issuer, f"`{p.profile}`", p.description)
        for p in catalogue.products.values()
    ]
    head = (
        "product",
        "label",
        "identifies",
        "name in a request",
        "issuer",
        "profile",
        "description of the notice",
    )
    return table(head, rows)


def matrix(catalogue: Catalogue) -> str:
    """Products × the values that tell them apart."""
    keys = ("key_usage", "extended_key_usage", "policy_oid", "san", "private_key_usage_period", "subject")
    rows = []
    for product in catalogue.products.values():
        profile = catalogue.profiles[product.profile]
        rows.append((f"`{product.code}`", *(cell(profile, key) for key in keys)))
    head = (
        "product",
        "keyUsage (critical)",
        "extKeyUsage",
        "policy in production",
        "subjectAltName",
        "PKUP",
        "subject",
    )
    return table(head, rows)


def cell(profile: Profile, key: str) -> str:
    """One value of one profile, with its mark."""
    return marked(written(getattr(profile, key)), profile.sources[key])


def sources(catalogue: Catalogue) -> str:
    """Each profile, value by value."""
    parts = []
    for profile in catalogue.profiles.values():
        rows = [
            (key.replace("_", " "), written(getattr(profile, key)), source.mark, source.reference)
            for key, source in profile.sources.items()
        ]
        title = f"### {profile.product} (`{profile.id}`)\n\n{profile.note}\n"
        parts.append(f"{title}\n{table(('value', 'is', 'known', 'from'), rows)}\n")
    return "\n".join(parts)


def issuers(catalogue: Catalogue) -> str:
    """The hierarchy."""
    rows = [
        (
            f"`{i.code}`",
            i.common_name,
            i.parent or "itself",
            i.key,
            f"{i.years} years"
            + (f", {i.days_before_parent} day before its root" if i.days_before_parent else ""),
            "none" if i.path_length is None else i.path_length,
            i.file,
            ", ".join(i.products + i.cards) or "none today",
            i.clause,
        )
        for i in catalogue.issuers.values()
    ]
    head = ("issuer", "CN in production", "issued by", "key", "life", "pathLen", "files", "issues", "clause")
    return table(head, rows)


def environments(catalogue: Catalogue) -> str:
    """What each environment makes of the hierarchy."""
    rows = [
        (key, *(f"`{value}`" for value in values))
        for key, values in {
            "distinguished name": [subject_of(e) for e in catalogue.environments.values()],
            "policy address": [e.policy_uri for e in catalogue.environments.values()],
            "CA certificates": [e.ca_issuers_base for e in catalogue.environments.values()],
            "CRL": [e.crl_base for e in catalogue.environments.values()],
            "LDAP": [e.ldap_base or "none" for e in catalogue.environments.values()],
            "OCSP": [e.ocsp for e in catalogue.environments.values()],
            "policy OID": [e.single_policy_oid or "of the product" for e in catalogue.environments.values()],
            "product category": [f"{3 + e.category_offset:02X}" for e in catalogue.environments.values()],
            "identifiers": [str(e.identifier_mode) for e in catalogue.environments.values()],
            "CA key": [e.authority_key or "of the issuer" for e in catalogue.environments.values()],
        }.items()
    ]
    return table(("", *(f"`{code}`" for code in catalogue.environments)), rows)


def subject_of(environment: Environment) -> str:
    """The distinguished name of an environment's authorities, up to the CN's own text."""
    units = "".join(f", OU={unit}" for unit in environment.organisational_units)
    return f"C=FR, O={environment.organisation}{units}, CN={environment.common_name_prefix}…"


def cards(catalogue: Catalogue) -> str:
    """Cards and what they open."""
    rows = [
        (
            f"`{c.code}`",
            c.long_label,
            *(written(flag) for flag in (c.eligible, c.own_card, c.may_represent, c.may_be_mandataire)),
            "unknown" if c.ias_type is None else c.ias_type,
            c.issuer,
            c.note,
            c.clause,
        )
        for c in catalogue.cards.values()
    ]
    head = (
        "card",
        "name",
        "eligible",
        "orders PS_*",
        "representative",
        "mandataire",
        "type",
        "issuer",
        "note",
        "clause",
    )
    return table(head, rows)


def reasons(catalogue: Catalogue) -> str:
    """Reasons × who may invoke them."""
    rows = [
        (
            f"`{r.code}` ({r.rfc5280})",
            r.label,
            *("✓" if quality in r.who else "" for quality in Quality),
            r.clause,
        )
        for r in catalogue.reasons.values()
    ]
    offered = table(("reason", "label", *Quality, "clause"), rows)
    not_offered = [
        (f"`{r.code}` ({r.rfc5280})", r.why, r.clause) for r in catalogue.reasons_not_offered.values()
    ]
    return f"{offered}\n\nNot offered to anybody:\n\n{table(('reason', 'why', 'clause'), not_offered)}"


def presets(catalogue: Catalogue) -> str:
    """Known uses."""
    rows = [
        (
            f"`{p.code}`",
            p.label,
            ", ".join(p.products),
            ", ".join(f"`{name}`" for name in p.common_names) or "free",
            written(p.same_subject),
            p.source,
        )
        for p in catalogue.presets.values()
    ]
    return table(("preset", "label", "products", "name imposed", "one DN for all", "source"), rows)


def professions(catalogue: Catalogue) -> str:
    """Professions of table G15."""
    rows = [
        (p.code, p.label, marked(p.title, p.source), p.source.reference)
        for p in catalogue.professions.values()
    ]
    return table(("code", "label", "title in the subject", "from"), rows)


def page(catalogue: Catalogue) -> str:
    """The whole page."""
    calendar = catalogue.calendar
    status = (
        f"A CRL every {calendar.crl_every_hours} hours, good for {calendar.crl_valid_hours}; an OCSP answer "
        f"good for {calendar.ocsp_valid_hours} hours, its responder's certificate for "
        f"{calendar.ocsp_responder_days} days ({calendar.clause})."
    )
    sections = (
        ("Offers", offers(catalogue)),
        ("Products", products(catalogue)),
        ("Profiles at a glance", matrix(catalogue)),
        ("Issuers", issuers(catalogue)),
        ("Environments", environments(catalogue)),
        ("Status", status),
        ("Cards", cards(catalogue)),
        ("Reasons to revoke, and who may invoke them", reasons(catalogue)),
        ("Presets", presets(catalogue)),
        ("Professions", professions(catalogue)),
        ("Profiles, value by value", sources(catalogue)),
    )
    return HEAD + "".join(f"\n## {title}\n\n{body.rstrip()}\n" for title, body in sections)


def main(arguments: list[str]) -> int:
    """Write the page, or compare it."""
    text = page(load_catalogue())
    if arguments == ["--check"]:
        same = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text
        if not same:
            sys.stderr.write(
                "docs/profiles.md is not the catalogue's: run python tools/document_catalogue.py\n"
            )
        return 0 if same else 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
