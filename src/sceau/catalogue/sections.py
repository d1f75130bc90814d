"""Each data file's rows, read into the catalogue's types. One function a file.

That rows point at rows which exist is checked afterwards, by `references`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sceau.catalogue.authorities import Calendar, Environment, Issuer, Range, Realm
from sceau.catalogue.guidance import (
    Contact,
    Department,
    DomainList,
    FieldHelp,
    Preset,
    Profession,
    Term,
    Usage,
    UsageGroup,
)
from sceau.catalogue.reading import Row
from sceau.catalogue.types import (
    CardType,
    Holder,
    How,
    NameNeed,
    Offer,
    Product,
    Quality,
    Reason,
    ReasonNotOffered,
    ScopeFamily,
)
from sceau.vocabulary import IdentifierMode

T = TypeVar("T")
_KEYS = ("rsa:2048", "rsa:3072", "rsa:4096", "ec:P-256", "ec:P-384")  # décision 7


def read_each(file: Row, read: Callable[[str, Row], T]) -> dict[str, T]:
    """Every row of `file` under its key, each closed after it was read."""
    found: dict[str, T] = {}
    for key, row in file.rows():
        found[key] = read(key, row)
        row.close()
    return found


def read_offer(code: str, row: Row) -> Offer:
    """A row of offers.toml."""
    return Offer(
        code=code,
        title=row.text("title"),
        usage=row.text("usage"),
        short=row.text("short"),
        how=row.choice("how", How),
        products=row.texts("products"),
        scope_family=row.optional_choice("scope_family", ScopeFamily),
        how_to_declare=row.texts("how_to_declare", empty=True),
        examples=row.texts("examples", empty=True),
        clause=row.text("clause"),
    )


def read_product(code: str, row: Row) -> Product:
    """A row of products.toml."""
    return Product(
        code=code,
        slug=row.text("slug"),
        offer=row.text("offer"),
        label=row.text("label"),
        description=row.text("description"),
        holder=row.choice("holder", Holder),
        name_need=row.choice("name_need", NameNeed),
        scope_family=row.optional_choice("scope_family", ScopeFamily),
        issuer=row.text("issuer"),
        profile=row.text("profile"),
        clause=row.text("clause"),
    )


def read_issuer(code: str, row: Row) -> Issuer:
    """A row of issuers.toml."""
    return Issuer(
        code=code,
        parent=row.optional("parent"),
        common_name=row.text("common_name"),
        file=row.text("file"),
        range=row.choice("range", Range),
        realm=row.optional_choice("realm", Realm),
        key=_key(row, "key"),
        products=row.texts("products", empty=True),
        cards=row.texts("cards", empty=True),
        years=row.number("years", within=range(1, 31)),
        days_before_parent=row.number("days_before_parent", 0),
        path_length=row.optional_number("path_length"),
        clause=row.text("clause"),
    )


def read_calendar(row: Row) -> Calendar:
    """The one row of calendar.toml."""
    if row.number("crl_valid_hours") < 2 * row.number("crl_every_hours"):
        row.problem("a list must outlive the next one", "crl_valid_hours")
    if row.number("delta_valid_hours") < 2 * row.number("delta_every_hours"):
        row.problem("a delta must outlive the next one", "delta_valid_hours")
    calendar = Calendar(
        crl_every_hours=row.number("crl_every_hours"),
        crl_valid_hours=row.number("crl_valid_hours"),
        crl_prompt_entries=row.number("crl_prompt_entries"),
        crl_changed_minutes=row.number("crl_changed_minutes"),
        delta_every_hours=row.number("delta_every_hours"),
        delta_valid_hours=row.number("delta_valid_hours"),
        ocsp_valid_hours=row.number("ocsp_valid_hours"),
        ocsp_responder_days=row.number("ocsp_responder_days"),
        clause=row.text("clause"),
    )
    row.close()
    return calendar


def read_environment(code: str, row: Row) -> Environment:
    """A row of environments.toml."""
    return Environment(
        code=code,
        label=row.text("label"),
        organisation=row.text("organisation"),
        organisational_units=row.texts("organisational_units"),
        common_name_prefix=row.template("common_name_prefix"),
        file_suffix=row.text("file_suffix", ""),
        publication=row.text("publication"),
        policy_template=_address(row, "policy_uri"),
        ca_issuers_template=_address(row, "ca_issuers_base"),
        crl_template=_address(row, "crl_base"),
        ocsp_template=_address(row, "ocsp"),
        ldap_base=row.optional("ldap_base"),
        single_policy_oid=row.oid("single_policy_oid") if "single_policy_oid" in row else None,
        category_offset=row.number("category_offset", within=range(0, 0x81, 0x80)),
        identifier_mode=row.choice("identifier_mode", IdentifierMode),
        authority_key=_key(row, "authority_key") if "authority_key" in row else None,
        test_people=row.flag("test_people"),
        clause=row.text("clause"),
    )


def _key(row: Row, key: str) -> str:
    kind = row.text(key)
    if kind and kind not in _KEYS:
        row.problem(f"{kind!r} is no kind of key", key)
    return kind


def _address(row: Row, key: str) -> str:
    template = row.text(key)
    rest = template.replace("{publication}", "")
    if "{" in rest or "}" in rest:
        row.problem("only {publication} may stand in an address", key)
        return ""
    return template


def read_card(code: str, row: Row) -> CardType:
    """A row of cards.toml."""
    return CardType(
        code=code,
        label=row.text("label"),
        long_label=row.text("long_label"),
        eligible=row.flag("eligible"),
        own_card=row.flag("own_card"),
        ias_type=row.optional_number("ias_type", within=range(4)),
        nominative=row.flag("nominative"),
        may_represent=row.flag("may_represent"),
        may_be_mandataire=row.flag("may_be_mandataire"),
        issuer=row.text("issuer"),
        note=row.text("note"),
        clause=row.text("clause"),
    )


def read_reason(code: str, row: Row) -> Reason:
    """A row of reasons.toml, under `offered`."""
    return Reason(
        code=code,
        rfc5280=row.number("rfc5280"),
        label=row.text("label"),
        plain=row.text("plain"),
        evidence=row.text("evidence"),
        who=row.choices("who", Quality),
        clause=row.text("clause"),
    )


def read_reason_not_offered(code: str, row: Row) -> ReasonNotOffered:
    """A row of reasons.toml, under `not_offered`."""
    return ReasonNotOffered(code, row.number("rfc5280"), row.text("why"), row.text("clause"))


def read_preset(code: str, row: Row) -> Preset:
    """A row of presets.toml."""
    return Preset(
        code=code,
        label=row.text("label"),
        sentence=row.text("sentence"),
        products=row.texts("products"),
        common_names=row.texts("common_names", empty=True),
        same_subject=row.flag("same_subject"),
        advice=row.text("advice"),
        source=row.text("source"),
        clause=row.text("clause"),
    )


def read_usage_group(code: str, row: Row) -> UsageGroup:
    """A row of usages.toml."""
    usages = []
    for usage in row.list_of_rows("usages"):
        usages.append(Usage(usage.text("sentence"), usage.texts("products")))
        usage.close()
    return UsageGroup(code, row.text("label"), tuple(usages), row.text("clause"))


def read_help(path: str, row: Row) -> FieldHelp:
    """A row of help.toml."""
    return FieldHelp(
        path=path,
        label=row.text("label"),
        text=row.text("text"),
        example=row.text("example", ""),
        length=row.number("length", 0),
        required=row.flag("required"),
        clause=row.text("clause"),
    )


def read_term(code: str, row: Row) -> Term:
    """A row of glossary.toml."""
    return Term(code, row.number("number"), row.text("term"), row.text("definition"), row.text("clause"))


def read_contact(code: str, row: Row) -> Contact:
    """A row of contacts.toml."""
    return Contact(code, row.text("label"), row.text("value"), row.text("example"), row.text("clause"))


def read_profession(key: str, row: Row) -> Profession:
    """A row of professions.toml; its key is the code, written as text."""
    if not (key.isascii() and key.isdigit()):
        row.problem("a profession's key is its numeric code")
    code = int(key) if key.isascii() and key.isdigit() else 0
    return Profession(code, row.text("label"), row.text("title"), row.source())


def read_departments(file: Row) -> dict[str, Department]:
    """departments.toml: code = label, beside the file's clause."""
    file.text("clause")
    labels = file.row("departments")
    found = {code: Department(code, labels.text(code)) for code in labels.names}
    file.close()
    return found


def read_domain_list(code: str, row: Row) -> DomainList:
    """A row of suffixes.toml: names in lower case, without edge dots."""
    names = row.texts("names")
    for name in names:
        if name != name.lower().strip("."):
            row.problem(f"{name!r} is not in canonical form", "names")
    return DomainList(code, row.text("label"), row.text("why"), frozenset(names), row.text("clause"))
