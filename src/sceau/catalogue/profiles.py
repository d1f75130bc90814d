"""Reading a certificate profile: each value stands with its mark (seen or inferred) and its reference.

What a profile may say at all is closed here: key usages of an end entity, extended key usages and SAN kinds
that the hierarchy knows. `keyCertSign` can't be written in a profile, whatever the file says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sceau.catalogue.reading import Row
from sceau.catalogue.types import Profile, SanRule, Source, SubjectLayout

V = TypeVar("V")
_SOFTWARE = range(3, 4)  # product category of software certificates [IGC-SANTE 2.5]
_LONGEST = range(1, 65)  # upper bounds of RFC 5280 A.1 for O, OU and CN
_KEY_USAGES = ("digitalSignature", "nonRepudiation", "keyEncipherment")
_EXTENDED_KEY_USAGES = (
    "1.3.6.1.5.5.7.3.1",  # serverAuth
    "1.3.6.1.5.5.7.3.2",  # clientAuth
    "1.3.6.1.5.5.7.3.4",  # emailProtection
    "1.3.6.1.4.1.311.20.2.2",  # msSmartcardLogin
    "2.5.29.37.0",  # anyExtendedKeyUsage
)


class _Values:
    """The values of one profile, each a table with value, mark and reference; and their sources."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self.sources: dict[str, Source] = {}

    def read(self, key: str, take: Callable[[Row], V]) -> V:
        """The value under `key`, its source noted."""
        row = self.row.row(key)
        value = take(row)
        self.sources[key] = row.source()
        row.close()
        return value

    def flag(self, key: str) -> bool:
        """True or false."""
        return self.read(key, lambda row: row.flag("value"))

    def number(self, key: str, within: range) -> int:
        """A whole number of `within`."""
        return self.read(key, lambda row: row.number("value", within=within))

    def among(self, key: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
        """A list of texts out of `allowed`."""
        return self.read(key, lambda row: _among(row, allowed))


def _among(row: Row, allowed: tuple[str, ...]) -> tuple[str, ...]:
    values = row.texts("value")
    for value in values:
        if value not in allowed:
            row.problem(f"{value!r} may not stand in an end entity's profile", "value")
    return values


def read_profile(row: Row) -> Profile:
    """One profile file."""
    values = _Values(row)
    profile = Profile(
        id=row.text("id"),
        product=row.text("product"),
        note=row.text("note"),
        clause=row.text("clause"),
        subject=values.read("subject", lambda r: r.choice("value", SubjectLayout)),
        key_usage=values.among("key_usage", _KEY_USAGES),
        extended_key_usage=values.among("extended_key_usage", _EXTENDED_KEY_USAGES),
        policy_oid=values.read("policy_oid", lambda r: r.oid("value")),
        san=values.read("san", lambda r: r.choice("value", SanRule)),
        private_key_usage_period=values.flag("private_key_usage_period"),
        product_category=values.number("product_category", _SOFTWARE),
        profession=values.flag("profession"),
        specialities=values.flag("specialities"),
        validity_years=values.number("validity_years", range(1, 4)),
        organisation_length=values.number("organisation_length", _LONGEST),
        common_name_length=values.number("common_name_length", _LONGEST),
        basic_constraints_empty=values.flag("basic_constraints_empty"),
        subject_key_identifier=values.flag("subject_key_identifier"),
        authority_key_identifier=values.flag("authority_key_identifier"),
        crl_distribution_points=values.among("crl_distribution_points", ("http", "ldap")),
        freshest_crl=values.flag("freshest_crl"),
        authority_information_access=values.among("authority_information_access", ("ocsp", "ca-issuers")),
        sources=values.sources,
    )
    row.close()
    return profile
