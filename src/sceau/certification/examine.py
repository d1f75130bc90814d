"""The examiner: reads a draft again, with other code than built it, and says everything that is not as it
must be.

Its expectations come from the warrant, from its own table of products (`rules`) and from the issuer's
certificate; the values it expects are encoded by the library, not by our writer. `examine` knows the warrant;
`examine_for_signing` is what a signer can check that only sees bytes. Both answer with findings: none means
as expected [F23, F25, F35].
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from sceau.catalogue import Catalogue, Environment
from sceau.certification import expectations as expect
from sceau.certification.draft import IssuerFacts
from sceau.certification.reading import ReadCertificate, read_tbs, subject_octets
from sceau.certification.rules import RULES, Names, Rule
from sceau.registration import Warrant
from sceau.vocabulary import Finding

_ALGORITHMS = {
    "rsa": bytes.fromhex("300d06092a864886f70d01010b0500"),
    "secp256r1": bytes.fromhex("300a06082a8648ce3d040302"),
    "secp384r1": bytes.fromhex("300a06082a8648ce3d040303"),
}
_BACKDATED, _AHEAD = timedelta(hours=1), timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a draft was to be made of. `spki` are the octets of the request's key, `at` is UTC."""

    warrant: Warrant
    spki: bytes
    serial: int
    at: datetime
    issuer: IssuerFacts
    catalogue: Catalogue

    @property
    def environment(self) -> Environment:
        """The environment with its addresses as they stand."""
        return self.issuer.addresses or self.catalogue.environments[self.issuer.environment]


def examine(tbs: bytes, expected: Expected) -> tuple[Finding, ...]:
    """Every difference between `tbs` and what its warrant, key, issuer and moment ask for."""
    try:
        read = read_tbs(tbs)
    except ValueError as problem:
        return (_differs("encoding", str(problem)),)
    rule = RULES.get(expected.warrant.product)
    if rule is None or rule.issuer != expected.issuer.code:
        return (_differs("product", expected.warrant.product),)
    authority = x509.load_der_x509_certificate(expected.issuer.certificate)
    found = _check_issuer(read, authority, expected.issuer, expected.catalogue, expected.environment)
    found += _check_serial(read, expected.serial)
    found += _check_dates(read, expected.at, authority.not_valid_after_utc)
    if read.spki != expected.spki:
        found.append(_differs("key", hashlib.sha256(read.spki).hexdigest()))
    if list(read.subject) != expect.subject(expected.warrant.subject, rule.layout):
        found.append(_differs("subject", read.library.subject.rfc4514_string()))
    wanted = expect.extensions(rule, read, authority, expected.environment, expected.catalogue)
    wanted |= expect.names(rule.names, expected.warrant.names)
    wanted |= expect.private(expected.warrant.subject, expected.environment)
    return tuple(found + _check_extensions(read, wanted))


def examine_for_signing(
    tbs: bytes, *, issuer: IssuerFacts, catalogue: Catalogue, at: datetime
) -> tuple[Finding, ...]:
    """What a signer can say of a subscriber's certificate without its warrant: whether one of the issuer's
    products could give it at `at` (UTC). Never a CA certificate, another issuer's name, or a day too long
    [F23, F46].
    """
    try:
        read = read_tbs(tbs)
    except ValueError as problem:
        return (_differs("encoding", str(problem)),)
    environment = issuer.addresses or catalogue.environments[issuer.environment]
    authority = x509.load_der_x509_certificate(issuer.certificate)
    found = _check_issuer(read, authority, issuer, catalogue, environment)
    found += _check_serial(read, None)
    begin = read.library.not_valid_before_utc
    if not at - _BACKDATED <= begin <= at + _AHEAD:
        found.append(_differs("notBefore", begin.isoformat()))
    found += _check_dates(read, begin, authority.not_valid_after_utc)
    attempts = [
        _check_product(read, rule, authority, environment, catalogue)
        for rule in RULES.values()
        if rule.issuer == issuer.code
    ]
    if not attempts:
        return (*found, _differs("product", issuer.code))
    return tuple(found + min(attempts, key=len))


def _check_product(
    read: ReadCertificate,
    rule: Rule,
    authority: x509.Certificate,
    environment: Environment,
    catalogue: Catalogue,
) -> list[Finding]:
    """As `rule` has it, names and persons apart, of which only the kind can be known here."""
    wanted = expect.extensions(rule, read, authority, environment, catalogue)
    wanted |= expect.seen_names(rule.names, read)
    wanted |= expect.seen_private(rule.layout, read, environment)
    found = _check_extensions(read, wanted)
    if not expect.has_layout(read.subject, rule.layout):
        found.append(_differs("subject", read.library.subject.rfc4514_string()))
    if rule.names is Names.HOSTS and not expect.common_name_is_first_host(read):
        found.append(_differs("common name", read.library.subject.rfc4514_string()))
    return found


def _check_issuer(
    read: ReadCertificate,
    authority: x509.Certificate,
    issuer: IssuerFacts,
    catalogue: Catalogue,
    environment: Environment,
) -> list[Finding]:
    """Issuer name byte for byte, of this environment's hierarchy and no other [F24]; an algorithm that is its
    key's.
    """
    found = []
    if read.issuer != subject_octets(issuer.certificate):
        found.append(_differs("issuer", read.library.issuer.rfc4514_string()))
    name = environment.common_name(catalogue.issuers[issuer.code])
    units = [
        one.value for one in authority.subject.get_attributes_for_oid(x509.NameOID.ORGANIZATIONAL_UNIT_NAME)
    ]
    if [one.value for one in authority.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)] != [
        name
    ] or units != (list(environment.organisational_units)):
        found.append(_differs("hierarchy", authority.subject.rfc4514_string()))
    key = authority.public_key()
    kind = key.curve.name if isinstance(key, ec.EllipticCurvePublicKey) else "rsa"
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey) or read.algorithm != _ALGORITHMS.get(
        kind
    ):
        found.append(_differs("signature algorithm", read.algorithm.hex()))
    return found


def _check_serial(read: ReadCertificate, wanted: int | None) -> list[Finding]:
    """Positive, 20 octets at most [RFC 5280 §4.1.2.2]; 17 at least, or there is no room for 127 random bits
    [F01].
    """
    serial = read.parts[1].integer()
    octets = len(read.parts[1].content)
    is_right = serial > 0 and 17 <= octets <= 20 and wanted in (None, serial)
    return [] if is_right else [_differs("serial", f"{serial:X}")]


def _check_dates(read: ReadCertificate, at: datetime, issuer_end: datetime) -> list[Finding]:
    """Three calendar years less a second from `at`, the issuer's end at the latest [décision 12, F04,
    F05].
    """
    begin = at.replace(microsecond=0)
    try:
        anniversary = begin.replace(year=begin.year + 3)
    except ValueError:  # 29 February
        anniversary = begin.replace(year=begin.year + 3, day=28)
    end = min(anniversary - timedelta(seconds=1), issuer_end)
    seen = (read.library.not_valid_before_utc, read.library.not_valid_after_utc)
    return (
        []
        if seen == (begin, end)
        else [_differs("validity", f"{seen[0].isoformat()} – {seen[1].isoformat()}")]
    )


def _check_extensions(read: ReadCertificate, wanted: dict[str, expect.Wanted]) -> list[Finding]:
    """All that are wanted, nothing more, critical or not as wanted, octet for octet."""
    found = [_differs(f"extension {oid}", "absent") for oid in wanted.keys() - read.extensions.keys()]
    for oid, seen in read.extensions.items():
        if oid not in wanted:
            found.append(_differs(f"extension {oid}", "unexpected"))
        elif (seen.critical, seen.value) != wanted[oid]:
            found.append(_differs(f"extension {oid}", seen.value.hex()))
    return found


def _differs(part: str, seen: str) -> Finding:
    return Finding.error("draft.not-as-expected", part, seen=seen)
