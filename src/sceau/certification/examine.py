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
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from sceau.catalogue import Catalogue
from sceau.certification import curves
from sceau.certification import expectations as expect
from sceau.certification.draft import IssuerFacts
from sceau.certification.reading import ReadCertificate, library_key, read_tbs, subject_octets
from sceau.certification.remembered import ByItself, Remembered
from sceau.certification.rules import RULES, Names, Rule
from sceau.certification.shape import Holes, Skeleton, is_what_it_seems, read_time, take_apart
from sceau.registration import ProfessionalSubject, Warrant
from sceau.vocabulary import Finding, Term

_ALGORITHMS = {
    "rsa": bytes.fromhex("300d06092a864886f70d01010b0500"),
    "secp256r1": bytes.fromhex("300a06082a8648ce3d040302"),
    "secp384r1": bytes.fromhex("300a06082a8648ce3d040303"),
    "MLDSA44PublicKey": bytes.fromhex("300b0609608648016503040311"),
    "MLDSA65PublicKey": bytes.fromhex("300b0609608648016503040312"),
    "MLDSA87PublicKey": bytes.fromhex("300b0609608648016503040313"),
}
_CURVES = {91: curves.P_256, 120: curves.P_384}  # by the length of the SubjectPublicKeyInfo
_BACKDATED, _AHEAD = timedelta(hours=1), timedelta(minutes=5)
_TERMS = tuple(Term)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a draft was to be made of. `spki` are the octets of the request's key, `at` is UTC."""

    warrant: Warrant
    spki: bytes
    serial: int
    at: datetime
    issuer: IssuerFacts
    catalogue: Catalogue


Shapes = Remembered[tuple[Catalogue, object, Skeleton], Rule]
"""Shapes of which one draft was examined whole, without a finding: by catalogue, by what its warrant put into
the shape (None when no warrant was seen), and the shape; with the rule that it was examined by.
"""
_MOST_SHAPES = 2048


@lru_cache(maxsize=256)
def _new_shapes(issuer: IssuerFacts) -> Shapes:
    del issuer
    return Remembered(_MOST_SHAPES)


_SHAPES: ByItself[IssuerFacts, Shapes] = ByItself(_new_shapes)


def forget_shapes() -> None:
    """Examine the next draft of each shape whole again."""
    _SHAPES.forget()
    _new_shapes.cache_clear()


def examine(tbs: bytes, expected: Expected) -> tuple[Finding, ...]:
    """Every difference between `tbs` and what its warrant, key, issuer and moment ask for.

    A draft of a shape that was examined whole is looked at in its holes alone, and said good when they hold
    exactly what is asked for; anything else is read whole, which tells what is wrong.
    """
    taken = take_apart(tbs)
    if taken is None or not taken.is_plain:
        return _examine_whole(tbs, expected)
    shapes = _SHAPES.of(expected.issuer)
    shape = (expected.catalogue, _fixed_by(expected.warrant), taken.skeleton)
    rule = shapes.get(shape)
    if rule is not None and _holds(taken.holes, expected, rule):
        return ()
    found = _examine_whole(tbs, expected)
    if not found and is_what_it_seems(tbs, taken):
        shapes.keep(shape, RULES[expected.warrant.product])
    return found


def _fixed_by(warrant: Warrant) -> object:
    """What a warrant puts into the shape itself rather than into its holes."""
    holder = warrant.subject
    if isinstance(holder, ProfessionalSubject):
        return warrant.product, holder.profession_code, holder.specialities
    return warrant.product


def _holds(holes: Holes, expected: Expected, rule: Rule) -> bool:
    """Whether each hole holds what is asked for, to the octet."""
    warrant = expected.warrant
    dates = expect.dates(expected.at, expected.issuer.certificate, warrant.term)
    return (
        int.from_bytes(holes.serial, "big") == expected.serial
        and (holes.not_before, holes.not_after) == dates[:2]
        and holes.key == expected.spki
        and dict(holes.subject) == expect.values(warrant.subject, rule.layout)
        and tuple([text for _, text in holes.names]) == expect.texts(rule.names, warrant.names)
        and _follow(holes, dates)
    )


def _follow(holes: Holes, dates: expect.Dates) -> bool:
    """Whether what follows from other holes does: key identifier [RFC 5280 §4.2.1.2 (1)], period; a key that
    is one.
    """
    return (
        holes.identifier == hashlib.sha1(holes.bits, usedforsecurity=False).digest()
        and holes.period in ((), dates[2:])
        and _is_key(holes)
    )


def _is_key(holes: Holes) -> bool:
    """Whether the key is one: on a curve, a point of it; else whatever the library can read. What stands
    around the point was read by the library with the first draft of the shape.
    """
    curve = _CURVES.get(len(holes.key))
    if curve is None:
        return library_key(holes.key) is not None
    return curve.holds(*curve.coordinates(holes.bits))


def _examine_whole(tbs: bytes, expected: Expected) -> tuple[Finding, ...]:
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
    found += _check_dates(read, expected.at, setting, (expected.warrant.term,))
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
    taken = take_apart(tbs)
    if taken is None or not taken.is_plain:
        return _examine_for_signing(tbs, issuer, catalogue, at)[0]
    shapes = _SHAPES.of(issuer)
    rule = shapes.get((catalogue, None, taken.skeleton))
    if rule is not None and _could_be(taken.holes, rule, issuer, at):
        return ()
    found, rule = _examine_for_signing(tbs, issuer, catalogue, at)
    if not found and rule is not None and is_what_it_seems(tbs, taken):
        shapes.keep((catalogue, None, taken.skeleton), rule)
    return found


def _could_be(holes: Holes, rule: Rule, issuer: IssuerFacts, at: datetime) -> bool:
    """Whether the holes of an examined shape hold what one of its drafts could at `at`."""
    begin = read_time(holes.not_before)
    if begin is None or not at - _BACKDATED <= begin <= at + _AHEAD:
        return False
    dates = _dates_from(begin, holes, issuer)
    return dates is not None and _are_possible(holes, rule) and _follow(holes, dates)


def _dates_from(begin: datetime, holes: Holes, issuer: IssuerFacts) -> expect.Dates | None:
    """The life from `begin` that these dates are; None when they are none."""
    for term in _TERMS:
        dates = expect.dates(begin, issuer.certificate, term)
        if dates[0] == holes.not_before and dates[1] == holes.not_after:
            return dates
    return None


def _are_possible(holes: Holes, rule: Rule) -> bool:
    """Whether names are canonical ones of the rule's kind: a plain host name is (tested)."""
    names = tuple([text for _, text in holes.names])
    if rule.names is not Names.HOSTS:
        return expect.are_canonical(rule.names, names)
    return bool(names) and dict(holes.subject).get(expect.COMMON_NAME) == names[0]


def _examine_for_signing(
    tbs: bytes, issuer: IssuerFacts, catalogue: Catalogue, at: datetime
) -> tuple[tuple[Finding, ...], Rule | None]:
    """The findings, and the rule of the product that comes nearest."""
    try:
        read = read_tbs(tbs)
        setting = expect.setting_of(issuer, catalogue)
        found = _check_issuer(read, setting)
        found += _check_serial(read, None)
        begin = read.library.not_valid_before_utc
        if not at - _BACKDATED <= begin <= at + _AHEAD:
            found.append(_differs("notBefore", begin.isoformat()))
        found += _check_dates(read, begin, setting, tuple(Term))
        attempts = [
            (_check_product(read, rule, setting), rule)
            for rule in RULES.values()
            if rule.issuer == issuer.code
        ]
    except ValueError as problem:
        return (_differs("encoding", str(problem)),), None
    if not attempts:
        return (*found, _differs("product", issuer.code)), None
    nearest, rule = min(attempts, key=lambda attempt: len(attempt[0]))
    return (*found, *nearest), rule


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
    if read.algorithm != _ALGORITHMS.get(_kind_of(key)):
        found.append(_differs("signature algorithm", read.algorithm.hex()))
    return found


def _kind_of(key: object) -> str:
    """Under which name the algorithm of an issuer's key stands above."""
    if isinstance(key, rsa.RSAPublicKey):
        return "rsa"
    return key.curve.name if isinstance(key, ec.EllipticCurvePublicKey) else type(key).__name__


def _check_serial(read: ReadCertificate, wanted: int | None) -> list[Finding]:
    """Positive, 20 octets at most [RFC 5280 §4.1.2.2]; 17 at least, or there is no room for 127 random bits
    [F01].
    """
    serial = read.parts[1].integer()
    octets = len(read.parts[1].content)
    is_right = serial > 0 and 17 <= octets <= 20 and wanted in (None, serial)
    return [] if is_right else [_differs("serial", f"{serial:X}")]


def _check_dates(
    read: ReadCertificate, at: datetime, setting: expect.Setting, terms: tuple[Term, ...]
) -> list[Finding]:
    """One of the lives of `terms` from `at`, the issuer's end at the latest [décision 12, F04, F05]."""
    lives = [expect.life(at, setting.authority.not_valid_after_utc, term) for term in terms]
    seen = (read.library.not_valid_before_utc, read.library.not_valid_after_utc)
    return [] if seen in lives else [_differs("validity", f"{seen[0].isoformat()} – {seen[1].isoformat()}")]


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
