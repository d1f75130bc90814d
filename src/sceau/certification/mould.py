"""A profile under an issuer, made once into the bytes that all its certificates share [PERFORMANCE 2].

Says how each value of a profile is written: key usages, purposes, policy, distribution points, private
extensions, in the order that the certificates of 2016 to 2022 have them. What changes from one certificate to
the next is spliced in by `build`. Nothing here looks at a request.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sceau.catalogue import Catalogue, Environment, Issuer, Profile, SanRule
from sceau.certification import encode
from sceau.certification.draft import IssuerFacts
from sceau.certification.issuer import IssuerCertificate, read_issuer
from sceau.certification.remembered import ByItself, Remembered
from sceau.registration import Name, ProfessionalSubject, Subject
from sceau.vocabulary import HostName, Mailbox

_KEY_USAGES = {
    "digitalSignature": 0,
    "nonRepudiation": 1,
    "keyEncipherment": 2,
    "dataEncipherment": 3,
    "keyAgreement": 4,
}
_CPS = "1.3.6.1.5.5.7.2.1"
_OCSP, _CA_ISSUERS = "1.3.6.1.5.5.7.48.1", "1.3.6.1.5.5.7.48.2"
_UPN = "1.3.6.1.4.1.311.20.2.3"
_CATEGORY, _PROFESSION, _SPECIALITY = "1.2.250.1.71.1.2.5", "1.2.250.1.71.1.2.7", "1.2.250.1.71.4.2.5"
_IDENTIFIER = encode.extension("2.5.29.14", encode.octets(bytes(20)))[:-20]
"""subjectKeyIdentifier up to the twenty octets of a SHA-1."""
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


@dataclass(frozen=True, slots=True)
class Mould:
    """The fixed parts: signature algorithm with issuer's name, and three runs of extensions around the
    changing ones. `opening` ends where the twenty octets of the key identifier begin.
    """

    profile: Profile
    issuer: bytes
    opening: bytes
    usages: bytes
    usages_on_curve: bytes
    addresses: bytes
    category: bytes


def mould_for(product: str, facts: IssuerFacts, catalogue: Catalogue) -> Mould:
    """The mould of a product under an issuer, kept once made. Raises KeyError for what the catalogue doesn't
    have.
    """
    moulds = _MOULDS.of(facts)
    mould = moulds.get((product, catalogue))
    if mould is None:
        mould = _make(product, facts, catalogue)
        moulds.keep((product, catalogue), mould)
    return mould


Moulds = Remembered[tuple[str, Catalogue], Mould]


@lru_cache(maxsize=256)
def _new_moulds(facts: IssuerFacts) -> Moulds:
    del facts
    return Remembered(64)


_MOULDS: ByItself[IssuerFacts, Moulds] = ByItself(_new_moulds)


def _make(product: str, facts: IssuerFacts, catalogue: Catalogue) -> Mould:
    environment = facts.addresses or catalogue.environments[facts.environment]
    profile = catalogue.profiles[catalogue.products[product].profile]
    issuer = read_issuer(facts.certificate)
    authority = catalogue.issuers[facts.code].of_generation(facts.generation)
    return Mould(
        profile=profile,
        issuer=issuer.algorithm + issuer.name,
        opening=_constraints(profile) + _IDENTIFIER,
        usages=_usages(profile, issuer, environment, profile.key_usage),
        usages_on_curve=_usages(profile, issuer, environment, _on_curve(profile.key_usage)),
        addresses=_addresses(profile, authority, environment, catalogue, partition=facts.partition),
        category=_category(profile, environment),
    )


def _category(profile: Profile, environment: Environment) -> bytes:
    category = profile.product_category + environment.category_offset
    return encode.extension(_CATEGORY, encode.octets(bytes((category,))))


def private_extensions(mould: Mould, subject: Subject) -> bytes:
    """Product category, then profession and specialities of a professional [IGC-SANTE 2.5]."""
    profile, parts = mould.profile, [mould.category]
    if not isinstance(subject, ProfessionalSubject):
        return mould.category
    if profile.profession:
        parts.append(encode.extension(_PROFESSION, encode.integer(subject.profession_code)))
    if profile.specialities and subject.specialities:
        codes = encode.sequence(*(encode.utf8(code) for code in subject.specialities))
        parts.append(encode.extension(_SPECIALITY, codes))
    return b"".join(parts)


def key_usage_period(profile: Profile, not_before: datetime, not_after: datetime) -> bytes:
    """privateKeyUsagePeriod, for the SIGN products: the certificate's own dates since 2021 [IGC-SANTE
    2.1].
    """
    if not profile.private_key_usage_period:
        return b""
    period = encode.sequence(
        encode.element(0x80, encode.generalized(not_before)),
        encode.element(0x81, encode.generalized(not_after)),
    )
    return encode.extension("2.5.29.16", period)


def alternative_names(rule: SanRule, names: tuple[Name, ...]) -> bytes:
    """subjectAltName with exactly `names`, in their order; nothing where the profile has none."""
    if rule is SanRule.NONE or not names:
        return b""
    entries = b"".join([_general_name(rule, name) for name in names])
    return _before_names(len(entries)) + entries


@lru_cache(maxsize=1024)
def _before_names(size: int) -> bytes:
    """What stands before the entries of a subjectAltName that fill `size` octets."""
    return encode.extension("2.5.29.17", encode.sequence(bytes(size)))[:-size]


def _general_name(rule: SanRule, name: Name) -> bytes:
    if rule is SanRule.DNS and isinstance(name, HostName):
        return encode.ia5(0x82, name.text)
    if rule is SanRule.RFC822 and isinstance(name, Mailbox):
        return encode.ia5(0x81, name.text)
    if rule is SanRule.UPN and isinstance(name, Mailbox):
        return encode.explicit(0, encode.oid(_UPN), encode.explicit(0, encode.utf8(name.text)))
    raise TypeError(f"{type(name).__name__} can't become a {rule}")


def _constraints(profile: Profile) -> bytes:
    if not profile.basic_constraints_empty:
        raise ValueError(f"{profile.id}: a subscriber's basicConstraints is the empty SEQUENCE [F23]")
    return encode.extension("2.5.29.19", encode.sequence())


def _on_curve(usages: tuple[str, ...]) -> tuple[str, ...]:
    """A curve can't encipher a key, it agrees on one: keyEncipherment must not stand there [RFC 8813 §3]."""
    return tuple("keyAgreement" if name == "keyEncipherment" else name for name in usages)


def _usages(
    profile: Profile, issuer: IssuerCertificate, environment: Environment, usages: tuple[str, ...]
) -> bytes:
    """AKI, keyUsage (critical), certificatePolicies with its CPS address, extendedKeyUsage."""
    bits = encode.named_bits(tuple(_KEY_USAGES[name] for name in usages))
    policy = environment.single_policy_oid or profile.policy_oid
    qualifier = encode.sequence(encode.oid(_CPS), encode.ia5(0x16, environment.policy_uri))
    policies = encode.sequence(encode.sequence(encode.oid(policy), encode.sequence(qualifier)))
    purposes = encode.sequence(*(encode.oid(purpose) for purpose in profile.extended_key_usage))
    return b"".join(
        (
            encode.extension("2.5.29.35", encode.sequence(encode.element(0x80, issuer.key_identifier))),
            encode.extension("2.5.29.15", bits, critical=True),
            encode.extension("2.5.29.32", policies),
            encode.extension("2.5.29.37", purposes),
        )
    )


def _addresses(
    profile: Profile,
    authority: Issuer,
    environment: Environment,
    catalogue: Catalogue,
    *,
    partition: int | None,
) -> bytes:
    """cRLDistributionPoints, freshestCRL, authorityInfoAccess. LDAP only where the environment has a
    directory.
    """
    entry = _directory_entry(authority, environment, catalogue)
    # The addresses of a CRL partition: here for what is written, in `expectations._lists` for what is
    # expected. None is the complete list; the directory has no other.
    full = {
        "http": environment.crl_uri(authority, partition=partition),
        "ldap": _ldap(entry, "certificaterevocationlist"),
    }
    points = [full[way] for way in profile.crl_distribution_points if full[way]]
    part = None if partition is None else environment.crl_uri(authority, partition=partition, delta=True)
    deltas = [place for place in (part, _ldap(entry, "deltarevocationlist")) if place]
    access = {
        "ocsp": (_OCSP, environment.ocsp),
        "ca-issuers": (_CA_ISSUERS, environment.ca_issuers_uri(authority)),
    }
    places = [_access(*access[way]) for way in profile.authority_information_access]
    parts = [encode.extension("2.5.29.31", encode.sequence(*map(_point, points)))]
    if deltas and profile.freshest_crl:
        parts.append(encode.extension("2.5.29.46", encode.sequence(*map(_point, deltas))))
    parts.append(encode.extension("1.3.6.1.5.5.7.1.1", encode.sequence(*places)))
    return b"".join(parts)


def _point(address: str) -> bytes:
    """A DistributionPoint with one full name [RFC 5280 §4.2.1.13]."""
    return encode.sequence(encode.explicit(0, encode.explicit(0, encode.ia5(0x86, address))))


def _access(method: str, address: str) -> bytes:
    return encode.sequence(encode.oid(method), encode.ia5(0x86, address))


def _directory_entry(authority: Issuer, environment: Environment, catalogue: Catalogue) -> str:
    """Address of the authority's entry, from the authority up to the country; empty without a directory."""
    if environment.ldap_base is None or authority.parent is None:
        return ""
    root = environment.common_name(catalogue.issuers[authority.parent])
    steps = [("cn", environment.common_name(authority)), ("ou", root)]
    steps += [("ou", unit) for unit in reversed(environment.organisational_units)]
    steps += [("o", environment.organisation), ("c", "FR")]
    return environment.ldap_base + "/" + ",".join(f"{key}={_percent(value)}" for key, value in steps)


def _ldap(entry: str, attribute: str) -> str:
    return f"{entry}?{attribute};binary?base?objectClass=pkiCA" if entry else ""


def _percent(text: str) -> str:
    """Percent-encoding of everything that is not unreserved [RFC 3986 §2.3]."""
    return "".join(
        char if char in _UNRESERVED else "".join(f"%{octet:02X}" for octet in char.encode("utf-8"))
        for char in text
    )
