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

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from sceau.catalogue import Catalogue
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


def examine(tbs: bytes, expected: Expected) -> tuple[Finding, ...]:
    """Every difference between `tbs` and what its warrant, key, issuer and moment ask for."""
    try:
        return _examine(read_tbs(tbs), expected)
    except ValueError as problem:  # some part is not even of its kind
        return (_differs("encoding", str(problem)),)


def _examine(read: ReadCertificate, expected: Expected) -> tuple[Finding, ...]:
    rule = RULES.get(expected.warrant.product)
    if rule is None or rule.issuer != expected.issuer.code:
        return (_differs("product", expected.warrant.product),)
    setting = expect.setting_of(expected.issuer, expected.catalogue)
    found = _check_issuer(read, setting)
    found += _check_serial(read, expected.serial)
    found += _check_dates(read, expected.at, setting)
    if read.spki != expected.spki:
        found.append(_differs("key", hashlib.sha256(read.spki).hexdigest()))
    if list(read.subject) != expect.subject(expected.warrant.subject, rule.layout):
        found.append(_differs("subject", read.library.subject.rfc4514_string()))
    wanted = expect.extensions(rule, read, setting)
    wanted |= expect.names(rule.names, expected.warrant.names)
    wanted |= expect.private(expected.warrant.subject, setting.environment)
    return tuple(found + _check_extensions(read, wanted))


def examine_for_signing(
    tbs: bytes, *, issuer: IssuerFacts, catalogue: Catalogue, at: datetime
) -> tuple[Finding, ...]:
    """What a signer can say of a subscriber's certificate without its warrant: whether one of the issuer's
    products could give it at `at` (UTC). Never a CA certificate, another issuer's name, or a day too long
    [F23, F46].
    """
    try:
        return _examine_for_signing(read_tbs(tbs), issuer, catalogue, at)
    except ValueError as problem:
        return (_differs("encoding", str(problem)),)


def _examine_for_signing(
    read: ReadCertificate, issuer: IssuerFacts, catalogue: Catalogue, at: datetime
) -> tuple[Finding, ...]:
    setting = expect.setting_of(issuer, catalogue)
    found = _check_issuer(read, setting)
    found += _check_serial(read, None)
    begin = read.library.not_valid_before_utc
    if not at - _BACKDATED <= begin <= at + _AHEAD:
        found.append(_differs("notBefore", begin.isoformat()))
    found += _check_dates(read, begin, setting)
    attempts = [_check_product(read, rule, setting) for rule in RULES.values() if rule.issuer == issuer.code]
    if not attempts:
        return (*found, _differs("product", issuer.code))
    return tuple(found + min(attempts, key=len))


def _check_product(read: ReadCertificate, rule: Rule, setting: expect.Setting) -> list[Finding]:
    """As `rule` has it, names and persons apart, of which only the kind can be known here."""
    wanted = expect.extensions(rule, read, setting)
    wanted |= expect.seen_names(rule.names, read)
    wanted |= expect.seen_private(rule.layout, read, setting.environment)
    found = _check_extensions(read, wanted)
    if not expect.has_layout(read.subject, rule.layout):
        found.append(_differs("subject", read.library.subject.rfc4514_string()))
    if rule.names is Names.HOSTS and not expect.common_name_is_first_host(read):
        found.append(_differs("common name", read.library.subject.rfc4514_string()))
    return found


def _check_issuer(read: ReadCertificate, setting: expect.Setting) -> list[Finding]:
    """Issuer name byte for byte, of this environment's hierarchy and no other [F24]; an algorithm that is its
    key's.
    """
    authority, environment = setting.authority.subject, setting.environment
    found = []
    if read.issuer != subject_octets(setting.issuer.certificate):
        found.append(_differs("issuer", read.library.issuer.rfc4514_string()))
    name = environment.common_name(setting.catalogue.issuers[setting.issuer.code])
    names = [one.value for one in authority.get_attributes_for_oid(NameOID.COMMON_NAME)]
    units = [one.value for one in authority.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)]
    if names != [name] or units != list(environment.organisational_units):
        found.append(_differs("hierarchy", authority.rfc4514_string()))
    key = setting.authority.public_key()
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


def _check_dates(read: ReadCertificate, at: datetime, setting: expect.Setting) -> list[Finding]:
    """Three calendar years less a second from `at`, the issuer's end at the latest [décision 12, F04,
    F05].
    """
    begin = at.replace(microsecond=0)
    try:
        anniversary = begin.replace(year=begin.year + 3)
    except ValueError:  # 29 February
        anniversary = begin.replace(year=begin.year + 3, day=28)
    end = min(anniversary - timedelta(seconds=1), setting.authority.not_valid_after_utc)
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
